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


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        (("--time-limit", "0.3"), "time limit"),
        (("--option", "time-limit=0.3"), "time limit"),
        (("--memory-limit", "3"), "memory limit"),
        (("--option", "memory-limit=3"), "memory limit"),
    ],
)
def test_a_limit_ends_with_status_3_a_bracket_and_a_policy(capsys, tmp_path, flag, why):
    out = tmp_path / "plan.npz"
    words = [TIGER, "--share", "none", "--horizon", "7", *flag, "--out", str(out)]
    status, found = solved(capsys, *words)
    assert status == 3
    assert found["bounds"]["lower"] < found["bounds"]["upper"] and found["bounds_claimed"] is False
    assert any(why in note for note in found["notes"])
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


def test_limits_that_are_not_met_change_nothing(capsys):
    words = [TIGER, "--share", "none", "--horizon", "3"]
    (status, found), (_, plain) = (
        solved(capsys, *words, "--time-limit", "600", "--memory-limit", "2000"),
        solved(capsys, *words),
    )
    assert status == 0 and found["bounds"] == plain["bounds"] and found["search"] == plain["search"]
    assert found["options"] == {"epsilon": 0.0, "time_limit": 600.0, "memory_limit": 2000.0}


def test_limits_from_python():
    solution = posgc.load(TIGER, share="none", horizon=7).solve("team", time_limit=0.3)
    assert solution.policy.claim.stopped == "time limit"
    solution = posgc.load(TIGER, share="none", horizon=7).solve("team", memory_limit=3.0)
    assert solution.policy.claim.stopped == "memory limit"
    with pytest.raises(InputError, match="time-limit"):
        posgc.load(TIGER, share="one_step").solve("team", time_limit=3.0)


ENDLESS = """game endless { discount 0.1; agents ann, bob; state s: {a, b}; init s ~ uniform;
next s ~ noisy(s, if act[ann] == x then 0.6 else 0.8);
action act[i]: {x, y}; observation o[i]: {a, b}; observe o[i] ~ noisy(s', 0.7);
reward team = if (act[ann] == x) == (s == a) and act[ann] == act[bob] then R else 0; share none { } }"""


@pytest.mark.parametrize("prize", [7, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 100))])
def test_a_game_without_end_is_cut_and_the_bracket_includes_what_follows(capsys, tmp_path, prize):
    """The optimum lies between that of the first 3 steps and that with every later step won (rewards are at least 0).
    The judge proves the lower end of the first run; the second is too large for it, and says so."""
    path = tmp_path / "endless.posg"
    path.write_text(ENDLESS.replace("R", str(prize)))
    words = [str(path), "--epsilon", str(prize / 50)]
    _, short = solved(capsys, *words, "--horizon", "3")
    later = prize * 0.1**3 / 0.9
    for most, claimed in ((), False), (("--max-nodes", "50"), True):
        status, found = solved(capsys, *words, "--horizon", "inf", "--time-limit", "0.5", *most)
        assert status in (0, 3) and found["bounds_claimed"] is claimed
        assert found["gap"]["status"] == ("estimated" if claimed else "exact")
        assert found["gap"]["tail"] > 0
        assert found["bounds"]["lower"] <= short["bounds"]["upper"] + later
        assert found["bounds"]["upper"] >= short["bounds"]["lower"]
    limits = ["--time-limit", "0.5", "--max-nodes", "50", "--quiet"]
    main(["solve", *words, "--concept", "team", "--horizon", "inf", *limits])
    said = capsys.readouterr().out
    assert "as claimed by the back-end and not judged: between" in said and "the game has no end and was cut" in said


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
