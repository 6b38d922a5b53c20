"""The back-ends `sequence-form` and `column-generation`: programmes on information sets, exactly, under any protocol
with perfect recall."""

from collections.abc import Sequence

from posgc.plugin import Backend, hookimpl
from posgc_sequence_form.backend import SequenceForm
from posgc_sequence_form.columns import ColumnGeneration

__all__ = ["ColumnGeneration", "SequenceForm", "posgc_backends"]


@hookimpl
def posgc_backends() -> Sequence[Backend]:
    """This plug-in's back-ends."""
    return (SequenceForm(), ColumnGeneration())
