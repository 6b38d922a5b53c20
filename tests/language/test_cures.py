"""Slips of the pen, and what other languages write: one error each, whose cure is the one that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from posgc.language import InputError, Source, analyse
from posgc.model.mistakes_of_value import with_values
from posgc.pipeline import read_source

HEAD = """game g {
  horizon 3;
  agents ann, bob;
  state s: {left, right};
  init s ~ uniform;
  action hit[i]: {listen, strike};
  observation o[i]: {left, right};
  reward team = 1;
  share none;
"""


def error(line: str) -> tuple[str, str]:
    """The code and the cure of the one error of a line."""
    failure = with_values(analyse(Source("slip", f"{HEAD}  {line}\n}}\n")))
    (found,) = failure.diagnostics
    return found.code, found.help


@pytest.mark.parametrize(
    ("line", "code", "cure"),
    [
        ("let f = s === left;", "E109", "write `==`"),
        ("let f = s <> left;", "E109", "write `!=`"),
        ("let f = s is left;", "E109", "write `==`"),
        ("let f = 1,5;", "E102", "write `1.5`"),
        ("let f = 1 /* c */;", "E109", "write `# ...`"),
        (
            "type colour = {red, blue}; graph on colour = {red-blue};",
            "E101",
            "write `graph NAME on colour` with a name of your choice",
        ),
        ("observe o[i] ~ noisy[s', 0.8);", "E108", "write `]` here, or `(` where it opens"),
        ("let f = max[1, 2) == 2;", "E108", "write `]` here, or `(` where it opens"),
        ("chance c: 0..3 ~ poisson[2);", "E108", "write `]` here, or `(` where it opens"),
        ("let f = match (s, step) ((left, 1): 1; _: 0; };", "E108", "write `{`"),
        ("let f = match (s) [left: 1; _: 0; };", "E108", "write `{`"),
        ("let f = match (s, step) (left, 1): 1; _: 0; };", "E108", "write `{`"),
        ("let if = 3;", "E106", "choose another name"),
        ("let f = let m = 3 in m + 1;", "E120", "`let m = ...;`"),
        ("let f = hit[i] == strike;", "E201", "`let f[i] = ...;`"),
        ("let f = s == left ? 1 : 2;", "E120", "write `if a then b else c`"),
        ("let f = 1 if s == left else 2;", "E120", "write `if a then b else c`"),
        ("observe o[i] ~ s' == left ? left : right;", "E120", "write `if a then b else c`"),
        ("observe o[i] ~ if (s' == left) { left } else { right };", "E120", "write `if a then b else c`"),
        ("observe o[i] ~ noisy(s’, 0.8);", "E124", "write `'`"),
        ("next s ~ uniform(left, right);", "E120", "write `uniform {a, b}`"),
        ("next s ~ uniform[left, right];", "E120", "write `uniform {a, b}`"),
        ("next s ~ [left: 0.5, right: 0.5];", "E120", "write `{a: 0.5, b: 0.5}`"),
        ("next s := left;", "E122", "write `=`"),
        ("reward ann += 1;", "E109", "several `reward` lines of one agent add up"),
        ("reward ann = hit[ann];", "E301", "`if x == left then 1 else 0`"),
        ("reward zero_sum = 1;", "E101", "`reward zero_sum ann = ...;`"),
        ("type t = {1, 2};", "E120", "`0..2`"),
        ("type t = [0, 5];", "E120", "`0..5`"),
        ("type t = 0-5;", "E120", "`0..5`"),
        ("type t = 0...5;", "E109", "write `..`"),
        ("discount = 0.9;", "E101", "take it out"),
        ("init o[i] ~ 1..2;", "E120", "`uniform {1, 2}`"),
        ("next s ~ {left -> 0.5, right: 0.5};", "E109", "write `:`"),
        ("next s ~ if s == left {left: 0.5, right: 0.5} else uniform;", "E101", "write `then`"),
        ("next s = if s == left then {left: 0.5, right: 0.5} else uniform;", "E305", "define with `~`"),
        ("reward ann = if 's == left then 1 else 0;", "E123", "write `s'`"),
        ("reward ann = 4(1 + 1);", "E101", "write `*` between"),
        ("share one step;", "E101", "write `one_step`"),
        ("state my level: 0..3; init my_level = 0;", "E101", "write `my_level`"),
        ("f = 3;", "E101", "write `let f = ...;`"),
        ("discount 90%;", "E109", "write `0.9`"),
        ("param p = 0.5 in 0..1;", "E307", "`in [lo, hi]`"),
        ("share p { forgte after 1; }", "E503", "did you mean `forget`?"),
        ("share p { o after never; }", "E201", "say nothing of an item that never arrives"),
        ("level = 0..3;", "E101", "write `type level = ...;`"),
        ("room = {hall, bath};", "E101", "write `type room = ...;`"),
        ("road = {ann-bob};", "E101", "write `graph road = ...;`"),
        ("p = 0.5 in [0, 1];", "E101", "write `param p = ...;`"),
        ("place[i]: {hall, bath};", "E101", "write `state place`, `action place` or `observation place`"),
        ("wind: bool ~ bernoulli(0.5);", "E101", "write `chance wind`"),
        ("s ~ uniform;", "E101", "write `init s`, `next s` or `observe s`"),
        ("gain(a, b) = a + b;", "E101", "write `let gain`"),
        ("near(v, w) on agent = v == w;", "E101", "write `graph near`"),
        ("wire { o after 1; }", "E101", "write `share wire`"),
        ("next s uniform;", "E101", "write `~` between"),
        ("param param p = 3;", "E101", "take one out"),
        ("let let f = 3;", "E101", "take one out"),
        ("graph road road = {ann-bob};", "E101", "take one out"),
        ("let f = if s == left then then 1 else 2;", "E101", "take one out"),
        ("next s noisy(s, 0.5);", "E101", "write `~` between"),
        ("let f s == left;", "E101", "write `=` between"),
        ("graph near(v, w) agent = v == w;", "E101", "write `on` between"),
        ("init o[i = left;", "E108", "write the missing `]`"),
        ("param w in [0, 1];", "E101", "`param p = 0.3 in [0, 1];`"),
        ("chance c: bool;", "E101", "`chance c: bool ~ bernoulli(0.5);`"),
        ("share p { o after 1, hit after 1; }", "E101", "write `;`"),
        ("share p { o after 1 hit after 1; }", "E107", "end the line with `;`"),
        ("share p { o to ann, bob after 1; }", "E101", "write a rule for each"),
        ("share p { o after 1 from 2; }", "E101", "`o after 1 every 2 from 1;`"),
        ("expect value team >= 1;", "E101", "`expect value(team) == 2 within 1e-9 at horizon 2;`"),
        ("action both: {x, y};", "E309", "give it one agent as an index: `both[i]`"),
        ("expect vlaue(team) >= 1;", "E313", "did you mean `value`?"),
        ("expect value(taem) >= 1;", "E313", "did you mean `team`?"),
    ],
)
def test_a_slip_is_one_error_with_its_cure(line: str, code: str, cure: str) -> None:
    found = error(line)
    assert found[0] == code and cure in found[1]


def test_a_game_without_its_brace() -> None:
    text = "game g\n  horizon 2; agents ann; action a[i]: {x, y}; reward ann = nosuch; share none;\n}\n"
    assert [d.code for d in analyse(Source("brace", text)).errors] == ["E108", "E201"]


def test_a_file_that_is_not_there_may_have_another_name(tmp_path: Path) -> None:
    (tmp_path / "tiger.posg").write_text("game g {}", encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_source(str(tmp_path / "tigre.posg"))
    assert raised.value.diagnostics[0].help == f"did you mean {tmp_path / 'tiger.posg'}?"
