"""`posgc check` lists what `--compress` may be given; `posgc plugins` lists the compressions with their options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from posgc.cli.main import main
from posgc.pipeline import checking

ROOT = Path(__file__).resolve().parents[2]


def checked(capsys: pytest.CaptureFixture[str], name: str, *arguments: str) -> Any:
    main(["check", str(ROOT / "games" / f"{name}.posg"), *arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_dectiger_under_full_sharing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates of window(1..5) at H = 7: 0.34, 0.14, 0.064, 0.030, 0.014 (MATH.md section 6)."""
    monkeypatch.setattr(checking, "CHECK_SECONDS", 1e9)  # all are built, however busy the machine is
    report = checked(capsys, "dectiger", "--share", "full", "--horizon", "7")
    offers = {offer["name"]: offer for offer in report["compressions"]}
    assert offers["exact"]["nodes"] == sum(report["layers"])
    assert 0 <= offers["exact"]["error"] <= 1e-15  # beliefs that differ by rounding are merged, and this is charged
    assert offers["exact"]["kind"] == "lossless"
    windows = [offers[f"window({length}, prior=reachable)"] for length in range(1, 7)]
    assert [w["error"] for w in windows] == pytest.approx([0.34, 0.14, 0.064, 0.030, 0.014, 0], abs=0.005)
    assert {w["kind"] for w in windows} == {"expected"}
    errors = [offer["error"] for name, offer in offers.items() if name.startswith("belief")]
    assert errors == sorted(errors, reverse=True)


def test_candidates_finer_than_a_lossless_one_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    names = [offer["name"] for offer in checked(capsys, "recycling", "--share", "one_step")["compressions"]]
    assert [name for name in names if name.startswith("belief")] == ["belief(0.3)"]


def test_what_is_not_built_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    large = checked(capsys, "dectiger", "--share", "full", "--horizon", "7", "--max-nodes", "20")["compressions"]
    exact = next(offer for offer in large if offer["name"] == "exact")
    assert exact["nodes"] is None and exact["error"] is None and "20 nodes" in exact["reason"]
    for offer in checked(capsys, "kuhn")["compressions"]:  # Assumption 3 fails
        assert offer["nodes"] is None and "depend on strategies" in offer["reason"]


def test_theory_is_printed_for_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    """0.7^-4 log(2 * 3 / 0.1) = 17.05: gamma of accuracy 0.85 is 2 * 0.85 - 1."""
    theory = checked(capsys, "dectiger")["theory"]
    assert theory["gamma"] == pytest.approx(0.7, abs=1e-9)
    assert theory["window"] == pytest.approx(17.05, abs=0.01)
    assert checked(capsys, "combination_lock")["theory"]["window"] is None


def test_plugins_lists_compressions(capsys: pytest.CaptureFixture[str]) -> None:
    main(["plugins", "--json"])
    found = {c["name"]: c["options"] for c in json.loads(capsys.readouterr().out)["compressions"]}
    assert set(found) >= {"exact", "bisimulation", "belief", "window"}
    assert found["window"] == ["length: int = 2", "prior: uniform | reachable = uniform"]
