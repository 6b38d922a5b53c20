"""The versions that results depend on."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version

from posgc.plugin.registry import registry

__all__ = ["versions"]


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Of posgc and of every plug-in that works."""
    found = {f"{p.distribution}: {p.name}": p.version for p in registry().plugins if p.defect is None}
    return {"posgc": version("posgc"), **found}
