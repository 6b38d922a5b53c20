"""`posgc simulate` from the outside: exit statuses, JSON, JSON Lines, and what is refused."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from posgc.cli.main import main

GAMES = Path(__file__).resolve().parents[2] / "games"
TIGER, VENDORS = str(GAMES / "dectiger.posg"), str(GAMES / "vendors.posg")


def simulated(capsys, *arguments):
    assert main(["simulate", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def device(tmp_path, capsys):
    """A CE of the vendors."""
    path = str(tmp_path / "ce.npz")
    assert main(["solve", VENDORS, "--concept", "ce", "--out", path, "--quiet"]) == 0
    capsys.readouterr()
    return path


def test_a_policy_earns_what_its_file_claims(capsys, device):
    found = simulated(capsys, VENDORS, "--policy", device, "--episodes", "100000", "--seed", "4")
    assert found["claimed"] == {"ann": 2.5, "bob": 2.5}  # docs/cli.md, from `solve`
    for agent in found["agents"]:
        low, high = found["interval"][agent]
        assert low < found["mean"][agent] < high and high - low == pytest.approx(2 * 1.959964 * found["error"][agent])
        assert abs(found["mean"][agent] - 2.5) < 5 * found["error"][agent]


def test_same_seed_same_document_and_traces_do_not_depend_on_their_number(capsys, device):
    for policy in ("uniform", "random:3", device):
        game = VENDORS if policy == device else TIGER
        one = simulated(capsys, game, "--policy", policy, "--episodes", "500", "--traces", "5", "--seed", "9")
        two = simulated(capsys, game, "--policy", policy, "--episodes", "500", "--traces", "5", "--seed", "9")
        few = simulated(capsys, game, "--policy", policy, "--episodes", "20", "--traces", "2", "--seed", "9")
        for document in (one, two, few):
            del document["seconds"]
        assert one == two
        assert few["traces"] == one["traces"][: len(few["traces"])]


def test_traces_as_lines_are_those_of_the_document(capsys, tmp_path):
    path = tmp_path / "t.jsonl"
    listed = simulated(capsys, TIGER, "--traces", "3")["traces"]
    written = simulated(capsys, TIGER, "--traces", "3", "--out", str(path))
    assert written["traces"] == [] and written["out"] == str(path)
    assert [json.loads(line) for line in path.read_text().splitlines()] == listed
    assert len(listed) == 3 * 4 and listed[3]["action"] is None
    first = listed[0]
    assert first["observation"] == {} and set(first["action"]) == {"act[ann]", "act[bob]"}
    assert set(first["state"]) == {"tiger"} and first["reward"]["ann"] == first["reward"]["bob"]


def test_the_table_shows_the_steps(capsys, device):
    assert main(["simulate", VENDORS, "--policy", device, "--traces", "1", "--episodes", "1"]) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("1 "))
    assert len(row.split()) == 7 and "stand[ann]" in out and "component" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--policy", "random:x"], "E613"),
        (["--policy", "random:-1"], "E613"),
        (["--policy", "nowhere.npz"], "E609"),
        (["--traces", "11", "--episodes", "10"], "E613"),
        (["--out", "t.jsonl"], "E613"),
        (["--traces", "1", "--out", TIGER], "E615"),
        (["--policy", TIGER], "E609"),
    ],
)
def test_mistakes_end_with_status_2(arguments, code, capsys):
    before = Path(TIGER).read_bytes()
    assert main(["simulate", TIGER, *arguments]) == 2
    caught = capsys.readouterr()
    assert f"[{code}]" in caught.err and caught.out == ""
    assert Path(TIGER).read_bytes() == before


@pytest.mark.parametrize("flag", ["--seed=-1", "--episodes=0", "--traces=0", "--episodes=1e3"])
def test_numbers_are_whole_and_positive(flag):
    with pytest.raises(SystemExit) as stop:
        main(["simulate", TIGER, flag])
    assert stop.value.code == 2


def test_another_games_policy_is_refused(capsys, device):
    assert main(["simulate", TIGER, "--policy", device]) == 2
    assert "[E610]" in capsys.readouterr().err


def test_long_traces_are_refused_before_they_are_kept(capsys):
    arguments = ["simulate", TIGER, "--horizon", "100000", "--traces", "1000", "--episodes", "1000", "--share", "full"]
    assert main(arguments) == 3
    assert "whole episodes" in capsys.readouterr().err


def test_games_without_assumption_3_are_played_too(capsys):
    found = simulated(capsys, str(GAMES / "broadcast.posg"), "--horizon", "300", "--episodes", "50")
    assert found["episodes"] == 50 and found["horizon"] == 300


def test_ctrl_c_reports_what_it_has(capsys, monkeypatch):
    class Interrupt:
        def __init__(self):
            self.told = 0

        def __call__(self, stage, done, total):
            self.told += stage == "simulate"
            if self.told == 2:
                raise KeyboardInterrupt

    @contextmanager
    def impatient(silent):
        yield Interrupt()

    monkeypatch.setattr("posgc.cli.simulate.progress_bar", impatient)
    assert main(["simulate", TIGER, "--episodes", "1000000", "--json"]) == 130
    caught = capsys.readouterr()
    found = json.loads(caught.out)
    assert found["stopped"] and found["episodes"] == 16384 and "stopped after 16384 of 1000000" in caught.err
