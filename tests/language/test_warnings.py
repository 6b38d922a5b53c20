"""What is legal and likely wrong: where warnings come, where they do not, and how a file says that it means it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import posgc
from posgc.cli.main import main
from posgc.language import Source, analyse
from posgc.language.diagnostics import Diagnostic
from posgc.language.diagnostics.examples import imported
from posgc.model import tabulate
from posgc.model.lint import warn
from posgc.model.lint.actions import changes_nothing
from posgc.model.lint.seen import tells_nothing
from posgc.pipeline import Request, compile_request, warned

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))
HEAD = """game g {
  horizon 3;
  agents ann, bob;
  state s: {a, b};
  init s ~ uniform;
  next s ~ if act[ann] == x then s else uniform;
  action act[i]: {x, y};
  observation o[i]: {a, b};
  observe o[i] ~ noisy(s', 0.8);
"""
REWARD = "  reward team = if s == a and act[bob] == x then 1 else 0;\n"
NONE = "  share none;\n"


def found(
    lines: str, reward: str = REWARD, share: str = NONE, tables: bool = True, own: bool = True
) -> list[Diagnostic]:
    """The warnings of a small game with some more lines."""
    analysis = analyse(Source("odd", f"{HEAD}{reward}  {lines}\n{share}}}\n"), horizon=None if own else 3)
    game = analysis.required()
    more = warn.table_warnings(game, tabulate(game), game.protocols, own) if tables else ()
    return [*analysis.warnings, *more]


def codes(lines: str, **asked: str | bool) -> list[str]:
    return [d.code for d in found(lines, **asked)]  # type: ignore[arg-type]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_shipped_games_have_no_warnings(path: Path) -> None:
    assert [d for d in warned(compile_request(Request(str(path)))).diagnostics if d.severity == "warning"] == []


def test_the_small_game_has_none() -> None:
    assert codes("") == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("param p = 1;", "W708"),
        ("type t = {c, d};", "W709"),
        ("state u: 0..1; init u = 0; next u = 1 - u;", "W710"),
        ("state u: 0..1; init u = 0; state w: 0..1; init w = u; next u = 1 - w; next w = u;", "W710"),
        ("state u[k in 1..2]: bool; init u[k] = true; next u[1] = not u[2];", "W710"),
        ("chance c: bool ~ bernoulli(0.5);", "W711"),
        ("share p { chance air ~ {1: 0.5, 2: 0.5}; o after 1; }", "W711"),
        ("share p(d = 1, e = 2) { o after e; }", "W712"),
        ("let f(t, u) = t; reward ann = f(1, 2);", "W712"),
        ("observation p[i]: bool;", "W713"),
        ("observation p[i]: {a, b}; observe p[i] = s;", "W715"),
        ("observation p[i]: {a, b}; observe p[i] ~ if act[i] == x then noisy(s, 0.7) else uniform;", "W715"),
        ("observation p[i]: {a, b}; observe p[i] ~ {s: 0.7, uniform: 0.3};", "W715"),
        ("observation p[ann]: bool; observe p[ann] ~ bernoulli(if s == a then 0.9 else 0.1);", "W715"),
        ("share p { forget after 1; }", "W716"),
        ("share p { o[ann] to ann after 1; }", "W716"),
        ("share p { o after 1; forget after 2; } share q { forget after 2; o after 1; }", "W717"),
        ("share full; share q { act after 1; o after 0; }", "W717"),
        ("share p { o after 3; }", "W718"),
        ("share p { act to bob after 3; o after 0; }", "W718"),
        ("share p { o after 0 every 4; }", "W718"),
        ("share p { o to bob after ~ {3: 0.5, never: 0.5}; }", "W718"),
        ("share delayed(3);", "W718"),
        ("let f = 1; reward ann = f;  # posgc: allow", "W719"),
        ("let f = 1; reward ann = f;  # posgc: alow W702", "W719"),
        ("let f = 1; reward ann = f;  # posgc: allow E201", "W719"),
    ],
)
def test_warnings_of_the_text(lines: str, code: str) -> None:
    assert {d.code for d in found(lines, tables=False)} == {code}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("observation p[i]: bool; observe p[i] = s' == a or s' == b;", "W720"),
        ("observation p[ann]: 0..2; init p[ann] = 1; observe p[ann] = 1;", "W720"),
        ("observation p[i]: bool; observe p[i] ~ bernoulli(0.3);", "W721"),
        ("observation p[ann]: {a, b}; observe p[ann] ~ noisy(s', 0.5);", "W721"),
        ("observation p[ann]: {c, d}; init p[ann] ~ uniform;", "W721"),
        ("action more[i]: {x, y};", "W722"),
        ("action more[ann]: 0..2 when step >= 2; reward ann = 0 * more[ann];", "W722"),
        ("state u: 0..5; init u = 0; next u = min(u + 1, 1); reward ann = u;", "W723"),
        (
            "state u[k in 1..2]: {c, d, e}; init u[k] = c; next u[1] = d; reward ann = count(k in 1..2: u[k] == c);",
            "W723",
        ),
        ("reward ann = if s == a and s == b then 5 else 0;", "W724"),
        ("reward ann = match (s, s) { (a, a): 1; (b, b): 2; (a, b): 3; _: 0; };", "W724"),
        ("reward ann = 2 * (if s == a then (if s == a then 1 else 7) else 0);", "W724"),
        ("chance c: bool ~ bernoulli(1); reward ann = if c then 1 else 4;", "W724"),
    ],
)
def test_warnings_of_the_tables(lines: str, code: str) -> None:
    assert {d.code for d in found(lines)} == {code}


@pytest.mark.parametrize(
    "lines",
    [
        "param n: int = 1 in 0..2; state u: 0..n; init u ~ uniform; reward ann = u;",
        "type t = {c, d}; reward ann = count(k in t: k == c);",
        "state u: 0..1; init u = 0; next u = 1 - u; state w: 0..1; init w = 0; next w = u; reward ann = w;",
        "state u: bool; init u = false; next u = true; terminal when u and s == a;",
        "chance c: bool ~ bernoulli(0.5); let both = c; observation p[i]: bool; observe p[i] = both;",  # a common seed
        "chance c: 0..1 ~ uniform; observation p[ann]: 0..1; observe p[ann] = c; reward ann = c;",
        "observation p[i]: {c, d}; observe p[i] = if s == a and act[i] == x then c else d;",  # what the action met
        "observation p[ann]: {a, b}; observe p[ann] = if s == s' then a else b;",
        "observation p[bob]: {a, b}; observe p[bob] ~ noisy(o[ann]', 0.9);",
        "state kept: {c, d}; init kept ~ uniform; observation p[ann]: {c, d}; observe p[ann] = kept;",  # it never moves
        "action say[i]: {x, y}; share talk { say after 1; }",
        "action say[i]: {x, y}; share talk { say to bob after ~ {1: 0.5, never: 0.5}; say[bob] after 1; }",
        "action only[ann]: {z};",
        "share alone { }",
        "state still: 0..0; init still = 0;",
        "share p(d = 5) { o after d; }",
        "share p { o[i] to j after 2 * abs(i - j) + (if i == ann then 2 else 0); }",  # of two links one is in time
        "share p { o after 2; } share q(d = 2) { o after d; }",
        "share p { o after 0 every 3; }",
        "state u: 0..9; init u = 0; next u = min(u + 1, 9); reward ann = u;",  # a longer horizon gets there
        "reward ann = if s == a and s == b then 0 else 1;",
        "let prize = if s == a then 1 else 2; reward ann = if act[ann] == x then prize else 2 * prize;",
        "reward[i] = if i == ann then (if s == a then 1 else 0) else 2;",
    ],
)
def test_what_is_meant_is_no_warning(lines: str) -> None:
    assert codes(lines) == []


def test_the_name_none_says_that_nothing_is_meant() -> None:
    assert codes("", share="  share none { }\n") == []


def test_agents_without_rewards() -> None:
    (warning,) = found("", reward="  reward ann = if s == a and act[bob] == x then 1 else 0;\n")
    assert warning.code == "W714" and "bob" in warning.message
    assert codes("", reward="  reward ann = if s == a and act[bob] == x then 1 else 0;\n  reward bob = 0;\n") == []
    assert codes("", reward="  reward zero_sum bob = if s == a and act[bob] == x then 1 else 0;\n") == []


@pytest.mark.parametrize("lines", ["share p { o after 3; }", "share delayed(3);"])
def test_delays_are_not_looked_at_under_another_horizon(lines: str) -> None:
    assert codes(lines, own=False) == []


def test_one_decision_is_enough_for_actions_shared_at_once() -> None:
    text = f"{HEAD}{REWARD}  share p {{ o after 0; act after 1; }}\n}}\n".replace("horizon 3", "horizon 1")
    assert analyse(Source("one", text)).warnings == ()


@pytest.mark.parametrize(
    "lines",
    [
        "param p = 1;  # posgc: allow W708",
        "param p = 1;  # posgc: allow W708 (the next version reads it)",
        "type t = {c, d}; param p = 1;  # posgc: allow W709, W708",
        "observation p[i]: {a, b}; observe p[i] ~ if act[i] == x\n then s\n else uniform;  # posgc: allow W715",
        "observation p[i]: bool;  # posgc: allow W721\n  observe p[i] ~ bernoulli(0.3);",
        "let f = 1;  # posgc: allow W702",
    ],
)
def test_a_comment_on_the_line_allows_a_warning(lines: str) -> None:
    assert codes(lines) == []


def test_a_comment_allows_its_own_line_and_its_own_code() -> None:
    assert codes("param p = 1;  # posgc: allow W709") == ["W708"]
    assert codes("# posgc: allow W708\n  param p = 1;") == ["W708"]


def test_tables_that_are_too_large_are_not_searched_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warn, "MAX_ENTRIES", 3)
    (note,) = found("observation p[i]: bool; observe p[i] ~ bernoulli(0.3);")
    assert (note.code, note.severity) == ("W725", "note")


def test_errors_come_without_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.posg"
    path.write_text(f"{HEAD}{REWARD}  param p = 1;\n  reward ann = nosuch;\n{NONE}}}\n", encoding="utf-8")
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr().err
    assert "E201" in said and "warning" not in said


def test_check_and_info_search_the_tables_and_solve_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.posg"
    odd = "param p = 1;\n  observation q[i]: bool;\n  observe q[i] ~ bernoulli(0.3);"
    text = f"{HEAD}{REWARD}  {odd}\n  share full;\n}}\n"
    path.write_text(text, encoding="utf-8")
    for command, expected in (
        (["check", "--require", "1"], ["W708", "W721"]),
        (["info"], ["W708", "W721"]),
        (["solve", "--concept", "team", "--quiet"], ["W708"]),
    ):
        assert main([command[0], str(path), *command[1:]]) == 0
        assert [line[8:12] for line in capsys.readouterr().err.splitlines() if line.startswith("warning")] == expected


def plain_law(game: posgc.Game, s: int, a: int) -> dict[tuple[int, int], float]:
    """P(s', o' | s, a) by (s', o')."""
    kernel, row = game.model.kernel(1), a * game.model.n_states + s
    entries = range(kernel.indptr[row], kernel.indptr[row + 1])
    return {(int(kernel.state[e]), int(kernel.observation[e])): float(kernel.probability[e]) for e in entries}


def plain_answers(game: posgc.Game) -> tuple[bool, bool]:
    """Whether the first agent's observation is independent of all else, and whether its action changes nothing: two
    agents with two actions and two observations each, written from the definitions."""
    model = game.model
    laws = {(s, a): plain_law(game, s, a) for s in range(model.n_states) for a in range(4)}
    alone = [{o: sum(p for (_, x), p in law.items() if x // 2 == o) for o in (0, 1)} for law in laws.values()]
    noise = all(abs(q[0] - alone[0][0]) < 1e-9 for q in alone) and all(
        abs(law.get((t, 2 * o + other), 0.0) - q[o] * sum(law.get((t, 2 * x + other), 0.0) for x in (0, 1))) < 1e-9
        for law, q in zip(laws.values(), alone, strict=True)
        for t in range(model.n_states)
        for o in (0, 1)
        for other in (0, 1)
    )
    idle = all(
        abs(laws[s, b].get(key, 0.0) - laws[s, 2 + b].get(key, 0.0)) < 1e-9
        and (model.kernel(1).reward[:, b, s] == model.kernel(1).reward[:, 2 + b, s]).all()
        for s in range(model.n_states)
        for b in (0, 1)
        for key in {*laws[s, b], *laws[s, 2 + b]}
    )
    return noise, idle


@pytest.mark.parametrize("seed", range(40))
def test_the_searches_of_tables_agree_with_the_definitions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    T = rng.dirichlet(np.ones(3), size=(2, 2, 3))
    O = rng.dirichlet(np.ones(2), size=(2, 2, 3))[..., None, :] * np.array([0.3, 0.7])[:, None]
    R = rng.integers(0, 2, size=(2, 2, 3)).astype(float)
    if seed % 4 in (0, 1):  # the first agent's action has no hand in anything
        T[1], O[1], R[1] = T[0], O[0], R[0]
    if seed % 4 in (1, 2):  # and here its observation depends on one state
        O[..., seed % 3, :, :] = O[..., seed % 3, ::-1, :]
    if seed % 5 == 0:
        R[1, 0, 0] += 1
    game = posgc.from_arrays(T, O, R, initial=[1, 0, 0], horizon=3, share="none")
    assert (tells_nothing(game.model, 0), changes_nothing(game.model, 0)) == plain_answers(game)


@pytest.mark.parametrize(("comment", "expected"), [("", ["W101"]), ("  # posgc: allow W101", [])])
def test_comments_of_imported_files_allow_their_warnings(tmp_path: Path, comment: str, expected: list[str]) -> None:
    path = tmp_path / "storm.dpomdp"
    path.write_text(imported("W101").replace("calm : * : 5", f"calm : * : 5{comment}"), encoding="utf-8")
    compiled = compile_request(Request(str(path), share="full", horizon=2))
    assert [d.code for d in compiled.diagnostics if d.severity == "warning"] == expected
