"""`posgc show POLICY`: what each agent does along the likeliest histories, as a tree."""

from __future__ import annotations

import argparse
import dataclasses

from posgc.cli.flags import integer
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.pipeline import compile_request, opened, read_game, request_of_policy
from posgc.policy.file import load_policy
from posgc.policy.mismatch import PolicyMismatch
from posgc.report import text

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
        request, source = dataclasses.replace(request, path=arguments.game), read_game(arguments.game)
    compiled = compile_request(request, source=source)
    policy = opened(compiled.information, policy)
    try:
        text.show(compiled.information, policy, arguments.width, arguments.depth, compiled.request.max_nodes)
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    return 0
