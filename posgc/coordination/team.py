"""The team optimum of a game under a protocol: a bracket, closed or not, and a policy, always."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from posgc.coordination.bounded import bounded
from posgc.coordination.layered import layered
from posgc.coordination.limits import Limits, Reason
from posgc.coordination.search import Search, Stopped
from posgc.coordination.tables import best_policy
from posgc.information.items import Information, InformationStructure
from posgc.model.rewards import spans_to_come
from posgc.policy.controllers import Controllers

__all__ = ["Found", "no_perfect_recall", "solve_team"]

RELATIVE = 1e-10
"""The width of a bracket that counts as closed by default, relative to the span of what can be earned."""
TYPES = 6
"""Types of each agent in the policy that is there before the search."""
SHORTER = 1e-6
"""The width of brackets of shorter games that are solved on the way, relative to the span of what can be earned."""
SEARCH, LATE, RICHER = 0.5, 0.2, 20.0
"""Shares of the time after which the search makes way for the bound of a richer protocol, which gets the second share
and so many seconds at most, and for policies of few nodes; what they leave is the search's again."""
SMALLEST = 1e-12
"""Floating point tells no smaller difference apart, relative to the span of what can be earned."""


@dataclass(frozen=True, eq=False)
class Found:
    """What is known of the optimum."""

    policy: Controllers
    lower: float  # what the policy earns
    upper: float  # no policy earns more: the search's bound with errors of rounding charged
    charge: float  # how much of it is charged
    stopped: Reason | None  # None: the bracket is as narrow as asked
    nodes: int  # components, each step's counted
    components: int  # different ones
    types: int  # the most of an agent in one component


def no_perfect_recall(information: InformationStructure) -> str | None:
    """Why the search does not serve the protocol, as a sentence; None where every agent remembers what it knew."""
    if information.protocol.forget is not None:
        return (
            f"agents forget what is older than {information.protocol.forget} steps, and the search splits what is "
            "common knowledge by all that was ever known (leave `forget` out)"
        )
    for h in range(1, information.horizon + 1):
        for item in (x for x in information.pending(h) if x.time + (x.kind == "action") == h):
            owner = information.variable(item).agent
            if item.time + information.first_age(owner, item) > h:
                return f"{information.label(item)} reaches its own agent late, which the search does not serve"
    return None


def solve_team(
    information: Information,
    epsilon: float = 0.0,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Found:
    """Search until the bracket is closed (at most `epsilon` wide; 0: RELATIVE) or a limit is reached.

    `time_limit` is in seconds, `memory_limit` in bytes.  Rewards are the first agent's.  Raises LimitError where what
    is still to be learned cannot be numbered in 62 bits.
    """
    search: Search | None = None

    def report(done: int, _: int) -> None:
        shown = "first bounds" if search is None else f"bracket {search.lower:.6g} .. {search.upper:.6g}"
        progress(shown, done, int(time_limit or 0))

    begun = time.monotonic()
    limits = Limits(None if time_limit is None else SEARCH * time_limit, memory_limit, report)
    span = float(spans_to_come(information.model)[0][0])
    width = max(epsilon or RELATIVE * span, SMALLEST * span, 1e-300)
    richer: Search | None = None
    with limits.interruptible(), _deep(information.horizon):
        search = Search(information, width, limits)
        limits.held = lambda: search.nbytes
        _run(search)
        known: tuple[float, Controllers] | None = None
        if limits.reason is not None:
            if limits.reason != "interrupted":
                seconds = RICHER if time_limit is None else min(RICHER, LATE * time_limit)
                richer = _told_late(search, Limits(seconds, memory_limit), lambda: limits.reason == "interrupted")
            known = _small(search, limits, begun + time_limit if time_limit is not None else float("inf"))
            if limits.extend(time_limit):
                _run(search)
        lower, policy = best_policy(search) if search.lower > float("-inf") else (float("-inf"), None)
        if policy is None or (known is not None and known[0] > lower):
            lower, policy = known or bounded(search.steps, search.relaxation, TYPES)
    searches = [search] if richer is None else [search, richer]
    upper, charge = min((bound.upper + bound.charge(), bound.charge()) for bound in searches)
    upper = max(upper, lower)
    closed = limits.reason if upper - lower > width + 2 * charge else None
    types = max(max(component.counts) for component in search.steps.component)
    return Found(policy, lower, upper, charge, closed, len(search.nodes), len(search.steps.component), types)


def _run(search: Search) -> None:
    """Search until the bracket is closed or a limit is reached."""
    with suppress(Stopped):
        for _, root in search.roots:
            search.dive(root)
        search.solve()


def _told_late(poorer: Search, limits: Limits, interrupted: Callable[[], bool]) -> Search:
    """A search whose upper bound is one of the poorer search's game: everybody learns everything one step late, or
    sooner where the protocol at hand is sooner.  Long horizons need it: it has few components."""
    table = poorer.information.protocol
    rows = (table.action_lags, table.observation_lags)
    sooner = tuple(tuple(tuple(min(lag, 1) for lag in row) for row in lags) for lags in rows)
    if sooner == rows:
        return poorer
    protocol = replace(table, name="told one step late", action_lags=sooner[0], observation_lags=sooner[1])
    told = Information(poorer.model, protocol)
    search = Search(told, poorer.epsilon, lambda: limits() or interrupted(), poorer.beliefs)
    limits.held = lambda: poorer.nbytes + search.nbytes  # both are held
    _run(search)
    return search


def _small(search: Search, limits: Limits, end: float) -> tuple[float, Controllers]:
    """The best policy of few nodes that is found until time `end`, and what it earns; a simple one on Ctrl-C."""
    best = bounded(search.steps, search.relaxation, TYPES)
    if limits.reason == "interrupted":
        return best
    tolerance = SHORTER * float(spans_to_come(search.model)[0][0])
    found = layered(
        search.steps,
        search.relaxation,
        tolerance,
        lambda: limits.reason == "interrupted" or time.monotonic() > end,
    )
    return max(best, found or best, key=lambda x: x[0])


@contextmanager
def _deep(horizon: int) -> Iterator[None]:
    """The search calls itself a few times for each step."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, before + 40 * horizon))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
