"""Failures of plug-ins that posgc did not write: said in one line, with the name of the plug-in."""

from __future__ import annotations

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.diagnostics.failing import told

__all__ = ["failure"]


def failure(kind: str, name: str, error: BaseException) -> InputError:
    """E638: a plug-in of that kind and name raised what it should not."""
    what = f"{kind} {name} failed: {told(error)}"
    return InputError([Diagnostic("E638", what, help="this is a mistake of the plug-in that offers it")])
