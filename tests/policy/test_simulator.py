"""The simulator against the model's own law, and against itself in other batches."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from support.checks import prepared
from support.games import dectiger, random_game, shapes
from support.play import Play
from support.policies import machine

from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.model.build import from_arrays
from posgc.pipeline import Request, compile_request, solve
from posgc.play import sampler
from posgc.play.chance import Chance, Rows
from posgc.play.players import Memory, PolicyPlayer, RandomPlayer, UniformPlayer
from posgc.play.sampler import estimate, record
from posgc.play.simulator import Simulator
from posgc.policy.mismatch import PolicyMismatch
from posgc.workers import Workers

GAMES = Path(__file__).resolve().parents[2] / "games"
EPISODES = 20_000
TOO_RARE = 1e-9
"""A test that is right fails with this probability (a chi-square tail)."""

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@few
@given(st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_rows_are_drawn_like_one_row_at_a_time(weights, seed):
    rng = np.random.default_rng(seed)
    lists = [np.array(w) / sum(w) for w in weights if sum(w)] or [np.ones(1)]
    lists.insert(int(rng.integers(len(lists))), np.zeros(0))  # a row that is never drawn from
    rows = Rows.of(np.cumsum([0, *map(len, lists)]), np.concatenate(lists))
    at = rng.choice([r for r, law in enumerate(lists) if len(law)], size=200)
    uniforms = rng.random(200)
    drawn = rows.draw(at, uniforms) - rows.indptr[at]
    for r, u, k in zip(at, uniforms, drawn, strict=True):
        assert lists[r][k] > 0
        assert lists[r][:k].sum() - 1e-12 <= u <= lists[r][: k + 1].sum() + 1e-12


def test_rounding_never_leads_to_what_cannot_occur():
    rows = Rows.of(np.array([0, 3, 6]), np.array([0.5, 0.5 - 1e-9, 0.0, 0.0, 0.1, 0.9]))
    assert rows.draw(np.array([0, 1, 1]), np.array([1 - 1e-12, 0.0, 1 - 1e-16])).tolist() == [1, 4, 5]


@few
@given(shapes())
def test_frequencies_are_those_of_the_kernel(shape):
    """Every (s_h, a_h) that occurs: its (s_{h+1}, o_{h+1}) by a chi-square against the kernel's row."""
    model, _ = random_game(shape)
    episodes = record(model, UniformPlayer(model), EPISODES, seed=shape.seed % 1000)
    statistic, freedom = _misfit(
        model.initial.state * model.n_observations + model.initial.observation,
        model.initial.probability,
        episodes.state[0] * model.n_observations + episodes.observation[0],
    )
    for h in range(1, model.horizon + 1):
        kernel = model.kernel(h)
        came = episodes.state[h] * model.n_observations + episodes.observation[h]
        row = episodes.action[h - 1] * model.n_states + episodes.state[h - 1]
        for r in np.unique(row):
            own = slice(kernel.indptr[r], kernel.indptr[r + 1])
            outcomes = kernel.state[own] * model.n_observations + kernel.observation[own]
            more, free = _misfit(outcomes, kernel.probability[own], came[row == r])
            statistic, freedom = statistic + more, freedom + free
        a, s = np.divmod(row, model.n_states)
        if kernel.sample_reward is None:
            assert np.array_equal(episodes.reward[:, h - 1], kernel.reward[:, a, s])
    assert freedom == 0 or chi2.sf(statistic, freedom) > TOO_RARE


def _misfit(outcomes, law, drawn):
    """Pearson's statistic and its degrees of freedom; outcomes expected less than five times are one cell."""
    assert np.isin(drawn, outcomes).all()
    expected = law * len(drawn)
    counts = (drawn[None] == outcomes[:, None]).sum(axis=1)
    rare = expected < 5
    cells = [(counts[rare].sum(), expected[rare].sum())] if expected[rare].sum() >= 5 else []
    cells += list(zip(counts[~rare], expected[~rare], strict=True))
    return sum((c - e) ** 2 / e for c, e in cells), max(len(cells) - 1, 0) if not rare.any() or cells else 0


def test_rewards_of_the_outcome_are_paid_by_the_outcome():
    """A fair coin that pays 1 when the new state is 1."""
    model = from_arrays(
        transition=np.full((1, 2, 2), 0.5),
        emission=np.ones((1, 2, 1)),
        reward=np.full((1, 1, 2), 0.5),
        initial=np.array([1.0, 0.0]),
        action_sizes=(1,),
        observation_sizes=(1,),
        horizon=2,
        name="coin",
    )
    (kernel,) = model.kernels
    paid = dataclasses.replace(model, kernels=(dataclasses.replace(kernel, sample_reward=kernel.state[None] * 1.0),))
    episodes = record(paid, UniformPlayer(paid), 1000)
    assert np.array_equal(episodes.reward[0], episodes.state[1:]) and set(episodes.state[2]) == {0, 1}


@pytest.mark.parametrize(("game", "concept"), [("competitive_tiger", "nash"), ("vendors", "ce"), ("kuhn", None)])
def test_an_episode_is_the_same_in_any_batch(game, concept):
    compiled = compile_request(Request(str(GAMES / f"{game}.posg")))
    players = [UniformPlayer(compiled.model), RandomPlayer(compiled.information, 7)]
    if concept:
        players.append(PolicyPlayer(compiled.information, solve(compiled, concept).policy.strategy))
    for player in players:
        whole = record(compiled.model, player, 100, seed=5)
        simulator = Simulator(compiled.model, 5)
        for first, size in ((90, 10), (0, 1), (1, 7), (8, 82)):
            step = simulator.reset(size, first)
            while not step.done:
                here = slice(first, first + size)
                assert np.array_equal(simulator.state, whole.state[step.h - 1, here])
                assert np.array_equal(step.observation, whole.observation[step.h - 1, here])
                step = simulator.step(player.act(step, simulator.chance))
                assert np.array_equal(step.reward, whole.reward[:, step.h - 2, here])
        assert np.array_equal(record(compiled.model, player, 30, seed=5).state, whole.state[:, :30])
    uniform = (record(compiled.model, players[0], 100, seed) for seed in (5, 6))
    assert not np.array_equal(*(episodes.action for episodes in uniform))


def test_streams_of_other_purposes_are_other_numbers():
    drawn = [Chance(0, 0, 1000).uniforms(k, h) for k in range(4) for h in range(4)]
    assert abs(np.corrcoef(drawn) - np.eye(16)).max() < 6 / np.sqrt(1000)
    assert np.array_equal(Chance(0, 17, 10).uniforms(1, 2), Chance(0, 0, 27).uniforms(1, 2)[17:])


def test_an_estimate_is_the_mean_of_its_episodes(monkeypatch):
    """In batches of 64, against all at once; discounted (DecTiger, discount 0.9)."""
    compiled = compile_request(Request(str(GAMES / "dectiger.posg"), discount=0.9))
    player = UniformPlayer(compiled.model)
    episodes = record(compiled.model, player, 1000, seed=2)
    monkeypatch.setattr(sampler, "BATCH", 64)
    told = []
    found = estimate(compiled.model, player, 1000, 2, lambda *x: told.append(x))
    assert np.allclose(found.mean, episodes.mean, rtol=1e-13)
    assert np.allclose(found.error, episodes.error, rtol=1e-12)
    assert found.episodes == 1000 and not found.stopped and told[-1] == ("simulate", 3000, 3000)
    assert np.allclose(episodes.returns, np.tensordot(episodes.reward, 0.9 ** np.arange(3), axes=(1, 0)))
    single = estimate(compiled.model, player, 1)
    assert single.error is None and single.interval is None
    with pytest.raises(ValueError, match="at least one"):
        estimate(compiled.model, player, 0)


def test_intervals_hold_the_exact_value_as_often_as_they_say():
    """Uniform play of DecTiger earns -416/9 a step: the nine joint actions pay -2, four times -92 on average,
    twice -15 and twice -100 (Nair et al. 2003), the tiger stays uniform.  Of 400 intervals at 95% between 361 and 395
    hold it, but for one run in ten thousand (binomial law)."""
    model = dectiger(3)
    exact = -416 / 9 * 3
    held = [
        interval[0, 0] <= exact <= interval[0, 1]
        for seed in range(400)
        for interval in [estimate(model, UniformPlayer(model), 1000, seed).interval]
        if interval is not None
    ]
    assert len(held) == 400 and 361 <= sum(held) <= 395


@pytest.mark.parametrize(("game", "concept"), [("dectiger", "team"), ("vendors", "cce"), ("competitive_tiger", "nash")])
def test_estimates_hold_the_verified_value(game, concept):
    """Within five standard errors; some policies earn the same in every episode."""
    compiled = compile_request(Request(str(GAMES / f"{game}.posg")))
    solution = solve(compiled, concept)
    found = estimate(compiled.model, PolicyPlayer(compiled.information, solution.policy.strategy), 200_000, seed=11)
    assert (abs(found.mean - solution.judgement.values) <= 5 * found.error + 1e-9).all()


@few
@given(shapes(histories=300), st.booleans())
def test_random_policies_earn_what_enumeration_says(shape, product):
    """Random machines with mixtures, product or correlated, against playing them out along every history."""
    information, tree, _ = prepared(shape)
    policy = machine(np.random.default_rng(shape.seed), tree, product)
    found = estimate(information.model, PolicyPlayer(information, policy), EPISODES, seed=shape.seed % 1000)
    # six standard errors; outcomes rarer than one in a thousand episodes may make the error itself uncertain
    assert (abs(found.mean - Play(tree, policy).values()) <= 6 * found.error + 1e-9).all()


@few
@given(shapes(histories=500), st.integers(0, 100))
def test_a_random_player_is_a_pure_policy(shape, number):
    """What it does is a function of what the agent knows, recomputed from all increments and the private code."""
    model, protocol = random_game(shape)
    information = Information(model, protocol)
    simulator, player, memory = Simulator(model, 1), RandomPlayer(information, number), Memory(information)
    step, news, rule = simulator.reset(300), [], {}
    while not step.done:
        z, private = memory.observe(step)
        news.append(z)
        actions = player.act(step, simulator.chance)
        for i in range(model.n_agents):
            for e in range(300):
                known = (i, *(int(codes[e]) for codes in news), int(private[i, e]))
                assert rule.setdefault((step.h, *known), actions[i, e]) == actions[i, e]
        step = simulator.step(actions)


def test_random_policies_differ_and_use_every_action():
    compiled = compile_request(Request(str(GAMES / "dectiger.posg"), horizon=5))
    found = [record(compiled.model, RandomPlayer(compiled.information, k), 500).action[-1] for k in range(40)]
    shares = np.bincount(np.concatenate(found), minlength=9) / 20_000
    assert abs(shares - 1 / 9).max() < 0.05  # about five standard errors of 40 policies' 1024 contexts or fewer
    assert not np.array_equal(found[0], found[1])


def test_what_may_be_chosen_is_told_and_kept_to():
    compiled = compile_request(Request(str(GAMES / "kuhn.posg")))  # ann bets first, then bob
    simulator = Simulator(compiled.model)
    with pytest.raises(ValueError, match="not begun"):
        simulator.step(np.zeros((2, 3), dtype=np.int64))
    step = simulator.reset(3)
    assert [mask.tolist() for mask in step.masks] == [[True, True], [True, False]]
    assert step.observations.shape == (2, 3) and step.action is None and not step.reward.any()
    with pytest.raises(ValueError, match="bob plays what it may not choose at step 1"):
        simulator.step(np.ones((2, 3), dtype=np.int64))
    with pytest.raises(ValueError, match="ann plays"):
        simulator.step(np.array([[0, 2, 0], [0, 0, 0]]))
    with pytest.raises(ValueError, match="shape"):
        simulator.step(np.zeros((3, 3), dtype=np.int64))
    for _ in range(simulator.horizon):
        step = simulator.step(np.zeros((2, 3), dtype=np.int64))
    assert step.done and not any(mask.any() for mask in step.masks)
    with pytest.raises(ValueError, match="over"):
        simulator.step(np.zeros((2, 3), dtype=np.int64))
    for wrong in (lambda: simulator.reset(0), lambda: simulator.reset(1, -1), lambda: Simulator(compiled.model, -1)):
        with pytest.raises(ValueError, match=r"episode|seed"):
            wrong()


def test_observations_are_split_by_agent():
    """DecTiger's joint observation is (ann, bob), ann most significant."""
    simulator = Simulator(dectiger(2), 4)
    simulator.reset(50)
    step = simulator.step(np.zeros((2, 50), dtype=np.int64))
    ann, bob = step.observations
    assert np.array_equal(2 * ann + bob, step.observation) and set(step.observation) == {0, 1, 2, 3}


def test_an_interruption_keeps_the_finished_batches(monkeypatch):
    monkeypatch.setattr(sampler, "BATCH", 100)
    model = dectiger(3)

    class Impatient(UniformPlayer):
        def act(self, step, chance):
            if chance.first == 300 and step.h == 2:
                raise KeyboardInterrupt
            return super().act(step, chance)

    found = estimate(model, Impatient(model), 1000)
    assert found.stopped and found.episodes == 300
    assert np.allclose(found.mean, record(model, UniformPlayer(model), 300).mean)
    with pytest.raises(KeyboardInterrupt):  # nothing was finished
        monkeypatch.setattr(sampler, "BATCH", 10_000)
        estimate(model, UniformPlayer(model), 10, progress=_interrupt)


def test_any_number_of_processes_earns_the_same(monkeypatch):
    """To the last bit; one that stops is told of as before."""
    monkeypatch.setattr(sampler, "BATCH", 100)
    compiled = compile_request(Request(str(GAMES / "dectiger.posg")))
    players = [
        PolicyPlayer(compiled.information, solve(compiled, "team").policy.strategy),
        RandomPlayer(compiled.information, 1),
    ]
    for player in players:
        one, two = (estimate(compiled.model, player, 950, 3, workers=Workers(n)) for n in (1, 2))
        assert (one.mean.tolist(), one.squares.tolist(), one.episodes) == (two.mean.tolist(), two.squares.tolist(), 950)

    def interrupt(stage, done, total):
        if done >= 600:
            raise KeyboardInterrupt

    found = estimate(compiled.model, players[0], 950, 3, interrupt, Workers(2))
    assert found.stopped and found.mean.tolist() == estimate(compiled.model, players[0], 200, 3).mean.tolist()


def _interrupt(stage, done, total):
    raise KeyboardInterrupt


def test_a_policy_without_an_instruction_is_refused():
    """A step of it loses its last private codes, or its edges."""
    compiled = compile_request(Request(str(GAMES / "dectiger.posg")))
    policy = solve(compiled, "team").policy.strategy
    second = policy.steps[1]
    less = dataclasses.replace(
        second, private=tuple(codes[:-1] for codes in second.private), tables=tuple(t[:, :-1] for t in second.tables)
    )
    cut = dataclasses.replace(
        second, edge_indptr=np.zeros_like(second.edge_indptr), edge_z=second.edge_z[:0], edge_to=second.edge_to[:0]
    )
    for step, h in ((less, 2), (cut, 3)):
        player = PolicyPlayer(
            compiled.information, dataclasses.replace(policy, steps=(policy.steps[0], step, *policy.steps[2:]))
        )
        with pytest.raises(PolicyMismatch, match=f"step {h}"):
            estimate(compiled.model, player, EPISODES)


def test_whole_episodes_are_counted_before_they_are_recorded():
    with pytest.raises(LimitError, match="whole episodes"):
        record(dectiger(1000), UniformPlayer(dectiger(3)), 10**6)
