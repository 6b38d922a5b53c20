"""What an editor asks of a file: the places of names, found a second way from the tokens; types; wrong files."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import pytest

from posgc.language import Analysis, InputError, Source, analyse, compile_game
from posgc.language.diagnostics import Span
from posgc.language.text.parse import lexemes

ROOT = Path(__file__).parents[2]
GAMES = sorted((ROOT / "games").glob("*.posg"))
DIAGNOSTICS = sorted((ROOT / "tests" / "diagnostics").glob("*.posg"))
# Words that mean what the language says: types, functions, `step`, words of rewards, rules and claims, the standard
# structures and their arguments.
LANGUAGE = set(
    re.findall(
        r"\w+",
        "int real bool agent step team abs min max clip all any sum count argmax bernoulli noisy value gap gamma nash "
        "ce cce poisson binomial normal full one_step delayed one_directional controlled_by uncontrolled none own d",
    )
)


def analysed(text: str, **options: object) -> Analysis:
    return analyse(Source("test", text), **options)  # type: ignore[arg-type]


def game(lines: str) -> str:
    return f"game g {{ horizon 3; agents ann, bob; action act[i]: {{x, y}}; {lines} share none; }}"


def texts(analysis: Analysis, spans: tuple[Span, ...]) -> list[str]:
    return [analysis.source.text[s.start : s.end] for s in spans]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_every_name_of_a_shipped_game_is_one_of_the_analysis(path: Path) -> None:
    """Each NAME token is one place of one name, or a word of the language; places are nothing but these tokens."""
    text = path.read_text(encoding="utf-8")
    tokens = lexemes(text)
    after_game = next(k for k, t in enumerate(tokens) if t.text == "game") + 1
    wanted = sorted((t.start, t.text) for k, t in enumerate(tokens) if t.type == "NAME" and k != after_game)
    found = analysed(text)
    places = sorted((s.start, n.text) for n in found.names for s in n.places)
    assert len(places) == len(set(places)), "one place belongs to two names"
    assert set(places) <= set(wanted)
    assert {word for _, word in set(wanted) - set(places)} <= LANGUAGE | components(tokens)


def components(tokens: list) -> set[str]:  # type: ignore[type-arg]
    """The names of the components of tuple types, which mean something after a point only."""
    return {t.text for t, then in itertools.pairwise(tokens) if t.type == "NAME" and then.type == "COLON"}


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_declarations_of_shipped_games_follow_their_keywords(path: Path) -> None:
    """`param p`, `type t`, `state s`, `let f`, ..., `agents a, b` and the words in braces declare, and nothing else."""
    text = path.read_text(encoding="utf-8")
    tokens = lexemes(text)
    wanted = {
        (tokens[k + 1].start, tokens[k + 1].text)
        for k, t in enumerate(tokens)
        if t.type in ("PARAM", "TYPE", "KIND", "CHANCE", "LET", "GRAPH")
        or (t.type == "SHARE" and _opens_rules(tokens, k))
    }
    for k, token in enumerate(tokens):
        if token.type == "AGENTS":
            end = next(j for j in range(k, len(tokens)) if tokens[j].type == "SEMICOLON")
            first = [j for j in range(k + 1, end) if tokens[j - 1].type in ("AGENTS", "COMMA")]
            wanted |= {(tokens[j].start, tokens[j].text) for j in first}
        if token.type == "LBRACE" and k >= 2 and tokens[k - 1].type in ("COLON", "EQUAL") and _of_type(tokens, k):
            end = next(j for j in range(k, len(tokens)) if tokens[j].type == "RBRACE")
            wanted |= {(t.start, t.text) for t in tokens[k + 1 : end] if t.type == "NAME"}
    found = analysed(text)
    declared = {(s.start, n.text) for n in found.names if n.kind not in ("index", "argument") for s in n.declarations}
    assert declared == wanted


def _opens_rules(tokens: list, share: int) -> bool:  # type: ignore[type-arg]
    """Whether a `share` line has rules of its own: `share full;` names a structure of the language."""
    return next(t.type for t in tokens[share:] if t.type in ("SEMICOLON", "LBRACE")) == "LBRACE"


def _of_type(tokens: list, brace: int) -> bool:  # type: ignore[type-arg]
    """Whether a brace opens the type of a declaration: its statement begins with a keyword of one, and has no `~`."""
    start = max(j for j in range(brace) if tokens[j].type in ("SEMICOLON", "LBRACE"))
    head = [t.type for t in tokens[start + 1 : brace]]
    return head[0] in ("TYPE", "KIND", "CHANCE")


@pytest.mark.parametrize("path", [*GAMES, *DIAGNOSTICS], ids=lambda p: p.stem)
def test_the_diagnostics_are_those_of_compile_game(path: Path) -> None:
    source = Source("test", path.read_text(encoding="utf-8"))
    found = analyse(source)
    if found.game is None:
        with pytest.raises(InputError) as raised:
            compile_game(source)
        assert found.diagnostics[: len(raised.value.diagnostics)] == raised.value.diagnostics
        assert all(d.severity == "warning" for d in found.diagnostics[len(raised.value.diagnostics) :])
    else:
        assert found.diagnostics == compile_game(source).warnings == found.game.warnings


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_a_broken_statement_leaves_the_names_of_the_others(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    right = analysed(text)
    assert right.tree is not None
    rng = random.Random(path.stem)
    for item in rng.sample(right.tree.items, min(6, len(right.tree.items))):
        tokens = [t for t in lexemes(text) if item.span.start < t.start < item.span.end - 1]
        token = rng.choice([t for t in tokens if t.type not in ("LBRACE", "RBRACE")])
        broken = analysed(text[: token.start] + "@" * len(token.text) + text[token.end :])
        assert broken.game is None and broken.diagnostics
        _same_elsewhere(right, broken, item.span)


def _same_elsewhere(right: Analysis, broken: Analysis, hole: Span) -> None:
    """Names declared outside of the hole are there, with their types and with the places that lie outside of it."""

    def outside(spans: tuple[Span, ...]) -> list[Span]:
        return [s for s in spans if not hole.start <= s.start < hole.end]

    names = {(n.text, n.kind, n.span.start): n for n in broken.names}
    for name in right.names:
        if name.kind in ("index", "argument") or outside(name.declarations) != list(name.declarations):
            continue
        again = names[name.text, name.kind, name.span.start]
        assert list(again.declarations) == list(name.declarations)
        assert outside(again.uses) == outside(name.uses) and set(again.uses) <= set(name.uses)
        if name.kind in ("state", "action", "observation", "chance") and again.type is not None:
            assert again.type == name.type


UNFINISHED = ["let f = (1 + ", "let f[i] = match (s) { a: 1;", "state t: {u, v", "reward team = count(i: ", "let", "}"]


@pytest.mark.parametrize("typed", UNFINISHED)
def test_a_file_that_is_being_written_has_the_names_before(typed: str) -> None:
    text = f"game g {{\n  agents ann, bob;\n  param p = 1;\n  state s: {{a, b}};\n  init s = a;\n  {typed}"
    found = analysed(text)
    kinds = {n.text: n.kind for n in found.names if n.span.start < text.index(typed)}
    assert kinds == {"ann": "agent", "bob": "agent", "p": "parameter", "s": "state", "a": "word", "b": "word"}
    assert found.named("s")[0].type == "{a, b}"


@pytest.mark.parametrize("text", ["", "\0", "game", "use x;", "nonsense", "game g", "game g { @ }", "{" * 500])
def test_no_text_is_too_wrong(text: str) -> None:
    found = analysed(text)
    assert found.game is None and found.diagnostics
    assert found.names == ()
    with pytest.raises(InputError):
        found.required()


@pytest.mark.parametrize(
    ("lines", "name", "kind", "type"),
    [
        ("param p = 0.3;", "p", "parameter", "real"),
        ("param p: int = 3;", "p", "parameter", "int"),
        ("type t = {u, v};", "t", "type", "{u, v}"),
        ("type t = 2..5;", "t", "type", "2..5"),
        ("state s[k in 1..3]: bool; init s[k] = true;", "s", "state", "bool"),
        ("let f[k in 1..3] = k;", "k", "index", None),
        ("type t = {u, v}; let f[k in t] = k;", "k", "index", "t"),
        ("chance c: 0..2 ~ uniform;", "c", "chance", "0..2"),
        ("let f[i] = act[i] == x;", "f", "definition", "bool"),
        ("let f(n) = n + 0.5; reward team = f(1);", "f", "function", "real"),
        ("let f(n) = n + 1; reward team = f(1) + f(2);", "f", "function", "int"),
        ("let f(n) = n + 1; reward team = f(1);", "n", "argument", None),
        ("let f = if act[ann] == x then x else y; reward team = count(i: act[i] == f);", "f", "definition", "{x, y}"),
        ("let f = g;", "f", "definition", None),
        ("reward[j] = j;", "j", "index", "agent"),
        ("share late(e = 2) { act after e; }", "e", "argument", "int"),
        ("share late(e = 2) { act after e; }", "late", "protocol", None),
        ("", "ann", "agent", "agent"),
        ("", "x", "word", "{x, y}"),
    ],
)
def test_types_and_kinds(lines: str, name: str, kind: str, type: str | None) -> None:
    found = analysed(game(lines)).named(name)
    assert [(n.kind, n.type) for n in found] == [(kind, type)]
    assert found[0].declarations and texts(analysed(game(lines)), found[0].places) == [name] * len(found[0].places)


def test_indices_of_two_lines_are_two_names() -> None:
    text = game("let f[j] = act[j] == x; let g[j] = f[j] and all(k != j: f[k]); reward team = count(j: g[j]);")
    found = analysed(text)
    assert [len(n.places) for n in found.named("j")] == [2, 3, 2]
    assert [len(n.places) for n in found.named("k")] == [2]


def test_the_name_at_a_place() -> None:
    text = game("let quiet[i] = act[i] == x; reward team = count(i: quiet[i]);")
    found = analysed(text)
    use = text.rindex("quiet")
    name = found.at(use + 3)
    assert name is not None and name.span.start == text.index("quiet") and [s.start for s in name.uses] == [use]
    assert found.at(text.index("reward")) is None
    index = found.at(text.rindex("[i]") + 1)
    assert index is not None and index.span.start == text.rindex("(i:") + 1


def test_sharing_and_claims_use_names() -> None:
    text = game(
        "observation o[i]: {u, v}; observe o[i] ~ uniform; param far = 2;"
        "share near(e) { o[j] to ann after e; o after far; act along edges {ann-bob} after 1 per hop; "
        "forget after far; }"
        "expect value(team, bob) >= far under near(1);"
    )
    found = analysed(text)
    uses = {n.text: len(n.uses) for n in found.names if n.kind not in ("index", "argument")}
    assert uses["ann"] == 2 and uses["bob"] == 2 and uses["far"] == 3 and uses["near"] == 1 and uses["o"] == 3
    assert [len(n.places) for n in found.named("e")] == [2]


def test_a_chance_of_a_protocol_is_a_name_of_its_block() -> None:
    text = game(
        "observation o[i]: {u, v}; observe o[i] ~ uniform; param far = 0.5;"
        "share p(e) { o[i] to j after ~ air[j]; chance air[k] ~ {k: far, e: 1 - far}; }"
    )
    found = analysed(text)
    (air,) = found.named("air")
    assert air.kind == "chance" and len(air.uses) == 1
    assert [len(n.places) for name in ("k", "e", "far") for n in found.named(name)] == [2, 2, 3]


def test_renaming_by_places_changes_nothing_else() -> None:
    """Some names of every shipped game are renamed at all their places: the file compiles and has the same names."""
    rng = random.Random(3)
    for path in GAMES:
        text = path.read_text(encoding="utf-8")
        found = analysed(text)
        for name in rng.sample(found.names, min(2, len(found.names))):
            renamed = text
            for span in reversed(name.places):
                renamed = renamed[: span.start] + f"zz_{name.text}" + renamed[span.end :]
            again = analysed(renamed)
            assert again.failure is None, f"{path.stem}: {name.text}\n{again.failure}"
            back = sorted(re.sub("^zz_", "", n.text) for n in again.names)
            assert back == sorted(n.text for n in found.names)
