"""The referee itself: numbers worked out by hand, and each road against a slower one."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog
from support.adversarial import challenge
from support.exact.beliefs import Beliefs
from support.exact.endless import endless_value
from support.exact.game import ExactGame, Refused, reads_step
from support.exact.judge import Judge, PlainJudge
from support.exact.stages import matrix_value
from support.exact.values import Optimum, dropped_actions, listed_optimum, plain_optimum, reward_kind
from support.misleading import FAR, LATER, TINY, VOID

from posgc.language import compile_game
from posgc.language.diagnostics import Source
from posgc.language.sharing.requests import protocol
from posgc.pipeline import Request, compile_request, solve
from posgc.policy.file import load_policy, save_policy


def beliefs_of(text: str, share: str | None = None, horizon: int | None = None) -> Beliefs:
    game = compile_game(Source("g.posg", text), {}, horizon, None)
    return Beliefs(ExactGame(game), protocol(game.signature, share, game))


def one_law(law: str, reward: str = "0") -> ExactGame:
    text = f"""game g {{ horizon 1; agents ann, bob; state s: 0..3; action a[i]: {{x, y}}; init s ~ {law};
      reward team = {reward}; share full; }}"""
    return ExactGame(compile_game(Source("g.posg", text), {}, None, None))


def test_a_decimal_is_the_decimal_that_is_written():
    game = one_law("{0: 0.1, 1: 0.2, 2: 0.7}", "if s == 1 then 0.1 else 0.1 * (s + 2)")
    assert [p for p in game.initial.values()] == [Fraction(1, 10), Fraction(1, 5), Fraction(7, 10)]
    assert game.row(1, (1,), (0, 0)).rewards == (Fraction(1, 10),) * 2
    assert game.row(1, (3,), (0, 0)).rewards == (Fraction(1, 2),) * 2


def test_what_has_no_exact_value_is_refused():
    with pytest.raises(Refused, match="not exactly a law"):
        _ = one_law("{0: 1/3, 1: 1/3, 2: 1/3}").initial
    with pytest.raises(Refused, match="not known to be a fraction"):
        one_law("uniform", "(s + 1) ^ 0.5").row(1, (1,), (0, 0))


def test_the_hidden_signal_by_hand():
    """Ann pays 1000 half of the time and wins 10^12 * 4e-10 the other half: -500 + 200; only on t == 1 it is 200."""
    beliefs = beliefs_of(TINY)
    assert not beliefs.independent(2)  # given nothing, P(s = 1) is 2e-10 or 0, as ann plays
    assert plain_optimum(beliefs, 2) == listed_optimum(beliefs, 2) == 200


def test_the_distant_prize_by_hand():
    """2^36 at step 36, discounted by 2^-35, half of the time: matching pennies are worth 1/2."""
    lower, upper = endless_value(beliefs_of(FAR, horizon=1), "zero_sum", Fraction(1, 2**80))
    assert lower <= 1 <= upper and upper - lower < Fraction(1, 10**6)


def test_the_void_prize_and_the_late_step_by_hand():
    void = beliefs_of(VOID).game
    assert reward_kind([void.row(1, (0,), a).rewards for a in void.joint_actions(1)]) == "general"
    late = beliefs_of(LATER)
    assert reads_step(late.game.game)
    for horizon, holds in ((3, True), (5, True), (6, False)):  # what ann plays at step 5 moves s at step 6
        assert Beliefs(late.game, late.protocol, dropped_actions(late, horizon)).independent(horizon) is holds


@pytest.mark.parametrize(
    ("matrix", "value"),
    [  # 2 x 2 without a saddle point: (ad - bc) / (a + d - b - c), von Neumann & Morgenstern 1944
        ([[1, -1], [-1, 1]], 0),
        ([[2, -1], [-1, 1]], Fraction(1, 5)),
        ([[0, 3], [4, 1]], 2),
        ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], 0),
        ([[10**15, 0], [0, Fraction(1, 10**12)]], Fraction(10**15, 10**27 + 1)),
    ],
)
def test_values_of_matrix_games(matrix, value):
    assert matrix_value([[Fraction(x) for x in row] for row in matrix]) == value


def test_values_of_matrix_games_against_floats():
    rng = Random(5)
    for _ in range(60):
        m, n = rng.randint(1, 6), rng.randint(1, 6)
        matrix = [[Fraction(rng.randint(-9, 9), rng.randint(1, 4)) for _ in range(n)] for _ in range(m)]
        floats = np.array(matrix, dtype=float)
        found = linprog(
            [*np.zeros(m), -1],
            A_ub=np.hstack([-floats.T, np.ones((n, 1))]),
            b_ub=np.zeros(n),
            A_eq=[[*np.ones(m), 0]],
            b_eq=[1],
            bounds=[(0, None)] * m + [(None, None)],
        )
        assert float(matrix_value(matrix)) == pytest.approx(-found.fun, abs=1e-9)


def small(seed: int) -> Beliefs | None:
    """A random game of at most two steps, without end excluded."""
    one = challenge(seed)
    if one.endless or "horizon 3" in one.text:
        return None
    beliefs = beliefs_of(one.text, one.share)
    if beliefs.protocol.forget is not None:
        return beliefs
    return Beliefs(beliefs.game, beliefs.protocol, dropped_actions(beliefs, 2))


def test_optima_in_three_ways():
    """Stage games on beliefs; all prescriptions at every belief; all policies on all histories."""
    compared = {True: 0, False: 0}
    for seed in range(40):
        beliefs = small(seed)
        if beliefs is None or len(beliefs.game.game.observations) > 1:
            continue
        horizon = beliefs.game.horizon
        holds = beliefs.independent(horizon)
        value = plain_optimum(beliefs, horizon)
        assert value == listed_optimum(beliefs, horizon), seed
        assert not holds or value == Optimum(beliefs, horizon, "team").value(), seed
        compared[holds] += 1
    assert min(compared.values()) >= 3 and sum(compared.values()) >= 15, compared


def test_what_is_left_out_is_worth_nothing():
    """Own actions that move nothing: the optimum over policies that remember them is the same."""
    found = 0
    for seed in range(200):
        beliefs = small(seed)
        if beliefs is None or not beliefs.dropped or beliefs.game.horizon != 2:
            continue
        whole = Beliefs(beliefs.game, beliefs.protocol)
        assert plain_optimum(whole, 2) == plain_optimum(beliefs, 2), seed
        found += 1
        if found == 8:
            return
    raise AssertionError(f"{found} games")


@pytest.mark.parametrize("concept", ["nash", "ce", "cce"])
def test_gains_in_two_ways_and_through_a_file(concept, tmp_path):
    """The best deviation answered information by information, and by listing all maps, from the file."""
    judged = 0
    for seed in range(200):
        beliefs, one = small(seed), challenge(seed)
        if beliefs is None or one.rewards != "each" or not beliefs.independent(beliefs.game.horizon):
            continue
        compiled = compile_request(Request("g.posg", one.share), source=Source("g.posg", one.text))
        assert compiled.information.dropped <= beliefs.dropped
        policy = solve(compiled, concept if concept != "nash" else "ce").policy  # any policy may be judged
        steps = policy.strategy.steps
        if concept == "nash" and any(len(step.weight) != len(step) for step in steps):
            continue
        save_policy(policy, str(tmp_path / "p.npz"))
        strategy = load_policy(str(tmp_path / "p.npz")).strategy
        fast, slow = (
            way(Beliefs(beliefs.game, beliefs.protocol, compiled.information.dropped), strategy, concept)
            for way in (Judge, PlainJudge)
        )
        assert fast.judged() == slow.judged(), seed
        judged += 1
        if judged == 8:
            return
    raise AssertionError(f"{judged} games")


def test_a_constant_without_end():
    """Reward 3 for ever at discount 1/2 is 6; its bracket is a point up to the grid."""
    text = """game g { horizon 1; discount 0.5; agents ann, bob; state s: 0..1; action a[i]: {x, y}; init s = 0;
      next s = 1 - s; reward team = 3; share full; }"""
    lower, upper = endless_value(beliefs_of(text), "team", Fraction(1, 2**40))
    assert lower <= 6 <= upper and upper - lower < Fraction(1, 10**40)


def test_without_end_is_the_limit_of_long_horizons():
    """r in [least, most] after T steps: the value without end is within the tail of that of T steps."""
    for seed in (k for k in range(250) if challenge(k).endless):
        one = challenge(seed)
        if reads_step(compile_game(Source("g.posg", one.text), {}, None, None)) or one.rewards == "each":
            continue
        kind = "team" if one.rewards == "team" else "zero_sum"
        beliefs = beliefs_of(one.text, one.share)
        dropped = dropped_actions(beliefs, 2)
        beliefs = Beliefs(beliefs.game, beliefs.protocol, frozenset((v, t) for v, _ in dropped for t in range(-20, 20)))
        if len(beliefs.game.game.states) > 1:
            continue  # counters make the long game slow
        lower, upper = endless_value(beliefs, kind, Fraction(1, 10**12))
        steps, discount = 6, beliefs.game.discount
        rows = [
            beliefs.game.row(1, s, a).rewards[0]
            for h in (1, 2, 3, 4)
            for s in beliefs.game.states(h)
            for a in beliefs.game.joint_actions(1)
        ]
        cut, tail = Optimum(beliefs, steps, kind).value(), discount**steps / (1 - discount)
        assert cut + tail * min(rows) <= upper and lower <= cut + tail * max(rows), seed
