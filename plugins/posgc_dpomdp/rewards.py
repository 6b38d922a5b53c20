"""The rewards R(ja, s, s', jo), and where the two readings of the format differ.

Cassandra's reading, which is ours, keeps R(ja, s, s', jo) cell by cell, the last statement winning; the
expected reward of (s, ja) is the sum over s', jo of T(s'|s,ja) O(jo|ja,s') R(ja,s,s',jo).  MADP keeps only
R(s, ja): a statement with `* : *` for s' and jo sets it, and one that names s' or jo adds T O r to it, with
the T and O read so far.  The table has an axis of size 1 for every field that no statement names, so games
whose rewards read only (s, ja), nearly all, stay small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from posgc.plugin import LimitError
from posgc.plugin.complaints import Complaints, span_of
from posgc_dpomdp.body import Write
from posgc_dpomdp.header import MAX_CELLS, Header, reward_axes
from posgc_dpomdp.labels import ANY, Axis, Cells
from posgc_dpomdp.tables import fill, runs

__all__ = ["Rewards", "madp_rewards", "read_rewards", "warn_if_readers_differ"]

Floats = npt.NDArray[np.float64]
_SAME = 1e-9  # relative to the largest reward: two expectations this close are the same


@dataclass(frozen=True)
class Rewards:
    """The table of R."""

    # [ja, s, s', jo, k], with 1 for the size of a field that no statement names; k runs over the rewards the file
    # gives: one for all, or one for each agent (SDMS)
    values: Floats

    def __call__(self, *fields: npt.NDArray[np.int64]) -> Floats:
        """The rewards at given (ja, s, s', jo), [len, k]."""
        at = [f if size > 1 else np.zeros_like(f) for f, size in zip(fields, self.values.shape, strict=False)]
        return np.asarray(self.values[tuple(at)])

    @property
    def plain(self) -> bool:
        """Whether the reward reads only the joint action and the state."""
        return self.values.shape[2:4] == (1, 1)


def _split(cells: Cells, axes: Sequence[Axis]) -> list[Cells]:
    """The cells of each field; fields that are left open come out empty."""
    ends = list(accumulate((len(axis.parts) for axis in axes), initial=0))
    return [cells[i:j] for i, j in pairwise(ends)]


def read_rewards(writes: Sequence[Write], header: Header, complaints: Complaints) -> Rewards:
    """Cassandra's table of the R statements.  Raises LimitError above MAX_CELLS cells."""
    axes = reward_axes(header)
    fields = [_split(write.cells, axes) for write in writes]
    # A field left open is one that a row or a matrix spells out: it is used as much as a named one.
    used = [any(set_[i] != (ANY,) * len(axis.parts) for set_ in _distinct(fields)) for i, axis in enumerate(axes)]
    shape = tuple(n for axis, on in zip(axes, used, strict=True) if on for n in axis.shape)
    agents = _agents_with_own(writes, header, complaints)
    cells = agents * float(np.prod([axis.size for axis, on in zip(axes, used, strict=True) if on]))
    if cells > MAX_CELLS:
        raise LimitError(
            f"the table of R would have {cells:.3g} cells; the limit is {MAX_CELLS:.3g}: "
            "write rewards that name fewer of s, s' and jo"
        )
    projected = [
        write._replace(cells=sum((c for c, on in zip(parts, used, strict=True) if on), ()))
        for write, parts in zip(writes, fields, strict=True)
    ]
    table = fill(shape, projected, 0, (agents,) if agents > 1 else ())
    sizes = [axis.size if on else 1 for axis, on in zip(axes, used, strict=True)]
    return Rewards(header.sign * table.values.reshape([*sizes, *[1] * (4 - len(sizes)), agents]))


def _distinct(fields: list[list[Cells]]) -> list[tuple[Cells, ...]]:
    """Fields by their pattern of wildcards, each once: slices cannot be hashed before Python 3.12."""
    patterns: dict[tuple[tuple[bool, ...], ...], tuple[Cells, ...]] = {}
    for parts in fields:
        patterns.setdefault(tuple(tuple(c is ANY for c in p) for p in parts), tuple(parts))
    return list(patterns.values())


def _agents_with_own(writes: Sequence[Write], header: Header, complaints: Complaints) -> int:
    """How many rewards every statement gives: 1, or the number of agents; I101 where they mix."""
    agents = len(header.agents)
    own = [agents > 1 and isinstance(w.value, np.ndarray) and _short(w, header) for w in writes]
    if not any(own):
        return 1
    if not all(own):
        odd = writes[own.index(False)]
        complaints.error(
            "I101",
            f"one reward where other statements give {agents}",
            span_of(odd.head),
            "give every statement one reward, or every one a reward an agent",
        )
        complaints.settle()
    return agents


def _short(write: Write, header: Header) -> bool:
    """Whether the cells leave nothing open, so that an array value is one of rewards by agent."""
    return len(write.cells) == sum(len(axis.parts) for axis in reward_axes(header))


def madp_rewards(writes: Sequence[Write], header: Header, transition: Floats, observation: Floats) -> Floats:
    """MADP's R(ja, s), [A, S], from `transition[ja, s, s']` and `observation[ja, s', jo]` as they are at the end."""
    axes = reward_axes(header)
    actions, states, _, observations = axes
    n = len(actions.parts)
    result = np.zeros((*actions.shape, states.size))
    t = transition.reshape(*actions.shape, states.size, states.size)
    o = observation.reshape(*actions.shape, states.size, *observations.shape)
    wild = (ANY,) * (1 + len(observations.parts))
    for points, run in runs(writes, 2 + n + len(observations.parts)):
        if points:
            at = np.array([w.cells for _, w in run], dtype=np.intp).T
            chance = t[tuple(at[: n + 2])] * o[(*at[:n], *at[n + 1 :])]
            np.add.at(result, tuple(at[: n + 1]), chance * np.array([w.value for _, w in run]))
            continue
        for _, write in run:
            kept = [slice(c, c + 1) if isinstance(c, int) else c for c in write.cells]
            kept += [ANY] * (n + 2 + len(observations.parts) - len(kept))
            if tuple(write.cells[n + 1 :]) == wild:
                result[tuple(kept[: n + 1])] = write.value
                continue
            # Axes: joint action, s, s', joint observation; products are by broadcasting and one contraction.
            ts, os = t[tuple(kept[: n + 2])], o[(*kept[:n], *kept[n + 1 :])]
            value = np.broadcast_to(np.asarray(write.value), os.shape[n:]).reshape(os.shape[n], -1)
            paid = (os.reshape(-1, os.shape[n], value.shape[1]) * value).sum(axis=2)
            mean = np.einsum("ast,at->as", ts.reshape(-1, *ts.shape[n:]), paid)
            result[tuple(kept[: n + 1])] += mean.reshape(ts.shape[: n + 1])
    return header.sign * result.reshape(actions.size, states.size)


def warn_if_readers_differ(
    writes: Sequence[Write],
    header: Header,
    laws: tuple[Floats, Floats],
    expected: Floats,
    kept: npt.NDArray[np.int64],
    last_law: int,
    complaints: Complaints,
) -> None:
    """W101 if MADP would read another expected reward than `expected[A, K]` in one of the `kept` states.

    `laws` are the transition and observation tables, `last_law` is where the last T or O statement starts.
    """
    n = len(header.actions.parts)
    named = [w for w in writes if tuple(w.cells[n + 1 :]) != (ANY,) * (1 + len(header.observations.parts))]
    if not named:
        return
    if (named[0].head.start_pos or 0) < last_law:
        complaints.note(
            "W101",
            "a reward that names s' or jo comes before a T or O statement: MADP weighs it by the T and O "
            "read so far, this reader by those of the whole file",
            span_of(named[0].head),
            "put the rewards last",
            warn=True,
        )
    madp = madp_rewards(writes, header, *laws)[:, kept]
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    differ = np.argwhere(np.abs(madp - expected) > _SAME * scale)
    if len(differ):
        a, s = (int(i) for i in differ[0])
        complaints.note(
            "W101",
            f"MADP would read other rewards: for joint action {header.actions.label(a)} in state "
            f"{header.states.label(int(kept[s]))} it expects {madp[a, s]:.12g}, the last statement winning gives "
            f"{expected[a, s]:.12g} (differences in {len(differ)} of {expected.size})",
            span_of(named[0].head),
            "MADP adds up the rewards that name s' or jo; name each (ja, s, s', jo) once",
            warn=True,
        )
