"""The whole extension surface: a plug-in implements any of these hooks and is found by its entry point.

# pyproject.toml of the plug-in
[project.entry-points.posgc]
my-solver = "my_package"

# my_package/__init__.py
from posgc.plugin import hookimpl

@hookimpl
def posgc_backends():
    return [MySolver()]
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from posgc.compression.contract import Compression
from posgc.plugin.backend import Backend
from posgc.plugin.block import Block
from posgc.plugin.exporter import Exporter
from posgc.plugin.importer import Importer
from posgc.plugin.referee import Referee

__all__ = [
    "hookimpl",
    "hookspec",
    "posgc_backends",
    "posgc_blocks",
    "posgc_compressions",
    "posgc_exporters",
    "posgc_importers",
    "posgc_referees",
]

hookspec = pluggy.HookspecMarker("posgc")
hookimpl = pluggy.HookimplMarker("posgc")


@hookspec
def posgc_backends() -> Sequence[Backend]:
    """Back-ends: planners and learners, selectable with `--backend NAME`."""
    return ()


@hookspec
def posgc_blocks() -> Sequence[Block]:
    """Language blocks: constructs for the files that say `use NAME;`."""
    return ()


@hookspec
def posgc_compressions() -> Sequence[Compression]:
    """Compressions of the common information, selectable with `--compress NAME(…)`."""
    return ()


@hookspec
def posgc_importers() -> Sequence[Importer]:
    """Importers: foreign formats that every command then takes in place of a `.posg` file."""
    return ()


@hookspec
def posgc_exporters() -> Sequence[Exporter]:
    """Exporters: foreign formats that `posgc export --to NAME` writes."""
    return ()


@hookspec
def posgc_referees() -> Sequence[Referee]:
    """Referees: other programs that recompute values and regrets, selectable with `--referee NAME`."""
    return ()
