"""The prescriptions of a layer without moves that do not exist."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from posgc.information.graph import Layer
from posgc.information.items import InformationStructure
from posgc.information.payoff import private_types
from posgc.policy.existing import existing
from posgc.policy.machine import PolicyStep

__all__ = ["with_existing_moves"]


def with_existing_moves(structure: InformationStructure, layer: Layer, step: PolicyStep) -> PolicyStep:
    """The step with every choice that does not exist replaced by the one that stands for it (`StepTable.played`).

    Which one that is, is the same in all states that a type at a node holds possible (`require_known_moves`); a type
    that is not possible there keeps its choice.
    """
    if layer.table.played is None:
        return step
    types = private_types(structure, layer.h, layer.table.cells.u)[1]
    node = np.repeat(np.arange(len(layer)), np.diff(layer.belief.indptr))
    cell = layer.belief.indices
    owner = np.repeat(np.arange(len(layer)), np.diff(step.indptr))
    tables = []
    for own, of, table, codes in zip(layer.table.played, types, step.tables, step.private, strict=True):
        played = np.tile(np.arange(own.shape[1]), (len(layer), len(codes), 1))
        played[node, of[layer.table.cells.u_of[cell]]] = own[cell]
        tables.append(existing(table, played[owner]))
    return replace(step, tables=tuple(tables))
