"""`posgc verify GAME POLICY`: values and gap of a policy file, from the game alone."""

from __future__ import annotations

import argparse
import math

from posgc.api import progress_bar
from posgc.cli.flags import add_game, add_output, add_referee, exceeds, game_of, gap
from posgc.language.concepts import CONCEPTS, forms
from posgc.pipeline import referee_of, second_opinion
from posgc.policy.file import load_policy
from posgc.report import documents, text

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `verify`."""
    add_game(parser)
    parser.add_argument("policy", metavar="POLICY", help="a file written by `posgc solve --out`")
    parser.add_argument("-c", "--concept", choices=tuple(CONCEPTS), help="default: the policy's own")
    parser.add_argument("--form", choices=forms(), help="of a CE or CCE; default: the policy's own")
    parser.add_argument("--require-gap", metavar="X", type=gap, help="exit with 1 when the gap is larger")
    add_referee(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when the gap exceeds --require-gap or the referee disagrees."""
    with progress_bar(arguments.quiet) as progress:
        policy = load_policy(arguments.policy)
        game = game_of(arguments, progress)
        referee = referee_of(game.compiled, arguments.referee) if arguments.referee else None
        found = game.verify(policy, arguments.concept, arguments.form, progress=progress)
    compiled, checked = found.compiled, found.judgement
    opinion = second_opinion(compiled, policy, checked, referee) if referee else None
    if arguments.json:
        print(documents.written(documents.verify(compiled, checked, found.concept, opinion)))
    else:
        text.verify(compiled, checked, opinion)
    certified = math.inf if found.certified_gap is None else found.certified_gap
    exceeded = exceeds(certified, arguments.require_gap)
    return int(exceeded or (opinion is not None and opinion.disagreement is not None))
