"""Where a run of exploration is, and how a checkpoint holds it; which run of a learner a checkpoint is of.

Arrays: the counts of `Reached` with the prefixes `over0`, `over1`, .., `seen` and `begun0`, `begun1` (`posgc.learning.
stored`), and the machines that the explorer remembers, the arrays of machine k with `policy{k}_` before their names.
The facts are {"round", "rounds", "over", "begun", "explorer"}: numbers, and what the explorer says of itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from posgc.information.items import Structure
from posgc.language.concepts import ConceptName
from posgc.learning.counting import Counts
from posgc.learning.stored import arrays_of_counts, counts_of_arrays
from posgc.model.rewards import RewardKind
from posgc.play.environment import Budget, Environment
from posgc.policy.binding import recorded
from posgc.policy.checkpoint import Checkpoint, Facts, number_of
from posgc.policy.compatibility import misfit
from posgc.policy.machine import Machine
from posgc.policy.packed import machine_arrays, machine_of_arrays

__all__ = ["Asked", "Memory", "Reached", "Read", "checkpoint_of", "content_of_run", "machines_of", "run_of"]

Array = npt.NDArray[Any]
Memory = tuple[Facts, list[Machine]]
"""What an explorer remembers: plain JSON, and machines."""

Read = Callable[[int, int], Machine]
"""Machine k of those remembered, of so many steps.  Raises ValueError or KeyError where it is not one."""


@dataclass(frozen=True)
class Reached:
    """How far a run is.  Rounds that are over were learned from, the one that is begun was not."""

    round: int = 0  # number of the round that is begun, from 0
    rounds: int = 0  # rounds that are over and in which something was played
    over: tuple[Counts, ...] = ()  # after each of the last of these, the counts of all episodes so far
    seen: tuple[Counts, ...] = ()  # the counts of all these episodes under the explorer's other structures
    begun: tuple[Counts, ...] = ()  # of the begun round alone, under each structure; empty: nothing was played

    @property
    def episodes(self) -> int:
        """Episodes of the rounds that are over."""
        return self.over[-1].episodes if self.over else 0


def content_of_run(reached: Reached, memory: Memory) -> tuple[Facts, dict[str, Array]]:
    """What a checkpoint holds of a run."""
    said, machines = memory
    arrays: dict[str, Array] = {}
    for name in ("over", "seen", "begun"):
        for k, counts in enumerate(getattr(reached, name)):
            arrays |= arrays_of_counts(counts, f"{name}{k}")
    for k, machine in enumerate(machines):
        arrays |= {f"policy{k}_{name}": array for name, array in machine_arrays(machine).items()}
    sizes = {name: len(getattr(reached, name)) for name in ("over", "seen", "begun")}
    return {"round": reached.round, "rounds": reached.rounds, **sizes, "explorer": said}, arrays


def run_of(facts: Facts, arrays: dict[str, Array], structures: Sequence[Structure], keep: int) -> Reached:
    """The run that a checkpoint holds, with the counts of at most `keep` rounds.  Raises ValueError or KeyError
    where it does not hold one."""
    others = tuple(structures[1:])

    def counts(name: str, of: Sequence[Structure]) -> tuple[Counts, ...]:
        return tuple(counts_of_arrays(arrays, f"{name}{k}", structure) for k, structure in enumerate(of))

    over = number_of(facts["over"], keep)
    seen, begun = (number_of(facts[name], len(structures)) for name in ("seen", "begun"))
    if seen != (len(others) if over else 0) or begun not in (0, len(structures)):
        raise ValueError("it holds the counts of other structures")
    reached = Reached(
        number_of(facts["round"]),
        number_of(facts["rounds"]),
        counts("over", [structures[0]] * over),
        counts("seen", others[:seen]),
        counts("begun", structures[:begun]),
    )
    sizes = [[one.episodes for one in group] for group in (reached.over, reached.seen[:1], reached.begun)]
    rising = all(a < b for a, b in zip(sizes[0], sizes[0][1:], strict=False))
    if not rising or len({*sizes[0][-1:], *sizes[1]}) > 1 or len({*sizes[2]}) > 1:
        raise ValueError("it holds the counts of other episodes")
    if not over <= reached.rounds <= reached.round or (reached.rounds and not over):
        raise ValueError("the number of its rounds does not fit")
    return reached


def machines_of(arrays: dict[str, Array], structure: Structure) -> Read:
    """The machines that a checkpoint holds, for a game with that structure."""

    def read(k: int, steps: int) -> Machine:
        head = f"policy{k}_"
        own = {name.removeprefix(head): array for name, array in arrays.items() if name.startswith(head)}
        machine = machine_of_arrays(own, steps, structure.n_agents, "uniform")
        wrong = misfit(structure, machine, steps)
        if wrong is not None:
            raise ValueError(wrong)
        return machine

    return read


class Asked(Protocol):
    """What a learner is asked (`posgc.plugin.backend.LearningProblem`)."""

    @property
    def environment(self) -> Environment: ...
    @property
    def structure(self) -> Structure: ...
    @property
    def concept(self) -> ConceptName: ...
    @property
    def rewards(self) -> RewardKind: ...
    @property
    def budget(self) -> Budget: ...
    @property
    def seed(self) -> int: ...
    @property
    def digest(self) -> str: ...


def checkpoint_of(path: str | None, backend: str, asked: Asked, options: Any) -> Checkpoint | None:
    """The checkpoint of this run of a learner and of no other, None without a path; `options` is a dataclass instance,
    whose options that say what to find tell runs apart."""
    if path is None:
        return None
    run = {
        "back-end": backend,
        "game": asked.digest,
        "protocol": asked.structure.protocol.name,
        "structure": _digest_of_structure(asked.structure),
        "discount": asked.environment.discount,
        "concept": asked.concept,
        "rewards": asked.rewards,
        "seed": asked.seed,
        "samples": asked.budget.samples,
    }
    return Checkpoint(path, run | {name.replace("_", "-"): v for name, v in recorded(options).items()})


def _digest_of_structure(structure: Structure) -> str:
    """SHA-256 of all that an information structure says."""
    signature = structure.signature
    names = [[v.name, v.agent, v.values] for v in (*signature.actions, *signature.observations)]
    told = [signature.agents, names, structure.horizon, structure.protocol.content, sorted(structure.dropped)]
    found = hashlib.sha256(json.dumps(told).encode())
    for made in (structure.active, structure.observed):
        found.update(np.ascontiguousarray(made, np.uint8).tobytes())
    return found.hexdigest()
