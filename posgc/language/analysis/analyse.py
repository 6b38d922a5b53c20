"""Text -> `Analysis`: everything that is known of a file, whether or not it is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from posgc.language import ir
from posgc.language.analysis.misdeclared import blame_declarations, blame_gaps
from posgc.language.analysis.names import Name
from posgc.language.analysis.places import Places
from posgc.language.analysis.resolve import places_of
from posgc.language.analysis.types import type_in_words
from posgc.language.blocks.contract import Block
from posgc.language.clock import clock_of
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.context import Context, context_of
from posgc.language.elaborate.declared_names import collect
from posgc.language.elaborate.passes import Overrides, deep_stack, elaborate_game
from posgc.language.lint.warn import warn
from posgc.language.text import syntax as ast
from posgc.language.text.includes import without_includes
from posgc.language.text.parse import Parsed, read_game

__all__ = ["Analysis", "analyse"]

_NOTHING: Mapping[str, str] = {}
_NO_BLOCKS: Mapping[str, Block] = {}


@dataclass(frozen=True)
class Analysis:
    """What is known of a file.  `names` is worked out when it is first asked for."""

    source: Source
    game: ir.Game | None = field(repr=False)  # None where the file has an error
    # The game as far as it is known where the file has an error, with `Fail` nodes of the code `REPORTED` in place of
    # what is wrong; None where nothing of it is.
    partial: ir.Game | None = field(repr=False)
    failure: InputError | None  # the errors; None where the file has none
    warnings: tuple[Diagnostic, ...]
    # How the file was read, the elaboration as far as it got (None where the text could not be read at all), and what
    # was asked beside the file.
    parsed: Parsed | None = field(repr=False)
    context: Context | None = field(repr=False)
    asked: Overrides

    @property
    def tree(self) -> ast.GameText | None:
        """The syntax tree, with marks where it could not be read; None where not even the head of a game could be."""
        return self.parsed.tree if self.parsed is not None else None

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Errors, as `compile_game` raises them, and then warnings."""
        return (*self.errors, *self.warnings)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors, none where the file has none."""
        return self.failure.diagnostics if self.failure is not None else ()

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
        if self.parsed is None or self.parsed.tree is None or self.context is None:
            return ()
        context = self.context
        places = _places(self.parsed.tree, context)
        for text, entry in places.names.items():
            entry.type = type_in_words(context, text)
        for text, entry in places.words.items():
            entry.type = "{" + ", ".join(sorted(context.names.words.get(text, ()))) + "}"
        return tuple(places.all())

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
    reporter = Reporter(source)
    try:
        parsed = read_game(source, blocks)
    except InputError as error:
        return Analysis(source, None, None, error, (), None, None, asked)
    reporter.take((*parsed.missing, *parsed.mistakes))
    if parsed.tree is None:
        return Analysis(source, None, None, reporter.failure(), (), parsed, None, asked)
    tree, unread = without_includes(parsed.tree, parsed.mistakes)
    reporter.take(unread)
    parsed = replace(parsed, tree=tree)
    if endless:
        _refuse_clock(clock_of(tree, discount is None), reporter)
    context = context_of(collect(tree, reporter), reporter)
    game = _elaborate(context, tree, parsed, asked)
    if not reporter.failed:
        assert game is not None  # else the reason is an error
        own_horizon = horizon is None and not endless
        warn(tree, game, context.names, _places(tree, context), own_horizon, reporter)
        game = replace(game, warnings=reporter.warnings)
        return Analysis(source, game, None, None, reporter.warnings, parsed, context, asked)
    known = game if "agents" not in context.names.lost else None
    errors = blame_declarations(reporter.failure().diagnostics, tree, context.names, source.text)
    errors = blame_gaps(errors, tree, source.text)
    return Analysis(source, None, known, InputError(errors, source), reporter.warnings, parsed, context, asked)


def _elaborate(context: Context, tree: ast.GameText, parsed: Parsed, asked: Overrides) -> ir.Game | None:
    """The game, None where it gets too large or is nested too deeply."""
    with deep_stack():
        try:
            return elaborate_game(context, tree, parsed.dialect.used, asked, clock_of(tree, asked.discount is None))
        except InputError as error:
            context.reporter.take(error.diagnostics)
            return None


def _places(tree: ast.GameText, context: Context) -> Places:
    """Where the names of a file stand, in its language blocks too."""
    with deep_stack():
        places = places_of(tree)
    for word in context.cache.resolved:
        places.use(word.text, word.span, {})
    return places


def _refuse_clock(clock: ir.Clock, reporter: Reporter) -> None:
    for name, place in (("step", clock.step), ("horizon", clock.horizon)):
        if place is not None:
            reporter.error(
                "E619",
                f"a game without end may not change with the step, and this reads `{name}`",
                place,
                f"give a finite --horizon, or write the game without `{name}`",
            )
