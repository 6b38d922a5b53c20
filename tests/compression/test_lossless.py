"""What loses nothing: windows that reach back to the start, bisimulation, tolerance 0."""

from __future__ import annotations

import numpy as np
import pytest
from support.checks import walk
from support.compressed import apply, close, game, judged, long_shape, plan, randomised, served
from support.games import Shape, full
from support.tree import Tree

from posgc.compression import CompressedGame, quotient
from posgc.compression.measured import measure
from posgc.information.graph import Graph, expand_graph
from posgc.information.items import Information
from posgc.judge.in_model import evaluate_in_model
from posgc.judge.verify import verify
from posgc.language.concepts import CONCEPTS
from posgc.language.diagnostics import LimitError
from posgc.model.arrays import Model
from posgc.model.build import from_arrays

SPECS = ["window(H)", "window(H-1)", "window(H, prior=reachable)", "bisimulation", "belief(0)"]
SOLVED = 1e-7
"""Absolute; what linear programmes with tolerances of 1e-10 may miss in several steps."""


def lossless(seed: int, spec: str) -> None:
    """Same value as the exact graph's, no error, no gap beyond what the exact one has."""
    shape = long_shape(seed)
    information = game(shape)
    concept = served(shape, seed)
    try:
        exact = plan(information, concept, expand_graph(information, 3000))
        compressed = apply(information, spec.replace("H-1", str(shape.horizon - 1)).replace("H", str(shape.horizon)))
        assert compressed is not None and compressed.certificate is not None
        result = plan(information, concept, compressed.graph)
        found = judged(compressed, result.strategy, concept)
    except LimitError:
        pytest.skip("too large")
    assert not compressed.certificate.distance.max() > 1e-11
    assert found.measured is not None and found.measured.epsilon_z.max() < 1e-10
    assert found.measured.epsilon_r.max() <= 1e-10 + close(information)
    assert found.judgement is not None
    assert found.judgement.values == pytest.approx(found.in_model.values, abs=1e-9 + close(information))
    own = verify(information, exact.strategy, CONCEPTS[concept].deviations())
    assert found.judgement.gap <= max(own.gap, 0.0) + SOLVED
    if shape.rewards != "general" and concept in ("team", "nash"):  # one value
        tolerance = 1e-10 if concept == "team" else SOLVED
        assert result.claim.values == pytest.approx(exact.claim.values, abs=tolerance)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost(seed: int, spec: str) -> None:
    lossless(seed, spec)


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("seed", range(100, 180))
def test_nothing_is_lost_in_more_games(seed: int, spec: str) -> None:
    lossless(seed, spec)


def shape_of(structure: str, seed: int) -> Shape:
    return Shape(structure, 2, 2, 4, (2, 2), (2, 1), "common", "dense", False, False, False, 1.0, seed)


@pytest.mark.parametrize("structure", ["full", "one_step", "mixed_links", "controlled", "uncontrolled"])
def test_error_falls_with_length_on_average(structure: str) -> None:
    """Over ten games, horizon 4; 0 when the window is everything."""
    totals = np.zeros((4, 2))
    for seed in range(10):
        information = game(shape_of(structure, seed))
        for length in range(4):
            compressed = apply(information, f"window({length})")
            assert compressed is not None
            found = measure(compressed.model, 10**5)
            totals[length] += found.epsilon_z.sum(), found.epsilon_r.sum()
    fall = -np.diff(totals, axis=0)
    assert (fall >= -1e-10).all() and (fall[:2, 1] > 0).all()
    assert totals[0].min() > 0.1 and totals[3].max() < 1e-10


# ---- bisimulation


def noisy_game(seed: int, coin: bool, horizon: int = 4) -> Model:
    """A random team of two; with `coin` there is a coin beside the state that is turned now and then, pays nothing,
    and that the first agent reads through noise."""
    rng = np.random.default_rng(seed)
    transition, emission = rng.dirichlet(np.ones(2), (4, 2)), rng.dirichlet(np.ones(4), 2)
    reward, initial = np.repeat(rng.integers(-3, 4, (1, 4, 2)), 2, axis=0).astype(float), np.array([0.5, 0.5])
    sizes = (2, 2)
    if coin:
        turn, read = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.7, 0.3], [0.4, 0.6]])
        transition = np.einsum("ast,cd->asctd", transition, turn).reshape(4, 4, 4)
        emission = np.einsum("sop,cr->scorp", emission.reshape(2, 2, 2), read).reshape(4, 8)
        reward, initial, sizes = np.repeat(reward, 2, axis=2), np.kron(initial, [0.5, 0.5]), (4, 2)
    return from_arrays(
        transition=transition,
        emission=np.broadcast_to(emission, (4, *emission.shape)),
        reward=reward,
        initial=initial,
        action_sizes=(2, 2),
        observation_sizes=sizes,
        horizon=horizon,
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_pays_nothing_is_forgotten(seed: int) -> None:
    """The classes of the game with the coin are those of the game without it, and so is the value."""
    plain, more = (expand_graph(Information(noisy_game(seed, coin), full())) for coin in (False, True))
    small, merged = quotient(plain), quotient(more)
    assert sum(more.sizes) > 2 * sum(plain.sizes)
    assert merged.sizes == small.sizes
    values = [plan(g.information, "team", g).claim.values[0] for g in (plain, more, small, merged)]
    assert values == pytest.approx([values[0]] * 4, abs=1e-10)
    found = judged(CompressedGame(merged, more, None), plan(more.information, "team", merged).strategy, "team")
    assert found.judgement is not None and found.judgement.gap < 1e-10


def same_graph(one: Graph, two: Graph) -> bool:
    return one.sizes == two.sizes and all(
        (a.belief != b.belief).nnz == 0 and np.array_equal(a.edge_z, b.edge_z) and np.array_equal(a.edge_to, b.edge_to)
        for a, b in zip(one.layers, two.layers, strict=True)
    )


@pytest.mark.parametrize("seed", range(20))
def test_quotients(seed: int) -> None:
    """Every history still has a node; values, gains and a random policy's too are those of the whole graph; nothing
    more can be merged."""
    shape = long_shape(seed)
    information = game(shape)
    if shape.horizon > 3 or shape.n > 2:
        pytest.skip("too large to be played out")
    graph = expand_graph(information)
    merged = quotient(graph)
    walk(Tree(information.model, information.protocol, information.dropped), merged)
    assert same_graph(merged, quotient(merged))
    concept = served(shape, seed)
    policy = plan(information, concept, merged).strategy
    for other in (policy, randomised(policy, seed)):
        kind = CONCEPTS[concept].deviations()
        model, true = evaluate_in_model(merged, other, kind), verify(information, other, kind)
        assert model.values == pytest.approx(true.values, abs=1e-9)
        assert np.maximum(model.gains, -np.inf if kind == "cce" else 0) == pytest.approx(true.gains, abs=1e-9)
