"""Assumption 2, γ-observability (Liu & Zhang 2023), of a model: a bracket on γ for every step and action.

The paper asks ‖O_hᵀ(b − b')‖₁ >= γ ‖b − b'‖₁ for all beliefs and all h, with γ > 0 (Golowich, Moitra &
Rohatgi 2022): observations tell beliefs apart, so that filters forget their prior.  Where emissions read
the action there is a γ for every (h, a), and the assumption's is the least.  Two quantities are reported.

**Literal.**  Over all pairs of beliefs about s'.  States that never follow a, and have no declared emission
under it, are left out.  Step h emits o_{h+1}; o_{H+1} is read by no decision and does not count.  Nor do
initial observations: the first belief is the known initial law, and there is no second one to tell apart.

**On reachable differences.**  When an observation comes, two filters that differ at h differ by T(a)ᵀ(b − b') with
b, b' on the states reachable at h.  γ over these differences is at least the literal γ, and 1 where T(a) forgets its
start.  E.g. opening a door of the tiger problem tells nothing of where the tiger now is (literal γ = 0), but nothing
of the past is left to tell (reachable γ = 1).  The paper's theorems are about the literal one.

**Where the observation reads the old state**, or is drawn together with s', take (s, s') as the state.  Its
law after b is b(s) T(s' | s, a): rows for different s have disjoint supports, so ‖Tᵀ(b − b')‖₁ = ‖b − b'‖₁
and γ on reachable differences is the γ of the matrix W(o' | s, a) of reachable s.  The same number stands
under literal (over all s), as the pair state's literal γ would be without meaning, for it includes pairs
that no belief can weigh apart.  Whether the observation reads the old state is asked of the states that are
compared: where only states unreachable at h make it do so, a belief about s' says all at step h, and γ on reachable
differences is that of the emission from reachable states.  It is never below the γ of W: by the above both have the
numerator ‖Wᵀ(b − b')‖₁, and ‖Tᵀ(b − b')‖₁ ≤ ‖b − b'‖₁.

**Weakly revealing** (Liu et al. 2022), σ_S(O_h) > 0 for the S-th singular value: γ >= σ_S/√S, since
‖Eᵀx‖₁ >= ‖Eᵀx‖₂ >= σ_S ‖x‖₂ >= σ_S ‖x‖₁/√S; and σ_S >= γ/((2 + γ)√O).  σ_S is reported with the literal γ.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from posgc.assumptions.gamma.bracket import Effort
from posgc.assumptions.gamma.certificates import ROUNDING
from posgc.assumptions.gamma.entries import Entries, GammaEntry
from posgc.assumptions.kernels import Stage, stages
from posgc.assumptions.verdict import ANSWER
from posgc.language.display import Display
from posgc.language.rounding import bracket
from posgc.model.arrays import Model

__all__ = ["GammaSummary", "ObservabilityReport", "not_observed", "observability"]

Json = dict[str, object]


@dataclass(frozen=True, repr=False)
class GammaSummary(Display):
    """The least over the entries; every step h < H and action that can be played is in exactly one."""

    entries: tuple[GammaEntry, ...]

    @property
    def lower(self) -> float:
        return min((e.lower for e in self.entries), default=1.0)

    @property
    def upper(self) -> float:
        return min((e.upper for e in self.entries), default=1.0)

    @property
    def worst(self) -> GammaEntry | None:
        """The first entry of least upper end, None where nothing is observed before a decision."""
        return min(self.entries, key=lambda e: e.upper, default=None)

    @property
    def holds(self) -> bool | None:
        """True if γ > 0 is proved, False if γ = 0 is, None otherwise."""
        return True if self.lower > 0 else False if self.upper == 0 else None

    @property
    def in_words(self) -> str:
        """The bracket, with the rounding that its ends may have; what counts as 0 is called 0."""
        lower, upper = max(0.0, self.lower - ROUNDING), min(1.0, self.upper + ROUNDING)
        return "0" if self.upper == 0 else bracket(lower, upper)

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        return f"γ {self.in_words}", []

    def as_json(self) -> Json:
        """`holds`, the bracket `gamma` and the list `per_action`."""
        return {
            "holds": self.holds,
            "gamma": {"lower": self.lower, "upper": self.upper},
            "per_action": [e.as_json() for e in self.entries],
        }


@dataclass(frozen=True, repr=False)
class ObservabilityReport(Display):
    """Assumption 2 taken literally, and on reachable differences."""

    literal: GammaSummary
    reachable: GammaSummary

    @property
    def holds(self) -> bool | None:
        """Whether the assumption holds as the paper states it."""
        return self.literal.holds

    @property
    def answer(self) -> str:
        """`holds` in words."""
        return ANSWER[self.holds]

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        return f"Assumption 2: {self.answer}", [
            ("γ", self.literal.in_words),
            ("γ on reachable differences", self.reachable.in_words),
        ]

    def as_json(self) -> Json:
        """That of `literal`, and that of `reachable` under `reachable_differences`."""
        return {**self.literal.as_json(), "reachable_differences": self.reachable.as_json()}


def observability(
    model: Model, *, effort: Effort | None = None, seconds: float = 4.0, seed: int = 0
) -> ObservabilityReport:
    """Bracket γ of every (h, a) of `model`, both ways.

    After `seconds` of wall clock no further matrix is begun; what is left is reported as not decided.
    """
    found = Entries(model, effort or Effort(), time.monotonic() + seconds, seconds, seed)
    grouped = stages(model)
    # what is most telling first, should time run out: the literal ones, then the largest sets of states
    literal = tuple(e for stage in _without_reachability(grouped) for e in found.entries(stage, True))
    by_size = sorted(grouped, key=lambda stage: -int(stage.reachable.sum()))
    reachable = [e for stage in by_size for e in found.entries(stage, False)]
    return ObservabilityReport(
        GammaSummary(literal), GammaSummary(tuple(sorted(reachable, key=lambda e: (e.steps, e.actions))))
    )


def not_observed(model: Model, why: str) -> ObservabilityReport:
    """What is known of Assumption 2 where nothing is computed: one entry for all steps and actions, in [0, 1]."""
    entry = GammaEntry(tuple(range(1, model.horizon)), (), (), 0.0, 1.0, f"not decided: {why}", None, None)
    return ObservabilityReport(GammaSummary((entry,)), GammaSummary((entry,)))


def _without_reachability(grouped: Iterable[Stage]) -> list[Stage]:
    """`grouped` with stages joined that differ in the reachable states only; all states count as reachable."""
    joined: dict[tuple[int, bytes], Stage] = {}
    for stage in grouped:
        key = (stage.kernel, stage.actions.tobytes())
        before = joined[key].steps if key in joined else ()
        everywhere = np.ones_like(stage.reachable)
        joined[key] = Stage(tuple(sorted(before + stage.steps)), stage.kernel, stage.actions, everywhere)
    return list(joined.values())
