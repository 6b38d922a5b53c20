"""Gambit (pygambit) twice: the back-end `gambit`, which solves two-agent stages with it, and the referee `gambit`."""

from collections.abc import Sequence

from posgc.plugin import Backend, Referee, hookimpl
from posgc_gambit.backend import Gambit
from posgc_gambit.referee import GambitReferee

__all__ = ["Gambit", "GambitReferee", "posgc_backends", "posgc_referees"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end; offered also where pygambit is missing, to say so."""
    return (Gambit(),)


@hookimpl
def posgc_referees() -> Sequence[Referee]:
    """This plug-in's one referee; offered also where pygambit is missing, to say so."""
    return (GambitReferee(),)
