"""Scripts that use several processes: without `if __name__ == "__main__"`, and on standard input."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GAME = str(ROOT / "games" / "dectiger.posg")

COMPARE = f"""import posgc
table = posgc.compare({GAME!r}, ["full", "none"], horizon="1..2", workers=2)
print([round(row.values[0], 9) for row in table.rows])
"""
LEARN = f"""import posgc
game = posgc.load({GAME!r}, share="one_step", horizon=2)
print(game.solve("team", backend="laci", samples=1200, workers=2).values["ann"])
"""
OWN = """import sys
sys.path.insert(0, {folder!r})
import posgc.learn
from test_resuming import Coin

class Mine(Coin):
    pass

{guard}shared = posgc.learn.share(Mine(), "delayed(1)", horizon=2, rewards="common")
{guard}print(shared.solve("team", 600, options={{"rounds": 2, "workers": 2}}).claim.stopped)
"""
GUARD = 'if __name__ == "__main__": '


def ran(tmp_path: Path, text: str, how: str) -> subprocess.CompletedProcess[str]:
    """A script that is run from its file, or comes from standard input."""
    path = tmp_path / "script.py"
    path.write_text(text, encoding="utf-8")
    paths = os.pathsep.join([*sys.path, str(ROOT / "tests")])
    return subprocess.run(
        [sys.executable, str(path) if how == "file" else "-"],
        input=None if how == "file" else text,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", ["file", "input"])
@pytest.mark.parametrize(("text", "said"), [(COMPARE, "[-2.0, -2.0, 10.815, -4.0]"), (LEARN, "-4.0")])
def test_scripts_need_no_guard(text: str, said: str, how: str, tmp_path: Path) -> None:
    done = ran(tmp_path, text, how)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, said, "")


@pytest.mark.slow
def test_what_a_program_defines_is_sent_where_it_can_be(tmp_path: Path) -> None:
    """An environment of the script itself: below a guard it can be sent; else one error says what to do."""
    text = {guard: OWN.format(folder=str(ROOT / "tests" / "learning"), guard=guard) for guard in ("", GUARD)}
    done = ran(tmp_path, text[GUARD], "file")
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")
    for how, why in (("file", 'below `if __name__ == "__main__":`'), ("input", "write that into a file")):
        done = ran(tmp_path, text[""], how)
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.count("Traceback") == 1 and "E641" in done.stderr and why in done.stderr
