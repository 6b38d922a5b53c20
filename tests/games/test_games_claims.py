"""What the shipped games claim of themselves (`expect`), asked of the whole chain.

Values that no planner can give yet are skipped: those of general-sum Nash equilibria where Assumption 3 fails.
"""

from __future__ import annotations

import operator
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from posgc.language.compile import compile_game
from posgc.language.diagnostics import Source
from posgc.language.ir import Expectation
from posgc.pipeline import AssumptionFails, Request, check, compile_request, independence, solve

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))
COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def claims() -> list[ParameterSet]:
    found = []
    for path in GAMES:
        text = path.read_text(encoding="utf-8")
        for claim in compile_game(Source(str(path), text)).expectations:
            found.append(pytest.param(path, claim, id=f"{path.stem}:{text[claim.span.start : claim.span.end]}"))
    return found


def within(claim: Expectation, value: float) -> bool:
    if claim.comparison == "==":
        return abs(value - claim.target) <= max(claim.within, 1e-12)
    return bool(COMPARE[claim.comparison](value, claim.target))


def test_every_game_claims_something() -> None:
    silent = [p.stem for p in GAMES if "expect " not in p.read_text(encoding="utf-8")]
    assert silent == []


@pytest.mark.parametrize(("path", "claim"), claims())
def test_claim(path: Path, claim: Expectation) -> None:
    compiled = compile_request(Request(str(path), share=claim.protocol, horizon=claim.horizon))
    if claim.quantity == "assumption":
        assert claim.number == 3
        assert independence(compiled).holds is not claim.negated
    elif claim.quantity == "gamma":
        bracket = check(compiled).observability.literal
        assert within(claim, bracket.lower) and within(claim, bracket.upper)
    else:
        assert claim.quantity == "value" and claim.concept is not None
        try:
            found = solve(compiled, claim.concept)
        except AssumptionFails:
            pytest.skip("no back-end finds it where Assumption 3 fails")
        assert found.judgement is not None
        assert within(claim, float(found.judgement.values[claim.agent]))


@pytest.mark.parametrize("name", ["power_control", "routing", "reservoir", "fishery", "wiretap", "wind"])
def test_information_structures_of_the_paper(name: str) -> None:
    """Examples 1, 2 A, 2 B, 3, 4 and 5: Assumption 3 holds for the default protocol at every horizon."""
    compiled = compile_request(Request(str(GAMES[0].parent / f"{name}.posg")))
    verdict = independence(compiled)
    assert verdict.holds is True
    assert verdict.method == "structural, every horizon"
