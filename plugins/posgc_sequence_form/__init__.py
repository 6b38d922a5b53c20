"""The back-end `sequence-form`: zero-sum games of two agents under any protocol with perfect recall, exactly."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_sequence_form.backend import SequenceForm

__all__ = ["SequenceForm", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's one back-end."""
    return (SequenceForm(),)
