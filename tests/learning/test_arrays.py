"""Environments of arrays: what each agent reads at each step, against the definition; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import posgc
from posgc.language.sharing.lag_table import NEVER, Exchange, LagTable
from posgc.learn.vectors import vector

AGENTS = "ann", "bob", "cat"


def named(kind: str, **members: Any) -> Any:
    """An object that is told for a space of Gymnasium by its class's name and its members."""
    space = type(kind, (), {})()
    vars(space).update(members)
    return space


def box(*shape: int, low: float = -np.inf, high: float = np.inf) -> Any:
    return named("Box", low=np.full(shape, low), high=np.full(shape, high), shape=shape, dtype=np.float32)


class Noise:
    """Every agent sees noise of a shape of its own; `stay[i]` is the number of steps that agent i plays."""

    def __init__(self, n: int, seed: int = 0, stay: tuple[int, ...] = ()) -> None:
        self.possible_agents = list(AGENTS[:n])
        self.agents: list[str] = []
        self.rng, self.stay, self.h = np.random.default_rng(seed), stay or (10**6,) * n, 0

    def observation_space(self, agent: str) -> Any:
        return box(2, AGENTS.index(agent) + 1)

    def action_space(self, agent: str) -> Any:
        return named("Discrete", n=2 + AGENTS.index(agent), start=AGENTS.index(agent))

    def shown(self, agents: list[str]) -> dict[str, Any]:
        return {a: self.rng.normal(size=(2, AGENTS.index(a) + 1)).astype(np.float32) for a in agents}

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        self.agents, self.h = list(self.possible_agents), 1
        self.said = self.shown(self.agents)
        return self.said, {a: {} for a in self.agents}

    def step(self, actions: dict[str, int]) -> Any:
        playing = self.agents
        self.agents = [a for a in playing if self.stay[AGENTS.index(a)] > self.h]
        self.h += 1
        self.said = self.shown(playing)
        over = {a: a not in self.agents for a in playing}
        return self.said, dict.fromkeys(playing, 1.0), over, dict.fromkeys(playing, False), {}


def first_known(lags: LagTable, kind: Any, j: int, t: int, i: int, horizon: int) -> int | None:
    """The first step at which agent i knows agent j's item of step t, from the words of `posgc.information.items`."""
    row = lags.lags(kind, j, t)
    for h in range(t + (kind == "action"), horizon + 2):
        age = h - t
        private = row[i] <= age and (lags.forget is None or age <= lags.forget)
        if age >= max(row) or private:
            return h
    return None


def read(lags: LagTable, i: int, h: int, horizon: int, made: dict[Any, Any], sizes: dict[Any, int]) -> list[float]:
    """What agent i reads at step h: `made[kind, j, t]` are flat arrays, `sizes[kind, j]` their lengths."""
    row = list(made.get(("observation", i, h), np.zeros(sizes["observation", i])))
    for j in range(len(lags.action_lags)):
        for kind in ("observation", "action") if j != i else ():
            for age in range(horizon + 1):
                arrives = [
                    t
                    for t in range(1, horizon + 1)
                    if first_known(lags, kind, j, t, i, horizon) == t + age and t + age <= horizon
                ]
                if not arrives:
                    continue
                t = h - age
                there = first_known(lags, kind, j, t, i, horizon) == h and (kind, j, t) in made if t >= 1 else False
                row += [1.0, *made[kind, j, t]] if there else [0.0] * (1 + sizes[kind, j])
    return row


def requests() -> Iterator[tuple[int, Any, int]]:
    """Numbers of agents, protocols and horizons."""
    for protocol in ("full", "one_step", "delayed(1)", "delayed(2)", "delayed(4)", "none", "exchange(3)"):
        yield 3, protocol, 6
    yield 2, "one_directional(ann -> bob)", 4
    yield 2, "uncontrolled(2)", 5
    yield 3, "controlled_by(bob, d = 2)", 5
    yield 2, "delayed(4)", 3  # nothing arrives
    rng = np.random.default_rng(7)
    for case in range(6):
        n, horizon = int(rng.integers(2, 4)), int(rng.integers(1, 7))
        lag = lambda least, n=n: [[int(rng.choice([least, 1, 2, 3, NEVER])) for _ in range(n)] for _ in range(n)]  # noqa: E731
        acts, obs = lag(1), lag(0)
        for i in range(n):
            acts[i][i], obs[i][i] = 1, 0
        links = (Exchange("observation", 0, 1, 1, 2, 2), Exchange("action", 1, 0, 1, 3, 2)) if case % 2 else ()
        forget = 1 if case in (2, 3) else None
        yield n, LagTable(f"random {case}", tuple(map(tuple, acts)), tuple(map(tuple, obs)), forget, links), horizon


@pytest.mark.parametrize(("n", "protocol", "horizon"), list(requests()), ids=str)
@pytest.mark.parametrize("stay", [(), (2, 9, 1)])
def test_agents_read_what_the_protocol_brings(n: int, protocol: Any, horizon: int, stay: tuple[int, ...]) -> None:
    env = Noise(n, 3, stay[:n])
    shared = posgc.learn.share(lambda: env, protocol, horizon=horizon)
    arrays, lags, rng = shared.parallel(), shared.structure.protocol, np.random.default_rng(5)
    sizes: dict[Any, int] = {("observation", j): 2 * (j + 1) for j in range(n)} | {
        ("action", j): 2 + j for j in range(n)
    }
    for _ in range(2):  # episodes
        told, _ = arrays.reset(seed=1)
        made: dict[Any, Any] = {}
        for h in range(1, horizon + 2):
            made |= {("observation", AGENTS.index(a), h): x.ravel() for a, x in env.said.items()}
            expected = [read(lags, i, h, horizon, made, sizes) for i in range(n)]
            for i, name in enumerate(AGENTS[:n]):
                assert arrays.size(name) == len(expected[i]) == arrays.parts(name)[-1].stop
                assert (name in told) == (name in env.said)
                if name in told:
                    assert told[name].dtype == np.float32 and told[name].tolist() == expected[i], (name, h)
            assert arrays.state().tolist() == [x for row in expected for x in row]
            if not arrays.agents:
                break
            played = {a: int(rng.integers(2 + AGENTS.index(a))) + AGENTS.index(a) for a in arrays.agents}
            for a, act in played.items():
                made["action", AGENTS.index(a), h] = np.eye(2 + AGENTS.index(a))[act - AGENTS.index(a)]
            told, _, terminated, truncated, _ = arrays.step(played)
            ended = h == horizon
            assert all(truncated[a] == (ended and not terminated[a]) for a in told)
        assert not arrays.agents


def test_a_delay_of_two_in_numbers() -> None:
    """Ann, step 3: her own (2,) of step 3, a flag and bob's observation and action of step 1."""

    class Counting(Noise):
        def observation_space(self, agent: str) -> Any:
            return box(1)

        def shown(self, agents: list[str]) -> dict[str, Any]:
            return {a: np.array([10 * self.h + AGENTS.index(a)], np.float32) for a in agents}

        def action_space(self, agent: str) -> Any:
            return named("Discrete", n=2, start=0)

    arrays = posgc.learn.share(Counting(2), "delayed(2)", horizon=4).parallel()
    seen = [arrays.reset()[0]["ann"].tolist()]
    for actions in ({"ann": 0, "bob": 1}, {"ann": 1, "bob": 0}, {"ann": 0, "bob": 0}):
        seen.append(arrays.step(actions)[0]["ann"].tolist())
    none, both = [0, 0, 0, 0, 0], [[1, 11, 1, 0, 1], [1, 21, 1, 1, 0]]
    assert seen == [[10, *none], [20, *none], [30, *both[0]], [40, *both[1]]]
    assert [(p.kind, p.owner, p.age, p.start, p.stop) for p in arrays.parts("ann")] == [
        ("observation", 0, 0, 0, 1),
        ("observation", 1, 2, 1, 3),
        ("action", 1, 2, 3, 6),
    ]


SPACES = {
    "box": (box(2, 2, low=-1, high=1), np.array([[0.5, 0], [1, -1]]), [0.5, 0, 1, -1]),
    "discrete": (named("Discrete", n=3, start=-1), 0, [0, 1, 0]),
    "multi": (
        named("MultiDiscrete", nvec=np.array([2, 3]), start=np.array([0, 4]), dtype=int),
        [1, 6],
        [0, 1, 0, 0, 1],
    ),
    "binary": (named("MultiBinary", n=(1, 2), dtype=np.int8), np.array([[1, 0]]), [1, 0]),
    "tuple": (named("Tuple", spaces=(box(1), named("Discrete", n=2, start=0))), ([0.25], 1), [0.25, 0, 1]),
    "dict": (named("Dict", spaces={"a": box(1), "b": named("MultiBinary", n=1)}), {"b": [1], "a": [2.5]}, [2.5, 1]),
}
OUTSIDE = {
    "box": [np.array([[0.5, 0], [2, -1]]), np.zeros(4), "x", np.full((2, 2), np.nan), None],
    "discrete": [2, 0.5, None],
    "multi": [[2, 4], [0], 3],
    "binary": [np.array([[2, 0]]), np.array([[0.5, 0]]), [1, 0]],
    "tuple": [([0.25],), ([0.25], 2), 3],
    "dict": [{"a": [1.0]}, {"a": [1.0], "b": [2]}, [1, 2]],
}


@pytest.mark.parametrize("kind", SPACES)
def test_values_become_arrays(kind: str) -> None:
    space, value, array = SPACES[kind]
    found = vector(space)
    assert found is not None and found.size == len(array)
    made = found.array(value)
    assert made is not None and made.tolist() == array and (found.low <= made).all() and (made <= found.high).all()
    assert all(found.array(wrong) is None for wrong in OUTSIDE[kind])
    assert vector(named("Text")) is None and vector(named("Tuple", spaces=(space, named("Text")))) is None


def test_arrays_are_those_of_gymnasium() -> None:
    spaces = pytest.importorskip("gymnasium.spaces", reason="gymnasium is not installed")
    nested = spaces.Dict({"b": spaces.Discrete(3, start=-1), "a": spaces.Tuple((spaces.Box(-1, 1, (2, 2)),))})
    for space in (nested, spaces.MultiDiscrete([[2, 3], [1, 4]]), spaces.MultiBinary((2, 2)), spaces.Discrete(4)):
        space.seed(1)
        found = vector(space)
        assert found is not None
        for _ in range(20):
            value = space.sample()
            assert found.array(value).tolist() == pytest.approx(spaces.utils.flatten(space, value).tolist())  # type: ignore[union-attr]


def test_spaces_of_arrays_hold_them() -> None:
    pytest.importorskip("gymnasium", reason="gymnasium is not installed")
    arrays = posgc.learn.share(Noise(3), "delayed(1)", horizon=4).parallel()
    told, _ = arrays.reset()
    while arrays.agents:
        assert all(arrays.observation_space(a).contains(told[a]) for a in told)
        assert arrays.state_space.contains(arrays.state())
        told = arrays.step({a: AGENTS.index(a) for a in arrays.agents})[0]


def test_who_sees_nothing_reads_what_others_do() -> None:
    """An observation of no numbers: the first part begins at 0, and is another agent's."""
    pytest.importorskip("gymnasium", reason="gymnasium is not installed")
    env = Noise(2)
    env.observation_space = lambda agent: box(0) if agent == "ann" else box(2, 2)  # type: ignore[method-assign]
    shown = env.shown
    env.shown = lambda agents: shown(agents) | {"ann": np.zeros(0)}  # type: ignore[method-assign]
    arrays = posgc.learn.share(env, "delayed(1)", horizon=2).parallel()
    told, _ = arrays.reset()
    assert arrays.observation_space("ann").contains(told["ann"]) and arrays.size("ann") == 5 + 4
    assert arrays.observation_space("ann").low[0] == 0 and arrays.state_space.contains(arrays.state())


def test_spaces_whose_values_are_too_long_are_refused() -> None:
    for wide in (named("Discrete", n=2**40, start=0), named("MultiDiscrete", nvec=np.full(3, 2**31), dtype=np.int64)):
        env = Noise(2)
        env.observation_space = lambda agent, space=wide: space  # type: ignore[method-assign,misc]
        with pytest.raises(posgc.InputError, match=r"one-hot \(limit 16,777,216\)") as raised:
            posgc.learn.share(env, "full", horizon=2).parallel()
        assert raised.value.diagnostics[0].code == "E641"


def test_what_cannot_be_shared_is_refused() -> None:
    shared = posgc.learn.share(Noise(2), "full", horizon=2, rewards="common")
    for call in (lambda: shared.solve("team", 100), lambda: shared.reset(1)):  # posgc's own back-ends learn by codes
        with pytest.raises(posgc.InputError, match="of kind Box, which is not finite") as raised:
            call()
        assert raised.value.diagnostics[0].code == "E641"

    def broken(**members: Any) -> Any:
        env = Noise(2)
        vars(env).update({"agents": ["ann", "bob"]} | members)
        return posgc.learn.share(lambda: env, "full", horizon=2, rewards="common").parallel()

    play = {"ann": 0, "bob": 1}
    nan = {"ann": np.zeros((2, 1)), "bob": np.full((2, 2), np.nan)}
    for members, why in (
        ({"observation_space": lambda a: named("Text")}, "of kind Text"),
        ({"reset": lambda **_: (nan, {})}, "bob an observation outside"),
        ({"step": lambda actions: (1, 2)}, "five dictionaries"),
        ({"step": lambda actions: (1, 2, 3, 4, 5)}, "five dictionaries"),
        ({"step": lambda actions: ({}, {"ann": "much", "bob": 1.0}, {}, {}, {})}, "rewards are not numbers"),
        ({"step": lambda actions: ({}, {"ann": 1.0, "bob": 2.0}, {}, {}, {})}, "not shared by all"),
        ({"step": lambda actions: ({}, dict.fromkeys(play, np.nan), {}, {}, {})}, "not a finite number"),
    ):
        with pytest.raises(posgc.InputError, match=why) as raised:
            env = broken(**members)
            env.reset()
            env.agents = ["ann", "bob"]
            env.step(play)
        assert raised.value.diagnostics[0].code == "E641"
    arrays = shared.parallel()
    arrays.reset()
    for actions in ({"ann": 0}, {"ann": 2, "bob": 1}, {"ann": 0, "bob": 0}):
        with pytest.raises(ValueError, match="action"):
            arrays.step(actions)
