"""Importer plug-in: models of the probabilistic model checkers PRISM, PRISM-games and Storm.

M. Kwiatkowska, G. Norman and D. Parker, "PRISM 4.0: Verification of probabilistic real-time systems", CAV 2011;
partially observable models: G. Norman, D. Parker and X. Zou, Real-Time Systems 53(3), 2017; turn-based games:
T. Chen et al., "Automatic verification of competitive stochastic systems", FMSD 43(1), 2013.  A text becomes
definitions (`syntax`, `definitions`), these become typed expressions over the variables (`names`, `resolve`), the
modules are run side by side from the initial state a layer at a time (`explore`), and what is reached becomes the
model (`build`).
"""

from collections.abc import Sequence

from posgc.plugin import Importer, hookimpl
from posgc_prism.importer import PrismImporter

__all__ = ["PrismImporter", "posgc_importers"]


@hookimpl
def posgc_importers() -> Sequence[Importer]:
    return (PrismImporter(),)
