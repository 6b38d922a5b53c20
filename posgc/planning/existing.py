"""The prescriptions of a layer without moves that do not exist."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from posgc.information.graph import Layer
from posgc.information.items import InformationStructure
from posgc.information.payoff import existing_choices
from posgc.policy.existing import existing
from posgc.policy.machine import PolicyStep

__all__ = ["with_existing_moves"]


def with_existing_moves(structure: InformationStructure, layer: Layer, step: PolicyStep) -> PolicyStep:
    """The step with every choice that does not exist replaced by the one that stands for it."""
    played = existing_choices(structure, layer)
    if played is None:
        return step
    owner = np.repeat(np.arange(len(layer)), np.diff(step.indptr))
    return replace(
        step, tables=tuple(existing(table, own[owner]) for own, table in zip(played, step.tables, strict=True))
    )
