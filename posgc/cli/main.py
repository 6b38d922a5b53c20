"""`posgc COMMAND …`: the parser, and the one place where errors become messages and exit statuses.

0 done; 1 an assumption fails or a gap exceeds the one asked for; 2 the input or the flags are wrong;
3 a stated limit was reached; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, TextIO

from posgc import __version__
from posgc.cli.parsing import Parser

__all__ = ["main"]

COLLECT = 200_000
"""Objects made before Python looks for cycles among them, 700 by its own choice: texts and long games make millions
of objects that hold no cycles, and looking at them again and again took up to half of the time."""

COMPLETING = "_ARGCOMPLETE"
"""Set by a shell that wants a line completed (`posgc completion`)."""

COMMANDS = {
    "new": "write a small commented game to begin with",
    "check": "compile a game and check Assumptions 1 to 3, with proof or witness",
    "solve": "find an equilibrium or team optimum and certify its gap",
    "test": "whether the claims hold that files make about themselves (`expect`)",
    "report": "one page on a game: who knows what, assumptions, values, policy, certificates",
    "compare": "what sharing protocols are worth, at every point of a grid, with their order",
    "design": "which sharing protocols are worth their price: the front of cost against value",
    "verify": "recompute values and gap of a policy file in the true game",
    "plot": "draw what compressions cost and give, and print the same as a table",
    "marl": "train MAPPO or IPPO in a particle environment under a sharing protocol",
    "simulate": "play a policy: mean returns with a confidence interval, and traces",
    "show": "what a policy tells each agent to do, along the likeliest histories",
    "info": "facts about a game: sizes, and who knows what when",
    "import": "a file of another format as a .posg file",
    "export": "write a game in another program's format",
    "fmt": "canonical layout of .posg files",
    "lsp": "a language server for editors, over standard input and output",
    "plugins": "list the installed plug-ins",
    "explain": "what the codes of diagnostics mean, with an example",
    "completion": "what bash, zsh or fish reads to complete commands and flags",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    _open_streams()
    if COMPLETING in os.environ:
        _complete(os.environ["COMP_LINE"])
    gc.set_threshold(COLLECT)
    try:
        status = _command(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
        return status
    except MemoryError:
        print("limit: out of memory; lower --max-nodes or --horizon", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("\nstopped; no result was written", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _silence(sys.stdout)  # the reader of a pipe went away (`posgc … | head`)
        return 0
    except OSError as error:
        _silence(sys.stdout)
        print(f"cannot write: {error.strerror or error}", file=sys.stderr)
        return 2


def _complete(line: str) -> NoReturn:
    """Answer a shell that completes a line, and end."""
    import argcomplete

    argcomplete.autocomplete(_parser(line.split()), always_complete_options="long")
    sys.exit(0)


def _open_streams() -> None:
    """Streams that the caller closed are replaced by the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (open as long as we run)


def _silence(stream: TextIO) -> None:
    """Nothing more reaches the stream; Python would otherwise complain again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _command(argv: list[str]) -> int:
    parser = _parser(argv)
    if not COMMANDS.keys() & set(argv):
        parser.parse_args(argv)  # `--version`, `--help`, or a mistake
        parser.print_help()
        return 2
    from posgc.language.diagnostics import InputError, LimitError
    from posgc.language.visible import visible
    from posgc.report.colour import choose_colour, complain

    choose_colour("auto")
    try:
        parsed = parser.parse_args(argv)
        choose_colour(parsed.color)
        _require_words(parsed)
        return int(parsed.run(parsed))
    except InputError as error:
        if "--json" in argv:
            from posgc.report import documents

            print(documents.written(documents.mistakes(error)))
        complain(error)
        return error.status
    except LimitError as error:
        print(f"limit: {visible(str(error))}", file=sys.stderr)
        return 3


def _require_words(parsed: argparse.Namespace) -> None:
    """Raises InputError (E613) for a value of no letters, which names nothing and is not the same as none."""
    from posgc.language.diagnostics import Diagnostic, InputError

    for name, value in vars(parsed).items():
        if any(isinstance(word, str) and not word.strip() for word in (value if isinstance(value, list) else [value])):
            what = f"the value of {name.replace('_', '-')} is empty"
            raise InputError([Diagnostic("E613", what, help="give it a value, or leave it out")])


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The whole parser; only the chosen command's module is imported, so that start-up stays quick."""
    parser = Parser(prog="posgc", description="Compile, check and solve partially observable stochastic games.")
    parser.add_argument("--version", action="version", version=f"posgc {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    chosen = next((word for word in argv if word in COMMANDS), None)
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == chosen:
            module = import_module(f"posgc.cli.{name}")
            module.add_arguments(sub)
            sub.add_argument(
                "--color", choices=("auto", "always", "never"), default="auto", help="complaints in colour"
            )
            sub.set_defaults(run=module.run, parser=sub)
    return parser


if __name__ == "__main__":
    sys.exit(main())
