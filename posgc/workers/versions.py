"""The versions that results depend on."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points, version

__all__ = ["versions"]


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Of posgc and of every plug-in that is installed."""
    points = [(point, point.dist) for point in entry_points(group="posgc")]
    found = {f"{dist.name}: {point.name}": dist.version for point, dist in points if dist is not None}
    return {"posgc": version("posgc"), **found}
