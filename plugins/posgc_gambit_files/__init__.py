"""Importer plug-in: Gambit's file formats, `.nfg` (strategic form), `.efg` (extensive form), `.agg` and `.bagg` (action
graph games), and GameTracer's `.gam`.

R. D. McKelvey, A. M. McLennan and T. L. Turocy, "Gambit: Software tools for game theory", gambit-project.org.
The files are read here; Gambit itself is not needed.
"""

from collections.abc import Sequence

from posgc.plugin import Importer, hookimpl
from posgc_gambit_files.agg_importers import AggImporter, BaggImporter
from posgc_gambit_files.efg import EfgImporter
from posgc_gambit_files.gam import GamImporter
from posgc_gambit_files.nfg import NfgImporter

__all__ = ["AggImporter", "BaggImporter", "EfgImporter", "GamImporter", "NfgImporter", "posgc_importers"]


@hookimpl
def posgc_importers() -> Sequence[Importer]:
    return (EfgImporter(), NfgImporter(), GamImporter(), AggImporter(), BaggImporter())
