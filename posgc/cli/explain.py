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
    what = "codes in the brackets of diagnostics, such as E201"
    parser.add_argument("codes", metavar="CODE", nargs="+", help=what)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for codes that there are."""
    asked = {word.upper().strip("[]"): word for word in arguments.codes}
    unknown = [_unknown(word) for code, word in asked.items() if code not in CODES]
    if unknown:
        raise InputError(unknown)
    codes = [CODES[code] for code in asked]
    if arguments.json:
        made = [documents.explain(code) for code in codes]
        print(documents.written(made[0] if len(made) == 1 else made))
        return 0
    for number, code in enumerate(codes):
        if number:
            print()
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
