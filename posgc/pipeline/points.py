"""The points of a comparison: what is asked at one, and what becomes of it.

A row is plain numbers and texts, so that it can be sent to another process and kept in a store.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import InputError, LimitError, Source
from posgc.language.sharing.lag_table import LagTable
from posgc.pipeline.checking import independence
from posgc.pipeline.compiling import (
    AssumptionFails,
    Compiled,
    Reading,
    Request,
    compile_read,
    model_of,
    quiet,
)
from posgc.pipeline.compressing import CompressionRequest
from posgc.pipeline.solving import Solution, solve
from posgc.pipeline.versions import versions
from posgc.plugin.backend import Progress
from posgc.plugin.importer import RewardReading

__all__ = ["Answer", "Point", "Question", "Row", "answer", "answered", "key_of", "reading"]

Settings = tuple[tuple[str, str], ...]
"""Parameters with their values as text, as `--set` is given them."""


@dataclass(frozen=True)
class Point:
    """One point of the grid."""

    protocol: str  # as `--share` is given it, or the name of one of the question's tables
    settings: Settings
    horizon: int


@dataclass(frozen=True)
class Question:
    """What is asked at every point: the game and how it is read, what is to be found and how."""

    source: Source
    request: Request  # its protocol, settings and horizon are those of the points
    concept: ConceptName
    backend: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    compress: CompressionRequest | None = None
    time_limit: float | None = None  # seconds of each search that can be limited
    tables: Mapping[str, LagTable] = field(default_factory=dict)  # protocols by a name that says all of them
    independent: bool = False  # whether nothing is solved but where Assumption 3 holds

    def at(self, point: Point) -> Request:
        """The request of one point."""
        share = self.tables.get(point.protocol, point.protocol)
        asked = {"share": share, "settings": dict(point.settings), "horizon": point.horizon}
        return dataclasses.replace(self.request, **asked)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Row:
    """What became of a point.  Values are in the unit of the rewards and those of the true game."""

    point: Point
    seconds: float = 0.0
    values: tuple[float, ...] = ()  # what each agent earns; empty where nothing was found
    lower: float | None = None  # proved bounds on the value of the game, where the concept has one
    upper: float | None = None
    gap: float | None = None  # what the gap is at most; None: not known
    independent: bool | None = None  # Assumption 3
    method: str = ""  # how it was decided
    nodes: int | None = None  # of the graph, or of the policy where a planner needs no graph
    backend: str = ""
    compression: str = ""
    why: str = ""  # why it was not solved, in a line; "" where it was
    code: str = ""  # of the diagnostic that says so, where the input is at fault
    passing: bool = (
        False  # whether it may well be otherwise when it is asked again (out of memory, a process that died)
    )

    @property
    def solved(self) -> bool:
        """Whether a back-end found what was asked for."""
        return not self.why

    def as_text(self) -> str:
        """JSON, from which `from_text` makes the same row."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_text(text: str) -> Row:
        """Raises ValueError, TypeError or KeyError for anything but a row."""
        facts: dict[str, Any] = json.loads(text)
        point = facts.pop("point")
        settings = tuple((str(name), str(value)) for name, value in point["settings"])
        values = tuple(float(value) for value in facts.pop("values"))
        return Row(Point(point["protocol"], settings, point["horizon"]), values=values, **facts)


def key_of(question: Question, point: Point) -> str:
    """What the row depends on, as JSON: equal keys, equal rows but for the seconds."""
    request = question.request
    compress = question.compress
    return json.dumps(
        {
            "game": hashlib.sha256(question.source.text.encode()).hexdigest(),
            "importing": question.source.name.rpartition(".")[2],  # the ending says how some texts are read
            "protocol": point.protocol,
            "settings": sorted(point.settings),
            "horizon": point.horizon,
            "discount": request.discount,
            "reward": request.reward,
            "max_nodes": request.max_nodes,
            "seed": request.seed,
            "concept": question.concept,
            "backend": question.backend,
            "options": dict(question.options),
            "time_limit": question.time_limit,
            **({"independent": True} if question.independent else {}),
            "compress": None if compress is None else dataclasses.asdict(compress),
            "versions": versions(),
        },
        sort_keys=True,
        default=repr,
    )


@lru_cache(maxsize=2)
def reading(
    source: Source,
    settings: Settings,
    horizon: int | None,
    discount: float | None = None,
    reward: RewardReading | None = None,
) -> Reading:
    """The game and its arrays, which protocols share; the last ones are kept.  Raises as `model_of`."""
    return model_of(Request(source.name, None, dict(settings), horizon, discount, reward), source, quiet)


def _compiled(question: Question, point: Point) -> Compiled:
    """The game under the protocol of a point."""

    def read(asked: Request, _: object) -> Reading:
        return reading(question.source, point.settings, point.horizon, asked.discount, asked.reward)

    return compile_read(question.at(point), question.source, read)


@dataclass(frozen=True)
class Answer:
    """A row, and what it was made of: the solution, or why there is none."""

    row: Row
    solution: Solution | None = None
    error: InputError | LimitError | MemoryError | None = None


def answer(question: Question, point: Point) -> Row:
    """What becomes of a point: nothing is raised for what is wrong with it."""
    found = answered(question, point)
    if found.solution is not None and found.solution.policy.claim.stopped == "interrupted":
        raise KeyboardInterrupt  # Ctrl-C ends a search with what it has; here it ends the whole run
    return found.row


def answered(question: Question, point: Point, compiled: Compiled | None = None, progress: Progress = quiet) -> Answer:
    """The row of a point with its solution; `compiled` is the game at that point, where it is known already."""
    begun = time.perf_counter()
    found: Solution | None = None
    wrong: InputError | LimitError | MemoryError | None = None
    try:
        compiled = _compiled(question, point) if compiled is None else compiled
        if question.independent:
            verdict = independence(compiled)
            if not verdict.holds:
                why = f"Assumption 3 {'fails' if verdict.holds is False else 'is not decided'}"
                row = Row(point, independent=verdict.holds, method=verdict.method or "", why=why)
                return Answer(_timed(row, begun))
        limit = {} if question.time_limit is None else {"time-limit": question.time_limit}
        found = solve(
            compiled,
            question.concept,
            question.backend,
            question.options,
            progress,
            question.compress,
            where_known=limit,
        )
        row = _found(point, found)
    except (InputError, LimitError, MemoryError) as error:
        row, wrong = _failed(point, compiled, error), error
    return Answer(_timed(row, begun), found, wrong)


def _timed(row: Row, begun: float) -> Row:
    return dataclasses.replace(row, seconds=time.perf_counter() - begun)


def _found(point: Point, solution: Solution) -> Row:
    stopped, compression, checked = solution.policy.claim.stopped, solution.compression, solution.judgement
    why = "" if stopped is None else f"limit: {stopped}"
    if not why and compression is not None and not compression.met:
        why = "limit: no compression certifies the gap that is asked for"
    if not why and checked is not None and not checked.proved:
        why = "the value is only estimated by play"
    lower, upper = (None, None) if solution.bounds_claimed else solution.bounds
    return Row(
        point,
        values=tuple(solution.values.values()),
        lower=lower,
        upper=upper,
        gap=solution.certified_gap,
        independent=solution.independence.holds,
        method=solution.independence.method or "",
        nodes=sum(solution.layers),
        backend=solution.policy.header.backend,
        compression="" if compression is None else compression.spec,
        why=why,
    )


def _failed(point: Point, compiled: Compiled | None, error: InputError | LimitError | MemoryError) -> Row:
    """What is known of a point at which nothing was found."""
    if isinstance(error, MemoryError):
        return Row(point, why="out of memory", passing=True)
    said = error.diagnostics[0].message if isinstance(error, InputError) else f"limit: {error}"
    mistake = isinstance(error, InputError) and not isinstance(error, AssumptionFails)
    row = Row(
        point, why=_line(said), code=error.diagnostics[0].code if isinstance(error, InputError) and mistake else ""
    )
    if compiled is None:
        return row
    try:
        verdict = independence(compiled)
    except (LimitError, MemoryError):
        return row
    return dataclasses.replace(row, independent=verdict.holds, method=verdict.method or "")


def _line(text: str) -> str:
    """The first line; where it announces reasons, with the first one of a back-end that serves the concept at all."""
    first, *rest = [line.strip() for line in text.splitlines()]
    reasons = [line for line in rest if "it does not serve the concept" not in line] or rest
    return f"{first} {reasons[0]}" if first.endswith(":") and reasons else first
