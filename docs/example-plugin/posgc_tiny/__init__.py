"""A plug-in of posgc: back-ends `tiny`, `blind` and `counts`, the importer `matrix`, the language block `budget`."""

from posgc.plugin import hookimpl
from posgc_tiny.blind import Blind
from posgc_tiny.budget import Budget
from posgc_tiny.counts import Counts
from posgc_tiny.matrix import Matrix
from posgc_tiny.planner import Tiny

__all__ = ["Blind", "Budget", "Counts", "Matrix", "Tiny", "posgc_backends", "posgc_blocks", "posgc_importers"]


@hookimpl
def posgc_backends():
    return [Tiny(), Blind(), Counts()]


@hookimpl
def posgc_blocks():
    return [Budget()]


@hookimpl
def posgc_importers():
    return [Matrix()]
