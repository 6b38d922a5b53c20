"""The core names no plug-in, in string literals either: what plug-ins offer is asked of the registry."""

import ast
import re
from importlib.metadata import entry_points
from pathlib import Path

from posgc.plugin.options import flags_of
from posgc.plugin.registry import GROUP, load_registry

CORE = Path(__file__).resolve().parent.parent / "posgc"

ORDINARY = {"exact", "belief", "window"}
"""Names that are words of the field as well: they count only where they are called, as in `belief(0.1)`."""

OWN = {"test.py": {"--workers"}, "flags.py": {"--workers", "--ray"}}
"""Flags that commands of the core have for themselves, by the file: `test`, `compare`, `design` and `simulate` take no
flag of a plug-in."""


def offered() -> tuple[set[str], set[str]]:
    """The names of all that the built-in plug-ins offer, and the options and flags that they declare."""
    found = load_registry(p for p in entry_points(group=GROUP) if p.dist is not None and p.dist.name == "posgc")
    groups = (found.backends, found.compressions, found.importers, found.exporters, found.referees)
    names = {name for group in groups for name in group} | {info.name for info in found.plugins}
    kinds = [x.options for group in (found.backends, found.compressions) for x in group.values()]
    flags = {flag.name for kind in kinds for flag in flags_of(kind)}
    return names, flags


def literals(path: Path) -> list[tuple[int, str]]:
    """The string literals of a file with their lines, without its docstrings and other bare strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
    ]


def test_no_literal_names_a_plugin():
    names, flags = offered()
    assert {"value-iteration", "window", "belief", "gambit", "efg"} <= names and "--select" in flags
    wrong = []
    for path in sorted(CORE.rglob("*.py")):
        for line, text in literals(path):
            for name in names:
                called = re.search(rf"(?<![\w-]){re.escape(name)}\((?=[\w'\"{{])", text)
                if called or (text == name and name not in ORDINARY):
                    wrong.append(f"{path.name}:{line}: {text!r} names {name}")
            foreign = flags - OWN.get(path.name, set())
            wrong += [f"{path.name}:{line}: {text!r} names {flag}" for flag in foreign if flag in text.split()]
    assert not wrong, "\n".join(wrong)
