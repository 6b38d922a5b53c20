"""Text -> `Analysis`: everything that is known of a file, whether or not it is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from posgc.language import ir
from posgc.language.analysis.names import Name
from posgc.language.analysis.resolve import places_of
from posgc.language.analysis.types import type_in_words
from posgc.language.blocks.contract import Block
from posgc.language.clock import clock_of
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.context import Context, context_of
from posgc.language.elaborate.names import collect
from posgc.language.elaborate.passes import Overrides, deep_stack, elaborate_game
from posgc.language.text import syntax as ast
from posgc.language.text.parse import Parsed, read_game, whole_tree

__all__ = ["Analysis", "analyse"]

_NOTHING: Mapping[str, str] = {}
_NO_BLOCKS: Mapping[str, Block] = {}


@dataclass(frozen=True)
class Analysis:
    """What is known of a file.  `names` is worked out when it is first asked for."""

    source: Source
    game: ir.Game | None = field(repr=False)  # None where the file has an error
    failure: InputError | None  # the errors; None where the file has none
    warnings: tuple[Diagnostic, ...]
    # How the file was read, the elaboration as far as it got, and what was asked beside the file; None where the text
    # could not be read at all, or has syntax errors.
    parsed: Parsed | None = field(repr=False)
    context: Context | None = field(repr=False)
    asked: Overrides

    @property
    def tree(self) -> ast.GameText | None:
        """The syntax tree, without the statements that hold a syntax error; None where not even that can be read."""
        return self.parsed.tree if self.parsed is not None else None

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Errors, as `compile_game` raises them, and then warnings."""
        errors = self.failure.diagnostics if self.failure is not None else ()
        return (*errors, *self.warnings)

    def required(self) -> ir.Game:
        """The game.  Raises `InputError` where there is none."""
        if self.failure is not None:
            raise self.failure
        assert self.game is not None
        return self.game

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Every name that the readable part of the file declares, in the order of first declarations: with its type,
        the places of its declarations and of its uses.
        """
        if self.parsed is None or self.parsed.tree is None:
            return ()
        context = self.context if self.context is not None else self._elaborated(self.parsed, self.parsed.tree)
        with deep_stack():
            places = places_of(self.parsed.tree)
        for word in context.cache.resolved:
            places.use(word.text, word.span, {})
        for text, entry in places.names.items():
            entry.type = type_in_words(context, text)
        for text, entry in places.words.items():
            entry.type = "{" + ", ".join(sorted(context.names.words.get(text, ()))) + "}"
        return tuple(places.all())

    def _elaborated(self, parsed: Parsed, tree: ast.GameText) -> Context:
        """The elaboration of what is left of a file with syntax errors; its errors are of no use."""
        reporter = Reporter(self.source)
        context = context_of(collect(tree, reporter), reporter)
        _elaborate(context, tree, parsed, self.asked)
        return context

    def at(self, offset: int) -> Name | None:
        """The name that stands at a character of the text."""
        return next((n for n in self.names for s in n.places if s.start <= offset < s.end), None)

    def named(self, text: str) -> tuple[Name, ...]:
        """The names spelt so: one of the file, and the indices and arguments of single lines."""
        return tuple(n for n in self.names if n.text == text)


def analyse(
    source: Source,
    settings: Mapping[str, str] = _NOTHING,
    horizon: int | None = None,
    discount: float | None = None,
    endless: bool = False,
    blocks: Mapping[str, Block] = _NO_BLOCKS,
) -> Analysis:
    """What is known of a text; the arguments are those of `compile_game`.  Raises nothing for a wrong text."""
    asked = Overrides(settings, horizon, discount, endless)
    parsed = context = None
    reporter = Reporter(source)
    try:
        parsed = read_game(source, blocks)
        tree = whole_tree(source, parsed)
        reporter.take(parsed.missing)
        if endless:
            _refuse_clock(clock_of(tree, discount is None), reporter)
        reporter.check()
        context = context_of(collect(tree, reporter), reporter)
    except InputError as error:
        return Analysis(source, None, error, (), parsed, None, asked)
    game = _elaborate(context, tree, parsed, asked)
    if isinstance(game, InputError):
        return Analysis(source, None, game, reporter.warnings, parsed, context, asked)
    return Analysis(source, game, None, reporter.warnings, parsed, context, asked)


def _elaborate(context: Context, tree: ast.GameText, parsed: Parsed, asked: Overrides) -> ir.Game | InputError:
    with deep_stack():
        try:
            return elaborate_game(context, tree, parsed.dialect.used, asked, clock_of(tree, asked.discount is None))
        except InputError as error:
            return error


def _refuse_clock(clock: ir.Clock, reporter: Reporter) -> None:
    for name, place in (("step", clock.step), ("horizon", clock.horizon)):
        if place is not None:
            reporter.error(
                "E619",
                f"a game without end may not change with the step, and this reads `{name}`",
                place,
                f"give a finite --horizon, or write the game without `{name}`",
            )
