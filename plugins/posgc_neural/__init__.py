"""The back-ends `laci-neural`, `fm-e` and `rnn-e`: teams learned by networks, the paper's and its baselines."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_neural.backends import FmE, LaciNeural, RnnE

__all__ = ["FmE", "LaciNeural", "RnnE", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's three back-ends; offered also where PyTorch is missing, to say so."""
    return LaciNeural(), FmE(), RnnE()
