"""Examples of the codes that a game's text alone cannot show: flags, files, warnings, imported files.

`COMMANDS[code]` is a wrong command and the right one; they run in a folder that has `games`, a policy
`tiger.npz` of dectiger.posg, a checkpoint `run.npz`, and a text `notes.txt`.  `LINES[code]` are lines of the game of
`posgc.language.diagnostics.code_table` that give a warning, and the same put right.  `IMPORTED[code]` replaces a line
of `DPOMDP` (old, wrong); the right way is the line as it stands.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["CALLS", "COMMANDS", "DPOMDP", "IMPORTED", "LINES", "imported", "lay_out_files"]

COMMANDS = {
    "E640": (
        "posgc solve games/dectiger.posg --concept team --backend laci --samples 2",
        "posgc solve games/dectiger.posg --concept team --backend laci --samples 300",
    ),
    "E642": (
        "posgc solve games/dectiger.posg --concept team --backend laci --samples 300 --checkpoint run.npz --seed 1",
        "posgc solve games/dectiger.posg --concept team --backend laci --samples 300 --checkpoint run.npz",
    ),
    "E643": (
        "posgc solve games/dectiger.posg --concept team --backend laci --samples 300 --checkpoint notes.txt",
        "posgc solve games/dectiger.posg --concept team --backend laci --samples 300 --checkpoint run.npz",
    ),
    "E601": ("posgc check games/dectiger.posg --set acuracy=0.9", "posgc check games/dectiger.posg --set accuracy=0.9"),
    "E602": (
        "posgc solve games/dectiger.posg --concept team --backend magic",
        "posgc solve games/dectiger.posg --concept team --backend value-iteration",
    ),
    "E603": ("posgc solve games/vendors.posg --concept team", "posgc solve games/vendors.posg --concept ce"),
    "E604": (
        "posgc solve games/dectiger.posg --concept nash --share none --backend value-iteration",
        "posgc solve games/dectiger.posg --concept nash --share none",
    ),
    "E605": (
        "posgc verify games/vendors.posg vendors.npz --concept nash",
        "posgc verify games/vendors.posg vendors.npz --concept cce",
    ),
    "E606": ("posgc check games/dectigre.posg", "posgc check games/dectiger.posg"),
    "E607": ("posgc check open.posg", "posgc check open.posg --horizon 3"),
    "E608": (
        "posgc check games/dectiger.posg --share none --replay notes.txt",
        "posgc check games/dectiger.posg --share none --replay witness.json",
    ),
    "E609": ("posgc show notes.txt", "posgc show tiger.npz"),
    "E610": ("posgc verify games/dectiger.posg tiger.npz --share full", "posgc verify games/dectiger.posg tiger.npz"),
    "E611": ("posgc check games/dectiger.posg --reward zero_sum", "posgc check games/adversarial_tiger.posg"),
    "E612": (
        "posgc solve games/dectiger.posg --concept team --option speed=3",
        "posgc solve games/dectiger.posg --concept team",
    ),
    "E613": ("posgc check games/dectiger.posg --set accuracy", "posgc check games/dectiger.posg --set accuracy=0.9"),
    "E614": ("posgc check games/dectiger.posg --require 4", "posgc check games/dectiger.posg --require 1,3"),
    "E615": (
        "posgc solve games/dectiger.posg --concept team --out nowhere/p.npz",
        "posgc solve games/dectiger.posg --concept team --out p.npz",
    ),
    "E616": (
        "posgc solve games/dectiger.posg --concept team --compress 'windw(2)'",
        "posgc solve games/dectiger.posg --concept team --compress 'window(2)'",
    ),
    "E617": (
        "posgc solve games/dectiger.posg --concept team --compress 'window(9)'",
        "posgc solve games/dectiger.posg --concept team --compress 'window(3)'",
    ),
    "E618": (
        "posgc solve games/dectiger.posg --concept team --compress auto",
        "posgc solve games/dectiger.posg --concept team --compress auto --epsilon 1",
    ),
    "E619": (
        "posgc solve games/dectiger.posg --concept team --horizon inf",
        "posgc solve games/dectiger.posg --concept team --horizon inf --discount 0.1",
    ),
    "E620": ("posgc import games/dectiger.posg", "posgc import storm.dpomdp"),
    "E624": (
        "posgc plot compression games/dectiger.posg --out tiger.txt",
        "posgc plot compression games/dectiger.posg --out tiger.svg",
    ),
    "E621": ("posgc check games/dectiger.posg --set accuracy=2", "posgc check games/dectiger.posg --set accuracy=0.9"),
    "E622": (
        "posgc check games/dectiger.posg --set accuracy=high",
        "posgc check games/dectiger.posg --set accuracy=9/10",
    ),
    "E623": ("posgc check games/dectiger.posg --horizon 2000000", "posgc check games/dectiger.posg --horizon 20"),
    "E625": ("posgc check huge.posg", "posgc check games/dectiger.posg"),
    "E631": ("posgc export games/dectiger.posg --to pdf", "posgc export games/dectiger.posg --to efg --horizon 1"),
    "E632": ("posgc export games/vendors.posg --to dpomdp", "posgc export games/vendors.posg --to efg"),
    "E633": (
        "posgc verify games/dectiger.posg tiger.npz --referee nobody",
        "posgc verify games/dectiger.posg tiger.npz",
    ),
}

CALLS = {
    "E634": ("posgc.from_arrays(T, half, R, share='full', **know)", "posgc.from_arrays(T, O, R, share='full', **know)"),
    "E635": (
        "posgc.from_arrays(T, O, R, share=posgc.LagTable('own', ((0,),), ((0,),)), **know)",
        "posgc.from_arrays(T, O, R, share=posgc.LagTable('own', ((1,),), ((0,),)), **know)",
    ),
}
"""Calls of one agent's game of two states, `T` and `O` [2, 2, 2], `R` [2, 2]."""

LINES = {
    "W701": ("# no line `reward team = 1;`", "reward team = 1;"),
    "W702": ("let f = 1;", "let f = 1;\nreward ann = f;"),
    "W703": ("reward ann = match (s) { _: 1; a: 2; };", "reward ann = match (s) { a: 2; _: 1; };"),
}

DPOMDP = """agents: 2
discount: 1.0
values: reward
states: calm storm
start:
uniform
actions:
stay go
stay go
observations:
2
2
T: * :
identity
O: * :
uniform
R: go go : calm : * : * : 5
"""

IMPORTED = {
    "I101": ("R: go go : calm : * : * : 5", "R: go go : calm : * : * : 5 6 7"),
    "I102": ("R: go go : calm : * : * : 5", "R: go fly : calm : * : * : 5"),
    "I103": ("T: * :\nidentity", "T: * :\nidentity\nT: go go : calm : storm : 0.5"),
    "I104": ("discount: 1.0\nvalues: reward", "values: reward\ndiscount: 1.0"),
    "I105": ("discount: 1.0", "discount: 1.5"),
    "W101": ("R: go go : calm : * : * : 5", "R: go go : calm : calm : * : 5\nR: go go : calm : calm : * : 7"),
    "N101": ("values: reward", "values: reward # not costs"),
    "N103": ("R: go go : calm : * : * : 5\n", "R: go go : calm : * : * : 5"),
    "N104": ("start:\nuniform", "start: uniform"),
    "N105": ("values: reward", "values: cost"),
    "N102": ("start:\nuniform", "start:\n\nuniform"),
    "N106": ("start:\nuniform", "start:\n0.333333 0.666666"),
    "N108": ("R: go go : calm : * : * : 5", "R: go go : calm : 5"),
    "N109": ("T: * :\nidentity", "T: * :\n1 0 0 1"),
    "N111": ("R: go go : calm : * : * : 5", "R: go go : calm : * : * : 5 6"),
    "N110": ("T: * :\nidentity", "T: * : identity"),
    "N107": ("values: reward", 'values: "reward"'),
}


def imported(code: str) -> str:
    """The file of the format with the line of the code in it."""
    old, wrong = IMPORTED[code]
    assert old in DPOMDP
    return DPOMDP.replace(old, wrong)


def lay_out_files(folder: Path) -> None:
    """What the commands find, next to `games`."""
    from posgc.cli.main import main
    from posgc.language.diagnostics.code_table import game

    (folder / "notes.txt").write_text("neither a policy nor a witness\n", encoding="utf-8")
    (folder / "storm.dpomdp").write_text(DPOMDP, encoding="utf-8")
    (folder / "open.posg").write_text(game("").replace("horizon 2;", ""), encoding="utf-8")
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
