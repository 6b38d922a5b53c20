"""What a language block is: constructs that a file asks for with `use NAME;`.

A block brings a fragment of grammar, makes its parse tree into nodes of its own, and elaborates these to a value that
back-ends read.  It changes nothing of the game itself.  It reports what is wrong with a file to its `Scope`; whatever
else it raises is reported as a failure of the block (E118).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Protocol

from posgc.language import ir
from posgc.language.blocks.declared import Declared
from posgc.language.diagnostics import Span
from posgc.language.text.syntax.expressions import Expression, Word

__all__ = ["Block", "Kind", "Scope"]

Kind = Literal["int", "real", "bool"]
"""What an expression must be; a real takes integers too, and no kind (None) means that anything will do."""


class Scope(Protocol):
    """What a block may ask of the file that uses it.  Whoever returns None has reported the mistake."""

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of the agents, in order."""
        ...

    def constant(self, node: Expression, what: str, kind: Kind | None = None) -> ir.Value | None:
        """The value of an expression made of numbers, parameters, agents, words and constant definitions."""
        ...

    def agent(self, node: Word | Expression, what: str) -> int | None:
        """The agent, from 0, that a name or an expression such as `robot[2]` stands for."""
        ...

    def expression(self, node: Expression, what: str, kind: Kind | None = None) -> ir.Expr | None:
        """An expression that may read variables, with its names resolved and its types checked."""
        ...

    def error(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Reports a mistake of the file; the block's `code`, such as `size`, is shown as `NAME.size`."""
        ...

    def warning(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Reports what is odd and yet no mistake."""
        ...


class Block(Protocol):
    """`name` is what `use` says; `summary` is one line for `posgc plugins`.

    `grammar` is a fragment in Lark's notation, added to posgc's own grammar for the files that use the block.  Its rule
    `NAME` is one more item of a game, and each alternative of that rule begins with a word in quotes.  It may use the
    rules and terminals of posgc's grammar (`expr`, `sum` for arithmetic without comparisons, `NAME`, ...), defines
    others of its own, and has no directives (`%...`).
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    grammar: ClassVar[str]

    def node(self, rule: str, parts: Sequence[Any], span: Span) -> Any:
        """The node of one of the fragment's rules or aliases.

        `parts` are, in order: nodes that this method made, `Expression` for posgc's own rules, `Word` for terminals
        that Lark keeps (named ones, and those of `!rule`), and None for `[...]` that is left out.
        """
        ...

    def elaborate(self, items: Sequence[Any], scope: Scope) -> Declared:
        """What the items of a file, in order, come to; called once for each file that uses the block, with or without
        items."""
        ...

    def space(self, before: str, here: str) -> bool | None:
        """Whether `posgc fmt` puts a space between two tokens of an item; None leaves it to the rules of posgc."""
        ...
