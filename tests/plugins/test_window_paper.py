"""The windows of Liu & Zhang (2023), Appendix E.4, computed from transition and emission matrices as printed there.

b' is `_filter`: Unif(S) at the window's start (the initial law where that is step 1), the listed actions and
observations after it.  All states can occur at every step, so Unif(S) is the plug-in's `uniform` prior.  The items of
each c^_h are written out in `items`, for windows that do not reach back to the first step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pytest
from posgc_window.suffixes import delay, window_graph
from support.checks import distance, node_belief, walk
from support.tree import History, Item, Tree

from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.build import from_arrays

Floats = npt.NDArray[np.float64]
Law = dict[tuple[tuple[tuple[Item, int], ...], int], float]
"""P(items of u_h with their values, s_h)."""

ONE = ((1, 1), (1, 1))
SECRET = ((1, NEVER), (NEVER, 1))
LED = ((1, 1), (NEVER, 1))


@dataclass(frozen=True)
class Case:
    """A structure: lags, whose actions move the state (of two agents), and the paper's D (asymmetric, uncontrolled)."""

    actions: tuple[tuple[int, int], ...]
    observations: tuple[tuple[int, int], ...]
    movers: tuple[int, ...]
    lag: int = 0


CASES = {
    "one_step": Case(ONE, ((0, 1), (1, 0)), (0, 1)),
    "symmetric": Case(ONE, ((0, 0), (0, 0)), (0, 1)),
    "one_directional": Case(ONE, ((0, 0), (1, 0)), (0, 1)),
    "asymmetric_a1": Case(LED, ((0, 0), (1, 0)), (0,), 1),
    "asymmetric_a2": Case(LED, ((0, 0), (2, 0)), (0,), 2),
    "asymmetric_b1": Case(LED, ((0, 1), (1, 0)), (0,), 1),
    "asymmetric_b2": Case(LED, ((0, 1), (2, 0)), (0,), 2),
    "uncontrolled_1": Case(SECRET, ((0, 1), (1, 0)), (), 1),
    "uncontrolled_2": Case(SECRET, ((0, 2), (2, 0)), (), 2),
}


class Game:
    """Two states, two actions and observations an agent; T[a, s, s'], O[s, o]."""

    def __init__(self, case: Case, horizon: int, seed: int, sizes: tuple[int, int]) -> None:
        rng, self.case, self.sizes = np.random.default_rng(seed), case, sizes
        joint = list(np.ndindex(*sizes))
        laws: dict[tuple[int, ...], Floats] = {}
        for a in joint:
            laws.setdefault(tuple(a[i] for i in case.movers), rng.dirichlet(np.ones(2), 2))
        self.t = np.stack([laws[tuple(a[i] for i in case.movers)] for a in joint])
        self.o = rng.dirichlet(np.ones(4), 2)
        self.first = rng.dirichlet(np.ones(2))
        model = from_arrays(
            transition=self.t,
            emission=np.broadcast_to(self.o, (len(joint), 2, 4)),
            reward=rng.normal(size=(2, len(joint), 2)),
            initial=self.first,
            action_sizes=sizes,
            observation_sizes=(2, 2),
            horizon=horizon,
        )
        protocol = LagTable("case", case.actions, case.observations)
        dropped = frozenset(
            (v, t) for v in (0, 1) for t in range(1, horizon) if v not in case.movers and max(case.actions[v]) == NEVER
        )
        self.information = Information(model, protocol, dropped)
        self.tree = Tree(model, protocol, dropped)

    def action(self, x: History, t: int) -> int:
        a, b = x.actions[t - 1]
        return a * self.sizes[1] + b

    def likelihood(self, x: History, t: int, agents: tuple[int, ...]) -> Floats:
        """P(o_{i,t} for the agents | s), [S]."""
        return (
            self.split.transpose(0, 1, 2)[
                :, *(x.observations[t - 1][i] if i in agents else slice(None) for i in (0, 1))
            ]
            .reshape(2, -1)
            .sum(axis=1)
        )

    @cached_property
    def split(self) -> Floats:
        return self.o.reshape(2, 2, 2)

    def filter(self, x: History, begin: int, end: int) -> Floats:
        """b'_end(a_{begin:end-1}, o_{begin+1:end-1}); begin < 1 is 1."""
        begin = max(1, begin)
        b = self.first.copy() if begin == 1 else np.full(2, 0.5)
        for t in range(begin, end):
            if t > begin:
                b = self.bayes(b, self.likelihood(x, t, (0, 1)))
            b = b @ self.t[self.action(x, t)]
        return b

    def after_first(self, x: History, b: Floats, begin: int, end: int, agents: tuple[int, ...]) -> Floats:
        """Bayes' rule with o_end of the agents, unless the window begins there."""
        return b if end <= max(1, begin) else self.bayes(b, self.likelihood(x, end, agents))

    @staticmethod
    def bayes(b: Floats, likelihood: Floats) -> Floats:
        return np.asarray(b * likelihood / (b * likelihood).sum())


def printed(game: Game, name: str, x: History, length: int) -> Law:
    """P^{M,c}(s_h, p_h | c^_h) of Appendix E.4, as a law over (u_h, s_h)."""
    h, d, law = x.h, game.case.lag, defaultdict[tuple[tuple[tuple[Item, int], ...], int], float](float)
    if name == "symmetric":
        b = game.after_first(x, game.filter(x, h - length, h), h - length, h, (0, 1))
        return {((), s): float(p) for s, p in enumerate(b)}
    if name == "one_step":
        b = game.filter(x, h - length, h)
        for s, o1, o2 in np.ndindex(2, 2, 2):
            if h == 1:
                law[(), s] = float(b[s])
            else:
                heard = tuple(((h, "observation", i), o) for i, o in enumerate((o1, o2)))
                law[heard, s] += b[s] * game.split[s, o1, o2]
        return law
    if name == "one_directional":
        b = game.after_first(x, game.filter(x, h - length, h), h - length, h, (0,))
        if h == 1:
            return {((), s): float(p) for s, p in enumerate(b)}
        seen = x.observations[h - 1][0]
        for s, o2 in np.ndindex(2, 2):
            law[(((h, "observation", 1), o2),), s] += b[s] * game.split[s, seen, o2] / game.split[s, seen].sum()
        return law
    root = max(1, h - d)
    begin = h - d - length
    b = game.after_first(x, game.filter(x, begin, root), begin, root, (0, 1))
    return _forward(game, name, x, b, root)


def _forward(game: Game, name: str, x: History, b: Floats, root: int) -> Law:
    """From s_{h-d}: every s and o up to h that agrees with f_o, the leader's observations that are common."""
    h = x.h
    told = {"asymmetric_a": h, "asymmetric_b": h - 1, "uncontrolled_": 0}[name[:-1]]
    paths: dict[tuple[tuple[tuple[Item, int], ...], int], float] = {((), s): float(p) for s, p in enumerate(b)}
    for t in range(root + 1, h + 1):
        ahead = defaultdict[tuple[tuple[tuple[Item, int], ...], int], float](float)
        for (u, s), w in paths.items():
            for s_next, o1, o2 in np.ndindex(2, 2, 2):
                if t <= told and o1 != x.observations[t - 1][0]:
                    continue
                own = [] if t <= told else [((t, "observation", 0), o1)]
                key = (*u, *own, ((t, "observation", 1), o2)), s_next
                ahead[key] += w * game.t[game.action(x, t - 1), s, s_next] * game.split[s_next, o1, o2]
        paths = ahead
    total = sum(paths.values())
    return {key: w / total for key, w in paths.items()}


def items(name: str, h: int, length: int, d: int) -> set[tuple[str, int, int]]:
    """c^_h as listed in Appendix E.4: (a or o, agent from 1, step)."""

    def spans(kind: str, agents: tuple[int, ...], first: int, last: int) -> set[tuple[str, int, int]]:
        return {(kind, i, t) for i in agents for t in range(first, last + 1)}

    both, start = (1, 2), h - length
    lists: dict[str, Callable[[], set[tuple[str, int, int]]]] = {
        "one_step": lambda: spans("a", both, start, h - 1) | spans("o", both, start + 1, h - 1),
        "symmetric": lambda: spans("a", both, start, h - 1) | spans("o", both, start + 1, h),
        "one_directional": lambda: spans("a", both, start, h - 1) | spans("o", both, start + 1, h - 1) | {("o", 1, h)},
        "asymmetric_a": lambda: (
            spans("o", (1,), start - d + 1, h)
            | spans("o", (2,), start - d + 1, h - d)
            | spans("a", (1,), start - d, h - 1)
        ),
        "asymmetric_b": lambda: (
            spans("o", (1,), start - d + 1, h - 1)
            | spans("o", (2,), start - d + 1, h - d)
            | spans("a", (1,), start - d, h - 1)
        ),
        "uncontrolled_": lambda: spans("o", both, start - d + 1, h - d),
    }
    return lists[name if name in lists else name[:-1]]()


LENGTHS = [0, 1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
LONG = [pytest.param(name, marks=pytest.mark.slow) if case.lag == 2 else name for name, case in CASES.items()]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", LONG)
def test_beliefs_and_items(name: str, length: int) -> None:
    """Every history of four steps (five where D = 2), every window; L = 0 only where the paper has it."""
    case = CASES[name]
    if length == 0 and not name.startswith(("symmetric", "uncontrolled")):
        pytest.skip("the paper fixes L > 0")
    horizon = 5 if case.lag == 2 else 4
    game = Game(case, horizon, 100 * length + len(name), (1, 1) if not case.movers else (2, 1))
    tree, late = game.tree, delay(game.information)
    assert late == case.lag
    graph = window_graph(game.information, length, "uniform", 10**6, lambda *_: None)
    for h, (level, nodes) in enumerate(zip(tree.histories(), walk(tree, graph), strict=True), start=1):
        if h - late - length > 1:
            listed = items(name, h, length, case.lag)
            common = {(k[0], v + 1, t) for (t, k, v), _ in tree.knowledge(level[0][1])[0]}
            tau = h - late - length
            assert listed == {i for i in common if i[2] >= tau + (i[0] == "o")}
        beliefs: dict[object, dict[tuple[int, int], float]] = {}
        for _, x in level:
            node = nodes[tree.knowledge(x)[0]]
            law = {(tree.code(u), s): p for (u, s), p in printed(game, name, x, length).items()}
            assert distance(law, beliefs.setdefault(node, node_belief(tree, graph.layers[h - 1], node))) < 1e-12
