"""`posgc compare GAME`: what sharing protocols are worth, at every point of a grid."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from posgc.api import compare, progress_bar
from posgc.cli.flags import add_limits, add_output, add_overrides, pairs, positive, seconds, unwritten
from posgc.language.concepts import CONCEPTS
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.files import replace_file, require_writable
from posgc.report import compared as report
from posgc.report.chart import require_drawing
from posgc.report.colour import complain
from posgc.report.documents import written

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
    parser.add_argument("-b", "--backend", metavar="NAME", help="default: at each point the first that applies")
    option = "back-end option; repeatable"
    parser.add_argument("-O", "--option", metavar="K=V", action="append", default=[], help=option)
    parser.add_argument("--epsilon", metavar="X", help="as in solve")
    parser.add_argument("--compress", metavar="SPEC", help="as in solve")
    limit = "seconds for each point whose back-end has a time limit, as in solve"
    parser.add_argument("--time-limit", metavar="S", type=seconds, help=limit)
    add_limits(parser)
    parser.add_argument("-j", "--workers", metavar="N", type=positive, default=1, help="processes (default 1)")
    store = "keep what is found there as it comes, and take from there what is known"
    parser.add_argument("--store", metavar="FILE", help=store)
    parser.add_argument("--csv", metavar="FILE", help="write the rows there")
    parser.add_argument("--plot", metavar="FILE", help="draw them there: .svg, .png or .pdf")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when every point is solved, 3 when some are not; 1 when values contradict the order of the protocols; 2 for
    wrong input and for what cannot be written; 130 after Ctrl-C, when what is known is reported."""
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
    with progress_bar(arguments.quiet) as progress:
        found = compare(
            arguments.game,
            arguments.share,
            arguments.concept,
            horizon=arguments.horizon,
            backend=arguments.backend,
            compress=arguments.compress,
            epsilon=arguments.epsilon,
            time_limit=arguments.time_limit,
            options=pairs("--option", arguments.option),
            discount=arguments.discount,
            reward=arguments.reward,
            max_nodes=arguments.max_nodes,
            seed=arguments.seed,
            workers=arguments.workers,
            store=arguments.store,
            progress=progress,
            settings={name: _values(name, text) for name, text in pairs("--set", arguments.set).items()},
        )
    report.require_asked_well(found)
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
    report.complaints(found)
    return found.status if found.status in (1, 130) else lost or found.status


def _values(name: str, text: str) -> list[str]:
    """The values of a parameter.  Raises InputError (E613) where one is missing between two commas."""
    values = [word.strip() for word in text.split(",")]
    if not all(values):
        what = f"--set {name}={text}: a value is missing"
        raise InputError([Diagnostic("E613", what, help=f"--set {name}=0.7,0.8")])
    return values


def _write(path: str, content: bytes, game: str) -> None:
    replace_file(path, lambda file: file.write(content), game)
