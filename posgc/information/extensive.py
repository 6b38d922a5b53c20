"""Game trees that are grown as they are written, and the `.efg` text of them.

A tree is its root; a node knows its line and how to make its children, so that a tree of any size is written
with one path of it in memory.  The format is Gambit's (McKelvey, McLennan and Turocy,
"Gambit: Software tools for game theory", format EFG 2 R): nodes in prefix order, information sets numbered per
player, an outcome's payoffs repeated wherever it is used (OpenSpiel asks for that), numbers rational.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from posgc.model.rationals import written

__all__ = ["Chance", "Decision", "Infosets", "Node", "Outcome", "efg_lines"]


@dataclass(frozen=True, slots=True)
class Chance:
    """A draw: branch k has probability `law[k]`, which sum to exactly one."""

    labels: Sequence[str]
    law: Sequence[Fraction]
    child: Callable[[int], Node]


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice of `player` (from 0) in the information set `infoset` (from 1)."""

    player: int
    infoset: int
    name: str
    labels: Sequence[str]
    child: Callable[[int], Node]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end: every player's payoff."""

    payoffs: tuple[Fraction, ...]


Node = Chance | Decision | Outcome


@dataclass
class Infosets:
    """Information sets by what the player knows, numbered per player as they are met."""

    n_players: int
    keys: list[dict[Hashable, int]] = field(init=False)
    names: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = [{} for _ in range(self.n_players)]
        self.names = [[] for _ in range(self.n_players)]

    def meet(self, player: int, key: Hashable, name: Callable[[], str]) -> tuple[int, str]:
        """(number, name) of the player's information set with this key; `name` is asked for once."""
        known = self.keys[player]
        number = known.setdefault(key, len(known) + 1)
        if number > len(self.names[player]):
            self.names[player].append(name())
        return number, self.names[player][number - 1]


def efg_lines(title: str, players: Sequence[str], root: Node, comment: str = "") -> Iterator[str]:
    """The lines of the `.efg` file, each with its line end."""
    yield f"EFG 2 R {_quoted(title)} {{ {' '.join(map(_quoted, players))} }}\n{_quoted(comment)}\n"
    outcomes: dict[tuple[Fraction, ...], int] = {}
    draws = 0
    waiting: list[tuple[Callable[[int], Node], int]] = [(lambda _: root, 0)]
    while waiting:
        make, branch = waiting.pop()
        node = make(branch)
        if isinstance(node, Outcome):
            number = outcomes.setdefault(node.payoffs, len(outcomes) + 1)
            yield f't "" {number} "" {{ {", ".join(map(written, node.payoffs))} }}\n'
            continue
        if isinstance(node, Chance):
            draws += 1
            pairs = zip(map(_quoted, node.labels), map(written, node.law), strict=True)
            yield f'c "" {draws} "" {{ {" ".join(f"{label} {p}" for label, p in pairs)} }} 0\n'
        else:
            labels = " ".join(map(_quoted, node.labels))
            yield f'p "" {node.player + 1} {node.infoset} {_quoted(node.name)} {{ {labels} }} 0\n'
        waiting.extend((node.child, k) for k in reversed(range(len(node.labels))))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "/").replace('"', "'") + '"'
