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
- ce_strategic: the same with whole prescriptions for actions;
- nfcce: as cce; efce, efcce: those that leave at a trigger (`posgc.judge.leaving`).  Both are exact where agents forget
  nothing.

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
from posgc.information.items import Information, InformationStructure
from posgc.information.precision import charged
from posgc.information.step import ENTRY_LIMIT
from posgc.judge.judgement import Judgement, gains_of
from posgc.judge.kinds import following_of, require_kind
from posgc.judge.leaving import Deviation, Leaving, Throughout
from posgc.judge.replies import Deviator, Moves, NodeCells, Outcomes
from posgc.judge.values import policy_values
from posgc.language.concepts import DEVIATIONS, DeviationKind
from posgc.model.ragged import distinct, pointers
from posgc.policy.strategy import Strategy

__all__ = ["forgets", "judge_histories"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]

CHUNK_CELLS = 8_000_000
"""float64 numbers in one block of answers' payoffs (64 MB)."""
BLOCK_CELLS = 1 << 14
"""Cells whose moves at the last step are listed at one time: few enough for a processor's cache."""


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
    trigger = DEVIATIONS[kind].trigger
    followed = following_of(information, strategy, max_states, trigger is not None)
    mixes = [followed.mixes(h) for h in range(1, horizon + 1)]
    hears = DEVIATIONS[kind].heard if any(mixes) else "nothing"
    leaves = trigger if any(mixes) else None  # who is told nothing may as well leave at the start
    told = progress or (lambda stage, done, total: None)
    values, terms = policy_values(information, followed)
    told("verify", 1, n + 1)
    best, errors, states = np.zeros(n), np.zeros((n, horizon)), np.zeros(horizon, dtype=np.int64)
    for i in range(n):
        allowed = max_states - int(states.sum())
        if leaves is None:
            deviation: Deviation = Throughout(information, followed, Deviator(i, hears))
        else:
            deviation = Leaving(information, followed, i, leaves)
        found = _best_deviation(information, deviation, allowed, max_states)
        best[i], errors[i], terms = found.value, found.errors, np.maximum(terms, found.terms)
        states += found.states
        told("verify", i + 2, n + 1)
    ahead = charged(information.model, terms)
    off = (ahead.span * errors).sum(axis=1) / 2 + ahead.rounding
    return Judgement(
        kind,
        tuple(map(float, values)),
        tuple(map(float, best)),
        tuple(map(float, gains_of(kind, best, values, off))),
        float(off.max()),
        tuple(map(int, states)),
        "histories",
        # whether the deviator here can do no more than the definition allows
        "bounded" if (trigger is None and hears != "nothing" and any(mixes[:-1])) or forgets(information) else "exact",
    )


def forgets(information: InformationStructure) -> bool:
    """Whether an agent forgets anything but its own actions, which it can work out from what it chose them on."""
    if information.protocol.forget is None:
        return False
    return any(
        not information.holds(i, item, h + 1) and not information.is_common(item, h + 1)
        for h in range(1, information.horizon)
        for i in range(information.n_agents)
        for item in information.private_of(i, h)
        if item.kind == "observation" or information.variable(item).agent != i
    )


@dataclass(frozen=True)
class _Offered:
    """What a deviator chooses between at a step: `Moves.n_choices`, `Moves.stays`."""

    n_choices: int
    stays: bool

    def best(self, worth: Floats) -> Floats:
        """The best of every row of answers."""
        if self.stays:
            leaving, staying = worth[:, : self.n_choices], worth[:, self.n_choices :]
            return np.asarray(np.maximum(leaving.max(axis=1), staying.sum(axis=1)))
        best: Floats = worth.reshape(len(worth), -1, self.n_choices).max(axis=2).sum(axis=1)
        return best


@dataclass(frozen=True)
class _Layer:
    """The information states of a step: `payoff` [N, G * A_i] of every answer, summed over what leads to hearing it,
    and `edge` (state, answer, probability, state of the next step) of what follows."""

    payoff: sparse.csr_array
    offered: _Offered
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


def _best_deviation(information: Information, deviation: Deviation, allowed: int, limit: int) -> _Found:
    model, agent = information.model, deviation.agent
    layers: list[_Layer] = []
    errors, terms, states = np.zeros(model.horizon), *np.zeros((2, model.horizon), dtype=np.int64)
    belief = sparse.csr_array(np.ones((1, 1)))
    news, payoff, offered = _first_news(deviation), sparse.csr_array((1, 1)), _Offered(1, False)
    for h in range(1, model.horizon + 1):
        grown = grow(
            belief,
            news.columns,
            MERGE_TOLERANCE,
            capacity=Capacity(allowed - int(states.sum()), partial(_too_many, h, limit), ENTRY_LIMIT),
        )
        layers.append(_layer(belief, payoff, offered, news, grown))
        belief, cells = grown.belief, news.cells
        paid, drawn = list[sparse.csr_array](), 0
        # nothing follows the last step: its moves, which are the most, are not held at one time
        for some in [cells] if h < model.horizon else (part for _, part in cells.blocks(BLOCK_CELLS)):
            done = deviation.moves(h, some)
            paid.append(_rewards(information, agent, h, some, done))
            drawn = max(drawn, int(np.bincount(done.cell).max()))
        payoff, offered = belief @ _one_below_the_other(paid), _Offered(done.n_choices, done.stays)
        errors[h - 1], states[h - 1] = grown.error, belief.shape[0]
        counted = int(np.diff(belief.indptr).max()), drawn, int(np.bincount(grown.row).max())
        terms[h - 1] = sum(counted) + deviation.terms(h)
        if h < model.horizon:
            news = _news(done, deviation.outcomes(h, cells, done))
    none = np.zeros(0, dtype=np.int64)
    layers.append(_Layer(payoff, offered, none, none, np.zeros(0), none))
    return _Found(_backward(layers, model.discount), errors, terms, states)


def _too_many(h: int, limit: int, found: int, share: float) -> str:
    return (
        f"judging the policy on histories needs more than {limit} information states, or beliefs with more than "
        f"{ENTRY_LIMIT} entries, up to step {h}; raise --max-nodes, share more, or take fewer steps"
    )


def _first_news(deviation: Deviation) -> _News:
    """The first draw, of all that step 1 begins with, as what follows the one cell that stands for the time before."""
    first = deviation.first()
    rows = np.zeros(len(first.u), dtype=np.int64)
    before = Moves(rows, rows, 1, 1, rows, first.probability)
    return _news(before, replace(first, move=np.arange(len(rows))))


def _news(done: Moves, after: Outcomes) -> _News:
    """Signals (answer, news) and the cells of the next step that they come with."""
    cells, cell = NodeCells.of(after.node, after.u, after.s)
    learnt, learnt_of = distinct(after.learnt)
    answer, n_before = done.answer[after.move], int(done.cell.max()) + 1
    signals, signal = distinct(answer * len(learnt) + learnt_of)
    columns, column = distinct(signal * len(cells) + cell)
    origin = done.cell[after.move]
    table = sparse.csr_array((after.probability, (origin, column)), shape=(n_before, len(columns)))
    ahead = sparse.csr_array((after.probability, (origin, signal)), shape=(n_before, len(signals)))
    place = Columns(table, columns // len(cells), columns % len(cells), len(signals), len(cells))
    return _News(place, ahead, signals // len(learnt), cells)


def _rewards(information: Information, agent: int, h: int, cells: NodeCells, done: Moves) -> sparse.csr_array:
    """[X, G * A_i]: what the deviator earns at each cell by each answer, times the probability of hearing."""
    reward = information.model.kernel(h).reward[agent]
    paid = done.probability * reward.ravel().take(done.action * reward.shape[1] + cells.s[done.cell])
    keys, key = distinct(done.cell * done.n_answers + done.answer)
    cell, answer = np.divmod(keys, done.n_answers)
    return sparse.csr_array((np.bincount(key, paid), answer, pointers(cell, len(cells))), (len(cells), done.n_answers))


def _one_below_the_other(tables: list[sparse.csr_array]) -> sparse.csr_array:
    """All rows, of tables that may have fewer answers than others."""
    width = max(table.shape[1] for table in tables)
    wide = [sparse.csr_array((one.data, one.indices, one.indptr), shape=(one.shape[0], width)) for one in tables]
    return sparse.csr_array(sparse.vstack(wide, format="csr"))


def _layer(belief: sparse.csr_array, payoff: sparse.csr_array, offered: _Offered, news: _News, grown: Growth) -> _Layer:
    flow = sparse.csr_array(belief @ news.ahead)
    flow.sort_indices()
    width = grown.n_signals
    key = np.repeat(np.arange(belief.shape[0]), np.diff(flow.indptr)) * width + flow.indices
    at = np.searchsorted(key, grown.row * width + grown.signal)
    return _Layer(payoff, offered, grown.row, news.answer[grown.signal], flow.data[at], grown.to)


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
            best[begin:end] = layer.offered.best(worth.reshape(end - begin, answers))
    return float(best[0])
