"""By how much Assumption 3 may fail within the tolerances that it was checked with, so that bounds can pay for it.

Let delta_{h+1} bound, at every belief that is reckoned with at step h and for every prescription, the expectation over
the increment of the L1 distance between the posterior and the one that is carried on.  What follows is the game in
which each posterior is replaced by that one; an expectation of what is still to come moves by at most half its span
times the distance, so values in it are right to within sum_h delta_h / 2 times the span still to come at step h, and
gains to within twice that (docs/mathematics.md, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from posgc.assumptions.independence.moves import moves
from posgc.assumptions.independence.vertices import check_layer
from posgc.assumptions.strategy_independence import DEFAULT_EFFORT
from posgc.assumptions.verdict import Verdict
from posgc.information.items import Information
from posgc.information.step import Beliefs

__all__ = ["belief_distances"]

Floats = npt.NDArray[np.float64]

FARTHEST = 2.0
"""The largest L1 distance of two distributions."""


def belief_distances(information: Information, verdict: Verdict, layers: Sequence[Beliefs]) -> Floats:
    """[H]: how far prescriptions can move the beliefs of step h (entry h - 1) from those under uniform actions.

    Where the assumption was shown slice by slice the differences that were overlooked there bound it at any belief;
    otherwise it is measured at the beliefs at hand, and `FARTHEST` where that takes too much.
    """
    found = np.zeros(len(layers))
    if verdict.any_start:
        found[1:] = verdict.slack
        return found
    done: tuple[object, object, float] | None = None
    for before, layer in pairwise(layers):
        # layers that share their arrays have the same answer
        if done is None or done[0] is not before.belief or done[1] is not before.cells:
            test = check_layer(information, before, moves(information, before), DEFAULT_EFFORT)
            done = before.belief, before.cells, test.apart if test.holds else FARTHEST
        found[layer.h - 1] = done[2]
    return found
