"""Importer plug-in: the formats that grew out of Cassandra's, with one reader for all that they share.

`.pomdp` (A. R. Cassandra, "Exact and approximate algorithms for partially observable Markov decision
processes", PhD thesis, Brown University, 1998, and pomdp.org), its descendant `.dpomdp` of the MADP toolbox
(F. A. Oliehoek, M. T. J. Spaan, B. Terwijn, P. Robbel and J. V. Messias, JMLR 18(89), 2017), and the dialects
that SDMS writes under the endings `.dpomdp`, `.pomdp`, `.posg` and `.zsposg`.  The text is split into items and
statements (`syntax`, `pomdp_syntax`), so that one run reports every mistake; statements are then slice
assignments into dense tables, and the reachable part of these becomes the sparse model.
"""

from collections.abc import Sequence

from posgc.plugin import Importer, hookimpl
from posgc_dpomdp.importer import DpomdpImporter, PomdpImporter

__all__ = ["DpomdpImporter", "PomdpImporter", "posgc_importers"]


@hookimpl
def posgc_importers() -> Sequence[Importer]:
    return (DpomdpImporter(), PomdpImporter())
