"""The back-end `laci`: approximate equilibria learned from samples (Liu & Zhang 2023, Algorithms 5 to 7)."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_laci.backend import Laci

__all__ = ["Laci", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end."""
    return (Laci(),)
