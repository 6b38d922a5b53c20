"""Selection by rollouts: deviations found on pairs against the judge, and what is selected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.episodes import enumerated, uniform_batch
from support.games import Shape, dectiger, delayed, random_game, shapes
from support.tree import Tree

from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.judge.in_model import best_response
from posgc.judge.verify import verify
from posgc.learning.construct import Construction, construct
from posgc.learning.counting import count
from posgc.learning.planned import planned
from posgc.learning.rounds import Task
from posgc.learning.selection import paired, rollouts_needed, selected
from posgc.model.rewards import reward_kind
from posgc.planning.oracles import Selection
from posgc.play.environment import Budget, CountedEnvironment
from posgc.play.simulator import Simulator

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def quiet(stage: str, done: int, total: int) -> None:
    pass


@few
@given(shapes(histories=600), st.sampled_from(("cce", "ce")), st.sampled_from((1, 3, 10)))
def test_deviations_learned_in_the_game_itself_gain_what_the_judge_says(shape: Shape, concept: str, least: int) -> None:
    """The candidate is that of a poor model; in a model with exact probabilities its best responses are the game's."""
    information = drop_own_actions(Information(*random_game(shape)))
    structure, discount = information.structure, information.model.discount
    kind = reward_kind(information.model)
    batch, times = enumerated(Tree(information.model, information.protocol, information.dropped), 1 << 50)
    exact = construct(count(batch, structure, times), structure, discount, kind, Construction(1, 0.0))
    seen = count(uniform_batch(information.model, structure, 40, shape.seed % 1000), structure)
    poor = construct(seen, structure, discount, kind, Construction(least, 1.0))
    policy, _ = planned(poor.graph, concept, 0, Selection("any"), quiet)
    graph, machine = paired(exact, policy)
    judged, again = verify(information, policy, concept, 10**5), verify(information, machine, concept, 10**5)
    close = 1e-6 * (1 + np.abs(judged.values).max())
    assert np.allclose(judged.values, again.values, atol=close)  # the pairs play the same
    for i in range(structure.n_agents):
        gained = verify(information, best_response(graph, machine, i, concept), concept, 10**5).values[i]
        assert abs(gained - judged.values[i] - judged.gains[i]) < close


def task(concept: str, samples: int) -> tuple[Information, Task]:
    information = Information(dectiger(2), delayed(1))
    environment = CountedEnvironment(Simulator(information.model, 3), Budget(samples))
    kind = reward_kind(information.model)
    made = Task(environment, information.structure, concept, kind, 3, Construction(), Selection(), quiet)
    return information, made


@pytest.mark.parametrize("concept", ["team", "nash", "cce", "ce"])
def test_the_better_of_two_policies_is_selected(concept: str) -> None:
    """Both listen twice (-4, a team optimum and so an equilibrium) against a model that thinks all doors are gold."""
    information, made = task(concept, 60_000)
    batch = uniform_batch(information.model, information.structure, 4000, 1)
    good = made.model(count(batch, information.structure))
    wrong = made.model(count(replace(batch, reward=tuple(-r for r in batch.reward)), information.structure))
    models = [wrong, good]
    policies = [made.policy(model) for model in models]
    chosen = selected(made, models, policies, 400, 0)
    assert chosen.index == 1, chosen
    assert made.environment.samples == 2 * rollouts_needed(made, 2, 400)  # of two steps each


def test_what_a_selection_costs() -> None:
    """K candidates, and for n agents n K^2 deviations (Algorithm 6); a team needs none."""
    assert rollouts_needed(task("team", 1)[1], 3, 10) == 30
    assert rollouts_needed(task("cce", 1)[1], 3, 10) == 10 * (3 + 2 * 9)
