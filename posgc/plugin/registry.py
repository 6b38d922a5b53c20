"""Finding plug-ins by their entry points (group `posgc`), built-in ones by the same road as a stranger's.

pluggy's own loader silently drops a second distribution that claims a name; this loop reports it, and
reports a plug-in that cannot be loaded, instead of either hiding or dying of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from posgc.compression.contract import Compression
from posgc.language.blocks.defects import block_defect
from posgc.language.blocks.nodes import package_of
from posgc.language.text.dialect import grammar_defect
from posgc.plugin import hookspecs
from posgc.plugin.backend import Backend
from posgc.plugin.block import Block
from posgc.plugin.exporter import Exporter
from posgc.plugin.importer import Importer
from posgc.plugin.referee import Referee

__all__ = ["PluginInfo", "Registry", "load_registry", "registry", "with_grammars_read"]

GROUP = "posgc"


@dataclass(frozen=True)
class PluginInfo:
    """One entry point: its name, the distribution and version it came with, and why it is out, if it is."""

    name: str
    distribution: str
    version: str
    defect: str | None = None


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


def load_registry(points: Iterable[EntryPoint]) -> Registry:
    """Load the given entry points, posgc's own first, those that need an extra after the others, then in order of name.

    The first of several with one name wins, and the first back-end that applies is the default.
    """
    manager = pluggy.PluginManager("posgc")
    manager.add_hookspecs(hookspecs)
    infos: list[PluginInfo] = []
    for point in sorted(points, key=_precedence):
        infos.append(_load(manager, point, infos))
    backends, twice_b = _by_name(manager, manager.hook.posgc_backends)
    compressions, twice_c = _by_name(manager, manager.hook.posgc_compressions)
    importers, twice_i = _by_name(manager, manager.hook.posgc_importers)
    exporters, twice_e = _by_name(manager, manager.hook.posgc_exporters)
    referees, twice_r = _by_name(manager, manager.hook.posgc_referees)
    blocks, refused = _blocks(manager, infos)
    defects = (*infos, *twice_b, *twice_c, *twice_i, *twice_e, *twice_r, *refused)
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
    except Exception as error:  # a stranger's module may raise anything at all on import
        if manager.has_plugin(point.name):
            manager.unregister(name=point.name)
        return PluginInfo(point.name, distribution, version, f"{type(error).__name__}: {error}")
    return info


def _by_name(manager: pluggy.PluginManager, hook: Callable[[], list[Any]]) -> tuple[dict[str, Any], list[PluginInfo]]:
    """What a hook's implementations offer, by name; a second of one name is reported and left out."""
    offers: dict[str, Any] = {}
    defects = []
    for group in reversed(hook()):
        for offer in group:
            if offer.name in offers:
                defects.append(PluginInfo(offer.name, "?", "?", "offered twice; the first was taken"))
            else:
                offers[offer.name] = offer
    return offers, defects


def _blocks(manager: pluggy.PluginManager, plugins: Iterable[PluginInfo]) -> tuple[dict[str, Block], list[PluginInfo]]:
    """The language blocks on offer, by name; one that is broken or collides with an earlier one is left out."""
    sources = {plugin.name: plugin for plugin in plugins if plugin.defect is None}
    offers: dict[str, Block] = {}
    refused = []
    for offered in manager.hook.posgc_blocks.get_hookimpls():
        source = sources.get(offered.plugin_name, PluginInfo(offered.plugin_name, "?", "?"))
        try:
            offers_of_one: Sequence[Block] = offered.function()  # type: ignore[assignment]
            for block in offers_of_one:
                defect = block_defect(block, offers.values())
                if defect is None:
                    offers[block.name] = block
                else:
                    refused.append(replace(source, name=_block_label(block), defect=defect))
        except Exception as error:  # a stranger's hook may raise anything at all
            refused.append(replace(source, defect=f"posgc_blocks: {type(error).__name__}: {error}"))
    return offers, refused


def _block_label(block: Block) -> str:
    return f"block {getattr(block, 'name', None) or type(block).__name__}"


def with_grammars_read(found: Registry) -> Registry:
    """The registry without the blocks whose grammar cannot be read, which are listed as defects; takes a moment."""
    broken = {name: defect for name, block in found.blocks.items() if (defect := grammar_defect(block)) is not None}
    infos = [
        PluginInfo(_block_label(found.blocks[name]), "?", "?", f"{defect} (package {package_of(found.blocks[name])})")
        for name, defect in broken.items()
    ]
    blocks = {name: block for name, block in found.blocks.items() if name not in broken}
    return replace(found, plugins=(*found.plugins, *infos), blocks=blocks)
