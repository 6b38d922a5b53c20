"""Importer plug-in: one-sided partially observable stochastic games, `.osposg` of HSVIforOSPOSGs.jl.

K. Horák, B. Bošanský, V. Kovařík and C. Kiekintveld, "Solving zero-sum one-sided partially observable
stochastic games", Artificial Intelligence 316, 2023.  Player 1 knows the partition the state is in, what it did
and what it observed; player 2 knows all of this and the state.  The payoff is player 1's, and player 2 pays it.

What differs from our arrays is that actions depend on the partition or the state.  Action k of the model is
the k-th of those that can be played there, and a number beyond the list plays its last action: a copy of a
strategy that is there already, which changes no value.  So a player never needs an action that is not allowed.
"""

from collections.abc import Sequence

from posgc.plugin import Importer, hookimpl
from posgc_osposg.importer import OsposgImporter

__all__ = ["OsposgImporter", "posgc_importers"]


@hookimpl
def posgc_importers() -> Sequence[Importer]:
    return (OsposgImporter(),)
