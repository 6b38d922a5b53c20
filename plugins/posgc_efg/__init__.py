"""Exporter plug-in: extensive-form games in the `.efg` format that Gambit and OpenSpiel read."""

from collections.abc import Sequence

from posgc.plugin import Exporter, hookimpl
from posgc_efg.exporter import EfgExporter

__all__ = ["EfgExporter", "posgc_exporters"]


@hookimpl
def posgc_exporters() -> Sequence[Exporter]:
    """This plug-in's one exporter."""
    return (EfgExporter(),)
