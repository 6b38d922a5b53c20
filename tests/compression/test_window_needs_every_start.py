"""The certificate of a window rests on Assumption 3 from every (s, p): docs/compression.md, section 5."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posgc.assumptions import strategy_independence
from posgc.cli.main import main
from posgc.information.items import Information
from posgc.language import Source, compile_game
from posgc.language.sharing.requests import protocol
from posgc.model import tabulate

# Ann alone sees whether the state, a fresh coin at every step, is the one before.  To who knows nothing of the states
# that is a coin of its own, and an action chosen on it tells nothing of the state; to who knew the one before it does.
ECHO = """game echo { horizon 4; agents ann, bob; state s: 0..1; action act[i]: 0..1; observation same[ann]: bool;
  init s ~ uniform; next s ~ uniform; observe same[ann] = s' == s; reward team = count(i: act[i] == s);
  share echo { act after 1; forget after 0; } }"""


@pytest.mark.parametrize(("start", "holds"), [("s ~ uniform", True), ("s = 0", False), ("s = 1", False)])
def test_the_assumption_may_hold_from_the_start_and_not_from_every_state(start: str, holds: bool) -> None:
    game = compile_game(Source("echo", ECHO.replace("s ~ uniform", start, 1)))
    model = tabulate(game)
    verdict = strategy_independence(Information(model, protocol(model.signature, None, game)))
    assert verdict.holds is holds and verdict.method == "exact" and not verdict.any_start


def test_the_certificate_is_not_used_then(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "echo.posg"
    path.write_text(ECHO)
    words = ["solve", str(path), "--concept", "team", "--compress", "window(1)", "--json", "--quiet"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)["compression"]
    assert {bound["kind"] for bound in found["bounds"]} == {"measured"}
    shared = ECHO.replace("forget after 0;", "same after 1; forget after 9;")
    path.write_text(shared)
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)["compression"]
    assert {bound["kind"] for bound in found["bounds"]} == {"measured", "expected"}
