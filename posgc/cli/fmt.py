"""`posgc fmt FILE…`: canonical layout, in place; `--check` only tells, `-` is a filter."""

from __future__ import annotations

import argparse
import sys

from posgc.language import format_source
from posgc.language.diagnostics import InputError
from posgc.language.files import replace_file
from posgc.pipeline import read_source
from posgc.plugin.registry import registry

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `fmt`."""
    parser.add_argument("files", metavar="FILE", nargs="+", help=".posg files, or -")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")


def run(arguments: argparse.Namespace) -> int:
    """1 under --check when something would change."""
    changed = []
    for path in arguments.files:
        source = read_source(path)
        try:
            laid_out = _laid_out(source.text)
        except InputError as error:
            raise InputError(error.diagnostics, source) from None
        if path == "-" and not arguments.check:
            sys.stdout.write(laid_out)
        elif laid_out != source.text:
            changed.append(path)
            if not arguments.check:
                _replace(path, laid_out)
    for path in changed:
        print(f"{'would change' if arguments.check else 'changed'} {path}")
    return int(arguments.check and bool(changed))


def _laid_out(text: str) -> str:
    """The text in canonical layout; plug-ins are asked for their language blocks only where the text needs one."""
    try:
        return format_source(text)
    except InputError:
        return format_source(text, registry().blocks)


def _replace(path: str, content: str) -> None:
    replace_file(path, lambda file: file.write(content.encode()))
