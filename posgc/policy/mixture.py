"""Several strategies, one of which is drawn for each episode."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from posgc.policy.controllers import Controllers
from posgc.policy.machine import Machine
from posgc.policy.stationary import Stationary

__all__ = ["Mixture", "Part"]

Part = Machine | Stationary | Controllers


@dataclass(frozen=True, eq=False)
class Mixture:
    """Before each episode a part is drawn, once, and all agents follow it; nobody is told which.

    Judged on histories, where the information states fit, else estimated by play.  It correlates its agents, so that
    it has no Nash gap unless one part has all the weight; `posgc.judge.following_mixture` says what deviators of a
    coarse or a correlated equilibrium know.  On what it has never seen it plays what the part that was drawn plays.
    """

    kind: ClassVar = "mixture"

    weight: npt.NDArray[np.float64]  # [K], probabilities
    parts: tuple[Part, ...]  # K

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes of each step, of all parts together; a stationary part's count once, at the first."""
        return tuple(map(sum, zip_longest(*(part.sizes for part in self.parts), fillvalue=0)))

    @property
    def n_nodes(self) -> int:
        """Nodes of all parts together."""
        return sum(part.n_nodes for part in self.parts)
