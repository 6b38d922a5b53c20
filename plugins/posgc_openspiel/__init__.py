"""The referee `openspiel`: OpenSpiel recomputes what a policy earns on the exported game tree."""

from collections.abc import Sequence

from posgc.plugin import Referee, hookimpl
from posgc_openspiel.referee import OpenSpiel

__all__ = ["OpenSpiel", "posgc_referees"]


@hookimpl
def posgc_referees() -> Sequence[Referee]:
    """This plug-in's one referee; offered also where OpenSpiel is missing, to say so."""
    return (OpenSpiel(),)
