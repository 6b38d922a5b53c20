"""`posgc info GAME`: sizes, and who learns what when, in words and as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from posgc.cli.flags import add_game, add_output, request_of, unwritten
from posgc.language.files import replace_file, require_writable
from posgc.pipeline import compile_request, warned
from posgc.report import informed
from posgc.report.chart import require_drawing
from posgc.report.documents import written
from posgc.report.flow_chart import draw

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `info`."""
    add_game(parser)
    parser.add_argument("--plot", metavar="FILE", help="draw who learns what when there: .svg, .png or .pdf")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for a game that compiles."""
    picture, lost = arguments.plot, 0
    if picture:
        require_drawing(picture)
        require_writable(picture, arguments.game)
    compiled = warned(compile_request(request_of(arguments)))
    if picture:
        drawn = draw(compiled, Path(picture).suffix[1:].lower())
        lost = unwritten(lambda: replace_file(picture, lambda file: file.write(drawn), arguments.game))
    kept = None if lost else picture
    if arguments.json:
        print(written(informed.document(compiled, kept)))
    else:
        informed.text(compiled, kept)
    return lost
