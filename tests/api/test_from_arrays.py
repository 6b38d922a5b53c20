"""Games from arrays against plain recursions on the arrays, and what is refused."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import posgc


def law(rng, *shape, over=1):
    """Random laws over the last `over` axes, a third of the entries zero."""
    table = rng.random(shape) * (rng.random(shape) > 1 / 3) + 1e-3
    return table / table.sum(axis=tuple(range(-over, 0)), keepdims=True)


def arrays(seed):
    """T, O, R and the initial law of one, two or three agents."""
    rng = np.random.default_rng(seed)
    n, states = 1 + seed % 3, int(rng.integers(1, 4))
    actions, seen = tuple(rng.integers(1, 3, n)), tuple(rng.integers(1, 3, n))
    T, O = law(rng, *actions, states, states), law(rng, *actions, states, *seen, over=n)
    return T, O, rng.normal(size=(*actions, states)), law(rng, states)


def best(T, O, R, belief, left, discount):
    """The team optimum when all that is seen and done is common, by recursion on beliefs, from the definition."""
    n = T.ndim - 2
    values = []
    for a in itertools.product(*(range(k) for k in T.shape[:n])):
        value = float(belief @ R[a])
        for o in itertools.product(*(range(k) for k in O.shape[n + 1 :])) if left > 1 else ():
            joint = (belief @ T[a]) * O[a][(slice(None), *o)]
            if joint.sum() > 0:
                value += discount * joint.sum() * best(T, O, R, joint / joint.sum(), left - 1, discount)
        values.append(value)
    return max(values)


@pytest.mark.parametrize("seed", range(24))
def test_team_optimum_is_that_of_a_plain_recursion(seed):
    T, O, R, initial = arrays(seed)
    discount = 0.5 + 0.5 * (seed % 2)
    game = posgc.from_arrays(T, O, R, initial=initial, horizon=3, share="full", discount=discount)
    expected = best(T, O, R, initial, 3, discount)
    solution = game.solve("team")
    assert list(solution.values.values()) == pytest.approx([expected] * (T.ndim - 2), abs=1e-9)
    assert solution.bounds[0] <= expected + 1e-12 and expected - 1e-12 <= solution.bounds[1]


@pytest.mark.parametrize("seed", range(6))
def test_uniform_play_earns_what_a_plain_sum_says(seed):
    """Rewards of each agent of their own; the confidence level of four standard errors is 0.99994."""
    T, O, _, initial = arrays(seed)
    n, states = T.ndim - 2, T.shape[-1]
    R = np.random.default_rng(100 + seed).normal(size=(n, *T.shape[:n], states))
    game = posgc.from_arrays(T, O, R, initial=initial, horizon=3, share="one_step" if n > 1 else "full", discount=0.9)
    mean, flat = T.reshape(-1, states, states).mean(axis=0), R.reshape(n, -1, states).mean(axis=1)
    expected = sum(0.9**h * flat @ (initial @ np.linalg.matrix_power(mean, h)) for h in range(3))
    found = game.simulate(episodes=20_000)
    assert np.all(np.abs(found.estimate.mean - expected) <= 4 * found.estimate.error + 1e-9)


def test_a_table_of_lags_is_the_protocol_of_that_name():
    T, O, R, initial = arrays(1)
    know = {"initial": initial, "horizon": 3}
    lags = posgc.LagTable("mine", ((1, 1), (1, 1)), ((0, 1), (1, 0)))
    mine, named = posgc.from_arrays(T, O, R, share=lags, **know), posgc.from_arrays(T, O, R, share="one_step", **know)
    assert mine.info.sharing == named.info.sharing and mine.info.protocol == "mine"
    assert mine.solve("team").values == named.solve("team").values
    policy = mine.solve("team").policy
    assert policy.origin is None and named.verify(policy).gap < 1e-9
    never = posgc.LagTable("never", ((1, posgc.NEVER), (posgc.NEVER, 1)), ((0, posgc.NEVER), (posgc.NEVER, 0)))
    kept = posgc.from_arrays(T, O, R, share=never, **know)
    assert kept.info.sharing[0].endswith("never known for 2")


def test_without_end():
    """One state, reward 1, discount 0.5: 1 / (1 - 0.5) = 2."""
    game = posgc.from_arrays([[[1.0]]], [[[1.0]]], [[1.0]], initial=[1], horizon=math.inf, discount=0.5, share="full")
    lower, upper = game.solve("team").bounds
    assert lower <= 2 <= upper and upper - lower < 1e-6


def test_a_policy_of_arrays_goes_through_a_file(tmp_path):
    T, O, R, initial = arrays(4)
    game = posgc.from_arrays(T, O, R, initial=initial, horizon=2, share="full", agents=["ann", "bob"], name="mine")
    solution = game.solve("team")
    solution.policy.save(tmp_path / "p.npz")
    assert game.verify(tmp_path / "p.npz").values == solution.values and set(solution.values) == {"ann", "bob"}


T, O, R, INITIAL = arrays(1)


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"T": T[0, 0]}, "E634", "T has shape"),
        ({"T": T[..., :1]}, "E634", "T has shape"),
        ({"T": T * 1.001}, "E634", "T\\[0, 0, 0\\] is not a probability distribution: it adds up to 1.001"),
        ({"T": T - 2 * T[..., :1]}, "E634", "not a probability"),
        ({"T": "tiger"}, "E634", "T is not an array of numbers"),
        ({"T": [[1], [1, 2]]}, "E634", "T is not an array"),
        ({"O": O[..., 0]}, "E634", "O has shape"),
        ({"O": O / 2}, "E634", "O\\[0, 0, 0\\] is not"),
        ({"R": R * np.nan}, "E634", "R holds a number that is not finite"),
        ({"R": R * np.inf}, "E634", "finite"),
        ({"R": R[0]}, "E634", "R has shape"),
        ({"initial": [1.0]}, "E634", "initial has shape"),
        ({"initial": INITIAL * 2}, "E634", "initial is not a prob"),
        ({"agents": ["a", "a"]}, "E634", "agents is"),
        ({"agents": ["a"]}, "E634", "agents is"),
        ({"agents": ["a", ""]}, "E634", "agents is"),
        ({"horizon": 0}, "E623", "horizon 0"),
        ({"discount": -1}, "E623", "discount -1"),
        ({"share": "ful"}, "E501", "no protocol `ful`"),
        ({"horizon": math.inf}, "E619", "discount below 1"),
        ({"R": R * 1e200}, "E625", "rewards may add up"),
        ({"share": posgc.LagTable("p", ((1, 1),), ((0, 0), (0, 0)))}, "E635", "action_lags is not a table of 2 × 2"),
        ({"share": posgc.LagTable("p", ((1, 0), (1, 1)), ((0, 0), (0, 0)))}, "E635", "cannot have the lags \\(1, 0\\)"),
        ({"share": posgc.LagTable("p", ((2, 1), (1, 1)), ((0, 0), (0, 0)))}, "E635", "its owner has it at age 1"),
        ({"share": posgc.LagTable("p", ((1, 1), (1, 1)), ((0, 0.5), (0, 0)))}, "E635", "observation obs of agent 1"),
        ({"share": posgc.LagTable("p", ((1, 1), (1, 1)), ((0, 0), (0, 0)), -1)}, "E635", "forget is -1"),
    ],
)
def test_what_is_refused(wrong, code, words):
    given = {"T": T, "O": O, "R": R, "initial": INITIAL, "horizon": 2, "share": "full", **wrong}
    with pytest.raises(posgc.InputError, match=words) as raised:
        posgc.from_arrays(**given)
    assert {d.code for d in raised.value.diagnostics} == {code}


def test_what_would_fill_the_memory_is_a_limit():
    one = np.zeros((1, 1 << 12, 1 << 12))
    one[..., 0] = 1
    seen = np.ones((1, 1 << 12, 9)) / 9
    with pytest.raises(posgc.LimitError, match="the joint law would hold 150994944 numbers"):
        posgc.from_arrays(one, seen, np.zeros((1, 1 << 12)), initial=one[0, 0], horizon=2, share="full")
