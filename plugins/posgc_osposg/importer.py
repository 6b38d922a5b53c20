"""From the sections of an `.osposg` file to arrays: actions by their place in the list, reachable states.

Player 2 observes the new state, player 1's observation and player 1's action, as the definition has it, and
the first state; player 1 observes only what the file says.  So `--share none` is the one-sided game itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from posgc.model import Initial, Model, Signature, Variable
from posgc.model.build import kernel_from_entries
from posgc.plugin import Imported, LimitError, RewardReading, Source, require_sense
from posgc.plugin.complaints import SHOWN, Complaints
from posgc_osposg.reader import OneSided, header_of, read_sections

__all__ = ["MAX_ROWS", "OsposgImporter"]

Ints = npt.NDArray[np.int64]
MAX_ROWS = 2_000_000  # states times joint actions of the model: some seconds
_EXACT, _ROUNDED = 1e-9, 1e-5  # absolute: sums this close to 1 are made 1 without a note, or with one


@dataclass(frozen=True)
class OsposgImporter:
    """Reads one-sided zero-sum games in the format of HSVIforOSPOSGs.jl."""

    name: ClassVar[str] = "osposg"
    summary: ClassVar[str] = "one-sided zero-sum games of HSVIforOSPOSGs.jl (.osposg)"
    suffixes: ClassVar[tuple[str, ...]] = (".osposg",)
    own_horizon: ClassVar[bool] = False

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "its first line does not hold seven counts and a discount"

    def _recognises(self, source: Source) -> bool:
        """Whether the first line holds seven counts and a discount."""
        return header_of(source) is not None

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model over the reachable states.  Raises InputError with every mistake found, LimitError above
        MAX_ROWS."""
        require_sense(self, source, horizon, discount, reward)
        complaints = Complaints(source)
        if reward == "team":
            complaints.error("I106", "the format is zero-sum by definition", None, "leave --reward out")
        game = read_sections(source, complaints)
        model = _Builder(game, complaints).model(PurePath(source.name).stem, horizon or 1, discount)
        return Imported(model, complaints.notes())


class _Builder:
    def __init__(self, game: OneSided, complaints: Complaints) -> None:
        self.game, self.complaints = game, complaints
        first, second = game.playable
        self.lists = [[first[p] for p in game.partition], list(second)]  # [player][state]
        self.width = [max(map(len, lists)) for lists in self.lists]
        rows = len(game.states) * self.width[0] * self.width[1]
        if rows > MAX_ROWS:
            raise LimitError(f"{rows:.3g} states and joint actions; the limit is {MAX_ROWS:.3g}: write a smaller game")

    def model(self, name: str, steps: int, discount: float | None) -> Model:
        game = self.game
        belief = self._belief()
        rows = self._rows()
        kept = self._reachable(belief, rows)
        self._sums(rows, set(kept))
        self.complaints.settle()
        number = {s: i for i, s in enumerate(kept)}
        states = _distinct(game.states)
        acts = [self._labels(player) for player in (0, 1)]
        seen = _distinct(game.observations)
        signature = Signature(
            ("1", "2"),
            (Variable("act", 0, acts[0]), Variable("act", 1, acts[1])),
            (
                Variable("obs", 0, seen),
                Variable("obs", 1, states),
                Variable("heard", 1, seen),
                Variable("saw", 1, acts[0]),
            ),
        )
        entries, reward = self._entries(rows, number)
        start = np.array([s for s in kept if belief[s] > 0], dtype=np.int64)
        first = Initial(
            np.array([number[s] for s in start.tolist()], dtype=np.int64),
            start * len(seen) * len(acts[0]),
            belief[start],
        )
        observed = np.ones((steps + 1, 4), dtype=np.bool_)
        observed[0] = [False, True, False, False]
        return Model(
            name,
            "",
            signature,
            steps,
            game.discount if discount is None else discount,
            ("state",),
            (states,),
            np.array(kept, dtype=np.int64)[:, None],
            first,
            (kernel_from_entries(*entries, np.stack([reward, -reward])),),
            (0,) * steps,
            np.ones((steps, 2), dtype=np.bool_),
            observed,
        )

    def _belief(self) -> npt.NDArray[np.float64]:
        game = self.game
        belief = np.zeros(len(game.states))
        belief[[s for s, p in enumerate(game.partition) if p == game.first]] = game.belief
        total = float(belief.sum())
        if abs(total - 1) > _ROUNDED:
            self.complaints.error("I103", f"the first belief sums to {total:.12g}", game.place.span, "make it sum to 1")
            return belief
        if abs(total - 1) > _EXACT:
            self.complaints.note("N106", f"the first belief sums to {total:.12g} and was renormalised", game.place.span)
        return belief / total

    def _rows(self) -> dict[tuple[int, int, int], list[tuple[int, int, float]]]:
        """(s, a1, a2) → (o, s', p): I102 for what cannot be played, I107 where player 1 would not know the
        partition."""
        game = self.game
        rows: dict[tuple[int, int, int], list[tuple[int, int, float]]] = {}
        known: set[tuple[int, ...]] = set()
        target: dict[tuple[int, int, int], int] = {}
        for line, (s, a1, a2, o, t), p in game.transitions:
            if a1 not in self.lists[0][s] or a2 not in self.lists[1][s]:
                self.complaints.error(
                    "I102",
                    f"state {game.states[s]} does not let {a1} and {a2} be played",
                    line.span,
                    "see the lists of what can be played",
                )
                continue
            if (s, a1, a2, o, t) in known:
                self.complaints.error("I101", "this transition is given a second time", line.span, "give it once")
                continue
            known.add((s, a1, a2, o, t))
            if p > 0:
                where = game.partition[t]
                if target.setdefault((game.partition[s], a1, o), where) != where:
                    other = target[game.partition[s], a1, o]
                    self.complaints.error(
                        "I107",
                        f"after observation {o} player 1 would not know the partition: {where} here, elsewhere {other}",
                        line.span,
                        "partition, action and observation of player 1 determine the next partition",
                    )
                rows.setdefault((s, a1, a2), []).append((o, t, p))
        return rows

    def _sums(self, rows: dict[tuple[int, int, int], list[tuple[int, int, float]]], kept: set[int]) -> None:
        """Divides rows by their sums; I103 where one is far from 1, but for states not `kept` that have none."""
        game, wrong, rounded = self.game, 0, 0.0
        void: set[int] = set()
        for s in range(len(game.states)):
            for a1 in self.lists[0][s]:
                for a2 in self.lists[1][s]:
                    entries = rows.get((s, a1, a2), [])
                    total = sum(p for _, _, p in entries)
                    if not total and s not in kept:
                        void.add(s)
                    elif abs(total - 1) > _ROUNDED:
                        wrong += 1
                        if wrong <= SHOWN:
                            self.complaints.error(
                                "I103",
                                f"the transitions of state {s}, actions {a1} and {a2} sum to {total:.12g}, not 1",
                                None,
                                "add what is missing",
                            )
                    else:
                        rounded = max(rounded, abs(total - 1))
                        rows[s, a1, a2] = [(o, t, p / total) for o, t, p in entries]
        self.complaints.unlisted("I103", max(0, wrong - SHOWN))
        if void:
            self.complaints.note(
                "N114",
                f"{len(void)} state(s) that no play reaches lack transitions, first {game.states[min(void)]}",
                None,
            )
        if rounded > _EXACT:
            self.complaints.note("N106", f"rows that sum to 1 only within {rounded:.1e} were renormalised", None)

    def _reachable(
        self, belief: npt.NDArray[np.float64], rows: dict[tuple[int, int, int], list[tuple[int, int, float]]]
    ) -> list[int]:
        after: dict[int, set[int]] = {}
        for (s, _, _), entries in rows.items():
            after.setdefault(s, set()).update(t for _, t, _ in entries)
        seen = set(np.flatnonzero(belief).tolist())
        stack = list(seen)
        while stack:
            fresh = after.get(stack.pop(), set()) - seen
            seen |= fresh
            stack += fresh
        return sorted(seen)

    def _labels(self, player: int) -> tuple[str, ...]:
        """The names of the actions where the list is everywhere the same, else the places in it."""
        lists = {tuple(each) for each in self.lists[player]}
        if len(lists) > 1:
            self.complaints.note(
                "N113",
                f"player {player + 1} has other actions elsewhere: action k is the k-th that "
                "can be played, and a number beyond the list plays its last",
                None,
            )
            return tuple(map(str, range(self.width[player])))
        return _distinct([self.game.actions[player][a] for a in lists.pop()])

    def _entries(
        self, rows: dict[tuple[int, int, int], list[tuple[int, int, float]]], number: dict[int, int]
    ) -> tuple[tuple[Ints, Ints, Ints, npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
        """Row, joint observation, state and probability of every entry; player 1's rewards [A, S]."""
        game = self.game
        paid = {at: r for _, at, r in game.rewards}
        n, (k1, k2) = len(number), self.width
        seen = len(game.observations)
        reward = np.zeros((k1 * k2, n))
        found: list[tuple[int, int, int, float]] = []
        for s, i in number.items():
            for j1 in range(k1):
                a1 = self.lists[0][s][min(j1, len(self.lists[0][s]) - 1)]
                for j2 in range(k2):
                    a2 = self.lists[1][s][min(j2, len(self.lists[1][s]) - 1)]
                    reward[j1 * k2 + j2, i] = paid.get((s, a1, a2), 0.0)
                    row = (j1 * k2 + j2) * n + i
                    found += [
                        (row, ((o * len(game.states) + t) * seen + o) * k1 + j1, number[t], p)
                        for o, t, p in rows[s, a1, a2]
                    ]
        row_, joint, state, chance = (np.array(column) for column in zip(*found, strict=True))
        return (row_, joint, state, chance), reward


def _distinct(names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The names, with their index where one occurs twice."""
    twice = len(set(names)) < len(names)
    return tuple(f"{name}#{i}" if twice else name for i, name in enumerate(names))
