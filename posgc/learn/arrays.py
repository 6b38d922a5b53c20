"""A PettingZoo parallel environment in which every agent reads an array: its own observation, and what the protocol
brings it at this step.

Agent i's array at step h is

    own observation | part | part | ...        part = flag, item

An item is another agent's observation or action of one step.  The protocol has it reach the agent at an age (an
observation is of age 0 at its own step, an action of age 1 at the next); there is one part for each owner, kind and age
at which such items reach the agent within the episode, in the order (owner, observation before action, age).  At step h
the part of age g holds the item of step h - g, and its flag is 1; where that step is none of the episode, its owner was
done then, or the item reaches the agent at another age, flag and item are 0.  So under `delayed(d)` an agent reads the
others' observations and actions of d steps ago, under `full` their observations of this step and their actions of the
last, and under `none` its own observation alone.  What arrived at earlier steps is not repeated: who needs it has to
remember.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from posgc.information.items import Item, Structure
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.sharing.lag_table import Kind
from posgc.learn.copies import asked, five, paid_to, playing, shown_at_reset, unfit
from posgc.learn.vectors import Floats, Vector

__all__ = ["Part", "SharedArrays"]

KINDS: tuple[Kind, ...] = ("observation", "action")
"""In the order of an array."""


@dataclass(frozen=True)
class Part:
    """A stretch of an agent's array."""

    kind: Kind
    owner: int  # whose observation or action, an index into `possible_agents`
    age: int  # h - t at step h, where the item is of step t
    start: int  # the flag's place in the array; of the own observation, which has no flag, that of its first number
    stop: int  # the place after the last number


class SharedArrays:
    """The environment, with the interface of PettingZoo's parallel environments.

    An episode is over after the horizon's steps (truncated), or when the environment behind it says so.  The array that
    comes with the last rewards is made by the same rule.
    """

    metadata: ClassVar[Mapping[str, Any]] = {"name": "posgc_shared_arrays", "render_modes": []}
    render_mode: ClassVar[None] = None

    def __init__(
        self,
        env: Any,
        structure: Structure,
        vectors: Mapping[Kind, Sequence[Vector]],
        require_rewards: Callable[[npt.NDArray[np.float64]], None],
    ) -> None:
        self.env, self.structure, self.horizon = env, structure, structure.horizon
        self.possible_agents = list(env.possible_agents)
        self.agents: list[Any] = []
        self._vectors, self._require_rewards = vectors, require_rewards
        self._layouts = [self._layout(i) for i in range(len(self.possible_agents))]
        self._oldest = max(part.age for layout in self._layouts for part in layout)
        self._made: dict[tuple[Kind, int, int], Floats] = {}  # items of this episode by kind, owner and step
        self._h = 0

    def parts(self, agent: Any) -> tuple[Part, ...]:
        """What stands where in the agent's array, its own observation first."""
        return self._layouts[self.possible_agents.index(agent)]

    def size(self, agent: Any) -> int:
        """Numbers of the agent's array."""
        return self.parts(agent)[-1].stop

    def observation_space(self, agent: Any) -> Any:
        """A `gymnasium.spaces.Box` of the agent's arrays.  Raises InputError (E636) without Gymnasium."""
        return _box([self._bounds(at, part) for at, part in enumerate(self.parts(agent))])

    def action_space(self, agent: Any) -> Any:
        """The environment's own."""
        return self.env.action_space(agent)

    @property
    def state_space(self) -> Any:
        """A `gymnasium.spaces.Box` of `state`.  Raises InputError (E636) without Gymnasium."""
        return _box([self._bounds(at, part) for layout in self._layouts for at, part in enumerate(layout)])

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Arrays and infos by agent.  Raises InputError (E641) where the environment is at fault."""
        told = asked("reset failed", partial(self.env.reset, seed=seed, options=options))
        seen, infos = shown_at_reset(self.env, told), told[1] if isinstance(told, tuple) and len(told) > 1 else {}
        self._h, self._made, self.agents = 1, {}, playing(self.env, self.possible_agents, seen)
        return self._read(seen), infos

    def step(self, actions: Mapping[Any, Any]) -> Any:
        """Arrays, rewards, terminations, truncations and infos by agent.

        Raises InputError (E641) where the environment is at fault, ValueError for actions that are not those of the
        agents that play.
        """
        if set(actions) != set(self.agents):
            raise ValueError(f"an action for each of {self.agents} is needed, not for {list(actions)}")
        for i, name in enumerate(self.possible_agents):
            if name in actions:
                array = self._vectors["action"][i].array(actions[name])
                if array is None:
                    raise ValueError(f"{actions[name]!r} is not in the action space of {name}")
                self._made["action", i, self._h] = array
        seen, rewards, terminations, truncations, infos = five(
            asked("step failed", partial(self.env.step, dict(actions)))
        )
        self._require_rewards(np.array(paid_to(self.possible_agents, actions, rewards)).reshape(-1, 1))
        self._h, self.agents = self._h + 1, playing(self.env, self.possible_agents, seen)
        if self._h > self.horizon:
            truncations = {name: not terminations.get(name, False) for name in seen}
            self.agents = []
        return self._read(seen), rewards, terminations, truncations, infos

    def state(self) -> Floats:
        """All agents' arrays of this step, one after the other; the own observation of an agent that is done is 0."""
        return np.concatenate([self._array(i) for i in range(len(self.possible_agents))])

    def render(self) -> Any:
        """What the environment renders."""
        return self.env.render()

    def close(self) -> None:
        """Close the environment."""
        self.env.close()

    def _layout(self, i: int) -> tuple[Part, ...]:
        parts = [Part("observation", i, 0, 0, self._vectors["observation"][i].size)]
        for j in range(len(self.possible_agents)):
            for kind in KINDS if j != i else ():
                for age in self._ages(i, kind, j):
                    start = parts[-1].stop
                    parts.append(Part(kind, j, age, start, start + 1 + self._vectors[kind][j].size))
        return tuple(parts)

    def _ages(self, i: int, kind: Kind, j: int) -> list[int]:
        """At which ages agent j's items of a kind reach agent i within the episode."""
        steps = range(1, self.horizon + 1) if self.structure.protocol.exchanges else (1,)
        ages = ((t, self.structure.first_age(i, Item(t, kind, j))) for t in steps)
        return sorted({age for t, age in ages if t + age <= self.horizon})

    def _bounds(self, at: int, part: Part) -> tuple[Floats, Floats]:
        """Least and largest numbers of the part in this place; what comes from others may be 0 in its place."""
        vector = self._vectors[part.kind][part.owner]
        if at == 0:  # its own observation
            return vector.low, vector.high
        return np.append(np.float32(0), np.minimum(vector.low, 0)), np.append(np.float32(1), np.maximum(vector.high, 0))

    def _read(self, seen: Mapping[Any, Any]) -> dict[Any, Floats]:
        """What the agents read at this step, where these are their own observations."""
        for i, name in enumerate(self.possible_agents):
            if name in seen:
                array = self._vectors["observation"][i].array(seen[name])
                if array is None:
                    raise unfit(f"it shows {name} an observation outside of its space: {seen[name]!r}")
                self._made["observation", i, self._h] = array
        self._made = {key: array for key, array in self._made.items() if self._h - key[2] <= self._oldest}
        return {name: self._array(i) for i, name in enumerate(self.possible_agents) if name in seen}

    def _array(self, i: int) -> Floats:
        """What agent i reads at this step."""
        own, *others = self._layouts[i]
        found = np.zeros(self._layouts[i][-1].stop, np.float32)
        found[: own.stop] = self._made.get(("observation", i, self._h), 0)
        for part in others:
            t = self._h - part.age
            array = self._made.get((part.kind, part.owner, t))
            if array is not None and self._arrives(i, Item(t, part.kind, part.owner), part.age):
                found[part.start] = 1
                found[part.start + 1 : part.stop] = array
        return found

    def _arrives(self, i: int, item: Item, age: int) -> bool:
        """Whether the item reaches agent i at this age: all of a kind do, unless links work at some steps only."""
        return not self.structure.protocol.exchanges or self.structure.first_age(i, item) == age


def _box(bounds: Sequence[tuple[Floats, Floats]]) -> Any:
    try:
        from gymnasium.spaces import Box
    except ImportError:
        cure = "pip install 'posgc[pettingzoo]'"
        raise InputError([Diagnostic("E636", "gymnasium is not installed", help=cure)]) from None
    return Box(
        np.concatenate([low for low, _ in bounds]), np.concatenate([high for _, high in bounds]), dtype=np.float32
    )
