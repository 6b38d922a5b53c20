"""`posgc lsp`: a language server for editors, over standard input and output."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from importlib.util import find_spec

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.plugin.registry import registry

__all__ = ["add_arguments", "run"]

LIBRARIES = "pygls", "lsprotocol"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No flags: editors say everything in the protocol."""


def run(arguments: argparse.Namespace) -> int:
    """0 when the editor says `exit`.  Raises InputError (E636) where a library is missing."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        what = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
        raise InputError([Diagnostic("E636", what, help="pip install 'posgc[lsp]'")])
    from posgc.lsp.server import make_server

    # what else is printed, by a plug-in say, is none of the protocol
    with (
        contextlib.redirect_stdout(sys.stderr),
        os.fdopen(os.dup(0), "rb") as asked,
        os.fdopen(os.dup(1), "wb") as said,
    ):
        make_server(registry().blocks).start_io(asked, said)
    return 0
