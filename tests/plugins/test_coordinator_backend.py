"""The back-end `coordinator` as a user meets it."""

import json
from pathlib import Path

import pytest
from posgc_coordinator import CoordinatorSearch
from posgc_coordinator.backend import Options

import posgc
from posgc.cli.main import main
from posgc.coordination import team
from posgc.coordination.limits import Limits
from posgc.plugin import Facts, InputError

GAMES = Path(__file__).resolve().parents[2] / "games"
TIGER = str(GAMES / "dectiger.posg")
UNSHARED_4 = 4.802755  # Szer, Charpillet & Zilberstein (2005)


def solved(capsys, *words):
    status = main(["solve", *words, "--concept", "team", "--json", "--quiet"])
    return status, json.loads(capsys.readouterr().out)


def test_it_is_chosen_where_assumption_3_fails(capsys):
    status, found = solved(capsys, TIGER, "--share", "none", "--horizon", "4")
    assert status == 0 and found["backend"] == "coordinator"
    assert found["bounds"]["lower"] == pytest.approx(UNSHARED_4, abs=1e-6)
    assert found["bounds"]["upper"] - found["bounds"]["lower"] <= 1e-8
    assert found["search"].keys() == {"nodes", "components", "types"}
    assert all(isinstance(v, int) and v > 0 for v in found["search"].values())


def test_value_iteration_stays_first_where_assumption_3_holds(capsys):
    _, first = solved(capsys, TIGER, "--share", "one_step", "--horizon", "4")
    status, found = solved(capsys, TIGER, "--share", "one_step", "--horizon", "4", "--backend", "coordinator")
    assert first["backend"] == "value-iteration" and first["search"] is None
    assert status == 0 and found["values"] == pytest.approx(first["values"], abs=1e-9)


@pytest.mark.parametrize("game", ["dectiger", "recycling", "broadcast", "boxpushing", "team_decision"])
def test_agrees_with_value_iteration_on_shipped_games(game, capsys):
    words = [str(GAMES / f"{game}.posg"), "--share", "one_step", "--horizon", "2"]
    _, first = solved(capsys, *words)
    _, found = solved(capsys, *words, "--backend", "coordinator")
    assert found["values"] == pytest.approx(first["values"], abs=1e-9)


def test_a_time_limit_ends_with_status_3_a_bracket_and_a_policy(capsys, tmp_path):
    out = tmp_path / "plan.npz"
    words = [TIGER, "--share", "none", "--horizon", "7", "--option", "time-limit=0.3", "--out", str(out)]
    status, found = solved(capsys, *words)
    assert status == 3
    assert found["bounds"]["lower"] < found["bounds"]["upper"]
    assert any("time limit" in note for note in found["notes"])
    assert main(["verify", TIGER, str(out), "--share", "none", "--horizon", "7", "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["values"]["ann"] == pytest.approx(found["values"]["ann"], abs=1e-9)


def test_ctrl_c_ends_with_status_130_a_bracket_and_a_policy(capsys, tmp_path, monkeypatch):
    class Pressed(Limits):
        """Ctrl-C at the hundredth look."""

        looks = 0

        def __call__(self):
            self.looks += 1
            if self.looks == 100:
                self.reason = "interrupted"
            return super().__call__()

    monkeypatch.setattr(team, "Limits", Pressed)
    out = tmp_path / "plan.npz"
    status, found = solved(capsys, TIGER, "--share", "none", "--horizon", "7", "--out", str(out))
    assert status == 130 and out.exists()
    assert found["bounds"]["lower"] < found["bounds"]["upper"]


def test_epsilon_ends_with_status_0_when_it_is_met(capsys):
    status, found = solved(capsys, TIGER, "--share", "none", "--horizon", "5", "--epsilon", "2")
    assert status == 0
    assert 0 <= found["bounds"]["upper"] - found["bounds"]["lower"] <= 2 + 1e-8


def test_a_loaded_policy_keeps_what_its_maker_said(tmp_path):
    solution = posgc.load(TIGER, share="none", horizon=3).solve("team")
    solution.policy.save(tmp_path / "plan.npz")
    read = posgc.load_policy(tmp_path / "plan.npz")
    assert read.claim == solution.policy.claim and read.claim.search["types"] >= 2


def test_reasons():
    compiled = posgc.load(TIGER, share="none").compiled
    facts = {
        "concept": "team",
        "independent": False,
        "why_not_independent": "",
        "structure": compiled.information.structure,
        "model": compiled.model,
    }
    assert CoordinatorSearch().applies(Facts(rewards="common", **facts)) is None
    assert "share" in CoordinatorSearch().applies(Facts(rewards="general", **facts))


def test_forgetting_and_compressions_are_refused():
    text = Path(TIGER).read_text(encoding="utf-8").replace("share none          { }", "share none { forget after 1; }")
    with pytest.raises(InputError, match="forget"):
        posgc.loads(text, share="none").solve("team", "coordinator")
    with pytest.raises(InputError, match="compress"):
        posgc.load(TIGER, share="one_step").solve("team", "coordinator", "exact")


@pytest.mark.parametrize(
    "wrong", [{"epsilon": -1.0}, {"time_limit": -1.0}, {"memory_limit": 0.0}, {"epsilon": float("nan")}]
)
def test_options_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match="number"):
        Options(**wrong)
