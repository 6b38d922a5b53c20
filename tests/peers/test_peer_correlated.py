"""OpenSpiel against the NFCCE gap of mixtures that are drawn once an episode: its `cce_dist` on the exported tree.

Its `ce_dist` is the normal-form correlated equilibrium; those of the extensive form have no Python interface.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.test_peer_referees import exported, few, many
from peers.test_peer_zero_sum import profile
from posgc_openspiel.referee import _table
from support.games import Shape, any_protocol, random_game, shapes

from posgc.extensive.growing import extensive_game
from posgc.extensive.plans import Plans
from posgc.extensive.strategy import controllers_of
from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.policy.mixture import Mixture

pyspiel: Any = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")

SEEDS = st.integers(0, 2**32 - 1)


def check(shape: Shape, seed: int) -> None:
    information = any_protocol(Information(*random_game(shape)), seed)
    rng, layers = np.random.default_rng(seed), extensive_game(information, merge=False)
    plans, weight = [Plans.of(layers, i) for i in range(layers.n_agents)], rng.dirichlet(np.ones(3))
    pure = [[[np.eye(a)[rng.integers(0, a, n)] for n, a in one.shapes] for one in plans] for _ in range(len(weight))]
    parts = tuple(controllers_of(information, layers, laws) for laws in pure)
    judged = judge_histories(information, Mixture(weight, parts), "nfcce")
    text, infosets = exported(information)
    if not any(infosets.keys):
        return  # nobody ever chooses
    game = pyspiel.load_efg_game(text)
    tables = [_table(pyspiel, game, profile(information, infosets, part)) for part in parts]
    said = pyspiel.cce_dist(game, [(w, pyspiel.TabularPolicy(t)) for w, t in zip(weight.tolist(), tables, strict=True)])
    assert list(said.on_policy_values) == pytest.approx(judged.values, abs=1e-7)
    assert judged.gains is not None
    # a coarse deviator may lose; OpenSpiel counts that as 0
    assert list(said.deviation_incentives) == pytest.approx([max(0.0, gain) for gain in judged.gains], abs=1e-7)


@few
@given(shapes(histories=60), SEEDS)
def test_nfcce_gaps_of_random_games(shape: Shape, seed: int) -> None:
    check(shape, seed)


@pytest.mark.slow
@many
@given(shapes(histories=60), SEEDS)
def test_nfcce_gaps_of_a_thousand_games(shape: Shape, seed: int) -> None:
    check(shape, seed)
