"""The back-end of docs/plugins.md, installed as its guide says, found by its entry point and put to work."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from docs.plugin_package import EXAMPLE, lay_out

ROOT = Path(__file__).resolve().parents[2]
TIGER = ROOT / "games" / "dectiger.posg"


def by_pip(target: Path) -> None:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not here to build a package without a network")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--target",
        str(target),
        str(EXAMPLE),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def python(target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(target), str(ROOT), str(ROOT / "plugins"), str(ROOT / "grammars")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("install", [lay_out, by_pip])
def test_the_guide_works(install, tmp_path: Path) -> None:
    install(tmp_path)
    listed = python(tmp_path, "-m", "posgc.cli.main", "plugins", "--json")
    assert listed.returncode == 0, listed.stderr
    found = json.loads(listed.stdout)
    assert {"name": "tiny", "distribution": "posgc-tiny", "version": "0.1.0", "defect": None} in found["plugins"]
    assert [b["concepts"] for b in found["backends"] if b["name"] == "tiny"] == [["team"]]
    arguments = ("solve", str(TIGER), "--concept", "team", "--backend", "tiny", "--json")
    solved = python(tmp_path, "-m", "posgc.cli.main", *arguments)
    assert solved.returncode == 0, solved.stderr
    outcome = json.loads(solved.stdout)
    assert outcome["backend"] == "tiny"
    assert outcome["values"]["ann"] == pytest.approx(8.815, abs=1e-9)  # one-step delay, H = 3: games/dectiger.posg
    assert outcome["gap"]["value"] < 1e-9


def test_it_passes_the_battery_and_refuses_with_a_reason(tmp_path: Path) -> None:
    lay_out(tmp_path)
    battery = "from posgc.plugin.testing import check_backend as c; from posgc_tiny import Tiny; print(c(Tiny()))"
    played = python(tmp_path, "-c", battery)
    assert played.stdout.strip() == "4", played.stderr  # common rewards: shared at once, shared late, three agents, one
    arguments = ("solve", str(ROOT / "games" / "vendors.posg"), "--concept", "team", "--backend", "tiny")
    refused = python(tmp_path, "-m", "posgc.cli.main", *arguments)
    assert refused.returncode == 2
    assert "it needs rewards that all agents share" in refused.stderr


def test_its_importer_reads_and_complains(tmp_path: Path) -> None:
    lay_out(tmp_path)
    good, bad = tmp_path / "good.matrix", tmp_path / "bad.matrix"
    good.write_text("matrix\n1 0\n0 2\n", encoding="utf-8")
    bad.write_text("matrix\n1 0\n0\n", encoding="utf-8")
    flags = ("--share", "none", "--reward", "zero_sum", "--concept", "nash", "--json")
    solved = python(tmp_path, "-m", "posgc.cli.main", "solve", str(good), *flags)
    assert json.loads(solved.stdout)["values"]["1"] == pytest.approx(2 / 3, abs=1e-9)  # 1*2 / (1 + 2)
    refused = python(tmp_path, "-m", "posgc.cli.main", "solve", str(bad), *flags)
    assert refused.returncode == 2
    assert "M101" in refused.stderr
