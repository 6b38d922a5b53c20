"""The importers of action graph games: the table of payoffs is written out.

A Bayesian game is a POSG of one step: the state is the joint type, drawn by chance, and each player observes its own
type before it acts.  Its action k is the k-th that its type has, and a number beyond the list plays the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from pathlib import PurePath
from typing import ClassVar

import numpy as np

from posgc.model import Initial, Model, Signature, Variable
from posgc.model.build import kernel_from_entries
from posgc.plugin import Diagnostic, Imported, InputError, RewardReading, Source, require_sense
from posgc_gambit_files.agg import Counts, Floats, read_counts, read_graph, read_nodes
from posgc_gambit_files.strategic import require_few, require_own_payoffs, strategic_form
from posgc_gambit_files.tokens import Tokens

__all__ = ["AggImporter", "BaggImporter"]

_ROUNDED = 1e-5  # absolute: a law of types this close to 1 is rounded
_EXACT = 1e-9
_TYPES = 1000


@dataclass(frozen=True)
class AggImporter:
    """Reads action graph games."""

    name: ClassVar[str] = "agg"
    summary: ClassVar[str] = "action graph games of Gambit and GAMUT (.agg), played --horizon times"
    suffixes: ClassVar[tuple[str, ...]] = (".agg",)
    own_horizon: ClassVar[bool] = True

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it does not begin with `#AGG`"

    def _recognises(self, source: Source) -> bool:
        """Whether the text begins with `#AGG`."""
        return _first_word(source) == "#AGG"

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model.  Raises InputError at the first mistake, LimitError for a game that is too large."""
        require_sense(self, source, horizon, discount, reward)
        require_own_payoffs(source, reward)
        tokens = Tokens(source, comments=True)
        counts = read_counts(tokens)
        sets = _sets(tokens, counts, [f"player {i + 1}" for i in range(counts.players)])
        payoff = read_graph(tokens, counts, sets)
        names = [tuple(map(str, actions)) for actions in sets]
        return Imported(strategic_form(source, "", _players(counts), names, payoff, horizon, discount))


@dataclass(frozen=True)
class BaggImporter:
    """Reads Bayesian action graph games, with types that are independent."""

    name: ClassVar[str] = "bagg"
    summary: ClassVar[str] = "Bayesian action graph games of Gambit (.bagg), played once"
    suffixes: ClassVar[tuple[str, ...]] = (".bagg",)
    own_horizon: ClassVar[bool] = True

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it does not begin with `#BAGG`"

    def _recognises(self, source: Source) -> bool:
        """Whether the text begins with `#BAGG`."""
        return _first_word(source) == "#BAGG"

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model.  Raises InputError at the first mistake, LimitError for a game that is too large."""
        require_sense(self, source, horizon, discount, reward)
        require_own_payoffs(source, reward)
        for wrong, code, message, cure in (
            (discount not in (None, 1.0), "I105", "a game of one step has no discount", "--discount 1"),
            ((horizon or 1) > 1, "E623", "a Bayesian game is played once: the types are drawn once", "--horizon 1"),
        ):
            if wrong:
                raise InputError([Diagnostic(code, message, None, cure)], source)
        tokens = Tokens(source, comments=True)
        counts = read_counts(tokens)
        types = [tokens.size(f"the number of types of player {i + 1}", _TYPES) for i in range(counts.players)]
        laws, notes = _laws(tokens, types)
        whose = [f"type {t + 1} of player {i + 1}" for i, size in enumerate(types) for t in range(size)]
        lists = iter(_sets(tokens, counts, whose))
        sets = [[next(lists) for _ in range(size)] for size in types]
        joint = [tuple(sorted({node for actions in own for node in actions})) for own in sets]
        game = _Bayesian(counts, laws, sets, joint, read_graph(tokens, counts, joint))
        notes += game.notes()
        return Imported(game.model(PurePath(source.name).stem), tuple(notes))


def _first_word(source: Source) -> str:
    words = source.text[:64].lstrip("\ufeff \t\r\n").split(None, 1)
    return words[0] if words else ""


def _players(counts: Counts) -> tuple[str, ...]:
    return tuple(str(i + 1) for i in range(counts.players))


def _sets(tokens: Tokens, counts: Counts, whose: Sequence[str]) -> list[tuple[int, ...]]:
    """The sizes of all action sets, then the sets."""
    sizes = [tokens.size(f"the number of actions of {who}", counts.actions) for who in whose]
    return [
        read_nodes(tokens, size, counts.actions, f"the actions of {who}")
        for size, who in zip(sizes, whose, strict=True)
    ]


def _laws(tokens: Tokens, types: Sequence[int]) -> tuple[list[Floats], list[Diagnostic]]:
    """The law of each player's type, summing to 1."""
    laws, notes = [], []
    for i, size in enumerate(types):
        first = tokens.next
        law = np.zeros(size)
        for t in range(size):
            word = tokens.next
            law[t] = tokens.real(f"the probability of type {t + 1} of player {i + 1}")
            if not 0 <= law[t] <= 1 + _ROUNDED:
                tokens.fail("this is not a probability", word, "a number from 0 to 1", "I105")
        total = float(law.sum())
        if abs(total - 1) > _ROUNDED:
            tokens.fail(
                f"the types of player {i + 1} have probabilities that sum to {total:.12g}, not 1",
                first,
                "make them sum to 1",
                "I103",
            )
        if abs(total - 1) > _EXACT:
            notes.append(
                Diagnostic(
                    "N106",
                    f"the probabilities of the types of player {i + 1} sum to {total:.12g} and were renormalised",
                    tokens.span(first),
                    "",
                    "note",
                )
            )
        laws.append(law / total)
    return laws, notes


@dataclass(frozen=True)
class _Bayesian:
    """A Bayesian action graph game."""

    counts: Counts
    laws: list[Floats]  # laws[i][t]: probability of type t of player i
    sets: list[list[tuple[int, ...]]]  # sets[i][t]: the actions of that type
    joint: list[tuple[int, ...]]  # joint[i]: all actions of player i
    payoff: Floats  # [n, *actions of each player in `joint`]

    def notes(self) -> list[Diagnostic]:
        return [
            Diagnostic(
                "N113",
                f"player {i + 1} has other actions in other types: action k is the k-th that its type has, and a "
                "number beyond the list plays the last",
                severity="note",
            )
            for i, own in enumerate(self.sets)
            if len(set(own)) > 1
        ]

    def model(self, name: str) -> Model:
        """Raises LimitError for more payoffs than `strategic.MAX_CONTINGENCIES`."""
        n, widths = self.counts.players, [max(map(len, own)) for own in self.sets]
        law = reduce(np.multiply.outer, self.laws)
        types = np.argwhere(law > 0)
        require_few(prod(widths) * len(types), n)
        reward = np.stack([self._paid(joint_type, widths) for joint_type in types.tolist()], axis=-1)
        sizes = [len(own) for own in self.sets]
        states = np.arange(len(types), dtype=np.int64)
        rows = np.arange(prod(widths) * len(types), dtype=np.int64)
        stay, sure = np.tile(states, prod(widths)), np.ones(len(rows))
        kernel = kernel_from_entries(rows, np.zeros_like(rows), stay, sure, reward)
        numbers = [tuple(str(t + 1) for t in range(size)) for size in sizes]
        signature = Signature(
            _players(self.counts),
            tuple(Variable("act", i, self._labels(i, k)) for i, k in enumerate(widths)),
            tuple(Variable("type", i, names) for i, names in enumerate(numbers)),
        )
        observed = np.array([[True] * n, [False] * n])
        return Model(
            name,
            "",
            signature,
            1,
            1.0,
            tuple(f"type_{i + 1}" for i in range(n)),
            tuple(numbers),
            types,
            Initial(states, np.flatnonzero(law > 0), law[law > 0]),
            (kernel,),
            (0,),
            np.ones((1, n), dtype=np.bool_),
            observed,
        )

    def _labels(self, player: int, width: int) -> tuple[str, ...]:
        """The nodes where every type has the same, else the places in the list."""
        own = set(self.sets[player])
        return tuple(map(str, own.pop() if len(own) == 1 else range(1, width + 1)))

    def _paid(self, joint_type: list[int], widths: Sequence[int]) -> Floats:
        """Payoffs [n, A] of one joint type."""
        index = []
        for actions, own, t, width in zip(self.joint, self.sets, joint_type, widths, strict=True):
            places = [actions.index(node) for node in own[t]]
            index.append(np.array([places[min(k, len(places) - 1)] for k in range(width)]))
        everybody = np.arange(len(self.sets))
        paid: Floats = self.payoff[np.ix_(everybody, *index)].reshape(len(self.sets), -1)
        return paid
