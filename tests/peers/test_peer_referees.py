"""Gambit and OpenSpiel as referees of whole games: random games, random policies, solved ones, known values."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from posgc_efg import EfgExporter
from posgc_gambit import GambitReferee
from posgc_openspiel import OpenSpiel
from support.checks import prepared, solved
from support.games import Shape, random_game, shapes
from support.kinds import random_controllers
from support.policies import machine, on_graph, unrolled
from support.profiles import exported
from support.tree import Tree

from posgc.cli.main import main
from posgc.information.dropping import drop_own_actions
from posgc.information.extensive import Infosets
from posgc.information.items import Information
from posgc.information.tree import count_nodes
from posgc.judge.histories import judge_histories
from posgc.judge.referee import SecondOpinion, compare
from posgc.judge.verify import verify
from posgc.language.concepts import DeviationKind
from posgc.language.diagnostics import LimitError
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.plugin import Referee
from posgc.policy.machine import Machine

pygambit: Any = pytest.importorskip("pygambit", minversion="17.0.0b2", reason="pygambit 17.0.0b2 is not installed")
pyspiel: Any = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")

REFEREES: tuple[Referee, ...] = (GambitReferee(), OpenSpiel())
few = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=1000)
STRUCTURES = ("full", "one_step", "mixed_links")
PROFILES = 20_000
"""Pure profiles of a team's game that Gambit is asked to list: a second for some thousands."""


def agree(information: Information, policy: Machine, kind: DeviationKind) -> None:
    checked = verify(information, policy, kind)
    for referee in REFEREES:
        said = compare(information, policy, checked, referee.name, referee.judge)
        assert said.disagreement is None, (referee.name, kind, said)
        # each agent's value, and one gap, or each agent's gain
        assert len(said.findings) == (information.n_agents + 1 if kind == "nash" else 2 * information.n_agents)


def check_policies(shape: Shape) -> None:
    """Values and gains of random policies: of all three kinds of machine, product and correlated."""
    information, tree, graph = prepared(shape)
    rng = np.random.default_rng(shape.seed)
    make = [lambda p: on_graph(rng, tree, graph, p), lambda p: unrolled(rng, tree, p), lambda p: machine(rng, tree, p)]
    chosen = make[shape.seed % 3]
    agree(information, chosen(True), "nash")
    correlated = chosen(False)
    agree(information, correlated, "ce")
    agree(information, correlated, "ce_strategic")
    agree(information, correlated, "cce")


def check_values(shape: Shape) -> None:
    """The zero-sum value is that of Gambit's equilibrium, the team optimum the best pure profile."""
    information, _, _ = prepared(shape)
    text, infosets = exported(information)
    team = shape.rewards == "common"
    assume(not team or pure_profiles(information, infosets) <= PROFILES)
    policy = solved(information, "team" if team else "nash").strategy
    value = verify(information, policy, "nash").values[0]
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    if team:
        assert float(game.to_arrays(dtype=float)[0].max()) == pytest.approx(value, abs=1e-6)
        return
    agree(information, policy, "nash")
    if all(game.get_infosets(player) for player in game.players):
        # not lp_solve: in 17.0.0b2 it returns profiles that Gambit's own max_regret finds far from equilibrium
        found = pygambit.nash.lcp_solve(game, rational=False).equilibrium
        assert found.max_regret() <= 1e-6
        assert float(dict(found.payoffs)["agent0"]) == pytest.approx(value, abs=1e-6)


def pure_profiles(information: Information, infosets: Infosets) -> float:
    """How many there are, those that act alike told apart."""
    return float(
        np.prod(
            [float(len(information.model.choices(i, h))) for i, known in enumerate(infosets.keys) for h, *_ in known]
        )
    )


def check_export(shape: Shape, protocol: LagTable | None = None) -> None:
    """Any protocol: both load the tree, find as many nodes as were counted, and the value of uniform play."""
    model, drawn = random_game(shape)
    protocol = protocol or drawn
    assume(not any(Information(model, protocol).lost(h) for h in range(2, model.horizon + 1)))
    text, infosets = exported(drop_own_actions(Information(model, protocol)))
    assert text.count("\n") - 2 == count_nodes(Information(model, protocol))
    uniform = [
        [[1 / len(_choices(model, i, h))] * len(_choices(model, i, h)) for h, *_ in known]
        for i, known in enumerate(infosets.keys)
    ]
    values = Tree(model, protocol).uniform_values()
    for referee in REFEREES:
        if protocol.forget is None:
            assert referee.judge(text, uniform).values == pytest.approx(values, abs=1e-9)
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    assert [len(game.get_infosets(player)) for player in game.players] == [len(known) for known in infosets.keys]
    if protocol.forget is None:
        assert all(map(game.has_perfect_recall, game.players))


def _choices(model: Any, agent: int, h: int) -> Any:
    return model.choices(agent, h)


@few
@given(shapes(histories=60, structures=STRUCTURES))
def test_random_policies(shape: Shape) -> None:
    check_policies(shape)


def check_histories(shape: Shape) -> None:
    """Any protocol with perfect recall: the judge on histories and the referees let a deviator remember as much."""
    model, protocol = random_game(replace(shape, structure="any"))
    protocol = replace(protocol, forget=None)
    information = drop_own_actions(Information(model, protocol))
    rng, tree = np.random.default_rng(shape.seed), Tree(model, protocol, information.dropped)
    make = (unrolled, machine)[shape.seed % 2]
    correlated = make(rng, tree, False)
    kinds: tuple[DeviationKind, ...] = ("ce", "ce_strategic", "cce")
    controllers = random_controllers(rng, tree)
    for policy, kind in [
        (make(rng, tree, True), "nash"),
        (controllers, "nash"),
        *((correlated, kind) for kind in kinds),
    ]:
        try:
            checked = judge_histories(information, policy, kind)
        except LimitError as error:
            assert kind == "ce_strategic" and "spells behaviours out" in str(error)
            continue
        for referee in REFEREES:
            try:
                said = compare(information, policy, checked, referee.name, referee.judge)
            except LimitError as error:  # a deviator's own tree may be too large to hand over
                assert "nodes" in str(error)
                continue
            assert said.disagreement is None, (referee.name, kind, said)


@settings(few, max_examples=30)
@given(shapes(histories=60))
def test_policies_judged_on_histories(shape: Shape) -> None:
    check_histories(shape)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_policies_of_three_hundred_games_judged_on_histories(part: int) -> None:
    """In parts of thirty, which can run side by side, and show how far they are."""

    @seed(part)
    @settings(few, derandomize=False, database=None, max_examples=30)
    @given(shapes(histories=100))
    def games(shape: Shape) -> None:
        check_histories(shape)

    games()


@settings(few, max_examples=20)
@given(shapes(histories=60, structures=STRUCTURES, rewards=("zero_sum", "common")))
def test_values_of_random_games(shape: Shape) -> None:
    check_values(shape)


@few
@given(shapes(histories=60, structures=("any",)))
def test_exports_of_any_protocol(shape: Shape) -> None:
    check_export(shape)


@pytest.mark.slow
@many
@given(shapes(histories=400, structures=STRUCTURES))
def test_policies_of_a_thousand_games(shape: Shape) -> None:
    check_policies(shape)


@pytest.mark.slow
@many
@given(shapes(histories=120, structures=STRUCTURES, rewards=("zero_sum", "common")))
def test_values_of_a_thousand_games(shape: Shape) -> None:
    check_values(shape)


@pytest.mark.slow
@many
@given(shapes(histories=400, structures=("any", "full", "none")))
def test_exports_of_a_thousand_games(shape: Shape) -> None:
    """As drawn, without any sharing, and with everything two steps late."""
    check_export(shape)
    for lag in (NEVER, 2):
        check_export(shape, _late(shape, lag))


def _late(shape: Shape, lag: int) -> LagTable:
    signature, n = random_game(shape)[0].signature, shape.n
    act = tuple(tuple(1 if i == v.agent else lag for i in range(n)) for v in signature.actions)
    see = tuple(tuple(0 if i == v.agent else lag for i in range(n)) for v in signature.observations)
    return LagTable("late", act, see)


# ---- known games


def game_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["export", *arguments, "--to", "efg"]) == 0
    return capsys.readouterr().out


def test_dectiger_without_sharing_by_gambit(capsys: pytest.CaptureFixture[str]) -> None:
    # -4.0000 at horizon 2: Oliehoek, Spaan and Vlassis, JAIR 32 (2008), table 1
    text = game_of(capsys, "games/dectiger.posg", "--share", "none", "--horizon", "2")
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    # interests are common, so the best entry of the reduced strategic form is the team optimum
    assert float(game.to_arrays(dtype=float)[0].max()) == pytest.approx(-4.0, abs=1e-9)


def test_kuhn_poker_by_both(capsys: pytest.CaptureFixture[str]) -> None:
    # value -1/18: Kuhn, "A simplified two-person poker", 1950
    text = game_of(capsys, "games/kuhn.posg", "--share", "table")
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    found = pygambit.nash.lp_solve(game, rational=True).equilibrium
    assert str(dict(found.payoffs)["ann"]) == "-1/18"
    profile = [[[float(p) for _, p in law] for _, law in found[player]] for player in game.players]
    said = OpenSpiel().judge(text, profile)
    assert said.values == pytest.approx((-1 / 18, 1 / 18), abs=1e-9)
    assert said.regret == pytest.approx(0.0, abs=1e-9)
    assert main(["check", "games/kuhn.posg", "--share", "table", "--json"]) == 1
    third = json.loads(capsys.readouterr().out)["assumptions"]["3"]
    assert third["holds"] is False and third["witness"]["distance"] > 0


@pytest.mark.parametrize("name", ["gambit", "openspiel"])
@pytest.mark.parametrize(
    ("game", "concept"),
    [
        *product(["games/competitive_tiger.posg"], ["nash", "ce", "cce"]),
        ("games/dectiger.posg", "team"),
        ("games/kuhn.posg", "nash"),
    ],
)
def test_the_command_line_asks_it(name: str, game: str, concept: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", game, "--concept", concept, "--horizon", "2", "--referee", name, "--quiet"]) == 0
    assert f"referee {name} agrees" in capsys.readouterr().out


def test_a_disagreement_is_the_first_number_that_differs() -> None:
    shape = Shape("one_step", 2, 2, 2, (2, 2), (2, 2), "general", "coarse", False, False, False, 1.0, 5)
    information, tree, graph = prepared(shape)
    policy = on_graph(np.random.default_rng(0), tree, graph, True)
    checked = verify(information, policy, "nash")

    def liar(efg: str, profile: Any) -> SecondOpinion:
        truth = GambitReferee().judge(efg, profile)
        return replace(truth, values=(truth.values[0], truth.values[1] + 0.5))

    first = compare(information, policy, checked, "liar", liar).disagreement
    assert first is not None and first.agent == "agent1" and first.quantity == "value"
    assert first.difference == pytest.approx(0.5)


def test_efg_is_one_exporter_among_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert EfgExporter.name == "efg"
    assert main(["export", "games/dectiger.posg", "--to", "nothing"]) == 2
    assert "E631" in capsys.readouterr().err
    assert main(["export", "games/dectiger.posg", "--to", "efg", "--horizon", "50"]) == 3
    assert "nodes" in capsys.readouterr().err


def test_a_hundred_thousand_nodes_in_under_ten_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiger.efg"
    start = time.perf_counter()
    flags = ["--share", "none", "--horizon", "3", "--out", str(path)]
    assert main(["export", "games/dectiger.posg", "--to", "efg", *flags]) == 0
    assert time.perf_counter() - start < 10  # 1.5 s where this was written
    assert capsys.readouterr().out == ""
    assert path.read_text().count("\n") - 2 == 122_019


@pytest.mark.parametrize("flags", [["--referee", "nobody"], ["--referee", "gambit", "--share", "forgetful"]])
def test_referees_that_cannot_judge(flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiger.posg"
    text = Path("games/dectiger.posg").read_text(encoding="utf-8").rstrip().removesuffix("}")
    path.write_text(text + "share forgetful { hear after 1; act after 1; forget after 1; } }", encoding="utf-8")
    assert main(["solve", str(path), "--concept", "team", *flags]) == 2
    assert "E633" in capsys.readouterr().err


def test_the_json_has_the_opinion(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--concept", "ce", "--horizon", "1", "--referee", "openspiel", "--json"]
    assert main(["solve", "games/vendors.posg", *flags]) == 0
    said = json.loads(capsys.readouterr().out)["referee"]
    assert said["name"] == "openspiel" and said["agrees"] and said["first_disagreement"] is None
    rows = [(row["agent"], row["quantity"]) for row in said["findings"]]
    assert rows == [("ann", "value"), ("ann", "gain"), ("bob", "value"), ("bob", "gain")]
