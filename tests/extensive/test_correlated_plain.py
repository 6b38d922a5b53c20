"""Correlated equilibria of hidden histories: deviations on layers against the judge, regret against its bound, and
column generation against the programme over all joint plans."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from support.games import Shape, any_protocol, random_game, shapes

from posgc.extensive.answering import answers, worth
from posgc.extensive.columns import _augmented, select_best
from posgc.extensive.correlated import mixture_result
from posgc.extensive.growing import extensive_game
from posgc.extensive.joint_plans import JointPlans, TeamTerms, plans_of_all_but_one
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.master import Master, Profile
from posgc.extensive.mixing import minimise_trigger_regret
from posgc.extensive.plans import Behaviour, Plans
from posgc.extensive.trigger_regret import Dynamics, stationary
from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.language.concepts import DeviationKind
from posgc.model.rewards import spans_to_come

few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=3000)
EXACT = 1e-9
"""Absolute; values are of order 1."""
KINDS: tuple[DeviationKind, ...] = ("nfcce", "efcce", "efce")
SEEDS = st.integers(0, 2**32 - 1)
SMALL = shapes(histories=300)
FEW_PLANS = 300
"""Joint plans that are listed by the plain way."""
Floats = npt.NDArray[np.float64]


def game(shape: Shape, seed: int) -> Information:
    return any_protocol(Information(*random_game(shape)), seed)


def master_of(information: Information, kind: DeviationKind) -> Master:
    layers = extensive_game(information, merge=False)
    return Master.of(layers, kind, spans_to_come(information.model)[:, 0])


def random_behaviour(plans: Plans, rng: np.random.Generator) -> Behaviour:
    """Any laws, half of them with choices that are never taken."""
    laws = [
        rng.dirichlet(np.ones(choices), size=sets) * rng.integers(0, 2, (sets, choices))
        for sets, choices in plans.shapes
    ]
    return plans.behaviour(np.concatenate([law.ravel() for law in laws]))


def random_profile(master: Master, rng: np.random.Generator) -> Profile:
    plans = [Plans.of(master.game, agent) for agent in range(master.game.n_agents)]
    return master.profile([one.plan(random_behaviour(one, rng)) for one in plans])


def check_judged(
    information: Information, master: Master, kind: DeviationKind, profiles: list[Profile], weight: Floats
) -> None:
    """The general judge finds the gains that the layers say, and the values."""
    gains = master.gains(profiles, weight)
    result = mixture_result(
        information, master.game, profiles, weight, gains, kind, ("drawn", len(profiles), "profile")
    )
    judged = judge_histories(information, result.strategy, kind)
    least = -np.inf if kind == "nfcce" else 0.0
    assert judged.status == "exact"
    assert judged.gains == pytest.approx([max(least, float(gain)) for gain in gains], abs=EXACT)
    assert judged.values == pytest.approx(result.claim.values, abs=EXACT)


def check_deviations(information: Information, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for kind in KINDS:
        master, count = master_of(information, kind), int(rng.integers(1, 4))
        profiles = [random_profile(master, rng) for _ in range(count)]
        check_judged(information, master, kind, profiles, rng.dirichlet(np.ones(count)))


@few
@given(SMALL, SEEDS)
def test_deviations_on_layers_gain_what_the_judge_finds(shape: Shape, seed: int) -> None:
    check_deviations(game(shape, seed), seed)


@pytest.mark.slow
@many
@given(SMALL, SEEDS)
def test_deviations_on_layers_gain_what_the_judge_finds_in_many_games(shape: Shape, seed: int) -> None:
    check_deviations(game(shape, seed), seed)


@few
@given(SMALL, SEEDS, st.sampled_from(KINDS), st.integers(1, 30))
def test_the_average_gains_no_more_than_what_is_regretted(
    shape: Shape, seed: int, kind: DeviationKind, rounds: int
) -> None:
    """The lemma of docs/hidden-histories.md: T times the gain is at most the sum over sets of the largest regrets."""
    master = master_of(game(shape, seed), kind)
    dynamics, profiles = Dynamics(master.game, kind), list[Profile]()
    for _ in range(rounds):
        profiles.append(master.profile(dynamics.plans))
        dynamics.round()
    gains = rounds * master.gains(profiles, np.full(rounds, 1 / rounds))
    for gain, learner in zip(gains, dynamics.learners, strict=True):
        regret = sum(z.max(axis=2, initial=0.0).sum() for z in (*learner.regret, *learner.swap))
        assert gain <= regret + EXACT * rounds


@few
@given(st.integers(1, 5), st.integers(1, 6), SEEDS)
def test_stationary_laws(count: int, size: int, seed: int) -> None:
    """Nothing flows in or out, however different the rates are, and however many are 0."""
    rng = np.random.default_rng(seed)
    rates = 10.0 ** rng.uniform(-8, 8, (count, size, size)) * rng.integers(0, 2, (count, size, size))
    law = stationary(rates)
    assert law.sum(axis=1) == pytest.approx(np.ones(count)) and (law >= 0).all()
    off = rates * (1 - np.eye(size))
    net = np.einsum("sb,sba->sa", law, off) - law * off.sum(axis=2)
    assert (np.abs(net).max(axis=1) <= 1e-9 * rates.max(axis=(1, 2)) + 1e-300).all()


@few
@given(SMALL, SEEDS, st.sampled_from(KINDS))
def test_plans_that_a_deviator_does_not_change(shape: Shape, seed: int, kind: DeviationKind) -> None:
    """What a deviator with any flow makes of them is what they were."""
    master, rng = master_of(game(shape, seed), kind), np.random.default_rng(seed)
    sizes = master.game.terms.sizes
    flows = [one.conserved(rng.random(one.rows) * rng.integers(0, 2, one.rows), 1.0) for one in master.deviations]
    weights = [one.weights(flow, size) for one, flow, size in zip(master.deviations, flows, sizes, strict=True)]
    for plan, weight in zip(Dynamics(master.game, kind).unmoved(weights), weights, strict=True):
        assert np.append(1.0, plan) @ weight == pytest.approx(plan, abs=EXACT)


@few
@given(SMALL, SEEDS, st.sampled_from(KINDS))
def test_answers_to_a_programme_are_worth_something_and_never_randomise(
    shape: Shape, seed: int, kind: DeviationKind
) -> None:
    """Their worth as a sum over the terms of the augmented game, from the multipliers alone, is at least 0, and it is
    what the profile's rows are worth; so is what each agent's sequences add to it."""
    master = master_of(game(shape, seed), kind)
    dynamics = Dynamics(master.game, kind)
    dynamics.round()
    found = master.solve([master.profile(dynamics.plans)])
    assert found is not None
    terms, sizes = _augmented(master, np.zeros((0, shape.n)), found), master.game.terms.sizes
    flows = [one.weights(flow, size) for one, flow, size in zip(master.deviations, found.flows, sizes, strict=True)]
    for profile in answers(master, found, dynamics):
        assert all(np.isin(plan, (0.0, 1.0)).all() for plan in profile.plans)
        played = [np.append(1.0, plan)[s] for plan, s in zip(profile.plans, terms.sequence, strict=True)]
        worth_in_all = float(terms.value @ np.prod(played, axis=0))
        lost = sum(flow @ rows / span for flow, rows, span in zip(found.flows, profile.rows, master.spans, strict=True))
        assert worth_in_all == pytest.approx(found.obedience @ (profile.values / master.spans) - lost, abs=EXACT)
        assert worth_in_all >= -EXACT
        check_worth(master, found.obedience, flows, list(profile.plans), terms)


def check_worth(
    master: Master, obedience: Floats, flows: list[sparse.csr_array], plans: list[Floats], terms: TeamTerms
) -> None:
    """What each agent's sequences add, against the sum over terms with that agent's plan replaced by each of them."""
    for agent, plan in enumerate(plans):
        others = [np.append(1.0, x)[s] for x, s in zip(plans, terms.sequence, strict=True)]
        others[agent] = terms.value
        plain = np.bincount(terms.sequence[agent], np.prod(others, axis=0), 1 + len(plan))
        assert worth(master, obedience, flows, plans, agent) == pytest.approx(plain[1:], abs=EXACT)


def check_closes(information: Information, kind: DeviationKind) -> None:
    """A mixture from which nobody gains more than 1e-6 of the span, as the judge finds too."""
    master = master_of(information, kind)
    found = minimise_trigger_regret(master, kind, 1e-6 * master.scale, 2000)
    assert found.closed
    check_judged(information, master, kind, list(found.profiles), found.weight)


@few
@given(SMALL, SEEDS, st.sampled_from(KINDS))
def test_regret_closes(shape: Shape, seed: int, kind: DeviationKind) -> None:
    check_closes(game(shape, seed), kind)


@pytest.mark.slow
@many
@given(SMALL, SEEDS, st.sampled_from(KINDS))
def test_regret_closes_in_many_games(shape: Shape, seed: int, kind: DeviationKind) -> None:
    check_closes(game(shape, seed), kind)


def all_plans(layers: ExtensiveGame, agent: int) -> list[Floats]:
    """Every plan that never randomises, one choice in each set, those that differ only where they never come once."""
    plans = Plans.of(layers, agent)
    sets = [choices for count, choices in plans.shapes for _ in range(count)]
    found = {}
    for chosen in product(*map(range, sets)):
        picked, laws = iter(chosen), []
        for count, choices in plans.shapes:
            laws.append(np.eye(choices)[[next(picked) for _ in range(count)]])
        plan = plans.plan(laws)
        found[plan.tobytes()] = plan
    return list(found.values())


def count_of_choices(layers: ExtensiveGame) -> float:
    """Ways to choose in all sets of all agents."""
    sets = [one for layer in layers.layers for one in layer.sets]
    return float(np.prod([float(one.n_choices) ** len(one) for one in sets]))


def check_selected(information: Information, kind: DeviationKind, criteria: Floats, epsilon: float = 1e-9) -> bool:
    """What is selected is the optimum of the programme over all joint plans; whether the game was small enough.  Agents
    may gain `epsilon` of the largest span."""
    master = master_of(information, kind)
    if count_of_choices(master.game) > FEW_PLANS or master.game.terms.value.size == 0:
        return False
    listed = [all_plans(master.game, agent) for agent in range(master.game.n_agents)]
    assert plans_of_all_but_one(master.game) == pytest.approx(np.prod(sorted(map(len, listed))[:-1]))
    own = JointPlans(master.game)
    for agent, table in own.listed.items():
        assert {row.tobytes() for row in table[:, 1:]} == {plan.tobytes() for plan in listed[agent]}
    everything = [master.profile(plans) for plans in product(*listed)]
    # where equilibria are few, the optimum moves a thousand times as far as the room for gains
    room = (epsilon - 5e-10, epsilon + 1e-9)
    plain = [master.solve(everything, criteria, gain * master.scale / master.spans) for gain in room]
    assert plain[0] is not None and plain[1] is not None
    least, most = (one.optimum * master.scale for one in plain)
    off = 1e-7 * master.scale
    start = minimise_trigger_regret(master, kind, EXACT, 50)
    found = select_best(master, start.profiles, criteria, epsilon * master.scale)
    assert found is not None and found.closed
    assert least - epsilon * master.scale - off <= found.selected <= most + off
    assert found.selected <= found.upper + EXACT and least <= found.upper + off
    assert found.gains.max() <= (epsilon + 1e-8) * master.scale
    check_judged(information, master, kind, list(found.profiles), found.weight)
    return True


@st.composite
def some_criteria(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(("welfare", "egalitarian", "first", "last")))


def criteria_of(name: str, n: int) -> Floats:
    return {"welfare": np.ones((1, n)), "egalitarian": np.eye(n), "first": np.eye(n)[:1], "last": np.eye(n)[-1:]}[name]


@few
@given(shapes(histories=40), SEEDS, st.sampled_from(KINDS), some_criteria(), st.sampled_from((1e-9, 0.03)))
def test_column_generation_finds_the_optimum_over_all_plans(
    shape: Shape, seed: int, kind: DeviationKind, name: str, epsilon: float
) -> None:
    check_selected(game(shape, seed), kind, criteria_of(name, shape.n), epsilon)


@pytest.mark.slow
@many
@given(shapes(histories=40), SEEDS, st.sampled_from(KINDS), some_criteria(), st.sampled_from((1e-9, 0.03)))
def test_column_generation_finds_the_optimum_over_all_plans_of_many_games(
    shape: Shape, seed: int, kind: DeviationKind, name: str, epsilon: float
) -> None:
    check_selected(game(shape, seed), kind, criteria_of(name, shape.n), epsilon)
