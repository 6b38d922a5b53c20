"""The back-end `lemke` as a user meets it, and which back-end finds Nash equilibria of hidden histories."""

import json
from pathlib import Path

import pytest
from posgc_lemke import Lemke
from posgc_lemke import backend as lemke

import posgc
from posgc.cli.main import main
from posgc.coordination.limits import Limits
from posgc.extensive import nash
from posgc.plugin import Facts, InputError
from posgc.plugin.testing import check_backend

GAMES = Path(__file__).resolve().parents[2] / "games"
BEER = [str(GAMES / "beer_quiche.posg")]


def solved(capsys, *words):
    status = main(["solve", *words, "--concept", "nash", "--json", "--quiet"])
    return status, json.loads(capsys.readouterr().out)


def test_passes_the_battery():
    assert check_backend(Lemke()) > 0


def test_a_signalling_game_pools_on_beer(capsys):
    """Cho & Kreps (1987): all equilibria pool, and the stranger earns 2.9 with beer, 2.1 with quiche."""
    status, found = solved(capsys, *BEER)
    assert status == 0 and found["backend"] == "lemke"
    assert found["values"]["stranger"] in (pytest.approx(2.9), pytest.approx(2.1))
    assert found["values"]["bully"] == pytest.approx(0.9) and found["gap"]["certified"] <= 1e-9
    assert "need not be best replies" in found["caveats"][0]
    assert found["bounds"] == {"lower": None, "upper": None}


@pytest.mark.parametrize(
    "name, backend",
    [
        ("beer_quiche", "value-iteration"),  # without the signal Assumption 3 holds
        ("reservoir", "lemke"),
        ("routing", "lemke"),
        ("fishery", "lemke"),
        ("kuhn", "sequence-form"),
        ("dectiger", "coordinator"),
        ("aloha", "coordinator"),
    ],
)
def test_what_is_chosen_without_sharing(name, backend, capsys):
    status, found = solved(capsys, str(GAMES / f"{name}.posg"), "--share", "none")
    assert status == 0 and found["backend"] == backend
    assert found["gap"]["status"] == "exact" and found["gap"]["certified"] <= 1e-9


def test_a_team_may_be_given_any_equilibrium(capsys):
    tiger = [str(GAMES / "dectiger.posg"), "--share", "none"]
    _, team = solved(capsys, *tiger)
    status, found = solved(capsys, *tiger, "--backend", "lemke", "--option", "prior=random", "--seed", "3")
    assert status == 0 and found["gap"]["certified"] <= 1e-9
    assert found["values"]["ann"] <= team["values"]["ann"] + 1e-9


def test_a_zero_sum_game_has_its_value(capsys):
    status, found = solved(capsys, str(GAMES / "kuhn.posg"), "--share", "table", "--backend", "lemke")
    assert status == 0 and found["values"]["ann"] == pytest.approx(-1 / 18, abs=1e-12)
    assert found["bounds"]["upper"] - found["bounds"]["lower"] <= 1e-9


def test_priors_lead_to_different_equilibria():
    """A battle of the sexes: (2, 1), (1, 2) and, where both mix, (2/3, 2/3)."""
    text = """game battle {
      horizon 1; agents ann, bob; action go[i]: {opera, boxing};
      reward ann = match (go[ann], go[bob]) { (opera, opera): 2; (boxing, boxing): 1; _: 0; };
      reward bob = match (go[ann], go[bob]) { (opera, opera): 1; (boxing, boxing): 2; _: 0; };
      share none { }
    }"""
    game, met = posgc.loads(text), set()
    for seed in range(20):
        found = game.solve("nash", "lemke", options={"prior": "random"}, seed=seed)
        assert found.gap <= 1e-9
        met.add((round(found.values["ann"], 6), round(found.values["bob"], 6)))
    assert {(2.0, 1.0), (1.0, 2.0)} <= met <= {(2.0, 1.0), (1.0, 2.0), (0.666667, 0.666667)}


class Pressed(Limits):
    """Ctrl-C at the third look."""

    looks = 0

    def __call__(self):
        self.looks += 1
        if self.looks == 3:
            self.reason = "interrupted"
        return super().__call__()


TIGER = [str(GAMES / "competitive_tiger.posg"), "--share", "none", "--backend", "lemke"]


def test_ctrl_c_ends_with_status_130_and_a_policy(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(lemke, "Limits", Pressed)
    out = tmp_path / "plan.npz"
    status, found = solved(capsys, *TIGER, "--out", str(out))
    assert status == 130 and out.exists()
    assert found["gap"]["status"] == "exact" and 0 < found["gap"]["value"] < 100
    assert found["caveats"][0].startswith("not an equilibrium to within")


@pytest.mark.parametrize("limit", [("--time-limit", "1e-9"), ("--option", "time-limit=0")])
def test_no_time_ends_with_status_3_and_a_policy(limit, capsys, tmp_path):
    out = tmp_path / "plan.npz"
    words = [*TIGER, *limit, "--out", str(out)]
    assert main(["solve", *words, "--concept", "nash", "--json", "--quiet"]) == 3
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert "time limit" in captured.err and found["gap"]["value"] > 0
    assert main(["verify", TIGER[0], str(out), "--share", "none", "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["gap"]["value"] == pytest.approx(found["gap"]["value"], abs=1e-9)


def test_lost_paths_leave_the_best_profile(capsys, monkeypatch):
    """Where all paths are given up at once, what they start from is judged."""
    monkeypatch.setattr(nash, "PATIENCE", 0)
    words = [*TIGER, "--option", "priors=3"]
    assert main(["solve", *words, "--concept", "nash", "--json", "--quiet"]) == 3
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert "3 priors without an equilibrium" in captured.err
    assert found["gap"]["value"] > 0 and found["caveats"][0].startswith("not an equilibrium to within")


def test_a_tolerated_gap_ends_the_path_before(capsys):
    _, whole = solved(capsys, *TIGER)
    status, part = solved(capsys, *TIGER, "--epsilon", "2")
    assert status == 0 and part["gap"]["certified"] <= 2
    assert whole["gap"]["certified"] <= 1e-9


def test_forgetting_compressions_and_more_agents_are_refused():
    text = Path(BEER[0]).read_text(encoding="utf-8").rstrip().removesuffix("}")
    with pytest.raises(InputError, match="forget"):
        posgc.loads(text + "share short { forget after 1; } }", share="short").solve("nash", "lemke")
    with pytest.raises(InputError, match="plans on histories"):
        posgc.load(GAMES / "reservoir.posg").solve("nash", "lemke", "exact")
    with pytest.raises(InputError, match="two agents"):
        posgc.load(GAMES / "aloha.posg").solve("nash", "lemke")


@pytest.mark.parametrize("option", ["priors=0", "epsilon=-1", "time-limit=-1", "prior=other"])
def test_bad_options_are_refused(option, capsys):
    assert main(["solve", *BEER, "--concept", "nash", "--option", option]) == 2
    assert "E612" in capsys.readouterr().err


def test_what_does_not_suit_it_names_what_does():
    def facts(name, rewards, named=False):
        game = posgc.load(GAMES / f"{name}.posg", share="none").compiled
        return Facts("nash", rewards, False, "so", game.information.structure, game.model, named)

    assert "sequence-form and cfr" in str(Lemke().applies(facts("kuhn", "zero_sum")))
    assert "coordinator finds" in str(Lemke().applies(facts("dectiger", "common")))
    assert Lemke().applies(facts("dectiger", "common", named=True)) is None
    assert Lemke().applies(facts("reservoir", "general")) is None
