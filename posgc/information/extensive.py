"""Game trees that are grown as they are written, and the `.efg` text of them.

A tree is its root; a node knows its line and how to make its children, so that a tree of any size is written
with one path of it in memory.  The format is Gambit's (McKelvey, McLennan and Turocy,
"Gambit: Software tools for game theory", format EFG 2 R): nodes in prefix order, information sets numbered per
player, an outcome's payoffs repeated wherever it is used (OpenSpiel asks for that), numbers rational.

Labels are written so that Gambit 17 and OpenSpiel read them: without quotes, backslashes and control characters,
with single blanks and none at the ends, distinct where they tell players, actions or information sets apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from posgc.model.rationals import written

__all__ = [
    "Chance",
    "Decision",
    "Infosets",
    "Node",
    "Outcome",
    "chance_text",
    "decision_text",
    "efg_head",
    "efg_labels",
    "efg_lines",
    "outcome_text",
]

_RESERVED = ("Chance", "}")
"""Names of players that Gambit (the first) and OpenSpiel (the second) refuse."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A draw."""

    labels: Sequence[str]
    law: Sequence[Fraction]  # of the branches, summing to exactly 1
    child: Callable[[int], Node]


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice of a player."""

    player: int  # from 0
    infoset: int  # from 1
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
    # of each player by number, for each of `Model.choices` the position of the one that is played, itself where it
    # exists; where the writer of the tree says so.  The set has those that exist as actions
    played: list[dict[int, Sequence[int]]] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = [{} for _ in range(self.n_players)]
        self.names = [[] for _ in range(self.n_players)]
        self.played = [{} for _ in range(self.n_players)]

    def meet(self, player: int, key: Hashable, name: Callable[[], str]) -> tuple[int, str]:
        """(number, name) of the player's information set with this key; `name` is asked for once."""
        known = self.keys[player]
        number = known.setdefault(key, len(known) + 1)
        if number > len(self.names[player]):
            self.names[player].append(name())
        return number, self.names[player][number - 1]


def efg_labels(labels: Sequence[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """The labels as both programs read them, distinct and none of `taken`: one that clashes gets `_`, `_2`, `_3`, …

    Quotes become `'`, backslashes `/`, white space and control characters a single blank between words, and a label
    of which nothing is left `_`.
    """
    plain = [_plain(label) for label in labels]
    if len(set(plain)) == len(plain) and all(plain) and not set(plain) & set(taken):
        return tuple(plain)
    given = set(taken)
    made = []
    for base in plain:
        name, k = base or "_", 1
        while name in given or (name != base and name in plain):
            name, k = f"{base}_" if k == 1 else f"{base}_{k}", k + 1
        given.add(name)
        made.append(name)
    return tuple(made)


def _plain(text: str) -> str:
    """One line of text, without quotes, backslashes, control characters or blanks that a reader would refuse."""
    if text.isascii() and text.replace("_", "").isalnum():
        return text
    text = text.replace("\\", "/").replace('"', "'")
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def efg_lines(title: str, players: Sequence[str], root: Node, comment: str = "") -> Iterator[str]:
    """The lines of the `.efg` file, each with its line end."""
    yield efg_head(title, players, comment)
    outcomes: dict[tuple[Fraction, ...], int] = {}
    infosets: list[dict[int, str]] = [{} for _ in players]
    used: list[set[str]] = [set() for _ in players]
    draws = 0
    waiting: list[tuple[Callable[[int], Node], int]] = [(lambda _: root, 0)]
    while waiting:
        make, branch = waiting.pop()
        node = make(branch)
        if isinstance(node, Outcome):
            number = outcomes.setdefault(node.payoffs, len(outcomes) + 1)
            yield outcome_text(number, node.payoffs)
            continue
        if isinstance(node, Chance):
            draws += 1
            yield f'c "" {draws} {chance_text(tuple(node.labels), tuple(node.law))}'
        else:
            known = infosets[node.player]
            if node.infoset not in known:
                (known[node.infoset],) = efg_labels([node.name], used[node.player])
                used[node.player].add(known[node.infoset])
            yield decision_text(node.player, node.infoset, known[node.infoset], tuple(node.labels))
        waiting.extend((node.child, k) for k in reversed(range(len(node.labels))))


def efg_head(title: str, players: Sequence[str], comment: str) -> str:
    """What stands before the nodes."""
    named = " ".join(map(_quoted, efg_labels(players, _RESERVED)))
    return f"EFG 2 R {_quoted(_plain(title))} {{ {named} }}\n{_quoted(_plain(comment))}\n"


def chance_text(labels: tuple[str, ...], law: tuple[Fraction, ...]) -> str:
    """The line of a draw, from after its number."""
    pairs = zip(_label_list(labels), map(written, law), strict=True)
    return f'"" {{ {" ".join(f"{label} {p}" for label, p in pairs)} }} 0\n'


def decision_text(player: int, infoset: int, name: str, labels: tuple[str, ...]) -> str:
    """The line of a choice of a player (from 0) in an information set (from 1), whose name is a label already."""
    return f'p "" {player + 1} {infoset} {_quoted(name)} {{ {" ".join(_label_list(labels))} }} 0\n'


def outcome_text(number: int, payoffs: tuple[Fraction, ...]) -> str:
    """The line of an outcome (from 1)."""
    return f't "" {number} "" {{ {", ".join(map(written, payoffs))} }}\n'


@lru_cache(maxsize=1 << 12)
def _label_list(labels: tuple[str, ...]) -> list[str]:
    return [_quoted(label) for label in efg_labels(labels)]


def _quoted(text: str) -> str:
    return f'"{text}"'
