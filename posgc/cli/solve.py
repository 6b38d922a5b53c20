"""`posgc solve GAME --concept …`: an equilibrium or team optimum, verified in the true game."""

from __future__ import annotations

import argparse
import json

from posgc.cli import documents, text
from posgc.cli.flags import add_game, add_output, add_referee, gap, pairs, request_of
from posgc.cli.progress import progress_bar
from posgc.pipeline import compile_request, referee_of, second_opinion, solve
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
    parser.add_argument("--epsilon", metavar="X", help="tolerated gap of a stage; short for --option epsilon=X")
    parser.add_argument("--out", metavar="FILE", help="write the policy there (.npz)")
    parser.add_argument("--require-gap", metavar="X", type=gap, help="exit with 1 when the verified gap is larger")
    add_referee(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when the verified gap exceeds --require-gap or the referee disagrees."""
    request, options = request_of(arguments), pairs("--option", arguments.option)
    options |= {k: v for k in ("select", "epsilon") if (v := getattr(arguments, k)) is not None}
    with progress_bar(arguments.quiet) as progress:
        compiled = compile_request(request, progress)
        referee = referee_of(compiled, arguments.referee) if arguments.referee else None
        solution = solve(compiled, arguments.concept, arguments.backend, options, progress)
        if arguments.out:
            save_policy(solution.policy, arguments.out, arguments.game)
    checked = solution.verification
    opinion = second_opinion(compiled, solution.policy, checked, referee) if referee else None
    if arguments.json:
        print(json.dumps(documents.solve(solution, arguments.out, opinion)))
    else:
        text.solve(solution, arguments.out, opinion)
    exceeded = arguments.require_gap is not None and checked.gap > arguments.require_gap
    return int(exceeded or (opinion is not None and opinion.disagreement is not None))
