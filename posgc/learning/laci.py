"""LACI: explore, construct a model of common information, plan in it, select (Liu & Zhang 2023, Algorithm 7).

Each round of exploration ends with the counts of all episodes so far.  The policy is planned in the last round's model;
with selection, in those of the last rounds, and rollouts choose among them (`posgc.learning.selection`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from posgc.learning.construct import Learned
from posgc.learning.counting import Counts
from posgc.learning.rounds import Adaptive, Spanning, Task, adaptive_rounds, basecamp_rounds, uniform_round
from posgc.learning.sampling import require_budget
from posgc.learning.selection import Chosen, rollouts_needed, selected
from posgc.policy.machine import Machine

__all__ = ["Exploration", "Found", "learned"]

Exploration = Adaptive | Spanning | None
"""How episodes are gathered; None: by uniform draws."""


@dataclass(frozen=True)
class Found:
    """A policy and what it was learned from."""

    policy: Machine
    model: Learned
    counts: Counts
    rounds: int
    chosen: Chosen | None  # what selection says; None without it


def learned(task: Task, exploration: Exploration, candidates: int, rollouts: int) -> Found:
    """Learn, with all that the budget allows.

    `candidates` >= 1 models of the last rounds; where there are several, `rollouts` episodes for each of them and for
    each deviation are kept back.  Raises InputError where the budget or the environment is at fault (E640, E641),
    LimitError where a model is too large.
    """
    horizon = task.structure.horizon
    require_budget(task.environment, horizon)
    kept_back = 0 if candidates == 1 else rollouts_needed(task, candidates, rollouts)
    episodes = task.environment.left // horizon - kept_back
    require_budget(task.environment, horizon * (kept_back + 1))
    last: list[Counts] = []
    rounds = 0
    for counts in _rounds(task, exploration, episodes):
        rounds, last = rounds + 1, [*last, counts][-candidates:]
    models = [task.model(counts) for counts in last]
    policies = [task.policy(model) for model in models]
    if len(policies) == 1:
        return Found(policies[0], models[0], last[0], rounds, None)
    chosen = selected(task, models, policies, rollouts, last[-1].episodes)
    return Found(policies[chosen.index], models[chosen.index], last[chosen.index], rounds, chosen)


def _rounds(task: Task, exploration: Exploration, episodes: int) -> Iterator[Counts]:
    if exploration is None:
        return uniform_round(task, episodes)
    if isinstance(exploration, Adaptive):
        return adaptive_rounds(task, episodes, exploration)
    return basecamp_rounds(task, episodes, exploration)
