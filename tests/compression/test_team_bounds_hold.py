"""The bracket on a team's optimum where stages of the compressed game are far from their optimum, on nodes that the
policy reaches and on those that it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.compressed import apply, close, game, judged, long_shape, plan
from support.policies import bound

from posgc.compression.assess import Assessment
from posgc.equilibrium import Stages, StageSolution
from posgc.equilibrium.gaps import certify
from posgc.equilibrium.team.oracle import solve_team
from posgc.information.graph import expand_graph
from posgc.language.diagnostics import LimitError
from posgc.pipeline.bounding import team_bounds
from posgc.planning.induction import Induction, Oracle
from posgc.policy.artefact import Policy

SPECS = ("window(0)", "window(1)", "window(1, prior=reachable)", "belief(0.03)", "belief(0.1)", "belief(0.5)")


def careless(seed: int, share: float) -> Oracle:
    """A team oracle that plays anything at a share of the nodes and bounds every stage's optimum truly."""
    rng = np.random.default_rng(seed)

    def solve(stages: Stages) -> StageSolution:
        best = solve_team(stages)
        spoilt = rng.random(stages.n_nodes) < share
        tables = [t.copy() for t in best.tables]
        for table, choices in zip(tables, stages.actions, strict=True):
            table[spoilt] = rng.integers(choices, size=table.shape)[spoilt]
        found = certify(stages, tables, "nash", f"team: bounded {stages.n_nodes}")
        return replace(found, upper=np.maximum(best.value[0], found.value[0]))

    return solve


def found(seed: int) -> tuple[Policy, Assessment, float, float] | None:
    """A careless policy of a compressed team game, what is known of it, the game's optimum, and what rounding may do;
    None where the game is too large."""
    shape = replace(long_shape(seed), rewards="common", discount=(1.0, 0.9, 0.5)[seed % 3])
    information = game(shape)
    try:
        compressed = apply(information, SPECS[seed % len(SPECS)])
        if compressed is None:
            return None
        optimum = plan(information, "team", None).claim.values[0]
        graph, oracle = compressed.graph, careless(seed, (0.2, 1.0)[seed % 2])
        result = Induction(lambda _: graph, "team", oracle).run(lambda *_: None)
        policy = bound(information, compressed.lift(result.strategy), "team", result.claim)
        return policy, judged(compressed, result.strategy, "team"), optimum, close(information)
    except LimitError:
        return None


def check(seed: int) -> bool | None:
    """The bracket holds the optimum, with the exact gap and without; whether what other nodes fall short of matters."""
    case = found(seed)
    if case is None:
        return None
    policy, assessment, optimum, slack = case
    for known in (assessment, replace(assessment, judgement=None)):
        lower, upper = team_bounds(policy, known)
        assert upper is not None and lower - slack <= optimum <= upper + slack
    assert policy.claim.upper is not None
    return any(b.half_spread > 1e-6 for b in assessment.bounds) and policy.claim.upper > policy.claim.values[0] + 1e-6


@pytest.mark.parametrize("seed", range(24))
def test_the_optimum_is_within(seed: int) -> None:
    check(seed)


@pytest.mark.slow
def test_the_optimum_is_within_in_more_games() -> None:
    """1,000 games; at least half are small enough, and in 100 of them it matters that stages fall short."""
    told = [check(seed) for seed in range(100, 1100)]
    assert sum(t is not None for t in told) >= 500 and sum(t is True for t in told) >= 100


def test_an_oracle_that_bounds_nothing_leaves_the_optimum_open() -> None:
    def solve(stages: Stages) -> StageSolution:
        return replace(solve_team(stages), upper=None)

    information = game(replace(long_shape(3), rewards="common", n=2, horizon=3, structure="one_step"))
    claim = Induction(lambda _: expand_graph(information), "team", solve).run(lambda *_: None).claim
    assert claim.lower == claim.values[0] and claim.upper is None


@pytest.mark.parametrize("seed", [24, 26, 31])
def test_a_back_end_that_claims_too_much_moves_no_bound(seed: int) -> None:
    case = found(seed)
    assert case is not None
    policy, assessment, optimum, slack = case
    boast = replace(policy, claim=replace(policy.claim, values=tuple(v + 1000 for v in policy.claim.values)))
    lower, upper = team_bounds(boast, replace(assessment, judgement=None))
    assert upper is not None and lower - slack <= optimum <= upper + slack
