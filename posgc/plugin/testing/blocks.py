"""The battery that any language block must pass, ours or a stranger's.

    from posgc.plugin.testing import check_block

    def test_my_block():
        check_block(MyBlock(), RIGHT, [WRONG, ANOTHER])

`RIGHT` is a whole file that uses the block, `WRONG` files in which something of the block is wrong.
"""

from __future__ import annotations

import json
import pickle
import random
import re
from collections.abc import Iterator, Sequence

from posgc.language import InputError, LimitError, Source, compile_game, format_source
from posgc.language.blocks.defects import block_defect
from posgc.language.ir import Game
from posgc.language.text import syntax as ast
from posgc.language.text.dialect import dialect_of, grammar_defect
from posgc.language.text.parse import lexemes, parse_game
from posgc.plugin.block import Block, Declared

__all__ = ["check_block"]

_MUTATIONS = 100


def check_block(block: Block, text_right: str, texts_wrong: Sequence[str]) -> None:
    """Run the battery; raises AssertionError with what went wrong.

    The block has no defect; the right file compiles, twice to the same, and what is declared fits into JSON and
    travels to other processes; `posgc fmt` keeps its meaning and every comment, and changes nothing the second time;
    the file without its `use` line, or without the block, is refused with the block's name; wrong files are refused
    with a place; and files with random mistakes meet diagnostics, never a failure of the block.
    """
    defect = block_defect(block) or grammar_defect(block)
    assert defect is None, f"{block.name}: {defect}"
    declared = _declared(block, text_right)
    again = _declared(block, text_right)
    assert _told(declared) == _told(again), "compiled twice, the file declares two things"
    assert _told(pickle.loads(pickle.dumps(declared))) == _told(declared), "pickling changes what is declared"
    _check_layout(block, text_right, declared)
    _check_absence(block, text_right)
    for text in texts_wrong:
        _check_wrong(block, text)
    for text in _mutations(block, text_right):
        _compiled(block, text)


def _declared(block: Block, text: str) -> Declared:
    game = _compiled(block, text)
    assert isinstance(game, Game), f"the right file does not compile: {game}"
    assert block.name in game.blocks, f"the right file does not say `use {block.name};`"
    return game.blocks[block.name]


def _compiled(block: Block, text: str) -> Game | InputError | LimitError:
    """The game, or why there is none; asserts that the block does not fail."""
    try:
        return compile_game(Source("<battery>", text), blocks={block.name: block})
    except InputError as error:
        assert all(d.code != "E118" for d in error.diagnostics), f"the block fails on\n{text}\n{error}"
        return error
    except LimitError as error:
        return error


def _told(declared: Declared) -> tuple[object, ...]:
    return declared.lines, json.dumps(dict(declared.document), sort_keys=True), declared.in_digest


def _check_layout(block: Block, text: str, declared: Declared) -> None:
    blocks = {block.name: block}
    commented, comments = _commented(block, text)
    for given in (text, commented):
        made = format_source(given, blocks)
        assert format_source(made, blocks) == made, f"laid out twice, the file changes:\n{made}"
        assert _told(_declared(block, made)) == _told(declared), f"laid out, the file declares something else:\n{made}"
    found = re.findall(r"# comment \d+$", format_source(commented, blocks), re.MULTILINE)
    assert sorted(found) == sorted(comments), "the layout loses comments"


def _commented(block: Block, text: str) -> tuple[str, list[str]]:
    """The text with a comment after every token of the block's items."""
    source = Source("<battery>", text)
    tokens = lexemes(text, dialect_of(text, {block.name: block}))
    tree = parse_game(source, {block.name: block})
    spans = [item.span for item in tree.items if isinstance(item, ast.BlockItem)]
    assert spans, "the right file has no item of the block"
    ends = [t.end for t in tokens if any(s.start <= t.start < s.end for s in spans)]
    comments = [f"# comment {k}" for k in range(len(ends))]
    for end, comment in sorted(zip(ends, comments, strict=True), reverse=True):
        text = f"{text[:end]} {comment}\n{text[end:]}"
    return text, comments


def _check_absence(block: Block, text: str) -> None:
    use = re.compile(rf"\buse\s+{block.name}\s*;")
    found = _compiled(block, use.sub("", text, count=1))
    assert isinstance(found, InputError), f"without `use {block.name};` the file compiles"
    assert any(d.code == "E117" and f"`{block.name}`" in d.message for d in found.diagnostics), found
    try:
        compile_game(Source("<battery>", text))
    except InputError as error:
        assert [d.code for d in error.diagnostics] == ["E116"], error
    else:
        raise AssertionError("without the block installed the file compiles")


def _check_wrong(block: Block, text: str) -> None:
    found = _compiled(block, text)
    assert isinstance(found, InputError), f"this wrong file compiles:\n{text}"
    for diagnostic in found.diagnostics:
        assert diagnostic.message, "a diagnostic without a message"
        assert diagnostic.span is not None, f"a diagnostic without a place: {diagnostic.message}"
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text), f"outside of the file: {diagnostic}"


def _mutations(block: Block, text: str) -> Iterator[str]:
    """The text with a token or two of the block's items left out, doubled, or replaced by another token of the file."""
    rng = random.Random(1944)
    tokens = lexemes(text, dialect_of(text, {block.name: block}))
    tree = parse_game(Source("<battery>", text), {block.name: block})
    spans = [item.span for item in tree.items if isinstance(item, ast.BlockItem)]
    own = [t for t in tokens if any(s.start <= t.start < s.end for s in spans)]
    for _ in range(_MUTATIONS):
        made = text
        for token in sorted(rng.sample(own, min(len(own), rng.choice((1, 1, 2)))), key=lambda t: -t.start):
            other = rng.choice(("", f"{token.text} {token.text}", rng.choice(tokens).text))
            made = f"{made[: token.start]} {other} {made[token.end :]}"
        yield made
