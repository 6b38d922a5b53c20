"""A plug-in of posgc: the back-end `tiny` and the importer `matrix`."""

from posgc.plugin import hookimpl
from posgc_tiny.matrix import Matrix
from posgc_tiny.planner import Tiny

__all__ = ["Matrix", "Tiny", "posgc_backends", "posgc_importers"]


@hookimpl
def posgc_backends():
    return [Tiny()]


@hookimpl
def posgc_importers():
    return [Matrix()]
