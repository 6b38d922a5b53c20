"""What the shipped games claim of themselves (`expect`), as `posgc test` runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from posgc.language.diagnostics import Source
from posgc.language.ir import Expectation
from posgc.pipeline import Request, compile_request, independence
from posgc.pipeline.claims import claims_of, examine, grouped

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))
SLOW = {("queue_ring", "ring", None)}
"""Games, protocols and horizons of claims that take more than five seconds."""


def source_of(path: Path) -> Source:
    return Source(str(path), path.read_text(encoding="utf-8"))


def groups() -> list[ParameterSet]:
    found = []
    for path in GAMES:
        for group in grouped(claims_of(source_of(path))):
            asked = path.stem, group[0].protocol, group[0].horizon
            marks = [pytest.mark.slow] if asked in SLOW else []
            found.append(pytest.param(path, group, id=" ".join(str(word) for word in asked if word), marks=marks))
    return found


@pytest.mark.parametrize(("path", "claims"), groups())
def test_claims_hold(path: Path, claims: list[Expectation]) -> None:
    found = list(examine(source_of(path), claims))
    assert len(found) == len(claims)
    assert [(f.claim.span.line, f.found) for f in found if f.answer is not True] == []


@pytest.mark.parametrize("path", GAMES, ids=lambda path: path.stem)
def test_claims_have_sources(path: Path) -> None:
    """Beside each number, or above the lines of claims that it stands among, a comment says where it comes from; so it
    does for one claim of every game at least."""
    sourced, above = 0, False
    for row in path.read_text(encoding="utf-8").splitlines():
        if not row.strip().startswith("expect "):
            above = row.strip().startswith("#")
            continue
        said = above or "#" in row
        sourced += said
        assert said or not re.match(r"\s*expect (value|gap|gamma)\b", row), row
    assert sourced


@pytest.mark.parametrize("name", ["power_control", "routing", "reservoir", "fishery", "wiretap", "wind"])
def test_information_structures_of_the_paper(name: str) -> None:
    """Examples 1, 2 A, 2 B, 3, 4 and 5: Assumption 3 holds for the default protocol at every horizon."""
    compiled = compile_request(Request(str(GAMES[0].parent / f"{name}.posg")))
    verdict = independence(compiled)
    assert verdict.holds is True
    assert verdict.method == "structural, every horizon"
