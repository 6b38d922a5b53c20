"""`posgc solve GAME --concept …`: an equilibrium or team optimum, verified in the true game."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Mapping

from posgc.api import compression_asked, options_asked, progress_bar
from posgc.cli.flags import (
    add_declared,
    add_game,
    add_output,
    add_referee,
    declared,
    exceeds,
    game_of,
    gap,
    pairs,
    positive,
    request_of,
    seconds,
    unwritten,
)
from posgc.language.concepts import CONCEPTS, forms
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.files import require_writable
from posgc.language.rounding import at_most
from posgc.pipeline import SAMPLES, Solution, referee_of, second_opinion
from posgc.plugin.registry import registry
from posgc.report import documents, text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `solve`."""
    add_game(parser)
    parser.add_argument("-c", "--concept", required=True, choices=tuple(CONCEPTS))
    parser.add_argument(
        "--form",
        choices=forms(),
        help="of a ce or cce: which deviations it withstands; default: as the back-end that applies has it",
    )
    parser.add_argument("-b", "--backend", metavar="NAME", help="default: the first that applies")
    option = "back-end option; repeatable"
    parser.add_argument("-O", "--option", metavar="K=V", action="append", default=[], help=option)
    add_declared(parser, (backend.options for backend in registry().backends.values()))
    parser.add_argument(
        "--epsilon",
        metavar="X",
        help="tolerated gap of a stage, short for --option epsilon=X; with "
        "--compress auto the gap of the whole game that is to be met",
    )
    parser.add_argument(
        "--compress",
        metavar="SPEC",
        help="plan on compressed common information: auto, or NAME or 'NAME(VALUE)' as `posgc plugins` lists them",
    )
    parser.add_argument(
        "--time-limit",
        metavar="S",
        type=seconds,
        help="seconds after which a search stops, with the bracket and the best policy so far; short for --option "
        "time-limit=S; with --compress auto seconds after which nothing more is tried (default 300)",
    )
    parser.add_argument(
        "--samples",
        metavar="N",
        type=positive,
        help=f"joint steps of the environment that a back-end that learns may take (default {SAMPLES:,})",
    )
    parser.add_argument("-o", "--out", metavar="FILE", help="write the policy there (.npz)")
    parser.add_argument("--require-gap", metavar="X", type=gap, help="exit with 1 when the verified gap is larger")
    add_referee(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0; 1 when the certified gap exceeds --require-gap or the referee disagrees; 3 when --compress auto cannot meet
    --epsilon, or when the back-end stopped at a limit with a policy that is less than was asked for; 130 when Ctrl-C
    made it stop so."""
    request_of(arguments)  # its mistakes come first, then those of the flags below, then the file's
    compress = compression_asked(arguments.compress, arguments.epsilon, arguments.time_limit)
    flags = declared(backend.options for backend in registry().backends.values())
    named = {flag.option: getattr(arguments, name) for name, flag in flags.items()} | {"form": arguments.form}
    given = pairs("--option", arguments.option)
    options = options_asked(given, named, arguments.epsilon, compress, arguments.time_limit)
    if arguments.out:
        _require_apart(arguments.out, options)
        require_writable(arguments.out, arguments.game)
    with progress_bar(arguments.quiet) as progress:
        game = game_of(arguments, progress)
        referee = referee_of(game.compiled, arguments.referee) if arguments.referee else None
        solution = game.solve(
            arguments.concept,
            arguments.backend,
            compress,
            options=options,
            samples=arguments.samples,
            progress=progress,
        )
    lost = arguments.out and unwritten(lambda: solution.policy.save(arguments.out, arguments.game))
    written = None if lost else arguments.out
    opinion = None
    if referee is not None:
        opinion = second_opinion(solution.compiled, solution.policy, solution.judgement, referee)
    if arguments.json:
        print(documents.written(documents.solve(solution, written, opinion)))
    else:
        text.solve(solution, written, opinion)
    if lost:
        return int(lost)
    if solution.compression is not None and not solution.compression.met:
        best = solution.compression.certified
        reached = "no gap is certified" if best is None else f"the lowest certified gap is {at_most(best, 6)}"
        print(
            f"limit: no compression meets {arguments.epsilon} within the limits; {reached}, "
            f"by {solution.compression.spec}; {_cure(solution)}",
            file=sys.stderr,
        )
        return 3
    stopped = solution.policy.claim.stopped
    if stopped is not None:
        print(f"limit: {stopped}; what is printed holds, and the policy is the best found so far", file=sys.stderr)
        return 130 if stopped == "interrupted" else 3
    certified = math.inf if solution.certified_gap is None else solution.certified_gap
    exceeded = exceeds(certified, arguments.require_gap)
    return int(exceeded or (opinion is not None and opinion.disagreement is not None))


def _require_apart(out: str, options: Mapping[str, object]) -> None:
    """Raises InputError (E615) where the policy would replace another file of the run."""
    for name in ("checkpoint", "curve"):
        other = options.get(name)
        if isinstance(other, str) and os.path.realpath(out) == os.path.realpath(other):
            what = f"cannot write {out}: it is the {name}"
            raise InputError([Diagnostic("E615", what, help="give another file name")])


def _cure(solution: Solution) -> str:
    """What may help where no compression meets the gap."""
    found, tail = solution.compression, solution.compiled.tail
    assert found is not None and found.target is not None
    if tail is not None and tail > found.target:
        return f"{tail:.3g} of it is what follows the cut, so give a finite --horizon, or a larger --epsilon"
    lossless = found.compressed.certificate is not None and found.compressed.certificate.kind == "lossless"
    return (
        "nothing is lost there, so a smaller gap is up to the back-end"
        if lossless
        else ("raise --max-nodes or --time-limit, or name a finer one yourself")
    )
