"""`posgc compare GAME`: what sharing protocols are worth, at every point of a grid."""

from __future__ import annotations

import argparse

from posgc.api import compare, progress_bar
from posgc.cli.flags import add_output, add_overrides, pairs
from posgc.cli.searching import add_search, finish, require_outputs, search_arguments
from posgc.language.concepts import CONCEPTS
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.report import compared as report

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `compare`."""
    parser.add_argument("game", metavar="GAME", help="a .posg file, a file that an importer claims, or -")
    share = "a sharing protocol; repeatable; default: those of the file and the standard structures that fit"
    parser.add_argument("-s", "--share", metavar="PROTOCOL", action="append", help=share)
    parser.add_argument("-c", "--concept", choices=tuple(CONCEPTS), help="default: team for common rewards, else nash")
    setting = "value of a parameter, or several with commas between; repeatable, every combination is looked at"
    parser.add_argument("-p", "--set", metavar="K=V,…", action="append", default=[], help=setting)
    add_overrides(parser, str, "numbers of decisions, such as 2,3,5..7")
    add_search(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when every point is solved, 3 when some are not; 1 when values contradict the order of the protocols; 2 for
    wrong input and for what cannot be written; 130 after Ctrl-C, when what is known is reported."""
    require_outputs(arguments)
    with progress_bar(arguments.quiet) as progress:
        found = compare(
            arguments.game,
            arguments.share,
            arguments.concept,
            horizon=arguments.horizon,
            progress=progress,
            **search_arguments(arguments),
            settings=_settings(arguments.set),
        )
    report.require_asked_well(found.rows)
    return finish(arguments, found, report)


def _settings(words: list[str]) -> dict[str, list[str]]:
    """The values of each parameter, those of all flags that name it."""
    found: dict[str, list[str]] = {}
    for word in words:
        for name, text in pairs("--set", [word]).items():
            found.setdefault(name, []).extend(_values(name, text))
    return found


def _values(name: str, text: str) -> list[str]:
    """The values of a parameter.  Raises InputError (E613) where one is missing between two commas."""
    values = [word.strip() for word in text.split(",")]
    if not all(values):
        what = f"--set {name}={text}: a value is missing"
        raise InputError([Diagnostic("E613", what, help=f"--set {name}=0.7,0.8")])
    return values
