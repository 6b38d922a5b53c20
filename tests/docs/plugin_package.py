"""The example plug-in of docs/plugins.md as an installed distribution, without a build backend or a network."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

__all__ = ["EXAMPLE", "lay_out"]

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "example-plugin"


def lay_out(target: Path) -> None:
    """What an installer would leave in `target`: the package, and a dist-info folder with the entry points."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shutil.copytree(EXAMPLE / "posgc_tiny", target / "posgc_tiny", ignore=shutil.ignore_patterns("__pycache__"))
    info = target / f"posgc_tiny-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    rows = "".join(f"{name} = {value}\n" for name, value in project["entry-points"]["posgc"].items())
    (info / "entry_points.txt").write_text(f"[posgc]\n{rows}", encoding="utf-8")
