"""The Pygments lexer, the TextMate grammar and the Vim syntax against the grammar and the shipped games."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace
from test_completing import GAMES

from posgc.language.elaborate.names import BUILTIN_FUNCTIONS, TRUNCATED
from posgc.language.text.parse import lexemes
from posgc.language.text.pygments_lexer import PosgLexer, words_of_grammar

EDITORS = Path(__file__).parents[2] / "docs" / "editors"
CODE = EDITORS / "vscode"
RULES = json.loads((CODE / "syntaxes" / "posg.tmLanguage.json").read_text(encoding="utf-8"))["patterns"]
VIM = (EDITORS / "vim" / "syntax" / "posg.vim").read_text(encoding="utf-8")
FUNCTIONS = {*BUILTIN_FUNCTIONS, *TRUNCATED}
KINDS = {
    "comment": Comment,
    "string": String,
    "constant.numeric": Number,
    "support.function": Name.Builtin,
    "storage.type": Keyword.Declaration,
    "keyword.control": Keyword,
    "keyword.operator.word": Operator.Word,
    "constant.language": Keyword,
    "keyword.other": Keyword.Pseudo,
    "support.type": Keyword.Type,
    "variable.language": Name.Builtin.Pseudo,
    "keyword.operator": Operator,
    "punctuation": Punctuation,
    "variable.other": Name,
}
"""What Pygments calls the scopes of TextMate."""


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_the_lexer_reads_the_tokens_of_the_parser(path: Path) -> None:
    text = text_of(path)
    found = list(PosgLexer().get_tokens_unprocessed(text))
    assert "".join(t for _, _, t in found) == text
    assert Error not in {kind for _, kind, _ in found}
    spare = (Whitespace, Comment.Single)
    words = [(at, t) for at, kind, t in found if kind not in spare]
    assert words == [(t.start, t.text) for t in lexemes(text)]


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_reserved_words_are_keywords_and_names_are_none(path: Path) -> None:
    """By the parser, which knows for certain, except for words of the language that are names elsewhere."""
    text = text_of(path)
    kinds = {at: kind for at, kind, _ in PosgLexer().get_tokens_unprocessed(text)}
    for token in lexemes(text):
        if token.text.isidentifier() and token.text not in (*FUNCTIONS, "step", "agent", "bool", "uniform"):
            if token.type == "NAME":
                assert kinds[token.start] in (Name, Keyword.Pseudo, Keyword.Declaration)
            else:
                assert kinds[token.start] in Keyword or kinds[token.start] in Operator


def test_a_sign_that_the_language_lacks_is_an_error() -> None:
    found = [(kind, t) for _, kind, t in PosgLexer().get_tokens_unprocessed('let f = 1 ? 2 & "open')]
    assert [t for kind, t in found if kind is Error] == ["?", "&", '"']


def _textmate(text: str) -> list[tuple[int, str, str]]:
    """The tokens of a text as an editor finds them: of what matches first, by the earliest rule."""
    rules = [(rule["name"].removesuffix(".posg"), re.compile(rule["match"], re.M)) for rule in RULES]
    found, at = [], 0
    while at < len(text):
        matches = [(m.start(), k, m) for k, (_, pattern) in enumerate(rules) if (m := pattern.search(text, at))]
        if not matches:
            break
        _, k, match = min(matches, key=lambda m: m[:2])
        found.append((match.start(), rules[k][0], match[0]))
        at = match.end()
    return found


@pytest.mark.parametrize("path", [p for p in GAMES if p.stat().st_size < 4000], ids=lambda p: p.stem)
def test_the_textmate_grammar_agrees_with_the_lexer(path: Path) -> None:
    text = text_of(path)
    lexer = [(at, kind, t) for at, kind, t in PosgLexer().get_tokens_unprocessed(text) if kind is not Whitespace]
    for (at, kind, word), (start, scope, again) in zip(lexer, _textmate(text), strict=True):
        assert (start, again) == (at, word)
        longest = max((name for name in KINDS if scope.startswith(name)), key=len)
        assert kind in KINDS[longest], (word, kind, scope)


def test_every_word_of_the_grammar_is_in_every_colouring() -> None:
    listed = {word for name, rest in re.findall(r"syntax keyword (\w+) (.+)", VIM) for word in rest.split()}
    matched = {w for rule in RULES if "|" in rule["match"] for w in re.findall(r"[a-z_]+", rule["match"])}
    words = set(words_of_grammar())
    assert words <= listed | set(), words - listed
    assert words <= matched, words - matched
    extra = {"step", "agent", "bool"}
    assert listed - words == extra
    for function in FUNCTIONS:
        assert function in matched and re.search(rf"posgFunction.*\b{function}\b", VIM)


def test_pygments_finds_the_lexer_by_its_entry_point() -> None:
    from importlib.metadata import entry_points

    if not [p for p in entry_points(group="pygments.lexers") if p.name == "posg"]:
        pytest.skip("posgc was installed before it had a lexer")
    assert type(get_lexer_by_name("posg")) is PosgLexer


def test_the_extension_names_files_that_are_there() -> None:
    package = json.loads(text_of(CODE / "package.json"))
    given = package["contributes"]
    named = [package["main"], given["languages"][0]["configuration"]]
    named += [entry["path"] for kind in ("grammars", "snippets") for entry in given[kind]]
    for name in named:
        assert (CODE / name).is_file(), name
    assert given["configuration"]["properties"]["posgc.command"]["default"] == ["posgc", "lsp"]
    json.loads(text_of(CODE / "language-configuration.json"))


def test_snippets_are_right_as_they_are() -> None:
    """The snippet of a whole game compiles with its placeholders filled in; the others parse as lines of a game."""
    from posgc.language import Source, analyse

    snippets = json.loads(text_of(CODE / "snippets" / "posg.json"))
    for name, snippet in snippets.items():
        text = "\n".join(snippet["body"])
        while (hole := re.search(r"\$\{(\d+):([^${}]*(?:\{[^{}]*\}[^${}]*)?)\}", text)) is not None:
            text = text.replace(hole[0], hole[2]).replace(f"${{{hole[1]}}}", hole[2])
        if name == "Game":
            assert not analyse(Source(name, text)).diagnostics
        elif name != "Match":
            codes = {d.code for d in analyse(Source(name, f"game g {{ {text} }}")).errors}
            assert not any(code.startswith("E1") for code in codes), (name, text)
