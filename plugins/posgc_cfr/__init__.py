"""The back-end `cfr`: large zero-sum games of two agents under any protocol with perfect recall."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_cfr.backend import RegretMinimisation

__all__ = ["RegretMinimisation", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end."""
    return (RegretMinimisation(),)
