"""Episodes in words, one line a step, with the names of the game."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from posgc.language.signature import Variable
from posgc.model.arrays import Model
from posgc.play.sampler import Episodes

__all__ = ["trace_columns", "trace_lines", "trace_rows"]

MADE = dict[str, str]


@dataclass(frozen=True)
class _Line:
    """Where an episode stands when step h begins, what is then done, earned and told; an empty cell, or a missing
    name, is what is not made at that step."""

    episode: int
    step: int
    state: MADE
    observation: MADE
    action: MADE
    reward: dict[str, float]
    policy: dict[str, int]


def trace_lines(model: Model, episodes: Episodes) -> Iterator[dict[str, Any]]:
    """One JSON object a step, H + 1 an episode; after the last decision `action` and `reward` are null."""
    for episode in range(episodes.returns.shape[1]):
        for line in _lines(model, episodes, episode):
            over = line.step > model.horizon
            yield {
                "episode": line.episode,
                "step": line.step,
                "state": line.state,
                "observation": line.observation,
                "action": None if over else line.action,
                "reward": None if over else line.reward,
                "policy": line.policy,
            }


def trace_columns(model: Model, episodes: Episodes) -> list[str]:
    """Headings of `trace_rows`."""
    agents, signature = model.signature.agents, model.signature
    named = _names(agents, (*signature.observations, *signature.actions))
    return ["step", *model.state_names, *named, *(f"reward[{agent}]" for agent in agents), *episodes.inner]


def trace_rows(model: Model, episodes: Episodes, episode: int) -> Iterator[list[str]]:
    """The steps of an episode as rows of a table."""
    agents, signature = model.signature.agents, model.signature
    seen, done = _names(agents, signature.observations), _names(agents, signature.actions)
    for line in _lines(model, episodes, episode):
        rewards = [f"{line.reward[agent]:z.6g}" if line.reward else "" for agent in agents]
        yield [
            str(line.step),
            *line.state.values(),
            *(line.observation.get(name, "") for name in seen),
            *(line.action.get(name, "") for name in done),
            *rewards,
            *(str(line.policy.get(name, "")) for name in episodes.inner),
        ]


def _lines(model: Model, episodes: Episodes, episode: int) -> Iterator[_Line]:
    agents, signature = model.signature.agents, model.signature
    for h in range(1, model.horizon + 2):
        values = model.state_values[episodes.state[h - 1, episode]]
        state = {n: ls[v] for n, ls, v in zip(model.state_names, model.state_labels, values, strict=True)}
        seen = _values(agents, signature.observations, episodes.observation[h - 1, episode], model.observed[h - 1])
        if h > model.horizon:
            yield _Line(episode, h, state, seen, {}, {}, {})
            return
        done = _values(agents, signature.actions, episodes.action[h - 1, episode], model.active[h - 1])
        earned = dict(zip(agents, episodes.reward[:, h - 1, episode].tolist(), strict=True))
        told = {name: int(numbers[h - 1, episode]) for name, numbers in episodes.inner.items()}
        yield _Line(episode, h, state, seen, done, earned, told)


def _names(agents: Sequence[str], variables: Sequence[Variable]) -> list[str]:
    return [f"{v.name}[{agents[v.agent]}]" for v in variables]


def _values(agents: Sequence[str], variables: Sequence[Variable], joint: int, made: Sequence[bool]) -> MADE:
    """The values of the variables that are made, by name."""
    digits = np.unravel_index(int(joint), [len(v.values) for v in variables]) if variables else ()
    names = _names(agents, variables)
    return {n: v.values[int(d)] for n, v, d, on in zip(names, variables, digits, made, strict=True) if on}
