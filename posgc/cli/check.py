"""`posgc check GAME…`: sizes, Assumptions 1 to 3 with proof or witness, γ, and which back-ends apply."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from posgc.api import progress_bar
from posgc.assumptions import ReplayResult, replay
from posgc.cli.flags import add_game, add_output, game_of, unwritten
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source
from posgc.language.files import replace_file, require_regular, require_writable
from posgc.pipeline import Report
from posgc.report import documents, text
from posgc.report.colour import complain

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `check`."""
    add_game(parser, several=True)
    parser.add_argument(
        "--require",
        metavar="LIST",
        default="1,3",
        help="what decides the exit status: of 1, 2, 3 and gamma>=X (default 1,3)",
    )
    parser.add_argument("--witness", metavar="FILE", help="write the witness against Assumption 3 there, as JSON")
    parser.add_argument("--replay", metavar="FILE", help="recompute a witness by plain Bayes filtering, and stop")
    parser.add_argument("-v", "--verbose", action="store_true", help="proofs, witnesses, reasons and compressions too")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when all that is required holds, 1 when something fails, 3 when something is not decided; of several games the
    worst, and 2 for one that is wrong goes before all."""
    requirements = _requirements(arguments.require)
    games = arguments.game
    if len(games) == 1:
        if arguments.witness:
            require_writable(arguments.witness, games[0])
        document, status = _checked(arguments, games[0], requirements)
        if arguments.json:
            print(documents.written(document))
        return status
    for flag in ("witness", "replay"):
        if getattr(arguments, flag):
            what = f"--{flag} is for one game, and {len(games)} are named"
            raise InputError([Diagnostic("E613", what, help="name one")])
    found, statuses = [], []
    for number, game in enumerate(games):
        if number and not arguments.json:
            print()
        document, status = _attempted(arguments, game, requirements)
        found.append(document)
        statuses.append(status)
    if arguments.json:
        print(documents.written(found))
    return _worst(statuses)


def _attempted(arguments: argparse.Namespace, game: str, requirements: list[str | float]) -> tuple[documents.Json, int]:
    """As `_checked`; what is wrong with the game is said, and the others go on."""
    try:
        return _checked(arguments, game, requirements)
    except InputError as error:
        complain(error)
        return documents.mistakes(error), error.status
    except LimitError as error:
        print(f"limit: {game}: {error}", file=sys.stderr)
        return {"file": game, "status": 3, "diagnostics": [], "limit": str(error)}, 3


def _checked(arguments: argparse.Namespace, path: str, requirements: list[str | float]) -> tuple[documents.Json, int]:
    """The report on one game, printed unless it is asked for as JSON, and the exit status."""
    with progress_bar(arguments.quiet) as progress:
        game = game_of(arguments, progress, path)
        if arguments.replay:
            return _replayed(arguments, replay(game.compiled.information, _load(arguments.replay)))
        report = game.check(progress=progress)
    if not arguments.json:
        text.check(report, arguments.verbose)
    lost = _save(arguments.witness, report) if arguments.witness else 0
    return documents.check(report), _worst([lost, *(_status(report, requirement) for requirement in requirements)])


def _worst(statuses: Iterable[int]) -> int:
    return max(statuses, key=[0, 3, 1, 2].index)


def _requirements(words: str) -> list[str | float]:
    """Parsed --require: "1", "2", "3", or the least γ."""
    parsed: list[str | float] = []
    for word in words.split(","):
        gamma = re.fullmatch(r"\s*gamma\s*>=\s*(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*", word, re.ASCII)
        if gamma:
            parsed.append(float(gamma[1]))
        elif word.strip() in ("1", "2", "3"):
            parsed.append(word.strip())
        else:
            what = f"--require {words}: {word.strip() or 'nothing'} is not a requirement"
            cure = "a list of 1, 2, 3 and gamma>=X, such as --require 1,3,gamma>=0.2"
            raise InputError([Diagnostic("E614", what, help=cure)])
    return parsed


def _status(report: Report, requirement: str | float) -> int:
    gamma = report.observability.literal
    if isinstance(requirement, float):
        holds = True if gamma.lower >= requirement else False if gamma.upper < requirement else None
    else:
        holds = {"1": report.evolution.holds, "2": report.observability.holds, "3": report.independence.holds}[
            requirement
        ]
    return {True: 0, False: 1, None: 3}[holds]


def _load(path: str) -> Any:
    try:
        require_regular(path, 64 << 20)
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError([Diagnostic("E608", f"not a readable witness: {why}")], Source(path, "")) from None
    if isinstance(found, dict) and "assumptions" in found:  # a whole report of `check --json` serves as well
        found = found["assumptions"]["3"]["witness"]
    return found


def _save(path: str, report: Report) -> int:
    """The exit status where the witness cannot be written, else 0."""
    if report.independence.witness is None:
        print(f"no witness is written to {path}: Assumption 3 did not fail", file=sys.stderr)
        return 0
    content = json.dumps(report.independence.witness, indent=1).encode()
    return unwritten(lambda: replace_file(path, lambda file: file.write(content), report.compiled.request.path))


def _replayed(arguments: argparse.Namespace, result: ReplayResult) -> tuple[documents.Json, int]:
    """0 when the posteriors differ as claimed, 1 when they do not."""
    if not arguments.json:
        text.replayed(result)
    return documents.replayed(result), 0 if result.confirmed else 1
