"""The model of an extensive-form game whose moves have steps (`posgc_gambit_files.efg_stages`).

The state is the node at which a stage begins, one of its copies that waits for the step of the stage, or
`over`.  A player observes its information set when it moves, and otherwise that it does not; so `--share none`
is the tree itself.  Action k is the k-th of the information set, a number beyond it the last; who does not move
may do anything, to no effect, or has no choice at a step at which it never moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model import Initial, Model, Signature, Variable
from posgc.model.arrays import Kernel
from posgc.model.build import kernel_from_entries
from posgc.plugin import LimitError
from posgc_gambit_files.efg_reader import Infoset, Tree
from posgc_gambit_files.efg_stages import Landing, Stages

__all__ = ["MAX_CELLS", "MAX_ROWS", "Builder"]

MAX_ROWS = 1_000_000  # states times the joint actions that can be played there
MAX_CELLS = 10_000_000  # states times all joint actions; a reward of each player is kept for each
Floats = npt.NDArray[np.float64]
_LONG = 40  # characters of a label that people still read

State = tuple[int | None, int]
"""(first node of the stage, step), or (None, 0) for `over`, (None, -k) for the end that is reached at once by the
k-th landing before the first move."""
_OVER: State = (None, 0)


class Builder:
    def __init__(self, tree: Tree, stages: Stages, horizon: int) -> None:
        self.tree, self.stages, self.horizon, self.n = tree, stages, horizon, len(tree.players)
        movers = [infoset for stage in stages.stages.values() for infoset in stage.movers]
        self.infosets = [
            list({i.number: i for i in sorted(movers, key=_number) if i.player == player}.values())
            for player in range(self.n)
        ]
        self.seen = {(i.player, i.number): k for own in self.infosets for k, i in enumerate(own, 1)}
        self.widths = [max((len(i.actions) for i in own), default=1) for own in self.infosets]
        self.active = np.zeros((horizon, self.n), dtype=np.bool_)
        for head, stage in stages.stages.items():
            self.active[stages.step[head] - 1, [i.player for i in stage.movers]] = True
        self.before = {
            landing.head: stages.step[head]
            for head, stage in stages.stages.items()
            for landings in stage.after
            for landing in landings
            if landing.head is not None
        }
        """The step of the stage before a stage."""
        self._plays: dict[tuple[bool, ...], list[tuple[int, ...]]] = {}
        self.entries: list[tuple[int, int, int, float]] = []
        self.paid: list[tuple[float, ...]] = []

    def model(self, name: str) -> Model:
        first, banked = self._first()
        order = self._states(first)
        number = {state: k for k, state in enumerate(order)}
        sizes = [1 + len(own) for own in self.infosets]
        cells, played = len(order) * prod(self.widths), sum(len(self._allowed(state)) for state in order)
        if cells > MAX_CELLS or played > MAX_ROWS or prod(sizes) >= 1 << 62:
            raise LimitError(
                f"{cells:.3g} states and joint actions, {played:.3g} of them in play; the limits are "
                f"{MAX_CELLS:.3g} and {MAX_ROWS:.3g}: write a smaller tree"
            )
        seen = [self._seen(state) for state in order]
        joint = np.array([int(np.ravel_multi_index(s, sizes)) for s in seen], dtype=np.int64)
        for state in order:
            self._rows(state, number, joint, banked.get(state, (0.0,) * self.n))
        start = sorted((number[state], p) for state, p in first.items())
        at = np.array([k for k, _ in start], dtype=np.int64)
        initial = Initial(at, joint[at], np.array([float(p) for _, p in start]))
        labels = self._labels(order)
        return Model(
            name,
            self.tree.title,
            self._signature(),
            self.horizon,
            1.0,
            ("state",),
            (labels,),
            np.arange(len(order), dtype=np.int64)[:, None],
            initial,
            (self._kernel(len(order), joint),),
            (0,) * self.horizon,
            self.active,
            np.ones((self.horizon + 1, self.n), dtype=np.bool_),
            frozenset({"step"}),  # a tree ends: what its last step is like says nothing of later ones
        )

    # ---- states

    def _arrival(self, landing: Landing, step: int) -> State:
        """The state at `step` after a landing."""
        return _OVER if landing.head is None else (landing.head, step)

    def _first(self) -> tuple[dict[State, Fraction], dict[State, tuple[float, ...]]]:
        """The law of the first state, and what is already won there: it is paid at step 1."""
        law: dict[State, Fraction] = {}
        banked = {}
        for k, landing in enumerate(self.stages.first, 1):
            state: State = self._arrival(landing, 1)
            if state == _OVER and any(landing.payoff):
                state = (None, -k)
            law[state] = law.get(state, Fraction(0)) + landing.chance
            banked[state] = tuple(map(float, landing.payoff))
        return law, banked

    def _states(self, first: dict[State, Fraction]) -> list[State]:
        """All states, by step and place in the tree, `over` last."""
        found = set(first) | {_OVER}
        if sum(h - self.before.get(head, 0) for head, h in self.stages.step.items()) > MAX_ROWS:
            raise LimitError(f"more than {MAX_ROWS:,} states, waiting ones included: write a smaller tree")
        for head, step in self.stages.step.items():
            begin = 1 if (head, 1) in first else 1 + self.before[head]
            found |= {(head, h) for h in range(begin, step + 1)}
        return sorted(found, key=lambda s: (s[0] is None, s == _OVER, s[1], s[0] or 0))

    def _times(self, state: State) -> range:
        """The steps at which play can be at an end."""
        if state != _OVER:
            return range(1, 2)
        ends = [
            self.stages.step[head] + 1
            for head, stage in self.stages.stages.items()
            if any(landing.head is None for landings in stage.after for landing in landings)
        ]
        now = [1 if not any(x.payoff) else 2 for x in self.stages.first if x.head is None]
        return range(min(ends + now, default=self.horizon + 1), self.horizon + 1)

    def _allowed(self, state: State) -> list[tuple[int, ...]]:
        """The joint actions that can be played in a state, as digits."""
        if state[0] is not None:
            return self._playable(tuple(self.active[state[1] - 1].tolist()))
        patterns = {tuple(self.active[h - 1].tolist()) for h in self._times(state)}
        return list(dict.fromkeys(digits for pattern in sorted(patterns) for digits in self._playable(pattern)))

    def _playable(self, pattern: tuple[bool, ...]) -> list[tuple[int, ...]]:
        """The joint actions of a step at which these players have a choice."""
        if pattern not in self._plays:
            widths = [range(w if on else 1) for w, on in zip(self.widths, pattern, strict=True)]
            if prod(map(len, widths)) > MAX_ROWS:
                raise LimitError(f"more than {MAX_ROWS:,} joint actions: write a smaller tree")
            self._plays[pattern] = list(product(*widths))
        return self._plays[pattern]

    def _seen(self, state: State) -> list[int]:
        """What each player observes on arrival: 0 for nothing, else 1 + the place of its information set."""
        found = [0] * self.n
        head, step = state
        if head is not None and step == self.stages.step[head]:
            for infoset in self.stages.stages[head].movers:
                found[infoset.player] = self.seen[infoset.player, infoset.number]
        return found

    # ---- rows

    def _rows(
        self, state: State, number: dict[State, int], joint: npt.NDArray[np.int64], bank: tuple[float, ...]
    ) -> None:
        for digits in self._allowed(state):
            action = int(np.ravel_multi_index(digits, self.widths))
            row = action * len(number) + number[state]
            for following, chance, paid in self._following(state, digits):
                k = number[following]
                self.entries.append((row, int(joint[k]), k, chance))
                self.paid.append(tuple(a + b for a, b in zip(bank, paid, strict=True)))

    def _following(self, state: State, digits: tuple[int, ...]) -> Iterator[tuple[State, float, tuple[float, ...]]]:
        head, step = state
        nothing = (0.0,) * self.n
        if head is None:
            yield _OVER, 1.0, nothing
        elif step < self.stages.step[head]:
            yield (head, step + 1), 1.0, nothing
        else:
            stage, index = self.stages.stages[head], 0
            for mover in stage.movers:
                index = index * len(mover.actions) + min(digits[mover.player], len(mover.actions) - 1)
            for landing in stage.after[index]:
                yield self._arrival(landing, step + 1), float(landing.chance), tuple(map(float, landing.payoff))

    def _kernel(self, n_states: int, joint: npt.NDArray[np.int64]) -> Kernel:
        """The kernel, with rewards by outcome where they depend on it, and what is seen as a function of s'."""
        row, seen, state = (np.array([entry[k] for entry in self.entries], dtype=np.int64) for k in range(3))
        chance: Floats = np.array([entry[3] for entry in self.entries], dtype=np.float64)
        paid: Floats = np.array(self.paid, dtype=np.float64).T
        n_actions = prod(self.widths)
        n_rows = n_actions * n_states
        mean = np.stack([np.bincount(row, chance * each, minlength=n_rows) for each in paid]).astype(np.float64)
        shape = (self.n, n_actions, n_states)
        kernel = kernel_from_entries(row, seen, state, chance, mean.reshape(shape), paid)
        lengths = np.diff(kernel.indptr)
        sample = kernel.sample_reward
        plain = sample is not None and bool((np.repeat(mean, lengths, axis=1) == sample).all())
        emission = sparse.csr_array(
            (np.ones(n_rows), np.tile(joint, n_actions), np.arange(n_rows + 1)),
            shape=(n_rows, prod(1 + len(own) for own in self.infosets)),
        )
        return replace(kernel, sample_reward=None if plain else sample, emission=emission)

    # ---- names

    def _signature(self) -> Signature:
        acts = tuple(
            Variable("act", i, self._actions(own, w))
            for i, (own, w) in enumerate(zip(self.infosets, self.widths, strict=True))
        )
        return Signature(
            self.tree.players,
            acts,
            tuple(Variable("obs", i, _unlike("wait", _named(own))) for i, own in enumerate(self.infosets)),
        )

    def _actions(self, own: list[Infoset], width: int) -> tuple[str, ...]:
        """The names at each place of the players' lists, joined; numbers where that gets long, or not distinct."""
        names = ["/".join(dict.fromkeys(i.actions[j] for i in own if j < len(i.actions))) for j in range(width)]
        if not own or len(set(names)) < width or any(len(name) > _LONG for name in names):
            return tuple(map(str, range(width)))
        return tuple(names)

    def _labels(self, order: list[State]) -> tuple[str, ...]:
        """The actions on the way to a node, with the step where play waits; node numbers where that gets long."""
        paths = self._paths()
        if len(set(paths.values())) < len(paths) or any(len(path) > _LONG for path in paths.values()):
            paths = {head: f"node{head + 1}" for head in paths}
        labels = []
        for head, step in order:
            if head is None:
                labels.append("over" if step == 0 else f"over{-step}")
            else:
                labels.append(paths[head] + (f" waits {step}" if step < self.stages.step[head] else ""))
        return tuple(labels) if len(set(labels)) == len(labels) else tuple(map(str, range(len(labels))))

    def _paths(self) -> dict[int, str]:
        """The actions on the way to the first node of each stage, cut where they are longer than people read."""
        paths: list[str] = []
        for node in self.tree.nodes:
            before = self.tree.nodes[node.parent].infoset if node.parent >= 0 else None
            word = "" if before is None else before.actions[node.place]
            path = f"{paths[node.parent]}.{word}" if node.parent > 0 else word
            paths.append(path[: _LONG + 1])
        return {head: paths[head] or "root" for head in self.stages.stages}


def _number(infoset: Infoset) -> int:
    return infoset.number


def _named(own: list[Infoset]) -> list[str]:
    """The names of information sets where they tell them apart, else their numbers."""
    names = [infoset.name for infoset in own]
    return names if all(names) and len(set(names)) == len(names) else [f"set{infoset.number}" for infoset in own]


def _unlike(word: str, names: list[str]) -> tuple[str, ...]:
    """The word, made unlike the names, before them."""
    while word in names:
        word += "_"
    return (word, *names)
