"""`match` on tuples: the first arm whose patterns fit, held against a plain reading of the arms."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from posgc.language import Source, analyse, format_source
from posgc.model import tabulate

Value = int | str | tuple["Value", ...]
Pattern = str | tuple["Pattern", ...]

_X, _Y, _WORD = st.integers(0, 2).map(str), st.integers(0, 1).map(str), st.sampled_from("uv")
_ANY = st.just("_")
CELL = _ANY | st.tuples(_ANY | _X | st.sampled_from(["0..1", "1..2"]), _ANY | _Y)
ROAD = _ANY | st.tuples(CELL, CELL)
VALUES = [(x, y) for x in range(3) for y in range(2)]


def fits(pattern: Pattern, value: Value) -> bool:
    if pattern == "_":
        return True
    if isinstance(pattern, tuple):
        assert isinstance(value, tuple)
        return all(fits(p, v) for p, v in zip(pattern, value, strict=True))
    low, dots, high = pattern.partition("..")
    return int(low) <= int(str(value)) <= int(high) if dots else pattern == str(value)


def written(pattern: Pattern) -> str:
    return f"({', '.join(map(written, pattern))})" if isinstance(pattern, tuple) else pattern


def paid(subjects: str, arms: list[Pattern]) -> list[float]:
    """The reward by the first agent's action, which is a tuple of cells, and the second agent's word."""
    body = " ".join(f"{written(arm)}: {number};" for number, arm in enumerate(arms))
    text = f"""game g {{
  horizon 1;
  agents ann, bob;
  type cell = (x: 0..2, y: 0..1);
  type road = (from: cell, to: cell);
  action go[ann]: road;
  action say[bob]: {{u, v}};
  reward ann = match ({subjects}) {{ {body} _: -1; }};
  share none;
}}
"""
    rewards = []
    for each in (text, format_source(text)):
        found: list[float] = tabulate(analyse(Source("patterns", each)).required()).kernel(1).reward[0, :, 0].tolist()
        rewards.append(found)
    assert rewards[0] == rewards[1]
    return rewards[0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(ROAD, _ANY | _WORD), min_size=1, max_size=4))
def test_a_tuple_among_several_values(arms: list[tuple[Pattern, ...]]) -> None:
    values = list(product(product(VALUES, VALUES), "uv"))
    first = [next((k for k, arm in enumerate(arms) if fits(arm, value)), -1) for value in values]
    assert paid("go[ann], say[bob]", list(arms)) == first


@settings(max_examples=25, deadline=None)
@given(st.lists(ROAD, min_size=1, max_size=4))
def test_a_tuple_alone(arms: list[Pattern]) -> None:
    values = list(product(VALUES, VALUES))
    first = [next((k for k, arm in enumerate(arms) if fits(arm, value)), -1) for value in values]
    assert paid("go[ann]", arms) == [k for k in first for _ in "uv"]


def test_the_values_of_a_match_in_parentheses_are_several() -> None:
    text = """game g {
  horizon 1;
  agents ann;
  type cell = (x: 0..2, y: 0..1);
  state p: cell;
  init p = cell(1, 0);
  action a[ann]: {u};
  reward ann = match (p.x, p.y) { (1, 0): 5; _: 0; } + match (p) { (1, 0): 7; _: 0; };
  share none;
}
"""
    assert tabulate(analyse(Source("several", text)).required()).kernel(1).reward[0, 0, 0] == 12
