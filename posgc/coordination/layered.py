"""Policies of few nodes at each step, whatever the horizon: lower bounds where the search cannot reach the end.

Layer by layer from the last, laws that play can reach are given good nodes on top of the layer that follows
(memory-bounded dynamic programming: Seuken and Zilberstein 2007); then single nodes are improved, each against the law
of who reaches it, until none can be.  The laws are components that optimal play of a shorter game meets, and beliefs
of drawn plays, those of single agents among them: nodes made for what both know alone would trust the other too much.
Served are two agents under protocols in which nobody learns old items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.coordination.lookahead import CELLS, Plans, kept_actions, one_step
from posgc.coordination.messages import ascended, shifted
from posgc.coordination.moves import Moves, moves_of, start_of
from posgc.coordination.relaxation import Relaxation
from posgc.coordination.search import Stopped
from posgc.coordination.steps import Rule, Steps
from posgc.coordination.tables import Edges, controllers_of
from posgc.coordination.walks import components, frequent, walked
from posgc.policy.controllers import Controllers

__all__ = ["layered"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WIDTHS = (4, 8, 16)
"""Nodes of each agent and step, at most, one policy after the other, each from the laws that the best so far meets."""
SWEEPS = 20
"""Improvements of a policy, last step first, at most."""
LARGE = 6_000_000
"""Values of states and pairs of nodes, all steps together, up to which layers are built."""


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
    if (
        model.n_agents != 2
        or not model.always_legal  # a node may stand for what an agent knows in states of different moves
        or size > LARGE
        or not model.discount
        or any(t.queue for both in steps.transfers for t in both)
    ):
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
        made: dict[int, Moves] = {}
        self.moves = []
        for h in range(1, self.horizon + 1):
            kind = steps.kind[h - 1] if h < self.horizon else -1
            if kind not in made:
                made[kind] = moves_of(steps, h)
            self.moves.append(made[kind])

    # ---- layers

    def best(self) -> tuple[float, Controllers]:
        """The best policy that was built, and what it earns."""
        points = walked(self.steps, self.relaxation, self.moves)
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
                self._met = components(self.steps.information, self.tolerance)
            points = [a + b for a, b in zip(self._reached(best[1], best[2]), points, strict=True)]
        assert best is not None
        return best[0], self._controllers(best[1], best[2])

    def _built(self, points: list[list[Floats]], may_stop: bool) -> list[_Layer]:
        """Layers 1 to H, from beliefs [S] of each step.  Raises Stopped where it may and time is over."""
        ahead, layers = np.zeros((self.model.n_states, 1, 1)), list[_Layer]()
        for h in range(self.horizon, 0, -1):
            nodes: list[dict[tuple[int, ...], int]] = [{}, {}]
            for belief in self._met + frequent(points[h - 1]):
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

    def _pair(self, moves: Moves, law: Floats, ahead: Floats) -> list[list[tuple[int, ...]]]:
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

    def _value(self, moves: Moves, layer: _Layer, ahead: Floats) -> Floats:
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
        state, mass, news, _ = start_of(self.steps)
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
        state, mass, news, _ = start_of(self.steps)
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

    def _respond(self, agent: int, moves: Moves, layer: _Layer, ahead: Floats, reach: Floats) -> None:
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
        codes = start_of(self.steps)[3]
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
