"""What Python is given and what the command line prints in --json are the same, for every shipped game."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import posgc
from posgc.cli.main import main

GAMES = Path(__file__).resolve().parents[2] / "games"
CASES = {
    "adversarial_tiger": ("nash", None),
    "aloha": ("team", None),
    "attack_graph": ("team", None),
    "beer_quiche": ("nash", "full"),
    "bidding": ("team", None),
    "blind_pursuit": ("team", None),
    "broadcast": ("team", "full"),
    "chsh": ("cce", None),
    "combination_lock": ("team", None),
    "competitive_tiger": ("nash", None),
    "dectiger": ("team", None),
    "dilemma": ("cce", None),
    "drones": ("team", "one_step"),
    "epidemic": ("team", None),
    "finite_resources": ("nash", None),
    "fishery": ("ce", None),
    "granary": ("ce", None),
    "harbours": ("ce", None),
    "harvest": ("team", None),
    "harvesting_channel": ("team", "one_step"),
    "hints": ("team", None),
    "job_market": ("nash", None),
    "kuhn": ("nash", None),
    "leduc": ("nash", None),
    "meeting_grid": ("team", None),
    "power_control": ("cce", None),
    "queue_ring": ("team", "one_step"),
    "recycling": ("team", "full"),
    "reservoir": ("cce", None),
    "routing": ("cce", None),
    "supply_chain": ("team", None),
    "team_decision": ("team", None),
    "tumbler_lock": ("team", None),
    "vendors": ("ce", None),
    "wind": ("cce", None),
    "wiretap": ("nash", None),
}
SLOW = {"boxpushing"}


def printed(capsys, *words):
    status = main([*words, "--json"])
    return status, json.loads(capsys.readouterr().out or "null")


def test_all_games_are_looked_at():
    assert {p.stem for p in GAMES.glob("*.posg")} == set(CASES) | SLOW


@pytest.mark.parametrize("name", CASES)
def test_solve_verify_simulate(name, capsys, tmp_path):
    concept, share = CASES[name]
    path, file = str(GAMES / f"{name}.posg"), str(tmp_path / "p.npz")
    flags = [] if share is None else ["--share", share]
    game = posgc.load(path, share)
    status, said = printed(capsys, "solve", path, *flags, "--concept", concept, "--out", file)
    if status != 0:
        pytest.fail(f"{name} has no {concept}")
    found = game.solve(concept)
    assert found.values == said["values"] and found.gap == said["gap"]["value"]
    assert found.certified_gap == said["gap"]["certified"] and found.verified.gains == said["gap"]["gains"]
    assert list(found.bounds) == [said["bounds"]["lower"], said["bounds"]["upper"]]
    assert list(found.layers) == said["layers"] and found.policy.header.backend == said["backend"]
    checked = game.verify(file)
    _, said = printed(capsys, "verify", path, file, *flags)
    assert checked.values == said["values"] and checked.gap == said["gap"]["value"] and checked.concept == concept
    played = game.simulate(file, 500, seed=7)
    _, said = printed(capsys, "simulate", path, *flags, "--policy", file, "--episodes", "500", "--seed", "7")
    assert played.mean == said["mean"] and {k: list(v) for k, v in played.interval.items()} == said["interval"]
    assert game.simulate(found.policy, 500, seed=7).mean == played.mean


@pytest.mark.parametrize("name", ["dectiger", "kuhn", "wiretap", "combination_lock"])
def test_check_and_info(name, capsys):
    path = str(GAMES / f"{name}.posg")
    report = posgc.load(path).check()
    _, said = printed(capsys, "check", path)
    answers = [said["assumptions"][k]["holds"] for k in "123"]
    assert [v.holds for v in (report.assumption1, report.assumption2, report.assumption3)] == answers
    assert {"lower": report.gamma.lower, "upper": report.gamma.upper} == said["assumptions"]["2"]["gamma"]
    assert list(report.layers) == said["layers"]
    info = posgc.load(path).info
    _, said = printed(capsys, "info", path)
    assert list(info.sharing) == said["sharing"] and info.states == said["sizes"]["states"]
    assert [s.first for s in info.steps] == [s["first"] for s in said["steps"]]


@pytest.mark.parametrize("spec", ["exact", "belief(0.5)", "window(1)"])
def test_compressed(spec, capsys):
    path = str(GAMES / "dectiger.posg")
    _, said = printed(capsys, "solve", path, "--share", "full", "--concept", "team", "--compress", spec)
    found = posgc.load(path, "full").solve("team", compress=spec)
    assert found.values == said["values"] and found.gap == said["gap"]["value"]
    assert found.certified_gap == said["gap"]["certified"]
    assert list(found.bounds) == [said["bounds"]["lower"], said["bounds"]["upper"]]
