"""Counts against episodes looked at one by one, and the sums of parts against the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.episodes import decoded, plain, uniform_batch
from support.games import Shape, any_protocol, random_game, shapes
from support.tree import Tree

from posgc.information.items import Information
from posgc.learning.counting import Counts, count, merged
from posgc.learning.sampling import Batch

few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def same(one: Counts, two: Counts) -> None:
    assert one.episodes == two.episodes
    for a, b in zip(one.steps, two.steps, strict=True):
        for name in ("z", "u", "reward", "parent", "newest", "rows", "times"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name


def part(batch: Batch, episodes: np.ndarray) -> Batch:  # type: ignore[type-arg]
    return Batch(*(tuple(a[..., episodes] for a in some) for some in (batch.observation, batch.action, batch.reward)))


@few
@given(shapes(), st.booleans())
def test_counts_are_those_of_episodes_one_by_one(shape: Shape, other: bool) -> None:
    information = Information(*random_game(shape))
    if other:  # protocols under which Assumption 3 fails are counted like all others
        information = any_protocol(information, shape.seed)
        if any(information.lost(h) for h in range(2, shape.horizon + 1)):
            return
    batch = uniform_batch(information.model, information.structure, 60, shape.seed % 1000)
    tree = Tree(information.model, information.protocol)
    assert decoded(information.structure, count(batch, information.structure)) == plain(tree, batch)


@few
@given(shapes(), st.integers(1, 5))
def test_parts_add_up_to_the_whole(shape: Shape, parts: int) -> None:
    information = Information(*random_game(shape))
    batch = uniform_batch(information.model, information.structure, 200, shape.seed % 1000)
    where = np.random.default_rng(shape.seed).integers(parts, size=200)
    pieces = [np.flatnonzero(where == k) for k in range(parts)]
    counts = [count(part(batch, rows), information.structure) for rows in pieces if len(rows)]
    whole = count(batch, information.structure)
    same(merged(counts), whole)
    same(merged(counts[::-1]), whole)  # whole numbers: the order does not matter


@few
@given(shapes())
def test_an_episode_that_occurs_k_times_counts_k_times(shape: Shape) -> None:
    information = Information(*random_game(shape))
    batch = uniform_batch(information.model, information.structure, 30, shape.seed % 1000)
    times = np.random.default_rng(shape.seed).integers(1, 5, size=30)
    spelt = part(batch, np.repeat(np.arange(30), times))
    same(count(batch, information.structure, times), count(spelt, information.structure))


def test_rows_too_wide_for_one_number_are_counted_all_the_same() -> None:
    # 2^20 rewards, each of its own, beside windows and increments: the product of widths passes 2^62
    from support.games import dectiger, delayed

    information = Information(dectiger(3), delayed(1))
    batch = uniform_batch(information.model, information.structure, 5000, 3)
    rng = np.random.default_rng(1)
    paid = tuple(np.repeat(rng.normal(size=(1, 5000)), 2, axis=0) for _ in range(3))
    found = count(Batch(batch.observation, batch.action, paid), information.structure)
    assert all(len(step.times) == 5000 and (step.times == 1).all() for step in found.steps)
    for h, step in enumerate(found.steps):
        mean = (step.reward[0][step.paid] * step.times).sum() / 5000
        assert abs(mean - paid[h][0].mean()) < 1e-12
