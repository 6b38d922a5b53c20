"""`posgc export GAME --to FORMAT`: the game and its protocol in another program's format."""

from __future__ import annotations

import argparse
import io
import sys
from typing import BinaryIO

from posgc.cli.flags import add_game, pairs, request_of
from posgc.language.files import replace_file, require_writable
from posgc.pipeline import compile_request, exporter_of

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `export`."""
    add_game(parser)
    parser.add_argument(
        "-t", "--to", required=True, metavar="FORMAT", help="one of the exporters that `posgc plugins` lists"
    )
    parser.add_argument("-o", "--out", metavar="FILE", default="-", help="write there; standard output without it")
    option = "exporter option; repeatable"
    parser.add_argument("-O", "--option", metavar="K=V", action="append", default=[], help=option)


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for a game that the format can hold."""
    options = pairs("--option", arguments.option)
    if arguments.out != "-":
        require_writable(arguments.out, arguments.game)
    compiled = compile_request(request_of(arguments))
    exporter, chosen = exporter_of(compiled, arguments.to, options)

    def write(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
        exporter.export(compiled.information, chosen, text)
        text.flush()
        text.detach()

    if arguments.out == "-":
        exporter.export(compiled.information, chosen, sys.stdout)
    else:
        replace_file(arguments.out, write, arguments.game)
    return 0
