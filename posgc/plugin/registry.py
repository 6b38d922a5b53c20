"""Finding plug-ins by their entry points (group `posgc`), built-in ones by the same road as a stranger's.

pluggy's own loader silently drops a second distribution that claims a name; this loop reports it, and
reports a plug-in that cannot be loaded, instead of either hiding or dying of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points

import pluggy

from posgc.compression.contract import Compression
from posgc.language.blocks.nodes import package_of
from posgc.language.diagnostics.failing import told
from posgc.language.text.dialect import grammar_defect
from posgc.plugin import hookspecs
from posgc.plugin.backend import Backend
from posgc.plugin.block import Block
from posgc.plugin.exporter import Exporter
from posgc.plugin.importer import Importer
from posgc.plugin.offers import MEMBERS, PluginInfo, block_label, blocks_of, offers_of
from posgc.plugin.referee import Referee

__all__ = ["PluginInfo", "Registry", "load_registry", "registry", "with_grammars_read"]

GROUP = "posgc"


@dataclass(frozen=True)
class Registry:
    """All that the installed plug-ins offer, by name, and the plug-ins themselves."""

    plugins: tuple[PluginInfo, ...]
    backends: dict[str, Backend]
    compressions: dict[str, Compression]
    importers: dict[str, Importer]
    exporters: dict[str, Exporter]
    referees: dict[str, Referee]
    blocks: dict[str, Block]

    def is_ours(self, offer: object) -> bool:
        """Whether the module that made the offer came with posgc."""
        top = type(offer).__module__.partition(".")[0]
        return any(top in (home, "posgc") for home in self._homes)

    @cached_property
    def _homes(self) -> frozenset[str]:
        points = entry_points(group=GROUP)
        ours = (p.value.partition(" ")[0] for p in points if p.dist is not None and p.dist.name == "posgc")
        return frozenset(value.partition(".")[0].partition(":")[0] for value in ours)


def load_registry(points: Iterable[EntryPoint]) -> Registry:
    """Load the given entry points, posgc's own first, those that need an extra after the others, then in order of name.

    The first of several with one name wins, and the first back-end that applies is the default.
    """
    manager = pluggy.PluginManager("posgc")
    manager.add_hookspecs(hookspecs)
    infos: list[PluginInfo] = []
    for point in sorted(points, key=_precedence):
        infos.append(_load(manager, point, infos))
    found = {hook: offers_of(manager, hook, infos) for hook in MEMBERS}
    blocks, refused = blocks_of(manager, infos)
    defects = (*infos, *(defect for _, wrong in found.values() for defect in wrong), *refused)
    backends, compressions, importers, exporters, referees = (offers for offers, _ in found.values())
    return Registry(defects, backends, compressions, importers, exporters, referees, blocks)


@cache
def registry() -> Registry:
    """The registry of everything installed, loaded once."""
    return load_registry(entry_points(group=GROUP))


def _precedence(point: EntryPoint) -> tuple[bool, bool, str, str]:
    """Installing a stranger's plug-in, or an extra, must not change what is chosen without it."""
    return point.dist is None or point.dist.name != "posgc", bool(point.extras), point.name, point.value


def _load(manager: pluggy.PluginManager, point: EntryPoint, earlier: list[PluginInfo]) -> PluginInfo:
    distribution, version = (point.dist.name, point.dist.version) if point.dist else ("?", "?")
    info = PluginInfo(point.name, distribution, version)
    twin = next((e for e in earlier if e.name == point.name and e.defect is None), None)
    if twin is not None:
        if twin.distribution == distribution:
            return PluginInfo(point.name, distribution, version, "declared twice by this distribution")
        return PluginInfo(point.name, distribution, version, f"the name is taken by {twin.distribution} {twin.version}")
    try:
        manager.register(point.load(), name=point.name)
        manager.check_pending()
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything at all on import
        if manager.has_plugin(point.name):
            manager.unregister(name=point.name)
        return PluginInfo(point.name, distribution, version, told(error))
    return info


def with_grammars_read(found: Registry) -> Registry:
    """The registry without the blocks whose grammar cannot be read, which are listed as defects; takes a moment."""
    broken = {name: defect for name, block in found.blocks.items() if (defect := grammar_defect(block)) is not None}
    infos = [
        PluginInfo(block_label(found.blocks[name]), "?", "?", f"{defect} (package {package_of(found.blocks[name])})")
        for name, defect in broken.items()
    ]
    blocks = {name: block for name, block in found.blocks.items() if name not in broken}
    return replace(found, plugins=(*found.plugins, *infos), blocks=blocks)
