"""What the commands share that solve many points: how to solve, processes and store, and files of rows and pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from posgc.cli.flags import add_limits, pairs, positive, seconds, unwritten
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.files import replace_file, require_writable
from posgc.pipeline import Comparison, Design
from posgc.report.chart import require_drawing
from posgc.report.colour import complain
from posgc.report.compared import complaints
from posgc.report.documents import written

__all__ = ["add_search", "finish", "require_outputs", "search_arguments"]


def add_search(parser: argparse.ArgumentParser) -> None:
    """Flags of how every point is solved, and where rows go."""
    parser.add_argument("-b", "--backend", metavar="NAME", help="default: at each point the first that applies")
    option = "back-end option; repeatable"
    parser.add_argument("-O", "--option", metavar="K=V", action="append", default=[], help=option)
    parser.add_argument("--epsilon", metavar="X", help="as in solve")
    parser.add_argument("--compress", metavar="SPEC", help="as in solve")
    limit = "seconds for each point whose back-end has a time limit, as in solve"
    parser.add_argument("--time-limit", metavar="S", type=seconds, help=limit)
    add_limits(parser)
    parser.add_argument("-j", "--workers", metavar="N", type=positive, help="processes (default 1, or all of --ray)")
    ray = "a Ray cluster whose processes solve the points: auto, local, HOST:PORT or ray://HOST:PORT"
    parser.add_argument("--ray", metavar="ADDRESS", help=ray)
    store = "keep what is found there as it comes, and take from there what is known"
    parser.add_argument("--store", metavar="FILE", help=store)
    parser.add_argument("--csv", metavar="FILE", help="write the rows there")
    parser.add_argument("--plot", metavar="FILE", help="draw them there: .svg, .png or .pdf")


def search_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """What these flags are for `posgc.compare` and its like."""
    return {
        "backend": arguments.backend,
        "compress": arguments.compress,
        "epsilon": arguments.epsilon,
        "time_limit": arguments.time_limit,
        "options": pairs("--option", arguments.option),
        "discount": arguments.discount,
        "reward": arguments.reward,
        "max_nodes": arguments.max_nodes,
        "seed": arguments.seed,
        "workers": arguments.workers,
        "ray": arguments.ray,
        "store": arguments.store,
    }


def require_outputs(arguments: argparse.Namespace) -> None:
    """Raises InputError (E613, E615, E624) where the files that are asked for cannot be written."""
    outputs = [path for path in (arguments.csv, arguments.plot) if path]
    if len({Path(path).resolve() for path in [*outputs, *([arguments.store] if arguments.store else [])]}) < len(
        outputs
    ) + bool(arguments.store):
        what = "two of --store, --csv and --plot name one file"
        raise InputError([Diagnostic("E613", what, help="give each a name of its own")])
    if arguments.plot:
        require_drawing(arguments.plot)
    for path in outputs:
        require_writable(path, arguments.game)


def finish(arguments: argparse.Namespace, found: Comparison | Design, report: Any) -> int:
    """Writes the files that are asked for, prints what was found, and returns the exit status.

    `report` is the module of `posgc.report` that speaks of it: `rows`, `draw`, `document` and `text`.  A file that
    cannot be written after all is complained of, and the result printed all the same.
    """
    kept: dict[str, str] = {}
    lost = 0
    makers: dict[str, Callable[[str], bytes]] = {
        "csv": lambda path: report.rows(found),
        "plot": lambda path: report.draw(found, Path(path).suffix[1:].lower()),
    }
    for kind, make in makers.items():
        path = getattr(arguments, kind)
        if path:
            failed = unwritten(lambda: _write(path, make(path), arguments.game))  # noqa: B023 (called at once)
            lost = lost or failed
            kept |= {} if failed else {kind: path}
    if found.unkept is not None:
        complain(found.unkept)
    if arguments.json:
        print(written(report.document(found, kept)))
    else:
        report.text(found, kept)
    complaints(found)
    return found.status if found.status in (1, 130) else lost or found.status


def _write(path: str, content: bytes, game: str) -> None:
    replace_file(path, lambda file: file.write(content), game)
