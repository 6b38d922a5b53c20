"""Stages of two agents: shifts change no worth, bounds hold, rules come in order and none is left out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posgc.coordination.lookahead import Ahead, one_step
from posgc.coordination.messages import ascended, shifted
from posgc.coordination.stage import Rules
from posgc.coordination.team import solve_team
from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.build import from_arrays

SIZES, FEW = st.integers(1, 3), st.integers(1, 2)
SEEDS = st.integers(0, 2**32 - 1)
NONE = LagTable("none", ((1, NEVER), (NEVER, 1)), ((0, NEVER), (NEVER, 0)))
CLOSE = 1e-12
"""Absolute; payoffs are of order 1."""


def some_table(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = rng.integers(-2, 3, shape) / 2 if seed % 2 else rng.normal(size=shape)  # half of them full of ties
    return np.asarray(table, dtype=float)


def choices(sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*map(range, sizes)))


def worth(table: np.ndarray, own: tuple[int, ...], other: tuple[int, ...]) -> float:
    return float(sum(table[s, t, own[s], other[t]] for s, t in np.ndindex(*table.shape[:2])))


@settings(max_examples=80, deadline=None)
@given(SEEDS, st.tuples(SIZES, SIZES, SIZES, SIZES))
def test_shifts_change_no_worth_and_bound_all(seed, shape):
    table = some_table(seed, shape)
    pairs, own = shifted(table)
    assert (pairs <= CLOSE).all()
    bound = own.max(axis=1).sum()
    plain = table.max(axis=2).sum(axis=0).max(axis=1).sum()
    assert bound <= plain + CLOSE  # never worse than telling the first agent's options
    for x, y in product(choices((shape[2],) * shape[0]), choices((shape[3],) * shape[1])):
        assert own[np.arange(shape[1]), list(y)].sum() + worth(pairs, x, y) == pytest.approx(worth(table, x, y))
        assert worth(table, x, y) <= bound + CLOSE


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.tuples(SIZES, SIZES, SIZES, SIZES))
def test_no_agent_can_improve_an_ascended_choice_alone(seed, shape):
    table = some_table(seed, shape)
    value, x, y = ascended(table, np.zeros(shape[1], dtype=np.int64))
    assert value == pytest.approx(worth(table, tuple(x), tuple(y)))
    assert all(worth(table, z, tuple(y)) <= value + CLOSE for z in choices((shape[2],) * shape[0]))
    assert all(worth(table, tuple(x), z) <= value + CLOSE for z in choices((shape[3],) * shape[1]))


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.tuples(FEW, FEW), st.tuples(SIZES, SIZES), st.tuples(FEW, FEW))
def test_every_rule_comes_once_below_the_bound_of_its_turn(seed, counts, sizes, more):
    """Options are grouped by their actions; a rule is worth what its best options are."""
    labels = tuple(np.sort(np.tile(np.arange(a * m) % a, (c, 1))) for a, m, c in zip(sizes, more, counts, strict=True))
    table = some_table(seed, (*counts, labels[0].shape[1], labels[1].shape[1]))
    best: dict[tuple[tuple[int, ...], ...], float] = {}
    for x, y in product(*(choices((label.shape[1],) * c) for label, c in zip(labels, counts, strict=True))):
        rule = tuple(labels[0][0][list(x)].tolist()), tuple(labels[1][0][list(y)].tolist())
        best[rule] = max(best.get(rule, -np.inf), worth(table, x, y))
    rules = Rules(Ahead(table, (labels[0], labels[1])), np.zeros((2, 0), dtype=np.int64), counts)
    seen: dict[tuple[tuple[int, ...], ...], float] = {}
    last = np.inf
    while rules.bound > -np.inf:
        bound = rules.bound
        now, rule = rules.next()
        assert now <= bound + CLOSE
        assert bound <= last + 1e-10  # equal but for rounding comes in any order
        last = bound
        seen.setdefault(tuple(tuple(own.tolist()) for own in rule), now)
    assert seen.keys() == best.keys()
    assert all(best[rule] <= seen[rule] + 1e-10 for rule in best)


def test_rows_of_one_pair_of_types_are_added():
    payoff = np.array([[[1.0, 2.0]], [[3.0, 5.0]], [[7.0, 11.0]]])
    types = np.array([[0, 0, 1], [1, 1, 0]])
    table = one_step(payoff, types, (2, 2)).table
    assert table[0, 1].tolist() == [[4.0, 7.0]]
    assert table[1, 0].tolist() == [[7.0, 11.0]]
    assert not table[0, 0].any() and not table[1, 1].any()


def test_more_news_than_numpy_has_dimensions():
    """Both hear one of 70 sounds of one coin and name the coin: with a sound for each face they are right."""
    sounds = 70
    hear = np.zeros((2, sounds))
    hear[0, ::2] = hear[1, 1::2] = 2 / sounds
    reward = np.zeros((2, 4, 2))
    reward[:, [0, 3], [0, 1]] = 1.0
    model = from_arrays(
        transition=np.tile(np.eye(2), (4, 1, 1)),
        emission=np.tile((hear[:, :, None] * hear[:, None, :]).reshape(2, -1), (4, 1, 1)),
        reward=reward,
        initial=np.full(2, 0.5),
        action_sizes=(2, 2),
        observation_sizes=(sounds, sounds),
        horizon=2,
    )
    found = solve_team(Information(model, NONE))
    assert found.lower == pytest.approx(1.5) and found.upper == pytest.approx(1.5)
