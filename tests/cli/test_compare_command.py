"""`posgc compare`: table, rows, JSON, pictures, the store, and what is refused before anything runs."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from support.compared import GAME, cells, coin, run

import posgc
from posgc.language import compile_game
from posgc.language.sharing.requests import protocol
from posgc.pipeline import comparing, points, read_source
from posgc.report.ladder_chart import ladder

__all__ = ["coin"]

GAMES = Path(__file__).resolve().parents[2] / "games"


def test_table_order_and_ladder(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, coin, "--share", "none", "--share", "late", "--share", "full", "--horizon", "2")
    assert status == 0 and err == ""
    # at the second step all have heard both hints: 0.64 + 0.8
    assert [row[:3] for row in cells(out)] == [["2", "none", "1.28"], ["2", "late", "1.44"], ["2", "full", "1.6"]]
    assert "who tells more: full > late > none" in out
    assert "late over none: +0.16 (hear after 1 (never); call after 1 (never))" in out
    assert "full over late: +0.16 (hear after 0 (1))" in out
    assert "a team does no worse under a richer protocol" in out


@pytest.mark.parametrize("apart", [1e-13, 1e-6, 0.05, 1e6])
def test_numbers_under_the_ladder_stand_apart(apart: float, coin: str) -> None:
    """Whatever the values: the numbers are few and short, and none stands for a part that is left out."""
    pytest.importorskip("matplotlib")
    table = posgc.compare(coin, ["full", "none"])
    values = [(-12.9394 + k * apart,) * 2 for k in range(2)]
    rows = tuple(dataclasses.replace(row, values=one) for row, one in zip(table.rows, values, strict=True))
    drawn = ElementTree.fromstring(ladder(dataclasses.replace(table, rows=rows), "svg"))
    texts = ["".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    numbers = [text for text in texts if re.fullmatch(r"[−+e.\d]+", text)]
    assert 2 <= len(numbers) <= 6 and all(len(text) <= 8 for text in numbers)
    assert all("e" not in text for text in numbers) or apart > 1


def test_grid_of_parameters_and_horizons(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = "--share", "full", "--set", "q=0.6,0.9", "--horizon", "1,2..3"
    status, out, _ = run(capsys, coin, *words)
    assert status == 0
    asked = [(q, h) for q in ("0.6", "0.9") for h in (1, 2, 3)]
    assert [row[:4] for row in cells(out)] == [[q, str(h), "full", f"{float(q) * h:.10g}"] for q, h in asked]
    table = posgc.compare(coin, ["full"], horizon=range(1, 4), q=[0.6, 0.9])
    assert [row.values[0] for row in table.rows] == pytest.approx([float(q) * h for q, h in asked])
    assert [dict(row.point.settings) for row in table.rows] == [{"q": q} for q, _ in asked]
    assert table.status == 0 and repr(table).startswith("<comparison of 1 protocols of coin; concept team; points 6, 6")


def test_usual_protocols_are_the_default(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The file's, and those that fit: `late` is `one_step` by another name."""
    _, out, _ = run(capsys, coin, "--json")
    found = json.loads(out)
    directed = ["one_directional(ann -> bob)", "one_directional(bob -> ann)"]
    assert found["protocols"] == ["none", "late", "full", "delayed(2)", *directed]
    assert found["concept"] == "team" and found["monotone"] is True and found["defects"] == []
    assert found["version"] == posgc.__version__


def test_rows_and_document_say_the_same(coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    status, out, _ = run(capsys, coin, "--share", "none", "--share", "full", "--csv", str(path), "--json")
    found = json.loads(out)
    assert status == 0 and found["csv"] == str(path) and found["plot"] is None
    read = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [float(row["value of ann"]) for row in read] == [row["values"]["ann"] for row in found["rows"]]
    for one, other in zip(read, found["rows"], strict=True):
        assert one["protocol"] == other["protocol"] and float(one["seconds"]) == other["seconds"]
        assert float(one["lower"]) <= other["values"]["ann"] <= float(one["upper"])
        assert one["assumption3"] == str(other["assumption3"]).lower()
    assert found["order"][0]["covers"] == [["full", "none"]]
    assert found["steps"][0]["added"][0] == pytest.approx([0.16, 0.16])


def test_a_point_without_back_end_is_bounded_by_its_neighbours(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One back-end only, which needs Assumption 3: at three steps `delayed(2)` is not for it."""
    words = "--horizon", "3", "--backend", "value-iteration"
    shares = [word for name in ("late", "delayed(2)", "none") for word in ("--share", name)]
    status, out, _ = run(capsys, coin, *shares, *words, "--json")
    late, two, none = json.loads(out)["rows"]
    assert status == 3 and late["solved"] and none["solved"] and not two["solved"]
    assert (two["upper"], two["upper_from"]) == (late["upper"], "late")
    assert (two["lower"], two["lower_from"]) == (none["lower"], "none")
    assert two["assumption3"] is False and "Assumption 3" in two["why"] and two["values"] is None
    _, out, _ = run(capsys, coin, *shares, *words)
    # by hand: 3 · 0.64 without, and 0.64 + 2 · 0.8 with what was heard at step 1
    assert "between 1.919999999 and 2.240000001" in out and "[1] no back-end serves" in out
    assert "from late above, none below [1]" in out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--share", "full", "--share", "ful"), "E501"),
        (("--horizon", "1..1000000000"), "E660"),
        (("--horizon", "1..100", "--set", "q=" + ",".join(f"0.{k}" for k in range(500, 999))), "E660"),
        (("--horizon", "3..2"), "E623"),
        (("--horizon", "0"), "E623"),
        (("--horizon", "two"), "E623"),
        (("--horizon", "1,,2"), "E623"),
        (("--set", "q=0.7,,0.8"), "E613"),
        (("--set", "q=0.7,2"), "E621"),
        (("--set", "r=0.7"), "E601"),
        (("--plot", "picture.txt"), "E624"),
        (("--backend", "nobody"), "E602"),
        (("--concept", "team", "--compress", "nothing"), "E6"),
        (("--store", "a.db", "--csv", "a.db"), "E613"),
    ],
)
def test_refusals(
    words: tuple[str, ...], code: str, coin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(coin).parent)
    status, out, err = run(capsys, coin, *words)
    assert status == 2 and f"error[{code}" in err and out == ""
    assert [path.name for path in Path(coin).parent.iterdir()] == ["coin.posg"]


def test_zero_sum_and_general_games_take_no_bounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ann alone decides, and two hints are worth no more to her than one: 0.8² + 0.8 · 0.2 = 0.8."""
    for kind, reward in {
        "zero-sum": "reward zero_sum ann = if call[ann] == coin then 1 else 0;",
        "general": "reward ann = if call[ann] == coin then 1 else 0; reward bob = 2;",
    }.items():
        path = tmp_path / f"{kind}.posg"
        head, _, tail = GAME.partition("  reward")
        path.write_text(f"{head}  {reward}\n{tail.partition(chr(10))[2]}", encoding="utf-8")
        status, out, _ = run(capsys, str(path), "--share", "none", "--share", "full")
        assert status == 0 and f"rewards: {kind}" in out and "no bound is taken" in out and "nash;" in out
        assert [row[2:4] for row in cells(out)] == [["0.8", "-0.8" if kind == "zero-sum" else "2"]] * 2


def test_contradiction_is_reported_loudly(
    coin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = points._found

    def wrong(point: points.Point, solution: Any) -> points.Row:
        row = found(point, solution)
        return points.dataclasses.replace(row, upper=0.5) if point.protocol == "full" else row  # type: ignore[attr-defined]

    monkeypatch.setattr(points, "_found", wrong)
    status, _, err = run(capsys, coin, "--share", "full", "--share", "none")
    assert status == 1 and "error[E662]" in err and "none is worth at least 0.63999" in err and "full" in err


def test_included_files(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(coin)
    line = "state coin: {heads, tails};"
    text = path.read_text(encoding="utf-8")
    (path.parent / "state.posg").write_text(line, encoding="utf-8")
    path.write_text(text.replace(line, 'include "state.posg";'), encoding="utf-8")
    status, out, err = run(capsys, coin, "--share", "none", "--share", "full")
    assert status == 0 and err == "" and [row[2] for row in cells(out)] == ["0.64", "0.8"]


@pytest.mark.parametrize("words", [("--horizon", "2"), ("--horizon", "1..3"), ("--horizon", "1", "--set", "q=0.6,0.9")])
def test_pictures(words: tuple[str, ...], coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every protocol is named once in the picture, and the same rows give the same bytes."""
    pytest.importorskip("matplotlib")
    path, kept = tmp_path / "picture.svg", str(tmp_path / "s.db")
    asked = (
        coin,
        "--share",
        "none",
        "--share",
        "late",
        "--share",
        "full",
        *words,
        "--store",
        kept,
        "--plot",
        str(path),
    )
    assert run(capsys, *asked)[0] == 0
    once = path.read_bytes()
    assert run(capsys, *asked)[0] == 0 and path.read_bytes() == once
    texts = [
        "".join(t.itertext()).strip() for t in ElementTree.fromstring(once).iter("{http://www.w3.org/2000/svg}text")
    ]
    panels = 2 if "--set" in words else 1
    assert [texts.count(name) for name in ("none", "late", "full")] == [panels] * 3


def test_too_many_panels(coin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is printed all the same."""
    pytest.importorskip("matplotlib")
    values = ",".join(f"0.{k}" for k in range(60, 73))
    path = tmp_path / "picture.svg"
    status, out, err = run(capsys, coin, "--share", "full", "--set", f"q={values}", "--plot", str(path))
    assert status == 2 and "error[E624]" in err and len(cells(out)) == 13 and not path.exists()


@pytest.mark.parametrize("path", sorted(GAMES.glob("*.posg")), ids=lambda path: path.stem)
def test_usual_protocols_can_be_asked_for_by_their_names(path: Path) -> None:
    game = compile_game(read_source(str(path)))
    usual = comparing.usual_protocols(game.signature, game)
    assert {table.name for table in game.protocols} & set(usual)
    for name, table in usual.items():
        assert protocol(game.signature, name, game).content == table.content
    assert len({table.content for table in usual.values()}) == len(usual)


def test_parameters_may_be_called_like_our_arguments(coin: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(coin).write_text(GAME.replace("param q", "param store").replace("coin, q)", "coin, store)"), encoding="utf-8")
    status, out, _ = run(capsys, coin, "--share", "full", "--set", "store=0.75")
    assert status == 0 and [row[:4] for row in cells(out)] == [["0.75", "1", "full", "0.75"]]


def test_arguments_from_python(coin: str) -> None:
    with pytest.raises(TypeError, match="shares is a list"):
        posgc.compare(coin, "full")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="workers is 0"):
        posgc.compare(coin, workers=0)
    for horizon in (0, [2, 0], [], "2..", True, [1.5]):
        with pytest.raises(posgc.InputError, match="E623"):
            posgc.compare(coin, ["full"], horizon=horizon)  # type: ignore[arg-type]
    assert posgc.compare(coin, ["full"], horizon=[2, 1, 2]).horizons == (1, 2)
