"""The numbers that the shipped games state of themselves, recomputed from the arrays by plain means.

Nothing of the planners is used: linear programmes over all joint actions, enumerations, and a walk of the
game tree, each written from the definition.
"""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import linprog

from posgc.language.compile import compile_game
from posgc.language.diagnostics import Source
from posgc.model.arrays import Model
from posgc.model.tabulation.tabulate import tabulate

Floats = npt.NDArray[np.float64]
GAMES = Path(__file__).parents[2] / "games"


def model_of(name: str, **settings: str) -> Model:
    path = GAMES / f"{name}.posg"
    return tabulate(compile_game(Source(str(path), path.read_text(encoding="utf-8")), settings))


# ---- vendors: NE, CE and CCE of a bimatrix game


def bimatrix(model: Model) -> tuple[Floats, Floats]:
    first, second = model.kernel(1).reward[:, :, 0].reshape(2, *model.signature.action_sizes)
    return first, second


def best_law(a: Floats, b: Floats, objective: Floats, *, coarse: bool) -> Floats:
    """The (coarse) correlated equilibrium of the bimatrix game (a, b) with the greatest mean `objective`.

    One constraint for each agent, deviation d and, unless coarse, recommendation r: the gain of playing d
    (where told r) is at most 0.
    """
    rows = []
    for payoff, axis in ((a, 0), (b, 1)):
        table = np.moveaxis(payoff, axis, 0)
        told = [slice(None)] if coarse else [slice(r, r + 1) for r in range(len(table))]
        for d, r in product(range(len(table)), told):
            gain = np.zeros_like(table)
            gain[r] = (table[d] - table)[r]
            rows.append(np.moveaxis(gain, 0, axis).ravel())
    best = linprog(-objective.ravel(), np.array(rows), np.zeros(len(rows)), np.ones((1, a.size)), [1.0])
    assert best.status == 0 and best.x is not None
    law: Floats = best.x.reshape(a.shape)
    return law


def nash_supports(a: Floats, b: Floats) -> list[tuple[Floats, Floats]]:
    """Nash equilibria of a nondegenerate bimatrix game, by enumeration of supports of equal size."""
    found = []
    for k in range(1, min(a.shape) + 1):
        for rows, columns in product(combinations(range(a.shape[0]), k), combinations(range(a.shape[1]), k)):
            y = indifferent(a, rows, columns)
            x = indifferent(b.T, columns, rows)
            if x is not None and y is not None:
                found.append((x, y))
    return found


def indifferent(payoff: Floats, rows: tuple[int, ...], columns: tuple[int, ...]) -> Floats | None:
    """The mixture of `columns` that makes exactly `rows` best replies, if there is one."""
    k = len(rows)
    system = np.zeros((k + 1, k + 1))
    system[:k, :k], system[:k, k], system[k, :k] = payoff[np.ix_(rows, columns)], -1.0, 1.0
    if abs(np.linalg.det(system)) < 1e-12:
        return None
    mixed = np.zeros(payoff.shape[1])
    mixed[list(columns)] = np.linalg.solve(system, np.append(np.zeros(k), 1.0))[:k]
    value = payoff @ mixed
    return mixed if mixed[list(columns)].min() > 0 and value.max() <= value[rows[0]] + 1e-12 else None


def test_vendors_separates_the_three_equilibria() -> None:
    a, b = bimatrix(model_of("vendors"))
    [(x, y)] = nash_supports(a, b)
    assert (x @ a @ y, x @ b @ y) == pytest.approx((2, 2), abs=1e-12)


@pytest.mark.parametrize(("coarse", "value"), [(False, 5 / 2), (True, 3)])
@pytest.mark.parametrize("tilt", [0, 1e-3, -1e-3])
def test_vendors_best_correlated_payoffs(coarse: bool, value: float, tilt: float) -> None:
    """A small prize for one vendor would move the welfare-best equilibrium if there were several."""
    a, b = bimatrix(model_of("vendors"))
    law = best_law(a, b, (1 + tilt) * a + b, coarse=coarse)
    assert ((a * law).sum(), (b * law).sum()) == pytest.approx((value, value), abs=1e-6)


# ---- dilemma: what merging by belief loses


def test_dilemma_eight_against_ten() -> None:
    model = model_of("dilemma")
    first, second = (model.kernel(h).reward[:, model.allowed(h), 0].reshape(2, 2, 2) for h in (1, 2))
    # Merged: each stage is a game of its own.
    by_stage = [((t[0] + t[1]) * best_law(t[0], t[1], t[0] + t[1], coarse=True)).sum() for t in (first, second)]
    assert sum(by_stage) == pytest.approx(8, abs=1e-9)
    # With memory: cooperate, then the good equilibrium if both did and the bad one if not.
    assert first[:, 0, 0].sum() + second[:, 0, 0].sum() == 10 == first.sum(0).max() + second.sum(0).max()
    assert all(second[0, k, k] >= second[0, 1 - k, k] and second[1, k, k] >= second[1, k, 1 - k] for k in (0, 1))
    for agent, deviation in ((0, (1, 0)), (1, (0, 1))):
        gain = first[agent][deviation] - first[agent, 0, 0]
        assert 0 < gain < second[agent, 0, 0] - second[agent, 1, 1]


# ---- one-step team games: prescriptions


def team_value(model: Model) -> float:
    """max over pairs of rules o_i -> a_i of the expected reward of step 1: all of the first agent's, best reply."""
    (n_a, n_b), (m_a, m_b) = model.signature.action_sizes, model.signature.observation_sizes
    start = model.initial
    reward = model.kernel(1).reward[0].reshape(n_a, n_b, -1)
    weight = np.zeros((m_a, m_b, n_a, n_b))
    np.add.at(
        weight,
        (start.observation // m_b, start.observation % m_b),
        start.probability[:, None, None] * np.moveaxis(reward[:, :, start.state], 2, 0),
    )
    rules = np.array(list(product(range(n_a), repeat=m_a)))
    played = weight[np.arange(m_a)[None, :], :, rules, :].sum(axis=1)  # [rule, o_b, a_b]
    return float(played.max(axis=2).sum(axis=1).max())


def pooled_value(model: Model) -> float:
    """The same where both know both observations."""
    start, reward = model.initial, model.kernel(1).reward[0]
    joint = np.zeros((model.n_observations, model.n_actions))
    np.add.at(joint, start.observation, start.probability[:, None] * reward[:, start.state].T)
    return float(joint.max(axis=1).sum())


@pytest.mark.parametrize(
    ("name", "private", "pooled"),
    [("chsh", 3 / 4, 1.0), ("team_decision", -1 / 8, 0.0)],
)
def test_one_step_team_games(name: str, private: float, pooled: float) -> None:
    model = model_of(name)
    assert team_value(model) == pytest.approx(private, abs=1e-12)
    assert pooled_value(model) == pytest.approx(pooled, abs=1e-12)


def test_four_colours_suffice() -> None:
    assert team_value(model_of("team_decision", colours="4")) == pytest.approx(0, abs=1e-12)


def test_uniform_dials_hardly_ever_open_the_tumbler_lock() -> None:
    """Each of ten steps goes right with probability 0.98 / 4: less than one episode in a million."""
    model = model_of("tumbler_lock")
    law = np.zeros(model.n_states)
    np.add.at(law, model.initial.state, model.initial.probability)
    earned = 0.0
    for h in range(1, model.horizon + 1):
        kernel, after = model.kernel(h), np.zeros(model.n_states)
        for a in model.allowed(h):
            earned += law @ kernel.reward[0, a] / 4
            for s in range(model.n_states):
                row = slice(kernel.indptr[a * model.n_states + s], kernel.indptr[a * model.n_states + s + 1])
                np.add.at(after, kernel.state[row], law[s] * kernel.probability[row] / 4)
        law = after
    assert abs(earned - (0.98 / 4) ** 10) < 1e-15 and earned < 1e-6


def test_combination_lock_is_opened_blind() -> None:
    model = model_of("combination_lock")
    best = 0.0
    for plan in product(range(model.n_actions), repeat=model.horizon):
        best = max(best, open_loop(model, plan))
    assert best == pytest.approx(0.9**3, abs=1e-12)
    emission = model.kernel(1).emission
    assert emission is not None
    rows = emission.toarray()
    assert np.allclose(rows, rows[0], rtol=0, atol=0)  # gamma = 0: every state looks alike


def open_loop(model: Model, plan: tuple[int, ...]) -> float:
    law = np.bincount(model.initial.state, model.initial.probability, model.n_states)
    total = 0.0
    for h, a in enumerate(plan, start=1):
        kernel = model.kernel(h)
        total += float(law @ kernel.reward[0, a])
        rows = np.arange(a * model.n_states, (a + 1) * model.n_states)
        source = np.repeat(np.arange(model.n_states), np.diff(kernel.indptr)[rows])
        part = slice(kernel.indptr[rows[0]], kernel.indptr[rows[-1] + 1])
        law = np.bincount(kernel.state[part], kernel.probability[part] * law[source], model.n_states)
    return total


# ---- Kuhn poker: the tree


def test_kuhn_value() -> None:
    """-1/18 (Kuhn, 1950), by the normal form: for each card, what to do at the first and second chance."""
    model = model_of("kuhn")
    start = model.initial
    deal = {(int(o) // 3, int(o) % 3): int(s) for s, o in zip(start.state, start.observation, strict=True)}
    assert len(deal) == 6 and np.allclose(start.probability, 1 / 6)
    by_card = list(product((0, 1), repeat=2))
    plans = list(product(by_card, repeat=3))
    wins = [[[kuhn_hand(model, s, x[c], y[d]) for (c, d), s in deal.items()] for y in plans] for x in plans]
    payoff: Floats = np.array(wins).mean(axis=2)
    program = linprog(
        np.append(np.zeros(64), -1.0),
        np.hstack((-payoff.T, np.ones((64, 1)))),
        np.zeros(64),
        np.append(np.ones(64), 0.0)[None],
        [1.0],
        bounds=[(0, None)] * 64 + [(None, None)],
    )
    assert program.x is not None and program.x[-1] == pytest.approx(-1 / 18, abs=1e-9)


def kuhn_hand(model: Model, s: int, x: tuple[int, ...], y: tuple[int, ...]) -> float:
    """Ann's win: x = (her first action, her answer to a bet), y = (his after a pass, his after a bet)."""
    actions = (2 * x[0], y[x[0]], 2 * x[1])
    total = 0.0
    for h, a in enumerate(actions, start=1):
        kernel = model.kernel(h)
        row = a * model.n_states + s
        [entry] = range(kernel.indptr[row], kernel.indptr[row + 1])
        total += float(kernel.reward[0, a, s])
        s = int(kernel.state[entry])
    return total
