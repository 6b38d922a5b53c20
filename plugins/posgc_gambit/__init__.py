"""The back-end `gambit`: backward induction whose two-agent stages are solved by Gambit (pygambit)."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_gambit.backend import Gambit

__all__ = ["Gambit", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end; offered also where pygambit is missing, to say so."""
    return (Gambit(),)
