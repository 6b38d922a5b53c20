"""`posgc info`: the picture in characters, the file, and the items of the JSON object."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib.text import Text

from posgc.cli.main import main
from posgc.pipeline import Request, compile_request
from posgc.report.chart import STYLE
from posgc.report.flow_chart import chart

ROOT = Path(__file__).resolve().parents[2]
TIGER = str(ROOT / "games" / "dectiger.posg")
# A name for each row, nothing before step 2 to hear, and a step from an item to who learns it.
ONE_STEP = """\
            step 1  step 2  step 3
  ann        ■      ●■      ○□
    ○ hear          └───────▶ bob ░░
    □ act    └──────▶ bob ░░░░░░░░░░
  bob        ■      ●■      ○□
    ○ hear          └───────▶ ann ░░
    □ act    └──────▶ ann ░░░░░░░░░░

  ○ observation, □ action; filled: common at the last step shown
  ░ common, steps 1 to 3
"""


def test_in_characters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", TIGER]) == 0
    assert ONE_STEP in capsys.readouterr().out
    assert main(["info", TIGER, "-s", "none"]) == 0
    out = capsys.readouterr().out
    assert "░" not in out and "●" not in out and out.count("nobody else") == 4


def test_the_name_of_the_structure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", TIGER, "-s", "ears"]) == 0
    assert "  sharing: ears\n  the structure is uncontrolled(1)\n" in capsys.readouterr().out
    assert main(["info", TIGER]) == 0
    assert "structure" not in capsys.readouterr().out


def test_items(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", TIGER, "-s", "delayed(2)", "-H", "5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["structure"] == "delayed(2)" and found["picture"] is None
    [one] = [item for item in found["items"] if item["item"] == "hear[ann]@2"]
    assert one == {
        "item": "hear[ann]@2",
        "kind": "observation",
        "step": 2,
        "owner": "ann",
        "learned": [{"agent": "bob", "step": 4, "certain": True}],
        "common": 4,
    }


@pytest.mark.parametrize(("game", "share"), [("dectiger", "delayed(2)"), ("aloha", "line"), ("vendors", "none")])
def test_the_file(game: str, share: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same game gives the same bytes, which name every agent and step."""
    drawn = []
    for name in ("one.svg", "two.svg"):
        path = tmp_path / name
        assert main(["info", str(ROOT / "games" / f"{game}.posg"), "-s", share, "--plot", str(path)]) == 0
        drawn.append(path.read_bytes())
    assert f"picture written to {path}" in capsys.readouterr().out
    assert drawn[0] == drawn[1]
    texts = {text.text for text in ElementTree.fromstring(drawn[0]).iter("{http://www.w3.org/2000/svg}text")}
    agents = {"dectiger": ["ann", "bob"], "aloha": ["station[1]", "station[3]"], "vendors": ["ann", "bob"]}[game]
    assert {*agents, "step 1"} <= texts


@pytest.mark.parametrize(
    ("game", "share", "horizon"),
    [
        ("dectiger", "full", 3),
        ("aloha", "line", 4),
        ("vendors", "none", None),
        ("reservoir", "letters(5)", 20),
        ("leduc", None, None),
    ],
)
def test_no_texts_overlap(game: str, share: str | None, horizon: int | None) -> None:
    """Nor does any leave the picture."""
    with matplotlib.rc_context(STYLE):
        figure = chart(compile_request(Request(str(ROOT / "games" / f"{game}.posg"), share, horizon=horizon)))
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in figure.findobj(Text) if text.get_text()]
    assert len(boxes) > 4
    assert all(figure.bbox.containsx(x) and figure.bbox.containsy(y) for b in boxes for x, y in (b.min, b.max))
    assert not [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)]


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", TIGER, "--plot", str(tmp_path / "picture.jpeg")]) == 2
    assert "E624" in capsys.readouterr().err
    assert main(["info", TIGER, "--plot", str(tmp_path / "none" / "picture.svg")]) == 2
    assert "E615" in capsys.readouterr().err
