"""Players of every kind: what they earn on average is what the judge says, and their random numbers are their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.games import Shape, random_game, shapes
from support.kinds import hashed, news_codes, random_controllers, random_mixture
from support.policies import one_node
from support.stubs import constant
from support.tree import Tree

from posgc.information.codes import first_news, kept, learnt
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.judge.choose import judge
from posgc.judge.histories import judge_histories
from posgc.judge.play import judge_by_play
from posgc.judge.verify import verify
from posgc.language.diagnostics import LimitError
from posgc.pipeline import Request, compile_request
from posgc.play.kinds import News, player_of
from posgc.play.players import UniformPlayer
from posgc.play.sampler import estimate, record
from posgc.play.simulator import Simulator
from posgc.policy.machine import Machine
from posgc.policy.mismatch import PolicyMismatch
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque
from posgc.policy.strategy import Strategy

few = settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ANY = ("any", "any", "none", "forget_all", "mixed_links", "controlled_late_own")
EPISODES = 4000
SIGMAS = 5
"""Standard errors that a mean may be off: a false alarm in some two million means."""


def game_of(shape: Shape) -> tuple[Information, Tree]:
    model, protocol = random_game(shape)
    assume(Information(model, protocol).first_lost is None)
    information = drop_own_actions(Information(model, protocol))
    return information, Tree(model, protocol, information.dropped)


def dectiger(share: str, horizon: int) -> Information:
    return compile_request(Request("games/dectiger.posg", share, horizon=horizon)).information


@few
@given(shapes(histories=80, structures=ANY))
def test_means_are_the_judges_values(shape: Shape) -> None:
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    for strategy in (random_controllers(rng, tree), random_mixture(rng, tree), hashed(information, shape.seed)):
        values = judge_histories(information, strategy, "cce").values
        found = estimate(information.model, player_of(information, strategy), EPISODES, shape.seed % 1000)
        assert found.error is not None
        for mean, value, error in zip(found.mean, values, found.error, strict=True):
            assert abs(mean - value) <= SIGMAS * error + 1e-9, strategy.kind


@few
@given(shapes(histories=80, structures=ANY))
def test_an_episode_does_not_depend_on_its_batch(shape: Shape) -> None:
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    for strategy in (random_controllers(rng, tree), random_mixture(rng, tree), hashed(information, 1)):
        many = record(information.model, player_of(information, strategy), 40, 7)
        some = record(information.model, player_of(information, strategy), 13, 7)
        assert np.array_equal(many.action[:, :13], some.action)
        for name, told in some.inner.items():
            assert np.array_equal(many.inner[name][:, :13], told)


@few
@given(shapes(histories=80, structures=ANY))
def test_news_are_what_was_not_known_before(shape: Shape) -> None:
    """The codes of the player's window, those of the judge's pending items, and the definition, along all histories."""
    information, tree = game_of(shape)
    for level in tree.histories():
        for _, history in level[:50]:
            joint = [np.array([tree._joint(a)]) for a in history.actions]
            seen = [np.array([_number(tree, o)]) for o in history.observations]
            news, u = first_news(information, seen[0])
            told = [news[:, 0]]
            for h in range(1, history.h):
                a, o, pending = joint[h - 1], seen[h], information.pending(h)
                told.append(np.array([learnt(information, i, h, pending, u, a, o)[0] for i in range(tree.n)]))
                u = kept(information, h, u, a, o)
            for i in range(tree.n):
                assert tuple(int(codes[i]) for codes in told) == news_codes(tree, i, history)


def _number(tree: Tree, digits: tuple[int, ...]) -> int:
    index = 0
    for digit, variable in zip(digits, tree.model.signature.observations, strict=True):
        index = index * len(variable.values) + digit
    return index


def test_a_hundred_steps_without_sharing() -> None:
    """Private information has 6^99 values then; news have six.  Both listen: -2 a step."""
    information = dectiger("none", 100)
    strategy = constant("controllers", information.structure)
    assert estimate(information.model, player_of(information, strategy), 100).mean.tolist() == [-200.0, -200.0]
    news, simulator = News(information.structure), Simulator(information.model, 1)
    player, step = UniformPlayer(information.model), simulator.reset(1000)
    while not step.done:
        codes = news.observe(step)
        assert codes.max() < 6
        step = simulator.step(player.act(step, simulator.chance))


def test_a_long_stationary_machine_shares_its_layers() -> None:
    information = dectiger("one_step", 2000)
    strategy = constant("stationary", information.structure)
    found = judge(information, strategy, "nash", 10_000, None, lambda layers: np.zeros(len(layers)))
    assert found.judged_on == "pairs" and found.values == pytest.approx((-4000, -4000), abs=1e-6)


def test_an_estimate_covers_the_truth_and_proves_nothing() -> None:
    information = dectiger("none", 3)
    exact = judge_histories(information, one_node(np.random.default_rng(2), information, True), "nash")
    found = judge_by_play(information, one_node(np.random.default_rng(2), information, True), "nash", 3)
    assert found.status == "estimated" and not found.proved and found.gains is None and found.certified is None
    assert found.margins is not None
    for value, mean, margin in zip(exact.values, found.values, found.margins, strict=True):
        assert abs(value - mean) <= 3 * margin
    machine = one_node(np.random.default_rng(2), information, True)
    with pytest.raises(LimitError):
        judge(information, machine, "nash", 3, None, None)
    assert judge(information, machine, "nash", 3, None, None, estimate=True).judged_on == "play"


def blank(strategy: Machine, unseen: str) -> Machine:
    """Nothing is known of step 2's private information, nor of any increment after step 1."""
    steps = list(strategy.steps)
    none = np.zeros(0, np.int64)
    steps[0] = replace(steps[0], z=none, edge_indptr=np.zeros(len(steps[0]) + 1, np.int64), edge_z=none, edge_to=none)
    steps[1] = replace(steps[1], private=(none, none), tables=tuple(table[:, :0] for table in steps[1].tables))
    return replace(strategy, steps=tuple(steps), unseen=unseen)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", ["one_step", "none"])
def test_what_a_machine_has_not_seen(share: str) -> None:
    """It refuses, or plays uniformly: what it earns then is what the filled-in machine earns, by every judge."""
    information = dectiger(share, 3)
    whole = one_node(np.random.default_rng(5), information, True)
    uniform = []
    for h, step in enumerate(whole.steps, start=1):
        tables = tuple(np.full((1, len(codes), 3), 1 / 3) for codes in step.private)
        uniform.append(step if h == 1 else replace(step, tables=tables))
    filled = replace(whole, steps=tuple(uniform))
    partial, strict = blank(whole, "uniform"), blank(whole, "refuse")
    one, two = judge_histories(information, filled, "nash"), judge_histories(information, partial, "nash")
    assert two.values == pytest.approx(one.values, abs=1e-9) and two.gains == pytest.approx(one.gains, abs=1e-9)
    with pytest.raises(PolicyMismatch):
        judge_histories(information, strict, "nash")
    with pytest.raises(PolicyMismatch):
        estimate(information.model, player_of(information, strict), 100)
    played = estimate(information.model, player_of(information, partial), EPISODES)
    assert played.error is not None
    assert (np.abs(played.mean - np.array(one.values)) <= SIGMAS * played.error).all()
    if share == "one_step":
        three = verify(information, partial, "nash")
        assert three.values == pytest.approx(one.values, abs=1e-9) and three.gains == pytest.approx(one.gains, abs=1e-9)


def test_private_information_that_is_not_listed_is_still_told_apart_by_a_deviator() -> None:
    """On pairs: a deviator whose codes the machine does not list may answer each of them differently."""
    information = dectiger("one_step", 3)
    whole = one_node(np.random.default_rng(5), information, True)
    none = np.zeros(0, np.int64)
    steps, filled = [], []
    for step in whole.steps:
        laws = tuple(np.full((1, len(codes), 3), 1 / 3) for codes in step.private)
        filled.append(replace(step, tables=laws))
        steps.append(replace(step, private=(none, none), tables=tuple(law[:, :0] for law in laws)))
    lists_nothing = replace(whole, steps=tuple(steps), unseen="uniform")
    one, two = (verify(information, m, "nash") for m in (replace(whole, steps=tuple(filled)), lists_nothing))
    assert two.gains == pytest.approx(one.gains, abs=1e-9) and one.gap is not None and one.gap > 1


@pytest.mark.parametrize(
    "law", [[[2.0, -1.0, 0.0]], [[0.5, 0.5, 0.5]], [[np.nan, 0.5, 0.5]], [[1.0, 0.0]], [1.0, 0.0, 0.0], "x", None]
)
def test_players_that_answer_nonsense(law: object) -> None:
    class Mad:
        info: dict[str, object] = {}  # noqa: RUF012

        def laws(self, agent: int, h: int, history: np.ndarray) -> object:
            return law if not isinstance(law, list) or not isinstance(law[0], list) else law * len(history)

        def arrays(self) -> dict[str, np.ndarray]:
            return {}

    information = dectiger("none", 2)
    strategy: Strategy = Opaque(Mad())  # type: ignore[arg-type]
    with pytest.raises(PolicyMismatch):
        judge_histories(information, strategy, "nash")
    with pytest.raises(PolicyMismatch):
        estimate(information.model, player_of(information, strategy), 10)


def test_a_mixture_of_mixtures_weights() -> None:
    """The part is drawn with its weight: 0.25 of episodes play the first."""
    information = dectiger("none", 2)
    parts = (constant("machine", information.structure), constant("controllers", information.structure))
    strategy = Mixture(np.array([0.25, 0.75]), parts)  # type: ignore[arg-type]
    drawn = record(information.model, player_of(information, strategy), 10_000, 1).inner["part"]
    assert (drawn[0] == drawn[1]).all()
    assert abs((drawn[0] == 0).mean() - 0.25) <= SIGMAS * np.sqrt(0.25 * 0.75 / 10_000)
