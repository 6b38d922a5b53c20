"""The exporter: a team's game in the `.dpomdp` format, entry by entry, as the MADP toolbox reads it.

The format has T(s' | a, s), O(o' | a, s') and one common reward, the same at every step, and nothing is observed
before the first action; a game that has more is refused with the reason.  Rows that cannot occur are filled with
staying and uniform observations, since every row must sum to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, TextIO

import numpy as np
import numpy.typing as npt

from posgc.information.items import Information
from posgc.model.arrays import Kernel, Model
from posgc.model.rationals import rational
from posgc.model.rewards import reward_kind
from posgc.plugin import LimitError
from posgc_dpomdp.labels import IDENTIFIER

__all__ = ["DpomdpExporter", "DpomdpOptions"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SAME = 1e-12
"""Absolute; how far observation probabilities that should agree may differ by rounding."""

KEYWORDS = frozenset({"uniform", "identity", "reset", "include", "exclude", "reward", "cost"})


@dataclass(frozen=True)
class DpomdpOptions:
    """`entries`: the most numbers that are written, a line of about 40 bytes each."""

    entries: int = 2_000_000


@dataclass(frozen=True)
class DpomdpExporter:
    """See the module."""

    name: ClassVar[str] = "dpomdp"
    summary: ClassVar[str] = "Dec-POMDP of the MADP toolbox (.dpomdp), for teams; horizon and protocol are left out"
    options: ClassVar[type] = DpomdpOptions

    def applies(self, information: Information) -> str | None:
        """A team, the same dynamics and choices at every step, observations of (a, s') from the second step on."""
        model = information.model
        if reward_kind(model) != "common":
            return "the format has one reward, and the agents' rewards differ"
        sizes = np.array([len(v.values) for v in model.signature.observations])
        if len(set(model.kernel_of_step)) > 1 or not model.active.all() or not model.observed[1:, sizes > 1].all():
            return "the format has no steps, and the dynamics, choices or observations change with the step"
        if len(set(model.initial.observation.tolist())) > 1:
            return "the format has no observation before the first action"
        if _factors(model.kernel(1), model) is None:
            return "the format has O(o' | a, s'), and observations here tell of the old state too"
        return None

    def export(self, information: Information, options: Any, target: TextIO) -> None:
        """Raises LimitError where there are more entries than the option allows."""
        model = information.model
        factors = _factors(model.kernel(1), model)
        assert factors is not None, "applies was asked before"
        transition, emission = factors
        entries = len(transition.value) + len(emission.value) + model.n_actions * model.n_states
        if entries > options.entries:
            limit = f"(limit {options.entries}); raise --option entries=N"
            raise LimitError(f"the file has about {entries} entries {limit}")
        target.writelines(f"{line}\n" for line in _lines(model, transition, emission))


@dataclass(frozen=True)
class _Law:
    """Entries of T by (a, s, s') or of O by (a, s', o')."""

    action: Ints  # [entries]
    row: Ints  # [entries]
    column: Ints  # [entries]
    value: Floats  # [entries], probability


def _factors(kernel: Kernel, model: Model) -> tuple[_Law, _Law] | None:
    """T and O with P(s', o' | s, a) = T(s' | s, a) O(o' | a, s'), or None where the kernel does not factor so."""
    n_states, n_observations = model.n_states, model.n_observations
    row = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))
    pair, place = np.unique(row * n_states + kernel.state, return_inverse=True)
    weight = np.bincount(place, kernel.probability).astype(np.float64)
    action = row // n_states
    cell = (action * n_states + kernel.state) * n_observations + kernel.observation
    seen, at = np.unique(cell, return_inverse=True)
    share = kernel.probability / weight[place]
    low, high = np.full(len(seen), np.inf), np.zeros(len(seen))
    np.minimum.at(low, at, share)
    np.maximum.at(high, at, share)
    # every (a, s, s') that occurs must show all observations of (a, s')
    whole = np.bincount(seen // n_observations, minlength=model.n_actions * n_states)
    met = np.bincount(place)
    if (high - low).max(initial=0.0) > SAME or (met != whole[_action_state(pair, n_states)]).any():
        return None
    transition = _Law(pair // n_states // n_states, pair // n_states % n_states, pair % n_states, weight)
    owner = seen // n_observations
    return transition, _Law(owner // n_states, owner % n_states, seen % n_observations, low)


def _action_state(pair: Ints, n_states: int) -> Ints:
    """The number of (a, s') of each ((a, s), s')."""
    return pair // n_states // n_states * n_states + pair % n_states


def _lines(model: Model, transition: _Law, emission: _Law) -> Iterator[str]:
    signature, n = model.signature, model.n_agents
    actions = [_names(model.choice_labels(i, 1), k) for i, k in enumerate(signature.action_sizes)]
    own = [[v for v in signature.observations if v.agent == i] for i in range(n)]
    labels = [tuple("_".join(parts) for parts in product(*(v.values for v in some))) for some in own]
    observations = [_names(some, k) for some, k in zip(labels, signature.observation_sizes, strict=True)]
    states = _names([_state(model, s) for s in range(model.n_states)], model.n_states)
    start = np.bincount(model.initial.state, model.initial.probability, minlength=model.n_states)
    yield f"agents: {n}"
    yield f"discount: {model.discount!r}"
    yield "values: reward"
    yield f"states: {' '.join(states) or model.n_states}"
    yield "start:"
    yield " ".join(map(repr, start.tolist()))
    yield "actions:"
    yield from (" ".join(names) or str(k) for names, k in zip(actions, signature.action_sizes, strict=True))
    yield "observations:"
    yield from (" ".join(names) or str(k) for names, k in zip(observations, signature.observation_sizes, strict=True))
    acts = _joint(actions, signature.action_sizes)
    sees = _joint(observations, signature.observation_sizes)
    where = list(states) or list(map(str, range(model.n_states)))
    yield from _statements("T", transition, acts, where, where)
    yield from _missing("T", transition, acts, where)
    yield from _statements("O", emission, acts, where, sees)
    yield from _missing("O", emission, acts, where)
    for a, s in zip(*map(np.ndarray.tolist, np.nonzero(model.kernel(1).reward[0])), strict=True):
        yield f"R: {acts[a]} : {where[s]} : * : * : {float(model.kernel(1).reward[0, a, s])!r}"


def _state(model: Model, s: int) -> str:
    """The values of the state variables, without their names."""
    values = model.state_values[s]
    return "_".join(labels[v] for labels, v in zip(model.state_labels, values, strict=True))


def _names(labels: Sequence[str], size: int) -> tuple[str, ...]:
    """The labels where they are names in the format, else none: then values are called by their number."""
    names = tuple(label.replace("+", "_") for label in labels)
    fit = all(IDENTIFIER.fullmatch(name) and name not in KEYWORDS for name in names)
    return names if fit and len(set(names)) == size else ()


def _joint(names: Sequence[Sequence[str]], sizes: Sequence[int]) -> list[str]:
    """Joint values in row-major order, agent by agent; one agent's by its name or number."""
    parts = [list(some) or list(map(str, range(k))) for some, k in zip(names, sizes, strict=True)]
    return [" ".join(words) for words in product(*parts)]


def _statements(
    letter: str, law: _Law, acts: Sequence[str], rows: Sequence[str], columns: Sequence[str]
) -> Iterator[str]:
    entries = zip(law.action.tolist(), law.row.tolist(), law.column.tolist(), law.value.tolist(), strict=True)
    return (f"{letter}: {acts[a]} : {rows[r]} : {columns[c]} : {float(rational(p))!r}" for a, r, c, p in entries)


def _missing(letter: str, law: _Law, acts: Sequence[str], rows: Sequence[str]) -> Iterator[str]:
    """Rows that cannot occur: the state stays, the observation is uniform."""
    there = set(zip(law.action.tolist(), law.row.tolist(), strict=True))
    for a, r in product(range(len(acts)), range(len(rows))):
        if (a, r) not in there:
            head = f"{letter}: {acts[a]} : {rows[r]} :"
            yield f"{head} {rows[r]} : 1.0" if letter == "T" else f"{head}\nuniform"
