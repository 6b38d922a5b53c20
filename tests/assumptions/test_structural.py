"""Influence diagrams: which edges the numbers show, and what slices say of long horizons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.structures import (
    FULL,
    NONE,
    ONE_STEP,
    any_game,
    any_protocol,
    dectiger,
    protocol,
    random_game,
    uncontrolled,
)

from posgc.assumptions.independence.kernel_edges import KernelEdges, kernel_edges
from posgc.assumptions.independence.structural import slice_certificate, unrolled_certificate
from posgc.assumptions.strategy_independence import exact_test
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER
from posgc.model.build import kernel_from_dense


def test_edges_of_control() -> None:
    for controllers in ((True, True), (True, False), (False, False)):
        edges = kernel_edges(random_game(np.random.default_rng(0), controllers, 2), 1)
        assert edges.state == {"state", *(v for v, on in enumerate(controllers) if on)}
        assert edges.observations == (((0, 1), frozenset({"next"})),)


def test_independent_observations_are_split() -> None:
    edges = kernel_edges(random_game(np.random.default_rng(0), (True, False), 2, blind=True), 1)
    assert edges.observations == (((0,), frozenset()), ((1,), frozenset()))


def test_dectiger_hears_alone() -> None:
    edges = kernel_edges(dectiger(2), 1)
    assert edges == KernelEdges(
        frozenset({0, 1, "state"}), (((0,), frozenset({0, 1, "next"})), ((1,), frozenset({0, 1, "next"})))
    )


def test_joint_removal_on_a_restricted_domain() -> None:
    """On rows (a1, a2) = (0, 0) and (1, 1) alone, no single action is seen to matter; together they do."""
    game = random_game(np.random.default_rng(0), (True, True), 2)
    dense = np.zeros((4, 2, 4, 2))
    dense[0, :, 0, 0] = dense[3, :, 0, 1] = 1.0
    game = replace(game, kernels=(kernel_from_dense(dense, np.zeros((2, 4, 2))),))
    assert len(kernel_edges(game, 1).state & {0, 1}) == 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), kind=st.sampled_from(["generic", "coarse", "still"]))
def test_edges_are_an_independence_map(seed: int, kind: str) -> None:
    """The product of the factors, each a function of its parents alone, is the kernel again."""
    game = any_game(np.random.default_rng(seed), 2, 1, kind)
    edges, kernel = kernel_edges(game, 1), game.kernel(1)
    rows = np.repeat(np.arange(8), np.diff(kernel.indptr))
    joint = np.zeros((2, 2, 2, 2, 2, 2))  # a1, a2, s, o1, o2, s'
    joint[rows // 4, rows // 2 % 2, rows % 2, kernel.observation // 2, kernel.observation % 2, kernel.state] = (
        kernel.probability
    )
    joint = joint[tuple(slice(None) if on else slice(0, 1) for on in game.active[0])]
    axis = {0: 0, 1: 1, "state": 2, "next": 5}

    def constant(table: np.ndarray, defined: np.ndarray, parents: frozenset) -> None:
        """`table` must not vary over the axes of what is not a parent, wherever it is defined."""
        free = tuple(k for name, k in axis.items() if name not in parents)
        top = np.where(defined, table, -np.inf).max(axis=free, keepdims=True)
        low = np.where(defined, table, np.inf).min(axis=free, keepdims=True)
        assert np.all((top - low)[np.isfinite(top)] < 1e-8)

    move = joint.sum(axis=(3, 4), keepdims=True)
    assert "next" not in edges.state
    constant(move, np.ones_like(move, dtype=bool), edges.state | {"next"})
    product = move
    for group, parents in edges.observations:
        others = tuple(3 + w for w in range(2) if w not in group)
        mass = joint.sum(axis=others, keepdims=True)
        possible = np.broadcast_to(move > 0, mass.shape)
        law = np.divide(mass, move, out=np.zeros_like(mass), where=possible)
        constant(law, possible, parents)
        product = product * law
    assert np.allclose(product, joint, atol=1e-12)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    controllers=st.sampled_from([(True, True), (True, False), (False, False)]),
    n=st.integers(2, 3),
)
def test_slices_of_a_short_game_prove_long_ones(seed: int, controllers: tuple[bool, bool], n: int) -> None:
    rng = np.random.default_rng(seed)
    lags = any_protocol(rng, n)
    controllers = (*controllers, False)[:n]
    short = drop_own_actions(Information(random_game(rng, controllers, 2), lags))
    long = drop_own_actions(Information(replace_horizon(short, 11), lags))
    if any(long.lost(h) for h in range(2, 12)):
        return
    result = slice_certificate(short)
    if result.separated and result.open is None:
        assert unrolled_certificate(long).separated
    assert slice_certificate(long).separated is result.separated


def replace_horizon(information: Information, horizon: int):
    model = information.model
    return replace(
        model,
        horizon=horizon,
        kernel_of_step=(0,) * horizon,
        active=np.repeat(model.active[:1], horizon, axis=0),
        observed=np.concatenate((model.observed[:1], np.repeat(model.observed[1:2], horizon, axis=0))),
    )


def test_unrolled_knows_more_than_a_slice() -> None:
    """Private sights that tell nothing of the state: the slice must fear the root B, the unrolled diagram not."""
    game = random_game(np.random.default_rng(0), (True, True), 4, blind=True)
    information = Information(game, protocol((1, 1), (NEVER, NEVER), forget=0))
    assert not slice_certificate(information).separated
    assert unrolled_certificate(information).separated
    assert unrolled_certificate(information, limit=5).separated is None


def test_a_game_that_changes_proves_its_own_horizon() -> None:
    game = random_game(np.random.default_rng(0), (True, True), 3)
    active = game.active.copy()
    active[1, 0] = False
    result = slice_certificate(Information(replace(game, active=active), ONE_STEP))
    assert result.separated and result.open is not None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9), loose=st.integers(1, 3))
def test_a_game_that_changes_proves_shorter_ones(seed: int, loose: int) -> None:
    """One step is that of another game; where the slices say yes, so do the numbers at every shorter horizon."""
    rng = np.random.default_rng(seed)
    lags = any_protocol(rng, 2)
    one, other = (random_game(rng, bool_pair(rng), 4) for _ in range(2))
    mixed = replace(
        one, kernels=(one.kernels[0], other.kernels[0]), kernel_of_step=tuple(int(h == loose) for h in range(1, 5))
    )
    whole = drop_own_actions(Information(mixed, lags))
    if any(whole.lost(h) for h in range(2, 5)):
        return
    verdict = slice_certificate(whole)
    assert verdict.open is not None
    for horizon in range(2, 5) if verdict.separated else ():
        short = replace(
            mixed,
            horizon=horizon,
            kernel_of_step=mixed.kernel_of_step[:horizon],
            active=mixed.active[:horizon],
            observed=mixed.observed[: horizon + 1],
        )
        assert exact_test(drop_own_actions(Information(short, lags))).holds


def bool_pair(rng: np.random.Generator) -> tuple[bool, bool]:
    return bool(rng.integers(2)), bool(rng.integers(2))


def test_states_that_only_a_longer_game_reaches() -> None:
    """A kernel without rows for a state that it leads to says nothing about what happens there."""
    game = random_game(np.random.default_rng(0), (True, True), 2, states=3)
    dense = np.zeros((4, 3, 4, 3))
    dense[:, 0, :, 1] = dense[:, 1, :, 2] = 0.25
    game = replace(game, kernels=(kernel_from_dense(dense, np.zeros((2, 4, 3))),))
    result = slice_certificate(Information(game, FULL))
    assert result.separated and result.open is not None


def test_what_is_never_shared_is_one_block() -> None:
    """However long the game, the slices of no sharing are those of its first few steps."""
    game = random_game(np.random.default_rng(0), (False, False), 40)
    result = slice_certificate(drop_own_actions(Information(game, NONE)))
    assert result.open is None and result.slices == 2


def test_drop_pass_of_example_5() -> None:
    """Liu & Zhang (2023), Example 5: holds once own past actions are dropped, and not before."""
    kept = Information(random_game(np.random.default_rng(0), (False, False), 5), uncontrolled(2))
    assert not slice_certificate(kept).separated
    assert slice_certificate(drop_own_actions(kept)).open is None
