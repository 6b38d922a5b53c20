"""Failures of plug-ins that posgc did not write: said in one line, with the name of the plug-in."""

from __future__ import annotations

from posgc.language.diagnostics import Diagnostic, InputError

__all__ = ["failure", "told"]


def told(error: BaseException) -> str:
    """What an exception says, on one line; its text may raise as well."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # `__str__` is the stranger's
        text = "its text cannot be read"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def failure(kind: str, name: str, error: BaseException) -> InputError:
    """E638: a plug-in of that kind and name raised what it should not."""
    what = f"{kind} {name} failed: {told(error)}"
    return InputError([Diagnostic("E638", what, help="this is a mistake of the plug-in that offers it")])
