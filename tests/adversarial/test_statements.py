"""Everything that posgc says of misleading games contains the exact number.

`python tests/adversarial/report.py FROM TO` counts what is false by kind, with the smallest game of each, and the
width of brackets.
"""

from __future__ import annotations

import math
from statistics import median

import pytest
from support.adversarial import Challenge, challenge
from support.misleading import FAR, LATER, TINY, VOID
from support.statements import Examined, examine

from posgc.report import documents

MUCH_LATER = LATER.replace("step >= 5", "step >= 50").replace("horizon 3;", "horizon 3; discount 0.5;")

WIDTH = 1e-6
"""Half of all brackets are narrower, relative to the largest sum of rewards."""


def require_true(found: list[Examined]) -> None:
    false = [f"{x.challenge.seed}: {f.kind}: {f.said}; truth: {f.truth}" for x in found for f in x.false]
    assert not false, f"{len(false)} false statements:\n" + "\n".join(false[:20])


def require_useful(found: list[Examined]) -> None:
    """Most games are solved, and brackets are finite and mostly narrow."""
    widths = [x.width for x in found if x.width is not None]
    assert sum(x.outcome == "solved" for x in found) >= len(found) / 2
    assert len(widths) >= len(found) / 3 and not any(map(math.isinf, widths))
    assert median(widths) <= WIDTH


@pytest.mark.parametrize(
    ("text", "share", "endless"),
    [
        (FAR, "full", True),
        (LATER, "late", False),
        (MUCH_LATER, "late", True),
        (TINY, "nope", False),
        (VOID, "full", False),
    ],
    ids=["far", "later", "later without end", "tiny", "void"],
)
def test_known_misleading_games(text, share, endless):
    require_true([examine(Challenge(0, text, share, endless, "", None, None))])


def test_a_bound_that_is_moved_is_found(monkeypatch):
    """The harness can fail: a lower bound that is raised, an error and a gain that are understated."""
    one = challenge(2)
    assert not [f for f in examine(one).false if "(rounding)" not in f.kind and not f.kind.startswith("printed")]
    document = documents.solve

    def moved(solution, path):
        made = document(solution, path)
        made["bounds"]["lower"] += 1e-6 * abs(made["bounds"]["lower"])
        made["values"] = {name: x + abs(x) * 1e-6 for name, x in made["values"].items()}
        return made

    monkeypatch.setattr(documents, "solve", moved)
    assert {"bounds", "value"} <= {f.kind for f in examine(one).false}


@pytest.mark.parametrize("first", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(25, 150, 25))])
def test_some_games(first):
    require_true([examine(challenge(seed)) for seed in range(first, first + 25)])


@pytest.mark.slow
def test_some_brackets_are_useful():
    require_useful([examine(challenge(seed)) for seed in range(150, 190)])


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 11000, 100))
def test_ten_thousand_games(first):
    found = [examine(challenge(seed)) for seed in range(first, first + 100)]
    require_true(found)
    require_useful(found)
