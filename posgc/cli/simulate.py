"""`posgc simulate GAME`: play a policy, and say what it earned on average."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from posgc.api import progress_bar
from posgc.cli.flags import add_game, add_output, add_workers, game_of, positive, unwritten
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.files import replace_file, require_writable
from posgc.report import documents, text
from posgc.report.traces import trace_lines

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simulate`."""
    add_game(parser)
    parser.add_argument(
        "--policy",
        metavar="POLICY",
        default="uniform",
        help="a file written by `posgc solve --out`, uniform (default) or random:SEED",
    )
    parser.add_argument("--episodes", metavar="N", type=positive, default=10_000, help="how many (default 10000)")
    add_workers(parser, "play")
    parser.add_argument("--traces", metavar="K", type=positive, help="show the first K episodes in full")
    parser.add_argument("-o", "--out", metavar="FILE", help="write the traces there, one JSON object a line")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0, or 130 when Ctrl-C came before the last episode; what was played until then is reported."""
    traces = arguments.traces or 0
    if traces > arguments.episodes:
        raise InputError([Diagnostic("E613", f"--traces {traces} of only {arguments.episodes} episodes")])
    if arguments.out and not traces:
        raise InputError([Diagnostic("E613", "--out has no traces to write", help="say how many: --traces K")])
    if arguments.out:
        require_writable(arguments.out, arguments.game, arguments.policy)
    with progress_bar(arguments.quiet) as progress:
        game = game_of(arguments, progress)
        found = game.simulate(
            arguments.policy,
            arguments.episodes,
            traces=traces,
            workers=arguments.workers,
            ray=arguments.ray,
            progress=progress,
        )
    lost = 0

    def lines() -> Iterator[dict[str, Any]]:
        return trace_lines(game.model, found.traces) if found.traces else iter(())

    if arguments.out:
        rows = (f"{documents.written(line)}\n".encode() for line in lines())
        inputs = arguments.game, arguments.policy
        lost = unwritten(lambda: replace_file(arguments.out, lambda file: file.writelines(rows), *inputs))
    out = None if lost else arguments.out
    if arguments.json:
        print(documents.written(documents.simulate(found, [] if out else list(lines()), out)))
    else:
        text.simulate(found, out)
    if found.estimate.stopped:
        print(f"stopped after {found.estimate.episodes} of {found.asked} episodes", file=sys.stderr)
    return 130 if found.estimate.stopped else lost
