"""What the extension of VS Code starts and shows, with stand-ins for VS Code and for its client of the protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CODE = Path(__file__).parents[2] / "docs" / "editors" / "vscode"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node")

FILES = [{"scheme": "file", "language": "posg"}, {"scheme": "untitled", "language": "posg"}]
START = ["start", ["posgc", "lsp"], FILES]


def happens(*what: str) -> list[Any]:
    ran = subprocess.run(
        [str(NODE), str(Path(__file__).with_name("stub.js")), str(CODE / "extension.js"), *what],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_it_serves_files_and_what_is_not_saved_yet() -> None:
    """And not the earlier texts that a comparison shows, whose mistakes nobody can mend."""
    assert happens() == [START, ["stop"]]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Launching server using command posgc failed. Error: spawn posgc ENOENT", "there is no such program"),
        ("Pending response rejected since connection got disposed", "it ended, and the output says why"),
    ],
)
def test_a_server_that_does_not_run_is_told_once_with_its_cure(reason: str, words: str) -> None:
    start, closed, shown = happens(f"die:{reason}")
    assert start == START and closed == ["closed", {"action": 1, "handled": True}]
    assert shown[0] == "shown" and shown[2] == ["Open Setting", "Show Output"]
    assert shown[1].startswith(f"`posgc lsp` does not run: {words}.")
    assert "pip install 'posgc[lsp]'" in shown[1] and "posgc.command" in shown[1]


def test_a_server_that_crashed_is_started_again() -> None:
    assert happens("crash") == [START, ["closed", {"action": 2}], ["stop"]]


def test_a_new_setting_and_the_command_start_the_server_anew() -> None:
    there = ["start", ["there/posgc", "lsp"], FILES]
    assert happens("setting:there/posgc lsp", "restart") == [START, ["stop"], there, ["stop"], there, ["stop"]]
    died = happens("die:spawn posgc ENOENT", "setting:there/posgc lsp")
    assert died[0] == START and died[3:] == [there, ["stop"]]


def test_nothing_runs_in_a_folder_that_nobody_trusts() -> None:
    assert happens("setting:there/posgc lsp", "trust")[:1] == [["start", ["there/posgc", "lsp"], FILES]]
    package = json.loads((CODE / "package.json").read_text(encoding="utf-8"))
    assert package["capabilities"]["untrustedWorkspaces"]["supported"] == "limited"


def test_the_commands_of_the_package_are_those_of_the_code() -> None:
    package = json.loads((CODE / "package.json").read_text(encoding="utf-8"))
    code = (CODE / "extension.js").read_text(encoding="utf-8")
    assert [c["command"] for c in package["contributes"]["commands"]] == ["posgc.restart"]
    assert 'registerCommand("posgc.restart"' in code and 'SETTING = "posgc.command"' in code
