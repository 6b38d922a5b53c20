"""Imports point down the list of rooms, without cycles; plug-ins see only what the contract lets them see."""

import ast
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = [
    "language",
    "workers",
    "model",
    "information",
    "assumptions",
    "equilibrium",
    "policy",
    "play",
    "judge",
    "coordination",
    "extensive",
    "planning",
    "learning",
    "compression",
    "plugin",
    "learn",
    "marl",
    "pipeline",
    "report",
    "api",
    "lsp",
    "cli",
]
FOR_PLUGINS = {
    "plugin",
    "workers",
    "model",
    "information",
    "compression",
    "equilibrium",
    "policy",
    "judge",
    "coordination",
    "extensive",
    "planning",
    "play",
    "learning",
}


@cache
def imports_of(path: Path) -> set[str]:
    """What a file imports, deferred imports included: modules by name, other names with their module's."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def modules_of(path: Path) -> set[str]:
    """The core modules that a file imports."""
    return {name if name in CORE else name.rpartition(".")[0] for name in imports_of(path)} & CORE.keys()


def module_name(path: Path, base: Path) -> str:
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


CORE = {module_name(p, ROOT): p for p in sorted((ROOT / "posgc").rglob("*.py"))}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_every_room_is_known():
    assert {room(m) for m in CORE} - {""} == set(ROOMS)


@pytest.mark.parametrize("module", CORE)
def test_imports_point_down(module):
    for name in imports_of(CORE[module]):
        if name.startswith("posgc.") and room(module):
            target = room(name)
            if module == "posgc.cli.main" and target == "__version__":
                continue
            assert ROOMS.index(target) <= ROOMS.index(room(module)), f"{module} imports {name}"


def test_equilibrium_imports_nothing_of_ours():
    for module, path in CORE.items():
        if room(module) == "equilibrium":
            ours = {n for n in imports_of(path) if n.startswith("posgc") and not n.startswith("posgc.equilibrium")}
            assert not ours, f"{module} imports {ours}"


def test_no_cycles_between_modules():
    graph = nx.DiGraph()
    for module, path in CORE.items():
        graph.add_edges_from((module, name) for name in modules_of(path) if name != module)
    assert list(nx.simple_cycles(graph)) == []


def test_core_names_no_plugin():
    plugins = {p.name for p in (ROOT / "plugins").iterdir() if p.is_dir()}
    for module, path in CORE.items():
        assert not {n.split(".")[0] for n in imports_of(path)} & plugins, module


def test_plugins_see_only_the_contract():
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        own = path.relative_to(ROOT / "plugins").parts[0]
        for name in imports_of(path):
            top = name.split(".")[0]
            assert top == own or not top.startswith("posgc_") or top == "posgc_grammars", f"{path} imports {name}"
            if top == "posgc" and "." in name:
                assert room(name) in FOR_PLUGINS, f"{path} imports {name}"


@pytest.mark.parametrize("module", CORE)
def test_all_is_exact(module):
    """`__all__` names exactly what the module defines for others, and nothing that is not there."""
    tree = ast.parse(CORE[module].read_text(encoding="utf-8"))
    tree.body += [n for block in tree.body if isinstance(block, ast.If) for n in block.body]  # if TYPE_CHECKING
    named = next((n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "__all__"), None)
    defined = {n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    assigned = [t for n in tree.body if isinstance(n, ast.Assign) for t in n.targets]
    defined |= {name.id for target in assigned for name in ast.walk(target) if isinstance(name, ast.Name)}
    defined |= {n.target.id for n in tree.body if isinstance(n, ast.AnnAssign)}
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            defined |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if named is None:
        assert not {d for d in defined if not d.startswith("_")} or module == "posgc.cli", f"{module} has no __all__"
        return
    exported = set(ast.literal_eval(named))
    assert exported <= defined, exported - defined
    if not module.endswith(("hookspecs",)) and CORE[module].name != "__init__.py":
        public = {n.name for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")}
        imported_elsewhere = {
            name.rpartition(".")[2]
            for other, p in CORE.items()
            if other != module
            for name in imports_of(p)
            if name.startswith(module + ".")
        }
        assert imported_elsewhere & public <= exported, (imported_elsewhere & public) - exported
