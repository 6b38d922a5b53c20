"""`posgc show POLICY`: what each agent does along the likeliest common histories, as a tree."""

from __future__ import annotations

import argparse
import dataclasses

from posgc.cli.flags import integer
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.pipeline import compile_request, read_source, request_of_policy
from posgc.policy.compatibility import require_compatible
from posgc.policy.file import load_policy
from posgc.policy.mismatch import PolicyMismatch
from posgc.report import text
from posgc.report.likely_play import likely_histories

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `show`."""
    parser.add_argument("policy", metavar="POLICY", help="a file written by `posgc solve --out`")
    parser.add_argument("--game", metavar="GAME", help="the game, instead of the text that the policy carries")
    parser.add_argument(
        "--width", metavar="K", type=integer, default=3, help="continuations of each history (default 3)"
    )
    parser.add_argument("--depth", metavar="H", type=integer, default=3, help="steps to show (default 3)")


def run(arguments: argparse.Namespace) -> int:
    """0 for a policy that fits its game."""
    if arguments.width < 1 or arguments.depth < 1:
        raise InputError([Diagnostic("E613", "--width and --depth take positive numbers")])
    policy = load_policy(arguments.policy)
    request, source = request_of_policy(policy)
    if arguments.game:
        request, source = dataclasses.replace(request, path=arguments.game), read_source(arguments.game)
    compiled = compile_request(request, source=source)
    require_compatible(compiled.information, policy)
    try:
        histories = likely_histories(compiled.information, policy.strategy, arguments.width, arguments.depth)
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    text.show(policy, histories)
    return 0
