"""Random strategies of every kind, and what they earn played out along every history, from the definitions."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt
from support.play import Kind, Play
from support.policies import machine, unrolled
from support.tree import Digits, History, Tree

from posgc.information.items import Information
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque
from posgc.policy.strategy import Strategy

__all__ = ["Hashed", "OwnPlay", "PartsPlay", "as_controllers", "news_codes", "random_controllers", "random_mixture"]

Path = tuple[int, ...]
NONE = np.zeros(0, np.int64)


def prefix(history: History, h: int) -> History:
    """The history up to step h."""
    return History(history.states[:h], history.observations[:h], history.actions[: h - 1])


def known(tree: Tree, agent: int, history: History) -> set[tuple[tuple[int, str, int], int]]:
    """Whatever the agent knows here, own actions that its tables need not remember included."""
    whole = Tree(tree.model, tree.protocol)
    common, private = whole.knowledge(history)
    return {*common, *private[agent]}


def news_codes(tree: Tree, agent: int, history: History) -> Path:
    """The codes of what the agent learnt at each step: all that it knew then and never before."""
    before: set[tuple[tuple[int, str, int], int]] = set()
    codes = []
    for h in range(1, history.h + 1):
        now = known(tree, agent, prefix(history, h))
        codes.append(tree.code(tuple(sorted(now - before))))
        before |= now
    return tuple(codes)


def paths(tree: Tree) -> list[list[set[Path]]]:
    """For each step and agent the own histories that can occur."""
    return [[{news_codes(tree, i, h) for _, h in level} for i in range(tree.n)] for level in tree.histories()]


def random_controllers(rng: np.random.Generator, tree: Tree, size: int = 3) -> Controllers:
    """At most `size` nodes an agent and step, and random edges for everything that can occur; or a node for each own
    history."""
    levels, full = paths(tree), bool(rng.random() < 0.5)
    agents = []
    for i in range(tree.n):
        own = [sorted(level[i]) for level in levels]
        sizes = [len(some) if full else int(rng.integers(1, size + 1)) for some in own]
        node: list[dict[Path, int]] = [{path: k if full else 0 for k, path in enumerate(some)} for some in own]
        first = sorted({path[0] for path in own[0]})
        root = [node[0][(code,)] if full else int(rng.integers(sizes[0])) for code in first]
        steps = []
        for h in range(1, len(own) + 1):
            choices = len(tree.own_actions(i, h))
            table = (
                rng.integers(0, choices, sizes[h - 1])
                if rng.random() < 0.5
                else rng.dirichlet(np.ones(choices), sizes[h - 1])
            )
            edges: list[dict[int, int]] = [{} for _ in range(sizes[h - 1])]
            for path in own[h] if h < len(own) else ():
                for m in [node[h - 1][path[:-1]]] if full else range(sizes[h - 1]):
                    edges[m].setdefault(path[-1], node[h][path] if full else int(rng.integers(sizes[h])))
            steps.append(step_of(table, edges))
        agents.append(Controller(np.array(first), np.array(root), tuple(steps)))
    return Controllers(tuple(agents))


def step_of(table: npt.NDArray[np.generic], edges: list[dict[int, int]]) -> ControllerStep:
    listed = [pair for node in edges for pair in sorted(node.items())]
    indptr = np.concatenate([[0], np.cumsum([len(node) for node in edges])]).astype(np.int64)
    codes, to = (np.array([pair[k] for pair in listed], np.int64) for k in (0, 1))
    return ControllerStep(table, indptr, codes, to)


def as_controllers(tree: Tree, strategy: Machine) -> Controllers:
    """A machine without mixtures, whose agents each keep its node and what they know in a node for each own history."""
    play, levels = Play(tree, strategy), paths(tree)
    agents = []
    for i in range(tree.n):
        node_of: list[dict[Path, tuple[History, int]]] = [{} for _ in levels]
        for level, at in zip(tree.histories(), node_of, strict=True):
            for _, history in level:
                node = play.first(prefix(history, 1))
                for h in range(1, history.h):
                    node = play.follow(node, prefix(history, h), prefix(history, h + 1))
                at.setdefault(news_codes(tree, i, history), (history, node))
        ordered = [sorted(at) for at in node_of]
        steps = []
        for h, (at, own) in enumerate(zip(node_of, ordered, strict=True), start=1):
            actions, table = tree.own_actions(i, h), []
            for path in own:
                history, node = at[path]
                (_, component), *_ = play.components(h, node)
                law = dict.fromkeys(actions, 0.0)
                for p, action in play.own_law(i, h, component, tree.knowledge(history)[1][i]):
                    law[action] += p
                table.append(list(law.values()))
            after = ordered[h] if h < len(ordered) else []
            place = {path: k for k, path in enumerate(own)}
            edges: list[dict[int, int]] = [{} for _ in own]
            for k, path in enumerate(after):
                edges[place[path[:-1]]][path[-1]] = k
            steps.append(step_of(np.array(table), edges))
        first = [path[0] for path in ordered[0]]
        agents.append(Controller(np.array(first), np.arange(len(first)), tuple(steps)))
    return Controllers(tuple(agents))


def random_mixture(rng: np.random.Generator, tree: Tree, pure: bool = False) -> Mixture:
    """Up to three parts, machines (without mixtures of their own where `pure`) and controllers."""
    parts = [
        random_controllers(rng, tree)
        if not pure and rng.random() < 0.5
        else (unrolled if rng.random() < 0.5 else machine)(rng, tree, pure or bool(rng.random() < 0.5))
        for _ in range(int(rng.integers(2, 4)))
    ]
    return Mixture(rng.dirichlet(np.ones(len(parts))), tuple(parts))


class OwnPlay(Play):
    """Controllers on every history; the "node" of `Play` is the tuple of the agents' nodes."""

    def __init__(self, tree: Tree, strategy: Controllers) -> None:
        super().__init__(tree, strategy)  # type: ignore[arg-type]
        self.controllers = strategy

    def first(self, history: History) -> tuple[int, ...]:  # type: ignore[override]
        nodes = []
        for i, one in enumerate(self.controllers.agents):
            (at,) = np.flatnonzero(one.root_code == news_codes(self.tree, i, history)[-1])
            nodes.append(int(one.root_to[at]))
        return tuple(nodes)

    def follow(self, node: tuple[int, ...], before: History, after: History) -> tuple[int, ...]:  # type: ignore[override]
        nodes = []
        for i, one in enumerate(self.controllers.agents):
            step, code = one.steps[before.h - 1], news_codes(self.tree, i, after)[-1]
            edges = range(step.edge_indptr[node[i]], step.edge_indptr[node[i] + 1])
            (to,) = [int(step.edge_to[e]) for e in edges if step.edge_code[e] == code]
            nodes.append(to)
        return tuple(nodes)

    def law(self, history: History, node: tuple[int, ...]) -> list[tuple[float, tuple[Digits, ...]]]:  # type: ignore[override]
        laws = []
        for i, one in enumerate(self.controllers.agents):
            actions, cell = self.tree.own_actions(i, history.h), one.steps[history.h - 1].table[node[i]]
            pure = np.ndim(cell) == 0
            laws.append([(1.0, actions[int(cell)])] if pure else list(zip(cell.tolist(), actions, strict=True)))
        return [
            (prod(p for p, _ in drawn), tuple(a for _, a in drawn))
            for drawn in product(*laws)
            if prod(p for p, _ in drawn) > 0
        ]


class PartsPlay(Play):
    """A mixture on every history; the "node" of `Play` is the part with its own node.  Deviators are told as `Play`
    says, and remember all of it."""

    def __init__(self, tree: Tree, strategy: Mixture) -> None:
        super().__init__(tree, strategy)  # type: ignore[arg-type]
        self.weight = strategy.weight.tolist()
        self.parts = [(OwnPlay if isinstance(p, Controllers) else Play)(tree, p) for p in strategy.parts]  # type: ignore[arg-type]

    def begin(self) -> list[tuple[float, History, tuple[int, object]]]:
        return [
            (w * weight, history, (k, part.first(history)))
            for k, (weight, part) in enumerate(zip(self.weight, self.parts, strict=True))
            for w, history in self.tree.start()
        ]

    def follow(self, node: tuple[int, object], before: History, after: History) -> tuple[int, object]:  # type: ignore[override]
        k, own = node
        return k, self.parts[k].follow(own, before, after)  # type: ignore[arg-type]

    def law(self, history: History, node: tuple[int, object]) -> list[tuple[float, tuple[Digits, ...]]]:  # type: ignore[override]
        k, own = node
        return self.parts[k].law(history, own)  # type: ignore[arg-type]

    def values(self) -> tuple[float, ...]:
        parts = [(w, self._values(history, node)) for w, history, node in self.begin()]  # type: ignore[arg-type]
        return tuple(sum(w * v[i] for w, v in parts) for i in range(self.tree.n))

    def recall(self, agent: int, kind: Kind) -> float:
        return sum(self._recall(agent, kind, group) for group in self._apart(agent, self.begin()))  # type: ignore[arg-type]


class Hashed:
    """An opaque player: its law is a fixed random function of the own history."""

    def __init__(self, information: Information, seed: int) -> None:
        self.information, self.info = information, {"seed": seed}

    def laws(self, agent: int, h: int, history: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        choices = len(self.information.choices(agent, h))
        rows = [
            np.random.default_rng([self.info["seed"], agent, *map(int, row)]).dirichlet(np.ones(choices))
            for row in history
        ]
        return np.array(rows)

    def arrays(self) -> dict[str, npt.NDArray[np.int64]]:
        return {"seed": np.array([self.info["seed"]])}


def hashed(information: Information, seed: int) -> Strategy:
    return Opaque(Hashed(information, seed))


def hashed_controllers(tree: Tree, information: Information, seed: int) -> Controllers:
    """The same player written out, a node for each own history that can occur."""
    player, agents = Hashed(information, seed), []
    ordered = [[sorted(own) for own in level] for level in paths(tree)]
    for i in range(tree.n):
        steps = []
        for h, level in enumerate(ordered, start=1):
            place = {path: k for k, path in enumerate(level[i])}
            edges: list[dict[int, int]] = [{} for _ in level[i]]
            for k, path in enumerate(ordered[h][i] if h < len(ordered) else []):
                edges[place[path[:-1]]][path[-1]] = k
            steps.append(step_of(player.laws(i, h, np.array(level[i])), edges))
        first = [path[0] for path in ordered[0][i]]
        agents.append(Controller(np.array(first), np.arange(len(first)), tuple(steps)))
    return Controllers(tuple(agents))
