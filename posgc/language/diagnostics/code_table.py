"""One entry of the registry of diagnostic codes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Code", "game"]

_GAME = """game g {{
  horizon 2;
  agents ann, bob;
  state s: {{a, b}};
  init s = a;
  action act[i]: {{x, y}};
  observation o[i]: {{a, b}};
  observe o[i] = s';
  reward team = 1;
  {lines}
  share none;
}}
"""


@dataclass(frozen=True)
class Code:
    """`title` names the defect; `wrong` and `right` are whole files, where a file alone can show it."""

    code: str
    title: str
    explanation: str
    wrong: str | None = None
    right: str | None = None


def game(lines: str) -> str:
    """A small game with some lines of its own."""
    return _GAME.format(lines=lines)
