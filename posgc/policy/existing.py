"""Tables of choices without those that do not exist where they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["existing"]


def existing(table: npt.NDArray[Any], played: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Choices [...], or laws over them [..., A], each choice replaced by the one that is played in its place,
    `played` [..., A]."""
    if table.ndim < played.ndim:
        return np.take_along_axis(played, table[..., None].astype(np.int64), axis=-1)[..., 0].astype(table.dtype)
    stands = played[..., None] == np.arange(played.shape[-1])
    return np.asarray((table[..., None] * stands).sum(axis=-2))
