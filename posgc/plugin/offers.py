"""What plug-ins offer, hook by hook: what is broken is left out and listed with its defect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

import pluggy

from posgc.language.blocks.defects import block_defect
from posgc.language.concepts import CONCEPTS
from posgc.language.diagnostics.failing import told
from posgc.plugin.block import Block

__all__ = ["MEMBERS", "PluginInfo", "block_label", "blocks_of", "offers_of"]

# What an offer of each hook can be asked.
MEMBERS = {
    "posgc_backends": ("applies", "emit"),
    "posgc_compressions": ("applies", "apply", "candidates"),
    "posgc_importers": ("applies", "read"),
    "posgc_exporters": ("applies", "export"),
    "posgc_referees": ("applies", "judge"),
}
WITH_OPTIONS = ("posgc_backends", "posgc_compressions", "posgc_exporters")


@dataclass(frozen=True)
class PluginInfo:
    """One entry point: its name, the distribution and version it came with, and why it is out, if it is."""

    name: str
    distribution: str
    version: str
    defect: str | None = None


def offers_of(
    manager: pluggy.PluginManager, hook: str, plugins: Iterable[PluginInfo]
) -> tuple[dict[str, Any], list[PluginInfo]]:
    """What the implementations of a hook offer, by name; what is broken, or is a second of one name, is left out."""
    sources = {plugin.name: plugin for plugin in plugins if plugin.defect is None}
    offers: dict[str, Any] = {}
    defects = []
    for implemented in getattr(manager.hook, hook).get_hookimpls():
        source = sources.get(implemented.plugin_name, PluginInfo(implemented.plugin_name, "?", "?"))
        try:
            group = implemented.function()
            if not isinstance(group, list | tuple):
                raise TypeError(f"it returned {type(group).__name__}, not a list")
        except (Exception, SystemExit) as error:  # a stranger's hook may raise anything at all
            defects.append(replace(source, defect=f"{hook}: {told(error)}"))
            continue
        for offer in group:
            defect = _defect(offer, hook)
            name = getattr(offer, "name", None)
            if defect is None and name in offers:
                defect = "offered twice; the first was taken"
            if defect is None:
                offers[str(name)] = offer
            else:
                defects.append(replace(source, name=name if isinstance(name, str) else source.name, defect=defect))
    return offers, defects


def _defect(offer: object, hook: str) -> str | None:
    """Why an offer does not keep the contract, as far as its members tell."""
    if isinstance(offer, type):
        return f"{hook} offers the class {offer.__name__}, not an object of it"
    for member in ("name", "summary"):
        if not isinstance(getattr(offer, member, None), str):
            return f"{hook} offers {type(offer).__name__}, which has no {member}"
    for member in MEMBERS[hook]:
        if not callable(getattr(offer, member, None)):
            return f"it has no {member}"
    if hook in WITH_OPTIONS and not (isinstance(kind := getattr(offer, "options", None), type) and is_dataclass(kind)):
        return "its options are not a dataclass"
    if hook == "posgc_backends":
        concepts, reads = getattr(offer, "concepts", ()), getattr(offer, "reads", None)
        if not concepts or not set(concepts) <= set(CONCEPTS):
            return f"its concepts are not among {', '.join(CONCEPTS)}"
        if reads not in ("model", "samples"):
            return "it reads neither model nor samples"
    return None


def blocks_of(
    manager: pluggy.PluginManager, plugins: Iterable[PluginInfo]
) -> tuple[dict[str, Block], list[PluginInfo]]:
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
                    refused.append(replace(source, name=block_label(block), defect=defect))
        except (Exception, SystemExit) as error:  # a stranger's hook may raise anything at all
            refused.append(replace(source, defect=f"posgc_blocks: {told(error)}"))
    return offers, refused


def block_label(block: Block) -> str:
    return f"block {getattr(block, 'name', None) or type(block).__name__}"
