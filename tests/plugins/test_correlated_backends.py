"""`cfr` and `column-generation` as a user meets them: correlated equilibria of hidden histories."""

import json
from pathlib import Path

import pytest
from posgc_cfr import backend as cfr

import posgc
from posgc.cli.main import main
from posgc.coordination.limits import Limits
from posgc.policy.mixture import Mixture

GAMES = Path(__file__).resolve().parents[2] / "games"
HARBOURS = str(GAMES / "harbours.posg")
POWER = [str(GAMES / "power_control.posg"), "--share", "none", "--horizon", "3", "--form", "extensive"]
RECOUNT = """game recount {
  horizon 2;
  agents ann, bob, cat;
  state luck: {left, right};
  action guess[i]: {left, right};
  observation sees[i]: {left, right};
  init luck ~ uniform;
  init sees[i] ~ noisy(luck, 0.8);
  observe sees[i] ~ noisy(luck', 0.8);
  reward[i] = (if guess[i] == luck then 2 else 0) - (if any(j != i: guess[j] == guess[i]) then 1 else 0);
  share none { }
}
"""
"""Three agents; who guesses right earns 2, who guesses alike loses 1."""


def solved(capsys, *words):
    status = main(["solve", *map(str, words), "--json", "--quiet"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out) if captured.out else captured.err


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("--concept", "ce"), "efce"),
        (("--concept", "ce", "--form", "extensive"), "efce"),
        (("--concept", "cce"), "nfcce"),
        (("--concept", "cce", "--form", "strategic"), "nfcce"),
        (("--concept", "cce", "--form", "extensive"), "efcce"),
    ],
)
@pytest.mark.parametrize("backend", ["column-generation", "cfr"])
def test_every_form_by_either_and_verified_again(words, kind, backend, capsys, tmp_path):
    out = tmp_path / "p.npz"
    status, found = solved(capsys, HARBOURS, *words, "--backend", backend, "--out", out)
    assert status == 0 and found["gap"]["kind"] == kind and found["gap"]["status"] == "exact"
    assert found["gap"]["certified"] <= 1e-4  # the span is 11, and 1e-6 of it is asked for
    assert main(["verify", HARBOURS, str(out), "--json", "--quiet"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["gap"]["kind"] == kind and again["gap"]["value"] == pytest.approx(found["gap"]["value"], abs=1e-9)


def test_a_concept_that_fails_names_those_that_are_served(capsys, tmp_path):
    """Three agents with rewards of their own have no Nash solver on hidden histories."""
    path = tmp_path / "recount.posg"
    moved = "next luck ~ if guess[ann] == left then noisy(luck, 0.9) else uniform;\n  observe"
    path.write_text(RECOUNT.replace("observe sees", f"{moved} sees", 1))
    assert main(["solve", str(path), "--concept", "nash", "--quiet"]) == 1
    shown = capsys.readouterr().err
    assert "error[E604]" in shown and "another --share may do; as it is, --concept ce|cce is served\n" in shown
    assert main(["solve", str(path), "--concept", "ce", "--backend", "value-iteration", "--quiet"]) == 1
    assert "as it is, --concept ce|cce is served, without --backend\n" in capsys.readouterr().err
    for concept in ("ce", "cce"):
        assert solved(capsys, path, "--concept", concept)[0] == 0


def test_what_is_chosen_says_why_the_others_are_not():
    offered = {o.name: o.reason for o in posgc.load(HARBOURS).check().offers["ce"]}
    assert offered["column-generation"] == "" and "column-generation" in offered["cfr"]
    assert "Assumption 3" in offered["value-iteration"] and "zero-sum" in offered["sequence-form"]
    large = {o.name: o.reason for o in posgc.load(GAMES / "fishery.posg", share="none").check().offers["ce"]}
    assert large["cfr"] == "" and "the game is too large for it" in large["column-generation"]


def test_common_beliefs_stay_first_where_they_serve_and_the_form_is_theirs(capsys):
    vendors = GAMES / "vendors.posg"
    for words, backend in (
        (("--concept", "ce"), "value-iteration"),
        (("--concept", "ce", "--form", "strategic"), "value-iteration"),
        (("--concept", "ce", "--form", "extensive"), "column-generation"),
        (("--concept", "cce"), "value-iteration"),
        (("--concept", "cce", "--form", "strategic"), "column-generation"),
    ):
        status, found = solved(capsys, vendors, *words)
        assert status == 0 and found["backend"] == backend
        # the game has one step, so that forms differ in nothing; the values are those of its comments
        assert found["values"]["ann"] == pytest.approx(2.5 if words[1] == "ce" else 3, abs=1e-8)


def test_a_form_that_no_back_end_finds_is_refused_with_reasons(capsys):
    status, found = solved(capsys, HARBOURS, "--concept", "ce", "--form", "agent")
    said = found["diagnostics"][0]["message"]
    assert status == 1 and "ask for --form extensive" in said and "in its agent form" in said
    status, found = solved(capsys, HARBOURS, "--concept", "cce", "--form", "agent")
    assert status == 2 and found["diagnostics"][0]["code"] == "E605"


@pytest.mark.parametrize("form", ["agent", "strategic", "extensive"])
def test_independent_agents_withstand_every_form(form, capsys):
    kuhn = GAMES / "kuhn.posg"
    status, found = solved(capsys, kuhn, "--concept", "ce", "--form", form)
    assert status == 0 and found["backend"] == "sequence-form"
    assert found["gap"]["kind"] == {"agent": "ce", "strategic": "ce_strategic", "extensive": "efce"}[form]
    assert found["gap"]["certified"] <= 1e-9 and found["values"]["ann"] == pytest.approx(-1 / 18, abs=1e-9)


@pytest.mark.parametrize(("concept", "kind"), [("ce", "efce"), ("cce", "nfcce")])
def test_three_agents(concept, kind):
    found = posgc.loads(RECOUNT).solve(concept, backend="cfr")
    assert found.judgement.kind == kind and found.certified_gap <= 1e-5
    best = posgc.loads(RECOUNT).solve(concept, backend="cfr", epsilon=0.5)
    assert best.certified_gap <= 0.5 + 1e-9


def test_what_is_selected_is_at_least_what_is_found_by_regret():
    game = posgc.load(HARBOURS)
    for select, of in (("welfare", sum), ("egalitarian", min)):
        best = game.solve("ce", select=select)
        some = game.solve("ce", select="any")
        assert of(best.values.values()) >= of(some.values.values()) - 1e-9


def test_a_limit_ends_with_status_3_and_the_best_mixture_so_far(capsys, tmp_path):
    out = tmp_path / "p.npz"
    words = (*POWER, "--concept", "ce", "--backend", "cfr", "--option", "rounds=3", "--out", out)
    status, found = solved(capsys, *words, "--epsilon", "1e-12")
    assert status == 3 and out.exists() and found["gap"]["certified"] > 1e-9
    assert main(["verify", *POWER[:1], str(out), *POWER[1:-2], "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["gap"]["value"] == pytest.approx(found["gap"]["value"], abs=1e-9)


def test_ctrl_c_ends_with_status_130_and_a_policy(capsys, tmp_path, monkeypatch):
    class Pressed(Limits):
        """Ctrl-C at the third look."""

        looks = 0

        def __call__(self):
            self.looks += 1
            if self.looks == 3:
                self.reason = "interrupted"
            return super().__call__()

    monkeypatch.setattr(cfr, "Limits", Pressed)
    out = tmp_path / "p.npz"
    words = (*POWER, "--concept", "ce", "--backend", "cfr", "--epsilon", "1e-12", "--out", out)
    status, found = solved(capsys, *words)
    assert status == 130 and out.exists() and found["gap"]["value"] is not None


def test_the_policy_is_a_mixture_drawn_once_not_the_product_of_averages():
    found = posgc.load(HARBOURS).solve("cce")
    assert isinstance(found.policy.strategy, Mixture) and len(found.policy.strategy.parts) == 2
    assert sorted(found.policy.strategy.weight.tolist()) == pytest.approx([1 / 3, 2 / 3], abs=1e-8)
    assert sum(found.values.values()) == pytest.approx(20 / 3, abs=1e-8)  # independent draws earn 4 at most


@pytest.mark.parametrize("words", [("--select", "nobody"), ("--select", "max:3"), ("--select", "entropy")])
def test_what_cannot_be_selected_is_refused(words, capsys):
    status, found = solved(capsys, HARBOURS, "--concept", "ce", *words)
    (told,) = found["diagnostics"]
    assert status == 2 and told["code"] == "E612" and "max:ann" in told["help"]


def test_a_policy_that_is_too_large_to_judge_says_so(capsys):
    status, found = solved(capsys, HARBOURS, "--concept", "ce", "--max-nodes", "5")
    assert status == 0 and found["gap"]["status"] == "estimated" and found["gap"]["value"] is None


@pytest.mark.slow
@pytest.mark.parametrize("concept", ["ce", "cce"])
@pytest.mark.parametrize("path", sorted(GAMES.glob("*.posg")), ids=lambda p: p.stem)
def test_every_game_is_answered_when_nothing_is_shared(path, concept, capsys):
    status, found = solved(capsys, path, "--share", "none", "--concept", concept)
    assert status == 0 and found["gap"]["status"] == "exact" and found["gap"]["certified"] <= 1e-4


@pytest.mark.parametrize("backend", ["column-generation", "cfr"])
def test_a_time_limit_ends_with_status_3_and_what_was_found_until_then(backend, capsys):
    words = ("--concept", "ce", "--backend", backend, "--time-limit", "0.0001", "--epsilon", "1e-12")
    status, found = solved(capsys, HARBOURS, *words)
    assert status == 3 and found["gap"]["status"] == "exact" and found["gap"]["value"] > 0.1


def test_seconds_that_are_left():
    assert Limits(None).left() is None
    assert Limits(0.0).left() == 0.0 and 0 < Limits(1000.0).left() <= 1000


def centipede(moves: int, actions: int) -> str:
    """Two players take turns; each stops (in several ways) or goes on, and the stakes double."""
    names = " ".join(f'"{k}"' for k in range(actions))
    lines, outcome = ['EFG 2 R "centipede" { "A" "B" }'], 0
    for move in range(moves):
        player, stake = move % 2, 2 ** min(move, 20)
        lines.append(f'p "" {player + 1} {move // 2 + 1} "" {{ {names} }} 0')
        for k in range(actions - 1):
            outcome += 1
            pay = (4 * stake + k, stake)[:: 1 - 2 * player]
            lines.append(f't "" {outcome} "" {{ {pay[0]}, {pay[1]} }}')
    return "\n".join([*lines, f't "" {outcome + 1} "" {{ {moves}, {moves} }}', ""])


@pytest.mark.parametrize(("moves", "actions", "value"), [(8, 3, 6.0), (16, 2, 5.0)])
def test_stakes_of_many_orders_of_magnitude(moves, actions, value, tmp_path, capsys):
    """By backward induction the first player stops at once, and does so in every EFCE: whoever is told to go on at the
    last move gains by stopping, and so on; what rounding hides is said."""
    path = tmp_path / "centipede.efg"
    path.write_text(centipede(moves, actions))
    status, found = solved(capsys, path, "--share", "none", "--concept", "ce")
    assert found["backend"] == "column-generation" and found["gap"]["value"] <= 1e-6
    assert sum(found["values"].values()) == pytest.approx(value, abs=1e-2)
    [told] = [note for note in found["notes"] if note.startswith("welfare")]
    upper = float(told.rsplit(" ", 1)[1])
    assert upper >= value and status == (0 if upper <= value + 1e-2 else 3)


def test_an_option_that_what_is_chosen_lacks_and_another_has_that_does_not_serve(capsys):
    words = GAMES / "fishery.posg", "--share", "none", "--concept", "ce"
    status, answer = solved(capsys, *words, "--select", "egalitarian")
    [told] = answer["diagnostics"]
    assert status == 2 and told["message"] == "cfr, which solves this game, has no option select"
    assert told["help"].startswith("column-generation, which has it, does not serve: the game is too large for it")
