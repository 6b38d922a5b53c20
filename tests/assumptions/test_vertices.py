"""The vertex test against the rank of M_z, formed explicitly from its definition."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.structures import any_game, any_protocol

from posgc.assumptions.independence.moves import Prescriptions, moves
from posgc.assumptions.independence.vertices import check_layer
from posgc.information.graph import grow_layers
from posgc.information.items import Information


def features(rules: Prescriptions, used: tuple[np.ndarray, ...], actions: tuple[np.ndarray, ...]) -> np.ndarray:
    """Phi(gamma) of a deterministic prescription: kron_j (1, gamma_j(a | p_j) for a > 0)."""
    phi = np.ones(1)
    for j, count in enumerate(rules.choices):
        block = [1.0] + [float(actions[j][p] == a) for p in used[j] for a in range(1, count)]
        phi = np.kron(phi, block)
    return phi


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9), kind=st.sampled_from(["generic", "coarse", "still"]))
def test_layer_verdict_is_the_rank_condition(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    information = Information(any_game(rng, 2, 3, kind), any_protocol(rng, 2))
    if any(information.lost(h) for h in (2, 3)):
        return
    for layer in grow_layers(information):
        if layer.h == 3:
            return
        move = moves(information, layer)
        result = check_layer(information, layer, move, 10**9)
        rules = Prescriptions.of_step(information, layer.h, layer.table.cells.u)
        every = np.prod([float(k) ** len(c) for k, c in zip(rules.choices, rules.codes, strict=True)])
        if every * len(layer) > 20_000:
            return
        assert result.holds is all(rank_at_most_one(layer, move, rules, node) for node in range(len(layer)))
        if not result.holds:
            return


def rank_at_most_one(layer, move, rules: Prescriptions, node: int) -> bool:
    """M_z by least squares on all deterministic prescriptions, which must also fit exactly."""
    used = tuple(np.arange(len(codes)) for codes in rules.codes)
    every = [
        tuple(np.array(x, dtype=np.int64) for x in choice)
        for choice in product(
            *(list(product(range(k), repeat=len(c))) for k, c in zip(rules.choices, rules.codes, strict=True))
        )
    ]
    n_actions = len(layer.table.actions)
    dense, belief = move.joint.toarray(), layer.belief[[node]].toarray()[0]
    phi = np.array([features(rules, used, actions) for actions in every])
    flow = np.array(
        [
            belief @ dense[np.arange(len(belief)) * n_actions + rules.position(actions)[layer.table.cells.u_of]]
            for actions in every
        ]
    )
    matrix, *_ = np.linalg.lstsq(phi, flow, rcond=None)
    assert np.allclose(phi @ matrix, flow, atol=1e-9)
    for z in range(len(move.z)):
        block = matrix[:, move.joint_z == z]
        singular = np.linalg.svd(block, compute_uv=False)
        if len(singular) > 1 and singular[1] > 1e-9 * max(singular[0], 1e-12):
            return False
    return True


@settings(max_examples=30, deadline=None)
@given(choices=st.lists(st.integers(1, 3), min_size=1, max_size=3), sizes=st.lists(st.integers(1, 3), min_size=3))
def test_vertices_are_unisolvent(choices: list[int], sizes: list[int]) -> None:
    codes = tuple(np.arange(sizes[j]) for j in range(len(choices)))
    rules = Prescriptions(codes, np.zeros((len(choices), 1), dtype=np.int64), tuple(choices))
    phi = np.array([features(rules, codes, actions) for actions in rules.vertices(codes)])
    assert phi.shape == (rules.count(codes), rules.count(codes))
    assert np.linalg.matrix_rank(phi) == len(phi)
