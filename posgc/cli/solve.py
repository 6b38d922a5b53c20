"""`posgc solve GAME --concept …`: an equilibrium or team optimum, verified in the true game."""

from __future__ import annotations

import argparse
import math
import sys

from posgc.cli import documents, text
from posgc.cli.flags import add_game, add_output, add_referee, exceeds, gap, pairs, request_of, seconds
from posgc.cli.numbers import at_most
from posgc.cli.progress import progress_bar
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.numerals import real
from posgc.pipeline import Compress, Solution, compile_request, referee_of, second_opinion, solve
from posgc.policy.file import save_policy

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `solve`."""
    add_game(parser)
    parser.add_argument("--concept", required=True, choices=("team", "nash", "ce", "cce"))
    parser.add_argument("--backend", metavar="NAME", help="default: the first that applies")
    parser.add_argument("--option", metavar="K=V", action="append", default=[], help="back-end option; repeatable")
    parser.add_argument("--select", metavar="WHICH", help="which CE or CCE of each stage: welfare (default), "
                        "egalitarian, max:AGENT, entropy or any; short for --option select=WHICH")  # fmt: skip
    parser.add_argument("--epsilon", metavar="X", help="tolerated gap of a stage, short for --option epsilon=X; with "
                        "--compress auto the gap of the whole game that is to be met")  # fmt: skip
    parser.add_argument("--compress", metavar="SPEC", help="plan on compressed common information: exact, "
                        "bisimulation, 'belief(TOL)', 'window(LENGTH)' or auto")  # fmt: skip
    parser.add_argument("--time-limit", metavar="S", type=seconds,
                        help="seconds after which --compress auto tries nothing more (default 300)")  # fmt: skip
    parser.add_argument("--out", metavar="FILE", help="write the policy there (.npz)")
    parser.add_argument("--require-gap", metavar="X", type=gap, help="exit with 1 when the verified gap is larger")
    add_referee(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0; 1 when the certified gap exceeds --require-gap or the referee disagrees; 3 when --compress auto cannot meet
    --epsilon."""
    request, compress = request_of(arguments), _compress(arguments)
    options = _options(arguments, compress)
    with progress_bar(arguments.quiet) as progress:
        compiled = compile_request(request, progress)
        referee = referee_of(compiled, arguments.referee) if arguments.referee else None
        solution = solve(compiled, arguments.concept, arguments.backend, options, progress, compress)
        if arguments.out:
            save_policy(solution.policy, arguments.out, arguments.game)
    opinion = second_opinion(compiled, solution.policy, solution.verification, referee) if referee else None
    if arguments.json:
        print(documents.written(documents.solve(solution, arguments.out, opinion)))
    else:
        text.solve(solution, arguments.out, opinion)
    if solution.compression is not None and not solution.compression.met:
        best = solution.compression.certified
        reached = "no gap is certified" if best is None else f"the lowest certified gap is {at_most(best, 6)}"
        print(f"limit: no compression meets {arguments.epsilon} within the limits; {reached}, "
              f"by {solution.compression.spec}; {_cure(solution)}", file=sys.stderr)  # fmt: skip
        return 3
    certified = math.inf if solution.certified_gap is None else solution.certified_gap
    exceeded = exceeds(certified, arguments.require_gap)
    return int(exceeded or (opinion is not None and opinion.disagreement is not None))


def _options(arguments: argparse.Namespace, compress: Compress | None) -> dict[str, str]:
    """The back-end's options, those with a flag of their own among them.  Raises InputError where the two differ."""
    options = pairs("--option", arguments.option)
    short = ("select",) if compress is not None and compress.target is not None else ("select", "epsilon")
    for name in short:
        flag = getattr(arguments, name)
        if flag is None:
            continue
        if options.setdefault(name, flag) != flag:
            raise InputError([Diagnostic("E613", f"--{name} {flag} contradicts --option {name}={options[name]}",
                                         help="leave one of them out")])  # fmt: skip
    return options


def _cure(solution: Solution) -> str:
    """What may help where no compression meets the gap."""
    found, tail = solution.compression, solution.compiled.tail
    assert found is not None and found.target is not None
    if tail is not None and tail > found.target:
        return f"{tail:.3g} of it is what follows the cut, so give a finite --horizon, or a larger --epsilon"
    lossless = found.compressed.certificate is not None and found.compressed.certificate.kind == "lossless"
    return "nothing is lost there, so a smaller gap is up to the back-end" if lossless else (
        "raise --max-nodes or --time-limit, or name a finer one yourself")  # fmt: skip


def _compress(arguments: argparse.Namespace) -> Compress | None:
    """Raises InputError for a gap that is no number, and a time limit that would do nothing."""
    spec = arguments.compress
    if arguments.time_limit is not None and (spec is None or spec.strip() != "auto"):
        raise InputError([Diagnostic("E613", "--time-limit serves --compress auto only", help="leave it out")])
    if spec is None or spec.strip() != "auto":
        return None if spec is None else Compress(spec)
    try:
        target = None if arguments.epsilon is None else real(arguments.epsilon)
    except ValueError:
        target = -1.0
    if target is not None and not 0 <= target < math.inf:
        raise InputError([Diagnostic("E613", f"--epsilon {arguments.epsilon} is no gap",
                                     help="a number from 0, in the unit of the rewards")])  # fmt: skip
    return Compress("auto", target, arguments.time_limit or Compress.seconds)
