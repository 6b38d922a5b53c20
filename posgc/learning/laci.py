"""LACI: explore, construct a model of common information, plan in it, select (Liu & Zhang 2023, Algorithm 7).

Each round of exploration ends with the counts of all episodes so far.  The policy is planned in the last round's model;
with selection, in those of the last rounds, and rollouts choose among them (`posgc.learning.selection`).
"""

from __future__ import annotations

from dataclasses import dataclass

from posgc.learning.construct import Learned
from posgc.learning.counting import Counts
from posgc.learning.gathering import Gathering
from posgc.learning.rounds import Adaptive, AdaptiveExplorer, Explorer, Spanning, SpanningExplorer, Task
from posgc.learning.sampling import require_budget
from posgc.learning.selection import Chosen, rollouts_needed, selected
from posgc.policy.checkpoint import Checkpoint
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
    left: int  # episodes that were not played, as the run was stopped


def learned(
    task: Task,
    exploration: Exploration,
    candidates: int,
    rollouts: int,
    checkpoint: Checkpoint | None = None,
) -> Found:
    """Learn, with all that the budget allows, or until `task.stop` says so.

    `candidates` >= 1 models of the last rounds; where there are several, `rollouts` episodes for each of them and for
    each deviation are kept back.  With a checkpoint, the run goes on where it was, to the same result, and is saved now
    and then.  Raises InputError where the budget or the environment is at fault (E640, E641), or the checkpoint (E615,
    E642, E643), LimitError where a model is too large.
    """
    horizon = task.structure.horizon
    kept_back = 0 if candidates == 1 else rollouts_needed(task, candidates, rollouts)
    require_budget(task.environment, horizon, kept_back)
    episodes = task.environment.left // horizon - kept_back
    gathering = Gathering(task, _explorer(task, exploration), episodes, candidates, checkpoint)
    complete = gathering.run()
    last, rounds = gathering.counts, gathering.rounds
    if not complete:
        last = last[-1:]
    models = [task.model(counts) for counts in last]
    policies = [task.policy(model) for model in models]
    left = episodes - last[-1].episodes
    if len(policies) == 1:
        return Found(policies[0], models[0], last[0], rounds, None, left)
    chosen = selected(task, models, policies, rollouts, last[-1].episodes)
    return Found(policies[chosen.index], models[chosen.index], last[chosen.index], rounds, chosen, left)


def _explorer(task: Task, exploration: Exploration) -> Explorer:
    if isinstance(exploration, Spanning):
        return SpanningExplorer(task, exploration)
    return AdaptiveExplorer(task, exploration or Adaptive(1, 0.0, 0.0))
