"""`posgc completion SHELL`: what a shell reads to complete commands, flags and their values."""

from __future__ import annotations

import argparse

__all__ = ["add_arguments", "run"]

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `completion`."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that reads it")


def run(arguments: argparse.Namespace) -> int:
    """Always 0."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["posgc"], shell=arguments.shell), end="")
    return 0
