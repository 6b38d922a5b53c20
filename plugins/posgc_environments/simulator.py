"""One partially observable stochastic game in tables, and an episode of it; needs NumPy and nothing else.

Steps are h = 1..H.  (s_1, o_1) is drawn; at step h every agent acts, (s', o') is drawn given (s, a), and the
rewards of the step are paid.  A value is the expected sum of discount^(h-1) times the rewards.

Who knows what follows from a table of lags.  An item is the value of an observation or action variable at a step t;
at step h its age is h - t.  It is common to all from the age max_i lag_i on; before that, agent i knows it from
the age lag_i on, unless it is older than `forget`.  An exchange hands it over, at the latest, at the first of the steps
`first`, `first + every`, ... at which its age is `lag` or more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Episode", "Game", "random_episode"]

Ints = npt.NDArray[np.int64]


class Game:
    """The tables; nothing in it changes.

    Items are numbered in slots: o_1's variables, a_1's, o_2's, a_2's, ..., o_{H+1}'s.  `data` is what
    `posgc export` has written; joint indices are mixed-radix over the variables, the first most significant.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.name, self.agents = str(data["name"]), [str(a) for a in data["agents"]]
        self.horizon, self.discount = int(data["horizon"]), float(data["discount"])
        self.actions, self.observations = data["actions"], data["observations"]
        self.action_radix = [len(v["values"]) for v in self.actions]
        self.observation_radix = [len(v["values"]) for v in self.observations]
        self.active, self.observed = np.array(data["active"], bool), np.array(data["observed"], bool)
        self.states, self.state_sizes = data["states"], [int(k) for k in data["state_sizes"]]
        self.state_values = np.array(data["state_values"], np.int64).reshape(len(self.states), -1)
        self.kernel_of_step = data["kernel_of_step"]
        self.initial = _tables(data["initial"])
        self.kernels = [_tables(kernel) for kernel in data["kernels"]]
        self._slots(data)

    def _slots(self, data: Mapping[str, Any]) -> None:
        """For each slot: its step, its lags [slots, agents], its name, its values in words."""
        n, times, lags, names = len(self.agents), [], [], []
        self.slot_values: list[list[str]] = []
        for t in range(1, self.horizon + 2):
            for kind, variables in (("observation", self.observations), ("action", self.actions)):
                if kind == "action" and t > self.horizon:
                    continue
                met = [x for x in data["exchanges"] if x["kind"] == kind]
                for v, (variable, row) in enumerate(zip(variables, data[f"{kind}_lags"], strict=True)):
                    times.append(t)
                    lags.append(_lags(t, row, [x for x in met if x["variable"] == v]))
                    self.slot_values.append(variable["values"])
                    names.append(f"{variable['name']}[{self.agents[variable['agent']]}]@{t}")
        self.slot_time = np.array(times, np.int64)
        self.slot_lags = np.array(lags, np.int64).reshape(len(times), n)
        self.slot_names = names
        self.forget = np.iinfo(np.int64).max if data["forget"] is None else int(data["forget"])

    def __deepcopy__(self, memo: object) -> Game:
        """Episodes may be copied; they share their game."""
        return self

    def choices(self, agent: int, h: int) -> list[int]:
        """The agent's own actions that can be played at step h."""
        index = [0]
        for v, variable in enumerate(self.actions):
            if variable["agent"] == agent:
                values = self.action_radix[v]
                index = [k * values + d for k in index for d in range(values if self.active[h - 1, v] else 1)]
        return index

    def existing(self, agent: int, h: int, state: int) -> list[int]:
        """Those of the choices that exist in the state."""
        kernel, choices = self.kernels[self.kernel_of_step[h - 1]], self.choices(agent, h)
        if "played" not in kernel:
            return choices
        counts = [self.action_count(i) for i in range(len(self.agents))]
        alone = [self.joint([k if i == agent else 0 for i in range(len(counts))]) for k in choices]
        return [k for k, a in zip(choices, alone, strict=True) if _digits(self.made(h, a, state), counts)[agent] == k]

    def made(self, h: int, joint: int, state: int) -> int:
        """The joint action that this one comes to in the state: of an action that does not exist there the first one
        that does is played."""
        kernel = self.kernels[self.kernel_of_step[h - 1]]
        return int(kernel["played"][joint * len(self.states) + state]) if "played" in kernel else joint

    def played(self, agent: int, h: int, action: int) -> int:
        """The own action that this one comes to at step h: where there is no choice the first value is played."""
        place, found = 1, 0
        for v in reversed(range(len(self.actions))):
            if self.actions[v]["agent"] == agent:
                values = self.action_radix[v]
                found += place * (action // place % values) if self.active[h - 1, v] else 0
                place *= values
        return found

    def action_count(self, agent: int) -> int:
        """Number of the agent's own actions: the product over its action variables."""
        return int(np.prod([k for k, v in zip(self.action_radix, self.actions, strict=True) if v["agent"] == agent]))

    def action_label(self, agent: int, action: int) -> str:
        """An own action in words."""
        own = [v["values"] for v in self.actions if v["agent"] == agent]
        digits = _digits(action, [len(values) for values in own])
        return "+".join(values[d] for values, d in zip(own, digits, strict=True)) or "no choice"

    def joint(self, actions: Sequence[int]) -> int:
        """The joint action of everybody's own actions."""
        index = 0
        for agent, action in enumerate(actions):
            index = index * self.action_count(agent) + int(action)
        return index

    def draws(self, h: int, joint: int, state: int) -> tuple[npt.NDArray[np.float64], int]:
        """Probabilities of the entries that can follow, and the number of the first of them."""
        kernel = self.kernels[self.kernel_of_step[h - 1]]
        row = joint * len(self.states) + state
        begin, end = int(kernel["indptr"][row]), int(kernel["indptr"][row + 1])
        return kernel["probability"][begin:end], begin

    def rewards(self, h: int, joint: int, state: int, entry: int) -> list[float]:
        """What everybody is paid at step h."""
        kernel = self.kernels[self.kernel_of_step[h - 1]]
        if "sample_reward" in kernel:
            return [float(r) for r in kernel["sample_reward"][:, entry]]
        return [float(r) for r in kernel["reward"][:, joint * len(self.states) + state]]

    def known(self, agent: int, h: int) -> npt.NDArray[np.bool_]:
        """Which slots the agent knows at step h, if they were made."""
        age = h - self.slot_time
        common = age >= self.slot_lags.max(axis=1, initial=0)
        known: npt.NDArray[np.bool_] = common | ((age >= self.slot_lags[:, agent]) & (age <= self.forget))
        return known


class Episode:
    """What has happened so far.  `values` holds each slot's value, -1 where it was not made."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.clear()

    def clear(self) -> None:
        """Before the first draw."""
        self.h, self.state = 0, 0
        self.values = np.full(len(self.game.slot_time), -1, np.int64)
        self.returns = [0.0] * len(self.game.agents)

    @property
    def done(self) -> bool:
        """Whether all H steps are over."""
        return self.h > self.game.horizon

    def begin(self, entry: int) -> None:
        """Start from an entry of the initial law."""
        first = self.game.initial
        self._arrive(1, int(first["state"][entry]), int(first["observation"][entry]))

    def advance(self, joint: int, entry: int) -> list[float]:
        """Play a joint action, let chance take the entry; returns the rewards of the step."""
        game, h = self.game, self.h
        rewards = game.rewards(h, joint, self.state, entry)
        self.returns = [old + game.discount ** (h - 1) * r for old, r in zip(self.returns, rewards, strict=True)]
        at = (h - 1) * (len(game.observations) + len(game.actions)) + len(game.observations)
        for v, digit in enumerate(_digits(joint, game.action_radix)):
            if game.active[h - 1, v]:
                self.values[at + v] = digit
        kernel = game.kernels[game.kernel_of_step[h - 1]]
        self._arrive(h + 1, int(kernel["state"][entry]), int(kernel["observation"][entry]))
        return rewards

    def _arrive(self, h: int, state: int, observation: int) -> None:
        self.h, self.state = h, state
        at = (h - 1) * (len(self.game.observations) + len(self.game.actions))
        for v, digit in enumerate(_digits(observation, self.game.observation_radix)):
            if self.game.observed[h - 1, v]:
                self.values[at + v] = digit

    def reset(self, rng: np.random.Generator) -> None:
        """Start again by chance."""
        self.clear()
        self.begin(_draw(rng, self.game.initial["probability"]))

    def step(self, actions: Sequence[int], rng: np.random.Generator) -> list[float]:
        """Everybody acts (own action indices), chance draws; returns the rewards.  A choice made where there is none
        has no effect, and in place of one that does not exist the first is played that does.  Raises ValueError for
        what is not an action, and after the end."""
        for agent, action in enumerate(actions):
            if self.done or not 0 <= action < self.game.action_count(agent):
                raise ValueError(f"{self.game.agents[agent]} cannot play {action} at step {self.h}")
        joint = self.game.joint([self.game.played(i, self.h, int(action)) for i, action in enumerate(actions)])
        joint = self.game.made(self.h, joint, self.state)
        probability, begin = self.game.draws(self.h, joint, self.state)
        return self.advance(joint, begin + _draw(rng, probability))

    def information(self, agent: int) -> Ints:
        """All that the agent knows now, slot by slot: 0 for unknown, else 1 + value."""
        return np.where(self.game.known(agent, self.h), self.values + 1, 0)

    def seen(self, agent: int) -> Ints:
        """The agent's own observation variables of this step: 0 for not made or not known yet, else 1 + value."""
        own = [v for v, variable in enumerate(self.game.observations) if variable["agent"] == agent]
        at = (self.h - 1) * (len(self.game.observations) + len(self.game.actions))
        return self.information(agent)[[at + v for v in own]]

    def mask(self, agent: int) -> npt.NDArray[np.int8]:
        """1 for each own action that can be played now; the first one when the episode is over."""
        mask = np.zeros(self.game.action_count(agent), np.int8)
        mask[self.choices(agent)] = 1
        return mask

    def choices(self, agent: int) -> list[int]:
        """The own actions that can be played now; the first one when the episode is over."""
        return [0] if self.done else self.game.existing(agent, self.h, self.state)

    def knowledge(self, agent: int) -> str:
        """What the agent knows, in words."""
        game, known = self.game, self.information(agent)
        parts = [f"{game.slot_names[k]}={game.slot_values[k][known[k] - 1]}" for k in np.flatnonzero(known)]
        return "; ".join([f"step {self.h}", *parts])

    def __str__(self) -> str:
        lines = [f"step {self.h} of {self.game.horizon}: {self.game.states[self.state]}"]
        lines += [f"  {agent} knows {self.knowledge(i)}" for i, agent in enumerate(self.game.agents)]
        return "\n".join(lines)


def random_episode(game: Game, seed: int = 0) -> list[float]:
    """Everybody plays uniformly at random; prints what happens, returns everybody's discounted return."""
    rng, episode = np.random.default_rng(seed), Episode(game)
    episode.reset(rng)
    while not episode.done:
        print(episode)
        actions = [int(rng.choice(episode.choices(i))) for i in range(len(game.agents))]
        rewards = episode.step(actions, rng)
        for i, agent in enumerate(game.agents):
            print(f"  {agent} plays {game.action_label(i, actions[i])}, is paid {rewards[i]:g}")
    return episode.returns


def _lags(time: int, row: Sequence[int], exchanges: Sequence[Mapping[str, Any]]) -> list[int]:
    """The age at which each agent gets an item of the step."""
    lags = list(row)
    for x in exchanges:
        ready = max(time + x["lag"], x["first"])
        handed = ready + (x["first"] - ready) % x["every"]
        lags[x["agent"]] = min(lags[x["agent"]], handed - time)
    return lags


def _tables(data: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    reals = ("probability", "reward", "sample_reward")
    return {k: np.array(v, np.float64 if k in reals else np.int64) for k, v in data.items()}


def _digits(index: int, radix: Sequence[int]) -> list[int]:
    digits = []
    for size in reversed(radix):
        index, digit = divmod(index, size)
        digits.append(digit)
    return digits[::-1]


def _draw(rng: np.random.Generator, probability: npt.NDArray[np.float64]) -> int:
    total = np.cumsum(probability)
    return int(min(np.searchsorted(total, rng.random() * total[-1], side="right"), len(total) - 1))
