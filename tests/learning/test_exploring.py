"""Spanners against their definition, BaSeCAMP on locks, and rounds that keep to budget and seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from posgc.judge.verify import verify
from posgc.learning.basecamp import Executor, sink_probability
from posgc.learning.construct import Construction
from posgc.learning.counting import Counts, count
from posgc.learning.gathering import Gathering
from posgc.learning.laci import Exploration, learned
from posgc.learning.rounds import Adaptive, AdaptiveExplorer, Explorer, Spanning, SpanningExplorer, Task
from posgc.learning.sampling import Batch, collect, joined
from posgc.learning.spanner import spanner
from posgc.model.rewards import reward_kind
from posgc.pipeline import Compiled, Request, compile_request
from posgc.planning.oracles import Selection
from posgc.play.environment import Budget, CountedEnvironment
from posgc.play.players import UniformPlayer
from posgc.play.simulator import Simulator

GAMES = Path(__file__).resolve().parents[2] / "games"


def quiet(stage: str, done: int, total: int) -> None:
    pass


def game(name: str, share: str, **settings: str) -> Compiled:
    return compile_request(Request(str(GAMES / f"{name}.posg"), share=share, settings=settings))


def task(compiled: Compiled, samples: int, seed: int = 1, concept: str = "team") -> Task:
    environment = CountedEnvironment(Simulator(compiled.model, seed), Budget(samples))
    structure, kind = compiled.information.structure, reward_kind(compiled.model)
    return Task(environment, structure, concept, kind, seed, Construction(10, 5.0), Selection(), quiet)


@pytest.mark.parametrize("seed", range(12))
def test_every_point_is_a_small_combination_of_a_spanner(seed: int) -> None:
    """The definition: coefficients in [-C, C].  Sets are thin in some directions, and lie in a subspace at times."""
    rng = np.random.default_rng(seed)
    d, ratio = int(rng.integers(1, 7)), (1.1, 2.0, 5.0)[seed % 3]
    rank = int(rng.integers(1, d + 1))
    points = rng.normal(size=(40, rank)) * 10.0 ** rng.integers(-6, 1, rank) @ rng.normal(size=(rank, d))
    if seed % 2:
        points = np.abs(points) / np.abs(points).sum(axis=1, keepdims=True)  # laws, as BaSeCAMP has them

    def oracle(theta):  # type: ignore[no-untyped-def]
        k = int((points @ theta).argmax())
        return points[k], k

    found = spanner(oracle, d, ratio)
    assert len({k for _, k in found}) == len(found) <= d
    basis = np.stack([v for v, _ in found], axis=1)
    coefficients, *_ = np.linalg.lstsq(basis, points.T, rcond=None)
    assert np.allclose(basis @ coefficients, points.T, atol=1e-7 * np.abs(points).max())
    assert np.abs(coefficients).max() <= ratio + 1e-5


def test_a_spanner_needs_a_ratio_above_one() -> None:
    with pytest.raises(ValueError, match="above 1"):
        spanner(lambda theta: (theta, None), 2, 1.0)


def test_spanning_policies_reach_further_than_uniform_draws() -> None:
    """On a lock without slips, uniform draws keep the lock open with probability 1/4 a step; an exploring policy that
    the clicks of 3,000 episodes have shown keeps it open as long as the model reaches."""
    compiled = game("tumbler_lock", "full", tumblers="5", slip="0")
    made, structure = task(compiled, 10**6), compiled.information.structure
    executor = Executor(structure, 1, 1, 20)

    def played(player, episodes: int, first: int) -> Batch:  # type: ignore[no-untyped-def]
        return joined(list(collect(made.environment, structure, player, episodes, 1, first)))

    executor.learn(executor.model(count(played(UniformPlayer(structure), 3000, 0), executor.structure), 1.0))
    reached = []
    for player, _ in executor.players()[1:]:
        batch = played(player, 2000, 10_000)
        reached.append((batch.observation[3] == 0).mean())  # two soft clicks after step 3
    uniform = (played(UniformPlayer(structure), 2000, 20_000).observation[3] == 0).mean()
    # open at step 4: 1/64, heard with 0.81; jammed and misheard: 0.01
    assert abs(uniform - (0.81 / 64 + 0.01 * 63 / 64)) < 0.01
    assert max(reached) > 0.2


def test_the_sink_is_met_where_nothing_is_known_and_not_where_all_is() -> None:
    compiled = game("dectiger", "full")
    structure = compiled.information.structure
    executor = Executor(structure, 1, 1, 20)
    few, many = (
        executor.model(count(_uniform(compiled, episodes), executor.structure), 1.0) for episodes in (300, 60_000)
    )
    assert sink_probability(few, 1) > 0.9
    assert sink_probability(many, 1) < 0.02


def _uniform(compiled: Compiled, episodes: int) -> Batch:
    structure = compiled.information.structure
    return joined(list(collect(Simulator(compiled.model, 2), structure, UniformPlayer(structure), episodes, 2)))


def counts_alike(one: Counts, two: Counts) -> bool:
    pairs = zip(one.steps, two.steps, strict=True)
    return all(np.array_equal(a.rows, b.rows) and np.array_equal(a.times, b.times) for a, b in pairs)


def rounds(made: Task, explorer: Explorer, episodes: int) -> list[Counts]:
    gathering = Gathering(made, explorer, episodes, explorer.rounds)
    assert gathering.run()
    return gathering.counts


def adaptive(made: Task) -> Explorer:
    return AdaptiveExplorer(made, Adaptive(3, 0.2, 0.1))


def scouting(made: Task) -> Explorer:
    return AdaptiveExplorer(made, Adaptive(3, 0.2, 0.1, 1))


def basecamp(made: Task) -> Explorer:
    return SpanningExplorer(made, Spanning(3, 1, 5, 0.0))


@pytest.mark.parametrize("explorer", [adaptive, scouting, basecamp])
def test_rounds_play_what_the_budget_holds_and_the_same_again(explorer: Callable[[Task], Explorer]) -> None:
    compiled = game("dectiger", "one_step")
    for episodes in (1, 2, 7, 500):
        one, two = task(compiled, 3 * episodes), task(compiled, 3 * episodes)
        found, again = (rounds(made, explorer(made), episodes) for made in (one, two))
        assert found[-1].episodes == episodes and one.environment.left == 0
        assert all(counts_alike(a, b) for a, b in zip(found, again, strict=True))


def test_basecamp_opens_a_lock_that_uniform_draws_do_not() -> None:
    """Eight tumblers: uniform dials reach the prize with probability (0.98 / 4)^8 = 1.3e-5, so that hardly one of 8,000
    episodes does, and what is learned of them opens nothing; the optimum is 0.98^8."""
    compiled = game("tumbler_lock", "full", tumblers="8")
    assert value(compiled, None, 8000) <= 0.01
    assert 0.5 <= value(compiled, Spanning(4, 1, 20, 0.02), 8000) <= 0.98**8 + 1e-9


def test_scouts_open_a_lock_within_the_protocol() -> None:
    """Without them adaptive rounds never meet the prize, and with a bonus on long windows they do not either."""
    compiled = game("tumbler_lock", "one_step", tumblers="8")
    assert value(compiled, Adaptive(16, 0.2, 0.1), 16_000) <= 0.01
    assert 0.5 <= value(compiled, Adaptive(16, 0.2, 0.1, 2), 16_000) <= 0.98**8 + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("share", ["full", "one_step"])
def test_basecamp_opens_ten_tumblers(share: str) -> None:
    compiled = game("tumbler_lock", share)
    assert value(compiled, None, 250_000) <= 0.01
    assert 0.5 <= value(compiled, Spanning(8, 1, 20, 0.02), 50_000) <= 0.98**10 + 1e-9


def value(compiled: Compiled, exploration: Exploration, episodes: int) -> float:
    found = learned(task(compiled, episodes * compiled.model.horizon), exploration, 1, 1)
    return verify(compiled.information, found.policy, "nash", 10**6).values[0]
