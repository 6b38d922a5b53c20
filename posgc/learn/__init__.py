"""Learning in anybody's environment under a sharing protocol."""

from posgc.learn.shared import Shared, share

__all__ = ["Shared", "share"]
