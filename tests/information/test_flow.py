"""The items of a picture against who holds what, step by step; the name of the structure against its own table."""

from __future__ import annotations

from pathlib import Path

import pytest

from posgc.information.flow import flow
from posgc.language.sharing.standard import fitting
from posgc.pipeline import Request, compile_request

GAMES = Path(__file__).resolve().parents[2] / "games"
STRUCTURES = [
    ("dectiger", None),
    ("dectiger", "full"),
    ("dectiger", "delayed(2)"),
    ("dectiger", "none"),
    ("dectiger", "exchange(3)"),
    ("aloha", "line"),
    ("aloha", "pairs"),
    ("kuhn", None),
    ("reservoir", "controlled_by(keeper, 3)"),
    ("wind", "uncontrolled(2)"),
    ("wiretap", None),
]


@pytest.mark.parametrize(("name", "share"), STRUCTURES)
def test_arrivals_are_when_an_agent_first_holds_the_item(name: str, share: str | None) -> None:
    information = compile_request(
        Request(str(GAMES / f"{name}.posg"), share, horizon=3 if name == "kuhn" else 6)
    ).information
    steps = range(1, information.horizon + 1)
    shown = flow(information)
    assert shown.steps >= min(information.horizon, 4)
    made = {(m.item.time, m.item.kind, m.item.variable) for m in shown.made}
    assert len(made) == len(shown.made)
    for item in (m.item for m in shown.made):
        assert information.exists(item)
    for m in shown.made:
        commons = [h for h in steps if m.item in information.common(h)]
        assert m.common == (commons[0] if commons else None)
        known = {a.agent: a.step for a in m.arrivals}
        assert len(known) == len(m.arrivals) and m.owner not in known
        for agent in range(information.n_agents):
            holds = [h for h in steps if h in commons or m.item in information.private_of(agent, h)]
            if agent != m.owner:
                assert known.get(agent) == (holds[0] if holds else None), (m, agent)


def test_what_may_arrive_is_not_certain(tmp_path: Path) -> None:
    """By hand: half of the letters take one step, the others two, so at two they are there."""
    text = (GAMES / "dectiger.posg").read_text(encoding="utf-8")
    path = tmp_path / "letters.posg"
    path.write_text(
        text.replace("share none ", "share letters { hear[ann] to bob after ~ {1: 0.5, 2: 0.5}; }\n share none ")
    )
    shown = flow(compile_request(Request(str(path), "letters")).information)
    [heard] = [m for m in shown.first() if m.name == "hear" and m.owner == 0]
    assert heard.item.time == 2  # nothing is heard before the first decision
    assert [(a.agent, a.step, a.certain) for a in heard.arrivals] == [(1, 3, False)]


@pytest.mark.parametrize("name", ["dectiger", "wiretap", "reservoir"])
def test_a_standard_structure_is_recognised(name: str) -> None:
    """`delayed(1)` is `one_step`; in a game of two, `exchange(1)` is `full`."""
    path, first = str(GAMES / f"{name}.posg"), {"dectiger": "ann", "wiretap": "smuggler", "reservoir": "keeper"}[name]
    for asked in ("full", "one_step", "delayed(2)", "delayed(5)", "uncontrolled(2)", "exchange(3)", "none"):
        information = compile_request(Request(path, asked)).information
        assert fitting(information.signature, information.protocol, information.makes) == asked
    for asked in (f"controlled_by({first}, 3)", f"controlled_by({first}, 3, own = 2)"):
        information = compile_request(Request(path, asked)).information
        assert fitting(information.signature, information.protocol, information.makes) == asked


@pytest.mark.parametrize(
    ("name", "share", "structure"),
    [
        ("dectiger", "ears", "uncontrolled(1)"),
        ("aloha", "line", None),
        ("aloha", "pairs", None),
        ("reservoir", "letters(3)", "controlled_by(keeper, 3, own = 1)"),
        ("power_control", "silent", "uncontrolled(1)"),
        ("vendors", "none", "none"),
    ],
)
def test_the_structure_of_a_protocol_of_the_file(name: str, share: str, structure: str | None) -> None:
    information = compile_request(Request(str(GAMES / f"{name}.posg"), share)).information
    assert fitting(information.signature, information.protocol, information.makes) == structure
