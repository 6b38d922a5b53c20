"""`posgc new NAME`: a small commented game to begin with."""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path

from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.language.files import create_file
from posgc.pipeline.claims import claims_of

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `new`."""
    parser.add_argument("name", metavar="NAME", help="of the game; NAME.posg is written, and never replaced")


def run(arguments: argparse.Namespace) -> int:
    """Always 0 for a name that a game may have and a file that is not there yet."""
    given = Path(arguments.name)
    if not given.name:
        raise InputError([Diagnostic("E613", f"{arguments.name} is a folder", help="give the name of a game")])
    path = given if given.suffix == ".posg" else given.with_name(f"{given.name}.posg")
    text = files("posgc.cli").joinpath("starter.posg").read_text(encoding="utf-8")
    text = text.replace("game starter ", f"game {path.stem} ", 1).replace(" FILE", f" {path}")
    try:
        claims_of(Source(str(path), text))
    except InputError:
        what = f"no game can be called {path.stem}"
        cure = "letters, digits and _, no digit at first, and no word of the language"
        raise InputError([Diagnostic("E613", what, help=cure)]) from None
    create_file(path, text.encode())
    print(f"wrote {path}; go on with: posgc check {path}")
    return 0
