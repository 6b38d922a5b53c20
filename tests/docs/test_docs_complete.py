"""Everything there is stands in the documents: commands, flags, fields, hooks, codes, games, tolerances, links."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doc_blocks import ROOT, blocks, documents
from error_page import error_page

from posgc.cli.main import COMMANDS, main
from posgc.language.diagnostics.codes import CODES
from posgc.language.diagnostics.examples import imported
from posgc.language.sharing.structures import STANDARD
from posgc.marl import Run, Trained
from posgc.plugin import hookspecs
from posgc.plugin.registry import registry
from posgc.report import trained

DOCS = ROOT / "docs"
GAMES = sorted((ROOT / "games").glob("*.posg"))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """The part of a page under a heading of level two."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, title
    return found[1]


def flags_of(command: str) -> set[str]:
    parser = argparse.ArgumentParser(add_help=False)
    import_module(f"posgc.cli.{command}").add_arguments(parser)
    return {word for action in parser._actions for word in action.option_strings}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_flag_is_documented(command: str) -> None:
    page = text_of("docs/cli.md")
    assert f"[`{command}`](#{command})" in page
    assert f"`posgc {command}" in text_of("README.md")
    everywhere = section(page, "Reading a game")
    for flag in flags_of(command):
        assert f"`{flag}" in everywhere or flag in section(page, command), flag


def test_no_flag_is_documented_that_is_not_there() -> None:
    known = {flag for command in COMMANDS for flag in flags_of(command)} | {"--help", "--version", "--color"}
    foreign = {"--target", "--no-deps", "--install-extension"}
    for path in documents():
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text(encoding="utf-8")):
            assert flag in known | foreign, f"{path.name}: {flag}"


def documented_fields(name: str) -> set[str]:
    page = text_of("docs/cli.md")
    found = re.search(rf"<!-- keys of: {name} -->\n((?:\|.*\n)+)", page)
    assert found, name
    firsts = [row.split("|")[1] for row in found[1].splitlines()[2:]]
    return {field for cell in firsts for field in re.findall(r"`([^`]+)`", cell)}


OPEN = (
    "declared",
    "3.witness",
    "seconds",
    "options",
    "settings",
    "values",
    "gains",
    "steps[].private",
    "backends[].concepts",
    "reachable_differences",
    "referee",
    "history[]",
    "increment",
    "prescriptions[]",
    "posteriors[][].private",
    "mean",
    "error",
    "interval",
    "claimed",
    "traces[].state",
    "traces[].observation",
    "traces[].action",
    "traces[].reward",
    "traces[].policy",
    "labels[].span",
    "replacements[].span",
    "files[].diagnostics[]",
)
"""Fields whose inside is described in words: mappings by name, and what is described elsewhere."""


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Paths to the leaves of a JSON document: `a.b[].c`."""
    if path and path.endswith(OPEN):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], (dict, list)):
        for inner in value:
            yield from fields(inner, f"{path}[]")
    else:
        yield path


def documents_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[Any]]:
    """At least one JSON object of each kind."""
    found: dict[str, list[Any]] = {}
    policy, witness, picture = str(tmp_path / "p.npz"), str(tmp_path / "w.json"), str(tmp_path / "p.svg")
    tiger, odd = str(ROOT / "games" / "dectiger.posg"), tmp_path / "odd.dpomdp"
    odd.write_text(imported("N101"), encoding="utf-8")  # read with a note
    linked = tmp_path / "linked.posg"  # a file with a language block
    text = Path(tiger).read_text(encoding="utf-8").rstrip().removesuffix("}")
    linked.write_text(f"use network;\n{text} network {{ ring(2); }} }}", encoding="utf-8")
    wrong = tmp_path / "wrong.posg"  # a mistake with a label, and one with a replacement
    wrong.write_text(f"{text} horizon 4; let zz = tigr; }}", encoding="utf-8")
    claims = tmp_path / "claims.posg"
    claims.write_text(f"{text} expect assumption 3; }}", encoding="utf-8")
    learned = [tiger, "--concept", "team", "--backend", "latent", "--samples", "60"]
    for name, arguments in (
        ("solve", ["solve", *learned, "--option", "states=1", "--option", "bootstrap=1"]),
        ("check", ["check", tiger]),
        ("check", ["check", str(odd), "--share", "full", "--horizon", "2"]),
        ("check", ["check", tiger, "--share", "none", "--witness", witness]),
        ("replay", ["check", tiger, "--share", "none", "--replay", witness]),
        ("solve", ["solve", tiger, "--concept", "team", "--out", policy]),
        ("solve", ["solve", tiger, "--concept", "team", "--compress", "auto", "--epsilon", "1"]),
        ("plot", ["plot", "compression", tiger, "--lengths", "1", "--tols", "1e-2", "--out", picture]),
        ("verify", ["verify", tiger, policy]),
        ("compare", ["compare", tiger, "-s", "full", "-s", "none", "-H", "1", "--set", "accuracy=0.9"]),
        ("design", ["design", tiger, "--cost", "act=1, hear=1", "-H", "1"]),
        ("design", ["design", tiger, "--cost", "hear=1", "-H", "3", "--by", "item", "-b", "value-iteration"]),
        ("simulate", ["simulate", tiger, "--policy", policy, "--traces", "1"]),
        ("info", ["info", tiger]),
        ("test", ["test", "-j", "1", str(claims), str(wrong)]),
        ("info", ["info", str(linked)]),
        ("plugins", ["plugins"]),
        ("explain", ["explain", "E201"]),
        ("mistakes", ["info", str(wrong)]),
        ("mistakes", ["info", tiger, "--set", "acuracy=1"]),
    ):
        main([*arguments, "--json"])
        found.setdefault(name, []).append(json.loads(capsys.readouterr().out))
    runs = (Run(0, np.array([3200]), np.array([-1.0]), 1.0), Run(1, np.array([3200]), np.array([-2.0]), 1.0))
    found["marl"] = [trained.document(Trained("spread", "full", "mappo", 3200, runs), None, None)]
    found["witness"] = [json.loads(Path(witness).read_text(encoding="utf-8"))]
    return found


@pytest.fixture
def with_block(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """posgc as it is where a plug-in with a language block is installed."""
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "plugin" / "network_plugin"))
    registry.cache_clear()
    yield
    registry.cache_clear()


def test_every_field_of_every_json_object_is_documented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], with_block: None
) -> None:
    for name, objects in documents_of(tmp_path, capsys).items():
        written, real = documented_fields(name), {f for each in objects for f in fields(each)}
        for field in real:
            whole = {field, field.removesuffix("[]"), f"{field}[]"}
            assert any(w in whole or w.startswith((f"{field}[].", f"{field}.")) for w in written), (name, field)
        for field in written:
            known = (field, f"{field}[]")
            assert any(r.startswith((f"{field}.", f"{field}[")) or r in known for r in real), (name, field)


def test_every_hook_is_documented() -> None:
    hooks = [name for name in hookspecs.__all__ if name.startswith("posgc_")]
    assert hooks
    for hook in hooks:
        assert f"| `{hook}` |" in text_of("docs/plugins.md")


def test_the_error_page_is_up_to_date() -> None:
    page = text_of("docs/errors.md")
    assert all(code in page for code in CODES)
    assert page == error_page(), "run: python tests/docs/refresh.py docs/errors.md"


def test_codes_named_in_the_documents_exist() -> None:
    for path in documents():
        for code in re.findall(r"\b[EWN][1-9][0-9]{2}\b", path.read_text(encoding="utf-8")):
            assert code in CODES, f"{path.name}: {code}"


def test_every_standard_structure_is_documented() -> None:
    page = section(text_of("docs/language.md"), "Standard structures")
    for name in STANDARD:
        assert re.search(rf"^\| `{name}[(`]", page, re.M), name


def test_every_word_of_the_language_is_documented() -> None:
    grammar = text_of("grammars/posgc_grammars/posg.lark")
    page = text_of("docs/language.md")
    for word in set(re.findall(r'"([a-z_]{2,})"', grammar)):
        assert re.search(rf"\b{word}\b", page), word


@pytest.mark.parametrize("path", GAMES, ids=lambda p: p.stem)
def test_every_game_is_listed(path: Path) -> None:
    assert f"(games/{path.name})" in text_of("README.md")


def test_tolerances_and_limits_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(posgc[\w.]+)\.([A-Z_]+)` \| (\S+) \|", text_of("docs/mathematics.md"), re.M)
    assert len(rows) > 12
    for module, name, value in rows:
        assert getattr(import_module(module), name) == float(value), (module, name)


def _anchors(page: str) -> set[str]:
    """GitHub's anchors of the headings."""
    without_code = re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", without_code, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", documents(), ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"", page):
        link = target[0] or target[1]
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        aim = path.parent / name if name else path
        assert aim.exists(), f"{path.name}: {link}"
        if anchor:
            assert anchor in _anchors(aim.read_text(encoding="utf-8")), f"{path.name}: {link}"


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_tests_that_are_named_exist(path: Path) -> None:
    """A statement whose proof is a test names one that is there."""
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))
    there = set(re.findall(r"def (test_\w+)", code))
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"`(test_\w+)`", text)) <= there
    assert all((ROOT / name).exists() for name in re.findall(r"`(tests/[\w/]+(?:\.py)?)", text))


def test_the_two_commands_of_the_readme() -> None:
    """`.ci/run` takes the test command from the block after the comment, by these very lines."""
    page = text_of("README.md")
    found = re.search(r"^<!-- test command -->\n```sh\n([^\n]+)\n```$", page, re.M)
    assert found and found[1].startswith("python3 -m venv .venv && ") and "pytest" in found[1]
    shell = [block.text.strip() for block in blocks(ROOT / "README.md") if block.kind == "sh"]
    assert len(shell) == 2 and "posgc solve games/" in shell[0]


def test_the_map_of_imports_is_true() -> None:
    """The table of docs/architecture.md lists, for every package, exactly what may be imported; nothing else is."""
    rooms = section(text_of("docs/architecture.md"), "Rooms")
    rows = re.findall(r"^\| `([\w/.*]+)` \| [^|]* \| ([^|]*) \|$", rooms, re.M)
    table = {name: set(re.findall(r"[a-z]+", allowed)) - {"nothing"} for name, allowed in rows}
    packages = {path.name for path in (ROOT / "posgc").iterdir() if (path / "__init__.py").exists()}
    assert {name.removeprefix("posgc.") for name in table if name.startswith("posgc.")} == packages | {"pipeline"}
    order = [name.removeprefix("posgc.") for name in table if name.startswith("posgc.")]
    for name, allowed in table.items():
        if not name.startswith("posgc."):
            continue
        room = name.removeprefix("posgc.")
        if "above" in allowed:
            allowed = set(order[: order.index(room)]) - (allowed - {"all", "above", "but"})
        folder = ROOT / "posgc" / room
        used = {
            other
            for path in (folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")])
            for other in _imports(path)
        } - {room}
        assert used <= allowed, f"{name} imports {sorted(used - allowed)}"
        assert allowed <= set(order[: order.index(room)]), f"{name} may import only what stands above it"


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.startswith("posgc."):
                yield name.split(".")[1]


@pytest.mark.slow
def test_the_picture_of_the_readme_is_what_compare_draws(tmp_path: Path) -> None:
    """By the command of docs/compare.md, up to 0.2 of a point: the last digit of a coordinate may round either way."""
    path = tmp_path / "compare.svg"
    shares = (word for protocol in ("full", "one_step", "delayed(2)", "none") for word in ("--share", protocol))
    game = str(ROOT / "games" / "dectiger.posg")
    assert main(["compare", game, *shares, "--horizon", "2..7", "--plot", str(path), "--quiet"]) == 0
    number = re.compile(r"-?\d+\.?\d*")
    drawn, kept = path.read_text(encoding="utf-8"), text_of("docs/compare.svg")
    assert number.sub("#", drawn) == number.sub("#", kept), "run the command of docs/compare.md"
    pairs = zip(number.findall(drawn), number.findall(kept), strict=True)
    assert all(abs(float(a) - float(b)) <= 0.2 for a, b in pairs)
