"""Claims against what they say: brackets point by point, and each kind on a small game with values by hand."""

from __future__ import annotations

import operator
from itertools import product

import numpy as np
import pytest

from posgc.language.diagnostics import InputError, Source, Span
from posgc.language.ir import Expectation
from posgc.pipeline.claims import SLACK, ClaimFile, _compared, claims_of, examine, examine_all, grouped

MEETING = """game meeting "Each guesses a coin that both hear badly" {
  horizon 2;
  agents ann, bob;
  state coin: {heads, tails};
  action call[i]: {heads, tails};
  observation hear[i]: {heads, tails};
  init coin ~ uniform;
  init hear[i] ~ noisy(coin, 0.8);
  next coin = coin;
  reward ann = if call[ann] == coin then 1 else 0;
  reward bob = if call[bob] == coin then 3 else 0;
  share full;
  share none { }
  CLAIM
}
"""
BRACKET = {"==": operator.eq, "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def meeting(*claims: str) -> Source:
    return Source("meeting.posg", MEETING.replace("CLAIM", "\n  ".join(f"expect {claim};" for claim in claims)))


# By hand: one hint is right with probability 0.8; two are both right with 0.64 and differ with 0.32, which leaves a
# guess, 0.64 + 0.32 / 2 = 0.8.  So with and without sharing ann earns 0.8 a step and bob three times that.
@pytest.mark.parametrize(
    ("claim", "answer"),
    [
        ("assumption 1", True),
        ("not assumption 2", True),  # what is heard later says nothing
        ("assumption 3", True),
        ("not assumption 3 under none", False),
        ("gamma == 0", True),
        ("gamma > 0", False),
        ("value(nash) == 1.6", True),
        ("value(nash) == 1.6 within 1e-9 under none", True),
        ("value(nash, bob) == 4.8 within 1e-9", True),
        ("value(nash, bob) == 4.7 within 0.2", True),
        ("value(nash, bob) == 4.7 within 0.05", False),
        ("value(nash, bob) >= 4.8", True),
        ("value(nash, bob) > 4.9", False),
        ("value(ce, bob) <= 4.8", True),
        ("value(cce) < 1.5", False),
        ("gap(nash) <= 1e-9", True),
        ("gap(nash) >= 0.1", False),
        ("value(team) == 1", None),  # rewards differ, so no planner finds a team optimum
        ("value(nash) == 0.8 at horizon 1", True),
    ],
)
def test_a_claim_of_each_kind(claim: str, answer: bool | None) -> None:
    source = meeting(claim)
    [found] = examine(source, claims_of(source))
    assert found.answer is answer and found.mistake is None, found.found


def test_a_game_that_is_wrong_at_that_horizon() -> None:
    text = meeting("value(nash) == 1 at horizon 3", "value(nash) == 1.2 at horizon 2").text
    source = Source("meeting.posg", text.replace("then 1 else 0", "then 1 / (3 - step) else 0"))  # 1/2 and 1, times 0.8
    wrong, right = (next(examine(source, [claim])) for claim in claims_of(source))
    assert wrong.answer is None and wrong.mistake is not None
    assert [d.code for d in wrong.mistake.diagnostics] == ["E404"]
    assert right.answer is True and right.mistake is None


def test_groups_share_protocol_and_horizon() -> None:
    claims = claims_of(meeting("gamma > 0", "gamma > 0 under none", "assumption 3", "gamma > 0 at horizon 2"))
    assert [[c.span.start for c in group] for group in grouped(claims)] == [
        [claims[0].span.start, claims[2].span.start],
        [claims[1].span.start],
        [claims[3].span.start],
    ]


def test_files_of_other_formats_claim_nothing() -> None:
    text = 'NFG 1 R "pennies" { "a" "b" } { 2 2 }\n\n1 -1 -1 1 -1 1 1 -1'
    with pytest.raises(InputError) as caught:
        claims_of(Source("pennies.nfg", text))
    assert [d.code for d in caught.value.diagnostics] == ["E646"]


@pytest.mark.parametrize("comparison", sorted(BRACKET))
@pytest.mark.parametrize("within", range(3))
def test_brackets_point_by_point(comparison: str, within: int) -> None:
    """A claim holds where it is so at all points of the bracket and fails where it is so at none; half-integers are
    tried, so that no point of interest is left out."""
    for target, lower, upper in product(range(-2, 3), range(-5, 6), range(-5, 6)):
        if lower > upper:
            continue
        claim = Expectation("gamma", Span(0, 1, 1, 1), comparison=comparison, target=target, within=within)
        slack = within or (0.0 if comparison in "<>" else SLACK * max(1, abs(target)))
        points = np.arange(lower, upper + 0.25, 0.5)
        if comparison == "==":
            so = np.abs(points - target) <= slack
        else:
            so = BRACKET[comparison](points, target + (slack if comparison.startswith("<") else -slack))
        assert _compared(claim, lower, upper) is (True if so.all() else False if not so.any() else None)


@pytest.mark.slow
def test_processes_find_the_same() -> None:
    """Two processes and one; the order may differ, the findings may not."""
    sources = [
        meeting("gamma > 0", "value(nash) == 1.6", "value(ce) == 9 under none"),
        meeting("assumption 3 under none"),
    ]
    files = [ClaimFile(source.name, source, claims_of(source)) for source in sources]
    one, two = (sorted((n, f.claim.span.start, f.answer, f.found) for n, f in examine_all(files, w)) for w in (1, 2))
    assert one == two and len(one) == 4
