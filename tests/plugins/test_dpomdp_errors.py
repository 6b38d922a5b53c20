"""Malformed `.dpomdp` files: each mistake's code, line and column, all in one run, and never a traceback."""

from __future__ import annotations

import time

import pytest
from posgc_dpomdp import DpomdpImporter

from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source, render
from posgc.plugin import RewardReading

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
"""  # 12 lines: the body starts on line 13
LAWS = "T: * :\nuniform\nO: * :\nuniform\n"  # lines 13 to 16


def read(
    text: str, reward: RewardReading | None = None, horizon: int | None = 3, discount: float | None = None
) -> None:
    DpomdpImporter().read(Source("bad.dpomdp", text), horizon=horizon, discount=discount, reward=reward)


def complaints(text: str, reward: RewardReading | None = None) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        read(text, reward)
    assert caught.value.source is not None
    for diagnostic in caught.value.diagnostics:
        assert render(diagnostic, caught.value.source)
    return caught.value.diagnostics


def places(text: str) -> list[tuple[str, int, int]]:
    return [(d.code, d.span.line, d.span.column) if d.span else (d.code, 0, 0) for d in complaints(text)]


BODY = [
    # one statement after the laws, on line 17
    ("T: lisen 0 : left : right : 1", [("I102", 17, 4)]),
    ("T: stay 2 : left : right : 1", [("I102", 17, 9)]),
    ("T: 4 : left : right : 1", [("I102", 17, 4)]),
    ("T: -1 : left : right : 1", [("I102", 17, 4)]),
    ("T: stay : left : right : 1", [("I101", 17, 4)]),
    ("T: stay 0 0 : left : right : 1", [("I101", 17, 4)]),
    ("T: : left : right : 1", [("I101", 17, 3)]),
    ("T: * : centre : right : 1", [("I102", 17, 8)]),
    ("T: * : 2 : right : 1", [("I102", 17, 8)]),
    ("T: * : left right : right : 1", [("I101", 17, 8)]),
    ("T: * : left : 99999999999999999999999 : 1", [("I102", 17, 15)]),
    ("O: * : left : sea near : 1", [("I102", 17, 15)]),
    ("O: * : left : see near far : 1", [("I101", 17, 15)]),
    ("T: go x : centre : right : 1", [("I102", 17, 7), ("I102", 17, 11)]),
    ("T: * : left : right : 1.5", [("I105", 17, 23)]),
    ("T: * : left : right : -0.5", [("I105", 17, 23)]),
    ("T: * : left : right : nan", [("I105", 17, 23)]),
    ("T: * : left : right : 1e999", [("I105", 17, 23)]),
    ("R: * : left : right : * : inf", [("I105", 17, 27)]),
    ("R: * : left : right : * : 1e999", [("I105", 17, 27)]),
    ("T: * : left :\n0.5 nan", [("I105", 18, 5)]),
    ("T: * : left :\n-0.5 1.5", [("I105", 18, 1)]),
    ("T: * : left : right 1", [("I101", 17, 1)]),  # the colon before the number is missing
    ("T: 0 0 : 0 : 0 1.0", [("I101", 17, 1)]),
    ("T: 0 0 : 0 : 0 : 1 0", [("I101", 17, 18)]),
    ("T: * : left : right : see : 1", [("I101", 17, 1)]),
    ("T: * : 0.5", [("I101", 17, 1)]),
    ("R: * : left : right : 1", [("I101", 17, 1)]),
    ("R: * : left : 1 2", [("I101", 17, 15)]),  # rewards of each agent are of the quoted dialect
    ("R: * : 3", [("I101", 17, 1)]),
    ("R: * :\n1 2\n3 4", [("I101", 17, 1)]),
    ("T: * :", [("I101", 17, 1)]),
    ("T: * :\n1 0\n0", [("I101", 18, 1)]),
    ("T: * : left :\n1 0\n0 1", [("I101", 18, 1)]),
    ("T: * : left :\nidentity", [("I101", 18, 1)]),
    ("O: * :\nidentity", [("I101", 18, 1)]),
    ("R: * : left :\nuniform", [("I101", 18, 1)]),
    ("T: * : left :\nreset", [("I101", 18, 1)]),
    ("0.5 0.5", [("I101", 17, 1)]),
    ("T: * : left : right : 1\n0.5 0.5", [("I101", 18, 1)]),
    ("T: * :\n1 O\n0 1", [("I101", 18, 1)]),
    ("t: * : left : right : 1", [("I101", 17, 1)]),
    ("hello", [("I101", 17, 1)]),
    ("  hello: there", [("I101", 17, 3)]),
    ("T", [("I101", 17, 1)]),
    ("T:", [("I101", 17, 1)]),
    ("\x00\x01", [("I101", 17, 1)]),
    ("T: * : left : left : 0.75", [("I103", 17, 1)]),
    ("T: stay 0 : left :\n0.1 0.2", [("I103", 17, 1)]),
    ("O: stay 0 : left :\n0.1 0.2", [("I103", 17, 1)]),
    ("agents: 3", [("I104", 17, 1)]),
]


@pytest.mark.parametrize("statement, expected", BODY)
def test_body(statement: str, expected: list[tuple[str, int, int]]) -> None:
    found = places(HEADER + LAWS + statement + "\n")
    rows = {code for code, _, _ in expected} == {"I103"}
    assert found[:1] == expected if rows else found == expected


HEADERS = [
    ("discount: 0.9\n", "", [("I104", 0, 0)]),
    ("discount: 0.9\n", "discount: 0.9\ndiscount: 1\n", [("I104", 3, 1)]),
    ("discount: 0.9\nvalues: reward\n", "values: reward\ndiscount: 0.9\n", [("I104", 3, 1)]),
    ("discount: 0.9", "discount: 1.5", [("I105", 2, 11)]),
    ("discount: 0.9", "discount: nan", [("I105", 2, 11)]),
    ("discount: 0.9", "discount: much", [("I101", 2, 11)]),
    ("discount: 0.9", "discount:", [("I101", 2, 1)]),
    ("discount: 0.9", "Discount: 0.9", [("I101", 2, 1)]),
    ("values: reward", "values: rewards", [("I101", 3, 9)]),
    ("agents: 2", "agents: 0", [("I105", 1, 9)]),
    ("agents: 2", "agents: 1.5", [("I105", 1, 9)]),
    ("agents: 2", "agents: 3", [("I104", 7, 1), ("I104", 10, 1)]),
    ("states: left right", "states: 0", [("I105", 4, 9)]),
    ("states: left right", "states: -3", [("I105", 4, 9)]),
    ("states: left right", "states: " + "9" * 5000, [("I105", 4, 9)]),
    ("states: left right", "states: left left", [("I101", 4, 14)]),
    ("states: left right", "states: left 2nd", [("I101", 4, 14)]),
    ("stay go\n", "stay go go\n", [("I101", 8, 9)]),
    ("2\nobservations", "observations", [("I104", 7, 1)]),
    ("near far\n", "near far\nextra\n", [("I104", 10, 1)]),
    ("start:\nuniform", "start: middle", [("I102", 5, 8)]),
    ("start:\nuniform", "start: 2", [("I102", 5, 8)]),
    ("start:\nuniform", "start include: left middle", [("I102", 5, 21)]),
    ("start:\nuniform", "start exclude: left right", [("I105", 5, 1)]),
    ("start:\nuniform", "start:\n0.5 0.4", [("I103", 6, 1)]),
    ("start:\nuniform", "start:\n0.5 0.25 0.25", [("I101", 6, 1)]),
    ("start:\nuniform", "start:\n1.5 -0.5", [("I105", 6, 1), ("I105", 6, 5)]),
    ("start:\nuniform", "start:\nnan 1", [("I105", 6, 1)]),
    ("start:\nuniform", "start:\nleft right", [("I101", 6, 1)]),
    ("start:\nuniform", "start:", [("I101", 5, 1)]),
]


@pytest.mark.parametrize("old, new, expected", HEADERS)
def test_header(old: str, new: str, expected: list[tuple[str, int, int]]) -> None:
    assert old in HEADER
    assert places(HEADER.replace(old, new, 1) + LAWS) == expected


def test_all_mistakes_in_one_run_and_each_once() -> None:
    text = (
        HEADER.replace("0.9", "9") + LAWS + "T: lisen * : left :\n0.3 0.3\nO: * : left : see near : 2\nfoo\n"
        "R: 9 : * : * : * : 1\nT: 0 : right :\n1 1\nT: 1 : left :\n1 1\n"
    )
    # The last row may be one that the misspelt statement was meant for, so its sum is no second mistake.
    assert places(text) == [
        ("I105", 2, 11),
        ("I102", 17, 4),
        ("I105", 19, 26),
        ("I101", 20, 1),
        ("I102", 21, 4),
        ("I103", 22, 1),
    ]


def test_a_misspelt_name_is_not_repeated_as_a_row_that_is_missing() -> None:
    body = "O: * :\nuniform\nT: stay * :\nuniform\nT: goo * :\nuniform\n"
    assert places(HEADER + body) == [("I102", 17, 4)]


def test_a_wrong_row_is_named_with_its_sum() -> None:
    (found,) = complaints(HEADER + LAWS + "T: go 1 : right :\n0.5 0.6\n")
    assert found.message == "T: the row of joint action (go, 1) from state right sums to 1.1, not 1"
    (found,) = complaints(HEADER + LAWS + "O: go 1 : right : see far : 0\n")
    assert found.message == "O: the row of joint action (go, 1) in end state right sums to 0.5, not 1"


def test_rows_that_nothing_writes_are_named_without_a_line() -> None:
    found = complaints(HEADER + "O: * :\nuniform\n")
    assert len(found) == 8 and {d.code for d in found} == {"I103"} and found[0].span is None
    assert "sums to 0" in found[0].message and "no T statement" in found[0].help


def test_long_lists_are_cut_with_a_count() -> None:
    found = complaints(HEADER.replace("left right", "40") + "T: * : * : 0 : 0.5\nO: * :\nuniform\n")
    assert len(found) == 21 and found[-1].message == "and 140 more of I103, not listed"
    found = complaints(HEADER + LAWS + "T: 9 : 0 : 0 : 1\n" * 50)
    assert len(found) == 21 and found[-1].message == "and 30 more of I102, not listed"


def test_spelling_is_suggested() -> None:
    (found,) = complaints(HEADER + LAWS + "T: * : leftt : left : 1\n")
    assert found.help == "did you mean `left`?"


@pytest.mark.parametrize(
    "text", ["", "\n", "\x00\xff\x1f\x8b\x08binary", "# only a comment", "agents", "T:", "agents: 2"]
)
def test_nothing_to_read(text: str) -> None:
    assert complaints(text)[0].code in ("I101", "I104")


def test_what_the_user_must_say() -> None:
    for horizon in (None, 0):
        with pytest.raises(InputError) as caught:
            read(HEADER + LAWS, horizon=horizon)
        assert [(d.code, d.help) for d in caught.value.diagnostics] == [("E607", "--horizon H")]
    with pytest.raises(InputError):
        read(HEADER + LAWS, discount=1.5)
    with pytest.raises(InputError):
        read(HEADER + LAWS, reward="both")  # type: ignore[arg-type]


def test_zero_sum_needs_two_agents() -> None:
    one = "agents: 1\ndiscount: 1\nvalues: reward\nstates: 1\nstart: 0\nactions:\n1\nobservations:\n1\n"
    one += "T: * :\nuniform\nO: * :\nuniform\n"
    assert [d.code for d in complaints(one, "zero_sum")] == ["I106"]


@pytest.mark.parametrize(
    "old, new",
    [
        ("states: left right", "states: 1000000000"),
        ("states: left right", "states: 999999999999999999"),
        ("stay go", "1000000000"),
        ("near far", "1000000000"),
        ("near far", "999999999999999999"),
        ("agents: 2", "agents: 1000000000"),
    ],
)
def test_large_counts_are_refused_before_anything_is_built(old: str, new: str) -> None:
    began = time.process_time()
    with pytest.raises(LimitError, match=r"limit is|at most"):
        read(HEADER.replace(old, new) + LAWS)
    assert time.process_time() - began < 1


def test_large_rewards_are_refused_by_their_own_size() -> None:
    small = HEADER.replace("left right", "400").replace("stay go", "12").replace("near far", "100")
    laws = "T: * :\nidentity\nO: * :\nuniform\n"
    with pytest.raises(LimitError, match="table of R"):
        read(small + laws + "R: 0 : 0 : 0 : 0 : 1\n")


def test_a_dense_kernel_is_refused_by_its_entries() -> None:
    small = HEADER.replace("left right", "300").replace("near far", "300")
    with pytest.raises(LimitError, match="entries"):
        read(small + LAWS)


def test_hostile_lines_take_no_time() -> None:
    began = time.process_time()
    for line in (
        "T" + ":" * 100_000,
        "T: " + "1" * 100_000 + "x",
        "agents: 2" + " " * 100_000 + ":",
        "T: * :\n" + "1 " * 100_000 + "x",
        "\n" * 200_000,
        "T: * : " + "a " * 100_000 + ": 1",
    ):
        with pytest.raises(InputError):
            read(HEADER + LAWS + line + "\nx\n")
    assert time.process_time() - began < 5
