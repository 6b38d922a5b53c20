"""How results look in a session: a short `repr` on one line, and a table where HTML is shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from html import escape
from importlib import import_module

__all__ = ["SHOWN_BY", "Display", "more_html"]

SHOWN_BY: list[str] = []
"""Modules that register what else to show (`more_html`); they are imported when something is first shown as HTML."""


class Display:
    """Base of objects that a notebook shows; a dataclass of this kind says `repr=False`."""

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        """What the object is, and its facts as pairs of name and text."""
        raise NotImplementedError

    def __repr__(self) -> str:
        title, facts = self._facts()
        return f"<{'; '.join([title, *(f'{name} {text}' for name, text in facts)])}>"

    def _repr_html_(self) -> str:
        """A table for notebooks, and under it pictures, trees and tables of kinds of results that have them; names and
        titles of games are escaped."""
        for module in SHOWN_BY:
            import_module(module)
        title, facts = self._facts()
        return f"<table><caption>{escape(title)}</caption>{''.join(_rows(facts))}</table>{more_html(self)}"


@singledispatch
def more_html(shown: object) -> str:
    """What stands under the table of facts; nothing, unless something is registered for the class."""
    return ""


def _rows(facts: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in facts)
