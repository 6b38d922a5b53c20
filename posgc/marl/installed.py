"""Whether the libraries of `posgc[marl]` are there; they are imported where something is trained."""

from __future__ import annotations

from importlib.util import find_spec

from posgc.language.diagnostics import Diagnostic, InputError

__all__ = ["require_marl"]

LIBRARIES = "torch", "tensordict", "torchrl", "benchmarl", "mpe2"


def require_marl() -> None:
    """Raises InputError (E636) where one is missing."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        what = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
        raise InputError([Diagnostic("E636", what, help="pip install 'posgc[marl]'")])
