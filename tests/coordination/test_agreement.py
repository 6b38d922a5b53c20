"""The search on the field's benchmark files: against value iteration, against itself under other protocols, and against
published optima."""

from __future__ import annotations

from pathlib import Path

import pytest

from posgc.coordination.team import Found, solve_team
from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.model.rewards import spans_to_come
from posgc.pipeline import Request, compile_request, solve

FILES = Path(__file__).parents[3] / "shared" / "benchmarks"
DECIDED = ("one_step", "one_directional(1 -> 2)", "full")
"""Protocols under which Assumption 3 holds."""
CHAIN = ("none", "delayed(2)", *DECIDED)
"""Each tells every agent no less, and nothing later, than the one before."""
NODES = 20_000
"""Common beliefs that value iteration may list; larger games are listed as left out."""
SECONDS, BYTES = 10.0, 1.5e9
"""After which a search stops with the bracket that it has; those are listed too."""
RELATIVE = 1e-6
"""Agreement, relative to the span of what can be earned."""

TEAMS = [
    *("dectiger", "dectiger_skewed", "prisoners", "recycling", "broadcastChannel", "2generals", "relay4", "GridSmall"),
    *("oneDoor_2_7_0.20_0.00_0_2", "boxPushingUAI07", "Mars", "fireFighting_2_3_3", "Grid3x3corners"),
    *(f"sdms/{name}" for name in ("adversarial_tiger", "competitive_tiger", "mabc", "recycling", "tiger")),
    *(f"sdms/{name}" for name in ("alignment_2x4", "wirelessDelay", "wirelessWithOverhead")),
]
"""All files of two agents or more but `example`, which names an action that is not there, and is refused (I102)."""
QUICK = [("dectiger", 2), ("dectiger", 4), ("recycling", 3), ("broadcastChannel", 3), ("relay4", 3)]


def request(name: str, share: str, horizon: int, most: int = NODES) -> Request:
    """One game, undiscounted, its one reward shared."""
    path = FILES / f"{name}.dpomdp"
    if not path.exists():
        pytest.skip("the shared benchmark files are absent")
    return Request(str(path), share=share, horizon=horizon, discount=1.0, reward="team", max_nodes=most)


def by_value_iteration(name: str, share: str, horizon: int) -> float | None:
    """The team optimum, judged; None where there are too many common beliefs."""
    try:
        judged = solve(compile_request(request(name, share, horizon)), "team", "value-iteration").judgement
    except LimitError:
        return None
    assert judged is not None
    return float(judged.values[0])


def searched(information: Information) -> Found:
    return solve_team(information, time_limit=SECONDS, memory_limit=BYTES)


def agree(name: str, horizon: int) -> list[str]:
    """Asserts that the search agrees with value iteration and that who is told more earns no less; what is left out."""
    left, brackets = [], list[tuple[float, float]]()
    for share in CHAIN:
        information = compile_request(request(name, share, horizon)).information
        off = RELATIVE * float(spans_to_come(information.model)[0][0])
        found = searched(information)
        value = by_value_iteration(name, share, horizon) if share in DECIDED else None
        if value is not None:
            assert found.lower - off <= value <= found.upper + off, share
        elif share in DECIDED:
            left.append(f"{share}: more than {NODES} common beliefs")
        if found.stopped is None:
            assert found.upper - found.lower <= off, share
        else:
            left.append(f"{share}: between {found.lower:.9g} and {found.upper:.9g}, {found.stopped}")
        for lower, _ in brackets:
            assert lower <= found.upper + 1e-9 * max(1.0, abs(found.upper)), share
        brackets.append((found.lower, found.upper))
    return left


@pytest.mark.parametrize(("name", "horizon"), QUICK)
def test_agreement_on_small_games(name: str, horizon: int) -> None:
    assert agree(name, horizon) == []


@pytest.mark.slow
@pytest.mark.parametrize("horizon", [2, 3, 4, 5])
@pytest.mark.parametrize("name", TEAMS)
def test_agreement_on_every_file(name: str, horizon: int) -> None:
    left = agree(name, horizon)
    if left:
        pytest.skip("all that fits agrees; " + "; ".join(left))  # listed by -rs


def test_every_file_is_among_them() -> None:
    if not FILES.exists():
        pytest.skip("the shared benchmark files are absent")
    there = {path.relative_to(FILES).as_posix().removesuffix(".dpomdp") for path in FILES.rglob("*.dpomdp")}
    assert there == {*TEAMS, "example"}


# without sharing, discount 1: MATH.md, sections 11 and 12.  Broadcast: Hansen, Bernstein & Zilberstein (2004);
# recycling: Amato, Bernstein & Zilberstein (2007); DecTiger: Szer, Charpillet & Zilberstein (2005); the longer ones:
# Oliehoek, Spaan, Amato & Whiteson (2013) to fewer digits, the rest of the digits from the prototype of MATH.md
PUBLISHED = [
    *(
        ("broadcastChannel", h, v)
        for h, v in {2: 2, 3: 2.99, 4: 3.89, 5: 4.79, 100: 90.760423, 500: 452.738119}.items()
    ),
    *(("recycling", h, v) for h, v in {2: 7, 3: 10.660125, 4: 13.38, 5: 16.486, 20: 62.633136}.items()),
    *(("recycling", h, v) for h, v in {70: 216.479290, 100: 308.786982}.items()),
    *(("dectiger", h, v) for h, v in {2: -4, 3: 5.190812, 4: 4.802755, 5: 7.026451, 6: 10.381625}.items()),
    *(("boxPushingUAI07", h, v) for h, v in {4: 98.593613, 5: 107.7298514}.items()),
    *(("fireFighting_2_3_3", h, v) for h, v in {4: -6.578834, 5: -7.069874}.items()),
    ("GridSmall", 5, 2.970496),
    ("Mars", 4, 10.1808),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "horizon", "value"), PUBLISHED)
def test_published_optima_without_sharing(name: str, horizon: int, value: float) -> None:
    """The bracket closes on the number, and the judge confirms what the policy earns."""
    solution = solve(compile_request(request(name, "none", horizon, DEFAULT_MAX_NODES)), "team")
    lower, upper = solution.bounds
    assert solution.policy.header.backend == "coordinator" and solution.policy.claim.stopped is None
    assert lower is not None and upper is not None and solution.judgement is not None
    assert lower == pytest.approx(value, abs=1e-6) and upper == pytest.approx(value, abs=1e-6)
    assert solution.judgement.proved
    assert solution.judgement.values[0] == pytest.approx(solution.policy.claim.values[0], abs=1e-9)
