"""Values and gaps of a strategy under any protocol, on what each agent has seen: Assumption 3 is not needed.

The *value* is that of the law of (m, u, s), with the strategy's memory m, the items u that somebody holds and state s
(`posgc.judge.following` says what these are for each kind), carried forward step by step while all agents follow.

A *best deviation* of agent i, with the others following the strategy, is the optimum of a partially observable Markov
decision process of one agent: (m, u, s) is hidden, and after its own action i learns its news y of step h + 1
(`InformationStructure.news`: its own observation, what arrives, what becomes common).  Its information states at step h
are the beliefs on (m, u, s) that the sequences of all these lead to (and of what it is told, where it is told
something), and it never needs to tell two sequences of one belief apart (Astrom 1965).  With b a belief, g what is
heard,

    V_h(b) = sum_g max_{a_i} [ R(b, g, a_i) + discount * sum_y P(g, y | b, a_i) V_{h+1}(b') ].

Which deviations these are, for kind

- nash, cce: all pi_i(c_h, p_{i,h}), where agents forget nothing: own past actions can be worked out by who chose
  them on what is still known.  Under `forget` the deviator here has seen more: an upper bound;
- ce: all that read (c_h, p_{i,h}) and every recommended action so far.  Those of Definition 10 of Liu & Zhang (2023)
  read the last one only, so this is an upper bound, exact where earlier recommendations tell nothing: the policy
  mixes components at the last step only;
- ce_strategic: the same with whole prescriptions for actions.

`posgc.judge.following_mixture` says what these mean for a mixture that is drawn once an episode.

`Judgement.status` says which of the two it is.  Items that only agent i ever holds are left out of its beliefs but
for ce, where a recommendation reads them: that makes equal what would differ in nothing that matters.

Two sequences share an information state when their beliefs differ by at most 1e-12 in L1; with delta_h the largest
such distance at step h a best deviation is worth what is said to within sum_h delta_h sum_{t >= h} discount^{t-1}
span_t / 2 and rounding (docs/mathematics.md, section 3).  The value itself merges nothing but equal triples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.graph import DEFAULT_MAX_NODES, MERGE_TOLERANCE
from posgc.information.growth import Capacity, Columns, Growth, grow
from posgc.information.items import Information
from posgc.information.precision import charged
from posgc.information.step import ENTRY_LIMIT
from posgc.judge.following import Following
from posgc.judge.judgement import Judgement
from posgc.judge.kinds import following_of, require_kind
from posgc.judge.replies import Deviator, Moves, NodeCells, Outcomes, moves, require_capacity
from posgc.language.concepts import DEVIATIONS, DeviationKind
from posgc.policy.strategy import Strategy

__all__ = ["judge_histories"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]

BLOCK_ROWS = 4_000_000
"""Transitions that are listed at one time for the value (some 500 MB)."""

CHUNK_CELLS = 8_000_000
"""float64 numbers in one block of answers' payoffs (64 MB)."""


def judge_histories(
    information: Information,
    strategy: Strategy,
    kind: DeviationKind,
    max_states: int = DEFAULT_MAX_NODES,
    progress: Progress | None = None,
) -> Judgement:
    """Values and best deviations of a strategy under any protocol.

    Raises PolicyMismatch, LimitError past `max_states` information states of all agents and steps, and ValueError for
    a kind that the strategy cannot have (`posgc.judge.kinds.require_kind`).
    """
    require_kind(strategy, kind)
    n, horizon = information.n_agents, information.model.horizon
    followed = following_of(information, strategy, max_states)
    mixes = [followed.mixes(h) for h in range(1, horizon + 1)]
    hears = DEVIATIONS[kind].heard if any(mixes) else "nothing"
    told = progress or (lambda stage, done, total: None)
    values, terms = _values(information, followed)
    told("verify", 1, n + 1)
    best, errors, states = np.zeros(n), np.zeros((n, horizon)), np.zeros(horizon, dtype=np.int64)
    for i in range(n):
        allowed = max_states - int(states.sum())
        found = _best_deviation(information, followed, Deviator(i, hears), allowed, max_states)
        best[i], errors[i], terms = found.value, found.errors, np.maximum(terms, found.terms)
        states += found.states
        told("verify", i + 2, n + 1)
    ahead = charged(information.model, terms)
    off = (ahead.span * errors).sum(axis=1) / 2 + ahead.rounding
    least = -np.inf if DEVIATIONS[kind].forgoes else 0.0
    gains = tuple(max(least, float(gain)) for gain in best - values)
    return Judgement(
        kind,
        tuple(map(float, values)),
        tuple(map(float, best)),
        gains,
        float(off.max()),
        tuple(map(int, states)),
        "histories",
        # whether the deviator here can do no more than the definition allows
        "bounded" if (hears != "nothing" and any(mixes[:-1])) or _forgets(information) else "exact",
    )


def _forgets(information: Information) -> bool:
    """Whether an agent forgets anything but its own actions, which it can work out from what it chose them on."""
    if information.protocol.forget is None:
        return False
    return any(
        not information.holds(i, item, h + 1) and not information.is_common(item, h + 1)
        for h in range(1, information.model.horizon)
        for i in range(information.n_agents)
        for item in information.private_of(i, h)
        if item.kind == "observation" or information.variable(item).agent != i
    )


# ---- the value


def _values(information: Information, followed: Following) -> tuple[Floats, Ints]:
    """What each agent earns when all follow the strategy, [n], and the terms of the longest sums of each step, [H]."""
    model, first = information.model, followed.first(None, None)
    cells, law, summed = _reached([(first.node, first.u, first.s, first.probability)])
    values, terms = np.zeros(model.n_agents), np.zeros(model.horizon, dtype=np.int64)
    for h in range(1, model.horizon + 1):
        require_capacity(h, len(cells))
        kernel, last = model.kernel(h), h == model.horizon
        rows = len(model.allowed(h)) * (1 if last else int(np.diff(kernel.indptr).max()))
        terms[h - 1] = summed + followed.terms(h)
        following: list[_Rows] = []
        for part, some in cells.blocks(max(1, BLOCK_ROWS // rows)):
            done = moves(information, h, some, followed.played(h, some, None), None)
            paid = kernel.reward[:, done.action, some.s[done.cell]] * (law[part][done.cell] * done.probability)
            values += model.discount ** (h - 1) * paid.sum(axis=1)  # in pairs: few roundings
            terms[h - 1] += 1
            if not last:
                after = followed.outcomes(h, some, done, None, None)
                there, mass, most = _reached(
                    [(after.node, after.u, after.s, law[part][done.cell[after.move]] * after.probability)]
                )
                following.append((there.node[there.pair], there.u[there.pair], there.s, mass))
                terms[h - 1] += most
        if not last:
            cells, law, summed = _reached(following)
    return values, terms


_Rows = tuple[Ints, Ints, Ints, Floats]
"""Memory, items, state, and probability."""


def _reached(rows: list[_Rows]) -> tuple[NodeCells, Floats, int]:
    """The distinct cells of some rows, their law, and the most rows that are one cell."""
    node, u, s, probability = (np.concatenate(column) for column in zip(*rows, strict=True))
    cells, cell = NodeCells.of(node, u, s)
    law = np.asarray(np.bincount(cell, probability), dtype=np.float64)
    return cells, law, int(np.bincount(cell).max())


# ---- best deviations


@dataclass(frozen=True)
class _Layer:
    """The information states of a step: `payoff` [N, G * A_i] of every answer, summed over what leads to hearing it,
    and `edge` (state, answer, probability, state of the next step) of what follows."""

    payoff: sparse.csr_array
    n_choices: int
    row: Ints
    answer: Ints
    probability: Floats
    to: Ints


@dataclass(frozen=True)
class _Found:
    """The best deviation's value; for each step the error of merging, the terms of sums, the information states."""

    value: float
    errors: Floats
    terms: Ints
    states: Ints


@dataclass(frozen=True)
class _News:
    """What the deviator may learn on the way to the next step: matrices over cells, and the answer of each signal."""

    columns: Columns
    ahead: sparse.csr_array  # [X, signals]
    answer: Ints  # [signals]
    cells: NodeCells


def _best_deviation(
    information: Information, followed: Following, deviator: Deviator, allowed: int, limit: int
) -> _Found:
    model, agent = information.model, deviator.agent
    layers: list[_Layer] = []
    errors, terms, states = np.zeros(model.horizon), *np.zeros((2, model.horizon), dtype=np.int64)
    belief = sparse.csr_array(np.ones((1, 1)))
    news, payoff, choices = _first_news(followed, deviator), sparse.csr_array((1, 1)), 1
    for h in range(1, model.horizon + 1):
        grown = grow(
            belief,
            news.columns,
            MERGE_TOLERANCE,
            capacity=Capacity(allowed - int(states.sum()), partial(_too_many, h, limit), ENTRY_LIMIT),
        )
        layers.append(_layer(belief, payoff, choices, news, grown))
        belief, cells = grown.belief, news.cells
        law = followed.played(h, cells, deviator)
        done = moves(information, h, cells, law, deviator)
        payoff, choices = belief @ _rewards(information, agent, h, cells, done), done.n_choices
        errors[h - 1], states[h - 1] = grown.error, belief.shape[0]
        counted = np.diff(belief.indptr), np.bincount(done.cell), np.bincount(grown.row)
        terms[h - 1] = sum(int(counts.max()) for counts in counted) + followed.terms(h)
        if h < model.horizon:
            news = _news(done, followed.outcomes(h, cells, done, agent, deviator))
    none = np.zeros(0, dtype=np.int64)
    layers.append(_Layer(payoff, choices, none, none, np.zeros(0), none))
    return _Found(_backward(layers, model.discount), errors, terms, states)


def _too_many(h: int, limit: int, found: int, share: float) -> str:
    return (
        f"judging the policy on histories needs more than {limit} information states, or beliefs with more than "
        f"{ENTRY_LIMIT} entries, up to step {h}; raise --max-nodes, share more, or take fewer steps"
    )


def _first_news(followed: Following, deviator: Deviator) -> _News:
    """The first draw, of all that step 1 begins with, as what follows the one cell that stands for the time before."""
    first = followed.first(deviator.agent, deviator)
    rows = np.zeros(len(first.u), dtype=np.int64)
    before = Moves(rows, rows, 1, 1, rows, first.probability)
    return _news(before, replace(first, move=np.arange(len(rows))))


def _news(done: Moves, after: Outcomes) -> _News:
    """Signals (answer, news) and the cells of the next step that they come with."""
    cells, cell = NodeCells.of(after.node, after.u, after.s)
    learnt, learnt_of = np.unique(after.learnt, return_inverse=True)
    answer, n_before = done.answer[after.move], int(done.cell.max()) + 1
    signals, signal = np.unique(answer * len(learnt) + learnt_of, return_inverse=True)
    columns, column = np.unique(signal * len(cells) + cell, return_inverse=True)
    origin = done.cell[after.move]
    table = sparse.csr_array((after.probability, (origin, column)), shape=(n_before, len(columns)))
    ahead = sparse.csr_array((after.probability, (origin, signal)), shape=(n_before, len(signals)))
    place = Columns(table, columns // len(cells), columns % len(cells), len(signals), len(cells))
    return _News(place, ahead, signals // len(learnt), cells)


def _rewards(information: Information, agent: int, h: int, cells: NodeCells, done: Moves) -> sparse.csr_array:
    """[X, G * A_i]: what the deviator earns at each cell by each answer, times the probability of hearing."""
    paid = done.probability * information.model.kernel(h).reward[agent, done.action, cells.s[done.cell]]
    return sparse.csr_array((paid, (done.cell, done.answer)), shape=(len(cells), done.n_answers))


def _layer(belief: sparse.csr_array, payoff: sparse.csr_array, choices: int, news: _News, grown: Growth) -> _Layer:
    flow = sparse.csr_array(belief @ news.ahead)
    flow.sort_indices()
    width = grown.n_signals
    key = np.repeat(np.arange(belief.shape[0]), np.diff(flow.indptr)) * width + flow.indices
    at = np.searchsorted(key, grown.row * width + grown.signal)
    return _Layer(payoff, choices, grown.row, news.answer[grown.signal], flow.data[at], grown.to)


def _backward(layers: list[_Layer], discount: float) -> float:
    """The best value at the start; the first layer is the time before the first step."""
    best = np.zeros(0)
    for k, layer in reversed(list(enumerate(layers))):
        states, answers = layer.payoff.shape
        ahead = layer.probability * best[layer.to] * (discount if k else 1.0)
        best, block = np.zeros(states), max(1, CHUNK_CELLS // answers)
        first = np.searchsorted(layer.row, np.arange(0, states + block, block))
        for b, begin in enumerate(range(0, states, block)):
            edge, end = slice(first[b], first[b + 1]), min(begin + block, states)
            worth = layer.payoff[begin:end].toarray().ravel()
            worth += np.bincount((layer.row[edge] - begin) * answers + layer.answer[edge], ahead[edge], len(worth))
            best[begin:end] = worth.reshape(end - begin, -1, layer.n_choices).max(axis=2).sum(axis=1)
    return float(best[0])
