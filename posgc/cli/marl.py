"""`posgc marl ENV`: train MAPPO or IPPO where agents read what a sharing protocol brings them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from posgc.api import progress_bar
from posgc.cli.flags import add_output, positive, unwritten
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.files import replace_file, require_writable
from posgc.learn import share
from posgc.marl import ALGORITHMS, Trained, particles, train
from posgc.marl.particles import HORIZON
from posgc.report import trained as report
from posgc.report.chart import require_drawing
from posgc.report.documents import written
from posgc.report.returns import draw

__all__ = ["add_arguments", "run"]

STEPS, SEEDS = 300_000, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `marl`."""
    parser.add_argument("environment", metavar="ENV", help="spread, speaker_listener or reference")
    parser.add_argument("-s", "--share", metavar="PROTOCOL", help="sharing protocol: full, 'delayed(2)', none, ...")
    parser.add_argument("--algorithm", choices=tuple(ALGORITHMS), default="mappo", help="default: mappo")
    parser.add_argument(
        "--steps",
        metavar="N",
        type=positive,
        default=STEPS,
        help=f"joint steps of the environment that each seed may take (default {STEPS:,})",
    )
    parser.add_argument(
        "--seeds", metavar="K", type=positive, default=SEEDS, help=f"train on seeds 0 to K - 1 (default {SEEDS})"
    )
    parser.add_argument("-o", "--out", metavar="FILE", help="write returns against joint steps there (CSV)")
    parser.add_argument("--plot", metavar="FILE", help="draw them there: .svg, .png or .pdf")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0, or 130 when Ctrl-C came before the last seed's end; what was played until then is reported."""
    out, picture = arguments.out, arguments.plot
    if picture:
        require_drawing(picture)
    for path in filter(None, (out, picture)):
        require_writable(path)
    if out and picture and os.path.realpath(out) == os.path.realpath(picture):
        what = f"cannot write {out}: --out and --plot name one file"
        raise InputError([Diagnostic("E615", what, help="give another file name")])
    os.environ.setdefault("TQDM_DISABLE", "1")  # BenchMARL's own bar

    lost = 0

    def keep(found: Trained) -> None:
        nonlocal lost
        if out:
            lost = unwritten(lambda: replace_file(out, lambda file: file.write(report.rows([found]))))

    shared = share(particles(arguments.environment), arguments.share, horizon=HORIZON)
    with progress_bar(arguments.quiet) as progress:
        found = train(
            shared, arguments.environment, arguments.algorithm, arguments.steps, arguments.seeds, progress, keep
        )
    out = None if lost else out
    if picture:
        drawing = draw([found], Path(picture).suffix[1:].lower())
        undrawn = unwritten(lambda: replace_file(picture, lambda file: file.write(drawing)))
        lost, picture = lost or undrawn, None if undrawn else picture
    if arguments.json:
        print(written(report.document(found, out, picture)))
    else:
        report.text(found, [path for path in (out, picture) if path])
    return 130 if found.stopped else lost
