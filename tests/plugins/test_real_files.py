"""What real files hold that no grammar says: rounded sums, rows that no play uses, foreign items, MDPs, late colons.

Each input of a kind has siblings in the other importers.  Right values are by hand, in exact fractions.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from posgc_dpomdp import DpomdpImporter, PomdpImporter
from posgc_gambit_files import EfgImporter
from posgc_osposg import OsposgImporter

from posgc.cli.main import main
from posgc.language.diagnostics import InputError, Source
from posgc.model.arrays import Kernel, Model
from posgc.model.compare import same_arrays, steps_to_all
from posgc.pipeline import Request, compile_request, translate
from posgc.plugin import Imported

ROWS = [
    "0.2 0.3 0.49999999995",
    "0.3333333333 0.3333333333 0.3333333333",
    "0.1 0.2 0.7",
    "0.333333 0.333333 0.333333",
    "0.25 0.25 0.5000000008",
]


def shares(row: str) -> list[float]:
    """The row over its sum, in exact fractions."""
    exact = [Fraction(word) for word in row.split()]
    return [float(p / sum(exact)) for p in exact]


def pomdp(row: str) -> str:
    return (
        f"discount: 1\nvalues: reward\nstates: a b c\nactions: go\nobservations: x y z\nstart: {row}\n"
        f"T: go\n{row}\n{row}\n{row}\nO: go\n{row}\n{row}\n{row}\nR: go : a : * : * 1\n"
    )


def dpomdp(row: str) -> str:
    return (
        f"agents: 1\ndiscount: 1\nvalues: reward\nstates: a b c\nstart:\n{row}\nactions:\ngo\n"
        f"observations:\nx y z\n"
        f"T: go :\n{row}\n{row}\n{row}\nO: go :\n{row}\n{row}\n{row}\nR: go : a : * : * : 1\n"
    )


def sdms(row: str) -> str:
    return dpomdp(row).replace("values: reward", 'values: "reward"').replace("a b c", '"a" "b" "c"')


def efg(row: str) -> str:
    p = row.split()
    return f'EFG 2 R "x" {{ "P" }}\nc "" 1 "" {{ "a" {p[0]} "b" {p[1]} "c" {p[2]} }} 0\n' + "".join(
        f'p "" 1 {k} "{k}" {{ "l" "r" }} 0\nt "" {2 * k} "" {{ 0 }}\nt "" {2 * k + 1} "" {{ 1 }}\n' for k in (1, 2, 3)
    )


def osposg(row: str) -> str:
    p = row.split()
    moves = "".join(f"{s} 0 0 0 {t} {p[t]}\n" for s in range(3) for t in range(3))
    return f"3 1 1 1 1 9 0 0.9\na 0\nb 0\nc 0\ngo\ngo\nsee\n0\n0\n0\n0\n{moves}0 {row}\n"


def translated(tmp_path: Path, name: str, text: str, **flags: object) -> Model:
    """The model of a file, which its `.posg` text gives again (`translate` refuses where it does not)."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return translate(Request(str(path), **flags)).model  # type: ignore[arg-type]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(
    "name, write", [("x.pomdp", pomdp), ("x.dpomdp", dpomdp), ("y.dpomdp", sdms), ("x.osposg", osposg), ("x.efg", efg)]
)
def test_rows_are_divided_by_their_sums(tmp_path: Path, name: str, write: object, row: str) -> None:
    if name == "x.efg" and "0.333333 " in row:
        pytest.skip("a tree's chances may be off 1 by 1e-9 only")
    model = translated(tmp_path, name, write(row))  # type: ignore[operator]
    expected = pytest.approx(shares(row), rel=1e-15, abs=0)
    assert model.initial.probability.tolist() == expected
    if name == "x.efg":
        return
    kernel = model.kernels[0]
    for k in range(3):
        part = slice(kernel.indptr[k], kernel.indptr[k + 1])
        after = np.bincount(kernel.state[part], kernel.probability[part], 3)
        assert after.tolist() == pytest.approx(shares(row), rel=4e-15, abs=0)
    if kernel.emission is not None:
        assert np.allclose(kernel.emission.toarray(), shares(row), rtol=1e-15, atol=0)


def test_sums_that_are_far_from_one_are_still_refused() -> None:
    for row in ("0.2 0.3 0.4999", "0.4 0.3 0.3001"):
        with pytest.raises(InputError) as caught:
            PomdpImporter().read(Source("x.pomdp", pomdp(row)), horizon=1, discount=None, reward=None)
        assert {d.code for d in caught.value.diagnostics} == {"I103"}


XML = """<?xml version='1.0'?>
<notes version="0.1"><Description>a < b < c</Description></notes>
"""
STRANGE = [
    ("x.xml", XML),
    ("x.txt", "notes: a < b < c\n"),
    ("x.json", '{"game": 1}'),
    ("x.csv", "a,b\n1,2\n"),
    ("x.py", "# game\nimport os\n"),
    ("empty", ""),
    ("x.gamed", "gamed x { }"),
]


@pytest.mark.parametrize("name, text", STRANGE)
@pytest.mark.parametrize(
    "command", [["check"], ["solve", "--concept", "team"], ["info"], ["export", "--to", "efg"], ["import"]]
)
def test_files_that_no_importer_claims(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert main([command[0], str(path), *command[1:]]) == 2
    said = capsys.readouterr().err
    assert said.count("error[") == 1 and "error[E620]: no importer claims this file" in said
    assert all(name in said for name in ("dpomdp", "pomdp", "osposg", "nfg", "efg"))


@pytest.mark.parametrize(
    "name, text",
    [
        ("x.posg", "a < b < c"),
        ("X.POSG", XML),
        ("x", "game g { a < b < c }"),
        ("x.txt", " # a comment\n\n use f;\n"),
        ("x.txt", "include f;"),
    ],
)
def test_our_own_files_get_the_mistakes_of_the_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert main(["check", str(path)]) == 2
    assert "E620" not in capsys.readouterr().err


PREAMBLE = "discount: 0.9\nvalues: reward\nstates: left right\nactions: stay go\nobservations: near far\n"
LAWS = "T: * uniform\nO: * uniform\n"
MDP = "discount: 0.5\nvalues: reward\nstates: left right\nactions: stay go\n"


def load(text: str, horizon: int = 2) -> Imported:
    return PomdpImporter().read(Source("x.pomdp", text), horizon=horizon, discount=None, reward=None)


def mistakes(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(InputError) as caught:
        load(text)
    return [(d.code, *((d.span.line, d.span.column) if d.span else (0, 0))) for d in caught.value.diagnostics]


@pytest.mark.parametrize(
    "text, place",
    [
        (PREAMBLE + "atom 0: g h\n" + LAWS, (6, 1)),
        (PREAMBLE.replace("actions:", "  atoms : 3\nactions:") + LAWS, (4, 3)),
        (PREAMBLE.replace("stay go", "stay go foo: 3") + LAWS, (4, 18)),
        (PREAMBLE.replace("observations", "observation") + LAWS + "R: * : * : * : * 3\n", (5, 1)),
        (PREAMBLE + "start: left\nhorizon: 5\n" + LAWS, (7, 1)),
        ("name: x y\n" + PREAMBLE + LAWS, (1, 1)),
        (PREAMBLE.replace("discount", "gamma") + LAWS, (1, 1)),
    ],
)
def test_an_unknown_item_is_one_mistake(text: str, place: tuple[int, int]) -> None:
    assert mistakes(text) == [("I101", *place)]


@pytest.mark.parametrize("item, after", [("atom 0: g h", "states"), ("horizon: 5", "discount"), ("name: x", "values")])
def test_an_unknown_item_of_a_dpomdp_is_one_mistake(item: str, after: str) -> None:
    lines = dpomdp("0.5 0.25 0.25").splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith(after)) + 1
    text = "\n".join([*lines[:at], item, *lines[at:], ""])
    with pytest.raises(InputError) as caught:
        DpomdpImporter().read(Source("x.dpomdp", text), horizon=1, discount=None, reward=None)
    assert [(d.code, d.span and d.span.line) for d in caught.value.diagnostics] == [("I101", at + 1)]


def test_zero_rows_where_no_play_comes() -> None:
    text = PREAMBLE + "start: left\nT: stay : * : left 1\nT: go : left : left 1\nO: * : left uniform\n"
    imported = load(text)
    assert [d.code for d in imported.diagnostics] == ["N114"]
    (note,) = imported.diagnostics
    # nobody comes to `right`: its T row under `go` and both its O rows are not there
    assert "T: 1 row(s)" in note.message and "(and 1 more)" in note.message
    assert imported.model.n_states == 1
    # under `go` alone `right` follows: the O row of (go, right) is needed, that of (stay, right) is not
    both = PREAMBLE + "start: left\nT: stay identity\nT: go : * : right 1\nO: * : left 1 0\nO: go : right 0 1\n"
    read = load(both.replace("T: stay identity", "T: stay : * : left 1"))
    assert "O: 1 row(s) are all zero" in read.diagnostics[0].message and read.model.n_states == 2
    assert mistakes(both) == [("I103", 0, 0)]  # there `right` stays under `stay`
    assert mistakes(both.replace("O: go : right 0 1", "O: go : right 0 0.5"))[-1] == ("I103", 10, 1)


def test_games_with_zero_rows_go_all_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PREAMBLE + "start: left\nT: stay : * : left 1\nT: go : * : right 1\nO: stay : left 1 0\nO: go : right 0 1\n"
    path = tmp_path / "x.pomdp"
    path.write_text(text + "R: go : right : * : * 1\n")
    model = translated(tmp_path, "x.pomdp", path.read_text(), horizon=3)
    assert model.kernels[0].emission is not None and (model.kernels[0].emission.sum(axis=1) == [1, 0, 0, 1]).all()
    assert main(["check", str(path), "--share", "full", "--horizon", "3"]) == 0
    assert main(["solve", str(path), "--share", "full", "--horizon", "3", "--discount", "1", "--concept", "team"]) == 0
    assert "value of the game: 2, to within" in capsys.readouterr().out  # go, go, go earns 0 + 1 + 1


def test_zero_rows_of_other_formats() -> None:
    """The same in `.dpomdp`, and states of an `.osposg` that nothing leads to."""
    text = dpomdp("1 0 0").replace("O: go :\n1 0 0\n1 0 0\n1 0 0\n", "O: go : a :\n0.5 0.5 0\n")
    read = DpomdpImporter().read(Source("x.dpomdp", text), horizon=1, discount=None, reward=None)
    assert [d.code for d in read.diagnostics] == ["N114"] and read.model.n_states == 1
    lone = osposg("1 0 0").replace("3 1 1 1 1 9 0", "3 1 1 1 1 3 0")
    lone = "\n".join(line for line in lone.splitlines() if line[:2] not in ("1 ", "2 ")) + "\n"
    one = OsposgImporter().read(Source("x.osposg", lone), horizon=1, discount=None, reward=None)
    assert [d.code for d in one.diagnostics] == ["N114"] and one.model.n_states == 1
    with pytest.raises(InputError, match="sum to 0, not 1"):
        OsposgImporter().read(
            Source("x", lone.replace("0 0 0 0 1 0", "0 0 0 0 1 1e-6")), horizon=1, discount=None, reward=None
        )


def values(model: Model) -> np.ndarray:
    """The value of every first state by backward induction over states: what an agent earns that sees the state."""
    kernel: Kernel = model.kernels[0]
    transition = np.zeros((model.n_actions * model.n_states, model.n_states))
    rows = np.repeat(np.arange(len(transition)), np.diff(kernel.indptr))
    np.add.at(transition, (rows, kernel.state), kernel.probability)
    value = np.zeros(model.n_states)
    for _ in range(model.horizon):
        each = kernel.reward[0] + model.discount * (transition @ value).reshape(model.n_actions, -1)
        value = each.max(axis=0)
    return value


def test_an_mdp_is_read_as_fully_observed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        MDP
        + "T: stay identity\nT: go 0.25 0.75\n0 1\nR: stay : right : * 4\nR: go : left : right 8\nR: go : right 1 2\n"
    )
    imported = load(text)
    model, kernel = imported.model, imported.model.kernels[0]
    assert imported.diagnostics == () and model.signature.observations[0].values == ("left", "right")
    assert model.observed.all() and model.initial.observation.tolist() == [0, 1] == model.initial.state.tolist()
    assert (kernel.observation == kernel.state).all()
    # stay earns 0 and 4; go 3/4 · 8 from left, and 2 for sure from right
    assert kernel.reward[0].tolist() == [[0, 4], [6, 2]]
    # two steps, discount 1/2: right 4 + 2, left 6 + (1/4 · 6 + 3/4 · 4)/2 = 8.25; the first state is even
    assert values(model).tolist() == [8.25, 6]
    translated(tmp_path, "x.pomdp", text)
    assert main(["solve", str(tmp_path / "x.pomdp"), "--share", "none", "--horizon", "2", "--concept", "team"]) == 0
    assert "value of the game: 7.125, to within" in capsys.readouterr().out


def test_forms_of_an_mdp() -> None:
    body = "start: right\nT: * identity\n"
    rewards = [
        ("R: go\n1 2\n3 4\n", [[0, 0], [1, 4]]),
        ("R: go : right 3 4\n", [[0, 0], [0, 4]]),
        ("R: * : right : right 4\n", [[0, 4], [0, 4]]),
        ("R: * : right : * : * 4\n", [[0, 4], [0, 4]]),
    ]
    for text, expected in rewards:
        reward = load(MDP + body.replace("right", "uniform") + text).model.kernels[0].reward[0]
        assert reward.tolist() == expected, text
    # only `right` is reached, and is observed as what it is
    one = load(MDP + body).model
    assert one.n_states == 1 and one.initial.observation.tolist() == [1] == one.kernels[0].observation[:1].tolist()
    assert mistakes(MDP + LAWS) == [("I104", 0, 0)]  # O tells that observations were meant
    assert mistakes(MDP + "T: * uniform\nR: go : left : right : near 8\n") == [("I101", 6, 24)]


@pytest.mark.parametrize(
    "law",
    [
        "T: go : left : left 0.25\nT: go : left : right 0.75\nT: 1 : 1 : 0 0.5\nT: go : right : right .5\n",
        "T: go : left 0.25 0.75\nT: go : right uniform\n",
        "T: go : 0\n0.25\n0.75\nT: go : 1\n0.5 0.5\n",
        "T: go\n0.25 0.75\n0.5 0.5\n",
        "T: go 0.25 0.75 0.5 0.5\n",
        "T: go : * : right 0.75\nT: go : * : left 0.25\nT: go : right reset\n",
        "T: go : * : * 0.5\nT: go : left : left 0.25 T: go : left : right 0.75\n",
        "T: go uniform\nT: go : left 2.5e-1 7.5e-1\n",
    ],
)
def test_every_form_of_transitions_in_an_mdp(law: str) -> None:
    """`R: a : s : s' r` has no field for an observation; T as in a POMDP."""
    rewards = "R: go : left : right 8\nR: go : left : left 4\nR: go : right : * 1\n"
    model = load(MDP + "start: uniform\n" + "T: stay identity\n" + law + rewards).model
    kernel = model.kernels[0]
    # by hand: 1/4 · 4 + 3/4 · 8 = 7; the rows of `go` are 1/4 3/4 and 1/2 1/2
    assert kernel.reward[0].tolist() == [[0, 0], [7, 1]]
    assert kernel.probability.tolist() == [1, 1, 0.25, 0.75, 0.5, 0.5]


@pytest.mark.parametrize(
    "late, plain",
    [
        (
            "T: stay : left : right : 1.0\nT: stay : left : left : 0",
            "T: stay : left : right 1\nT: stay : left : left 0",
        ),
        ("O: go : left : near : 1\nO: go : left : far : 0", "O: go : left 1 0"),
        ("R: go : left : * : * : -4.5", "R: go : left : * : * -4.5"),
        ("T: stay : identity", "T: stay identity"),
        ("T: go : left :\nreset\nO: * : uniform", "T: go : left reset\nO: * uniform"),
        ("T: go : left : 0.25 0.75", "T: go : left 0.25 0.75"),
        ("T: go :\n 0.25 0.75\n1.0 0.0", "T: go 0.25 0.75 1 0"),
        ("O: * : right : 1e-1 0.9", "O: * : right 0.1 0.9"),
    ],
)
def test_a_colon_before_the_value(late: str, plain: str) -> None:
    text = PREAMBLE + "start: 0.25 0.75\n" + LAWS
    one, two = load(text + late + "\n"), load(text + plain + "\n")
    assert [d.code for d in one.diagnostics] == ["N115"] and two.diagnostics == ()
    assert same_arrays(one.model, two.model) is None


def test_colons_that_are_right_are_not_noted() -> None:
    # an index is no value: here state 1 with probability 0, and state 0 with probability 1
    text = PREAMBLE + LAWS + "T: go : left : 1 0\nT: go : left : 0 1\n"
    assert load(text).diagnostics == ()
    assert mistakes(PREAMBLE + LAWS + "T: go : left : right : left : 1\n") == [("I101", 8, 24)]


FORGETS = """EFG 2 R "x" { "Ann" }
p "" 1 1 "" { "in" "out" } 0
p "" 1 2 "" { "a" "b" } 0
t "" 1 "" { 0 }
t "" 1
p "" 1 2 0
t "" 1
t "" 1
"""
DRIVER = 'EFG 2 R "d" { "P" }\np "" 1 1 "" { "exit" "on" } 0\nt "" 1 "" { 0 }\np "" 1 1 0\nt "" 1\nt "" 1\n'
CHANCE = """EFG 2 R "x" { "Ann" }
c "" 1 "" { "l" 1/2 "r" 1/2 } 0
p "" 1 1 "" { "a" "b" } 0
t "" 1 "" { 0 }
 t "" 1
  p "" 1 2 "" { "go" "no" } 0
p "" 1 1 0
t "" 1
t "" 1
t "" 1
"""


@pytest.mark.parametrize(
    "text, place, words",
    [
        (FORGETS, (6, 1), ["last chose `out` in information set 1", "line 3, column 1", "last chose `in`"]),
        (DRIVER, (4, 1), ["last chose `on` in information set 1", "line 2, column 1", "has not moved before"]),
        (CHANCE, (7, 1), ["last chose `go` in information set 2", "line 3, column 1", "has not moved before"]),
    ],
)
def test_who_forgets_is_told_by_two_nodes(text: str, place: tuple[int, int], words: list[str]) -> None:
    with pytest.raises(InputError, match="forgets") as caught:
        EfgImporter().read(Source("x.efg", text), horizon=None, discount=None, reward=None)
    (found,) = caught.value.diagnostics
    assert found.code == "I107" and found.span is not None and (found.span.line, found.span.column) == place
    assert all(word in found.message for word in words), found.message


def changed(model: Model, **fields: object) -> Model:
    return replace(model, kernels=(replace(model.kernels[0], **fields),))  # type: ignore[arg-type]


def test_what_differs_is_told_with_its_row() -> None:
    model = load(PREAMBLE + LAWS + "R: go : right : * : * 3\n").model
    kernel = model.kernels[0]
    chance, reward = kernel.probability.copy(), kernel.reward.copy()
    row = slice(kernel.indptr[2], kernel.indptr[3])  # action 1 (go), state 0 (left)
    chance[row] = [0.4, 0.1, 0.25, 0.25]
    assert same_arrays(model, changed(model, probability=chance)) == (
        "a probability after (go) in state=left: 0.25 and 0.40000000000000002"
    )
    reward[0, 1, 1] = 4
    said = same_arrays(model, changed(model, reward=reward))
    assert said == "a reward of 1 after (go) in state=right: 3 and 4"
    state = kernel.state.copy()
    state[kernel.indptr[1]] = 1
    assert same_arrays(model, changed(model, state=state)) == (
        "which states and observations follow (stay) in state=right"
    )
    assert same_arrays(model, model) is None


def test_steps_to_all_states() -> None:
    # a ring of five states that is gone round: the last is reached at step 5
    ring = "discount: 1\nvalues: reward\nstates: 5\nactions: 1\nstart: 0\nT: 0\n" + "\n".join(
        " ".join(str(int(t == (s + 1) % 5)) for t in range(5)) for s in range(5)
    )
    assert steps_to_all(load(ring).model) == 5
    assert steps_to_all(load(ring.replace("start: 0", "start: uniform")).model) == 1
    assert steps_to_all(load(ring.replace("start: 0", "start include: 0 2")).model) == 3


def test_every_command_takes_an_mdp(tmp_path: Path) -> None:
    path = tmp_path / "x.pomdp"
    path.write_text(MDP + "T: * uniform\n")
    assert compile_request(Request(str(path), share="none", horizon=2)).model.observed.all()
