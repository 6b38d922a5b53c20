"""Dense tables filled by writes, the last write winning cell by cell, and the sums of their rows.

Runs of single cells are one indexed assignment (NumPy assigns repeated indices in order, so the last wins);
anything with a wildcard, a row or a matrix is one slice assignment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.plugin.complaints import SHOWN, Complaints, span_of
from posgc_dpomdp.body import Write
from posgc_dpomdp.labels import ANY, Axis, Cells
from posgc_dpomdp.start import EXACT, ROUNDED

__all__ = ["Table", "check_rows", "fill", "runs"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """A dense table, and who wrote it."""

    values: Floats  # [*ja, s, …], one axis an agent
    writer: npt.NDArray[np.int32]  # [*ja, s], the write that last touched the row, or -1


def runs(writes: Sequence[Write], rank: int) -> Iterator[tuple[bool, list[tuple[int, Write]]]]:
    """Maximal runs of writes to single cells of a table with `rank` axes, and of other writes."""

    def single(numbered: tuple[int, Write]) -> bool:
        cells = numbered[1].cells
        return len(cells) == rank and ANY not in cells

    for points, run in groupby(enumerate(writes), key=single):
        yield points, list(run)


def fill(shape: tuple[int, ...], writes: Sequence[Write], row_rank: int, tail: tuple[int, ...] = ()) -> Table:
    """Apply the writes in order to a table of zeros; a row is what the first `row_rank` axes leave open.

    `tail` are further axes that every value has (the agents, where each has a reward of its own).
    """
    values = np.zeros(shape + tail)
    writer = np.full(shape[:row_rank], -1, dtype=np.int32)
    for points, run in runs(writes, len(shape)):
        if points and shape:
            at = np.array([write.cells for _, write in run], dtype=np.intp).T
            values[tuple(at)] = np.array([write.value for _, write in run])
            if row_rank:
                writer[tuple(at[:row_rank])] = np.array([i for i, _ in run], dtype=np.int32)
        else:
            for i, write in run:
                values[write.cells] = write.value
                writer[write.cells[:row_rank]] = i
    return Table(values, writer)


def check_rows(
    letter: str,
    table: Table,
    axes: tuple[Axis, Axis],
    writes: Sequence[Write],
    suspect: Sequence[Cells],
    complaints: Complaints,
    used: Bools,
) -> Floats:
    """The table as [A, S, last] with rows divided by their sums, with a note where one is off 1 by more than EXACT.

    A row off by more than ROUNDED is an I103, at the last statement that wrote into it (at none if none did), unless
    it is `suspect`: a wrong statement, complained of already, may have been meant for it.  Rows that are not
    `used[A, S]` may be all zero (N114), and stay so.
    """
    for cells in suspect:
        table.values[cells] = 1.0 / prod(table.values.shape[table.writer.ndim :])
    actions, states = axes
    rows = table.values.reshape(actions.size, states.size, -1)
    sums = rows.sum(axis=2)
    off = np.abs(sums - 1.0)
    writer = table.writer.reshape(actions.size, states.size)
    where = "from state" if letter == "T" else "in end state"
    void = ~used & (sums == 0)
    wrong = np.argwhere((off > ROUNDED) & ~void)
    wrong = wrong[np.argsort(writer[tuple(wrong.T)], kind="stable")]
    complaints.unlisted("I103", max(0, len(wrong) - SHOWN))
    for a, s in wrong[:SHOWN].tolist():
        last = int(writer[a, s])
        span = span_of(writes[last].head) if last >= 0 else None
        message = (
            f"{letter}: the row of joint action {actions.label(a)} {where} {states.label(s)} "
            f"sums to {sums[a, s]:.12g}, not 1"
        )
        cure = "this statement was the last to write into it" if span else f"no {letter} statement writes into it"
        complaints.error("I103", message, span, cure)
    rounded = (off > EXACT) & (off <= ROUNDED)
    if rounded.any():
        a, s = (int(i) for i in np.argwhere(rounded)[0])
        count = int(np.count_nonzero(rounded))
        complaints.note(
            "N106",
            f"{letter}: {count} row(s) sum to 1 only within {off[rounded].max():.1e} and were renormalised, first "
            f"that of joint action {actions.label(a)} {where} {states.label(s)}",
            span_of(writes[int(writer[a, s])].head),
        )
    if void.any():
        a, s = (int(i) for i in np.argwhere(void)[0])
        complaints.note(
            "N114",
            f"{letter}: {np.count_nonzero(void)} row(s) are all zero, where no play comes, first that of joint action "
            f"{actions.label(a)} {where} {states.label(s)}",
            None,
        )
    return rows / np.where(sums > 0, sums, 1.0)[:, :, None]
