"""Importer plug-in: `.pomdpx`, the factored POMDPs of the APPL toolkit (SARSOP).

H. Kurniawati, D. Hsu and W. S. Lee, "SARSOP: Efficient point-based POMDP planning by approximating optimally
reachable belief spaces", RSS 2008; the format is that of "PomdpX File Format (version 1.0)", bigbird.comp.nus.edu.sg.
Laws are read into one dense table each (`factors`), and only what is reachable of their product is made (`build`).
"""

from collections.abc import Sequence

from posgc.plugin import Importer, hookimpl
from posgc_pomdpx.importer import PomdpxImporter

__all__ = ["PomdpxImporter", "posgc_importers"]


@hookimpl
def posgc_importers() -> Sequence[Importer]:
    return (PomdpxImporter(),)
