"""`posgc design`: front, blocks, rows, JSON, pictures, the store, and what is refused before anything runs."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from support.compared import GAME, cells, coin
from support.compared import run as run_command

import posgc
from posgc.cli.main import main
from posgc.pipeline import asking, points

__all__ = ["coin"]

HEAR = "--cost", "hear = 1, call = 0.5", "--lags", "0..1,never"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    return run_command(capsys, *words, command="design")


def asked_points(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The protocols that are solved from now on."""
    asked, answer = [], asking.answer

    def counting(question: points.Question, point: points.Point) -> points.Row:
        asked.append(point.protocol)
        return answer(question, point)

    monkeypatch.setattr(asking, "answer", counting)
    return asked


def test_front_and_blocks(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By hand: 0.64 a step without hints, 0.8 where one has heard the other's.  At the second step a late hint serves,
    or a call, which gives the hint away."""
    status, out, err = run(capsys, coin, *HEAR, "--horizon", "2")
    assert status == 0 and err == ""
    rows = [["design_1", "0", "1.28"], ["design_2", "0.5", "1.44"], ["design_3", "1", "1.6"]]
    assert [row[:3] for row in cells(out)] == rows
    assert (
        "36 protocols: hear[ann] to bob, hear[bob] to ann after 0 (1), after 1 (1), never (0); call[ann] to bob" in out
    )
    assert "share design_1 { }" in out and "share design_3 { hear[ann] after 0; }" in out
    assert "a team does no worse under a richer protocol" in out and "shown not to matter" in out
    late = "--cost", "hear = 1, hear after 1 = 0.25", "--lags", "0..1,never"
    _, out, _ = run(capsys, coin, *late, "--horizon", "2")
    assert [row[:3] for row in cells(out)][1] == ["design_2", "0.25", "1.44"]
    assert "without a price, and never told: call" in out


def test_rows_and_document_say_the_same(coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    status, out, _ = run(capsys, coin, *HEAR, "--csv", str(path), "--json")
    found = json.loads(out)
    assert status == 0 and found["csv"] == str(path) and found["plot"] is None and found["version"] == posgc.__version__
    assert found["solved"] + found["pruned"] == found["protocols"] == 4  # one step: what comes late comes too late
    assert found["monotone"] and found["left"] == [] and found["defects"] == [] and found["slack"] < 1e-6
    read = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert len(read) == found["solved"]
    assert set(read[0]) - {"front"} == set(found["front"][0]) - {"values"} | {"value of ann", "value of bob"}
    kept = {one["protocol"]: one for one in found["front"]}
    assert {row["protocol"] for row in read if row["front"] == "true"} == set(kept)
    for row in read:
        assert float(row["lower"]) <= float(row["value of ann"]) <= float(row["upper"])
        assert float(row["value"]) == float(row["value of ann"]) and float(row["at_most"]) >= float(row["value"])
        if row["protocol"] not in kept:
            assert row["name"] == row["share"] == ""
        else:
            one = kept[row["protocol"]]
            assert row["structure"] == (one["structure"] or "")
            assert all(row[name] == one[name] for name in ("name", "share")) and float(row["at_most"]) == one["at_most"]
            assert (
                float(row["cost"]) == one["cost"] and float(row["value of ann"]) == one["value"] == one["values"]["ann"]
            )
            assert one["share"] == f"share {one['name']} {row['protocol']}" and one["at_most"] >= one["value"]


def test_prices_without_effect_are_said(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The price of a call is that of nothing at the last step; a later clause says another price of a hint."""
    words = (coin, "--cost", "hear = 2, hear = 1, call[ann] = 0.5")
    status, out, err = run(capsys, *words)
    assert status == 0 and err == ""
    assert "  without effect: hear = 2, as later clauses fit all that it fits\n" in out
    assert "  without effect: call[ann] = 0.5, as what it is the price of comes too late to be told\n" in out
    assert "  without a price, and never told: call[bob]\n" in out
    _, out, _ = run(capsys, *words, "--json")
    found = json.loads(out)
    assert [one["clause"] for one in found["idle"]] == ["hear = 2", "call[ann] = 0.5"]
    status, out, err = run(capsys, coin, "--cost", "hear = 1, hear after 3 = 2", "--horizon", "5")
    assert status == 2 and "error[E671]" in err and "such as 3,never" in err and "           ^^^" in err


def test_one_front_from_everywhere(coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Python, the command line, and a file of another format."""
    design = posgc.design(coin, {"hear": 1, "call": 0.5}, lags=[0, 1, "never"], q=0.75)
    _, out, _ = run(capsys, coin, *HEAR, "--set", "q=0.75", "--json")
    assert [one["value"] for one in json.loads(out)["front"]] == [one.value for one in design.front]
    assert [one.value for one in design.front] == pytest.approx([0.75**2, 0.75])
    assert repr(design).startswith("<design of a protocol for coin; concept team; protocols 4, ")
    foreign = tmp_path / "storm.dpomdp"
    foreign.write_text(FOREIGN, encoding="utf-8")
    design = posgc.design(foreign, "obs = 1", horizon=2)
    assert design.status == 0 and design.front[0].block == "share design_1 { }"


FOREIGN = """agents: 2
discount: 1
values: reward
states: calm storm
start: uniform
actions:
go wait
go wait
observations:
c s
c s
T: * :
identity
O: * : calm : c c : 1
O: * : storm : s s : 1
R: go go : calm : * : * : 5
R: go go : storm : * : * : -4
"""


def test_points_without_back_end_are_bounded(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One back-end, which needs Assumption 3: what it does not serve, and may matter, is listed with its bounds."""
    words = ("--horizon", "3", "--backend", "value-iteration", "--lags", "1..2,never", "--cost", "hear = 1, call = 0")
    status, out, _ = run(capsys, coin, *words, "--by", "item", "--json")
    found = json.loads(out)
    assert status == 3 and found["open"] == len(found["left"]) > 0
    for one in found["left"]:
        assert (
            "Assumption 3" in one["why"] and one["upper"] <= 0.64 + 2 * 0.8 + 1e-6 and one["lower"] >= 3 * 0.64 - 1e-6
        )
    assert found["slack"] > 0.1
    status, out, _ = run(capsys, coin, *words, "--by", "item")
    assert status == 3 and "not solved: { call after 1; } for 0, worth between " in out


def test_nothing_is_worth_as_much(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, coin, *HEAR, "--min-value", "0.9")
    assert status == 1 and "no protocol that was solved is worth 0.9; none is worth more than 0.8" in out
    status, out, _ = run(capsys, coin, *HEAR, "--budget", "0.5")
    assert status == 0 and [row[:3] for row in cells(out)] == [["design_1", "0", "0.64"]]
    assert "cost more than 0.5 and were left out" in out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--cost", "ear = 1"), "E671"),
        (("--cost", "hear = 1, hear after 4 = 2", "--horizon", "9"), "E671"),
        (("--cost", "hear = 1", "--lags", "soon"), "E671"),
        (("--cost", "hear = 1", "--along", "ann-cid"), "E671"),
        (("--cost", "hear = 1", "--hops", "once"), "E613"),
        (("--cost", "hear = 1", "--value", "ann"), "E671"),
        (("--cost", "hear = 1", "--budget", "-1"), "E671"),
        (("--cost", "hear = 1", "--within", "-1"), "E671"),
        (("--cost", "hear = 1", "--require", "1"), "E614"),
        (("--cost", "hear = 1", "--horizon", "0"), "E623"),
        (("--cost", "hear = 1", "--set", "r=1"), "E601"),
        (("--cost", "hear = 1", "--plot", "picture.txt"), "E624"),
        (("--cost", "hear = 1", "--backend", "nobody"), "E602"),
        (("--cost", "hear = 1", "--store", "a.db", "--csv", "a.db"), "E613"),
        (("--cost", "hear = 1, call = 1", "--lags", "0..31,never", "--horizon", "40"), "E670"),
    ],
)
def test_refusals(
    words: tuple[str, ...], code: str, coin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(coin).parent)
    asked = asked_points(monkeypatch)
    status, out, err = run(capsys, coin, *words)
    assert status == 2 and f"error[{code}" in err and out == ""
    assert asked == [] or code == "E602"
    assert [path.name for path in Path(coin).parent.iterdir()] == ["coin.posg"]


def test_a_billion_protocols_are_counted_not_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "crowd.posg"
    text = GAME.replace("agents ann, bob", "agents ann, bob, cid, dan, eve, fay").replace("horizon 1", "horizon 9")
    path.write_text(text, encoding="utf-8")
    status, _, err = run(capsys, str(path), "--cost", "hear = 1", "--lags", "0..7,never")
    assert status == 2 and f"9^30 = {9**30:,} protocols (limit 10,000)" in err and "--by owner or item" in err
    status, _, err = run(capsys, str(path), "--cost", "hear = 1", "--lags", "0..7,never", "--by", "owner")
    assert status == 2 and "9^6 = 531,441" in err and "--by item" in err
    status, _, err = run(capsys, str(path), "--cost", "hear = 1", "--by", "item", "--max-points", "3")
    assert status == 2 and "4 = 4 protocols (limit 3)" in err


def test_flags_that_are_missing_or_no_numbers(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ((), ("--cost", "hear = 1", "--budget", "inf"), ("--cost", "hear = 1", "--by", "agent")):
        status, out, err = run(capsys, coin, *words)
        assert status == 2 and out == "" and "error" in err


def test_store_saves_asking_again(
    coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other prices ask for other protocols, and find those that are there; a requirement is another question."""
    store = ("--store", str(tmp_path / "s.db"), "--horizon", "2")
    first = run(capsys, coin, *HEAR, *store)
    asked = asked_points(monkeypatch)
    assert run(capsys, coin, *HEAR, *store) == first and asked == []
    run(capsys, coin, "--cost", "hear = 3, call = 0.5", "--lags", "0..1,never", *store)
    known = set(asked)
    asked.clear()
    run(capsys, coin, *HEAR, *store, "--require", "3")
    assert asked and not known & {"{ }"}


def test_ctrl_c_prints_what_is_known(
    coin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked = asking.answer, []

    def stopping(question: points.Question, point: points.Point) -> points.Row:
        asked.append(point)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return answer(question, point)

    monkeypatch.setattr(asking, "answer", stopping)
    status, out, _ = run(capsys, coin, *HEAR, "--horizon", "2", "--json")
    found = json.loads(out)
    assert status == 130 and found["stopped"] and found["solved"] == 2 and found["open"] > 0
    assert [one["cost"] for one in found["front"]] == [0, 3]  # the poorest and the richest are asked first
    assert all(one["why"] is None and one["upper"] <= 1.6 + 1e-6 for one in found["left"])
    asked.clear()
    status, out, _ = run(capsys, coin, *HEAR, "--horizon", "2")
    assert status == 130 and "not looked at, as the run was stopped" in out and "share design_2" in out


@pytest.mark.parametrize(
    ("solved", "more", "said"),
    [
        (0, (), "no protocol was solved; 36 that were not may be in the front"),
        (0, ("--min-value", "1.5"), "no protocol was solved; 36 that were not may be worth 1.5"),
        (1, ("--min-value", "1.5"), "no protocol that was solved is worth 1.5; 35 that were not may be worth 1.5"),
        (1, (), "; 35 that were not solved may belong to the front"),
    ],
)
def test_ctrl_c_before_much_is_known(
    solved: int,
    more: tuple[str, ...],
    said: str,
    coin: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is not known is said to be so, and not listed protocol by protocol where nothing is known of any."""
    answer, left = asking.answer, [solved]

    def stopping(question: points.Question, point: points.Point) -> points.Row:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return answer(question, point)

    monkeypatch.setattr(asking, "answer", stopping)
    status, out, _ = run(capsys, coin, *HEAR, "--horizon", "2", *more)
    assert status == 130 and said in out
    assert ("36 protocols of which nothing is known, as the run was stopped" in out) == (not solved)
    assert out.count("not solved: ") == 20 * solved


def test_contradiction_is_reported_loudly(
    coin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = points._found

    def wrong(point: points.Point, solution: Any) -> points.Row:
        row = found(point, solution)
        return dataclasses.replace(row, lower=0.9, upper=0.9) if point.protocol == "{ }" else row

    monkeypatch.setattr(points, "_found", wrong)
    status, _, err = run(capsys, coin, *HEAR)
    assert status == 1 and "error[E662]" in err and "{ } is worth at least 0.9 and { hear after 0" in err


def test_picture(coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every protocol of the front is named, and the same rows give the same bytes; nothing to show is drawn too."""
    pytest.importorskip("matplotlib")
    path = tmp_path / "picture.svg"
    words = (coin, *HEAR, "--horizon", "2", "--store", str(tmp_path / "s.db"), "--plot", str(path))
    assert run(capsys, *words)[0] == 0
    once = path.read_bytes()
    assert run(capsys, *words)[0] == 0 and path.read_bytes() == once
    texts = ["".join(t.itertext()) for t in ElementTree.fromstring(once).iter("{http://www.w3.org/2000/svg}text")]
    assert any(t.startswith("design_1 {") for t in texts) and any(t.startswith("design_2 {") for t in texts)
    assert run(capsys, *words, "--min-value", "9")[0] == 1 and path.exists()


def test_games_in_several_files(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The parameter stands in a file of its own, beside the game."""
    line = "  param q = 0.8 in [0.5, 1];\n"
    Path(coin).with_name("common.posg").write_text(line, encoding="utf-8")
    Path(coin).write_text(GAME.replace(line, '  include "common.posg";\n'), encoding="utf-8")
    status, out, _ = run(capsys, coin, *HEAR)
    assert status == 0 and [row[2] for row in cells(out)] == ["0.64", "0.8"]
    status, out, _ = run_command(capsys, coin, "--share", "full")
    assert status == 0 and [row[2] for row in cells(out)] == ["0.8"]


@pytest.mark.slow
def test_two_processes_find_the_same_front(coin: str) -> None:
    one, two = (posgc.design(coin, "hear = 1, call = 0.5", horizon=2, workers=n) for n in (1, 2))
    assert [k.cost for k in one.front] == [k.cost for k in two.front] and two.status == 0
    assert [k.value for k in one.front] == pytest.approx([k.value for k in two.front], abs=1e-9)


CLASH = """game clash {
  horizon 2;
  agents ann, bob;
  state s: 0..1;
  action act[i]: 0..1;
  observation o[i]: 0..1;
  init s ~ uniform;
  init o[ann] ~ s;
  init o[bob] ~ 0;
  next s ~ uniform;
  observe o[ann] ~ s';
  observe o[bob] ~ 0;
  reward team = if act[ann] == s and act[bob] == s then 1 else 0;
  share design_1 { act after 1; }
  share design_3(d) { act after d; }
}
"""


def test_blocks_have_names_that_the_file_does_not_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clash.posg"
    path.write_text(CLASH)
    words = ["design", str(path), "--cost", "o = 0.1", "--lags", "0,never", "--quiet", "--json"]
    assert main(words) == 0
    front = json.loads(capsys.readouterr().out)["front"]
    assert [one["name"] for one in front] == ["design_2", "design_4"]
    path.write_text(CLASH.removesuffix("}\n") + "".join(f"  {one['share']}\n" for one in front) + "}\n")
    for one in front:
        assert main(["solve", str(path), "-c", "team", "--share", one["name"], "--json", "--quiet"]) == 0
        assert json.loads(capsys.readouterr().out)["values"]["ann"] == pytest.approx(one["value"], abs=1e-9)
