"""What protocols are worth: every point of a grid of protocols, parameters and horizons, and the protocols' order.

Points are tasks for processes; rows come back as they are found, go to a store, and are put in the order of the grid.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from posgc.language.concepts import ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.language.display import Display
from posgc.language.ir import Game
from posgc.language.sharing.lag_table import LagTable
from posgc.language.sharing.order import Order, order_of
from posgc.language.sharing.requests import protocol
from posgc.language.signature import Signature
from posgc.model.rewards import reward_kind
from posgc.pipeline.asking import ask
from posgc.pipeline.compiling import Request, analysed, quiet, read_game
from posgc.pipeline.neighbours import Bracket, brackets, defects
from posgc.pipeline.points import Point, Question, Row, Settings, reading
from posgc.pipeline.store import Store
from posgc.pipeline.workers import Workers
from posgc.plugin.backend import Progress

__all__ = ["GRID_LIMIT", "Comparison", "Grid", "compare", "usual_protocols"]

GRID_LIMIT = 10_000
"""Points of a comparison."""


@dataclass(frozen=True)
class Grid:
    """What is varied.  `protocols` None: the usual ones of the game; `horizons` None: the file's; `settings`: the
    values of each parameter, as text."""

    protocols: Sequence[str] | None = None
    horizons: Sequence[range] | None = None  # ranges, so that a wrong one of a billion steps costs nothing
    settings: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)

    def require_small(self, protocols: int) -> None:
        """Raises InputError (E660) where there are too many points."""
        steps = 1 if self.horizons is None else sum(-((r.start - r.stop) // r.step) for r in self.horizons)
        points = prod([max(1, protocols), steps, *(len(values) for values in self.settings.values())])
        if points > GRID_LIMIT:
            what = f"the grid has {points:,} points (limit {GRID_LIMIT:,})"
            cure = "name fewer horizons, values of parameters or protocols; several runs may share a --store"
            raise InputError([Diagnostic("E660", what, help=cure)])


@dataclass(frozen=True, repr=False)
class Comparison(Display):
    """The rows, in order of settings, horizons and protocols, and the order of the protocols."""

    question: Question
    name: str
    title: str
    signature: Signature
    rewards: str  # "common", "zero_sum" or "general"
    protocols: tuple[str, ...]
    tables: Mapping[Settings, Mapping[str, LagTable]]
    rows: tuple[Row, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    stopped: bool = False  # by Ctrl-C, before all points were looked at
    unkept: InputError | None = None  # why rows could not be kept in the store

    @property
    def agents(self) -> tuple[str, ...]:
        """Names, in the order of `Row.values`."""
        return self.signature.agents

    @property
    def concept(self) -> ConceptName:
        """What was to be found at every point."""
        return self.question.concept

    @property
    def monotone(self) -> bool:
        """Whether a richer protocol is never worth less, so that neighbours bound each other."""
        return bool(concept_of(self.concept).optimises)

    @property
    def horizons(self) -> tuple[int, ...]:
        """Those of the grid, ascending."""
        return tuple(sorted({row.point.horizon for row in self.rows}))

    @cached_property
    def orders(self) -> Mapping[tuple[Settings, int], Order]:
        """The order of the protocols for each setting and horizon."""
        return {
            (settings, horizon): order_of(tables, horizon)
            for settings, tables in self.tables.items()
            for horizon in self.horizons
        }

    @cached_property
    def brackets(self) -> tuple[Bracket, ...]:
        """Bounds on the value of the game at each row: its own and, for a team, those of its neighbours."""
        if not self.monotone:
            return tuple(Bracket(row.lower, row.upper) for row in self.rows)
        found = [bracket for key, rows in self._groups for bracket in brackets(rows, self.orders[key])]
        return tuple(found)

    @cached_property
    def defects(self) -> tuple[str, ...]:
        """Where the values of a team contradict the order: posgc or a plug-in is at fault."""
        if not self.monotone:
            return ()
        return tuple(said for key, rows in self._groups for said in defects(rows, self.orders[key]))

    @property
    def _groups(self) -> list[tuple[tuple[Settings, int], list[Row]]]:
        """The rows of each setting and horizon, which stand together."""
        found: dict[tuple[Settings, int], list[Row]] = {}
        for row in self.rows:
            found.setdefault((row.point.settings, row.point.horizon), []).append(row)
        return list(found.items())

    @property
    def status(self) -> int:
        """The exit status: 1 where the order is violated, 130 after Ctrl-C, 2 where rows could not be kept, 3 where
        some point was not solved."""
        if self.defects:
            return 1
        return 130 if self.stopped else 2 if self.unkept else 0 if all(row.solved for row in self.rows) else 3

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        solved = sum(row.solved for row in self.rows)
        chains = dict.fromkeys(chain for order in self.orders.values() for chain in order.chains)
        return f"comparison of {len(self.protocols)} protocols of {self.name}", [
            ("concept", self.concept),
            ("points", f"{len(self.rows)}, {solved} solved"),
            ("order", ", ".join(chains)),
        ]


def usual_protocols(signature: Signature, game: Game | None, first: str | None = None) -> dict[str, LagTable]:
    """The protocols of the file that need no argument and the standard structures that fit any game: `full`,
    `one_step`, `delayed(2)`, `none`, and for two agents `one_directional` both ways, after the one that is to come
    `first`; of those that say the same, the first."""
    own = () if game is None else game.protocols
    standard = ["full", "one_step", "delayed(2)", "none"]
    if len(signature.agents) == 2:
        one, other = (a if a.isidentifier() else str(k) for k, a in enumerate(signature.agents, 1))
        standard += [f"one_directional({one} -> {other})", f"one_directional({other} -> {one})"]
    named = {} if first is None else {first: protocol(signature, first, game)}
    named |= {table.name: table for table in own if table.name not in named}
    named |= {name: protocol(signature, name, game) for name in standard if name not in named}
    seen: dict[object, str] = {}
    for name, table in named.items():
        seen.setdefault(table.content, name)
    return {name: named[name] for name in seen.values()}


def compare(
    request: Request,
    grid: Grid,
    concept: ConceptName | None = None,
    how: Callable[[Question], Question] = lambda question: question,
    workers: Workers = Workers(),  # noqa: B008 (frozen)
    store: Store | None = None,
    progress: Progress = quiet,
    source: Source | None = None,
    known: Mapping[Point, Row] | None = None,
) -> Comparison:
    """Solve every point of the grid, by these workers, but for those that the store has or that are `known`.

    `how` adds to the question how it is to be answered.  Raises InputError before anything is solved for a grid of too
    many points (E660), an unknown protocol, and every mistake of the file; afterwards where every point is refused as
    wrong input.
    """
    grid.require_small(0 if grid.protocols is None else len(grid.protocols))
    workers.begin()
    source = read_game(request.path, request.folder) if source is None else source
    horizons = None if grid.horizons is None else sorted({h for some in grid.horizons for h in some})
    settings: list[Settings] = [
        tuple(zip(grid.settings, values, strict=True)) for values in product(*grid.settings.values())
    ]
    game, model, diagnostics = reading(
        source, settings[0], None if horizons is None else horizons[0], request.discount, request.reward
    )
    usual = usual_protocols(model.signature, game) if grid.protocols is None else {}
    names = tuple(dict.fromkeys(usual if grid.protocols is None else grid.protocols))
    longest = None if horizons is None else horizons[-1]
    tables = {
        some: {
            name: protocol(model.signature, name, own)
            for own in [game if k == 0 else analysed(source, dict(some), longest, request.discount)]
            for name in names
        }
        for k, some in enumerate(settings)
    }
    grid.require_small(len(names))
    question = how(
        Question(source, request, concept_of(concept or ("team" if reward_kind(model) == "common" else "nash")).name)
    )
    points = [Point(name, some, h) for some in settings for h in (horizons or [model.horizon]) for name in names]
    found, stopped, unkept = _rows(question, points, workers, store, progress, known or {})
    return Comparison(
        question,
        model.name,
        model.title,
        model.signature,
        reward_kind(model),
        names,
        tables,
        found,
        diagnostics,
        stopped,
        unkept,
    )


def _rows(
    question: Question,
    points: Sequence[Point],
    workers: Workers,
    store: Store | None,
    progress: Progress,
    known: Mapping[Point, Row],
) -> tuple[tuple[Row, ...], bool, InputError | None]:
    """The row of each point; whether Ctrl-C came before all were found; and why they could not all be kept."""
    found = {point: known[point] for point in points if point in known}

    def take(row: Row) -> None:
        found[row.point] = row
        progress("points", len(found), len(points))

    ended = ask(question, [point for point in points if point not in found], take, workers, store)
    missing = "not looked at, as the run was stopped"
    rows = tuple(found.get(point, Row(point, why=missing, passing=True)) for point in points)
    return rows, ended.stopped, ended.unkept
