"""Games that read the time: refused without end, and proved for the horizons that were looked at only."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.structures import ONE_STEP, random_game

from posgc.assumptions import strategy_independence
from posgc.cli.main import main
from posgc.information.items import Information
from posgc.language.compile import compile_game
from posgc.language.diagnostics import InputError, Source
from posgc.model.tabulation.tabulate import tabulate

PARTS = {
    "head": "",
    "value": "0..1",
    "when": "",
    "init": "~ uniform",
    "next": "= s",
    "see": "~ noisy(s', 0.8)",
    "reward": "1",
    "terminal": "",
    "discount": "discount 0.5;",
    "share": "o after 1; a after 1;",
    "claim": "",
}
"""A game that reads no time, in pieces."""

READS = {
    "law": {"next": "= if step >= 5 then 1 - s else s"},
    "law of an observation": {"see": "~ noisy(s', if step >= 5 then 0.9 else 0.8)"},
    "reward": {"reward": "if step == 7 then 2 else 1"},
    "reward at the end": {"reward": "if step == horizon then 2 else 1"},
    "choice": {"when": "when step mod 9 != 8"},
    "terminal": {"terminal": "terminal when s == 1 and horizon > 6;"},
    "definition": {"head": "let late = step > 6;", "next": "= if late then 1 - s else s"},
    "function": {"head": "let f(v) = if step > 6 then 1 - v else v;", "next": "= f(s)"},
    "distribution": {"head": "let jump = if step > 6 then uniform else {0: 1};", "next": "~ jump"},
    "argument": {"head": "let f(v) = if v > 6 then 1 else 0;", "next": "= max(s, f(step))"},
    "chance": {"head": "chance c: 0..1 ~ if step > 6 then uniform else {0: 1};", "next": "= max(s, c)"},
    "index": {"head": "let f[k in 0..9] = k;", "reward": "f[step mod 2]"},
    "quantifier": {"reward": "sum(k in 1..horizon: 1)"},
    "match": {"reward": "match (step) { 7: 2; _: 1; }"},
    "type": {"value": "0..min(1, horizon)"},
    "named type": {"head": "type t = 0..min(1, horizon);", "value": "t"},
    "first state": {"init": "= horizon mod 2"},
    "discount": {"discount": "discount 1 - 1 / (1 + horizon);"},
    "share": {"head": "let d = min(2, horizon);", "share": "o after d; a after d;"},
    "argument of a standard protocol": {"head": "let d = min(2, horizon);", "claim": "share delayed(d);"},
    "always true": {"next": "= if step >= 1 then s else 1 - s"},
    "never taken": {"next": "= if 1 == 2 then step mod 2 else s"},
}
"""Every place where the time can be read, with 1..4 steps that do not show it wherever that is possible."""


def text(**changed: str) -> str:
    p = {**PARTS, **changed}
    return f"""game timed {{
  horizon 4;  {p["discount"]}  agents ann, bob;
  {p["head"]}
  state s: {p["value"]};
  action a[i]: {{x, y}} {p["when"]};
  observation o[i]: {p["value"]};
  init s {p["init"]};
  next s {p["next"]};
  observe o[i] {p["see"]};
  reward team = {p["reward"]};
  {p["terminal"]}
  share mine {{ {p["share"]} }}
  {p["claim"]}
}}
"""


@pytest.mark.parametrize("place", READS)
def test_a_game_that_reads_the_time_is_not_steady(place: str) -> None:
    """By the text alone, and with a caret at the word, whatever the horizon it would be cut to."""
    source = Source("timed.posg", text(**READS[place]))
    game = compile_game(source)
    assert not tabulate(game).steady
    word = "step" if game.clock.step is not None else "horizon"
    for horizon in (1, 27):
        with pytest.raises(InputError) as caught:
            compile_game(source, horizon=horizon, endless=True)
        for complaint in caught.value.diagnostics:
            assert complaint.code == "E619" and complaint.span is not None
        first = caught.value.diagnostics[0].span
        assert first is not None and source.text[first.start : first.end] == word


def test_a_game_that_reads_no_time_is_steady() -> None:
    """The `horizon` line, claims about other horizons and a discount that is overridden do not count."""
    for changed in ({}, {"head": "param steps: int = 3;"}, {"claim": "expect assumption 3 at horizon 2;"}):
        game = compile_game(Source("", text(**changed)), endless=True, horizon=5)
        assert tabulate(game).steady
    timed = Source("", text(**READS["discount"]))
    assert tabulate(compile_game(timed, discount=0.5, endless=True)).steady


def test_a_constant_that_a_request_can_name_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--share delayed(d)` with d = min(2, horizon)."""
    file = tmp_path / "timed.posg"
    file.write_text(text(head="let d = min(2, horizon);"))
    words = ["solve", str(file), "--share", "delayed(d)", "--concept", "team", "--quiet"]
    assert main([*words, "--horizon", "inf"]) == 2
    shown = capsys.readouterr().err
    assert "E619" in shown and f"{file}:3:18" in shown and "^^^^^^^" in shown


@pytest.mark.parametrize("place", READS)
def test_what_is_proved_of_it_names_its_horizons(place: str) -> None:
    game = compile_game(Source("", text(**READS[place])))
    model = tabulate(game)
    verdict = strategy_independence(Information(model, game.protocols[0]))
    assert verdict.method in (
        ("structural, this horizon", "exact")
        if game.clock.horizon is not None
        else ("structural, horizons up to 4", "exact")
    )
    assert "every horizon" not in verdict.evidence and "no horizon" not in verdict.evidence


LATER = """game later {{ horizon 3; agents ann, bob; state s: 0..1; action a[i]: {{x, y}};
  observation o[i]: 0..1; init s ~ uniform;
  next s = if step >= {when} and a[ann] == y then 1 - s else s;
  observe o[i] ~ noisy(s', 0.8); reward team = 1; share late {{ o after 2; }} }}
"""


def check(capsys: pytest.CaptureFixture[str], *words: str) -> dict:  # type: ignore[type-arg]
    assert main(["check", *words, "--json", "--quiet"]) in (0, 1)
    return json.loads(capsys.readouterr().out)["assumptions"]["3"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("when", [3, 4, 5])
def test_a_proof_for_a_range_and_a_counterexample_beyond(
    when: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ann moves the state unseen from step `when` on: true up to that horizon, and false at the next ones."""
    file = tmp_path / "later.posg"
    file.write_text(LATER.format(when=when))
    for horizon in range(2, when + 1):
        found = check(capsys, str(file), "--horizon", str(horizon))
        assert (found["holds"], found["method"]) == (True, f"structural, horizons up to {horizon}")
    assert check(capsys, str(file), "--horizon", str(when + 3))["holds"] is False


def test_arrays_are_steady_when_all_steps_are_alike() -> None:
    """An imported model has no text: its arrays decide."""
    game = random_game(np.random.default_rng(0), (True, True), 3)
    assert game.steady
    assert strategy_independence(Information(game, ONE_STEP)).method == "structural, every horizon"
    other = replace(game.kernels[0], reward=game.kernels[0].reward + 1)
    changed = replace(game, kernels=(game.kernels[0], other), kernel_of_step=(0, 0, 1))
    assert not changed.steady
    verdict = strategy_independence(Information(changed, ONE_STEP))
    assert verdict.method == "structural, horizons up to 3" and "changes with the step" in verdict.evidence
