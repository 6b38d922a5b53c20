"""The `.efg` text that is made in layers is, byte for byte, the one that is written while the tree is walked."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from posgc_efg import EfgExporter
from posgc_efg import exporter as efg
from support.games import STRUCTURES, Shape, any_protocol, random_game, shapes

import posgc
from posgc.information.items import Information
from posgc.information.tree import count_nodes

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))
LARGEST = 5_000
"""Nodes of a shipped game that is written twice; shorter horizons of larger ones serve."""


def written(information: Information) -> str:
    target = io.StringIO()
    EfgExporter().export(information, EfgExporter.options(), target)
    return target.getvalue()


def check(information: Information) -> None:
    in_layers = written(information)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efg, "AT_ONCE", 0)
        walked = written(information)
    assert in_layers == walked
    assert in_layers.count("\n") - 2 == count_nodes(information)


@pytest.mark.parametrize("path", GAMES, ids=lambda path: path.stem)
def test_shipped_games(path: Path) -> None:
    """Under their own protocols, at the longest horizon that is not too large."""
    shipped = posgc.load(path)
    for share in [None, "none", "full"]:
        for horizon in range(shipped.compiled.information.horizon, 0, -1):
            try:
                information = posgc.load(path, share=share, horizon=horizon).compiled.information
            except posgc.InputError:  # some games have one horizon only
                continue
            if count_nodes(information) <= LARGEST:
                check(information)
                break


def drawn(shape: Shape, seed: int) -> Information:
    information = Information(*random_game(shape))
    if seed % 2:
        return any_protocol(information, seed)
    assume(not any(information.lost(h) for h in range(2, information.horizon + 1)))  # such games are refused
    return information


@settings(max_examples=60, deadline=None)
@given(shapes(histories=300, structures=(*STRUCTURES, "any")), st.integers(0, 2**32 - 1))
def test_random_games_of_any_protocol(shape: Shape, seed: int) -> None:
    check(drawn(shape, seed))


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(shapes(histories=1000, structures=(*STRUCTURES, "any")), st.integers(0, 2**32 - 1))
def test_many_random_games_of_any_protocol(shape: Shape, seed: int) -> None:
    check(drawn(shape, seed))


def test_agents_without_a_choice_and_certain_draws() -> None:
    """No node at all but the one outcome, and steps at which nobody chooses."""
    one = "game g { horizon H; agents a, b; action x[i]: {only}; reward a = 1/3; reward b = 2; share none { } }"
    for horizon in (1, 3):
        text = written(posgc.loads(one.replace("H", str(horizon))).compiled.information)
        assert text.splitlines()[2:] == [f't "" 1 "" {{ {"1/3" if horizon == 1 else "1"}, {2 * horizon} }}']
    shape = Shape("none", 2, 2, 3, (2, 1), (2, 2), "general", "coarse", True, True, False, 0.9, 7)
    for seed in range(20):
        check(Information(*random_game(replace(shape, seed=seed))))
