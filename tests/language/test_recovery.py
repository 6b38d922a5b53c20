"""Reading on behind mistakes: where one is put into a right file, one is reported, where it stands."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from posgc.language import InputError, Source, analyse, compile_game, render
from posgc.language.text import fast_lalr
from posgc.language.text import syntax as ast
from posgc.language.text.dialect import dialect_of
from posgc.language.text.parse import lexemes, read_game
from posgc.language.text.recovery import MAX_MISTAKES, Recovery
from posgc.language.text.syntax.walk import is_poisoned
from posgc.model.mistakes_of_value import with_values

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))
# Brackets tell where a statement ends, and names what is declared: without them other mistakes may follow.
_TELLING = {"LBRACE", "RBRACE", "NAME"}


def errors(text: str) -> list[tuple[str, int]]:
    """Codes and lines."""
    failure = analyse(Source("test", text)).failure
    return [(d.code, d.span.line if d.span else 0) for d in failure.diagnostics] if failure else []


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_a_token_that_cannot_be_read_is_one_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = [t for t in lexemes(text) if t.type not in _TELLING][6:]
    for token in random.Random(path.stem).sample(tokens, 25):
        line = text.count("\n", 0, token.start) + 1
        assert errors(text[: token.start] + "@" * len(token.text) + text[token.end :]) == [("E110", line)]


def places(tree: Tree[Token] | Token | None) -> object:
    """A tree with all its places, to be compared."""
    if not isinstance(tree, Tree):
        return tree, getattr(tree, "type", None), getattr(tree, "start_pos", None)
    meta = tree.meta
    where = None if meta.empty else (meta.start_pos, meta.end_pos)
    return str(tree.data), where, [places(child) for child in tree.children]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_from_the_statement_that_stops_the_parser_all_is_read_as_from_the_beginning(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    rng, tokens = random.Random(path.stem), lexemes(text)
    dialect, stopped = dialect_of(text, {}), 0
    for token in rng.sample(tokens, 20):
        other = rng.choice(tokens).text
        broken = text[: token.start] + rng.choice(["", other, f"{token.text} {other}", "é"]) + text[token.end :]
        try:
            fast_lalr.parse(dialect.parser, broken, "start")
        except UnexpectedInput as error:
            stopped += 1
            sooner, whole = Recovery(dialect, broken, "start", error), Recovery(dialect, broken, "start")
            assert places(sooner.read()) == places(whole.read())
            assert (sooner.found, sooner.doubtful) == (whole.found, whole.doubtful)
    assert stopped > 0


@pytest.mark.parametrize("stem", ["dectiger", "kuhn", "aloha", "broadcast", "adversarial_tiger", "wind", "recycling"])
def test_no_error_of_value_is_made_up(stem: str) -> None:
    """Games without errors of value, a part of which is not known."""
    text = next(p for p in GAMES if p.stem == stem).read_text(encoding="utf-8")
    tokens = [t for t in lexemes(text) if t.type not in _TELLING][6:]
    for token in random.Random(stem).sample(tokens, 12):
        found = analyse(Source("test", text[: token.start] + "@" * len(token.text) + text[token.end :]))
        assert [d.code for d in with_values(found).diagnostics] == ["E110"]


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        # what a mistake has no hand in is looked at, and what it has a hand in is not
        ("state n: 0..3; init n = 0; next n = n + 2; let f = nosuch;", ["E401", "E201"]),
        ("state n: 0..3; init n = 0; next n = n + (if s == a then 2 else nosuch);", ["E401", "E201"]),
        ("state n: 0..3; init n ~ nosuch; reward ann = 1 / (n - 3);", ["E201"]),
        ("state n: 0..3; init n = 0; next n ~ {n + 2: 0.5, nosuch: 0.5};", ["E201"]),
        (
            "state n: 0..3; init n = 2; next n = n + 2; state m: 0..3; init m = nosuch; next m = m + 9;",
            ["E401", "E201"],
        ),
        ("state n: 0..3; init n = 0; next n = n + 2; terminal when nosuch;", ["E201"]),
        ("state n: 0..3; init n = 7; terminal when nosuch;", ["E401", "E201"]),
        ("reward ann = 1 / (step - 1); reward team = nosuch;", ["E404", "E201"]),
        ("action c[i]: bool when nosuch; reward ann = if c[ann] then 1 / 0 else 0;", ["E201"]),
        ("chance c: 1..3 ~ nosuch; reward ann = 1 / (c - 2); reward bob = 1 / (step - 2);", ["E201", "E404"]),
    ],
)
def test_errors_of_value_beside_others(lines: str, codes: list[str]) -> None:
    assert [d.code for d in with_values(analyse(Source("test", game(lines)))).diagnostics] == codes


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_a_missing_semicolon_is_one_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for token in (t for t in lexemes(text) if t.type == "SEMICOLON"):
        before, behind = text[: token.start].splitlines()[-1], text[token.end :].partition("\n")[0]
        call = text[token.end :].split("\n", 1)[-1].lstrip().startswith("(")  # `f` and `(` of the next line are a call
        if before.strip() and not behind.split("#")[0].strip() and not call:
            line = text.count("\n", 0, token.start) + 1
            assert errors(text[: token.start] + text[token.end :]) == [("E107", line)]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_a_right_file_is_read_as_ever(path: Path) -> None:
    source = Source(path.name, path.read_text(encoding="utf-8"))
    found = read_game(source)
    assert not found.mistakes and not is_poisoned(found.tree) and compile_game(source).name


@pytest.mark.parametrize("stem", ["aloha", "dectiger", "harbours", "kuhn", "meeting_grid"])
def test_a_token_that_is_left_out_is_one_error_or_a_game(stem: str) -> None:
    text = next(p for p in GAMES if p.stem == stem).read_text(encoding="utf-8")
    for token in random.Random(stem).sample(lexemes(text), 12):
        found = errors(f"{text[: token.start]} {text[token.end :]}")
        assert len(found) <= 1, (token, found)


@pytest.mark.parametrize("stem", ["aloha", "dectiger", "harbours", "kuhn", "meeting_grid"])
def test_a_token_that_stands_twice_is_one_error_or_a_game(stem: str) -> None:
    text = next(p for p in GAMES if p.stem == stem).read_text(encoding="utf-8")
    for token in random.Random(stem).sample(lexemes(text), 12):
        found = errors(f"{text[: token.end]} {token.text}{text[token.end :]}")
        assert len(found) <= 1, (token, found)


def game(lines: str) -> str:
    return (
        "game g { horizon 2; agents ann, bob; state s: {a, b}; init s = a; action act[i]: {x, y}; "
        f"observation o[i]: {{a, b}}; observe o[i] = s';\n{lines}\nreward team = 1; share none; }}"
    )


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("let f = 3\nlet g = 4\nlet h = 5;", ["E107", "E107"]),
        ("let f = (3 +;\nlet g = nosuch;", ["E108", "E201"]),
        ("let f = match (s) { a: 1; @; b: nosuch; };", ["E110", "E201"]),
        ("share p { o aft 1; act after 0; }", ["E119", "E504"]),
        ("state t: {u, v,};\ninit t = u;\nlet f = t == u;", ["E101"]),
        ("state @: {u, v};\ninit t = u;\nlet f = t == u;", ["E110"]),
        ("let f = @;\nlet g = f + 1;", ["E110"]),
        ("type t = @;\nstate z: t;\ninit z = q;\nshare p { z after 1; }", ["E110"]),
        ("param n = @;\nlet f = n + 1;\nshare p { o after n; }", ["E110"]),
        ("share p { o @ 1; }\nexpect assumption 3 under p;", ["E110"]),
        ("let café = 3;\nlet g = café + 1;", ["E110"]),
        ("let f = 3; }\nlet g = nosuch;", ["E108", "E201"]),
        ("share p { o after 1;\nlet g = nosuch;", ["E108", "E201"]),
        ("let f = {;\nlet g = nosuch;", ["E108", "E201"]),
        ("reward ann = match (s) { a: 1; b: 2 };\nlet g = nosuch;", ["E107", "E201"]),
        ("let f = 99999999999999999999;\nlet g = nosuch;", ["E407", "E201"]),
        ("expect assumption 3 at horizon 99999999999999999999;\nlet g = nosuch;", ["E407", "E201"]),
        (f"let f = {'-' * 300}1;\nlet g = nosuch;", ["E111", "E201"]),
        ("let f = s = a;\nlet g = s = nosuch;", ["E104", "E104", "E201"]),
    ],
)
def test_mistakes_of_syntax_hide_no_others(lines: str, codes: list[str]) -> None:
    failure = analyse(Source("test", game(lines))).failure
    assert failure is not None
    assert [d.code for d in failure.diagnostics] == codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("reward ann = if s == a orb then 1 else 0;", ["E119"]),
        ("state n: 0..3; init n = 0; reward ann = 2 modn;", ["E119"]),
        ("statet: {u, v};", ["E101"]),
        ("let order = 3; let f = min(order order, 4);", ["E101"]),
    ],
)
def test_no_word_is_read_as_the_beginning_of_a_longer_one(lines: str, codes: list[str]) -> None:
    assert [code for code, _ in errors(game(lines))] == codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("let f = nosuch + abs(3 4);", ["E201", "E121"]),
        ("let f = (step + nosuch;", ["E108", "E201"]),
        ("let f = (step == 2)) + nosuch;", ["E108", "E201"]),
        ("let f = count(i: act[i] == nosuch;", ["E108", "E201"]),
        ("let f = match (s) { a: max(1 2); b: nosuch; };", ["E121", "E201"]),
        ("reward ann = act[ann == nosuch;", ["E108", "E201"]),
        ("let f = step in {1, , 2, nosuch};", ["E101", "E201"]),
        ("let f = max(1 sum(one: one));", ["E121"]),  # a new index
        ("share p { o after max(1 2); act after nosuch; }", ["E121", "E201"]),
    ],
)
def test_a_doubtful_mend_hides_no_names(lines: str, codes: list[str]) -> None:
    assert [code for code, _ in errors(game(lines))] == codes


def test_a_component_of_what_is_in_doubt_is_in_doubt() -> None:
    lines = "type spot = (x: 0..1, y: 0..1);\nstate at[i]: spot;\ninit at[i] = spot(0, 0);\n"
    assert [code for code, _ in errors(game(f"{lines}reward ann = at[[ann.x';"))] == ["E108"]
    assert [code for code, _ in errors(game(f"{lines}reward ann = at[ann bob].x';"))] == ["E121"]


def test_a_word_that_is_missing_in_a_list_is_one_mistake_with_its_first_use() -> None:
    text = game("state t: {p, q, };\ninit t = r;\nlet f = t == r;\nlet g = t == nosuch;")
    (gap, other) = analyse(Source("gap", text)).errors
    assert (gap.code, other.code) == ("E101", "E201") and "`r`" in gap.help
    (label,) = gap.labels
    assert text[label.span.start : label.span.end] == "r"


def test_what_is_read_again_from_an_earlier_place_is_read_once() -> None:
    found = read_game(Source("list", game("state t: {u, v, w,};"))).tree
    assert found is not None
    (words,) = (item.type for item in found.items if isinstance(item, ast.Variable) and item.target.name == "t")
    assert isinstance(words, ast.Enumeration) and words.incomplete
    assert [word.text for word in words.words] == ["u", "v", "w"]


def test_a_bracket_that_was_put_in_and_is_never_closed_is_one_mistake() -> None:
    assert [code for code, _ in errors(game("let f = match (s) a: 1;\nreward ann = 1;"))] == ["E108"]


def test_the_smallest_part_is_given_up() -> None:
    found = read_game(Source("test", game("let f[i] = match (s) { a: 1; b: @; };\nshare p { o @; act after 1; }")))
    assert found.tree is not None
    definition = next(item for item in found.tree.items if isinstance(item, ast.Definition))
    assert isinstance(definition.body, ast.Match)
    assert [isinstance(arm.value, ast.Poison) for arm in definition.body.arms] == [False, True]
    share = next(item for item in found.tree.items if isinstance(item, ast.Share) and item.head.name == "p")
    assert [type(rule) for rule in share.rules or ()] == [ast.Poison, ast.Rule]


def test_what_is_left_out_says_what_it_declares() -> None:
    found = read_game(Source("test", game("state t[: {u, v};")))
    assert found.tree is not None
    (broken,) = (item for item in found.tree.items if isinstance(item, ast.Broken))
    assert (broken.keyword, broken.name and broken.name.text) == ("state", "t")
    assert [word.text for word in broken.words] == ["u", "v"]


def test_a_text_that_ends_too_early_has_places_that_can_be_shown() -> None:
    found = analyse(Source("early", "game g {\n  horizon 2;\n  share p { o after 1;\n"))
    assert [d.code for d in found.errors] == ["E208", "E108"]
    assert all(d.span is not None and d.span.end > d.span.start and render(d, found.source) for d in found.errors)


def test_reading_stops_after_very_many_mistakes_and_says_so() -> None:
    failure = analyse(Source("test", game("\n".join(f"let f{k} = @;" for k in range(3 * MAX_MISTAKES))))).failure
    assert failure is not None
    assert len(failure.diagnostics) == MAX_MISTAKES + 1 and "too many" in failure.diagnostics[-1].message


@pytest.mark.parametrize("junk", ["@", "x ", "; ", "} ", "{ ", "let ", "( ", "match (s) { "])
def test_long_nonsense_is_read_soon(junk: str) -> None:
    text = game(junk * 20_000)
    with pytest.raises(InputError):
        compile_game(Source("test", text))


def small(lines: str) -> str:
    return f"game g {{ horizon 2; agents ann, bob; state s: 0..3; init s = 0; action a[i]: bool; {lines} share none; }}"


def test_what_reads_a_draw_that_depends_on_itself_is_drawn_after_it() -> None:
    lines = "next s ~ if a[ann] then s' else 1; observation o[i]: 0..3; observe o[i] = s'; reward ann = 1 / 0;"
    found = analyse(Source("cycle", small(lines)))
    assert [d.code for d in with_values(found).diagnostics] == ["E212", "E404"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("reward ann = 1; expect assumption 1.5;", "E101"),
        ("reward ann = match (s) { match: 1; _: 2; };", "E106"),
        ("reward zero_sum team = 1;", "E201"),
        ("reward team[1] = 1;", "E201"),
        ("reward team = 1e-0.5;", "E102"),
    ],
)
def test_no_cure_is_what_stands_there(lines: str, code: str) -> None:
    text = small(lines)
    (wrong,) = analyse(Source("cure", text)).errors
    assert wrong.code == code and all(text[r.span.start : r.span.end] != r.text for r in wrong.replacements)


@pytest.mark.parametrize(
    "line",
    [
        "next s = if nobody ^ 9 then 1 else 0;",
        "next s ~ if nobody + 1 then uniform else {0: 1};",
        "next s = if s == 0 and nobody * 2 then 1 else 0;",
        "next s = if not (nobody - 1) then 1 else 0;",
        "next s = count(i: nobody / 2);",
        "next s ~ uniform(c: -nobody);",
        "terminal when nobody ^ 2;",
        "action b[i]: bool when nobody ^ 2;",
    ],
)
def test_a_number_with_a_mistake_where_a_truth_value_is_wanted(line: str) -> None:
    assert [d.code for d in with_values(analyse(Source("truth", small(f"{line} reward ann = 1;")))).diagnostics] == [
        "E201"
    ]


def test_a_protocol_that_is_no_structure_is_one_error() -> None:
    found = analyse(Source("letters", small("reward ann = 1; share letters(2); expect assumption 3 under letters(2);")))
    assert [(d.code, d.span.line if d.span else 0) for d in found.errors] == [("E501", 1)]


@pytest.mark.parametrize("rest", ["}", "}\n}", "# the end\n}"])
def test_a_bracket_too_many_at_the_end_hides_nothing(rest: str) -> None:
    text = (GAMES[0].parent / "dectiger.posg").read_text(encoding="utf-8").rstrip()
    line, end = text.count("\n", 0, text.index("then tiger")) + 1, text.count("\n") + 2 + rest.startswith("#")
    assert errors(text.replace("then tiger", "then tigr") + f"\n{rest}\n") == [("E201", line), ("E108", end)]
