"""The back-ends `sequence-form` and `cfr` as a user meets them."""

import json
from pathlib import Path

import pytest
from posgc_cfr import RegretMinimisation
from posgc_cfr import backend as cfr
from posgc_sequence_form import SequenceForm

import posgc
from posgc.cli.main import main
from posgc.coordination.limits import Limits
from posgc.extensive import serving
from posgc.plugin import Facts, InputError

GAMES = Path(__file__).resolve().parents[2] / "games"
TIGER = [str(GAMES / "adversarial_tiger.posg"), "--share", "none"]
KUHN = [str(GAMES / "kuhn.posg")]
TIGER_4 = -3.0003130435  # tests/extensive


def solved(capsys, *words, concept="nash"):
    status = main(["solve", *words, "--concept", concept, "--json", "--quiet"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("concept", ["nash", "ce", "cce"])
def test_the_programme_is_chosen_where_assumption_3_fails(concept, capsys):
    status, found = solved(capsys, *TIGER, "--horizon", "4", concept=concept)
    assert status == 0 and found["backend"] == "sequence-form"
    assert found["values"]["ann"] == pytest.approx(TIGER_4, abs=1e-8)
    assert found["gap"]["certified"] <= 1e-9
    assert found["search"] == {"information_sets": 170, "rows": 2380}  # sum of 4^h for both, sum of 13^h


def test_cfr_is_chosen_where_the_programme_is_large(capsys, monkeypatch):
    monkeypatch.setattr(serving, "PROGRAMME_PAYOFFS", 1000)
    status, found = solved(capsys, *TIGER, "--horizon", "4", "--epsilon", "1e-5")
    assert status == 0 and found["backend"] == "cfr"
    assert found["bounds"]["lower"] <= TIGER_4 + 1e-9 and found["bounds"]["upper"] >= TIGER_4 - 1e-9
    assert found["bounds"]["upper"] - found["bounds"]["lower"] <= 1e-5 + 1e-10
    assert "PCFR+" in found["notes"][0]


def test_value_iteration_stays_first_where_assumption_3_holds(capsys):
    words = [TIGER[0], "--share", "one_step", "--horizon", "3"]
    _, first = solved(capsys, *words)
    assert first["backend"] == "value-iteration"
    for name in ("sequence-form", "cfr"):
        status, found = solved(capsys, *words, "--backend", name)
        assert status == 0 and found["values"] == pytest.approx(first["values"], abs=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        ("rule=discounted",),
        ("updates=simultaneous",),
        ("rule=discounted", "updates=simultaneous"),
        ("prediction=1",),
        ("prediction=0",),
    ],
)
def test_rules_and_updates(options, capsys):
    words = [w for option in options for w in ("--option", option)]
    status, found = solved(capsys, *TIGER, "--horizon", "3", "--backend", "cfr", "--epsilon", "0.01", *words)
    assert status == 0 and found["values"]["ann"] == pytest.approx(-2.24, abs=0.01)
    assert found["gap"]["nash_conv"] <= 0.01


@pytest.mark.parametrize("option, reason", [("rounds=30", "round limit"), ("time-limit=0", "time limit")])
def test_a_limit_ends_with_status_3_a_bracket_and_a_policy(option, reason, capsys, tmp_path):
    out = tmp_path / "plan.npz"
    words = [*TIGER, "--horizon", "4", "--backend", "cfr", "--option", option, "--out", str(out)]
    assert main(["solve", *words, "--concept", "nash", "--json", "--quiet"]) == 3
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert reason in captured.err
    assert found["bounds"]["lower"] < TIGER_4 < found["bounds"]["upper"]
    assert main(["verify", TIGER[0], str(out), *TIGER[1:], "--horizon", "4", "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["gap"]["value"] == pytest.approx(found["gap"]["value"], abs=1e-9)


def test_ctrl_c_ends_with_status_130_a_bracket_and_a_policy(capsys, tmp_path, monkeypatch):
    class Pressed(Limits):
        """Ctrl-C at the thirtieth look."""

        looks = 0

        def __call__(self):
            self.looks += 1
            if self.looks == 30:
                self.reason = "interrupted"
            return super().__call__()

    monkeypatch.setattr(cfr, "Limits", Pressed)
    out = tmp_path / "plan.npz"
    status, found = solved(capsys, *TIGER, "--horizon", "4", "--backend", "cfr", "--out", str(out))
    assert status == 130 and out.exists()
    assert found["bounds"]["lower"] < TIGER_4 < found["bounds"]["upper"]


def test_the_progress_is_a_bracket():
    told = []
    game = posgc.load(TIGER[0], share="none", horizon=4)
    game.solve("nash", backend="cfr", epsilon=1e-3, progress=lambda *words: told.append(words))
    brackets = [stage for stage, _, _ in told if stage.startswith("bracket ")]
    lower, upper = map(float, brackets[-1].removeprefix("bracket ").split(" .. "))
    assert lower <= TIGER_4 <= upper and upper - lower <= 1.1e-3


def facts(name, share, concept="nash"):
    game = posgc.load(GAMES / f"{name}.posg", share=share).compiled
    rewards = {"adversarial_tiger": "zero_sum", "dectiger": "common", "beer_quiche": "general"}[name]
    return Facts(concept, rewards, False, "so", game.information.structure, game.model)


@pytest.mark.parametrize("backend", [SequenceForm(), RegretMinimisation()], ids=lambda b: b.name)
def test_what_does_not_suit_them_is_said(backend):
    for name in ("dectiger", "beer_quiche"):
        assert "zero-sum" in str(backend.applies(facts(name, None)))


@pytest.mark.parametrize("name", ["sequence-form", "cfr"])
def test_forgetting_and_compressions_are_refused(name):
    text = Path(TIGER[0]).read_text(encoding="utf-8").replace("share none     { }", "share none { forget after 1; }")
    with pytest.raises(InputError, match="forget"):
        posgc.loads(text, share="none").solve("nash", name)
    with pytest.raises(InputError, match="plans on histories"):
        posgc.load(TIGER[0], share="one_step").solve("nash", name, "exact")


@pytest.mark.parametrize(
    "option", ["rounds=0", "epsilon=-1", "time-limit=-1", "rule=other", "prediction=2", "prediction=nan"]
)
def test_bad_options_are_refused(option, capsys):
    assert main(["solve", *TIGER, "--concept", "nash", "--backend", "cfr", "--option", option]) == 2
    assert "E612" in capsys.readouterr().err


@pytest.mark.parametrize("options, slow", [(("updates=simultaneous",), True), ((), False)])
def test_a_rule_that_may_be_slow_says_so_where_it_did_not_end(options, slow, capsys):
    words = [word for option in ("rule=discounted", "rounds=20", *options) for word in ("--option", option)]
    assert main(["solve", *KUHN, "--concept", "nash", "--backend", "cfr", *words, "--json", "--quiet"]) == 3
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert any("updates=alternating" in note for note in notes) is slow


def test_an_option_that_would_do_nothing_is_refused(capsys):
    words = ["solve", *KUHN, "--concept", "nash", "--backend", "cfr", "--option", "rule=discounted"]
    assert main([*words, "--option", "prediction=0.5"]) == 2
    assert "error[E612]: prediction does nothing with rule=discounted" in capsys.readouterr().err
    for option in ("rule=predictive", "prediction=1", "updates=alternating"):
        words = ["solve", str(GAMES / "harbours.posg"), "--concept", "ce", "--option", option]
        assert main([*words, "--backend", "cfr"]) == 2
        assert f"{option.partition('=')[0]} does nothing with general rewards" in capsys.readouterr().err
        assert main(words) == 2  # no back-end is named that would refuse it too
        assert "--backend" not in capsys.readouterr().err
