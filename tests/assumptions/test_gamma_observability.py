"""Assumption 2 of whole models: the tiger problem by hand, per-action entries, reachable differences, limits."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posgc.assumptions.gamma.bracket import gamma_bracket, observed_ratio
from posgc.assumptions.kernels import marginals, stages
from posgc.assumptions.observability import observability
from posgc.model.build import from_arrays, kernel_from_dense

BENCHMARKS = Path(__file__).parents[2] / ".." / "shared" / "benchmarks"


def tiger(hear=0.85, horizon=3):
    """DecTiger (Nair et al. 2003): actions listen, open-left, open-right; a door opened resets the state."""
    one = np.array([[hear, 1 - hear], [1 - hear, hear]])
    listening = np.einsum("so,sp->sop", one, one).reshape(2, 4)
    transition = np.full((9, 2, 2), 0.5)
    emission = np.full((9, 2, 4), 0.25)
    transition[0], emission[0] = np.eye(2), listening
    return from_arrays(
        transition=transition,
        emission=emission,
        reward=np.zeros((2, 9, 2)),
        initial=np.full(2, 0.5),
        action_sizes=(3, 3),
        observation_sizes=(2, 2),
        horizon=horizon,
    )


def random_model(rng, states=3, observations=4, actions=2, horizon=4, known_start=False):
    return from_arrays(
        transition=rng.dirichlet(np.ones(states), (actions, states)),
        emission=rng.dirichlet(np.ones(observations), (actions, states)),
        reward=np.zeros((1, actions, states)),
        initial=np.eye(states)[0] if known_start else np.full(states, 1 / states),
        action_sizes=(actions,),
        observation_sizes=(observations,),
        horizon=horizon,
    )


def joint_of(model):
    """The kernel of a `from_arrays` model as joint[a, s, o', s']."""
    kernel = model.kernels[0]
    joint = np.zeros((model.n_actions * model.n_states, model.n_observations, model.n_states))
    row = np.repeat(np.arange(len(joint)), np.diff(kernel.indptr))
    joint[row, kernel.observation, kernel.state] = kernel.probability
    return joint.reshape(model.n_actions, model.n_states, model.n_observations, model.n_states)


def with_joint(model, joint):
    """The model with another joint kernel, which carries no emission."""
    return replace(model, kernels=(kernel_from_dense(joint, model.kernels[0].reward),))


@pytest.mark.parametrize("hear", [0.85, 0.7, 0.6])
def test_dec_tiger_by_hand(hear):
    """TV of the two agents' joint hearing: ½(2|q² − (1−q)²| + 0) = 2q − 1; opening: equal rows, or no past."""
    report = observability(tiger(hear))
    listen, opened = report.literal.entries
    assert (listen.actions, opened.actions) == ((0,), tuple(range(1, 9)))
    assert (listen.upper, listen.lower) == pytest.approx((2 * hear - 1, 2 * hear - 1), abs=1e-12)
    assert (opened.lower, opened.upper) == (0, 0)
    assert report.holds is False
    listen, opened = report.reachable.entries
    assert (listen.lower, listen.upper) == pytest.approx((2 * hear - 1, 2 * hear - 1), abs=1e-12)
    assert (opened.lower, opened.upper, opened.method) == (1, 1, "nothing to tell apart")
    assert report.reachable.holds is True


def test_the_witness_of_failure_names_states_with_the_same_law():
    worst = observability(tiger()).literal.worst
    assert worst is not None and worst.witness is not None
    assert worst.action_labels[0] == "0, 1"
    assert {label for _, label, _ in worst.witness.b + worst.witness.b2} == {"state=0", "state=1"}


def test_every_step_and_action_is_in_exactly_one_entry():
    model = random_model(np.random.default_rng(0), horizon=6, known_start=True)
    report = observability(model)
    for summary in (report.literal, report.reachable):
        named = [(h, a) for e in summary.entries for h in e.steps for a in e.actions]
        assert sorted(named) == [(h, a) for h in range(1, 6) for a in range(2)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_entries_are_the_brackets_of_the_matrices(seed, known_start):
    model = random_model(np.random.default_rng(seed), known_start=known_start)
    report = observability(model)
    emission = model.kernels[0].emission.toarray().reshape(2, 3, 4)
    moves = joint_of(model).sum(2)
    for entry in report.literal.entries:
        assert entry.upper == pytest.approx(gamma_bracket(emission[entry.actions[0]]).upper, abs=1e-9)
        assert entry.lower >= entry.sigma / np.sqrt(3) - 1e-9  # MATH §5: γ >= σ_S/√S
        assert entry.sigma >= entry.lower / ((2 + entry.lower) * np.sqrt(4)) - 1e-9
    for entry in report.reachable.entries:
        a = entry.actions[0]
        there = [0] if known_start and entry.steps[0] == 1 else [0, 1, 2]
        assert entry.upper == pytest.approx(gamma_bracket(emission[a], moves[a][there]).upper, abs=1e-9)
        assert entry.lower >= report.literal.lower - 1e-9
        if entry.witness is not None:
            b, b2 = np.zeros((2, 3))
            for belief, atoms in ((b, entry.witness.b), (b2, entry.witness.b2)):
                for s, _, p in atoms:
                    belief[s] = p
            assert observed_ratio(emission[a], b, b2, moves[a]) == pytest.approx(entry.upper, abs=1e-9)
    assert report.holds is (report.literal.lower > 0)


def test_a_kernel_without_emission_is_factored_where_the_numbers_allow():
    model = random_model(np.random.default_rng(1))
    bare = with_joint(model, joint_of(model))
    declared, found = observability(model), observability(bare)
    for one, other in zip(declared.literal.entries, found.literal.entries, strict=True):
        assert (one.lower, one.upper) == pytest.approx((other.lower, other.upper), abs=1e-9)
        assert other.method.endswith("emission found in the numbers")
    assert found.reachable.upper == pytest.approx(declared.reachable.upper, abs=1e-9)


def pair_state_gamma(joint):
    """γ of the pair state on reachable differences for one action, from the definition: states (s, s')."""
    states, observations, after = joint.shape
    moves = joint.sum(1)
    pairs = [(s, t) for s in range(states) for t in range(after) if moves[s, t] > 0]
    spread = np.array([[moves[s, t] if s == start else 0.0 for s, t in pairs] for start in range(states)])
    emission = np.array([[joint[s, o, t] / moves[s, t] for o in range(observations)] for s, t in pairs])
    return gamma_bracket(emission, spread)


@pytest.mark.parametrize("seed", range(4))
def test_an_observation_of_the_old_state_is_judged_on_pairs(seed):
    rng = np.random.default_rng(seed)
    model = random_model(rng)
    joint = rng.dirichlet(np.ones(12), (2, 3)).reshape(2, 3, 4, 3)
    report = observability(with_joint(model, joint))
    for entry in report.literal.entries + report.reachable.entries:
        assert entry.method.split("; ")[1].startswith("pair state")
        expected = pair_state_gamma(joint[entry.actions[0]])
        assert (entry.lower, entry.upper) == pytest.approx((expected.lower, expected.upper), abs=1e-8)


def test_factoring_is_decided_action_by_action():
    rng = np.random.default_rng(2)
    model = random_model(rng)
    joint = joint_of(model)
    joint[1] = rng.dirichlet(np.ones(12), 3).reshape(3, 4, 3)
    kernel = with_joint(model, joint).kernels[0]
    table = marginals(kernel, 2, 3, 4)
    assert table.factors.tolist() == [True, False]
    emission = model.kernels[0].emission.toarray()
    np.testing.assert_allclose(table.emission.toarray()[:3], emission[:3], atol=1e-12)
    np.testing.assert_allclose(table.transition.toarray(), joint.sum(2).reshape(6, 3), atol=1e-12)
    np.testing.assert_allclose(table.observation.toarray(), joint.sum(3).reshape(6, 4), atol=1e-12)


def test_states_that_cannot_be_there_yet_are_left_out():
    """A line 0 → 1 → 2 ⟲ from a known start: one state at each step, so nothing to tell apart."""
    model = from_arrays(
        transition=np.array([[[0, 1, 0], [0, 0, 1], [0, 0, 1.0]]]),
        emission=np.full((1, 3, 2), 0.5),
        reward=np.zeros((1, 1, 3)),
        initial=np.array([1.0, 0, 0]),
        action_sizes=(1,),
        observation_sizes=(2,),
        horizon=6,
    )
    assert [(s.steps, np.flatnonzero(s.reachable).tolist()) for s in stages(model)] == [
        ((1,), [0]),
        ((2,), [1]),
        ((3, 4, 5), [2]),
    ]
    report = observability(model)
    assert report.holds is False and report.reachable.lower == 1
    assert report.literal.entries[0].as_json()["steps"] == [[1, 5]]


def reads_old_state_elsewhere(moves, hear, elsewhere):
    """States 0 and 1 seen with accuracy `hear`; from state 2, of law `elsewhere`, the observation is the wrong one."""
    seen = np.array([[hear, 1 - hear], [1 - hear, hear], [0.5, 0.5]])
    joint = np.zeros((1, 3, 2, 3))
    for s, law in enumerate([*moves, elsewhere]):
        joint[0, s] = np.array(law)[None] * (seen if s < 2 else seen[:, ::-1]).T
    model = from_arrays(
        transition=joint.sum(2),
        emission=np.full((1, 3, 2), 0.5),
        reward=np.zeros((1, 1, 3)),
        initial=np.array([0.5, 0.5, 0]),
        action_sizes=(1,),
        observation_sizes=(2,),
        horizon=4,
    )
    return with_joint(model, joint)


@pytest.mark.parametrize(
    ("moves", "gamma"),
    [
        ([(0.9, 0.1, 0), (0.1, 0.9, 0)], 0.6),  # 2 · 0.8 − 1, on the one direction; W alone would say 0.8 · 0.6
        ([(1, 0, 0), (0, 1, 0)], 0.6),
        ([(0.5, 0.5, 0), (0.5, 0.5, 0)], 1.0),  # nothing of the past is left to tell; W alone would say 0
    ],
)
def test_a_state_that_cannot_be_there_does_not_make_the_observation_read_the_old_one(moves, gamma):
    report = observability(reads_old_state_elsewhere(moves, 0.8, (0.5, 0.5, 0)))
    assert (report.reachable.lower, report.reachable.upper) == pytest.approx((gamma, gamma), abs=1e-9)
    assert [e.steps for e in report.reachable.entries] == [(1, 2, 3)]
    assert not any("pair state" in e.method for e in report.reachable.entries)
    assert all("pair state" in e.method for e in report.literal.entries)
    assert report.literal.upper <= gamma + 1e-9


def test_it_reads_the_old_state_from_the_step_at_which_it_can_be_there():
    """State 2 is entered at step 2: at step 1 the emission of s' counts, from step 2 the pair (s, s')."""
    report = observability(reads_old_state_elsewhere([(0.8, 0.1, 0.1), (0.1, 0.8, 0.1)], 0.8, (0.25, 0.25, 0.5)))
    first, later = report.reachable.entries
    assert (first.steps, later.steps) == ((1,), (2, 3))
    # (T(0) − T(1)) = 0.7 (1, −1, 0), seen as 0.7 (0.6, −0.6): the ratio is 0.6
    assert (first.lower, first.upper, first.method) == (
        pytest.approx(0.6, abs=1e-9),
        pytest.approx(0.6, abs=1e-9),
        "one direction; emission found in the numbers",
    )
    assert "pair state" in later.method


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_reachable_differences_by_the_definition_and_never_below_the_literal_ones(seed):
    """Emissions that read s at some states only; states enter one by one.  From the rows that can be there, the
    observation factors or it does not: the ratio of the rule that then holds, by sign patterns (`gamma_bracket`)."""
    rng = np.random.default_rng(seed)
    states, odd = 4, int(rng.integers(4))
    seen, other = rng.dirichlet(np.ones(3), (2, states))
    joint = np.zeros((1, states, 3, states))
    for s in range(states):
        law = rng.dirichlet(np.ones(states)) * (np.arange(states) <= s + 1)
        joint[0, s] = law[None] / law.sum() * (other if s == odd else seen).T
    model = from_arrays(
        transition=joint.sum(2),
        emission=np.full((1, states, 3), 1 / 3),
        reward=np.zeros((1, 1, states)),
        initial=np.eye(states)[0],
        action_sizes=(1,),
        observation_sizes=(3,),
        horizon=6,
    )
    report = observability(with_joint(model, joint))
    for entry in report.reachable.entries:
        there = np.arange(min(entry.steps[0], states))
        assert len({h if h < states else states for h in entry.steps}) == 1
        if odd not in there or len(there) == 1:
            expected = gamma_bracket(other if there.tolist() == [odd] else seen, joint[0].sum(1)[there])
        else:
            expected = pair_state_gamma(joint[0, there])
        assert (entry.lower, entry.upper) == pytest.approx((expected.lower, expected.upper), abs=1e-8)
        assert entry.lower >= report.literal.lower - 1e-9


def test_one_decision_reads_no_observation():
    report = observability(tiger(horizon=1))
    assert (report.holds, report.literal.lower, report.literal.entries) == (True, 1.0, ())


def test_what_time_did_not_allow_is_said():
    report = observability(tiger(), seconds=0.0)
    assert report.holds is None
    for entry in report.literal.entries + report.reachable.entries:
        assert (entry.lower, entry.upper, entry.witness) == (0, 1, None)
        assert entry.method.startswith("not decided: 0 s had passed")


def test_json_keys_are_those_of_the_contract():
    answer = json.loads(json.dumps(observability(tiger()).as_json()))
    assert list(answer) == ["holds", "gamma", "per_action", "reachable_differences"]
    assert answer["gamma"] == {"lower": 0.0, "upper": 0.0}
    assert answer["holds"] is False
    opened = answer["per_action"][1]
    assert opened["steps"] == [[1, 2]] and len(opened["actions"]) == 8
    assert opened["witness"]["b"] == [{"state": "state=0", "probability": 1.0}]


def test_box_pushing_is_blind_to_most_of_its_states():
    """MATH §5: 100 states share 25 observations, so γ = 0 by counting."""
    path = BENCHMARKS / "boxPushingUAI07.dpomdp"
    if not path.exists():
        pytest.skip("the benchmark files are not beside the project")
    dpomdp = pytest.importorskip("posgc_dpomdp")
    diagnostics = pytest.importorskip("posgc.language.diagnostics")
    source = diagnostics.Source(path.name, path.read_text())
    model = dpomdp.DpomdpImporter().read(source, horizon=4, discount=None, reward="team").model
    report = observability(model)
    assert report.holds is False
    assert not any("not decided" in e.method for e in report.literal.entries + report.reachable.entries)
