"""Which protocols are worth their price: the Pareto front of cost against value over a lattice of protocols.

The points are those of a comparison, with a protocol of the lattice each; they are solved in processes, and kept in a
store, as those are.  What has to be solved is decided by `posgc.pipeline.frontier`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
import numpy.typing as npt

from posgc.language.concepts import ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.language.display import Display
from posgc.language.sharing.lattice import Lattice
from posgc.language.sharing.offers import Grain, Offers, lattice_of
from posgc.language.sharing.standard import fitting
from posgc.language.signature import Signature
from posgc.model.rewards import reward_kind
from posgc.pipeline.asking import ask
from posgc.pipeline.compiling import Request, quiet, read_game
from posgc.pipeline.frontier import Demands, Frontier
from posgc.pipeline.neighbours import defects
from posgc.pipeline.points import Point, Question, Row, reading
from posgc.pipeline.store import Store
from posgc.plugin.backend import Progress
from posgc.workers import Workers

__all__ = ["LATTICE_LIMIT", "Choosable", "Design", "Kept", "design"]

LATTICE_LIMIT = 10_000
"""Protocols of a lattice, unless more are asked for."""


@dataclass(frozen=True)
class Choosable:
    """The protocols to choose from, as `posgc design` is given them."""

    cost: str  # prices of items: `hear = 1, hear[ann] to bob after 1 = 0.5`
    lags: str = "0..2,never"
    along: str | None = None  # the network: `1-2, 2-3`
    by: Grain = "link"
    once: bool = False  # whether a hop that links of an item share is paid for once
    most: int = LATTICE_LIMIT  # protocols


@dataclass(frozen=True)
class Kept:
    """A protocol of the front."""

    number: int  # in the lattice
    name: str  # of its block
    cost: float  # a step
    value: float  # what the policy that was found is worth, in the unit of the rewards; all of them, for "sum"
    certified: float  # what it is worth at least; less by rounding at most
    best: float  # what any protocol of the lattice that costs no more can be worth
    block: str  # the `share` block that says it
    structure: str | None  # the standard structure that it is
    row: Row


@dataclass(frozen=True, repr=False)
class Design(Display):
    """The front, and what is known of all other protocols."""

    question: Question
    name: str
    title: str
    signature: Signature
    rewards: str  # "common", "zero_sum" or "general"
    horizon: int
    worth: str  # whose value is weighed: "team", the name of an agent, or "sum"
    frontier: Frontier
    rows: Mapping[int, Row]  # by the number of the protocol, those that were looked at
    demands: Demands
    offers: Offers  # what can be bought
    taken: frozenset[str]  # names of protocols that the file has
    diagnostics: tuple[Diagnostic, ...] = ()
    stopped: bool = False  # by Ctrl-C, before all was known
    unkept: InputError | None = None  # why rows could not be kept in the store

    @property
    def lattice(self) -> Lattice:
        """The protocols."""
        return self.offers.lattice

    @property
    def agents(self) -> tuple[str, ...]:
        """Names, in the order of `Row.values`."""
        return self.signature.agents

    @property
    def concept(self) -> ConceptName:
        """What was to be found under every protocol."""
        return self.question.concept

    @property
    def monotone(self) -> bool:
        """Whether a richer protocol is never worth less, so that the search may prune."""
        return self.frontier.monotone

    @cached_property
    def best(self) -> npt.NDArray[np.float64]:
        """[protocol], what any protocol of the lattice that costs no more can be worth; infinite: not known."""
        return self.frontier.up_to(self.frontier.upper)

    def value(self, number: int) -> float | None:
        """What is weighed of the values of a protocol that was looked at; None where it has none."""
        return _value(self.rows[number], self.signature, self.worth)

    def structure(self, number: int) -> str | None:
        """The standard structure that a protocol is."""
        return fitting(self.signature, self.lattice.table(number), lambda kind, variable: True)

    @cached_property
    def front(self) -> tuple[Kept, ...]:
        """The protocols that are worth their price, by ascending cost."""
        names = (name for k in count(1) if (name := f"design_{k}") not in self.taken)
        kept = []
        for name, number in zip(names, self.frontier.front(), strict=False):
            row = self.rows[number]
            kept.append(
                Kept(
                    number,
                    name,
                    float(self.lattice.costs[number]),
                    self.value(number) or 0.0,
                    float(self.frontier.reached[number]),
                    float(self.best[number]),
                    f"share {name} {row.point.protocol}",
                    self.structure(number),
                    row,
                )
            )
        return tuple(kept)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many protocols were `solved`, `pruned` (shown not to matter), `refused` (they lack Assumption 3), over
        `budget`, and are left `open`; together the size of the lattice.

        Those that were looked at in vain count as pruned where they do not matter, else as open.
        """
        frontier = self.frontier
        solved = sum(row.solved for row in self.rows.values())
        refused = int((frontier.refused & frontier.affordable).sum())
        over = int((~frontier.affordable).sum())
        left = len(self.left)
        rest = frontier.lattice.size - solved - refused - over - left
        return {"solved": solved, "pruned": rest, "refused": refused, "over budget": over, "open": left}

    @cached_property
    def left(self) -> tuple[int, ...]:
        """The numbers of the protocols that may belong to the front and were not solved."""
        marks = self.frontier.open
        return tuple(n for n in marks.nonzero()[0].tolist() if n not in self.rows or not self.rows[n].solved)

    @cached_property
    def defects(self) -> tuple[str, ...]:
        """Where the values of a team contradict the order: posgc or a plug-in is at fault."""
        if not self.monotone:
            return ()
        numbers = {row.point.protocol: number for number, row in self.rows.items()}
        taken = self.lattice.taken

        class InLattice:
            def richer(self, one: str, other: str) -> bool:
                return bool((taken[numbers[one]] <= taken[numbers[other]]).all())

        return defects(list(self.rows.values()), InLattice())

    @property
    def status(self) -> int:
        """The exit status: 1 where the order is violated or nothing is worth what is asked for, 130 after Ctrl-C, 2
        where rows could not be kept, 3 where a protocol that may matter was not solved."""
        if self.defects:
            return 1
        if self.stopped:
            return 130
        if self.unkept:
            return 2
        return 3 if self.left else 0 if self.front else 1

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        front = ", ".join(f"{kept.value:.6g} for {kept.cost:g}" for kept in self.front)
        return f"design of a protocol for {self.name}", [
            ("concept", self.concept),
            ("protocols", f"{self.lattice.size}, {self.counts['solved']} solved"),
            ("front", front),
        ]


def design(
    request: Request,
    choosable: Choosable,
    concept: ConceptName | None = None,
    demands: Demands = Demands(),  # noqa: B008 (frozen)
    worth: str | None = None,
    how: Callable[[Question], Question] = lambda question: question,
    workers: Workers = Workers(),  # noqa: B008 (frozen)
    store: Store | None = None,
    progress: Progress = quiet,
    source: Source | None = None,
) -> Design:
    """The front of the protocols that can be bought; `worth` names the agent whose value is weighed, or "sum".

    Raises InputError for mistakes of the file and of the prices (E671), for a lattice of too many protocols (E670),
    and afterwards where every protocol is refused as wrong input.
    """
    workers.begin()
    source = read_game(request.path, request.folder) if source is None else source
    settings = tuple(request.settings.items())
    game, model, diagnostics = reading(source, settings, request.horizon, request.discount, request.reward)
    signature, rewards = model.signature, reward_kind(model)
    asked = choosable.cost, choosable.lags, choosable.along, choosable.by, choosable.once
    offers = lattice_of(signature, model.horizon, *asked)
    lattice = offers.lattice
    if lattice.size > choosable.most:
        raise _too_many(lattice, choosable)
    chosen = concept_of(concept or ("team" if rewards == "common" else "nash"))
    monotone = bool(chosen.optimises)
    weighed = _weighed(signature, rewards, monotone, worth)
    tables = [lattice.table(number) for number in range(lattice.size)]
    numbers = {table.name: number for number, table in enumerate(tables)}
    question = how(Question(source, request, chosen.name, tables={table.name: table for table in tables}))
    frontier = Frontier(lattice, monotone, demands)
    rows: dict[int, Row] = {}

    def take(row: Row) -> None:
        number = numbers[row.point.protocol]
        rows[number] = row
        _learn(frontier, number, row, _value(row, signature, weighed), question.independent)
        progress("protocols", lattice.size - int((frontier.open & ~frontier.asked).sum()), lattice.size)

    points = (Point(tables[number].name, settings, model.horizon) for number in frontier.questions())
    ended = ask(question, points, take, workers, store)
    return Design(
        question,
        model.name,
        model.title,
        signature,
        rewards,
        model.horizon,
        weighed,
        frontier,
        dict(sorted(rows.items())),
        demands,
        offers,
        frozenset(share.head.name for share in (() if game is None else game.shares)),
        diagnostics,
        ended.stopped,
        ended.unkept,
    )


def _learn(frontier: Frontier, number: int, row: Row, value: float | None, independent: bool) -> None:
    """What a row says of its protocol and of its neighbours."""
    if independent and not row.independent:
        if row.independent is False:
            frontier.refuse(number)
        return
    if not frontier.monotone:
        if row.solved and value is not None:
            frontier.learn(number, value, value, value)
        return
    lower = row.lower if row.lower is not None else value if row.solved else None
    frontier.learn(
        number,
        -math.inf if lower is None or value is None else lower,
        -math.inf if lower is None else lower,
        math.inf if row.upper is None else row.upper,
    )


def _weighed(signature: Signature, rewards: str, monotone: bool, worth: str | None) -> str:
    """Whose value is weighed.  Raises InputError (E671) for a name that is none."""
    if monotone:
        known: tuple[str, ...] = ("team",)
    elif rewards == "zero_sum":
        known = signature.agents
    else:
        known = ("sum", *signature.agents)
    if worth is None:
        return known[0]
    if worth not in known:
        what = f"{worth} is not what a protocol can be worth here"
        raise InputError([Diagnostic("E671", what, help=f"one of {', '.join(known)}")])
    return worth


def _value(row: Row, signature: Signature, weighed: str) -> float | None:
    """What is weighed of the values of a row; None where it has none."""
    if not row.values:
        return None
    if weighed == "sum":
        return math.fsum(row.values)
    return row.values[0 if weighed == "team" else signature.agents.index(weighed)]


def _too_many(lattice: Lattice, choosable: Choosable) -> InputError:
    kinds: dict[int, int] = {}
    for size in lattice.shape:
        kinds[size] = kinds.get(size, 0) + 1
    product = " · ".join(f"{size}^{times}" if times > 1 else str(size) for size, times in kinds.items())
    what = f"the lattice has {product} = {lattice.size:,} protocols (limit {choosable.most:,})"
    coarser = {"link": "--by owner or item, ", "owner": "--by item, ", "item": ""}[choosable.by]
    cure = f"{coarser}fewer --lags, fewer items with a price, or --max-points"
    return InputError([Diagnostic("E670", what, help=cure)])
