"""Importer and exporter plug-in: Dec-POMDPs in the `.dpomdp` format of the MADP toolbox and the dialect of SDMS.

The whole file is read by a line grammar (`posgc_grammars/dpomdp.lark`) that never fails, so that one run
reports every mistake; statements are then slice assignments into dense tables, and the reachable part of
these becomes the sparse model.  Citation: F. A. Oliehoek, M. T. J. Spaan, B. Terwijn, P. Robbel and
J. V. Messias, "The MADP Toolbox: An Open Source Library for Planning and Learning in (Multi-)Agent
Systems", JMLR 18(89), 2017.
"""

from collections.abc import Sequence

from posgc.plugin import Exporter, Importer, hookimpl
from posgc_dpomdp.exporter import DpomdpExporter
from posgc_dpomdp.importer import DpomdpImporter

__all__ = ["DpomdpExporter", "DpomdpImporter", "posgc_exporters", "posgc_importers"]


@hookimpl
def posgc_importers() -> Sequence[Importer]:
    return (DpomdpImporter(),)


@hookimpl
def posgc_exporters() -> Sequence[Exporter]:
    return (DpomdpExporter(),)
