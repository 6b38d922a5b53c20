"""Assumption 1: what becomes common is a function of what somebody held, did and saw just before."""

from __future__ import annotations

from posgc.information.items import InformationStructure
from posgc.language.diagnostics import Diagnostic, InputError

__all__ = ["require_evolution"]


def require_evolution(information: InformationStructure) -> None:
    """Raises InputError (E512) where something becomes common that nobody remembers."""
    if (h := information.first_lost) is not None:
        lost = information.lost(h)
        raise InputError(
            [
                Diagnostic(
                    "E512",
                    f"{information.label(lost[0])} should become common at step {h}, but nobody remembers it then",
                    help="raise 'forget after k'",
                )
            ]
        )
