"""Policies of few nodes at each step, whatever the horizon: lower bounds where the search cannot reach the end.

Layer by layer from the last, laws that play can reach are given good nodes on top of the layer that follows
(memory-bounded dynamic programming: Seuken and Zilberstein 2007); then single nodes are improved, each against the law
of who reaches it, until none can be.  The laws are components that optimal play of a shorter game meets, and beliefs
of drawn plays, those of single agents among them: nodes made for what both know alone would trust the other too much.
Served are two agents under protocols in which nobody learns old items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from posgc.coordination.limits import Limits
from posgc.coordination.lookahead import CELLS, Plans, kept_actions, one_step
from posgc.coordination.messages import ascended, shifted
from posgc.coordination.pending import Transfer
from posgc.coordination.relaxation import Relaxation
from posgc.coordination.search import Node, Search, Stopped
from posgc.coordination.steps import Rule, Steps
from posgc.coordination.tables import Edges, controllers_of
from posgc.information.items import Information
from posgc.model.ragged import gather
from posgc.policy.controllers import Controllers

__all__ = ["layered"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WIDTHS = (4, 8, 16)
"""Nodes of each agent and step, at most, one policy after the other, each from the laws that the best so far meets."""
SWEEPS = 20
"""Improvements of a policy, last step first, at most."""
WALKS = 40
"""Plays from which beliefs are drawn."""
GREEDY = 0.5
"""Share of their actions that are the best by the bounds; the others are drawn."""
SHORT, EFFORT = 4, 2.0
"""Steps of the longest shorter game that is solved, and seconds for each, at most."""
LARGE = 6_000_000
"""Values of states and pairs of nodes, all steps together, up to which layers are built."""


@dataclass(frozen=True, eq=False)
class _Moves:
    """What can happen at a step: entries sorted by (joint action, state)."""

    first: Ints  # [A + 1] entries of each joint action
    state: Ints
    after: Ints
    mass: Floats  # probability, discounted
    news: tuple[Ints, Ints]  # of each agent, numbered
    count: tuple[int, int]
    codes: tuple[
        Ints, Ints
    ]  # of each agent [3, codes]: own action, number of the news, its code as controllers read it
    reward: Floats  # [A_1, A_2, S]
    sizes: tuple[int, int]


@dataclass(eq=False)
class _Layer:
    """Nodes of both agents at a step."""

    action: list[Ints]  # of each agent [W_i]
    to: list[Ints]  # [W_i, K_i] node of the next step after each news
    value: Floats  # [S, W_1, W_2] of the rest of the game


def layered(
    steps: Steps, relaxation: Relaxation, tolerance: float, stopped: Callable[[], bool]
) -> tuple[float, Controllers] | None:
    """The value of a policy of few nodes for each agent and step; None where the way does not apply.

    Shorter games are solved to `tolerance`.
    """
    model = steps.beliefs.model
    size = model.n_states * WIDTHS[-1] ** 2 * model.horizon
    if model.n_agents != 2 or size > LARGE or any(t.queue for both in steps.transfers for t in both):
        return None
    try:
        return _Builder(steps, relaxation, tolerance, stopped).best()
    except TooLarge:
        return None


class TooLarge(Exception):
    """So many news and nodes that even the static team of one pair of types is too large."""


class _Builder:
    def __init__(self, steps: Steps, relaxation: Relaxation, tolerance: float, stopped: Callable[[], bool]) -> None:
        self.steps, self.relaxation, self.stopped = steps, relaxation, stopped
        self.width = WIDTHS[0]
        self._met: list[Floats] = []
        self.tolerance = tolerance
        self.model, self.horizon = steps.beliefs.model, steps.beliefs.model.horizon
        made: dict[int, _Moves] = {}
        self.moves = []
        for h in range(1, self.horizon):
            kind = steps.kind[h - 1]
            if kind not in made:
                made[kind] = self._moves(h)
            self.moves.append(made[kind])
        self.moves.append(self._moves(self.horizon))
        self.random = np.random.default_rng(0)

    # ---- the game

    def _moves(self, h: int) -> _Moves:
        kernel, actions, n_states = self.model.kernel(h), self.model.allowed(h), self.model.n_states
        sizes = self.steps.sizes[h - 1]
        reward = kernel.reward[0][actions].reshape(sizes[0], sizes[1], n_states)
        if h == self.horizon:
            none, zeros = np.zeros(0), np.zeros(0, dtype=np.int64)
            first, no_codes = np.zeros(len(actions) + 1, dtype=np.int64), np.zeros((3, 0), dtype=np.int64)
            return _Moves(
                first, zeros, zeros, none, (zeros, zeros), (0, 0), (no_codes, no_codes), reward, (sizes[0], sizes[1])
            )
        rows = (actions[:, None] * n_states + np.arange(n_states)).ravel()
        at, counts = gather(kernel.indptr, rows)
        position, state = np.divmod(np.repeat(np.arange(len(rows)), counts), n_states)
        observation = kernel.observation[at]
        news, codes = self._news(h, actions[position], np.divmod(position, sizes[1]), observation)
        first = np.searchsorted(position, np.arange(len(actions) + 1))
        mass = kernel.probability[at] * self.model.discount
        counts_of = int(news[0].max()) + 1, int(news[1].max()) + 1
        return _Moves(first, state, kernel.state[at], mass, news, counts_of, codes, reward, (sizes[0], sizes[1]))

    def _news(
        self, h: int, action: Ints, own: tuple[Ints, ...], observation: Ints
    ) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """Numbers of what both agents learn after step h, and the codes that controllers read."""
        sources, numbers, codes = {-2: action, -1: observation}, [], []
        for i, transfer in enumerate(self.steps.transfers[h]):
            number = np.unique(Transfer.read(transfer.learned, sources, len(action)), return_inverse=True)[1]
            code = Transfer.read(transfer.news, sources, len(action))
            numbers.append(number)
            codes.append(np.unique(np.stack([own[i], number, code]), axis=1))
        return (numbers[0], numbers[1]), (codes[0], codes[1])

    def _start(self) -> tuple[Ints, Floats, tuple[Ints, Ints], tuple[Ints, Ints]]:
        """States, probabilities and news of step 1."""
        law = self.model.initial
        nothing = np.zeros(len(law.state), dtype=np.int64)
        return law.state, law.probability, *self._news(0, nothing, (nothing, nothing), law.observation)

    # ---- layers

    def best(self) -> tuple[float, Controllers]:
        """The best policy that was built, and what it earns."""
        points = self._walked()
        best: tuple[float, list[_Layer], list[Ints]] | None = None
        for self.width in WIDTHS:
            try:
                layers = self._built(points, best is not None)
            except Stopped:
                break
            value, maps = self._improved(layers)
            if best is None or value > best[0]:
                best = value, layers, maps
            if not self._met:
                self._met = self._components()
            points = [a + b for a, b in zip(self._reached(best[1], best[2]), points, strict=True)]
        assert best is not None
        return best[0], self._controllers(best[1], best[2])

    def _built(self, points: list[list[Floats]], may_stop: bool) -> list[_Layer]:
        """Layers 1 to H, from beliefs [S] of each step.  Raises Stopped where it may and time is over."""
        ahead, layers = np.zeros((self.model.n_states, 1, 1)), list[_Layer]()
        for h in range(self.horizon, 0, -1):
            nodes: list[dict[tuple[int, ...], int]] = [{}, {}]
            for belief in self._met + _frequent(points[h - 1]):
                for own, new in zip(nodes, self._pair(self.moves[h - 1], belief, ahead), strict=True):
                    for node in new:
                        if len(own) < self.width:
                            own.setdefault(node, len(own))
                if min(map(len, nodes)) == self.width:
                    break
                if may_stop and self.stopped():
                    raise Stopped
            table = [np.array(list(own), dtype=np.int64) for own in nodes]
            layer = _Layer([t[:, 0] for t in table], [t[:, 1:] for t in table], ahead)
            layer.value = ahead = self._value(self.moves[h - 1], layer, ahead)
            layers.append(layer)
        return layers[::-1]

    def _pair(self, moves: _Moves, law: Floats, ahead: Floats) -> list[list[tuple[int, ...]]]:
        """Good nodes of each agent for a law [S, T_1, T_2] of states and types, one for each type: action, and node of
        the next layer by news; none where there are too many to choose from."""
        n_states, counts = self.model.n_states, law.shape[1:]
        types = np.array(np.nonzero(law.sum(axis=0) > 0))
        rows = law.reshape(n_states, -1)[:, types[0] * counts[1] + types[1]]
        now = np.moveaxis(moves.reward @ rows, 2, 0)
        if not moves.count[0]:
            found = one_step(now, types, (counts[0], counts[1]))
            _, own, answer = ascended(found.table, shifted(found.table)[1].argmax(axis=1))
            return [[(int(x),) for x in choice] for choice in (own, answer)]
        (k1, k2), (w1, w2), n_actions = moves.count, ahead.shape[1:], len(moves.first) - 1
        shape = (len(types[0]), *moves.sizes, k1, k2, w1, w2)
        if np.prod([float(x) for x in shape]) > CELLS:
            if counts == (1, 1):
                raise TooLarge
            return [[], []]
        position = np.repeat(np.arange(n_actions), np.diff(moves.first))
        cell = ((position * k1 + moves.news[0]) * k2 + moves.news[1]) * n_states + moves.after
        size, last = n_actions * k1 * k2 * n_states, ahead.reshape(n_states, -1)
        each = [np.bincount(cell, row[moves.state] * moves.mass, size).reshape(-1, n_states) @ last for row in rows.T]
        flat = np.concatenate(each).ravel()
        payoff = flat.reshape(shape)
        count = [np.full((c, a), k) for c, a, k in zip(counts, moves.sizes, moves.count, strict=True)]
        plans = Plans.of(shape, (count[0], count[1]), kept_actions(payoff, types, counts), CELLS)
        if plans is None:
            return _action_by_action(now[0], payoff[0]) if counts == (1, 1) else [[], []]
        together = [(x, y, np.arange(len(types[0]))) for x, y in np.ndindex(k1, k2)]
        table = plans.stage(flat, now, types, together, None).table
        _, *chosen = ascended(table, shifted(table)[1].argmax(axis=1))
        nodes = []
        for i, options in enumerate(chosen):
            own = np.arange(counts[i])
            to = plans.next_actions(i, own, options)
            nodes.append([(int(a), *k) for a, k in zip(plans.action[i][own, options], to.tolist(), strict=True)])
        return nodes

    def _value(self, moves: _Moves, layer: _Layer, ahead: Floats) -> Floats:
        """[S, W_1, W_2] of pairs of nodes."""
        (one, two), (to1, to2) = layer.action, layer.to
        value = np.ascontiguousarray(np.moveaxis(moves.reward[one[:, None], two[None, :]], 2, 0))
        for x, y in np.ndindex(len(one), len(two)) if moves.count[0] else ():
            at = slice(*moves.first[[p := one[x] * moves.sizes[1] + two[y], p + 1]])
            gain = moves.mass[at] * ahead[moves.after[at], to1[x][moves.news[0][at]], to2[y][moves.news[1][at]]]
            value[:, x, y] += np.bincount(moves.state[at], gain, len(value))
        return value

    def _maps(self, value: Floats) -> tuple[float, list[Ints]]:
        """What a policy earns that begins in the best nodes of step 1, and those nodes by news."""
        state, mass, news, _ = self._start()
        k = [int(n.max()) + 1 for n in news]
        table = np.zeros((k[0] * k[1], *value.shape[1:]))
        np.add.at(table, news[0] * k[1] + news[1], value[state] * mass[:, None, None])
        table = table.reshape(*k, *value.shape[1:])
        worth, own, answer = ascended(table, shifted(table)[1].argmax(axis=1))
        return worth, [own, answer]

    # ---- improving

    def _improved(self, layers: list[_Layer]) -> tuple[float, list[Ints]]:
        """Best responses of single nodes, in place, until none is better; the value and the first nodes."""
        value, maps = self._maps(layers[0].value)
        for _ in range(SWEEPS):
            before, reach = value, self._reach(layers, maps)
            for h in range(self.horizon, 0, -1):
                moves, layer = self.moves[h - 1], layers[h - 1]
                ahead = layers[h].value if h < self.horizon else np.zeros((self.model.n_states, 1, 1))
                for i in range(2):
                    self._respond(i, moves, layer, ahead, reach[h - 1])
                layer.value = self._value(moves, layer, ahead)
            value, maps = self._maps(layers[0].value)
            if value <= before + 1e-9 * abs(before) or self.stopped():
                break
        return value, maps

    def _reach(self, layers: list[_Layer], maps: list[Ints]) -> list[Floats]:
        """[S, W_1, W_2] probabilities of each step, discounted."""
        state, mass, news, _ = self._start()
        law = np.zeros((self.model.n_states, *map(len, layers[0].action)))
        np.add.at(law, (state, maps[0][news[0]], maps[1][news[1]]), mass)
        reach = [law]
        for moves, layer, after in zip(self.moves, layers, layers[1:], strict=False):
            ahead = np.zeros((self.model.n_states, *map(len, after.action)))
            for x, y in np.argwhere(law.sum(axis=0) > 0).tolist():
                at = slice(*moves.first[[p := layer.action[0][x] * moves.sizes[1] + layer.action[1][y], p + 1]])
                to = layer.to[0][x][moves.news[0][at]], layer.to[1][y][moves.news[1][at]]
                np.add.at(ahead, (moves.after[at], *to), law[moves.state[at], x, y] * moves.mass[at])
            law = ahead
            reach.append(law)
        return reach

    def _respond(self, agent: int, moves: _Moves, layer: _Layer, ahead: Floats, reach: Floats) -> None:
        """Each node of the agent becomes a best response to the other's nodes and to who reaches it."""
        law = np.moveaxis(reach, 1 + agent, 0)  # [own, S, other]
        later = np.moveaxis(ahead, 1 + agent, 2)  # [S, other, own]
        others, to, own_news, news = (
            layer.action[1 - agent],
            layer.to[1 - agent],
            moves.news[agent],
            moves.news[1 - agent],
        )
        for x in np.flatnonzero(law.sum(axis=(1, 2)) > 0).tolist():
            best, options = -np.inf, np.flatnonzero(law[x].sum(axis=0) > 0).tolist()
            for a in range(moves.sizes[agent]):
                worth, table = 0.0, np.zeros((moves.count[agent], later.shape[2]))
                for y in options:
                    one, two = (a, others[y]) if agent == 0 else (others[y], a)
                    worth += float(moves.reward[one, two] @ law[x, :, y])
                    at = slice(*moves.first[[p := one * moves.sizes[1] + two, p + 1]])
                    mass = law[x, moves.state[at], y] * moves.mass[at]
                    np.add.at(table, own_news[at], later[moves.after[at], to[y][news[at]]] * mass[:, None])
                worth += float(table.max(axis=1).sum())
                if worth > best + 1e-12 * abs(best if a else 0.0):
                    best = worth
                    layer.action[agent][x], layer.to[agent][x] = a, table.argmax(axis=1)

    # ---- beliefs

    def _components(self) -> list[Floats]:
        """Laws [S, T_1, T_2] of components that optimal policies of the first few steps meet, few types first."""
        met: list[Floats] = []
        if not self.model.steady:
            return met
        for horizon in range(2, min(SHORT, self.horizon - 1) + 1):
            search = Search(shortened(self.steps.information, horizon), self.tolerance, Limits(EFFORT, None, _silent))
            try:
                for _, root in search.roots:
                    search.dive(root)
                search.solve()
            except Stopped:
                pass
            layer = {root: 0 for _, root in search.roots}
            while layer and all(node.best for node in layer):
                met += [_law(search, node) for node in layer]
                layer = {child: 0 for node in layer for _, child in (node.best.children if node.best else None) or ()}
        return sorted(met, key=lambda law: law[0].size)

    def _walked(self) -> list[list[Floats]]:
        """Beliefs of each step: of one who is told all, and of each agent that learns its own news and knows what is
        played, in plays of which half of the actions are drawn and half are the best by the bounds."""
        found = [list[Floats]() for _ in range(self.horizon)]
        start, mass, news, _ = self._start()
        actions = self.random.random((WALKS, self.horizon))
        for walk in range(WALKS):
            k = int(self.random.choice(len(mass), p=mass))
            told: list[Floats] = [
                mass * (news[0] == news[0][k]) * (news[1] == news[1][k]),
                *(mass * (n == n[k]) for n in news),
            ]
            views = [np.asarray(np.bincount(start, x / x.sum(), self.model.n_states), dtype=np.float64) for x in told]
            for h in range(1, self.horizon + 1):
                found[h - 1] += views
                if h < self.horizon:
                    views = self._moved(h, views, actions[walk, h - 1] < GREEDY)
        return found

    def _moved(self, h: int, views: list[Floats], greedy: bool) -> list[Floats]:
        """Beliefs after an action and what it brings, drawn by the first belief."""
        moves = self.moves[h - 1]
        n_actions = len(moves.first) - 1
        action = self._greedy(h, views[0]) if greedy else int(self.random.integers(n_actions))
        at = slice(*moves.first[[action, action + 1]])
        state, after, mass, news = moves.state[at], moves.after[at], moves.mass[at], [n[at] for n in moves.news]
        law = views[0][state] * mass
        k = int(self.random.choice(len(law), p=law / law.sum()))
        same = [(news[0] == news[0][k]) & (news[1] == news[1][k]), *(n == n[k] for n in news)]
        moved = [np.bincount(after, view[state] * mass * s, len(view)) for view, s in zip(views, same, strict=True)]
        return [x / x.sum() for x in moved]

    def _greedy(self, h: int, belief: Floats) -> int:
        """The best joint action by the bounds at a belief, if states were seen afterwards."""
        moves = self.moves[h - 1]
        position = np.repeat(np.arange(len(moves.first) - 1), np.diff(moves.first))
        ahead = self.relaxation.states(h + 1)[moves.after]
        later = np.bincount(position, belief[moves.state] * moves.mass * ahead, len(moves.first) - 1)
        return int((later + (moves.reward @ belief).ravel()).argmax())

    def _reached(self, layers: list[_Layer], maps: list[Ints]) -> list[list[Floats]]:
        """Beliefs of each step at the pairs of nodes that the policy reaches, most likely first."""
        found = []
        for law in self._reach(layers, maps):
            flat = law.reshape(len(law), -1)
            total = flat.sum(axis=0)
            heavy = np.argsort(-total, kind="stable")
            found.append([flat[:, k] / total[k] for k in heavy.tolist() if total[k] > 0])
        return found

    # ---- the policy

    def _controllers(self, layers: list[_Layer], maps: list[Ints]) -> Controllers:
        rules: list[Rule] = [tuple(layer.action) for layer in layers]
        codes = self._start()[3]
        edges = [[Edges(own[0], own[2], m[own[1]]) for own, m in zip(codes, maps, strict=True)]]
        for moves, layer in zip(self.moves[:-1], layers, strict=False):
            step = []
            for action, to, (own, number, code) in zip(layer.action, layer.to, moves.codes, strict=True):
                node, which = np.nonzero(action[:, None] == own[None, :])
                step.append(Edges(node, code[which], to[node, number[which]]))
            edges.append(step)
        return controllers_of(rules, edges)


def _action_by_action(now: Floats, payoff: Floats) -> list[list[tuple[int, ...]]]:
    """Good nodes for a law that both know, from what joint actions earn now [A_1, A_2] and what next nodes earn after
    news [A_1, A_2, K_1, K_2, W_1, W_2]: each joint action leaves a static team whose types are the news."""
    bound = now + payoff.max(axis=(4, 5)).sum(axis=(2, 3))
    best, found = -np.inf, list[list[tuple[int, ...]]]()
    for flat in np.argsort(-bound, axis=None, kind="stable").tolist():
        one, two = divmod(flat, now.shape[1])
        if bound[one, two] <= best:
            break
        table = payoff[one, two]
        worth, own, answer = ascended(table, shifted(table)[1].argmax(axis=1))
        if now[one, two] + worth > best:
            best, found = float(now[one, two] + worth), [[(one, *own.tolist())], [(two, *answer.tolist())]]
    return found


def shortened(information: Information, horizon: int) -> Information:
    """The first steps of a game, which must be steady."""
    model = information.model
    kinds, active, observed = model.kernel_of_step[:horizon], model.active[:horizon], model.observed[: horizon + 1]
    short = replace(model, horizon=horizon, kernel_of_step=kinds, active=active, observed=observed)
    return Information(short, information.protocol)


def _law(search: Search, node: Node) -> Floats:
    """[S, T_1, T_2] of a component."""
    component, store = search.steps.component[node.number], search.beliefs
    law = np.zeros((store.model.n_states, *component.counts))
    at, counts = gather(store.first.data, component.belief)
    row = np.repeat(np.arange(len(counts)), counts)
    cell = (store.state.data[at], *component.types[:, row])
    np.add.at(law, cell, component.weight[row] * store.probability.data[at])
    return law


def _silent(done: int, total: int) -> None:
    """Nobody is told."""


def _frequent(beliefs: list[Floats]) -> list[Floats]:
    """Different beliefs, most frequent first, those that came first before others of their number."""
    seen: dict[bytes, int] = {}
    first = list[Floats]()
    for belief in beliefs:
        key = (np.round(belief, 6) + 0.0).tobytes()
        if key not in seen:
            first.append(belief)
        seen[key] = seen.get(key, 0) + 1
    order = np.argsort([-n for n in seen.values()], kind="stable")
    return [first[k][:, None, None] if first[k].ndim == 1 else first[k] for k in order]
