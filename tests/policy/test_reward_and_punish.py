"""What merging histories by belief loses, with both numbers verified: 8 on the merged graph, 10 with memory."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from posgc.judge.verify import verify
from posgc.pipeline import Request, compile_request, solve

GAME = Path(__file__).resolve().parents[2] / "games" / "dilemma.posg"
COOPERATE, HARBOUR, HILL = 0, 0, 1


@pytest.mark.parametrize("concept", ["ce", "cce", "nash"])
def test_eight_on_the_merged_graph(concept):
    solution = solve(compile_request(Request(str(GAME))), concept)
    assert solution.layers == (1, 1)
    assert sum(solution.judgement.values) == pytest.approx(8, abs=1e-9)  # MATH, section 3: 8 against 10
    assert solution.judgement.gap <= 1e-9


def test_ten_with_memory():
    """Cooperate, then the harbour if both did and the hill if not: an equilibrium, and no stage selection finds it."""
    compiled = compile_request(Request(str(GAME)))
    policy = solve(compiled, "ce").policy.strategy
    first, second = policy.steps
    both = int(np.flatnonzero(first.z == 0)[0])  # code 0: both chose their first action, cooperate
    start = dataclasses.replace(
        first,
        indptr=np.array([0, 1]),
        weight=np.ones(1),
        tables=(np.array([[COOPERATE]]),) * 2,
        edge_to=np.where(first.edge_z == both, 0, 1),
    )
    later = dataclasses.replace(
        second,
        indptr=np.array([0, 1, 2]),
        weight=np.ones(2),
        tables=(np.array([[HARBOUR], [HILL]]),) * 2,
        edge_indptr=np.zeros(3, np.int64),
    )
    remembering = dataclasses.replace(policy, steps=(start, later))
    for kind in ("nash", "ce", "cce"):
        checked = verify(compiled.information, remembering, kind)
        assert checked.pairs == (1, 2)
        assert sum(checked.values) == pytest.approx(10, abs=1e-12)
        assert checked.gap <= 1e-12


def test_the_best_of_every_stage_is_not_the_best_of_the_game(tmp_path):
    """With a state that says whether both cooperated nothing merges, and the choice at each node is the best there:
    8 still.  At the node that nobody wants to reach the worse equilibrium makes the better one before it possible."""
    path = tmp_path / "recorded.posg"
    record = "state both: 0..1; init both = 0; next both = if count(i: deal[i] == cooperate) == 2 then 1 else 0;"
    path.write_text(GAME.read_text().replace("horizon 2;", "horizon 2; " + record))
    compiled = compile_request(Request(str(path)))
    solution = solve(compiled, "ce")
    assert solution.layers == (1, 2)
    assert sum(solution.judgement.values) == pytest.approx(8, abs=1e-9) and solution.judgement.gap <= 1e-9
    first, second = solution.policy.strategy.steps
    reward = int(first.edge_to[first.edge_z == np.flatnonzero(first.z == 0)[0]][0])  # where both cooperated
    deal = np.array([[COOPERATE]])
    start = dataclasses.replace(first, indptr=np.array([0, 1]), weight=np.ones(1), tables=(deal, deal))
    meet = np.full((2, 1), HILL)
    meet[reward] = HARBOUR
    later = dataclasses.replace(second, indptr=np.array([0, 1, 2]), weight=np.ones(2), tables=(meet, meet))
    checked = verify(compiled.information, dataclasses.replace(solution.policy.strategy, steps=(start, later)), "ce")
    assert sum(checked.values) == pytest.approx(10, abs=1e-12) and checked.gap <= 1e-12
