"""Cures that name what is at hand: the index of the line, the agents of the game, the protocol that is extended."""

from __future__ import annotations

import pytest

from posgc.language import Source, analyse
from posgc.language.diagnostics import Diagnostic
from posgc.language.diagnostics.example_agents import agents_in, with_agents
from posgc.model import tabulate
from posgc.model.mistakes_of_value import with_values

HEAD = """game g {
  horizon 2;
  agents robot[2], base;
  type room = {hall, bath};
  type cell = (x: 0..2, y: 0..1);
  graph street on room = {hall-bath};
  state came[i]: bool;
  init came[i] = true;
  state lit[k in 1..2, r in room]: bool;
  init lit[k, r] = true;
  action act[i]: {x, y};
  observation o[i]: bool;
  reward team = 1;
  share none;
"""


def only(line: str, head: str = HEAD, settings: dict[str, str] | None = None) -> Diagnostic:
    """The one error of a line."""
    (found,) = with_values(analyse(Source("at hand", f"{head}  {line}\n}}\n"), settings or {})).diagnostics
    return found


@pytest.mark.parametrize(
    ("line", "code", "cure"),
    [
        # the index that the line has
        ("observe o[who] = came';", "E207", "write `came[who]'`"),
        ("next lit[k, r] = lit;", "E207", "write `lit[k, r]`"),
        ("next lit[j, q in room] = lit;", "E207", "write `lit[j, q]`"),
        ("let n = count(r in room: lit[1]);", "E207", "write `lit[1, r]`"),
        ("let n = came;", "E207", "write `came[robot[1]]`"),
        ("let n = lit;", "E207", "write `lit[1, hall]`"),
        # agents of this game
        ("reward = 3;", "E101", "`reward robot[1] = ...;`"),
        ("reward zero_sum = 3;", "E101", "write `reward zero_sum robot[1] = ...;`"),
        ("graph radio = [1, 2];", "E101", "`graph road = {robot[1]-robot[2]};`"),
        ("share q { o to all after 1 per hop; }", "E509", "`along edges {robot[1]-robot[2]}`"),
        ("share q { o to all along nowhere after 1 per hop; }", "E509", "`graph road = {robot[1]-robot[2]};`"),
        ("share q { o to all along street after 1 per hop; }", "E509", "`graph road = {robot[1]-robot[2]};`"),
        ("share controlled_by(1 -> 2);", "E502", "write `controlled_by(robot[1], d = 2)`"),
        ("share one_directional(1 -> 2);", "E510", "`hear[robot[1]] to robot[2] after 0;`"),
        ("let n = base.came;", "E120", "`came[base]`"),
        ("let n = came.base;", "E120", "`came[base]`"),
        # names like those that are there
        ("let n = stret(hall, bath);", "E201", "did you mean `street`?"),
        ("let n = ceel(0, 1);", "E201", "did you mean `cell`?"),
        ("let n = hall in steet[bath];", "E201", "did you mean `street`?"),
        ("let n = count(r in streett[bath]: true);", "E201", "did you mean `street`?"),
        ("let n = count(d in rbot: true);", "E201", "did you mean `robot`?"),
        ("graph radio on robt = {robot[1]-robot[2]};", "E201", "did you mean `robot`?"),
        # a type for the vertices
        ("graph lane = {hall-bath, bath-hall};", "E509", "write `graph lane on room = ...;`"),
        ("graph lane = {x-y};", "E509", "write `graph lane on TYPE = ...;`, with a type whose values these are"),
        ("graph lane on cell = {(0, 0)-(0, 1)};", "E120", "`graph lane(v, w) on TYPE = "),
        # what is missing
        ("share late(d) { o after d; } share q extends late(1);", "E101", "write `{ ... }` for `;`"),
        ('require "more.posg";', "E120", '`include "common.posg";`'),
        ("include more.posg;", "E101", 'write `"more.posg"`'),
    ],
)
def test_a_cure_names_what_is_at_hand(line: str, code: str, cure: str) -> None:
    found = only(line)
    assert found.code == code and cure in found.help


@pytest.mark.parametrize(
    ("line", "code", "there", "label"),
    [
        ("share a(d) { act after d; } share b extends a(0) { o after 1; }", "E504", "a(0)", "in the protocol `a`"),
        (
            "share a(d) { o after d; } share b(k = 0) extends a(k - 1) { act after 1; } share c extends b { }",
            "E504",
            "a(k - 1)",
            "in the protocol `a`",
        ),
        (
            "share a { forget after 1; } share b extends a { o after 7; }",
            "E505",
            "a",
            "in the protocol `a`",
        ),
        (
            "share a { forget after 1; } share b extends a { forget after 2; }",
            "E205",
            "forget after 2;",
            "first said here, in a protocol that this one extends",
        ),
        ("share a { forget after 1; forget after 2; }", "E205", "forget after 2;", "first said here"),
        ("share a extends b { } share b extends c { } share c extends a { }", "E501", "b", "and here"),
    ],
)
def test_the_protocol_that_is_extended_is_shown(line: str, code: str, there: str, label: str) -> None:
    found, text = only(line), f"{HEAD}  {line}\n}}\n"
    assert found.span is not None and found.code == code
    assert text[found.span.start : found.span.end] == there
    assert [each.text for each in found.labels][:1] == [label]


PARAMS = "game g { horizon 1; agents ann, bob; param w[i] = [1, 2]; param v = 3; reward ann = w[ann] + v; share none;"


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("w", "a list cannot be set: `--set w=3` gives one number, `--set 'w[1]=3'` that of one index"),
        ("w[ann]", "a list cannot be set: `--set w[ann]=3` gives one number"),
        ("v", "a list cannot be set: `--set v=3` gives one number"),
    ],
)
def test_a_list_for_a_parameter_is_one_error(name: str, cure: str) -> None:
    found = only("", PARAMS, {name: "[1, 2, 3]"})
    assert (found.code, found.help) == ("E622", cure)


def paid(line: str) -> list[list[float]]:
    """What each agent gets at the first step, by joint action."""
    model = tabulate(analyse(Source("rewards", f"{HEAD}  {line}\n}}\n")).required())
    table: list[list[float]] = model.kernels[0].reward[:, :, 0].tolist()
    return table


def test_the_reward_of_some_agents_is_that_of_each() -> None:
    some = "reward[d in robot] = 2 * d; reward[j != base] = [1, 5]; reward[base] = 4; reward[i] = [act[i] == y];"
    each = """reward robot[1] = 3 + (if act[1] == y then 1 else 0); reward robot[2] = 9 + count(i in 2..2: act[i] == y);
        reward base = 4 + (if act[base] == y then 1 else 0);"""
    assert paid(some) == paid(each)


def test_agents_are_found_in_a_text_that_does_not_parse() -> None:
    assert agents_in("game g { # agents x, y;\n  agents shop, mill[3] horizon") == ("shop", "mill[1]", "mill[2]")
    assert agents_in("game g {") == ()
    assert with_agents("`ann`, bob, anna", ("u", "v", "w")) == "`u`, v, anna"
    assert with_agents("ann and bob", ("u",)) == "u and bob"
