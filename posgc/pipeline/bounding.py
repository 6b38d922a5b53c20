"""Bounds on the value of a game from a policy that was judged, and from what its maker claims."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.compression.assess import Assessment
from posgc.judge.judgement import Judgement
from posgc.language.concepts import CONCEPTS
from posgc.model.rewards import reward_kind
from posgc.pipeline.compiling import Compiled
from posgc.policy.artefact import Policy

__all__ = ["compressed_bounds", "exact_bounds", "residual_bounds", "team_bounds"]

Floats = npt.NDArray[np.float64]


def exact_bounds(policy: Policy, checked: Judgement, compiled: Compiled) -> tuple[float | None, float | None]:
    """Team: what was reached, and the solver's bound; where the judge proves nothing, the solver's bounds, if it has
    both.  Zero-sum Nash: what the verified gains imply."""
    concept, claim = CONCEPTS[policy.header.concept], policy.claim
    if not checked.proved:
        known = concept.optimises and claim.lower is not None and claim.upper is not None
        return (claim.lower, claim.upper) if known else (None, None)
    if concept.optimises:
        lower, upper = min(checked.values) - checked.error, claim.upper
        return lower, None if upper is None else max(upper, lower)
    if concept.zero_sum_value and reward_kind(compiled.model) == "zero_sum" and checked.gains is not None:
        value, off = checked.values[0], checked.error
        return value - checked.gains[1] - off, value + checked.gains[0] + off
    return None, None


def residual_bounds(policy: Policy, charge: Floats, discount: float) -> tuple[float, float] | None:
    """Bounds on the value of the game without end from the last change of value iteration; None where no layer of the
    graph recurs.  `charge` [n]: by how much values may be off; their change may be off by twice that."""
    claim, concept = policy.claim, CONCEPTS[policy.header.concept]
    if claim.residual is None or claim.values is None or not (concept.optimises or concept.zero_sum_value):
        return None
    off = float(charge.max()) * (1 + 2 * discount / (1 - discount))
    claimed, (least, most) = claim.values[0], claim.residual
    if concept.optimises:
        return None if claim.upper is None else (claimed + least - off, claim.upper + most + off)
    if claim.gap_bound is None:
        return None
    missed = claim.gap_bound  # each stage's value is known to within its gap
    return claimed + least - missed - off, claimed + most + missed + off


def team_bounds(policy: Policy, assessment: Assessment) -> tuple[float, float | None]:
    """What the policy earns at least in the true game, and a bound on the team optimum, if there is one."""
    found = None if assessment.in_model is None else assessment.in_model.values
    claimed, upper = policy.claim.upper, []
    if claimed is not None and found is not None:
        missed = max(0.0, claimed - float(found.min()))  # the optimum of M may have other values than the policy
        upper = [claimed + float(b.value_error.max()) + missed * b.half_spread for b in assessment.bounds]
    checked = assessment.judgement
    if checked is not None and checked.proved:
        lower = min(checked.values) - checked.error
    elif found is None:
        lower = -float("inf")
    else:
        lower = max((float(found.min()) - float(b.value_error.max()) for b in assessment.bounds), default=-float("inf"))
    return lower, max(min(upper), lower) if upper else None


def compressed_bounds(policy: Policy, assessment: Assessment, compiled: Compiled) -> tuple[float | None, float | None]:
    """As `exact_bounds`, of the game's own value."""
    concept = CONCEPTS[policy.header.concept]
    if concept.optimises:
        lower, upper = team_bounds(policy, assessment)
        return (None if lower == -float("inf") else lower), upper
    if assessment.judgement is not None:
        return exact_bounds(policy, assessment.judgement, compiled)
    bound = assessment.bound
    zero_sum = concept.zero_sum_value and reward_kind(compiled.model) == "zero_sum"
    if zero_sum and bound is not None and assessment.in_model is not None:
        found, off = float(assessment.in_model.values[0]), float(bound.value_error[0])
        return found - off - float(bound.gains[1]), found + off + float(bound.gains[0])
    return None, None
