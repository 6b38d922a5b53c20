"""Value iteration against optima and deviations worked out on the game tree."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from posgc_value_iteration import ValueIteration
from support.checks import EXACT, SOLVED, check_policy, check_solution, concepts, prepared, solved
from support.games import Shape, dectiger, delayed, full, shapes

from posgc.information.items import Information
from posgc.judge.verify import verify
from posgc.language.concepts import CONCEPTS
from posgc.language.diagnostics import LimitError
from posgc.plugin import Facts

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@few
@given(shapes(histories=200))
def test_values_and_gaps(shape: Shape) -> None:
    information, tree, _ = prepared(shape)
    for concept in concepts(shape):
        check_solution(information, tree, concept, shape)


@settings(few, max_examples=20)
@given(shapes(("general", "zero_sum"), histories=1000))
def test_values_and_gaps_over_more_steps(shape: Shape) -> None:
    """Fewer but larger games, where equilibria mix."""
    information, tree, _ = prepared(shape)
    for concept in concepts(shape)[-2:]:
        check_solution(information, tree, concept, shape)


@settings(few, max_examples=25)
@given(shapes(("general",), histories=60, max_agents=2))
def test_strategic_form_in_the_whole_game(shape: Shape) -> None:
    """Nothing is left to deviators that see prescriptions, remembering them all or not, hence nothing to the others."""
    information, tree, _ = prepared(shape)
    try:
        result = solved(information, "ce", form="strategic")
    except LimitError:
        assume(False)  # a stage with more than 20,000 joint prescriptions
    assert result.claim.against == "ce_strategic"
    assert check_policy(information, tree, result.strategy, "ce_strategic").gap <= SOLVED
    assert verify(information, result.strategy, "ce").gap <= SOLVED


@few
@given(shapes(histories=200), st.sampled_from([1e-3, 0.05, 1.0]))
def test_epsilon_bounds_what_is_left(shape: Shape, epsilon: float) -> None:
    """Verified gap <= end-to-end bound <= sum of discounted epsilons; a team's bracket holds the exact optimum."""
    information, _, _ = prepared(shape)
    steps = sum(information.model.discount**h for h in range(information.model.horizon))
    for concept in concepts(shape):
        result = solved(information, concept, epsilon=epsilon)
        claim, checked = result.claim, verify(information, result.strategy, CONCEPTS[concept].deviations())
        assert claim.stage_gap is not None and claim.gap_bound is not None
        assert checked.gap <= claim.gap_bound + checked.error + EXACT
        assert claim.stage_gap <= epsilon + SOLVED and claim.gap_bound <= epsilon * steps + SOLVED
        if concept == "team":
            exact = solved(information, concept).claim.values[0]
            assert claim.lower is not None and claim.upper is not None
            assert claim.lower - EXACT <= exact <= claim.upper + EXACT <= claim.lower + epsilon * steps + SOLVED


ONE_STEP = {2: -4.0, 3: 8.815, 4: 11.015488, 5: 10.676063, 6: 19.124571, 7: 22.918304}
FULL = {3: 13.015488, 4: 22.701124, 5: 26.810325, 6: 35.073971, 7: 40.242555}


@pytest.mark.parametrize(("horizon", "value"), ONE_STEP.items())
def test_dectiger_one_step_delay(horizon: int, value: float) -> None:
    """Six decimals from shared/MATH.md section 11."""
    information = Information(dectiger(horizon), delayed(1))
    checked = verify(information, solved(information, "team").strategy, "nash")
    assert checked.values[0] == pytest.approx(value, abs=6e-7)
    assert checked.gap <= 1e-9


@pytest.mark.parametrize(("horizon", "value"), FULL.items())
def test_dectiger_full_sharing(horizon: int, value: float) -> None:
    """Six decimals from shared/MATH.md section 11."""
    information = Information(dectiger(horizon), full())
    checked = verify(information, solved(information, "team").strategy, "nash")
    assert checked.values[0] == pytest.approx(value, abs=6e-7)
    assert checked.gap <= 1e-9


def test_two_steps_of_full_sharing_by_hand() -> None:
    """Listen twice (-4); or listen and open what two equal reports (of probability .85^2 + .15^2) point at.

    The second earns -2 + .745 * (20 * .7225 - 50 * .0225) / .745 - 2 * .255 = 10.815.
    """
    information = Information(dectiger(2), full())
    value = -2 + (0.7225 * 20 - 0.0225 * 50) - 0.255 * 2
    assert verify(information, solved(information, "team").strategy, "nash").values[0] == pytest.approx(value, abs=1e-9)


def test_what_does_not_suit_it_is_said() -> None:
    backend = ValueIteration()
    information = Information(dectiger(2), full())
    model = information.model
    assert backend.applies(Facts("team", "common", True, "", information.structure, model)) is None
    assert "share" in str(backend.applies(Facts("team", "zero_sum", True, "", information.structure, model)))
    assert backend.applies(Facts("nash", "general", True, "", information.structure, model)) is None
    for independent, word in ((False, "fails"), (None, "not decided")):
        answer = str(backend.applies(Facts("ce", "general", independent, "because", information.structure, model)))
        assert word in answer and "because" in answer
