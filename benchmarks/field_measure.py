"""What is measured of a benchmark file, each part in a process of its own under a budget; `field.py` runs it.

A worker sends what it finds as it goes; the parent kills it when one item takes longer than allowed.  So a limit of
time costs nothing that was found before it, and a worker's peak memory is that of its own row.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from posgc.assumptions import observability
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.model.rewards import reward_kind
from posgc.pipeline import Request, compile_request, independence, solve

__all__ = ["CHECKED", "FILES", "HORIZONS", "Budget", "Facts", "FileReport", "Row", "Solved", "measure"]

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / ".." / "shared" / "benchmarks"

CHECKED = (
    "full",
    "one_step",
    "one_directional(1 -> 2)",
    "delayed(2)",
    "controlled_by(1, 1)",
    "uncontrolled(1)",
    "none",
)
"""Protocols of which Assumption 3 is decided."""

HORIZONS = (2, 3, 4, 5, 6, 7, 8, 10, 20, None)
"""Decisions, in the order tried; None is the discounted game without end, for files of one agent only."""

CHECK_HORIZON = 3
"""Decisions of the games that are checked; what is proved of a structure holds for every horizon."""

ZERO_SUM = ("adversarial_tiger.dpomdp", "competitive_tiger.dpomdp")
"""Files whose one reward is the first agent's, in spite of their ending."""

START_UP = 60.0
"""Seconds that a process may take before it begins."""


@dataclass(frozen=True)
class Budget:
    """What one solve may use: wall seconds, nodes, gigabytes of address space."""

    seconds: float
    nodes: int
    memory: float


@dataclass(frozen=True)
class Facts:
    """What a file says, and γ; the numbers of actions and observations are those of each agent.

    `gamma` and `reachable` are brackets (lower, upper), None where they were not reached within the budget.
    """

    agents: int
    states: int
    actions: tuple[int, ...]
    observations: tuple[int, ...]
    kind: str
    discount: float
    notes: tuple[str, ...]
    gamma: tuple[float, float] | None = None
    reachable: tuple[float, float] | None = None


@dataclass(frozen=True)
class Solved:
    """One horizon: each agent's value and the exact gap in the true game, nodes, wall seconds, peak gigabytes.

    `upper` bounds a team's optimum, or the first agent's value of a zero-sum game; None where there is neither.
    """

    horizon: int | None
    values: tuple[float, ...]
    gap: float
    upper: float | None
    nodes: int
    seconds: float
    memory: float


@dataclass(frozen=True)
class Row:
    """A file under a protocol and a concept: what was solved, in the order of `HORIZONS`, and why it ended there.

    `again` repeats the last of `solved` in a process of its own.
    """

    protocol: str
    concept: ConceptName
    solved: tuple[Solved, ...]
    tried: int | None = None
    """The horizon that exceeded the budget."""
    stopped: str = ""
    """How it did; empty where every horizon was solved."""
    again: tuple[Solved, ...] = ()


@dataclass(frozen=True)
class FileReport:
    """All that is known of one file; `refused` has the codes and the first message where it cannot be read."""

    name: str
    facts: Facts | None
    refused: str = ""
    verdicts: dict[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()


def request(path: Path, share: str, horizon: int | None, nodes: int) -> Request:
    """A game as the page reads it: discount 1 where there are several agents, the file's for one."""
    alone = path.suffix == ".pomdp"
    return Request(
        str(path),
        share,
        {},
        horizon,
        None if alone else 1.0,
        reward="zero_sum" if path.name in ZERO_SUM else None,
        max_nodes=nodes,
        endless=horizon is None,
    )


def read_facts(path: Path, nodes: int) -> Iterator[Facts | str]:
    """The facts without γ, then with it; or why the file is refused."""
    try:
        compiled = compile_request(request(path, "full", CHECK_HORIZON, nodes))
        as_it_is = compile_request(Request(str(path), "full", {}, CHECK_HORIZON))
    except InputError as error:
        yield _refusal(error.diagnostics)
        return
    model, signature = compiled.model, compiled.model.signature
    codes = tuple(sorted({d.code for d in compiled.diagnostics}))
    shape = (
        model.n_agents,
        model.n_states,
        tuple(signature.action_sizes),
        tuple(signature.observation_sizes),
        reward_kind(model),
        as_it_is.model.discount,
        codes,
    )
    yield Facts(*shape)
    report = observability(model)
    yield Facts(*shape, (report.literal.lower, report.literal.upper), (report.reachable.lower, report.reachable.upper))


def _refusal(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> str:
    first = diagnostics[0]
    line = "" if first.span is None else f", line {first.span.line}"
    return f"{len(diagnostics)} mistakes; the first is {first.code}{line}: {first.message}"


def verdicts(path: Path, nodes: int) -> Iterator[tuple[str, str]]:
    """Assumption 3 under each protocol: yes, no, not decided, or - where the protocol does not suit the game."""
    for share in CHECKED:
        try:
            verdict = independence(compile_request(request(path, share, CHECK_HORIZON, nodes)))
        except InputError:
            yield share, "-"
            continue
        if verdict.holds is None:
            yield share, f"not decided: {verdict.evidence}"
        elif verdict.holds:
            yield share, "yes" if verdict.any_start or "every horizon" in (verdict.method or "") else "yes, H = 3"
        else:
            yield share, "no"


def solve_all(
    path: Path, share: str, concept: ConceptName, horizons: tuple[int | None, ...], nodes: int
) -> Iterator[Solved | str]:
    """The horizons in turn; a message where one exceeds a limit, which ends it.

    H = 1 comes before them, untold: it loads importers and solvers, which is no part of the time of the others.
    """
    for number, horizon in enumerate((1, *horizons)):
        start = time.perf_counter()
        try:
            solution = solve(compile_request(request(path, share, horizon, nodes)), concept)
        except LimitError as error:
            yield str(error)
            return
        except MemoryError:
            yield "more memory than allowed"
            return
        seconds = time.perf_counter() - start
        assert solution.judgement is not None, "only a compressed policy goes unverified"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        checked = solution.judgement
        if number > 0:
            assert checked.gap is not None, "an exact solution is judged exactly"
            values, nodes_used = tuple(float(v) for v in checked.values), sum(solution.layers)
            yield Solved(horizon, values, float(checked.gap), solution.bounds[1], nodes_used, seconds, peak)


def _child(
    connection: Connection, work: Callable[..., Iterator[Any]], arguments: tuple[Any, ...], gigabytes: float
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes * 1e9), int(gigabytes * 1e9)))
    connection.send(None)
    for item in work(*arguments):
        connection.send(item)


def supervised(work: Callable[..., Iterator[Any]], arguments: tuple[Any, ...], budget: Budget) -> tuple[list[Any], str]:
    """What `work` yields in a process of its own, and why that ended too early (empty where it did not)."""
    for library in ("OPENBLAS", "OMP", "MKL"):  # inherited by the child: one thread, so that wall time is work
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, work, arguments, budget.memory))
    process.start()
    sender.close()
    items: list[Any] = []
    wait = START_UP
    try:
        while receiver.poll(wait):
            items.append(receiver.recv())
            wait = budget.seconds
        why = f"more than {wait:g} s"
    except EOFError:
        process.join()
        why = "" if process.exitcode == 0 else f"its process ended with status {process.exitcode}"
    finally:
        process.kill()
        process.join()
    return items[1:], why


def solved_under(facts: Facts) -> tuple[tuple[str, ConceptName], ...]:
    """Protocols and concepts that fit: an agent alone shares with nobody; a team has one aim, others have several."""
    if facts.agents == 1:
        return (("full", "team"),)
    if facts.kind == "common":
        return ("full", "team"), ("one_step", "team")
    concepts: tuple[ConceptName, ...] = ("nash",) if facts.kind == "zero_sum" else ("nash", "ce", "cce")
    shares = ("full", "one_directional(1 -> 2)", "one_step")
    return tuple((share, concept) for concept in concepts for share in shares)


def row(path: Path, share: str, concept: ConceptName, horizons: tuple[int | None, ...], budget: Budget) -> Row:
    items, why = supervised(solve_all, (path, share, concept, horizons, budget.nodes), budget)
    if items and isinstance(items[-1], str):
        why = items.pop()
    solved = tuple(items)
    tried = horizons[len(solved)] if why else None
    if not solved:
        return Row(share, concept, (), tried, why)
    last = solved[-1]
    times = 3 if last.seconds <= budget.seconds / 4 else 1
    again, _ = supervised(solve_all, (path, share, concept, (last.horizon,) * times, budget.nodes), budget)
    return Row(share, concept, solved, tried, why, tuple(again) or (last,))


def measure(path: Path, horizons: tuple[int | None, ...], budget: Budget) -> FileReport:
    """Everything of one file."""
    name = path.relative_to(FILES).as_posix()
    items, why = supervised(read_facts, (path, budget.nodes), budget)
    if not items or isinstance(items[0], str):
        return FileReport(name, None, items[0] if items else why)
    facts: Facts = items[-1]
    found, why = supervised(verdicts, (path, budget.nodes), budget)
    decided = dict.fromkeys(CHECKED, why or "-") | dict(found)
    finite = tuple(h for h in horizons if h is not None or facts.agents == 1)
    rows = tuple(row(path, share, concept, finite, budget) for share, concept in solved_under(facts))
    return FileReport(name, facts, "", decided, rows)
