"""The parser of arguments: argparse, with a word like the wrong one in its complaints."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """As in argparse; a command, a choice or a flag that is misspelt comes back with the one that may be meant."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        parsed, left = self.parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}{self._flag_like(left, parsed)}")
        return parsed

    def _flag_like(self, words: Sequence[str], parsed: argparse.Namespace) -> str:
        own: Parser = getattr(parsed, "parser", self)  # of the command that was chosen
        flags = [flag for action in own._actions for flag in action.option_strings if flag.startswith("--")]
        unknown = next((word.partition("=")[0] for word in words if word.startswith("--")), None)
        return _meant(unknown, flags) if unknown is not None else ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raises ArgumentError for a value that is none of the choices."""
        choices = list(action.choices) if action.choices is not None else None
        if choices is not None and value not in choices:
            listed = ", ".join(map(str, choices))
            what = f"invalid choice: {value!r}{_meant(str(value), map(str, choices))} (choose from {listed})"
            raise argparse.ArgumentError(action, what)


def _meant(word: str, known: Iterable[str]) -> str:
    from posgc.language.diagnostics.likeness import closest  # the language takes a moment to load

    found = closest(word, known)
    return f"; did you mean {found}?" if found is not None else ""
