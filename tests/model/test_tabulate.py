"""The fast tabulator against the plain one, cell by cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from plain_reference import tabulate_plainly
from random_games import games

from posgc.language.diagnostics import InputError
from posgc.model import tabulate
from posgc.model.tabulation.faults import label


def compare(game, model, plain):
    """All arrays of the model equal to the plain tables to 1e-12."""
    values = [v.type.values for v in game.states]
    states = [tuple(vs[d] for vs, d in zip(values, row, strict=True)) for row in model.state_values]
    assert states == sorted(plain.states, key=lambda s: [vs.index(x) for vs, x in zip(values, s, strict=True)])
    actions = list(itertools.product(*(v.type.values for v in game.actions)))
    seen = list(itertools.product(*(v.type.values for v in game.observations)))
    first = model.initial
    found = {(states[s], seen[o]): p for s, o, p in zip(first.state, first.observation, first.probability, strict=True)}
    assert found == pytest.approx(plain.initial, abs=1e-12)
    order = list(zip(first.state, first.observation, strict=True))
    assert order == sorted(set(order))
    reached = [{} for _ in model.kernels]
    for h, rows in enumerate(plain.rows, 1):
        for key, row in rows.items():
            reached[model.kernel_of_step[h - 1]][key] = row
        allowed = {tuple(a) for _, a in rows}
        assert {actions[a] for a in model.allowed(h)} == allowed
    for kernel, rows in zip(model.kernels, reached, strict=True):
        for a, action in enumerate(actions):
            for s, state in enumerate(states):
                check_row(kernel, a * len(states) + s, rows.get((state, action), {}), states, seen, (a, s))


def check_row(kernel, number, row, states, seen, place):
    lo, hi = kernel.indptr[number], kernel.indptr[number + 1]
    entries = list(zip(kernel.observation[lo:hi].tolist(), kernel.state[lo:hi].tolist(), strict=True))
    assert entries == sorted(set(entries))
    found = {(seen[o], states[t]): p for (o, t), p in zip(entries, kernel.probability[lo:hi], strict=True)}
    assert found == pytest.approx({k: p for k, (p, _) in row.items()}, abs=1e-12)
    a, s = place
    for i, paid in enumerate(kernel.reward[:, a, s]):
        assert paid == pytest.approx(sum(p * r[i] for p, r in row.values()), abs=1e-12)
        for (o, t), k in zip(entries, range(lo, hi), strict=True):
            sample = paid if kernel.sample_reward is None else kernel.sample_reward[i, k]
            assert sample == pytest.approx(row[seen[o], states[t]][1][i], abs=1e-11)
    if row and kernel.emission is not None:
        joint, mass = {}, {}
        for (o, t), (p, _) in row.items():
            joint[o, t] = joint.get((o, t), 0.0) + p
            mass[t] = mass.get(t, 0.0) + p
        for (o, t), p in joint.items():
            cell = kernel.emission[[a * len(states) + states.index(t)], [seen.index(o)]]
            assert np.asarray(cell).item() == pytest.approx(p / mass[t], abs=1e-12)


# Shrinking a nested game takes minutes.
QUICK = settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
LONG = settings(QUICK, max_examples=2000)


def agrees(game):
    compare(game, tabulate(game), tabulate_plainly(game))


def fails_alike(game):
    sites = set()
    tabulate_plainly(game, sites)
    if not sites:
        agrees(game)
        return
    with pytest.raises(InputError) as caught:
        tabulate(game)
    found = [(d.code, d.span) for d in caught.value.diagnostics]
    assert set(found) <= sites
    assert len(set(found)) == len(found)


@QUICK
@given(games(risky=False))
def test_random_games_agree_with_the_plain_tabulator(game):
    agrees(game)


@QUICK
@given(games(risky=True))
def test_random_games_with_errors_fail_at_the_same_places(game):
    fails_alike(game)


@pytest.mark.slow
@LONG
@given(games(risky=False))
def test_many_random_games_agree_with_the_plain_tabulator(game):
    agrees(game)


@pytest.mark.slow
@LONG
@given(games(risky=True))
def test_many_random_games_with_errors_fail_at_the_same_places(game):
    fails_alike(game)


@given(st.sampled_from([True, False, 3, "left"]))
def test_labels_are_written_as_in_the_language(x):
    assert label(x) == {True: "true", False: "false"}.get(x, str(x)) if isinstance(x, bool) else str(x)
