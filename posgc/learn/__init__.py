"""Learning in anybody's environment under a sharing protocol."""

from posgc.learn.arrays import Part, SharedArrays
from posgc.learn.shared import Shared, share

__all__ = ["Part", "Shared", "SharedArrays", "share"]
