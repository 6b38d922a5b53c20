"""Environments that are no file: shared by a protocol, they are the game that they are; and what is refused."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import posgc
from posgc.learn.spaces import numbered
from posgc.play.chance import Chance
from posgc.play.environment import Budget
from posgc.play.players import PolicyPlayer
from posgc.play.simulator import Simulator
from posgc.policy.machine import Machine
from posgc.policy.packing import strategy_arrays

GAMES = Path(__file__).resolve().parents[2] / "games"


def named(kind: str, **members: Any) -> Any:
    """An object that is told for a space of Gymnasium by its class's name and its members."""
    return type(kind, (), {})() if not members else _with(type(kind, (), {})(), members)


def _with(thing: Any, members: dict[str, Any]) -> Any:
    vars(thing).update(members)
    return thing


def discrete(n: int, start: int = 0) -> Any:
    return named("Discrete", n=n, start=start)


@dataclass
class Parallel:
    """The decentralised tiger behind PettingZoo's parallel interface, from the simulator of the game."""

    simulator: Simulator = field(default_factory=lambda: Simulator(posgc.load(GAMES / "dectiger.posg").model))
    possible_agents: tuple[str, ...] = ("ann", "bob")
    agents: list[str] = field(default_factory=list)

    def observation_space(self, agent: str) -> Any:
        return discrete(2, start=5)

    def action_space(self, agent: str) -> Any:
        return discrete(3)

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        self.agents = list(self.possible_agents)
        step = self.simulator.reset(1, seed or 0)
        return self._told(step), {a: {} for a in self.agents}

    def step(self, actions: dict[str, int]) -> Any:
        step = self.simulator.step(np.array([[actions[a]] for a in self.possible_agents]))
        told = self._told(step), dict.fromkeys(self.agents, float(step.reward[0, 0]))
        over = dict.fromkeys(self.agents, step.done)
        if step.done:
            self.agents = []
        return *told, over, over, {a: {} for a in self.possible_agents}

    def _told(self, step: Any) -> dict[str, int]:
        return {a: 5 + int(o) for a, o in zip(self.possible_agents, step.observations[:, 0], strict=True)}


def test_a_shared_environment_is_the_game_behind_it() -> None:
    """The same seed and number, the same episode, as the compiled game's own simulator has it."""
    shared = posgc.learn.share(Parallel(), "one_step", horizon=3, rewards="common")
    simulator = Simulator(posgc.load(GAMES / "dectiger.posg").model)
    rng = np.random.default_rng(5)
    for first in (0, 64, 7):
        one, two = shared.reset(20, first), simulator.reset(20, first)
        for _ in range(3):
            assert np.array_equal(one.observations, two.observations)
            actions = rng.integers(3, size=(2, 20))
            one, two = shared.step(actions), simulator.step(actions)
            assert np.array_equal(one.reward, two.reward) and one.h == two.h and one.done == two.done
        assert (one.observations == 2).all()  # all is over


@pytest.mark.parametrize("protocol", ["one_step", "full"])
def test_what_is_learned_in_it_plays_the_game(protocol: str) -> None:
    """Listening first: every other first action costs at least 25 more in expectation (games/dectiger.posg)."""
    shared = posgc.learn.share(Parallel(), protocol, horizon=2, rewards="common")
    result = shared.solve("team", 1200, options={"rounds": 3, "least": 5})
    assert isinstance(result.strategy, Machine) and "1,200 joint steps" in result.claim.notes[0]
    assert [table[0, 0] for table in result.strategy.steps[0].tables] == [0, 0]
    found, total = shared.estimate(result.strategy, 50, seed=3), np.zeros((2, 50))
    player, step = PolicyPlayer(shared.structure, result.strategy), shared.reset(50, 1 << 30)
    while not step.done:
        step = shared.step(player.act(step, Chance(3, 1 << 30, 50)))
        total += step.reward
    assert np.allclose(found.mean, total.mean(axis=1)) and np.allclose(found.squares, 50 * total.var(axis=1))


def test_agents_that_are_done_see_that_it_is_over() -> None:
    class Leaving(Parallel):
        def step(self, actions: dict[str, int]) -> Any:
            assert set(actions) == set(self.agents), "an agent that is done does not act"
            self.agents = self.agents[1:]
            return {a: 5 for a in self.agents}, dict.fromkeys(actions, 1.0), {}, {}, {}

    shared = posgc.learn.share(Leaving(), "full", horizon=3)
    shared.reset(1)
    seen = [shared.step(np.zeros((2, 1), np.int64)) for _ in range(3)]
    assert [step.observations[:, 0].tolist() for step in seen] == [[2, 0], [2, 2], [2, 2]]
    assert [step.reward[:, 0].tolist() for step in seen] == [[1, 1], [0, 1], [0, 0]]


SPACES = {
    "discrete": (discrete(3, -1), [-1, 0, 1], [2, -2, 0.5, "x", None, np.nan]),
    "binary": (
        named("MultiBinary", n=2, dtype=np.int8),
        [np.array(x) for x in itertools.product((0, 1), repeat=2)],
        [np.array([0, 2]), np.array([0]), 3],
    ),
    "multi": (
        named("MultiDiscrete", nvec=np.array([2, 3]), start=np.array([0, 4]), dtype=np.int64),
        [np.array([a, b]) for a in (0, 1) for b in (4, 5, 6)],
        [np.array([0, 3]), np.array([[0, 4]])],
    ),
    "tuple": (
        named("Tuple", spaces=(discrete(2), discrete(2, 1))),
        [(a, b) for a in (0, 1) for b in (1, 2)],
        [(0,), (0, 3), 4],
    ),
    "dict": (
        named("Dict", spaces={"a": discrete(2), "b": named("MultiBinary", n=1, dtype=np.int8)}),
        [{"a": a, "b": np.array([b])} for a in (0, 1) for b in (0, 1)],
        [{"a": 0}, {"a": 2, "b": np.array([0])}, 1],
    ),
}


@pytest.mark.parametrize("kind", SPACES)
def test_finite_spaces_are_numbered_in_order(kind: str) -> None:
    space, values, outside = SPACES[kind]
    found = numbered(space)
    assert found is not None and found.size == len(values)
    for k, value in enumerate(values):
        assert found.number(value) == k
        assert repr(found.value(k)) == repr(value) or np.array_equal(found.value(k), value)
    assert all(found.number(value) is None for value in outside)
    assert numbered(named("Box", low=0, high=1)) is None
    assert numbered(named("Tuple", spaces=(space, named("Box")))) is None


def spoilt(**changes: Any) -> Any:
    """A tiger with something else in place of some members."""
    return _with(Parallel(), {"agents": ["ann", "bob"], **changes})


def raising(*_: Any, **__: Any) -> Any:
    raise OSError("no such arm")


BROKEN = {
    "a space that is not finite": ({"observation_space": lambda a: named("Box")}, "of kind Box"),
    "a space that is too large": ({"action_space": lambda a: discrete(10**6)}, "1,000,000 values"),
    "too many joint actions": ({"action_space": lambda a: discrete(5000)}, "25,000,000 joint actions"),
    "rewards whose sums overflow": (
        {"step": lambda x: ({"ann": 5, "bob": 5}, dict.fromkeys(("ann", "bob"), 1e200), {}, {}, {})},
        r"1e\+200 \(limit 1e\+150",
    ),
    "no spaces": ({"action_space": raising}, "no such arm"),
    "agents of one name": ({"possible_agents": ("ann", "ann")}, "different names"),
    "a reset that raises": ({"reset": raising}, "no such arm"),
    "a step that raises": ({"step": raising}, "no such arm"),
    "a step of another interface": ({"step": lambda actions: (1, 2)}, "five dictionaries"),
    "an observation outside": ({"reset": lambda seed: ({"ann": 5, "bob": 9}, {})}, "bob an observation outside"),
    "rewards that differ": (
        {"step": lambda x: ({"ann": 5, "bob": 5}, {"ann": 1.0, "bob": 2.0}, {}, {}, {})},
        "not shared by all",
    ),
    "a reset that returns a list": ({"reset": lambda seed: [5, 5]}, "other than dictionaries"),
    "a reset that returns nothing": ({"reset": lambda seed: None}, "other than dictionaries"),
    "an agent that is shown nothing": ({"reset": lambda seed: ({"ann": 5}, {})}, "bob plays and is shown no obs"),
    "an agent that is not paid": (
        {"step": lambda x: ({"ann": 5, "bob": 5}, {"ann": 1.0}, {}, {}, {})},
        "pays bob, who has played, no reward",
    ),
    "nobody who plays": ({"agents": [], "reset": lambda seed: ({}, {})}, "no agents that play"),
    "another agent": (
        {"agents": ["ann", "bob", "eve"], "reset": lambda seed: ({"ann": 5, "bob": 5, "eve": 5}, {})},
        "'eve' plays, who is not among",
    ),
    "rewards that are no numbers": (
        {"step": lambda x: ({"ann": 5, "bob": 5}, dict.fromkeys(("ann", "bob"), np.nan), {}, {}, {})},
        "not a finite number",
    ),
}


@pytest.mark.parametrize("backend", ["laci", "latent"])
@pytest.mark.parametrize("case", BROKEN)
def test_environments_that_cannot_be_shared_are_refused(case: str, backend: str) -> None:
    changes, why = BROKEN[case]
    with pytest.raises(posgc.InputError, match=why) as raised:
        shared = posgc.learn.share(lambda: spoilt(**changes), "one_step", horizon=2, rewards="common")
        shared.solve("team", 400, backend)
    assert raised.value.diagnostics[0].code == "E641"


@pytest.mark.parametrize(("backend", "left"), [("laci", 50), ("latent", 72)])
def test_what_was_played_before_an_environment_failed_is_kept(backend: str, left: int, tmp_path: Path) -> None:
    """The run goes on from there once the environment is mended, to what a run without the failure finds.  Of 200
    episodes `laci` has played 64, 36 and 50 when number 150 fails, and `latent` twice 64."""
    made = SimpleNamespace(fails=150, resets=0)

    class Failing(Parallel):
        def reset(self, seed: int | None = None, options: Any = None) -> Any:
            made.resets += 1
            if seed == made.fails:
                raise OSError("no such arm")
            return super().reset(seed)

    options: dict[str, object] = {"laci": {"rounds": 2}, "latent": {"states": 1}}[backend]
    shared = posgc.learn.share(Failing(), "one_step", horizon=2, rewards="common")
    run = {**options, "checkpoint": tmp_path / "run.npz"}
    with pytest.raises(posgc.InputError, match="no such arm"):
        shared.solve("team", 400, backend, options=run)
    made.fails, made.resets = -1, 0
    resumed = shared.solve("team", 400, backend, options=run)
    assert made.resets == left
    whole = shared.solve("team", 400, backend, options=options)
    assert resumed.claim == whole.claim
    assert all(
        np.array_equal(array, strategy_arrays(whole.strategy)[name])
        for name, array in strategy_arrays(resumed.strategy).items()
    )


def test_the_gap_from_below() -> None:
    """Who opens a door alone loses 46 in expectation, and 2 by listening (games/dectiger.posg): ann gains 44."""
    shared = posgc.learn.share(Parallel(), "one_step", horizon=1, rewards="common")
    found = shared.solve("team", 20).strategy
    assert isinstance(found, Machine)
    step = found.steps[0]
    alone = tuple(np.full_like(table, i == 0) for i, table in enumerate(step.tables))
    bad = replace(found, steps=(replace(step, tables=alone),))
    learned = shared.gap(bad, "team", 200, 100, seed=1)
    assert learned.least is not None and 20 < learned.least < 44 and learned.samples == 2 * 200 + 3 * 100
    for wrong, match in (
        (lambda: shared.gap(bad, "team", 200, 1), "at least two episodes"),
        (lambda: shared.gap(bad, "team", 200, 100, seed=-1), "not negative"),
    ):
        with pytest.raises(ValueError, match=match):
            wrong()
    with pytest.raises(posgc.InputError, match="E640"):
        shared.gap(bad, "team", 0, 100)
    with pytest.raises(posgc.InputError, match="E603"):
        shared.gap(bad, "teem", 200, 100)  # type: ignore[arg-type]


def test_spaces_that_are_too_large_for_hidden_states_are_refused_before_anything_is_played() -> None:
    made = SimpleNamespace(resets=0)

    class Wide(Parallel):
        def observation_space(self, agent: str) -> Any:
            return discrete(50_000)

        def reset(self, seed: int | None = None, options: Any = None) -> Any:
            made.resets += 1
            return super().reset(seed)

    shared = posgc.learn.share(Wide(), "one_step", horizon=2, rewards="common")
    with pytest.raises(posgc.LimitError, match="joint observations have tables of"):
        shared.solve("team", 400, "latent")
    assert not made.resets


def test_a_function_that_returns_the_same_environment_is_refused() -> None:
    """Episodes are played side by side: in one environment they would disturb each other."""
    env = Parallel()
    with pytest.raises(posgc.InputError, match="the same one again"):
        posgc.learn.share(lambda: env, "one_step", horizon=3, rewards="common").solve("team", 400)


def test_a_class_makes_environments() -> None:
    shared, one = (posgc.learn.share(env, "one_step", horizon=3, rewards="common") for env in (Parallel, Parallel()))
    assert np.array_equal(shared.reset(20).observations, one.reset(20).observations)


def test_who_is_done_earns_nothing_whatever_is_paid() -> None:
    class Leaving(Parallel):
        def step(self, actions: dict[str, int]) -> Any:
            self.agents = ["ann"]
            return {"ann": 5}, {"ann": 1.0, "bob": 10.0}, {}, {}, {}

    shared = posgc.learn.share(Leaving(), "none", horizon=2)
    shared.reset(3)
    paid = [shared.step(np.zeros((2, 3), int)).reward[:, 0].tolist() for _ in range(2)]
    assert paid == [[1.0, 10.0], [1.0, 0.0]]


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ValueError, match="common, zero_sum, general, not 'shared'"):
        posgc.learn.share(Parallel(), "full", horizon=2, rewards="shared")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not negative"):
        posgc.learn.share(Parallel(), "full", horizon=2, seed=-1)
    with pytest.raises(TypeError, match="a protocol is a text or a LagTable, not int"):
        posgc.learn.share(Parallel(), 3, horizon=2)  # type: ignore[arg-type]
    for samples in (3.5, "many", True):
        with pytest.raises(TypeError, match="whole number of joint steps"):
            posgc.learn.share(Parallel(), "full", horizon=2, rewards="common").solve("team", samples)  # type: ignore[arg-type]
    short, long = (posgc.learn.share(Parallel(), "full", horizon=h, rewards="common") for h in (1, 2))
    strategy = short.solve("team", 20).strategy
    for wrong in (
        lambda: short.solve("team", 20, seed=-1),
        lambda: short.estimate(strategy, 2, seed=-1),
        lambda: long.estimate(strategy, 2),
    ):
        with pytest.raises(ValueError, match=r"not negative|its strategy has 1 step"):
            wrong()


@pytest.mark.parametrize(
    ("protocol", "settings", "code"),
    [
        ("delayed(0)", {}, "E5"),
        ("one_stop", {}, "E5"),
        ("full", {"horizon": 0}, "E607"),
        ("full", {"horizon": True}, "E607"),
        ("full", {"discount": 2}, "E623"),
    ],
)
def test_wrong_protocols_and_horizons_are_refused(protocol: str, settings: dict[str, Any], code: str) -> None:
    with pytest.raises(posgc.InputError) as raised:
        posgc.learn.share(Parallel(), protocol, **{"horizon": 2, **settings})
    assert raised.value.diagnostics[0].code.startswith(code)


def test_wrong_requests_are_refused() -> None:
    shared = posgc.learn.share(Parallel(), "full", horizon=2)
    for concept, backend, samples, code in (
        ("team", "laci", 100, "E603"),
        ("cce", "value-iteration", 100, "E602"),
        ("cce", "nobody", 100, "E602"),
        ("cce", "laci", 1, "E640"),
    ):
        with pytest.raises(posgc.InputError) as raised:
            shared.solve(concept, samples, backend)
        assert raised.value.diagnostics[0].code == code


def test_pettingzoo_s_own_environments() -> None:
    pytest.importorskip("gymnasium", reason="gymnasium is not installed")
    pytest.importorskip("pettingzoo", reason="pettingzoo is not installed")
    game = posgc.load(GAMES / "dectiger.posg", horizon=2)
    shared = posgc.learn.share(game.env(), "one_step", horizon=2, rewards="common")
    assert shared.solve("team", 400, options={"rounds": 2}).strategy.kind == "machine"


def test_a_budget_is_kept() -> None:
    made = SimpleNamespace(resets=0)

    class Counting(Parallel):
        def reset(self, seed: int | None = None, options: Any = None) -> Any:
            made.resets += 1
            return super().reset(seed)

    posgc.learn.share(Counting(), "one_step", horizon=2, rewards="common").solve("team", Budget(401).samples)
    assert made.resets == 200
