"""The back-end `latent`: a game of hidden states fitted to episodes, and the exact planner in it."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_latent.backend import LatentLearner

__all__ = ["LatentLearner", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end."""
    return (LatentLearner(),)
