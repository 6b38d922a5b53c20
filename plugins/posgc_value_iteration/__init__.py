"""The back-end `value-iteration`: exact backward induction on the common-information graph."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_value_iteration.backend import ValueIteration

__all__ = ["ValueIteration", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end."""
    return (ValueIteration(),)
