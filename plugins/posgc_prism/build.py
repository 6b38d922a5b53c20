"""From what is reached to the array model: who chooses, what everybody observes, and actions that are not there.

posgc's actions are the same everywhere.  A player's actions are the names of its choices, and `-` where it does not
move.  At a state an action that is not there plays the first that is, in the order of the list: it is another name for
it, so no value changes as long as the player knows what is there.  In a `pomdp` equal observations must therefore mean
equal actions, which is PRISM's own rule; elsewhere players observe the state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.model import Initial, Model, Signature, Variable
from posgc.model.build import kernel_from_entries
from posgc.plugin import LimitError
from posgc.plugin.complaints import Complaints
from posgc_prism.explore import MAX_ENTRIES, Reached
from posgc_prism.expressions import Values
from posgc_prism.system import System

__all__ = ["build"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Play:
    """Who chooses in each state, and between what."""

    actions: tuple[tuple[str, ...], ...]  # of each player
    owner: Ints  # [S], a player; 0 where nothing can be chosen
    # [S, most actions], the choice that action k of the owner makes; -1 where nothing can be chosen: then the state
    # stays
    table: Ints


class _Builder:
    def __init__(self, system: System, reached: Reached, complaints: Complaints) -> None:
        self.system, self.reached, self.complaints = system, reached, complaints
        self.n_states = len(reached.states)
        self.many = np.bincount(reached.state, minlength=self.n_states)  # [S], how many choices there are
        dead = int((self.many == 0).sum())
        if dead:
            state = self.shown(int(np.argmin(self.many)))
            complaints.note(
                "N118",
                f"nothing can happen at {dead} state(s), first {state}: it stays there for ever",
                None,
                "what the state pays is paid at every step",
            )

    def shown(self, state: int) -> str:
        row = self.reached.states[state]
        return ", ".join(f"{v.name}={v.label(int(x))}" for v, x in zip(self.system.variables, row, strict=True))

    def play(self) -> _Play:
        system, reached = self.system, self.reached
        owner_of = np.array(system.owner, dtype=np.int64)[reached.label]
        owner = self._owners(owner_of)
        names, table = list[tuple[str, ...]](), np.full((self.n_states, 1), -1)
        for player in range(len(system.players)):
            mine = np.flatnonzero(owner_of == player)
            width = np.max(reached.rank[mine], initial=-1) + 1
            kinds, action = np.unique(reached.label[mine] * width + reached.rank[mine], return_inverse=True)
            own = [self._called(*divmod(int(kind), int(width))) for kind in kinds]
            idle = not own or bool(((owner != player) & (self.many > 0)).any())
            names.append(("-", *own) if idle else tuple(own))
            table = self._filled(table, mine, action + idle, len(names[-1]), player)
        return _Play(tuple(names), owner, table)

    def _called(self, label: int, rank: int) -> str:
        return self.system.labels[label].name + (f"#{rank + 1}" if rank else "")

    def _filled(self, table: Ints, mine: Ints, action: Ints, width: int, player: int) -> Ints:
        """The table with a player's choices; an action that is not there makes the choice of the first that is."""
        wide = np.full((self.n_states, max(table.shape[1], width)), -1)
        wide[:, : table.shape[1]] = table
        state = self.reached.state[mine]
        if not len(state):
            return wide
        wide[state, action] = mine
        at, counts = np.unique(state, return_counts=True)
        there = wide[at, :width] >= 0
        first = wide[at, np.argmax(there, axis=1)]
        wide[at] = np.where(wide[at] >= 0, wide[at], first[:, None])
        if counts.min() < there.any(axis=0).sum():
            k = int(np.argmin(counts))
            self.complaints.note(
                "N119",
                f"the actions of player {self.system.players[player]} depend on the state; at "
                f"{self.shown(int(at[k]))} there are {counts[k]} of {there.any(axis=0).sum()}",
                None,
                "an action that is not there is another name for the first that is",
            )
        if self.system.kind == "pomdp":
            self._require_known(there, at)
        return wide

    def _require_known(self, there: npt.NDArray[np.bool_], at: Ints) -> None:
        """I107 where states with one observation have other actions."""
        rows = np.zeros((self.n_states, there.shape[1]), dtype=np.bool_)
        rows[at] = there
        _, kind = np.unique(rows, axis=0, return_inverse=True)
        _, seen = np.unique(self.seen(), axis=0, return_inverse=True) if self.system.seen else (0, np.zeros_like(kind))
        order = np.argsort(seen.ravel(), kind="stable")
        seen, kind = seen.ravel()[order], kind.ravel()[order]
        wrong = np.flatnonzero((np.diff(seen) == 0) & (np.diff(kind) != 0))
        if len(wrong):
            one, two = (self.shown(int(order[wrong[0] + k])) for k in (0, 1))
            self.complaints.error(
                "I107",
                f"two states with the same observation have other actions: {one}, and {two}",
                None,
                "observe what the actions depend on",
            )
            self.complaints.settle()

    def _owners(self, owner_of: Ints) -> Ints:
        """The player who moves at each state: I107 where nobody or two could."""
        reached = self.reached
        if len(lost := np.flatnonzero(owner_of < 0)):
            label = self.system.labels[int(reached.label[lost[0]])]
            what = "the action" if label.action is not None else "commands without action of module"
            self.complaints.error("I107", f"no player has {what} `{label.source}`", label.span, "list it under one")
        owner = np.zeros(self.n_states, dtype=np.int64)
        owner[reached.state] = owner_of
        if len(other := np.flatnonzero(owner[reached.state] != owner_of)) and not len(lost):
            k = int(other[0])
            state, span = int(reached.state[k]), self.system.labels[int(reached.label[k])].span
            one, two = (self.system.players[int(i)] for i in (owner_of[k], owner[state]))
            self.complaints.error(
                "I107",
                f"players {one} and {two} could both choose at {self.shown(state)}",
                span,
                "one player moves at a state",
            )
        self.complaints.settle()
        return owner

    def seen(self) -> Floats:
        """The observation of each state [S, observables]."""
        values = Values(self.reached.states, self.complaints)
        found = [values.number(expr) for _, expr in self.system.seen]
        for (name, expr), column in zip(self.system.seen, found, strict=True):
            if not np.isfinite(column).all():
                state = self.shown(int(np.argmin(np.isfinite(column))))
                self.complaints.error("I105", f"the observable `{name}` is undefined at {state}", expr.span, "guard it")
        self.complaints.settle()
        return np.column_stack(found) if found else np.zeros((self.n_states, 0))

    def signals(self) -> tuple[tuple[Variable, ...], Ints]:
        """The observation variables of all players, and the joint observation of each state."""
        own, code = list[Variable](), np.zeros(self.n_states, dtype=np.int64)
        for (name, expr), column in zip(self.system.seen, self.seen().T, strict=True):
            values, index = np.unique(column, return_inverse=True)
            own.append(Variable(name, 0, tuple(_word(float(value), expr.kind) for value in values)))
            code = code * len(values) + index
            if prod(len(v.values) for v in own) ** len(self.system.players) >= 1 << 62:
                raise LimitError("the players' observations have 4.6e18 combinations or more: leave out variables")
        joint = np.zeros_like(code)
        for _ in self.system.players:
            joint = joint * prod(len(v.values) for v in own) + code
        return tuple(replace(v, agent=i) for i in range(len(self.system.players)) for v in own), joint

    def model(self, name: str, horizon: int, discount: float) -> Model:
        system, reached, n_states = self.system, self.reached, self.n_states
        play = self.play()
        signals, joint = self.signals()
        sizes = tuple(map(len, play.actions))
        self._within(prod(sizes) * n_states)
        digits = np.stack(np.unravel_index(np.arange(prod(sizes)), sizes), axis=1)
        choice = play.table[np.arange(n_states)[None], digits[:, play.owner]].ravel()  # row a * S + s
        state = np.tile(np.arange(n_states), prod(sizes))
        row, target, chance = self._entries(choice, state)
        paid = reached.paid[state] + np.where(choice >= 0, np.append(reached.reward, 0.0)[choice], 0.0)
        reward = np.repeat(paid.reshape(1, prod(sizes), n_states), len(system.players), axis=0)
        kernel = kernel_from_entries(row, joint[target], target, chance, reward)
        shape = (len(choice), prod(len(v.values) for v in signals))
        emission = sparse.csr_array((np.ones(len(choice)), (np.arange(len(choice)), joint[state])), shape=shape)
        places = [np.unique(column, return_inverse=True) for column in reached.states.T]
        first = np.array([reached.first])
        actions = tuple(Variable("act", i, each) for i, each in enumerate(play.actions))
        labels = (
            tuple(v.label(int(x)) for x in values) for v, (values, _) in zip(system.variables, places, strict=True)
        )
        return Model(
            name,
            "",
            Signature(system.players, actions, signals),
            horizon,
            discount,
            tuple(v.name for v in system.variables),
            tuple(labels),
            np.stack([index for _, index in places], axis=1),
            Initial(first, joint[first], np.ones(1)),
            (replace(kernel, emission=emission),),
            (0,) * horizon,
            np.ones((horizon, len(sizes)), dtype=np.bool_),
            np.ones((horizon + 1, len(signals)), dtype=np.bool_),
        )

    def _within(self, entries: int) -> None:
        if entries > MAX_ENTRIES:
            raise LimitError(
                f"the kernel P(s', o' | s, a) would have {entries:.3g} entries or more; the limit is "
                f"{MAX_ENTRIES:.3g}: write a smaller model"
            )

    def _entries(self, choice: Ints, state: Ints) -> tuple[Ints, Ints, Floats]:
        """Row, new state and probability of every entry; row k makes `choice[k]`, -1 stays."""
        reached = self.reached
        order = np.argsort(reached.choice, kind="stable")
        count = np.bincount(reached.choice, minlength=len(reached.state))
        first = np.cumsum(count) - count
        moves = np.flatnonzero(choice >= 0)
        many = count[choice[moves]]
        self._within(int(many.sum()))
        offset = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        at = order[np.repeat(first[choice[moves]], many) + offset]
        stays = np.flatnonzero(choice < 0)
        return (
            np.concatenate([np.repeat(moves, many), stays]),
            np.concatenate([reached.target[at], state[stays]]),
            np.concatenate([reached.chance[at], np.ones(len(stays))]),
        )


def _word(value: float, kind: str) -> str:
    if kind == "bool":
        return "true" if value else "false"
    return str(int(value)) if kind == "int" else repr(value)


def _averaged(reached: Reached) -> Reached:
    """A chain without choices: where several things can happen each is as likely, as in PRISM."""
    many = np.bincount(reached.state, minlength=len(reached.states))
    share = 1.0 / many[reached.state]
    live, which = np.unique(reached.state, return_inverse=True)
    nothing = np.zeros(len(live), dtype=np.int64)
    reward = np.zeros(len(live))
    np.add.at(reward, which, reached.reward * share)
    return replace(
        reached,
        state=live,
        label=nothing,
        rank=nothing,
        reward=reward,
        choice=which[reached.choice],
        chance=reached.chance * share[reached.choice],
    )


def build(system: System, reached: Reached, name: str, horizon: int, discount: float, complaints: Complaints) -> Model:
    """The model over the reachable states.  Raises InputError (I105, I107), LimitError above MAX_ENTRIES entries."""
    if system.kind == "dtmc":
        system = replace(system, labels=tuple(replace(label, name="-") for label in system.labels))
        reached = _averaged(reached)
    return _Builder(system, reached, complaints).model(name, horizon, discount)
