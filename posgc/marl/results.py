"""What was earned while learning, by seed, and what that says of another seed: a mean with Student's interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

__all__ = ["CONFIDENCE", "Run", "Trained", "half_interval"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
"""Level of the intervals."""

LAST = 0.1
"""Share of the batches, the last ones, whose mean return counts as what a seed comes to."""


@dataclass(frozen=True, eq=False)
class Run:
    """One seed's learning."""

    seed: int
    frames: Ints  # [P] joint steps until the end of each batch in which an episode ended
    returns: Floats  # [P] mean undiscounted return of the team in the episodes that ended in the batch
    seconds: float
    stopped: bool = False  # by Ctrl-C, before the last batch

    @property
    def final(self) -> float | None:
        """Mean return over the last tenth of the batches, exploration included; None before the first one."""
        last = self.returns[-max(1, round(LAST * len(self.returns))) :]
        return float(last.mean()) if len(last) else None


@dataclass(frozen=True)
class Trained:
    """An algorithm in an environment under a protocol."""

    environment: str
    protocol: str
    algorithm: str
    steps: int  # joint steps that each seed was allowed
    runs: tuple[Run, ...]  # one that was stopped is the last

    @property
    def finals(self) -> Floats:
        """What the seeds that were not stopped came to."""
        return np.array([run.final for run in self.runs if not run.stopped and run.final is not None])

    @property
    def mean(self) -> float | None:
        """Mean of `finals`; None where no seed came to its end."""
        return float(self.finals.mean()) if len(self.finals) else None

    @property
    def half(self) -> float | None:
        """Half the length of Student's 95 % interval around `mean`, over seeds; None for fewer than two."""
        return float(half_interval(self.finals)) if len(self.finals) > 1 else None

    @property
    def stopped(self) -> bool:
        """Whether Ctrl-C ended it."""
        return any(run.stopped for run in self.runs)


def half_interval(samples: Floats) -> Floats:
    """Half the length of Student's interval around the mean over the first axis, [K, ...] with K >= 2."""
    k = len(samples)
    return np.asarray(stdtrit(k - 1, (1 + CONFIDENCE) / 2) * samples.std(axis=0, ddof=1) / np.sqrt(k))
