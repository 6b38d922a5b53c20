"""`posgc plugins`: what is installed, from which distribution, and what is broken."""

from __future__ import annotations

import argparse

from posgc.cli.flags import add_output
from posgc.plugin.registry import registry, with_grammars_read
from posgc.report import documents, text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `plugins`."""
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """1 when a plug-in could not be loaded."""
    found = with_grammars_read(registry())
    if arguments.json:
        print(documents.written(documents.plugins(found)))
    else:
        text.plugins(found)
    return int(any(info.defect for info in found.plugins))
