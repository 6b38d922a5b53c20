"""The back-end `lemke`: Nash equilibria of two agents under any protocol with perfect recall, whatever the rewards."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_lemke.backend import Lemke

__all__ = ["Lemke", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end."""
    return (Lemke(),)
