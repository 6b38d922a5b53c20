"""What the `expect` lines of a file come to: each claim holds, fails, or is not decided, with what was found.

A claim about a number is compared with a bracket in which the number is proved to lie: it holds where the whole bracket
fits, fails where none of it does, and is not decided between.  Values of a team optimum and of a zero-sum game are
bracketed by the bounds that `solve` proves; other values are those of the equilibrium that `solve` finds, whose gap
must be small.  Claims of one protocol and horizon share the compiled game, those of one concept the solution.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache

from posgc.assumptions import Verdict, evolution, observability
from posgc.language import analyse
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source
from posgc.language.ir import Expectation
from posgc.language.rounding import at_most, bracket
from posgc.model.rewards import reward_kind
from posgc.pipeline.checking import independence
from posgc.pipeline.compiling import AssumptionFails, Compiled, Request, compile_request, importer_of
from posgc.pipeline.solving import Solution, solve
from posgc.pipeline.workers import Died, Workers, each
from posgc.plugin.registry import registry

__all__ = ["ClaimFile", "Finding", "claims_of", "examine", "examine_all", "grouped"]

SLACK = 1e-9
"""What `==`, `<=` and `>=` allow for where a claim names no tolerance, relative to its number or 1."""

GAP = 1e-6
"""Gap up to which a policy counts as the equilibrium that a claim speaks of, where the claim's tolerance is smaller."""

Bracket = tuple[float, float, str]
"""Two ends between which a number lies, and what is to be said of it in words."""


@dataclass(frozen=True)
class Finding:
    """What became of a claim: `answer` is None where it is not decided, and `mistake` then says whether the input is at
    fault (a protocol that does not fit at that horizon, say)."""

    claim: Expectation
    answer: bool | None
    found: str
    seconds: float
    mistake: InputError | None = None


@dataclass(frozen=True)
class ClaimFile:
    """A file and its claims; `findings` are those that came in, in the order of `claims`.  `mistake`: the file itself
    is wrong, and nothing is claimed."""

    name: str
    source: Source | None
    claims: tuple[Expectation, ...] = ()
    findings: tuple[Finding, ...] = ()
    mistake: InputError | None = None


class _Undecided(Exception):
    """Nothing decides the claim; the text says why."""


def claims_of(source: Source) -> tuple[Expectation, ...]:
    """The claims of a `.posg` text.  Raises InputError for every mistake in it, E646 for a file of another format."""
    importer = importer_of(source)
    if importer is not None:
        what = f"{source.name} is a {importer.name} file, which can claim nothing"
        cure = "`posgc import` writes it as a .posg file, which can"
        raise InputError([Diagnostic("E646", what, help=cure)])
    return analyse(source, blocks=registry().blocks).required().expectations


def examine_all(files: Sequence[ClaimFile], workers: int) -> Iterator[tuple[int, Finding]]:
    """The findings of all claims with the number of their file, as they come in, from so many processes.

    Where the caller stops listening (Ctrl-C, say) the processes end.  Raises LimitError where one of them ends before
    its time.
    """
    groups = [(n, f.source, group) for n, f in enumerate(files) if f.source for group in grouped(f.claims)]
    if min(workers, len(groups)) <= 1:
        for n, source, group in groups:
            yield from ((n, finding) for finding in examine(source, group))
        return
    tasks = [(source, group) for _, source, group in groups]
    with closing(each(_examined, tasks, Workers(workers))) as answers:
        for number, found in answers:
            if isinstance(found, Died):
                raise LimitError(f"{found.in_words}; take fewer workers")
            yield from ((groups[number][0], finding) for finding in found)


def grouped(claims: Sequence[Expectation]) -> list[list[Expectation]]:
    """The claims of each protocol and horizon, which are examined together."""
    groups: dict[tuple[str | None, int | None], list[Expectation]] = {}
    for claim in claims:
        groups.setdefault((claim.protocol, claim.horizon), []).append(claim)
    return list(groups.values())


def _examined(asked: tuple[Source, Sequence[Expectation]]) -> list[Finding]:
    return list(examine(*asked))


def examine(source: Source, claims: Sequence[Expectation]) -> Iterator[Finding]:
    """The findings of claims of one protocol and horizon, in their order."""
    request = Request(source.name, claims[0].protocol, horizon=claims[0].horizon)
    compiled = cache(lambda: compile_request(request, source=source))
    solved = cache(lambda concept: solve(compiled(), concept))
    for claim in claims:
        begun = time.perf_counter()
        answer, found, mistake = _finding(claim, compiled, solved)
        yield Finding(claim, answer, found, time.perf_counter() - begun, mistake)


def _finding(
    claim: Expectation, compiled: Callable[[], Compiled], solved: Callable[[ConceptName], Solution]
) -> tuple[bool | None, str, InputError | None]:
    try:
        if claim.quantity == "assumption":
            verdict = _verdict(claim.number, compiled)
            return None if verdict[0] is None else verdict[0] is not claim.negated, verdict[1], None
        if claim.quantity == "gamma":
            gamma = observability(compiled().model).literal
            lower, upper, words = gamma.lower, gamma.upper, f"γ: {gamma.in_words}"
        else:
            assert claim.concept is not None
            measure = _gap if claim.quantity == "gap" else _value
            lower, upper, words = measure(claim, solved(claim.concept))
        return _compared(claim, lower, upper), words, None
    except (_Undecided, AssumptionFails, LimitError) as error:
        told = error.diagnostics[0].message if isinstance(error, InputError) else str(error)
        return None, told, None
    except MemoryError:
        return None, "out of memory", None
    except InputError as error:
        if any(d.code == "E603" for d in error.diagnostics):  # no planner serves it: the file is in order
            return None, error.diagnostics[0].message, None
        return None, error.diagnostics[0].message, error


def _verdict(number: int, compiled: Callable[[], Compiled]) -> tuple[bool | None, str]:
    if number == 2:
        found = observability(compiled().model)
        return found.holds, f"Assumption 2 {found.answer}; γ: {found.literal.in_words}"
    game = compiled()
    verdict = independence(game) if number == 3 else evolution(game.information)
    return verdict.holds, _in_words(verdict)


def _in_words(verdict: Verdict) -> str:
    how = f" [{verdict.method}]" if verdict.method else ""
    why = verdict.evidence.partition("\n")[0].rstrip(":")
    return f"Assumption {verdict.assumption}: {verdict.answer}{how}" + ("" if verdict.holds else f": {why}")


def _value(claim: Expectation, solution: Solution) -> Bracket:
    """The value of the game to the claim's agent where the concept has one, else that of the equilibrium found."""
    _require_finished(solution)
    model, checked, concept = solution.compiled.model, solution.judgement, CONCEPTS[solution.policy.header.concept]
    agent = model.signature.agents[claim.agent]
    lower, upper = solution.bounds
    zero_sum = concept.zero_sum_value and reward_kind(model) == "zero_sum"
    if checked is None or not checked.proved:
        raise _Undecided(f"the value of {agent} is only estimated by play")
    if concept.optimises or zero_sum:
        least, most = -math.inf if lower is None else lower, math.inf if upper is None else upper
        if zero_sum and claim.agent == 1:
            least, most = -most, -least
        return least, most, f"the value of {agent} is {bracket(least, most)}"
    certified, asked = solution.certified_gap, max(claim.within, GAP)
    if certified is None or certified > asked:
        known = "no known gap" if certified is None else f"a gap of at most {at_most(certified)}"
        raise _Undecided(f"the policy that is found has {known}, and counts as an equilibrium up to {asked:g}")
    value = checked.values[claim.agent]
    least, most = value - checked.error, value + checked.error
    return least, most, f"in the equilibrium that is found {agent} earns {bracket(least, most)}"


def _gap(claim: Expectation, solution: Solution) -> Bracket:
    """The gap of the policy that is found."""
    _require_finished(solution)
    checked, certified = solution.judgement, solution.certified_gap
    if checked is None or checked.gap is None or certified is None:
        raise _Undecided("the gap of the policy that is found is not known")
    least = max(0.0, checked.gap - checked.error) if checked.status == "exact" else 0.0
    return least, certified, f"the gap of the policy that is found is {bracket(least, certified)}"


def _require_finished(solution: Solution) -> None:
    """Ctrl-C ends a search with what it has; here it ends the whole run."""
    if solution.policy.claim.stopped == "interrupted":
        raise KeyboardInterrupt


def _compared(claim: Expectation, lower: float, upper: float) -> bool | None:
    """Whether a number between the two ends is as claimed; None where it may or may not be."""
    target, strict = claim.target, claim.comparison in ("<", ">")
    slack = claim.within or (0.0 if strict else SLACK * max(1.0, abs(target)))
    if claim.comparison == "==":
        inside = target - slack <= lower and upper <= target + slack
        outside = upper < target - slack or lower > target + slack
    else:
        if claim.comparison.startswith(">"):
            lower, upper, target = -upper, -lower, -target
        limit = target + slack
        inside = upper < limit if strict else upper <= limit
        outside = lower >= limit if strict else lower > limit
    return True if inside else False if outside else None
