"""Episodes collected in batches under an exploring policy.

The environment is anybody's, so each step is looked at: what lies outside the spaces, or is not a number, is refused
with a code.  What a protocol makes of the episodes is worked out when they are counted (`posgc.learning.counting`), so
the same episodes serve several protocols.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from posgc.information.items import InformationStructure
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.numerals import plural
from posgc.play.chance import Chance
from posgc.play.environment import Budget, CountedEnvironment, Environment
from posgc.play.players import Player
from posgc.play.simulator import Step

__all__ = ["Batch", "collect", "counted", "joined", "require_budget", "returns"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BATCH = 1 << 14
"""Episodes that are played at a time: the arrays of a step then stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Batch:
    """B episodes of H steps: entry h - 1 of each tuple belongs to step h."""

    observation: tuple[Ints, ...]  # H arrays [B], joint indices of o_h
    action: tuple[Ints, ...]  # H arrays [B], joint indices of a_h
    reward: tuple[Floats, ...]  # H arrays [n, B], undiscounted, in the unit of the game

    @property
    def size(self) -> int:
        """B."""
        return len(self.observation[0])


def require_budget(environment: CountedEnvironment, horizon: int, kept_back: int = 0) -> None:
    """Raises InputError (E640) where not even one episode can be played beside those that are kept back for a
    selection."""
    least = horizon * (1 + kept_back)
    if environment.left < least:
        rest = f" and {kept_back:,} for the selection" if kept_back else ""
        left = plural(environment.left, "joint step", ",")
        what = f"a budget of {left} is less than one episode of {horizon:,} steps{rest}"
        fewer = ", or fewer candidates or rollouts" if kept_back else ""
        raise InputError([Diagnostic("E640", what, help=f"give --samples {least} or more{fewer}")])


def counted(environment: Environment, budget: Budget) -> CountedEnvironment:
    """The environment, counted; itself where it counts already."""
    return environment if isinstance(environment, CountedEnvironment) else CountedEnvironment(environment, budget)


def collect(
    environment: Environment,
    structure: InformationStructure,
    player: Player,
    episodes: int,
    seed: int,
    first: int = 0,
) -> Iterator[Batch]:
    """Episodes `first` to `first + episodes - 1`, played by `player`, at most BATCH at a time, or as few as the
    environment plays at once.

    `seed` is of the player's random numbers; an episode depends on it and on its number alone.  Raises InputError
    (E641) where the environment raises or answers what it may not, LimitError past its budget.
    """
    most = getattr(environment, "largest_batch", None) or BATCH
    for begin in range(first, first + episodes, most):
        size = min(most, first + episodes - begin)
        yield _batch(environment, structure, player, Chance(seed, begin, size))


def joined(batches: Sequence[Batch]) -> Batch:
    """The episodes of all batches as one."""

    def along(name: Literal["observation", "action", "reward"]) -> tuple[npt.NDArray[Any], ...]:
        steps = zip(*(getattr(batch, name) for batch in batches), strict=True)
        return tuple(np.concatenate(arrays, axis=-1) for arrays in steps)

    return Batch(along("observation"), along("action"), along("reward"))


def returns(
    environment: Environment, structure: InformationStructure, player: Player, episodes: int, seed: int, first: int
) -> Floats:
    """Discounted returns of the agents, [n, episodes].  Raises as `collect`."""
    found = []
    for batch in collect(environment, structure, player, episodes, seed, first):
        worth = environment.discount ** np.arange(len(batch.reward))
        found.append(np.tensordot(worth, np.stack(batch.reward), 1))
    return np.concatenate(found, axis=1)


def _batch(environment: Environment, structure: InformationStructure, player: Player, chance: Chance) -> Batch:
    observations, actions, rewards = [], [], []
    step = _answered(environment, structure, 1, chance, None)
    for h in range(1, structure.horizon + 1):
        observations.append(step.observation)
        step = _answered(environment, structure, h + 1, chance, player.act(step, chance))
        assert step.action is not None
        actions.append(step.action)
        rewards.append(step.reward)
    return Batch(tuple(observations), tuple(actions), tuple(rewards))


def _answered(
    environment: Environment, structure: InformationStructure, h: int, chance: Chance, played: Ints | None
) -> Step:
    """The step after what was played, or the first one; looked at before anything is made of it."""
    try:
        step = environment.reset(chance.size, chance.first) if played is None else environment.step(played)
    except (InputError, LimitError, MemoryError):
        raise
    except Exception as error:  # it is anybody's, and may raise anything at all
        raise _fails(f"it raised {type(error).__name__} before step {h}: {error}") from error
    joint = int(np.prod(structure.signature.observation_sizes))
    if step.h != h or step.done != (h > structure.horizon):
        raise _fails(f"it stands at step {step.h}{' and says it is over' if step.done else ''}, where step {h} is due")
    if step.observation.shape != (chance.size,) or step.reward.shape != (structure.n_agents, chance.size):
        raise _fails(f"at step {h} its arrays are not of {chance.size} episodes")
    if int(step.observation.min()) < 0 or int(step.observation.max()) >= joint:
        raise _fails(f"at step {h} it shows an observation outside of its space")
    if not np.isfinite(step.reward).all():
        raise _fails(f"it paid a reward that is not a finite number for step {h - 1}")
    return step


def _fails(why: str) -> InputError:
    cure = "mend the environment; nothing was learned from this batch"
    return InputError([Diagnostic("E641", f"the environment cannot be learned in: {why}", help=cure)])
