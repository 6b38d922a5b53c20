"""`posgc import FILE`: a foreign file as a readable, formatted `.posg` file that gives the same model."""

from __future__ import annotations

import argparse
import sys

from posgc.cli.flags import add_overrides
from posgc.language.files import replace_file, require_writable
from posgc.language.numerals import plural
from posgc.pipeline import Request, translate
from posgc.report.colour import complain

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `import`."""
    parser.add_argument("file", metavar="FILE", help="a file that an importer claims, or - for standard input")
    parser.add_argument("-o", "--out", metavar="FILE", help="write the .posg text there; default: standard output")
    add_overrides(parser)


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for a file that can be read and written."""
    given = arguments
    if given.out is not None:
        require_writable(given.out, given.file)
    translation = translate(Request(given.file, horizon=given.horizon, discount=given.discount, reward=given.reward))
    for diagnostic in translation.diagnostics:
        complain(diagnostic, translation.source)
    if given.out is None:
        sys.stdout.write(translation.text)
    else:
        replace_file(given.out, lambda file: file.write(translation.text.encode()), given.file)
        lines = translation.text.count("\n")
        print(
            f"wrote {given.out}: {plural(lines, 'line')}, "
            f"{plural(translation.model.n_states, 'state')}, read as {translation.format}"
        )
    return 0
