"""Gambit beside `lemke`: equilibria of trees written by hand, and of random games of two agents."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.test_peer_referees import REFEREES, few, many
from support.games import Shape, any_protocol, random_game, shapes
from support.profiles import exported, profile
from support.written import WRITTEN

import posgc
from posgc.extensive.growing import extensive_game
from posgc.extensive.nash import NashOptions, solve_nash
from posgc.extensive.strategy import controllers_of
from posgc.information.items import Information
from posgc.model.rewards import spans_to_come
from posgc.policy.controllers import Controllers

pygambit: Any = pytest.importorskip("pygambit", minversion="17.0.0b2", reason="pygambit 17.0.0b2 is not installed")

SMALL = 400
"""Products of the numbers of both players' reduced strategies up to which Gambit lists all extreme equilibria."""
GENERAL = shapes(rewards=("general", "common"), histories=60, max_agents=2).filter(lambda shape: shape.n == 2)
SEEDS = st.integers(0, 2**32 - 1)


def payoffs_of(found: Any) -> tuple[float, ...]:
    return tuple(float(payoff) for _, payoff in found.payoffs)


def check_no_regret(information: Information, policy: Controllers, values: Sequence[float]) -> None:
    """Both referees find these values and no regret."""
    text, infosets = exported(information)
    behaviour = profile(information, infosets, policy)
    for referee in REFEREES:
        said = referee.judge(text, behaviour)
        assert said.values == pytest.approx(values, abs=1e-7), referee.name
        assert said.regret <= 1e-7, referee.name


@pytest.mark.parametrize("name", WRITTEN)
def test_gambit_reads_the_text_and_has_our_payoffs(name: str, tmp_path: Path) -> None:
    """Among all extreme equilibria where these can be listed; no regret on the tree that we export anyway."""
    text, file = WRITTEN[name][0](), tmp_path / "game.efg"
    file.write_text(text, encoding="utf-8")
    ours = posgc.load(file, share="none")
    found = ours.solve("nash", "lemke")
    values, policy = tuple(found.values.values()), found.policy.strategy
    assert isinstance(policy, Controllers)
    check_no_regret(ours.compiled.information, policy, values)
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    if prod(len(game.get_strategies(player)) for player in game.players) <= SMALL:
        listed = pygambit.nash.enummixed_solve(game, rational=True).equilibria
        assert any(values == pytest.approx(payoffs_of(one), abs=1e-9) for one in listed)


CATALOG = sorted((Path(pygambit.__file__).parent / "catalog_data").rglob("*.efg"))


@pytest.mark.parametrize("path", CATALOG, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_trees_of_two_that_gambit_ships(path: Path) -> None:
    """Those that have a clock and perfect recall: an equilibrium, in which Gambit finds no regret."""
    try:
        game = posgc.load(path, share="none")
    except posgc.InputError as error:
        assert "I107" in str(error)
        return
    information = game.compiled.information
    if information.n_agents != 2:
        pytest.skip("lemke is for two agents")
    for backend in (None, "lemke"):
        found = game.solve("nash", backend)
        span = float(spans_to_come(information.model)[:, 0].max())
        assert found.gap is not None and found.gap <= 1e-9 * span
        if isinstance(policy := found.policy.strategy, Controllers):
            check_no_regret(information, policy, tuple(found.values.values()))


def check(shape: Shape, seed: int) -> None:
    information = any_protocol(Information(*random_game(shape)), seed)
    layers, allowed = extensive_game(information, merge=True), 1e-10 * spans_to_come(information.model)[:, 0] + 1e-13
    found = solve_nash(layers, NashOptions((float(allowed[0]), float(allowed[1])), seed=seed))
    check_no_regret(information, controllers_of(information, layers, found.behaviours), found.values)


@few
@given(GENERAL, SEEDS)
def test_no_regret_in_random_games(shape: Shape, seed: int) -> None:
    check(shape, seed)


@pytest.mark.slow
@many
@given(GENERAL, SEEDS)
def test_no_regret_in_a_thousand_games(shape: Shape, seed: int) -> None:
    check(shape, seed)
