"""Copies of a shared environment side by side, as one environment of torchrl with a batch dimension.

Agents whose arrays and actions have the same sizes are a group.  Under the name of each group stand `observation`
[B, agents, numbers], `action` [B, agents] and `reward` [B, agents, 1]; `state` [B, numbers] is all agents' arrays, and
`done`, `terminated` and `truncated` are [B, 1].
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from tensordict import TensorDict, TensorDictBase
from torchrl.data import Categorical, Composite, Unbounded
from torchrl.envs import EnvBase

from posgc.learn.arrays import SharedArrays
from posgc.learn.copies import unfit
from posgc.learn.shared import Shared

__all__ = ["Batch"]

LARGEST = 1e30
"""The largest mean of the agents' rewards: networks read single precision, and returns add them up."""


class Batch(EnvBase):
    """`copies` environments; the episodes' seeds are drawn from `seed`."""

    def __init__(self, shared: Shared, copies: int, seed: int) -> None:
        super().__init__(device="cpu", batch_size=torch.Size([copies]))
        self.envs: list[SharedArrays] = [shared.parallel() for _ in range(copies)]
        self.names = self.envs[0].possible_agents
        self.group_map = _groups(self.envs[0])
        self._starts = {name: int(self._space(name).start) for name in self.names}
        self._rng = np.random.default_rng(seed)
        self._seen: list[Any] = [None] * copies
        observations, actions, rewards = {}, {}, {}
        for group, names in self.group_map.items():
            n, numbers, choices = len(names), self.envs[0].size(names[0]), int(self._space(names[0]).n)
            observations[group] = Composite({"observation": Unbounded((n, numbers))}, shape=(n,))
            actions[group] = Composite({"action": Categorical(choices, shape=(n,))}, shape=(n,))
            rewards[group] = Composite({"reward": Unbounded((n, 1))}, shape=(n,))
        size = sum(self.envs[0].size(name) for name in self.names)
        self.full_observation_spec_unbatched = Composite({**observations, "state": Unbounded((size,))})
        self.full_action_spec_unbatched = Composite(actions)
        self.full_reward_spec_unbatched = Composite(rewards)
        flag = Categorical(2, shape=(1,), dtype=torch.bool)
        self.full_done_spec_unbatched = Composite({key: flag.clone() for key in ("done", "terminated", "truncated")})

    def _space(self, name: Any) -> Any:
        return self.envs[0].action_space(name)

    def _set_seed(self, seed: int | None) -> None:
        self._rng = np.random.default_rng(seed)

    def _reset(self, tensordict: TensorDictBase | None = None, **kwargs: Any) -> TensorDictBase:
        again = None if tensordict is None else tensordict.get("_reset", None)
        for k in range(len(self.envs)) if again is None else again.reshape(-1).nonzero().ravel().tolist():
            self._seen[k], _ = self.envs[k].reset(seed=int(self._rng.integers(1 << 31)))
            self._require_all(self.envs[k].agents, self._seen[k])
        return TensorDict({**self._told(), **self._flags(np.zeros((2, len(self.envs)), bool))}, self.batch_size)

    def _step(self, tensordict: TensorDictBase) -> TensorDictBase:
        chosen = {}
        for group, names in self.group_map.items():
            played = tensordict.get((group, "action")).numpy()
            chosen.update({name: played[:, at] for at, name in enumerate(names)})
        paid, over = np.zeros(len(self.envs)), np.zeros((2, len(self.envs)), bool)
        for k, env in enumerate(self.envs):
            actions = {name: self._starts[name] + int(chosen[name][k]) for name in self.names}
            self._seen[k], rewards, terminations, *_ = env.step(actions)
            paid[k] = sum(map(float, rewards.values())) / len(self.names)
            if abs(paid[k]) > LARGEST:
                raise unfit(f"it pays {paid[k]:g} (limit of networks {LARGEST:g})", "let it pay in a larger unit")
            self._require_all(env.agents or self.names, self._seen[k])
            if not env.agents:
                ended = all(terminations.get(name, False) for name in self.names)
                over[:, k] = ended, not ended
        reward = torch.tensor(paid, dtype=torch.float32)[:, None, None]
        told = self._told()
        for group, names in self.group_map.items():
            told[group].set("reward", reward.expand(-1, len(names), 1).clone())
        return TensorDict({**told, **self._flags(over)}, self.batch_size)

    def _told(self) -> dict[str, Any]:
        """What the agents read, group by group, and all of it."""
        arrays = {name: np.stack([seen[name] for seen in self._seen]) for name in self.names}
        told: dict[str, Any] = {
            "state": torch.from_numpy(np.concatenate([arrays[name] for name in self.names], axis=1))
        }
        for group, names in self.group_map.items():
            rows = torch.from_numpy(np.stack([arrays[name] for name in names], axis=1))
            told[group] = TensorDict({"observation": rows}, (len(self.envs), len(names)))
        return told

    def _flags(self, over: Any) -> dict[str, torch.Tensor]:
        """`over` [2, B]: whether episodes terminated, and whether they were truncated."""
        terminated, truncated = torch.from_numpy(over)[:, :, None]
        return {"done": terminated | truncated, "terminated": terminated, "truncated": truncated}

    def _require_all(self, *playing: Collection[Any]) -> None:
        """Raises InputError (E641) where some agents do not play, or see nothing."""
        for names in playing:
            if set(names) != set(self.names):
                raise unfit(f"of {self.names} only {list(names)} go on, and agents are trained that stop together")


def _groups(env: SharedArrays) -> dict[str, list[Any]]:
    """Agents by the sizes of their arrays and actions.  Raises InputError (E641) for actions that are not Discrete."""
    groups: dict[tuple[int, int], list[Any]] = {}
    for name in env.possible_agents:
        space = env.action_space(name)
        if type(space).__name__ != "Discrete":
            raise unfit(
                f"the action_space of {name} is of kind {type(space).__name__}", "wrap it so that it is Discrete"
            )
        groups.setdefault((env.size(name), int(space.n)), []).append(name)
    return {f"group_{k}": names for k, names in enumerate(groups.values())}
