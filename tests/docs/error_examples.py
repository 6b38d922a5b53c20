"""The files that the example commands of the diagnostic codes find."""

from __future__ import annotations

from pathlib import Path

from posgc.language.diagnostics.examples import DPOMDP

__all__ = ["lay_out_files"]


def lay_out_files(folder: Path) -> None:
    """What the commands find, next to `games`."""
    from posgc.cli.main import main
    from posgc.language.diagnostics.code_table import game

    (folder / "notes.txt").write_text("neither a policy nor a witness\n", encoding="utf-8")
    (folder / "storm.dpomdp").write_text(DPOMDP, encoding="utf-8")
    (folder / "open.posg").write_text(game("").replace("horizon 2;", ""), encoding="utf-8")
    (folder / "fails.posg").write_text(game("expect value(team) == 3;"), encoding="utf-8")
    own = game("expect value(team) == 2;").replace("team = 1;", "ann = 1;")  # no team, and so no team optimum
    (folder / "open_claim.posg").write_text(own, encoding="utf-8")
    purse = "state t: 0..1; init t ~ uniform; action bid[ann]: 0..1 when (v: v <= t);\n"
    purse += "  observation sees[bob]: 0..1; init sees[bob] = t; observe sees[bob] = t';"
    (folder / "purse.posg").write_text(game(purse), encoding="utf-8")
    (folder / "huge.posg").write_text(game("").replace("team = 1;", "team = 1e308;"), encoding="utf-8")
    for arguments in (
        ["solve", str(folder / "games" / "dectiger.posg"), "--concept", "team", "--out", str(folder / "tiger.npz")],
        ["solve", str(folder / "games" / "vendors.posg"), "--concept", "cce", "--out", str(folder / "vendors.npz")],
        [
            *("solve", str(folder / "games" / "dectiger.posg"), "--concept", "team", "--backend", "laci"),
            *("--samples", "300", "--checkpoint", str(folder / "run.npz")),
        ],
        [
            "check",
            str(folder / "games" / "dectiger.posg"),
            "--share",
            "none",
            "--witness",
            str(folder / "witness.json"),
        ],
    ):
        main(arguments)
