"""What a judge says of a policy: what it earns in the true game, and what an agent could gain by deviating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc.language.concepts import DEVIATIONS, DeviationKind, Deviations

__all__ = ["Judgement", "gains_of"]

Floats = npt.NDArray[np.float64]


def gains_of(kind: DeviationKind, deviations: Floats, values: Floats, off: Floats | float = 0.0) -> Floats:
    """[n] what agents gain by their best deviations: `deviations` less `values` [n], both right to within `off`.

    Who keeps what the policy draws for it can always do as the policy does, so a difference below 0 is rounding and
    given as 0.  Who forgoes it may well lose, and its gain is negative then: a loss of at most `off` is given as 0.
    """
    gains = deviations - values
    rounding = -np.asarray(off) if DEVIATIONS[kind].forgoes else -np.inf
    return np.where((gains < 0) & (gains >= rounding), 0.0, gains)


@dataclass(frozen=True)
class Judgement:
    """Values and gains of a policy, in the unit of the rewards; `status` says what the numbers are.

    - `exact`: `values` and `gains` are right to within `error`;
    - `bounded`: `values` are right to within `error`, `gains` are upper bounds (of deviators that remember more than
      the definition lets them, say);
    - `estimated`: `values[i]` is the mean of episodes, within `margins[i]` of the truth with probability `confidence`;
      of deviations nothing is known.
    """

    kind: DeviationKind  # the deviations that it speaks of
    values: tuple[float, ...]  # [n]
    deviation_values: tuple[float, ...] | None  # [n] what the best deviations earn; None where nothing is known
    gains: tuple[float, ...] | None  # [n] deviation_values - values (`gains_of`)
    error: float  # what merging equal beliefs, the tolerance of Assumption 3's check and rounding can have changed
    pairs: tuple[int, ...] = ()  # how many of `judged_on` were enumerated at each step
    # pairs of policy node and true belief; the information states of all deviators; or episodes
    judged_on: Literal["pairs", "histories", "play"] = "pairs"
    status: Literal["exact", "bounded", "estimated"] = "exact"
    confidence: float | None = None
    margins: tuple[float, ...] | None = None  # [n]

    @property
    def deviations(self) -> Deviations:
        """What the deviators of `kind` may do."""
        return DEVIATIONS[self.kind]

    @property
    def gap(self) -> float | None:
        """The largest gain (the paper's NE-, CCE- or CE-gap); None where nothing is known of deviations."""
        return None if self.gains is None else max(self.gains)

    @property
    def nash_conv(self) -> float | None:
        """The sum of the positive gains."""
        return None if self.gains is None else float(sum(max(0.0, gain) for gain in self.gains))

    @property
    def certified(self) -> float | None:
        """What the gap is at most, all errors included; None for an estimate, which proves nothing."""
        return None if self.gap is None or self.status == "estimated" else max(self.gap, 0.0) + self.error

    @property
    def proved(self) -> bool:
        """Whether the numbers are proved, exactly or as bounds."""
        return self.status != "estimated"
