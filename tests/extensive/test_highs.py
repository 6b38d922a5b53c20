"""Linear programmes of another process: the same answers, and an end where a stop is asked for."""

import sys
from collections.abc import Iterator
from itertools import repeat

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from posgc.extensive import highs

SIZE = 40


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "SMALL", 0)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[highs.subprocess.Popen]:
    """The processes that were begun."""
    found = []

    class Noted(highs.subprocess.Popen):
        def __init__(self, *given, **named):
            super().__init__(*given, **named)
            found.append(self)

    monkeypatch.setattr(highs.subprocess, "Popen", Noted)
    return found


def programme(size: int = SIZE) -> tuple[np.ndarray, dict]:
    """Plans of a random matrix game, first agent's, and its value."""
    payoff = np.random.default_rng(5).random((size, size))
    table = sparse.csr_array(np.hstack([-payoff, np.ones((size, 1))]))
    once = sparse.csr_array(np.append(np.ones(size), 0.0)[None])
    rows = {"A_ub": table, "b_ub": np.zeros(size), "A_eq": once, "b_eq": [1.0]}
    return -np.append(np.zeros(size), 1.0), {**rows, "options": {"presolve": True}}


def test_the_answer_is_that_of_this_process(begun: list) -> None:
    cost, given = programme()
    found, plain = highs.solve(cost, given), linprog(cost, method="highs", **given)
    assert len(begun) == 1 and begun[0].returncode == 0
    assert (found.x == plain.x).all() and (found.ineqlin.marginals == plain.ineqlin.marginals).all()


def test_what_is_more_than_a_pipe_holds_arrives_before_the_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process takes longer to begin than one looks away; a pipe holds 64 kB."""
    monkeypatch.setattr(highs, "EVERY", 1e-3)
    cost, given = programme(120)
    assert given["A_ub"].data.nbytes > 1 << 16
    assert highs.solve(cost, given).fun == linprog(cost, method="highs", **given).fun


def test_a_small_one_that_takes_long_begins_anew_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch, begun: list
) -> None:
    monkeypatch.setattr(highs, "SMALL", 10**6)
    monkeypatch.setattr(highs, "PATIENCE", 0.0)
    cost, given = programme()
    assert highs.solve(cost, given).fun == linprog(cost, method="highs", **given).fun
    assert len(begun) == 1 and highs.solve(cost, given, lambda: True) is None and len(begun) == 1
    hurried = {**given, "options": {**given["options"], "time_limit": 0.0}}
    assert highs.solve(cost, hurried).status == highs.OUT_OF_TIME and len(begun) == 1


def test_what_goes_in_circles_when_presolved_is_solved_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "SMALL", 10**6)
    monkeypatch.setattr(highs, "CIRCLES", 0)
    cost, given = programme()
    plain = linprog(cost, method="highs", **{**given, "options": {"maxiter": 0}})
    assert plain.status != highs.SOLVED
    assert highs.solve(cost, given).fun == pytest.approx(linprog(cost, method="highs", **given).fun, abs=1e-9)


def test_a_stop_ends_the_process_before_it_answers(begun: list) -> None:
    looks: Iterator[bool] = iter([False, True])
    assert highs.solve(*programme(), lambda: next(looks)) is None
    assert begun[0].returncode not in (0, None) and next(looks, "all were asked for") == "all were asked for"


def test_whatever_is_raised_ends_the_process(begun: list) -> None:
    def pressed() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        highs.solve(*programme(), pressed)
    assert begun[0].returncode not in (0, None)


def test_a_process_that_dies_is_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    dies = tmp_path / "dies"
    dies.write_text(f"#!{sys.executable}\nraise SystemExit(1)\n")
    dies.chmod(0o755)
    monkeypatch.setattr(highs.sys, "executable", str(dies))
    with pytest.raises(MemoryError, match="ended before its time"):
        highs.solve(*programme(), lambda: next(repeat(False)))
