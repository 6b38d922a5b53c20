"""`posgc info GAME`: sizes, and who knows what when."""

from __future__ import annotations

import argparse

from posgc.cli.flags import add_game, add_output, request_of
from posgc.pipeline import compile_request, warned
from posgc.report import documents, text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `info`."""
    add_game(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for a game that compiles."""
    compiled = warned(compile_request(request_of(arguments)))
    if arguments.json:
        print(documents.written(documents.info(compiled)))
    else:
        text.info(compiled)
    return 0
