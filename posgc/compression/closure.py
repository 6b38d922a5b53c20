"""Condition (5.1) of Liu & Zhang (2023), checked: c^_{h+1} is a function of c^_h and z_{h+1}, defined where it must be.

A graph satisfies it when no node has two edges for one increment, every increment that the node's belief makes
possible has one, and edges lead to nodes of the next step.  That increments possible in the *game* have edges as well
is seen when the policy is verified or the error measured (`PolicyMismatch`).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from posgc.information.graph import Graph, Layer
from posgc.policy.mismatch import PolicyMismatch

__all__ = ["require_recursive"]


def require_recursive(graph: Graph) -> None:
    """Raises PolicyMismatch saying at which step the condition fails."""
    horizon = graph.information.model.horizon
    if len(graph.layers) != horizon:
        raise PolicyMismatch(f"it has {len(graph.layers)} layers, and the game {horizon} steps")
    seen: set[tuple[int, int, int, int]] = set()
    for layer, following in zip(graph.layers, [*graph.layers[1:], None], strict=True):
        size = 0 if following is None else len(following)
        key = id(layer.belief), id(layer.table), id(layer.edge_to), size
        if following is not None and key not in seen:
            _require(layer, size)
            seen.add(key)


def _require(layer: Layer, following: int) -> None:
    table = layer.table
    assert table.z is not None and table.joint is not None and table.joint_z is not None
    # (node, increment) as one number: strictly ascending means sorted, and one edge each
    keys = np.repeat(np.arange(len(layer)), np.diff(layer.edge_indptr)) * len(table.z) + layer.edge_z
    if (np.diff(keys) <= 0).any():
        raise PolicyMismatch(f"at step {layer.h} a node has two edges for one increment, or they are not in order")
    if len(layer.edge_to) and not (layer.edge_to.min() >= 0 and layer.edge_to.max() < following):
        raise PolicyMismatch(f"at step {layer.h} an edge leads nowhere")
    flow = sparse.csr_array(layer.belief @ table.joint)
    flow.eliminate_zeros()
    node = np.repeat(np.arange(len(layer)), np.diff(flow.indptr))
    if np.setdiff1d(node * len(table.z) + table.joint_z[flow.indices], keys).size:
        raise PolicyMismatch(f"at step {layer.h} a node has no edge for an increment that its belief makes possible")
