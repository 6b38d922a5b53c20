"""Every form and trap of the `.dpomdp` format that FORMATS.md names, on inline games."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from lark import Lark, logger
from posgc_dpomdp import DpomdpImporter

from posgc.language.diagnostics import InputError, Source
from posgc.model.arrays import Model
from posgc.plugin import Imported, RewardReading

HEADER = """agents: 2
discount: 0.9
values: reward
states: left right
start:
uniform
actions:
stay go
2
observations:
see
near far
"""
LAWS = "T: * :\nuniform\nO: * :\nuniform\n"


def load(text: str, reward: RewardReading | None = None, name: str = "games/small.dpomdp") -> Imported:
    return DpomdpImporter().read(Source(name, text), horizon=3, discount=None, reward=reward)


def codes(imported: Imported) -> list[str]:
    return [d.code for d in imported.diagnostics]


def transition(model: Model) -> np.ndarray:
    """P(s' | a, s) as [A, S, S], from the kernel's entries."""
    kernel = model.kernels[0]
    rows = np.repeat(np.arange(model.n_actions * model.n_states), np.diff(kernel.indptr))
    table = np.zeros((model.n_actions * model.n_states, model.n_states))
    np.add.at(table, (rows, kernel.state), kernel.probability)
    return table.reshape(model.n_actions, model.n_states, model.n_states)


def emission(model: Model) -> np.ndarray:
    law = model.kernels[0].emission
    assert law is not None
    return law.toarray().reshape(model.n_actions, model.n_states, model.n_observations)


def test_the_model_of_a_plain_file() -> None:
    imported = load(HEADER + LAWS)
    model = imported.model
    assert imported.diagnostics == ()
    assert (model.name, model.horizon, model.discount, model.kernel_of_step) == ("small", 3, 0.9, (0, 0, 0))
    assert model.signature.agents == ("1", "2")
    assert [(v.name, v.agent, v.values) for v in model.signature.actions] == [
        ("act", 0, ("stay", "go")),
        ("act", 1, ("0", "1")),
    ]
    assert [(v.name, v.agent, v.values) for v in model.signature.observations] == [
        ("obs", 0, ("see",)),
        ("obs", 1, ("near", "far")),
    ]
    assert model.state_names == ("state",) and model.state_labels == (("left", "right"),)
    assert model.active.all() and model.active.shape == (3, 2)
    assert not model.observed[0].any() and model.observed[1:].all() and len(model.observed) == 4
    assert model.initial.observation.tolist() == [0, 0]
    assert model.kernels[0].reward.shape == (2, 4, 2) and not model.kernels[0].reward.any()
    assert model.kernels[0].sample_reward is None
    assert np.allclose(transition(model), 0.5) and np.allclose(emission(model), 0.5)


def test_named_agents() -> None:
    assert load(HEADER.replace("agents: 2", "agents: ann the_second-agent") + LAWS).model.signature.agents == (
        "ann",
        "the_second-agent",
    )


def test_one_agent_needs_no_joint_index() -> None:
    text = (
        "agents: 1\ndiscount: 1\nvalues: reward\nstates: 2\nstart: 0\nactions:\nstay go\nobservations:\n1\n"
        "T: stay :\nidentity\nT: 1 :\nuniform\nO: * :\nuniform\nR: go : * : * : * : 3\n"
    )
    model = load(text).model
    assert transition(model).tolist() == [[[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]]
    assert model.kernels[0].reward.tolist() == [[[0, 0], [3, 3]]]


@pytest.mark.parametrize(
    "field, rows",
    [
        ("*", [0, 1, 2, 3]),
        ("* *", [0, 1, 2, 3]),
        ("0", [0]),
        ("1", [1]),  # a joint index: the last agent is fastest
        ("2", [2]),
        ("go 0", [2]),
        ("1 0", [2]),
        ("stay *", [0, 1]),
        ("* 1", [1, 3]),
        (" go   1 ", [3]),
    ],
)
def test_joint_actions(field: str, rows: list[int]) -> None:
    model = load(HEADER + LAWS + f"R: {field} : * : * : * : 7\n").model
    assert np.flatnonzero(model.kernels[0].reward[0, :, 0]).tolist() == rows


@pytest.mark.parametrize(
    "statements, expected",
    [
        ("T: * : * : right : 1\nT: * : * : left : 0\n", [[0, 1], [0, 1]]),
        ("T: * : left :\n0.25 0.75\n", [[0.25, 0.75], [0.5, 0.5]]),
        ("T: * :\n0.25 0.75\n1 0\n", [[0.25, 0.75], [1, 0]]),
        ("T: * :\nidentity\n", [[1, 0], [0, 1]]),
        ("T: * :\nidentity\nT: * :\nuniform\n", [[0.5, 0.5], [0.5, 0.5]]),
        ("T: * :\nidentity\nT: * : 1 :\nuniform\n", [[1, 0], [0.5, 0.5]]),
        ("T: * : 0 : 0 : 0.25\nT: * : 0 : 1 : .75\n", [[0.25, 0.75], [0.5, 0.5]]),
        ("T: * : 0 : 0 : 9e-1\nT: * : 0 : 1 : +0.1\n", [[0.9, 0.1], [0.5, 0.5]]),
        ("T: * : 0 : 0 : 0.1\nT: * : 0 : 0 : 0.2\nT: * : 0 : 1 : 0.8\n", [[0.2, 0.8], [0.5, 0.5]]),
        ("T : * :left:right:1\nT\t:*:left: left :0\n", [[0, 1], [0.5, 0.5]]),
        # A row wins over the cells before it, a cell over the row before it.
        ("T: * : 0 : * : 0.9\nT: * : 0 :\n0.5 0.25\nT: * : 0 : 1 : 0.5\n", [[0.5, 0.5], [0.5, 0.5]]),
    ],
)
def test_transition_statements(statements: str, expected: list[list[float]]) -> None:
    assert np.allclose(transition(load(HEADER + LAWS + statements).model), expected)


@pytest.mark.parametrize(
    "statements, expected",
    [
        ("O: * : * : see near : 1\nO: * : * : * far : 0\n", [[1, 0], [1, 0]]),
        ("O: * : * : 0 : 0.25\nO: * : * : 1 : 0.75\n", [[0.25, 0.75], [0.25, 0.75]]),
        ("O: * : right :\n0 1\n", [[0.5, 0.5], [0, 1]]),
        ("O: * :\n0 1\n1 0\n", [[0, 1], [1, 0]]),
        ("O: * :\n0 1\n1 0\nO: * : left :\nuniform\n", [[0.5, 0.5], [1, 0]]),
    ],
)
def test_observation_statements(statements: str, expected: list[list[float]]) -> None:
    assert np.allclose(emission(load(HEADER + LAWS + statements).model), expected)


def test_reward_of_every_arity_and_its_expectation() -> None:
    body = (
        "T: * : * :\n0.25 0.75\nO: * : left :\n1 0\nO: * : right :\n0.5 0.5\n"
        "R: 0 : * : * : * : 5\n"  # constant
        "R: 1 : left : right : * : 4\n"  # depends on s'
        "R: 2 : left : right :\n8 16\n"  # a row over jo
        "R: 3 : left :\n1 2\n3 4\n"  # rows over s'
    )
    kernel = load(HEADER + body).model.kernels[0]
    # By hand from T(left) = 1/4, O(near | left) = 1, O(near | right) = 1/2.
    assert kernel.reward[0].tolist() == [[5, 5], [0.75 * 4, 0], [0.375 * 24, 0], [0.25 * 1 + 0.375 * 7, 0]]
    assert kernel.sample_reward is not None
    # Action 3 in state left: entries sorted by (observation, state).
    row = slice(int(kernel.indptr[6]), int(kernel.indptr[7]))
    assert kernel.observation[row].tolist() == [0, 0, 1] and kernel.state[row].tolist() == [0, 1, 1]
    assert kernel.sample_reward[0, row].tolist() == [1, 3, 4]
    assert np.array_equal(kernel.sample_reward[0], kernel.sample_reward[1])


def test_rewards_that_name_an_end_but_do_not_depend_on_it_have_no_samples() -> None:
    kernel = load(HEADER + LAWS + "R: * : * : left : * : 2\nR: * : * : right : * : 2\n").model.kernels[0]
    assert kernel.sample_reward is None and (kernel.reward == 2).all()


def test_cost_is_negated_and_zero_sum_gives_the_second_the_negative() -> None:
    text = HEADER.replace("reward", "cost") + LAWS + "R: * : * : * : * : 2\nR: go * : left : right : * : 4\n"
    kernel = load(text, "zero_sum").model.kernels[0]
    assert kernel.reward[0, 0].tolist() == [-2, -2] and kernel.reward[0, 2].tolist() == [-3, -2]
    assert np.array_equal(kernel.reward[1], -kernel.reward[0])
    assert kernel.sample_reward is not None and np.array_equal(kernel.sample_reward[1], -kernel.sample_reward[0])
    assert "N105" in codes(load(text))


@pytest.mark.parametrize(
    "start, law",
    [
        ("start:\nuniform", [0.5, 0.5]),
        ("start: uniform", [0.5, 0.5]),
        ("start:\n0.25 0.75", [0.25, 0.75]),
        ("start: 0.25 0.75", [0.25, 0.75]),
        ("start: right", [0, 1]),
        ("start: 1", [0, 1]),
        ("start:\nright", [0, 1]),
        ("start:\n1", [0, 1]),
        ("start include: left 1", [0.5, 0.5]),
        ("start include: right", [0, 1]),
        ("start exclude: 0", [0, 1]),
        ("start  exclude :left", [0, 1]),
        ("start:\n0.333333\n0.666667", [0.333333, 0.666667]),
    ],
)
def test_start(start: str, law: list[float]) -> None:
    initial = load(HEADER.replace("start:\nuniform", start) + LAWS).model.initial
    dense = np.zeros(2)
    dense[initial.state] = initial.probability
    assert dense.tolist() == pytest.approx(law)


def test_a_state_called_uniform_is_a_state() -> None:
    text = HEADER.replace("left right", "calm uniform").replace("start:\nuniform", "start: uniform")
    model = load(text + LAWS).model
    assert model.initial.state.tolist() == [1]


def test_one_state_and_a_number_below_start() -> None:
    text = HEADER.replace("left right", "only").replace("start:\nuniform", "start:\n1.0")
    assert load(text + LAWS).model.initial.probability.tolist() == [1]


def test_only_reachable_states_are_kept_with_their_labels() -> None:
    text = HEADER.replace("left right", "lost left right end").replace("start:\nuniform", "start: right")
    model = load(text + "T: * : * : end : 1\nO: * :\nuniform\nR: * : end : * : * : 1\nR: * : lost : * : * : 9\n").model
    assert [model.state_label(s) for s in range(2)] == ["state=right", "state=end"]
    assert model.state_labels == (("lost", "left", "right", "end"),)
    assert model.kernels[0].reward[0].tolist() == [[0, 1]] * 4
    assert emission(model).shape == (4, 2, 2)


def test_rounded_rows_are_renormalised_with_a_note() -> None:
    imported = load(HEADER + LAWS + "T: * : left :\n0.333333 0.666666\n")
    assert codes(imported) == ["N106"] and imported.diagnostics[0].span is not None
    assert imported.diagnostics[0].span.line == 17
    assert transition(imported.model)[0, 0].tolist() == pytest.approx([1 / 3, 2 / 3], abs=1e-12)


def test_what_madp_chokes_on_is_noted() -> None:
    text = HEADER.replace("discount: 0.9", "discount: 0.9 # of Seuken") + "\n" + LAWS.rstrip("\n")
    assert codes(load(text)) == ["N103", "N101", "N102"]
    assert codes(load(HEADER + "T: * : uniform\nO: * :\nuniform\n")) == ["N110"]
    assert codes(load(HEADER + LAWS + "T: * :\n0.5 0.5 0.5\n0.5\n")) == ["N109"]
    assert codes(load("# header\n\n# more\n\n" + HEADER + LAWS)) == []


def test_carriage_returns_change_nothing() -> None:
    text = HEADER + LAWS + "T: * :\n0.25 0.75\n1 0\n# end\n"
    plain, other = load(text), load(text.replace("\n", "\r\n"))
    assert codes(other) == codes(plain) == []
    assert np.array_equal(transition(plain.model), transition(other.model))


def test_a_byte_order_mark_is_nothing() -> None:
    assert DpomdpImporter().applies(Source("x", "\ufeff" + HEADER)) is None
    assert codes(load("\ufeff" + HEADER + LAWS)) == []


def test_the_quoted_dialect() -> None:
    text = (
        'agents: 2\ndiscount: 1.0\nvalues: "reward"\nstates: "a-b"   "c"\nstart:\n"uniform"\n'
        'actions:\n"x" "y"\n"x" "y"\n'
        'observations:\n2\n1\nT: "*" :\n"uniform"\nT: "x" "x" :\n"identity"\nO: "*" :\n"uniform"\n'
        'R: "x" "*" : "a-b" : -2\nR: "y" "y" : "*" : +3\n'
    )
    imported = load(text)
    assert codes(imported) == ["N107"]
    assert imported.model.kernels[0].reward[0].tolist() == [[-2, 0], [-2, 0], [0, 0], [3, 3]]
    assert imported.model.state_labels == (("a-b", "c"),)
    # One reward for each agent, as in the .posg files of SDMS.
    own = text.replace(": -2", ": -2 4").replace(": +3", ": 3 1")
    reward = load(own).model.kernels[0].reward
    assert reward[:, 0, 0].tolist() == [-2, 4] and reward[:, 3].tolist() == [[3, 3], [1, 1]]


def test_short_rewards_without_quotes_are_noted() -> None:
    assert codes(load(HEADER + LAWS + "R: go * : left : 2\n")) == ["N108"]


def test_rewards_of_each_agent_in_our_dialect() -> None:
    imported = load(HEADER + LAWS + "R: * : * : * : * : 1 -2\nR: go 1 : left : right : see far : 5 8\n")
    kernel = imported.model.kernels[0]
    assert codes(imported) == ["N111"]
    assert kernel.reward[:, 0].tolist() == [[1, 1], [-2, -2]]
    assert kernel.reward[:, 3, 0].tolist() == [0.75 * 1 + 0.25 * 5, 0.75 * -2 + 0.25 * 8]
    cost = load(HEADER.replace("reward", "cost") + LAWS + "R: * : * : * : * : 1 -2\n").model
    assert cost.kernels[0].reward[:, 0, 0].tolist() == [-1, 2]
    with pytest.raises(InputError, match="one reward where other statements give 2"):
        load(HEADER + LAWS + "R: * : * : * : * : 1 -2\nR: 0 : * : * : * : 1\n")
    with pytest.raises(InputError, match="a reward of its own"):
        load(HEADER + LAWS + "R: * : * : * : * : 1 -2\n", "zero_sum")


def test_zsposg_is_zero_sum_by_its_ending() -> None:
    text = HEADER + LAWS + "R: * : * : * : * : 2\n"
    imported = load(text, name="x.zsposg")
    assert imported.model.kernels[0].reward[:, 0, 0].tolist() == [2, -2] and codes(imported) == ["N112"]
    assert load(text, "team", "x.zsposg").model.kernels[0].reward[:, 0, 0].tolist() == [2, 2]


class TestReadersOfRewards:
    """MADP adds what names s' or jo to what it has; the last statement wins here."""

    def test_alike_where_every_end_is_named_once(self) -> None:
        assert codes(load(HEADER + LAWS + "R: * : * : left : * : 2\nR: * : * : right : * : 3\n")) == []
        assert codes(load(HEADER + LAWS + "R: * : left : right :\n2 3\nR: go 1 : right :\n1 2\n3 4\n")) == []

    def test_alike_where_only_states_and_actions_are_named(self) -> None:
        assert codes(load(HEADER + LAWS + "R: * : * : * : * : 2\nR: go * : left : * : * : 3\n")) == []

    @pytest.mark.parametrize(
        "rewards, madp, ours",
        [
            ("R: * : * : left : * : 2\nR: * : * : left : * : 2\n", "2", "1"),
            ("R: * : * : * : * : 1\nR: * : * : left : * : 2\n", "2", "1.5"),
            ("R: * : * : left : see near : 4\nR: * : * : left : * : 4\n", "3", "2"),
            ("R: 0 : 0 : 0 : 0 : 4\nR: 0 : 0 : 0 : 0 : 4\n", "2", "1"),
            ("R: 0 : 0 :\n1 1\n1 1\nR: 0 : 0 : 0 :\n1 1\n", "1.5", "1"),
        ],
    )
    def test_warned_where_statements_overlap(self, rewards: str, madp: str, ours: str) -> None:
        imported = load(HEADER + LAWS + rewards)
        assert [(d.code, d.severity) for d in imported.diagnostics] == [("W101", "warning")]
        assert f"expects {madp}, the last statement winning gives {ours} " in imported.diagnostics[0].message

    def test_warned_where_laws_follow(self) -> None:
        imported = load(HEADER + "R: * : * : left : * : 2\n" + LAWS)
        assert codes(imported) == ["W101"] and imported.diagnostics[0].span is not None
        assert imported.diagnostics[0].span.line == 13


def test_claims_by_content_alone() -> None:
    importer = DpomdpImporter()
    assert importer.applies(Source("x.txt", HEADER)) is None
    assert importer.applies(Source("x.posg", 'agents:2\nvalues:"reward"\n')) is None
    assert importer.applies(Source("x.dpomdp", "game dectiger { agents ann, bob; # agents: 2\n }")) is not None
    assert importer.applies(Source("x.dpomdp", "discount: 0.9\nvalues: reward\nstates: 2\nactions: 2\n")) is not None
    assert importer.applies(Source("x.dpomdp", "")) is not None


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    # Lark settles shift/reduce conflicts in silence, save in its debug log.
    level = logger.level
    logger.addHandler(caplog.handler)
    try:
        logger.setLevel(logging.DEBUG)
        Lark.open_from_package("posgc_grammars", "dpomdp.lark", parser="lalr", debug=True)
    finally:
        logger.setLevel(level)
        logger.removeHandler(caplog.handler)
    assert "conflict" not in caplog.text.lower()
