"""Back-off windows and learned models against their definitions, and against the game itself in the limit."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from posgc_window.suffixes import window_graph
from support.episodes import enumerated, uniform_batch
from support.games import Shape, dectiger, full, random_game, shapes
from support.tree import Tree

from posgc.information.dropping import drop_own_actions
from posgc.information.graph import Graph, expand_graph
from posgc.information.items import Information
from posgc.learning.construct import Construction, construct
from posgc.learning.counting import Counts, count
from posgc.learning.planned import planned
from posgc.learning.suffixes import kept_suffixes
from posgc.model.rewards import reward_kind
from posgc.planning.induction import Induction
from posgc.planning.oracles import Selection, stage_oracle

few = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
SCALE = 1 << 50
"""Episodes that stand for exact probabilities; sums stay below 2^53, up to which floating point adds exactly."""


def quiet(stage: str, done: int, total: int) -> None:
    pass


def counted(shape: Shape, episodes: int = 300) -> tuple[Information, Counts]:
    information = Information(*random_game(shape))
    batch = uniform_batch(information.model, information.structure, episodes, shape.seed % 1000)
    return information, count(batch, information.structure)


def histories(counts: Counts) -> list[list[tuple[int, ...]]]:
    """The increments of every window, oldest first."""
    found: list[list[tuple[int, ...]]] = []
    for step in counts.steps:
        before = found[-1] if found else [()]
        found.append([(*before[p], z) for p, z in zip(step.parent.tolist(), step.newest.tolist(), strict=True)])
    return found


def endings(counts: Counts, least: int, longest: int | None) -> list[set[tuple[int, ...]]]:
    """The suffixes met at least `least` times, by step, counted one window at a time."""
    silent = len(counts.steps[0].z) == 1
    found = []
    for h, (step, spelt) in enumerate(zip(counts.steps, histories(counts), strict=True), start=1):
        depth = h - 1 if silent else h
        times: Counter[tuple[int, ...]] = Counter()
        for own, n in zip(spelt, step.visits.tolist(), strict=True):
            for k in range(min(depth, depth if longest is None else longest) + 1):
                times[own[len(own) - k :]] += n
        found.append({suffix for suffix, n in times.items() if n >= least or not suffix})
    return found


@few
@given(shapes(), st.sampled_from((1, 2, 5, 20)), st.sampled_from((None, 0, 1, 2)))
def test_nodes_are_the_longest_suffixes_met_often_enough(shape: Shape, least: int, longest: int | None) -> None:
    _, counts = counted(shape)
    kept, met = kept_suffixes(counts, least, longest), endings(counts, least, longest)
    for step, found, often, spelt in zip(counts.steps, kept, met, histories(counts), strict=True):
        assert len(found) == len(often)
        for window, own in enumerate(spelt):
            best = max(k for k in range(len(own) + 1) if own[len(own) - k :] in often)
            assert found.length[found.node[window]] == best
        assert found.visits[0] == counts.episodes == step.visits.sum()


@few
@given(shapes(), st.sampled_from((1, 2, 5, 20)), st.sampled_from((None, 1, 2)))
def test_a_successor_reads_node_and_increment_alone(shape: Shape, least: int, longest: int | None) -> None:
    """Equation (5.1), on every history that was met."""
    _, counts = counted(shape)
    kept = kept_suffixes(counts, least, longest)
    for h in range(1, len(kept)):
        step, to = counts.steps[h], kept[h].follow(len(counts.steps[h].z), kept[h - 1])
        assert np.array_equal(to[kept[h - 1].node[step.parent], step.newest], kept[h].node)


@few
@given(shapes(), st.sampled_from((1, 3, 10)), st.sampled_from((0.0, 2.0, 10.0)))
def test_estimates_are_shrunk_counts(shape: Shape, least: int, shrink: float) -> None:
    information, counts = counted(shape)
    kind = reward_kind(information.model)
    model = construct(counts, information.structure, information.model.discount, kind, Construction(least, shrink))
    kept = kept_suffixes(counts, least, None)
    for step, learned, found, spelt in zip(counts.steps, model.steps, kept, histories(counts), strict=True):
        texts = {}
        for window, own in enumerate(spelt):
            for k, member in enumerate(found.member[:, window].tolist()):
                if member >= 0:
                    texts[member] = own[len(own) - k :]
        rows = list(zip(*step.rows.tolist(), step.times.tolist(), strict=True))

        def law(suffix: tuple[int, ...], u: int, a: int) -> tuple[Counter[int], float, float]:
            """P(z | suffix, u, a), the first agent's reward, and P(u | suffix)."""
            mine = [row for row in rows if not suffix or spelt[row[0]][-len(suffix) :] == suffix]  # noqa: B023
            here = [row for row in mine if (row[1], row[2]) == (u, a)]
            n = sum(row[5] for row in here)
            n_u, n_all = sum(row[5] for row in mine if row[1] == u), sum(row[5] for row in mine)
            k = shrink if suffix else 0.0
            shorter, r, p = law(suffix[1:], u, a) if suffix else (Counter(), 0.0, 0.0)
            if n + k == 0:
                return shorter, r, (n_u + k * p) / (n_all + k)
            z: Counter[int] = Counter()
            for row in here:
                z[row[3]] += row[5]
            paid = sum(row[5] * step.reward[0, row[4]] for row in here)  # noqa: B023
            mixed = Counter({x: (z[x] + k * shorter[x]) / (n + k) for x in {*z, *shorter}})
            return mixed, (paid + k * r) / (n + k), (n_u + k * p) / (n_all + k)

        rng = np.random.default_rng(shape.seed)
        nodes = _nodes_of(model, counts, kept, learned.h)
        for node in rng.choice(len(learned), size=min(3, len(learned)), replace=False).tolist():
            for g in rng.choice(len(learned.choice), size=min(3, len(learned.choice)), replace=False).tolist():
                u, a = divmod(int(learned.choice[g]), len(learned.actions))
                z, reward, private = law(texts[nodes[node]], u, int(learned.actions[a]))
                assert abs(learned.reward[0, node, g] - reward) < 1e-9
                assert abs(learned.private[node, u] - private) < 1e-12
                for f in np.flatnonzero(learned.triple_choice == g):
                    assert abs(learned.law[node, f] - z[int(learned.triple_z[f])]) < 1e-12


def _nodes_of(model, counts, kept, h):  # type: ignore[no-untyped-def]
    """The kept suffix of every node of step h, walked to from the first step."""
    used = np.unique(kept[0].follow(len(counts.steps[0].z), None)[0])
    for k in range(1, h):
        used = np.unique(kept[k].follow(len(counts.steps[k].z), kept[k - 1])[used])
    return used.tolist()


def best(graph: Graph, concept: str) -> tuple[float, ...]:
    """What the planner finds in the game's own graph."""
    agents = graph.information.signature.agents
    found = Induction(lambda _: graph, concept, stage_oracle(concept, agents, 0, Selection())).run(quiet)
    assert found.claim.values is not None
    return found.claim.values


@few
@given(shapes(rewards=("common", "zero_sum"), histories=600))
def test_with_exact_probabilities_the_model_is_the_game(shape: Shape) -> None:
    information = drop_own_actions(Information(*random_game(shape)))
    kind, concept = reward_kind(information.model), "nash" if shape.rewards == "zero_sum" else "team"
    assume(kind == shape.rewards)
    batch, times = enumerated(Tree(information.model, information.protocol, information.dropped), SCALE)
    counts = count(batch, information.structure, times)
    asked = Construction(least=1, shrink=0.0)
    model = construct(counts, information.structure, information.model.discount, kind, asked)
    _, claim = planned(model.graph, concept, 0, Selection(), quiet)
    exact = best(expand_graph(information), concept)
    assert np.allclose(claim.values, exact, atol=1e-6 * (1 + np.abs(exact).max())), (claim.values, exact)


@few
@given(shapes(rewards=("common",), histories=600, structures=("full",)), st.integers(0, 3))
def test_with_exact_probabilities_strict_windows_are_the_window_compression(shape: Shape, length: int) -> None:
    """Under full sharing the last L increments are a_{h-L:h-1}, o_{h-L+1:h}: the paper's window, its prior the law of
    the state under uniform play."""
    information = Information(*random_game(shape))
    assume(length <= shape.horizon)
    assume(not shape.early or length == shape.horizon)  # what is seen at step 1 belongs to the first increment
    batch, times = enumerated(Tree(information.model, information.protocol, information.dropped), SCALE)
    counts = count(batch, information.structure, times)
    asked = Construction(1, 0.0, length, strict=True)
    model = construct(counts, information.structure, information.model.discount, "common", asked)
    _, claim = planned(model.graph, "team", 0, Selection(), quiet)
    exact = best(window_graph(information, length, "reachable", 100_000, quiet), "team")
    assert np.allclose(claim.values, exact, atol=1e-6 * (1 + np.abs(exact).max())), (claim.values, exact)


@few
@given(shapes(rewards=("common",)), st.sampled_from((1, 2)), st.sampled_from((2, 5, 20)))
def test_strict_windows_lose_what_was_met_too_seldom(shape: Shape, longest: int, least: int) -> None:
    information, counts = counted(shape)
    kept = kept_suffixes(counts, least, longest)
    if not (kept[0].length == kept[0].depth).any():
        return  # no window of step 1 was met often enough
    model = construct(counts, information.structure, 1.0, "common", Construction(least, 0.0, longest, strict=True))
    met = endings(counts, least, longest)
    for step, found, often in zip(model.steps, kept, met, strict=True):
        assert len(step) <= sum(len(suffix) == found.depth for suffix in often)
        assert (step.known == (step.tried > 0)).all()
        whole = np.zeros(step.tried.shape)
        for f, (g, z) in enumerate(zip(step.triple_choice, step.triple_z, strict=True)):
            whole[:, g] += step.law[:, f] * (step.to[:, z] >= 0)
        assert np.allclose(step.lost, 1 - whole if len(step.z) else 0 * whole, atol=1e-12)
        assert (step.lost[~step.known] > 1 - 1e-12).all() or not len(step.z)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_laws_stay_within_their_widths(seed: int) -> None:
    """Weissman's widths at 99 %, against the true law after both have listened: 0.85^2 + 0.15^2 and the rest."""
    information = Information(dectiger(2), full())
    batch = uniform_batch(information.model, information.structure, 5000, seed)
    model = construct(count(batch, information.structure), information.structure, 1.0, "common", Construction(1, 0.0))
    (step, _), width = model.steps, model.steps[0].width(0.99)
    listen = np.flatnonzero(step.choice == 0)[0]
    found = np.sort(step.law[0][step.triple_choice == listen])
    true = np.array([0.1275, 0.1275, 0.3725, 0.3725])  # 0.85 * 0.15 and (0.85^2 + 0.15^2) / 2
    assert np.abs(found - true).sum() <= width[0, listen] < 2
