"""`posgc report GAME`: one page for a person who has to decide."""

from __future__ import annotations

import argparse
import os
import sys

from posgc.api import compression_asked, options_asked, progress_bar
from posgc.cli.flags import add_game, game_of, pairs, positive, request_of, seconds, unwritten
from posgc.language.concepts import CONCEPTS, forms
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.files import replace_file, require_writable
from posgc.pipeline import Allowance, Wanted, gather
from posgc.report import reported
from posgc.report.page.rendering import page, require_pages

__all__ = ["add_arguments", "run"]

SECONDS = 60.0
"""For a page, unless it is said otherwise."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `report`."""
    add_game(parser)
    parser.add_argument("-c", "--concept", choices=tuple(CONCEPTS), help="default: team for common rewards, else nash")
    parser.add_argument("--form", choices=forms(), help="of a ce or cce, as in solve")
    other = "a protocol to compare with; repeatable; default: those of the file and the standard structures that fit"
    parser.add_argument("--other", metavar="PROTOCOL", action="append", help=other)
    parser.add_argument("--alone", action="store_true", help="compare with no other protocol")
    policy = "show this policy, written by `posgc solve --out`, and solve nothing but for --other"
    parser.add_argument("--policy", metavar="FILE", help=policy)
    parser.add_argument("-b", "--backend", metavar="NAME", help="default: the first that applies")
    option = "back-end option; repeatable"
    parser.add_argument("-O", "--option", metavar="K=V", action="append", default=[], help=option)
    parser.add_argument("--epsilon", metavar="X", help="as in solve")
    parser.add_argument("--compress", metavar="SPEC", help="as in solve")
    limit = f"seconds for everything; the page names what was cut short (default {SECONDS:g}; inf: no limit)"
    parser.add_argument("--time-limit", metavar="S", type=seconds, default=SECONDS, help=limit)
    width = "continuations of each history in the tree of the policy (default 3)"
    parser.add_argument("--width", metavar="K", type=positive, default=3, help=width)
    parser.add_argument("--depth", metavar="H", type=positive, default=3, help="steps of that tree (default 3)")
    page = "the page (default report.html)"
    parser.add_argument("-o", "--out", metavar="FILE", default="report.html", help=page)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> int:
    """0 when all is found; 3 when something is not, which the page says; 1 when values contradict the order of the
    protocols; 2 for wrong input and for a page that cannot be written; 130 after Ctrl-C, with what is known where
    that was in a search."""
    request_of(arguments)  # its mistakes come first, then those of the flags below, then the file's
    if arguments.alone and arguments.other:
        raise InputError([Diagnostic("E613", "--alone contradicts --other", help="leave one of them out")])
    if arguments.policy is not None:
        _require_idle(arguments)
    compress = compression_asked(arguments.compress, arguments.epsilon)
    options = options_asked(pairs("--option", arguments.option), {"form": arguments.form}, arguments.epsilon, compress)
    require_pages()
    inputs = [arguments.game, *([] if arguments.policy is None else [arguments.policy])]
    require_writable(arguments.out, *inputs)
    wanted = Wanted(
        arguments.concept,
        arguments.backend,
        options,
        compress,
        arguments.other,
        arguments.alone,
    )
    allowed = Allowance(arguments.time_limit)
    try:
        with progress_bar(arguments.quiet) as progress:
            with allowed.of("the game"):
                compiled = game_of(arguments, progress).compiled
            found = gather(compiled, wanted, arguments.policy, progress, allowed)
        content = page(found, arguments.width, arguments.depth)
    except LimitError as error:
        raise LimitError(f"{error}; {_nothing(arguments.out)}") from None
    except KeyboardInterrupt:
        print(f"\nstopped; {_nothing(arguments.out)}", file=sys.stderr)
        return 130
    lost = unwritten(lambda: replace_file(arguments.out, lambda file: file.write(content), *inputs))
    reported.text(found, None if lost else arguments.out)
    return found.status if found.status in (1, 130) else lost or found.status


def _nothing(path: str) -> str:
    """That there is no page."""
    return "no page was written" + (f", and {path} is as it was" if os.path.exists(path) else "")


def _require_idle(arguments: argparse.Namespace) -> None:
    """Raises InputError (E613) for a flag of solving that would do nothing beside a policy that is there."""
    for name in ("backend", "option", "compress", "epsilon"):
        if getattr(arguments, name) and not arguments.other:
            what = f"--{name.replace('_', '-')} does nothing beside --policy, as nothing is solved"
            raise InputError(
                [Diagnostic("E613", what, help="leave it out, or name a protocol to compare with: --other")]
            )
