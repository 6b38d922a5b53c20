"""The sampler plays what the policy file says: frequencies against exact laws, means against verified values."""

from pathlib import Path

import numpy as np
import pytest

from posgc.pipeline import Request, compile_request, solve
from posgc.play.sampler import play

GAMES = Path(__file__).resolve().parents[2] / "games"
EPISODES = 40_000


@pytest.mark.parametrize(
    ("game", "concept", "share"),
    [
        ("dectiger", "team", None),
        ("boxpushing", "team", None),
        ("competitive_tiger", "nash", None),
        ("vendors", "ce", None),
        ("vendors", "cce", None),
        ("fishery", "cce", None),
        ("power_control", "ce", None),
        ("aloha", "team", None),
        ("wind", "cce", None),
        ("dilemma", "ce", None),
    ],
)
def test_mean_returns_are_the_verified_values(game, concept, share):
    compiled = compile_request(Request(str(GAMES / f"{game}.posg"), share))
    solution = solve(compiled, concept)
    episodes = play(compiled.information, solution.policy.strategy, EPISODES, seed=3)
    # five standard errors: one false alarm in two million
    error = np.maximum(episodes.error, 1e-12)
    assert (abs(episodes.mean - solution.judgement.values) <= 5 * error + 1e-9).all()


def test_seeds_are_redrawn_independently_at_each_step():
    """The components of step 1 and step 2 are independent given the nodes (Definitions 9, 10: omega_{i,h})."""
    compiled = compile_request(Request(str(GAMES / "vendors.posg"), horizon=2))
    policy = solve(compiled, "ce").policy.strategy
    first, second = (step for step in policy.steps)
    assert len(first.weight) > 1 and len(second.weight) > 1
    component = play(compiled.information, policy, EPISODES, seed=5).inner["component"]
    joint = np.zeros((len(first.weight), len(second.weight)))
    np.add.at(joint, (component[0], component[1]), 1 / EPISODES)
    expected = first.weight[:, None] * second.weight
    assert abs(joint - expected).max() < 5 * np.sqrt(0.25 / EPISODES)


def test_one_seed_one_story():
    compiled = compile_request(Request(str(GAMES / "dectiger.posg")))
    policy = solve(compiled, "team").policy.strategy
    one, two, other = (play(compiled.information, policy, 100, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one.state, two.state) and np.array_equal(one.action, two.action)
    assert not np.array_equal(one.observation, other.observation)
    with pytest.raises(ValueError, match="at least two"):
        play(compiled.information, policy, 1)
