"""The back-end `coordinator`: optimal teams under any protocol with perfect recall."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_coordinator.backend import CoordinatorSearch

__all__ = ["CoordinatorSearch", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end."""
    return (CoordinatorSearch(),)
