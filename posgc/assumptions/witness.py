"""A counterexample to Assumption 3 in plain JSON types, for people and for `posgc.assumptions.replay`.

    {"step": h, "history": [z_1, ..., z_h], "increment": z_{h+1},
     "prescriptions": [{agent: [{"private": {item: value}, "action": {item: value}}, ...]}, ...],
     "posteriors": [[{"state": label, "private": {item: value}, "probability": p}, ...], ...],
     "distance": L1 distance of the two posteriors}

Everyone plays uniformly at random before step h, and one of the two prescriptions at h.  An increment, like
every private information, is a mapping from items (`hear[ann]@3`) to values; it may be empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.assumptions.independence.moves import Moves
from posgc.assumptions.independence.vertices import Failure
from posgc.information.codes import Codec, decode
from posgc.information.graph import Layer
from posgc.information.items import Information, Item
from posgc.information.payoff import existing_choices, private_types

__all__ = ["describe_witness", "witness_of"]

Ints = npt.NDArray[np.int64]
Labels = dict[str, str]

SHOWN = 4
"""Entries of a posterior, and items of private information, that the evidence for people shows."""


def witness_of(
    information: Information, layer: Layer, trace: Sequence[tuple[Ints, Ints]], failure: Failure, move: Moves
) -> dict[str, Any]:
    """The witness of a failure at a layer; `trace[t - 1]` holds `parent` and `parent_z` of the layer of step t."""
    h = layer.h
    history: list[Labels] = []
    node = failure.node
    for t in range(h, 0, -1):
        parent, parent_z = trace[t - 1]
        history.append(_labels(information, information.increment(t), int(parent_z[node])))
        node = int(parent[node])
    return {
        "step": h,
        "history": history[::-1],
        "increment": _labels(information, information.increment(h + 1), int(move.z[failure.z])),
        "prescriptions": [_prescription(information, layer, failure, k) for k in range(2)],
        "posteriors": [_posterior(information, h + 1, failure, k, move) for k in range(2)],
        "distance": failure.distance,
    }


def _labels(information: Information, items: tuple[Item, ...], code: int) -> Labels:
    digits = decode(Codec.of(information, items), code)
    return {
        information.label(item): information.variable(item).values[digit]
        for item, digit in zip(items, digits, strict=True)
    }


def _prescription(information: Information, layer: Layer, failure: Failure, k: int) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    h, played = layer.h, existing_choices(information, layer)
    known = private_types(information, h, layer.table.cells.u)[0]
    for j, agent in enumerate(information.model.signature.agents):
        own = tuple(
            Item(h, "action", v)
            for v, variable in enumerate(information.model.signature.actions)
            if variable.agent == j and information.model.active[h - 1, v]
        )
        actions = failure.actions[k][j]
        if played is not None:
            actions = played[j][failure.node, np.searchsorted(known[j], failure.codes[j]), actions]
        rules[agent] = [
            {
                "private": _labels(information, information.private_of(j, h), int(code)),
                "action": _labels(information, own, int(action)),
            }
            for code, action in zip(failure.codes[j], actions, strict=True)
        ]
    return rules


def _posterior(information: Information, h: int, failure: Failure, k: int, move: Moves) -> list[dict[str, Any]]:
    cells, posterior = move.following, failure.posteriors[k]
    return [
        {
            "state": information.model.state_label(int(cells.s[x])),
            "private": _labels(information, information.private(h), int(cells.u[cells.u_of[x]])),
            "probability": float(posterior[x]),
        }
        for x in np.flatnonzero(posterior)
    ]


def describe_witness(witness: dict[str, Any]) -> str:
    """The counterexample in a few lines."""
    seen = {item: value for increment in witness["history"] for item, value in increment.items()}
    rows = [
        f"at step {witness['step']} (common so far: {_text(seen)}; becoming common: {_text(witness['increment'])}) "
        f"two prescriptions lead to beliefs at L1 distance {witness['distance']:.6g}:"
    ]
    one, two = witness["prescriptions"]
    for name, rule, posterior in zip(("first", "second"), (one, two), witness["posteriors"], strict=True):
        other = two if rule is one else one
        acts = []
        for agent, rows_of in rule.items():
            differing = [row for row, its in zip(rows_of, other[agent], strict=True) if row["action"] != its["action"]]
            acts += [f"{_text(row['action'])} on {_text(row['private'])}" for row in differing[:SHOWN]]
        likely = sorted(posterior, key=lambda entry: -entry["probability"])[:SHOWN]
        beliefs = ", ".join(
            f"{entry['probability']:.4g} for ({entry['state']}; {_text(entry['private'])})" for entry in likely
        )
        rows.append(f"  {name} ({'; '.join(acts)}): {beliefs}")
    return "\n".join(rows)


def _text(labels: Labels) -> str:
    return ", ".join(f"{item}={value}" for item, value in labels.items()) or "nothing"
