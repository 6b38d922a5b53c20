"""The game as a tree of histories: nothing merged, so right for every protocol, with or without Assumption 3.

A history is (s_1, o_1, a_1, s_2, o_2, ...).  Chance draws (s_1, o_1); at each step the agents that have a choice
choose one after the other, none seeing what the others choose now; chance draws (s', o').  Agent i's information
set at step h is what `Information` says it knows, (c_h, p_{i,h}), with its own past actions kept: under perfect
recall (no `forget`) the tree has perfect recall.  The payoff at the end is the sum of discount^{h-1} r_h(s, a).

Nodes are counted, without the tree, by counting histories by their state: the number of histories of step h + 1
that end in s' is the number of kernel entries that lead there, weighted by the histories of step h.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec, decode, evolve, initial_codes, project
from posgc.information.extensive import Chance, Decision, Infosets, Node, Outcome
from posgc.information.items import Information, Item
from posgc.language.diagnostics import LimitError
from posgc.model.arrays import Model
from posgc.model.ragged import gather
from posgc.model.rationals import law, rational

__all__ = ["Histories", "Moment", "Row", "count_nodes", "game_tree", "require_nodes"]

Ints = npt.NDArray[np.int64]
COUNT_LIMIT = 1e15
"""Counting stops here; counts below are exact."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A history at the moment before a_h: its state, its code of u_h, its increments z_1..z_h, and what was paid."""

    h: int
    state: int
    private: int
    news: tuple[int, ...]
    paid: tuple[Fraction, ...]


@dataclass(frozen=True)
class Row:
    """A law over (o', s')."""

    labels: tuple[str, ...]  # of the branches
    law: tuple[Fraction, ...]  # exact probabilities of the branches
    observation: Ints  # [branches], joint index of o'
    state: Ints  # [branches], s'


class Histories:
    """The moves of chance, and who knows what: all that trees over histories have in common.

    Own actions are remembered (`Information.dropped` is emptied), so that recall is perfect without `forget`.
    `paid` are the agents whose payoffs an outcome holds, all where it is None.
    """

    def __init__(self, information: Information, paid: Sequence[int] | None = None) -> None:
        self.information = replace(information, dropped=frozenset())
        self.paid = list(range(information.n_agents) if paid is None else paid)
        self.model = information.model
        self._rows: dict[tuple[int, int], Row] = {}
        self._codes: dict[tuple[int, int, int], dict[tuple[int, int], tuple[int, int]]] = {}
        self._known: dict[tuple[int, int], tuple[int, ...]] = {}
        self._rewards: dict[tuple[int, int, int], tuple[Fraction, ...]] = {}
        self._gamma = rational(self.model.discount)
        self._words: dict[tuple[int, int, int], str] = {}

    def root(self, child: Callable[[Moment], Node]) -> Node:
        """The first draw, of (s_1, o_1)."""
        nothing, row = (Fraction(0),) * len(self.paid), self.first_row()
        z, u = initial_codes(self.information, row.observation)

        def first(k: int) -> Node:
            return child(Moment(1, int(row.state[k]), int(u[k]), (int(z[k]),), nothing))

        return _draw(row, first)

    def after(self, moment: Moment, action: int, child: Callable[[Moment], Node]) -> Node:
        """What follows a joint action: the draw of (s', o'), or the end."""
        h, model = moment.h, self.model
        paid = tuple(a + b for a, b in zip(moment.paid, self.reward(h, action, moment.state), strict=True))
        if h == model.horizon:
            return Outcome(paid)
        row = self.row(h, action * model.n_states + moment.state)
        codes = self._evolved(h, moment.private, moment.state)

        def drawn(k: int) -> Node:
            z, u = codes[action, int(row.observation[k])]
            return child(Moment(h + 1, int(row.state[k]), u, (*moment.news, z), paid))

        return _draw(row, drawn)

    def first_row(self) -> Row:
        """The law of (o_1, s_1)."""
        initial = self.model.initial
        return self._row(1, initial.observation, initial.state, initial.probability)

    def row(self, h: int, at: int) -> Row:
        """The law of (o', s') in a row of the kernel of step h."""
        found = self._rows.get((h, at))
        if found is None:
            kernel = self.model.kernel(h)
            part = slice(kernel.indptr[at], kernel.indptr[at + 1])
            found = self._row(h + 1, kernel.observation[part], kernel.state[part], kernel.probability[part])
            self._rows[h, at] = found
        return found

    def private_of(self, moment: Moment) -> tuple[int, ...]:
        """Codes of p_{1,h}..p_{n,h}."""
        return self.private_codes(moment.h, moment.private)

    def private_codes(self, h: int, private: int) -> tuple[int, ...]:
        """The same from the code of what is not common at step h."""
        key = h, private
        if key not in self._known:
            codes = project(self.information, h, np.array([private]))
            self._known[key] = tuple(map(int, codes[:, 0]))
        return self._known[key]

    def name(self, agent: int, moment: Moment) -> str:
        """What the agent knows, in words: `step 2; act[ann]@1=listen; hear[ann]@2=left`."""
        parts = [self.say(t, -1, z) for t, z in enumerate(moment.news, start=1)]
        parts.append(self.say(moment.h, agent, self.private_of(moment)[agent]))
        return "; ".join([f"step {moment.h}", *filter(None, parts)])

    def say(self, h: int, agent: int, code: int) -> str:
        """The increment z_h of a code in words, or what an agent (from 0) holds at step h."""
        key = h, agent, code
        if key not in self._words:
            known = self.information
            items = known.increment(h) if agent < 0 else known.private_of(agent, h)
            values = decode(Codec.of(known, items), code)
            self._words[key] = "; ".join(map(self._item, items, values))
        return self._words[key]

    def _item(self, item: Item, value: int) -> str:
        return f"{self.information.label(item)}={self.information.variable(item).values[value]}"

    def reward(self, h: int, action: int, state: int) -> tuple[Fraction, ...]:
        """What each of `paid` gets at a step, discounted."""
        key = h, action, state
        if key not in self._rewards:
            factor = self._gamma ** (h - 1)
            paid = self.model.kernel(h).reward[self.paid, action, state].tolist()
            self._rewards[key] = tuple(factor * rational(r) for r in paid)
        return self._rewards[key]

    def _row(self, h: int, observation: Ints, state: Ints, probability: npt.NDArray[np.float64]) -> Row:
        labels = tuple(self._label(h, int(o), int(s)) for o, s in zip(observation, state, strict=True))
        return Row(labels, tuple(law(probability.tolist())), observation, state)

    def _label(self, h: int, observation: int, state: int) -> str:
        """The state of step h and what is observed then."""
        signature, seen = self.model.signature, []
        for v in reversed(range(len(signature.observations))):
            variable = signature.observations[v]
            observation, digit = divmod(observation, len(variable.values))
            if self.model.observed[h - 1, v]:
                seen.append(f"{variable.name}[{signature.agents[variable.agent]}]={variable.values[digit]}")
        return ", ".join([self.model.state_label(state), *reversed(seen)])

    def _evolved(self, h: int, u: int, state: int) -> dict[tuple[int, int], tuple[int, int]]:
        """(a_h, o_{h+1}) -> codes of (z_{h+1}, u_{h+1}), for everything that can follow u_h in the state."""
        key = h, u, state
        if key not in self._codes:
            actions, kernel = self.model.allowed(h), self.model.kernel(h)
            at, counts = gather(kernel.indptr, actions * self.model.n_states + state)
            a, o = np.repeat(actions, counts), kernel.observation[at]
            z, following = evolve(self.information, h, np.full(len(a), u), kernel.made(a, np.full(len(a), state)), o)
            pairs = zip(z.tolist(), following.tolist(), strict=True)
            self._codes[key] = dict(zip(zip(a.tolist(), o.tolist(), strict=True), pairs, strict=True))
        return self._codes[key]


def _draw(row: Row, child: Callable[[int], Node]) -> Node:
    return child(0) if len(row.law) == 1 else Chance(row.labels, row.law, child)


def game_tree(information: Information, infosets: Infosets) -> Node:
    """The root of the whole game's tree; `infosets` is filled as the tree is walked.

    The key of an information set is (h, (z_1, ..., z_h), code of p_{i,h}); its actions are those of
    `Model.choices` that exist there; who has one only does not choose.
    """
    histories, model = Histories(information), information.model
    choosers = {
        h: [(i, model.choice_labels(i, h)) for i in range(model.n_agents) if len(model.choices(i, h)) > 1]
        for h in range(1, model.horizon + 1)
    }
    played = {(i, h): _played(model, i, h) for h, turns in choosers.items() for i, _ in turns}
    allowed = {h: model.allowed(h).tolist() for h in choosers}

    def step(moment: Moment) -> Node:
        return choose(moment, 0, 0)

    def choose(moment: Moment, turn: int, position: int) -> Node:
        """`position` in row-major order of the choices so far: agents without a choice do not change it."""
        turns = choosers[moment.h]
        if turn == len(turns):
            return histories.after(moment, allowed[moment.h][position], step)
        agent, labels = turns[turn]
        stands = played[agent, moment.h][moment.state]
        own = sorted(set(stands))

        def chosen(k: int) -> Node:
            return choose(moment, turn + 1, position * len(labels) + own[k])

        if len(own) == 1:
            return chosen(0)
        key = moment.h, moment.news, histories.private_of(moment)[agent]
        number, name = infosets.meet(agent, key, lambda: histories.name(agent, moment))
        infosets.played[agent][number] = stands
        return Decision(agent, number, name, tuple(labels[k] for k in own), chosen)

    return histories.root(step)


def _played(model: Model, agent: int, h: int) -> list[list[int]]:
    """For each state and each of the agent's choices the position of the one that is played, itself where it exists."""
    played = model.played_choices(agent, h)
    if played is None:
        return [list(range(len(model.choices(agent, h))))] * model.n_states
    return [list(row) for row in played.tolist()]


def count_nodes(information: Information) -> float:
    """How many nodes `game_tree` has; exact up to `COUNT_LIMIT`, at least that where it says more."""
    model = information.model
    initial = model.initial
    reached = np.bincount(initial.state, minlength=model.n_states).astype(np.float64)
    total = float(len(initial.state) > 1)
    for h in range(1, model.horizon + 1):
        actions, kernel = model.allowed(h), model.kernel(h)
        exists = np.ones((len(actions), model.n_states), dtype=bool)
        if kernel.played is not None:
            exists = kernel.played[actions] == actions[:, None]
        inner, ways = np.zeros(model.n_states), np.ones(model.n_states)
        for i in range(model.n_agents):
            sizes, played = np.full(model.n_states, len(model.choices(i, h))), model.played_choices(i, h)
            if played is not None:
                sizes = (played == np.arange(played.shape[1])).sum(axis=1)
            inner, ways = inner + ways * (sizes > 1), ways * sizes
        if h == model.horizon:
            return total + float(reached @ (inner + ways))
        rows = actions[:, None] * model.n_states + np.arange(model.n_states)
        counts = (kernel.indptr[rows + 1] - kernel.indptr[rows]) * exists
        total += float(reached @ (inner + (counts > 1).sum(axis=0)))
        ahead = np.zeros(model.n_states)
        live = np.flatnonzero(reached)
        for k, a in enumerate(actions):
            some = live[exists[k, live]]
            at, times = gather(kernel.indptr, a * model.n_states + some)
            ahead += np.bincount(kernel.state[at], np.repeat(reached[some], times), model.n_states)
        reached = ahead
        if total > COUNT_LIMIT:
            break
    return total


def require_nodes(information: Information, limit: int, cure: str) -> int:
    """The number of nodes.  Raises LimitError with it, and what to do, where it is above the limit, and where what
    agents know cannot be numbered: so that walking the tree raises nothing."""
    nodes = count_nodes(information)
    if nodes > limit:
        said = f"more than {COUNT_LIMIT:.0e}" if nodes > COUNT_LIMIT else f"{nodes:.0f}"
        raise LimitError(f"the game tree has {said} nodes (limit {limit}); {cure}, or take a shorter --horizon")
    whole = replace(information, dropped=frozenset())
    for h in range(1, information.model.horizon + 1):
        for items in (whole.private(h), whole.increment(h)):
            Codec.of(whole, items)
    return int(nodes)
