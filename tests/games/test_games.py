"""Every shipped game compiles, tabulates and cites its source; those with a benchmark file equal it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from renaming import Dense, dense, difference, matched

from posgc.language.compile import compile_game
from posgc.language.diagnostics import Source
from posgc.language.ir import Game
from posgc.model.arrays import Model
from posgc.model.tabulation.tabulate import tabulate
from posgc.plugin.importer import RewardReading
from posgc.plugin.registry import registry

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT.parent / "shared" / "benchmarks"
GAMES = sorted((ROOT / "games").glob("*.posg"))


LONG = 20
"""A horizon by which every state of the benchmarks has been reached (arrays hold what H steps can reach)."""


def compiled(path: Path, horizon: int | None = None) -> Game:
    return compile_game(Source(str(path), path.read_text(encoding="utf-8")), horizon=horizon)


def ours(name: str) -> Model:
    return tabulate(compiled(ROOT / "games" / f"{name}.posg", LONG))


def imported(name: str, reward: RewardReading | None = None) -> Model:
    path = BENCHMARKS / f"{name}.dpomdp"
    if not path.exists():
        pytest.skip(f"the benchmark file {name}.dpomdp is not here")
    source = Source(str(path), path.read_text(encoding="utf-8"))
    return registry().importers["dpomdp"].read(source, horizon=LONG, discount=None, reward=reward).model


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_game_compiles_and_tabulates(path: Path) -> None:
    game = compiled(path)
    assert game.protocols, "a shipped game says how information is shared"
    assert game.title
    model = tabulate(game)
    assert model.initial.probability.sum() == pytest.approx(1, abs=1e-12)
    for h in range(1, model.horizon + 1):
        kernel = model.kernel(h)
        rows = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))
        mass = np.bincount(rows, kernel.probability, len(kernel.indptr) - 1)
        assert np.all(np.isclose(mass, 1, rtol=0, atol=1e-12) | (mass == 0))


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_game_cites_a_source(path: Path) -> None:
    comments = re.findall(r"#(.*)", path.read_text(encoding="utf-8"))
    assert any(re.search(r"\b(19|20)\d\d\b", c) for c in comments), "a comment names author and year"


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_game_is_readable(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 80 and max(map(len, lines)) <= 110


@pytest.mark.parametrize(
    ("name", "benchmark", "reward"),
    [
        ("dectiger", "dectiger", "team"),
        ("broadcast", "broadcastChannel", "team"),
        ("recycling", "recycling", "team"),
        ("meeting_grid", "GridSmall", "team"),
        ("competitive_tiger", "sdms/competitive_tiger", "zero_sum"),
        ("adversarial_tiger", "sdms/adversarial_tiger", "zero_sum"),
    ],
)
def test_game_equals_its_benchmark(name: str, benchmark: str, reward: RewardReading) -> None:
    mine, theirs = dense(ours(name)), dense(imported(benchmark, reward))
    assert difference(mine, theirs, matched(mine, theirs)) == []


def test_boxpushing_equals_its_benchmark_but_for_one_row() -> None:
    """`T: 2 2 : 67 : 90 : 0.09`: the agent who only failed to move is turned (FORWARD, s2E4W -> s3E4S)."""
    model = ours("boxpushing")
    mine, theirs = dense(model), dense(imported("boxPushingUAI07"))
    both_forward, s2e4w, s3e4s, s3e4w = 10, 67, 90, 91
    renamed = matched(mine, mended(theirs, both_forward, s2e4w, wrong=s3e4s, right=s3e4w))
    assert difference(mine, theirs, renamed) == [(both_forward, int(np.flatnonzero(renamed == s2e4w)[0]))]
    [row] = np.flatnonzero(renamed == s2e4w)
    law = mine.joint[both_forward, row].sum(axis=0)[np.argsort(renamed)]
    given = theirs.joint[both_forward, s2e4w].sum(axis=0)
    assert np.flatnonzero(abs(law - given) > 1e-12).tolist() == [s3e4s, s3e4w]
    assert given[[s3e4s, s3e4w]] == pytest.approx([0.09, 0], abs=1e-12)
    assert law[[s3e4s, s3e4w]] == pytest.approx([0, 0.09], abs=1e-12)
    words = {int(renamed[s]): model.state_label(s) for s in range(model.n_states)}
    assert "face[bob]=south" in words[s3e4s] and "face[bob]=west" in words[s3e4w]


def mended(dense: Dense, action: int, state: int, *, wrong: int, right: int) -> Dense:
    """The arrays with the mass of (action, state) that goes to `wrong` sent to `right` instead."""
    joint = dense.joint.copy()
    emission = dense.joint[action, :, :, right].sum(axis=0)
    joint[action, state, :, right] += joint[action, state, :, wrong].sum() * emission / emission.sum()
    joint[action, state, :, wrong] = 0
    return Dense(dense.initial, joint, dense.reward)
