"""What is known of a policy found in a compressed game: its error, a bound on its gap, and the gap itself.

In order of what they are worth: the gap in the true game as a judge finds it (`posgc.judge.choose`, for a machine on
pairs of true belief and node); a bound on it from measured errors or from the compression's certificate, whichever is
lower; and where the true graph fits neither way, estimates by play.  Each says what it is.

A planner may return what is no policy of the compressed game: another kind of strategy, or a machine with nodes of its
own.  Then nothing is known of it in the compressed game, no bound rests on that, and the true game alone judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from posgc.compression.bounds import Bound, bound
from posgc.compression.contract import CompressedGame
from posgc.compression.measured import Measured, measure
from posgc.compression.sampled import SampledError, SampledGap, sampled_error, sampled_gap
from posgc.information.precision import to_come
from posgc.information.step import Beliefs
from posgc.judge.choose import judge
from posgc.judge.in_model import InModel, evaluate_in_model, made_for
from posgc.judge.judgement import Judgement
from posgc.judge.verify import Distances
from posgc.language.concepts import DeviationKind
from posgc.language.diagnostics import LimitError
from posgc.model.rewards import largest_to_come
from posgc.policy.strategy import Strategy

__all__ = ["Assessment", "Limits", "assess", "charged", "lifted"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Limits:
    """`measured_pairs`, `verified_pairs`: pairs of true belief and node that may be held to measure the error and to
    compute the exact gap."""

    measured_pairs: int
    verified_pairs: int


@dataclass(frozen=True)
class Assessment:
    """`error`: what the bounds rest on, if anything; `measured` and `sampled_error` are tried in that order.

    `bounds`: the gain in the true game is at most this, one for the certificate and one for the measured error.
    `judgement`: what a judge found in the true game; where it is None, `not_verified` says why, and `sampled_gap` is
    what play says.
    `charge` [n]: what tolerances and rounding can have changed of each agent's gain in M, in `bounds`.  `tail`: what a
    deviation after the last step can gain where the game was cut there; in `bounds` and `certified`, not in
    `judgement`.
    """

    in_model: InModel | None  # None: the strategy is no policy of the compressed game
    measured: Measured | None
    not_measured: str
    sampled_error: SampledError | None
    bounds: tuple[Bound, ...]
    judgement: Judgement | None
    not_verified: str
    sampled_gap: SampledGap | None
    charge: Floats
    tail: float

    @property
    def bound(self) -> Bound | None:
        """The lowest bound."""
        return min(self.bounds, key=lambda b: b.gap, default=None)

    @property
    def certified(self) -> float | None:
        """The exact gap, else the lowest bound on it, else None."""
        known = None if self.judgement is None else self.judgement.certified
        if known is not None:
            return known + self.tail
        return None if self.bound is None else self.bound.gap


def charged(compressed: CompressedGame, distances: Distances | None) -> Floats:
    """[n]: what Assumption 3's tolerance, merging bisimilar nodes and rounding can have changed of a gain in M."""
    graph, model = compressed.graph, compressed.graph.information.model
    ahead = to_come(model, ((la.h, la.belief, la.table) for la in graph.layers))
    charge = ahead.rounding if distances is None else ahead.rounding + ahead.span @ distances(graph.layers)
    if graph is not compressed.model:
        merged = np.array([layer.merge_error for layer in graph.layers])
        largest = max(float(np.abs(k.reward).max(initial=0.0)) for k in model.kernels)
        now = largest * (merged @ model.discount ** np.arange(model.horizon))
        charge = charge + 2 * (largest_to_come(model) @ merged + now)
    return np.asarray(charge)


def _error_of(
    compressed: CompressedGame, max_pairs: int, seed: int, distances: Distances | None
) -> tuple[Measured | None, str, SampledError | None]:
    """The measured error, else why not, and an estimate where the compression has no certificate either."""
    try:
        return measure(compressed.model, max_pairs, distances), "", None
    except LimitError as error:
        sampled = sampled_error(compressed.model, seed) if compressed.certificate is None else None
        return None, str(error), sampled


def lifted(compressed: CompressedGame, strategy: Strategy) -> Strategy:
    """The strategy as it is played in the game: lifted where it is a policy of the compressed game, else itself."""
    return compressed.lift(strategy) if made_for(strategy, compressed.graph) else strategy


def assess(
    compressed: CompressedGame,
    strategy: Strategy,
    kind: DeviationKind,
    limits: Limits,
    seed: int,
    tail: float = 0.0,
    progress: Progress | None = None,
    distances: Distances | None = None,
) -> Assessment:
    """Judge what was found in `compressed.graph`, lifted to the game; `distances` as in `verify`.

    Raises PolicyMismatch where the compression is not closed under what can happen in the game, or where the strategy
    lacks an instruction; ValueError where the strategy cannot have a gap of this kind.
    """
    information = compressed.graph.information
    own = strategy if made_for(strategy, compressed.graph) else None
    in_model = None if own is None else evaluate_in_model(compressed.graph, own, kind)
    measured, not_measured, sampled = _error_of(compressed, limits.measured_pairs, seed, distances)
    charge, bounds = charged(compressed, distances), tuple[Bound, ...]()
    if in_model is not None:
        errors = [error for error in (compressed.certificate, measured) if error is not None]
        found = (bound(information.model, in_model, error) for error in errors)
        bounds = tuple(replace(b, gains=b.gains + charge + tail, value_error=b.value_error + charge) for b in found)
    judgement, not_verified, played = None, "", None
    try:
        judgement = judge(
            information,
            lifted(compressed, strategy),
            kind,
            limits.verified_pairs,
            progress,
            distances or _certain,
            seed=seed,
            estimate=own is None,
        )
    except LimitError as error:
        not_verified = str(error)
        played = None if own is None else sampled_gap(compressed, own, seed)
    return Assessment(in_model, measured, not_measured, sampled, bounds, judgement, not_verified, played, charge, tail)


def _certain(layers: Sequence[Beliefs]) -> Floats:
    """Prescriptions move no belief."""
    return np.zeros(len(layers))
