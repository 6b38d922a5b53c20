"""CE of stages with many actions: sparse conditions, and equilibria on few actions."""

from __future__ import annotations

import numpy as np
import pytest

from posgc.equilibrium import CorrelatedOptions, Stages, certify, deviation_gains, solve_correlated
from posgc.equilibrium.correlated.listed import listing, select_linear
from posgc.equilibrium.correlated.selection import parse_select
from posgc.equilibrium.correlated.sparse_listed import sparse_listing
from posgc.equilibrium.correlated.wide import wide_equilibrium
from posgc.equilibrium.layer import support_groups
from posgc.equilibrium.solvers.scaling import scaled


def stage(seed: int, types: tuple[int, ...], actions: tuple[int, ...], nodes: int = 1) -> Stages:
    rng = np.random.default_rng(seed)
    pairs = np.stack(np.unravel_index(np.arange(int(np.prod(types))), types))
    weight = rng.dirichlet(np.ones(pairs.shape[1]), size=nodes)
    payoff = rng.normal(size=(len(types), nodes, pairs.shape[1], *actions))
    payoff *= weight[None, :, :, *([None] * len(actions))]
    return Stages(payoff, pairs, types, weight, "general")


SHAPES = [((1, 1), (5, 4)), ((2, 1), (3, 3)), ((2, 2), (2, 3)), ((1, 1, 1), (3, 2, 3)), ((1, 1), (12, 2))]


@pytest.mark.parametrize("select", ["welfare", "egalitarian", "max:1", "any"])
def test_sparse_conditions_are_the_dense_ones(select: str) -> None:
    """The same optimum and the same bound as with dense rows."""
    for seed, (types, actions) in enumerate(SHAPES):
        stages = stage(seed, types, actions)
        group = next(iter(support_groups(stages)))
        payoff, scale = scaled(stages, group, 0, 1)
        selection = parse_select(select, len(types))
        dense = select_linear(listing(payoff, group.types, "ce"), selection, scale, group.types.shape[1])
        sparse = select_linear(sparse_listing(payoff, group.types), selection, scale, group.types.shape[1])
        assert sparse[1] == pytest.approx(dense[1], abs=1e-8)
        assert sparse[2] == pytest.approx(dense[2], abs=1e-8)


def test_wide_stages_are_solved_by_programme() -> None:
    stages = stage(3, (1, 1), (120, 2))
    found = solve_correlated(stages, "ce")
    assert "LP 1" in found.method and found.optimal is not None and found.optimal.all()
    assert (deviation_gains(stages, found, "ce") <= 1e-8 * stages.span()).all()


def test_equilibria_on_few_actions() -> None:
    """Gaps by the definition, for two and three agents, with and without private information."""
    shapes = [((1, 1), (70, 80)), ((1, 1), (60, 60)), ((1, 1, 1), (9, 8, 7)), ((2, 1), (8, 9))]
    for seed, (types, actions) in enumerate(shapes):
        stages = stage(seed, types, actions)
        group = next(iter(support_groups(stages)))
        payoff, _scale = scaled(stages, group, 0, 1)
        found = wide_equilibrium(payoff, group.types)
        assert found is not None
        weight, chosen = found
        assert weight.sum() == pytest.approx(1.0, abs=1e-9)
        whole = weight[0] / weight[0].sum()
        sure = certify(stages, [table[0] for table in chosen], "ce", "", indptr=np.array([0, len(whole)]), weight=whole)
        assert (sure.gap <= 1e-7 * stages.span()).all()


def test_more_conditions_than_fit() -> None:
    """130 x 130 actions have 33,800 conditions on 16,900 columns, 4.4 million coefficients: one equilibrium is found,
    not claimed best, with a bound above what it attains."""
    stages = stage(7, (1, 1), (130, 130))
    found = solve_correlated(stages, "ce", CorrelatedOptions())
    assert "few actions 1" in found.method
    assert (found.gap <= 1e-6 * stages.span()).all()
    assert found.optimal is not None and not found.optimal.any()
    assert found.upper is not None and found.objective is not None and (found.upper >= found.objective).all()
