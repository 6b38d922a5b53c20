"""What `solve` and `verify` refuse, and what they say of a stage whose optimum is not proved."""

import json
from functools import partial
from pathlib import Path

import pytest

import posgc.planning.oracles as oracles
from posgc.cli.main import main
from posgc.equilibrium import Stages, StageSolution, TeamOptions
from posgc.language.diagnostics.code_table import game
from posgc.model.rewards import REWARD_LIMIT

GAMES = Path(__file__).resolve().parents[2] / "games"
DECTIGER, VENDORS = str(GAMES / "dectiger.posg"), str(GAMES / "vendors.posg")
HUGE = game("").replace("share none", "share full")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(("reward", "horizon"), [("1.7e308", 3), ("1e308", 4), ("1e200", 1), ("0.6e150", 2)])
@pytest.mark.parametrize("command", [("solve", "--concept", "nash"), ("simulate",), ("check",)])
def test_rewards_that_overflow_are_refused(capsys, tmp_path, reward, horizon, command):
    path = tmp_path / "huge.posg"
    path.write_text(HUGE.replace("team = 1;", f"team = {reward};"))
    status, out, err = run(capsys, command[0], path, "--horizon", horizon, *command[1:])
    assert (status, out) == (2, "") and "error[E625]" in err


@pytest.mark.parametrize(
    "lines",
    [
        "reward team = 1;",
        "reward zero_sum ann = if act[ann] == x then 1 else -1;",
        "reward ann = if act[ann] == act[bob] then 1 else 0; reward bob = 1;",
    ],
)
@pytest.mark.parametrize("concept", ["nash", "ce", "cce"])
def test_rewards_up_to_the_limit_are_computed_with(capsys, tmp_path, lines, concept):
    plain, large = tmp_path / "plain.posg", tmp_path / "large.posg"
    plain.write_text(HUGE.replace("reward team = 1;", lines))
    scaled = lines.replace("= 1;", "= 1 * U;").replace("then 1 else -1", "then U else -U").replace("then 1", "then U")
    large.write_text(plain.read_text().replace(lines, scaled.replace("U", repr(REWARD_LIMIT / 2))))  # two steps
    found = [json.loads(run(capsys, "solve", p, "--concept", concept, "--json")[1]) for p in (plain, large)]
    for agent, value in found[0]["values"].items():
        assert found[1]["values"][agent] / REWARD_LIMIT * 2 == pytest.approx(value, abs=1e-9)


def test_the_discounted_sum_is_what_counts(capsys, tmp_path):
    path = tmp_path / "huge.posg"
    path.write_text(HUGE.replace("team = 1;", "team = 0.6e150;"))
    assert run(capsys, "solve", path, "--concept", "team", "--discount", "0.5")[0] == 0


def test_a_solvers_own_mistake_is_no_mistake_of_the_options(capsys, monkeypatch):
    def broken(stages: Stages, options: object) -> StageSolution:
        raise ValueError("array must not contain infs or NaNs")

    monkeypatch.setattr(oracles, "solve_team", broken)
    with pytest.raises(ValueError, match="infs"):
        main(["solve", DECTIGER, "--concept", "team"])


@pytest.mark.parametrize("concept", ["team", "nash", "ce", "cce"])
def test_an_optimum_that_is_not_proved_is_called_so(capsys, monkeypatch, concept):
    hurried = partial(TeamOptions, max_enumeration=1, max_branches=1, max_programme=0)
    words = ("solve", DECTIGER, "--concept", concept, "--horizon", 2)
    assert "not proved" not in run(capsys, *words)[1]
    monkeypatch.setattr(oracles, "TeamOptions", hurried)
    _, out, _ = run(capsys, *words)
    assert "bounded" in out and out.count("is not proved; a better prescription may exist") == 1
    assert any("not proved" in note for note in json.loads(run(capsys, *words, "--json")[1])["notes"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--concept", "nash", "--option", "way=regret"), "E612", "way does nothing for nash"),
        (("--concept", "ce", "--option", "way=regret"), "E612", "add select=any"),
        (("--concept", "ce", "--option", "way=columns", "--select", "entropy"), "E612", "select=entropy"),
        (("--concept", "ce", "--select", "welfare", "--option", "select=any"), "E613", "contradicts"),
        (("--concept", "ce", "--epsilon", "1", "--option", "epsilon=2"), "E613", "contradicts"),
        (("--concept", "ce", "--time-limit", "3"), "E612", "no option time-limit"),
        (("--concept", "ce", "--time-limit", "3", "--compress", "window(1)"), "E612", "no option time-limit"),
        (("--concept", "ce", "--memory-limit", "3"), "E612", "memory-limit does nothing for ce"),
        (("--concept", "ce", "--time-limit", "3", "--option", "time_limit=4"), "E613", "contradicts"),
    ],
)
def test_flags_that_contradict_or_do_nothing(capsys, words, code, said):
    status, out, err = run(capsys, "solve", VENDORS, *words)
    assert (status, out) == (2, "") and f"error[{code}]" in err and said in err


def test_flags_that_agree(capsys):
    same = ("--select", "any", "--option", "select=any", "--epsilon", "0.1", "--option", "epsilon=0.1")
    assert run(capsys, "solve", VENDORS, "--concept", "ce", *same)[0] == 0
    auto = ("--compress", "auto", "--epsilon", "5", "--time-limit", "60", "--option", "epsilon=0.1")
    assert run(capsys, "solve", DECTIGER, "--concept", "team", *auto)[0] == 0  # the stage's, and the game's


def test_a_team_needs_rewards_in_common(capsys, tmp_path):
    path = str(tmp_path / "p.npz")
    assert run(capsys, "solve", VENDORS, "--concept", "cce", "--out", path)[0] == 0
    status, out, err = run(capsys, "verify", VENDORS, path, "--concept", "team")
    assert (status, out) == (2, "") and "error[E605]" in err
    assert run(capsys, "solve", DECTIGER, "--concept", "nash", "--out", path)[0] == 0
    assert run(capsys, "verify", DECTIGER, path, "--concept", "team")[0] == 0


@pytest.mark.parametrize(
    ("option", "cure"), [("select=entropy", "select=welfare"), ("form=strategic", "form=agent"), ("way=lp", "way=auto")]
)
def test_a_limit_of_listing_says_which_and_what_to_do(capsys, tmp_path, option, cure):
    # 2 agents with 4 private informations of 8 actions each: 2^24 joint prescriptions, above 20000
    path = tmp_path / "wide.posg"
    path.write_text("""game wide {
  horizon 1;
  agents ann, bob;
  state t[i]: 1..4;
  init t[i] ~ uniform;
  observation o[i]: 1..4;
  init o[i] = t[i];
  action act[i]: 1..8;
  reward ann = act[ann] * act[bob] - t[ann];
  reward bob = act[bob] - act[ann] * t[bob];
  share one_step;
}
""")
    status, out, err = run(capsys, "solve", path, "--concept", "ce", "--option", option)
    assert (status, out) == (3, "") and f"for {option}, " in err
    assert "1.678e+07, more than 20000" in err and f"{cure} would need no list" in err
