"""The parse trees of language blocks, made into the blocks' own nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from lark import Token

from posgc.language.blocks.contract import Block
from posgc.language.blocks.fragments import WRAPPER, tree_names
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Span
from posgc.language.diagnostics.failing import told
from posgc.language.text import syntax as ast
from posgc.language.text.makers import Maker, word_of

__all__ = ["failure_of", "failures_reported", "makers_of", "package_of"]


@dataclass(frozen=True)
class _Part:
    """A block's node, and the expressions of the language below it."""

    node: Any
    expressions: tuple[Any, ...]


def makers_of(block: Block) -> Mapping[str, Maker]:
    """How each rule of the block's fragment is made into a node."""
    makers: dict[str, Maker] = {rule: partial(_part, block, rule) for rule in tree_names(block.grammar)}
    makers[WRAPPER + block.name] = partial(_item, block)
    return makers


def _part(block: Block, rule: str, parts: list[Any], span: Span) -> _Part:
    plain = [_plain(p) for p in parts]
    with failures_reported(block, span):
        return _Part(block.node(rule, plain, span), _expressions(parts))


def _item(block: Block, parts: list[Any], span: Span) -> ast.BlockItem:
    return ast.BlockItem(block.name, _plain(parts[0]), _expressions(parts), span)


def _plain(part: Any) -> Any:
    if isinstance(part, _Part):
        return part.node
    return word_of(part) if isinstance(part, Token) else part


def _expressions(parts: list[Any]) -> tuple[Any, ...]:
    found: list[Any] = []
    for part in parts:
        if isinstance(part, _Part):
            found.extend(part.expressions)
        elif part is not None and not isinstance(part, Token):
            found.append(part)
    return tuple(found)


@contextmanager
def failures_reported(block: Block, span: Span | None) -> Iterator[None]:
    """Whatever a stranger's block raises, other than diagnostics, becomes an `InputError` (E118)."""
    try:
        yield
    except LimitError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's block may raise anything at all
        if isinstance(error, InputError) and error.diagnostics:
            raise
        raise InputError([failure_of(block, told(error), span)]) from error


def failure_of(block: Block, why: str, span: Span | None = None) -> Diagnostic:
    """E118, which names the block and its package."""
    return Diagnostic(
        "E118",
        f"the language block `{block.name}` of the package `{package_of(block)}` failed: {why}",
        span,
        "the plug-in is at fault, not the file: tell its authors",
    )


def package_of(block: Block) -> str:
    """The top-level package in which the block is written."""
    return type(block).__module__.partition(".")[0]
