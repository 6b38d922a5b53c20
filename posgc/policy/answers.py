"""Asking an opaque player, which may answer anything."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.information.items import InformationStructure
from posgc.policy.mismatch import PolicyMismatch
from posgc.policy.opaque import Opaque

__all__ = ["answered"]

TOLERANCE = 1e-6
"""By how much the probabilities of an answer may sum to something other than 1; they are divided by their sum."""


def answered(
    strategy: Opaque, structure: InformationStructure, agent: int, h: int, history: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The player's laws [B, A_i] on own histories [B, h].  Raises PolicyMismatch where they are not laws."""
    answer, name = strategy.player.laws(agent, h, history), structure.signature.agents[agent]
    shape = len(history), len(structure.choices(agent, h))
    try:
        said = np.array(answer, dtype=np.float64)
    except (TypeError, ValueError):
        raise PolicyMismatch(f"at step {h} the player of {name} answers with something other than numbers") from None
    if said.shape != shape:
        raise PolicyMismatch(f"at step {h} the player of {name} answers with shape {said.shape} in place of {shape}")
    total = said.sum(axis=1)
    if not (np.isfinite(said).all() and (said >= 0).all() and (np.abs(total - 1) <= TOLERANCE).all()):
        raise PolicyMismatch(f"at step {h} the player of {name} answers with numbers that are not probabilities")
    return np.asarray(said / total[:, None])
