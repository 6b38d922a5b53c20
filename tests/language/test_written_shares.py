"""Tables of lags written as `share` blocks, read again by the compiler: the same table."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from posgc.language import compile_game
from posgc.language.diagnostics import Source
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.sharing.requests import protocol
from posgc.language.sharing.written import agent_text, rules_of, share_block
from posgc.language.signature import Signature, Variable
from posgc.pipeline import read_source

GAMES = Path(__file__).resolve().parents[2] / "games"

# Named agents, an array, items with further indices (words, numbers), and items of one agent alone.
TEXT = """game net {
  horizon 9;
  agents hub, robot[2];
  type side = {left, right};
  state s: bool;
  init s = true;
  next s = s;
  observation hear[i]: bool;
  observation lamp[i, d in side]: bool;
  observation slot[hub, k in 1..2]: bool;
  action act[i]: {go, stay};
  reward team = 0;
  share none { }
}
"""


def again(text: str, rules: tuple[str, ...]) -> LagTable:
    """The table of a block with these rules at the end of a game."""
    body = f"{text.rstrip().removesuffix('}')} {share_block('written', rules)} }}"
    game = compile_game(Source("net.posg", body))
    return protocol(game.signature, "written", game)


def drawn(rng: random.Random, signature: Signature) -> LagTable:
    """Lags that often agree: within a family, an item, or not at all."""

    def rows(variables: tuple[Variable, ...], own: int) -> tuple[tuple[int, ...], ...]:
        lags = (own, 1, 2, 7, NEVER)
        of_family = {v.family: rng.choice(lags) for v in variables}
        mode = {v.family: rng.randrange(3) for v in variables}
        found = []
        for v in variables:
            of_item = rng.choice(lags)
            each = [(of_family[v.family], of_item, rng.choice(lags))[mode[v.family]] for _ in signature.agents]
            found.append(tuple(own if k == v.agent else lag for k, lag in enumerate(each)))
        return tuple(found)

    return LagTable("drawn", rows(signature.actions, 1), rows(signature.observations, 0))


def test_random_tables() -> None:
    rng, signature = random.Random(4), compile_game(Source("net.posg", TEXT)).signature
    seen: set[str] = set()
    for _ in range(40):
        table = drawn(rng, signature)
        rules = rules_of(signature, table)
        assert again(TEXT, rules).content == table.content, rules
        seen |= {"to" if " to " in rule else "item" if "[" in rule else "family" for rule in rules}
    assert seen == {"to", "item", "family"}


@pytest.mark.parametrize("path", sorted(GAMES.glob("*.posg"))[::4], ids=lambda path: path.stem)
def test_tables_of_shipped_games(path: Path) -> None:
    source = read_source(str(path))
    game = compile_game(source)
    rng = random.Random(1)
    named = [protocol(game.signature, name, game) for name in ("full", "one_step", "delayed(2)", "none")]
    for table in [*named, drawn(rng, game.signature)]:
        assert again(source.text, rules_of(game.signature, table)).content == table.content


def test_words() -> None:
    signature = Signature(
        ("ann", "bob"),
        (Variable("act", 0, ("a", "b")), Variable("act", 1, ("a", "b"))),
        (Variable("hear", 0, ("a", "b")),),
    )
    table = LagTable("t", ((1, 2), (3, 1)), ((0, NEVER),))
    assert rules_of(signature, table) == ("act[ann] after 2", "act[bob] after 3")
    assert rules_of(signature, replace(table, observation_lags=((0, 4),)))[0] == "hear after 4"
    assert share_block("p", ("hear after 4", "act after 1")) == "share p { hear after 4; act after 1; }"
    assert share_block("p", ()) == "share p { }"
    with pytest.raises(ValueError, match="more than a table of lags"):
        rules_of(signature, replace(table, forget=1))


def test_agents_without_a_name_of_the_language_are_numbered() -> None:
    signature = Signature(("1", "robot[2]", "share", "ann"), (), ())
    assert [agent_text(signature, k) for k in range(4)] == ["1", "robot[2]", "3", "ann"]
