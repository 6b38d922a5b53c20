"""Every form and trap of Cassandra's `.pomdp` format that FORMATS.md names, and its mistakes with their places."""

from __future__ import annotations

import time

import numpy as np
import pytest
from posgc_dpomdp import DpomdpImporter, PomdpImporter

from posgc.language.diagnostics import InputError, LimitError, Source, render
from posgc.model.arrays import Model
from posgc.plugin import Imported, RewardReading

PREAMBLE = """discount: 0.9
values: reward
states: left right
actions: stay go
observations: near far
"""  # 5 lines: the body starts on line 6
LAWS = "T: * uniform\nO: * uniform\n"


def load(text: str, reward: RewardReading | None = None) -> Imported:
    return PomdpImporter().read(Source("games/small.pomdp", text), horizon=3, discount=None, reward=reward)


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


def start(model: Model) -> list[float]:
    law = np.zeros(model.n_states)
    law[model.initial.state] = model.initial.probability
    return law.tolist()


def test_one_agent_and_a_uniform_start() -> None:
    imported = load(PREAMBLE + LAWS)
    model = imported.model
    assert imported.diagnostics == ()
    assert (model.name, model.horizon, model.discount, model.signature.agents) == ("small", 3, 0.9, ("1",))
    assert [v.values for v in (*model.signature.actions, *model.signature.observations)] == [
        ("stay", "go"),
        ("near", "far"),
    ]
    assert start(model) == [0.5, 0.5] and not model.observed[0].any()


def test_the_preamble_in_any_order_and_laid_out_in_any_way() -> None:
    text = "observations:\n2\nactions : 2 # two\nstates:\nleft\n# and\nright\nvalues:reward discount:0.9\n"
    model = load(text + "T:*uniform".replace("*", "* ") + "\nO:\n*\nuniform\n").model
    assert model.state_labels == (("left", "right"),) and model.discount == 0.9
    assert np.allclose(transition(model), 0.5) and np.allclose(emission(model), 0.5)


@pytest.mark.parametrize(
    "statements, expected",
    [
        ("T: * : * : right 1 T: * : * : left 0\n", [[0, 1], [0, 1]]),
        ("T: * : left 0.25 0.75\n", [[0.25, 0.75], [0.5, 0.5]]),
        ("T: *\n0.25 0.75\n1 0\n", [[0.25, 0.75], [1, 0]]),
        ("T: * 0.25\n0.75 1\n# half\n0\n", [[0.25, 0.75], [1, 0]]),
        ("T: * identity\n", [[1, 0], [0, 1]]),
        ("T: *\nidentity\nT: * : 1\nuniform\n", [[1, 0], [0.5, 0.5]]),
        ("T: * : 0 : 0\n 0.25\nT: * : 0 : 1\n.75\n", [[0.25, 0.75], [0.5, 0.5]]),  # as in network.pomdp
        ("T :*:left:left 0.9\nT:*:0:1 1e-1 # end\n", [[0.9, 0.1], [0.5, 0.5]]),
        ("T: * : 0 : 0 0.1\nT: * : 0 : 0 0.2\nT: * : 0 : 1 0.8\n", [[0.2, 0.8], [0.5, 0.5]]),
    ],
)
def test_transitions(statements: str, expected: list[list[float]]) -> None:
    assert np.allclose(transition(load(PREAMBLE + LAWS + statements).model), expected)


def test_reset_is_the_start_distribution() -> None:
    text = PREAMBLE + "start: 0.25 0.75\n" + LAWS + "T: go : left reset\n"
    assert transition(load(text).model).tolist() == [[[0.5, 0.5], [0.5, 0.5]], [[0.25, 0.75], [0.5, 0.5]]]
    assert transition(load(text + "T: go reset\n").model)[1].tolist() == [[0.25, 0.75], [0.25, 0.75]]


@pytest.mark.parametrize(
    "line, law",
    [
        ("", [0.5, 0.5]),
        ("start: uniform", [0.5, 0.5]),
        ("start:\n0.25\n0.75", [0.25, 0.75]),
        ("start: right", [0, 1]),
        ("start: 1", [0, 1]),
        ("start include: left 1", [0.5, 0.5]),
        ("start\nexclude: left", [0, 1]),
    ],
)
def test_start(line: str, law: list[float]) -> None:
    imported = load(PREAMBLE + line + "\n" + LAWS)
    assert start(imported.model) == law and imported.diagnostics == ()


def test_rewards_of_every_arity_and_costs() -> None:
    body = (
        "T: * : * 0.25 0.75\nO: * : left 1 0\nO: * : right 0.5 0.5\n"
        "R: stay : * : * : * 5\nR: go : left : right : * 4\nR: go : left : left 3 9\n"
    )
    kernel = load(PREAMBLE + body).model.kernels[0]
    # By hand: T(left) = 1/4 with `near` for sure pays 3, T(right) = 3/4 pays 4.
    assert kernel.reward[0].tolist() == [[5, 5], [0.25 * 3 + 0.75 * 4, 0]]
    matrix = load(PREAMBLE + body + "R: go : right\n1 2 3 4\n").model.kernels[0]
    assert matrix.reward[0, 1, 1] == 0.25 * 1 + 0.375 * 3 + 0.375 * 4
    cost = load(PREAMBLE.replace("reward", "cost") + body)
    assert np.array_equal(cost.model.kernels[0].reward, -kernel.reward) and cost.diagnostics == ()


def test_what_the_last_statement_says_holds_and_madp_has_no_say() -> None:
    imported = load(PREAMBLE + LAWS + "R: * : * : left : * 2\nR: * : * : left : * 2\n")
    assert imported.diagnostics == () and (imported.model.kernels[0].reward == 1).all()


def test_rounded_rows_are_renormalised_with_a_note() -> None:
    imported = load(PREAMBLE + LAWS + "T: go : left 0.333333 0.666666\n")
    assert [d.code for d in imported.diagnostics] == ["N106"]
    assert transition(imported.model)[1, 0].tolist() == pytest.approx([1 / 3, 2 / 3], abs=1e-12)


def test_fields_called_like_keywords() -> None:
    text = PREAMBLE.replace("left right", "T uniform") + "O: * uniform\nT: * : T : T 1\nT: * : uniform\nidentity\n"
    with pytest.raises(InputError):  # identity is a whole matrix
        load(text)
    model = load(text.replace("identity", "reset")).model
    assert transition(model)[0].tolist() == [[1, 0], [0.5, 0.5]]


def test_claims() -> None:
    ours, theirs = PomdpImporter(), DpomdpImporter()
    assert ours.applies(Source("x", PREAMBLE)) is None and theirs.applies(Source("x", PREAMBLE)) is not None
    joint = Source("x.pomdp", 'agents:1\ndiscount:0.75\nvalues:"reward"\nstates:2\n')  # SDMS
    assert theirs.applies(joint) is None and ours.applies(joint) is not None
    assert ours.applies(Source("x.pomdp", "game g {\n  state s: {a};\n # states: 2\n}\n")) is not None


MISTAKES = [
    ("T: lisen : left : right 1", [("I102", 8, 4)]),
    ("T: stay : middle : right 1", [("I102", 8, 11)]),
    ("T: stay : left : 7 1", [("I102", 8, 18)]),
    ("T: stay : left : right : go : 1", [("I101", 8, 26)]),  # a colon too many
    ("T: stay : left : right 1 2", [("I101", 8, 24)]),
    ("T: stay : left : right 1.5", [("I105", 8, 24)]),
    ("T: stay : left : right nan", [("I105", 8, 24)]),
    ("T: stay : left : right 1e999", [("I105", 8, 24)]),
    ("T: stay : left : right", [("I101", 9, 1)]),
    ("T: stay : left 0.5", [("I101", 8, 16)]),
    ("T: stay\n1 0\n0", [("I101", 9, 1)]),
    ("T: stay : left identity", [("I101", 8, 16)]),
    ("O: stay reset", [("I101", 8, 9)]),
    ("R: stay 1", [("I101", 8, 1)]),
    ("R: stay : left uniform", [("I101", 8, 16)]),
    ("T:", [("I101", 8, 1)]),
    ("hello there", [("I101", 8, 1)]),
    ("T: stay : left 0.5 0.5 0.5 x", [("I101", 8, 28)]),
    ("T: go : left 0.5 0.6", [("I103", 8, 1)]),
    ("states: 3", [("I104", 8, 1)]),
]


def places(text: str, reward: RewardReading | None = None) -> list[tuple[str, int, int]]:
    with pytest.raises(InputError) as caught:
        load(text, reward)
    assert all(render(d, caught.value.source) for d in caught.value.diagnostics)
    return [(d.code, d.span.line, d.span.column) if d.span else (d.code, 0, 0) for d in caught.value.diagnostics]


@pytest.mark.parametrize("statement, expected", MISTAKES)
def test_mistakes_have_their_place(statement: str, expected: list[tuple[str, int, int]]) -> None:
    found = places(PREAMBLE + LAWS + statement + "\n")
    assert [f for f in found if f[0] != "I103" or f in expected] == expected


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("discount: 0.9\n", "", [("I104", 0, 0)]),
        ("discount: 0.9", "discount: 0.9 discount: 1", [("I104", 1, 15)]),
        ("discount: 0.9", "discount: 2", [("I105", 1, 11)]),
        ("values: reward", "values: money", [("I101", 2, 9)]),
        ("states: left right", "states: left left", [("I101", 3, 14)]),
        ("states: left right", "states: 0", [("I105", 3, 9)]),
        ("near far\n", "near far\nstart: middle\n", [("I102", 6, 8)]),
    ],
)
def test_the_preamble(old: str, new: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(PREAMBLE.replace(old, new) + LAWS) == expected


def test_zero_sum_needs_two_agents() -> None:
    assert places(PREAMBLE + LAWS, "zero_sum") == [("I106", 0, 0)]


def test_large_counts_are_refused_before_anything_is_built() -> None:
    with pytest.raises(LimitError, match="limit is"):
        load(PREAMBLE.replace("left right", "1000000000") + LAWS)


def test_hostile_texts_take_no_time() -> None:
    began = time.process_time()
    for line in (
        "T" + ":" * 50_000,
        "T: 0 : 0 : 0 1" + " " * 50_000 + "x",
        "T: 0 : 0 : " + "0 " * 50_000 + "x",
        "T: 0 : 0 : 0 1" + "\n" * 50_000 + "x",
        "T: * " + "1 " * 50_000 + "x",
        "R:" + " a :" * 50_000,
        "# " + "\n" * 50_000 + "start" + " " * 50_000,
        "1" * 50_000 + "x",
    ):
        with pytest.raises(InputError):
            load(PREAMBLE + LAWS + line + "\nx\n")
    assert time.process_time() - began < 5
