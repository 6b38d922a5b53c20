"""`posgc explain CODE`: what a diagnostic means, with an example of the mistake and the same put right."""

from __future__ import annotations

import argparse

from posgc.cli.flags import add_output
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.diagnostics.codes import CODES
from posgc.language.diagnostics.likeness import suggestion
from posgc.report import documents, text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `explain`."""
    parser.add_argument("code", metavar="CODE", help="the code in the brackets of a diagnostic, such as E201")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for a code that there is."""
    code = CODES.get(arguments.code.upper().strip("[]"))
    if code is None:
        raise InputError([_unknown(arguments.code)])
    if arguments.json:
        print(documents.written(documents.explain(code)))
    else:
        text.explain(code)
    return 0


def _unknown(code: str) -> Diagnostic:
    if "." in code:
        block = code.partition(".")[0]
        return Diagnostic(
            "E645", f"{code} is a code of the language block {block}", help="its plug-in says what it means"
        )
    cure = suggestion(code.upper(), CODES) or "codes are E, W, I or N and three digits, such as E201"
    return Diagnostic("E645", f"there is no code {code}", help=cure)
