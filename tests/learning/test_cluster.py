"""A learner and the simulator find the same in this process, in several, and on a Ray cluster of this machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from support.lives import GAMES, solving

import posgc
from posgc.cli.main import main

WAYS: list[list[str]] = [[], ["--workers", "2"], ["--ray", "local", "--workers", "2"]]
RUNS = {
    "laci": "dectiger.posg --concept team --backend laci --samples 6000 --option rounds=3",
    "latent": "dectiger.posg --concept team --backend latent --samples 900 --option restarts=2 --option steps=40 "
    "--option states=2 --option bootstrap=2",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'posgc[ray]'"),
    # of Ray's own threads and files
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("name", RUNS)
def test_a_learner_ends_with_the_same_bytes(name: str, tmp_path: Path) -> None:
    found = []
    for way in WAYS:
        assert main(solving(RUNS[name], tmp_path, *way)) == 0
        found.append((tmp_path / "policy.npz").read_bytes())
    assert len(set(found)) == 1


def test_the_simulator_earns_the_same() -> None:
    game = posgc.load(GAMES / "dectiger.posg")
    found = [
        game.simulate(episodes=50_000, workers=w, ray=r).estimate for w, r in ((None, None), (2, None), (2, "local"))
    ]
    assert len({(one.episodes, *one.mean.tolist(), *one.squares.tolist()) for one in found}) == 1
