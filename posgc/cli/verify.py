"""`posgc verify GAME POLICY`: values and gap of a policy file, from the game alone."""

from __future__ import annotations

import argparse
import json

from posgc.cli import documents, text
from posgc.cli.flags import add_game, add_output, gap, request_of
from posgc.cli.progress import progress_bar
from posgc.pipeline import compile_request, verify_policy
from posgc.policy.file import load_policy

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `verify`."""
    add_game(parser)
    parser.add_argument("policy", metavar="POLICY", help="a file written by `posgc solve --out`")
    parser.add_argument("--concept", choices=("team", "nash", "ce", "cce"), help="default: the policy's own")
    parser.add_argument("--form", choices=("agent", "strategic"), help="of a CE; default: the policy's own")
    parser.add_argument("--require-gap", metavar="X", type=gap, help="exit with 1 when the gap is larger")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when the gap exceeds --require-gap."""
    with progress_bar(arguments.quiet) as progress:
        policy = load_policy(arguments.policy)
        compiled = compile_request(request_of(arguments), progress)
        verification, _ = verify_policy(compiled, policy, arguments.concept, progress, arguments.form)
    if arguments.json:
        print(json.dumps(documents.verify(compiled, verification, arguments.concept or policy.header.concept)))
    else:
        text.verify(compiled, verification)
    return int(arguments.require_gap is not None and verification.gap + (compiled.tail or 0.0) > arguments.require_gap)
