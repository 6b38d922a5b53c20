"""`posgc check GAME`: sizes, Assumptions 1 to 3 with proof or witness, γ, and which back-ends apply."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from posgc.api import progress_bar
from posgc.assumptions import ReplayResult, replay
from posgc.cli.flags import add_game, add_output, game_of
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.language.files import replace_file, require_regular
from posgc.pipeline import Report
from posgc.report import documents, text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `check`."""
    add_game(parser)
    parser.add_argument(
        "--require",
        metavar="LIST",
        default="1,3",
        help="what decides the exit status: of 1, 2, 3 and gamma>=X (default 1,3)",
    )
    parser.add_argument("--witness", metavar="FILE", help="write the witness against Assumption 3 there, as JSON")
    parser.add_argument("--replay", metavar="FILE", help="recompute a witness by plain Bayes filtering, and stop")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when all that is required holds, 1 when something fails, 3 when something is not decided."""
    requirements = _requirements(arguments.require)
    with progress_bar(arguments.quiet) as progress:
        game = game_of(arguments, progress)
        if arguments.replay:
            return _replay(arguments, replay(game.compiled.information, _load(arguments.replay)))
        report = game.check(progress=progress)
    if arguments.witness:
        _save(arguments.witness, report)
    if arguments.json:
        print(documents.written(documents.check(report)))
    else:
        text.check(report)
    return max((_status(report, requirement) for requirement in requirements), key=[0, 3, 1].index)


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


def _save(path: str, report: Report) -> None:
    if report.independence.witness is None:
        print(f"no witness is written to {path}: Assumption 3 did not fail", file=sys.stderr)
        return
    content = json.dumps(report.independence.witness, indent=1).encode()
    replace_file(path, lambda file: file.write(content), report.compiled.request.path)


def _replay(arguments: argparse.Namespace, result: ReplayResult) -> int:
    """0 when the posteriors differ as claimed, 1 when they do not."""
    if arguments.json:
        print(documents.written(documents.replayed(result)))
    else:
        text.replayed(result)
    return 0 if result.confirmed else 1
