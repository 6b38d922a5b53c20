"""`posgc COMMAND …`: the parser, and the one place where errors become messages and exit statuses.

0 done; 1 an assumption fails or a gap exceeds the one asked for; 2 the input or the flags are wrong;
3 a stated limit was reached; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from posgc import __version__

__all__ = ["main"]

COMMANDS = {
    "check": "compile a game and check Assumptions 1 to 3, with proof or witness",
    "solve": "find an equilibrium or team optimum and certify its gap",
    "verify": "recompute values and gap of a policy file in the true game",
    "show": "what a policy tells each agent to do, along the likeliest histories",
    "info": "facts about a game: sizes, and who knows what when",
    "fmt": "canonical layout of .posg files",
    "plugins": "list the installed plug-ins",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        return _command(list(sys.argv[1:] if arguments is None else arguments))
    except MemoryError:
        print("limit: out of memory; lower --max-nodes or --horizon", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("\nstopped; nothing was written", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (`posgc … | head`); Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _command(argv: list[str]) -> int:
    parser = _parser(argv)
    parsed = parser.parse_args(argv)
    if parsed.command is None:
        parser.print_help()
        return 2
    from posgc.language.diagnostics import InputError, LimitError, render

    try:
        return int(parsed.run(parsed))
    except InputError as error:
        for diagnostic in error.diagnostics:
            print(render(diagnostic, error.source), file=sys.stderr)
        return error.status
    except LimitError as error:
        print(f"limit: {error}", file=sys.stderr)
        return 3


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The whole parser; only the chosen command's module is imported, so that start-up stays quick."""
    parser = argparse.ArgumentParser(
        prog="posgc", description="Compile, check and solve partially observable stochastic games."
    )
    parser.add_argument("--version", action="version", version=f"posgc {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    chosen = next((word for word in argv if word in COMMANDS), None)
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == chosen:
            module = import_module(f"posgc.cli.{name}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
