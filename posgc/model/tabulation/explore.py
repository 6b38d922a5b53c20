"""The search for the reachable states and for the rows (s, a) that can occur.

Layer by layer in h: R_1 is the support of the initial law, and R_{h+1} the successors of R_h under the
joint actions allowed at step h.  A row is evaluated when it is first met, once for each kernel.  Over the
last run of steps with one kernel and one set of allowed actions only states that are new to the run are
followed, since it is their union that matters there; so stationary dynamics end when the frontier closes.
Before it, layers are exact, as what is evaluated later depends on them, and are remembered, as they often
repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from posgc.model.steps import Run
from posgc.model.tabulation.law import RowLimitReached
from posgc.model.tabulation.legal import played_actions
from posgc.model.tabulation.rows import ROW_LIMIT, Chunk, Rows
from posgc.model.tabulation.table import Array

__all__ = ["Explorer"]

_FIRST_BATCH = 256


@dataclass
class _Kernel:
    """What has been evaluated for one kernel."""

    chunks: list[Chunk] = field(default_factory=list)
    done: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))  # [states * A]
    # (states, allowed actions) -> the states that follow
    layers: dict[tuple[bytes, bytes], Array] = field(default_factory=dict)


class Explorer:
    """Follows the layers, and keeps the chunks of every kernel."""

    def __init__(self, rows: Rows, n_kernels: int) -> None:
        self.rows = rows
        self.kernels = [_Kernel() for _ in range(n_kernels)]
        self._batch = _FIRST_BATCH

    def search(self, runs: Sequence[Run], first: Array, closed: bool = False) -> None:
        """Evaluate every row that can occur, from the states `first` of step 1; with `closed` also those that only
        more steps like the last run's would reach."""
        horizon = runs[-1].last
        progress = self.rows.setup.limits.progress
        layer = first
        for run in runs:
            seen = np.zeros(0, dtype=bool)
            # without end where all reachable states are wanted: the frontier closes, or the limit on states is met
            for h in count(run.first) if closed and run.last == horizon else range(run.first, run.last + 1):
                if not len(layer):
                    break
                if progress is not None:
                    progress(f"step {h}: {len(self.rows.states)} states", min((h - 1) / horizon, 1.0))
                # what is evaluated later depends on this layer exactly; only the last run may follow new states alone
                if run.last < horizon:
                    layer = self._layer(run, layer, h)
                    continue
                seen = _grown(seen, len(self.rows.states))
                seen[layer] = True
                layer = self._successors(run, layer, h)
                seen = _grown(seen, len(self.rows.states))
                layer = layer[~seen[layer]]

    def _layer(self, run: Run, layer: Array, h: int) -> Array:
        known = self.kernels[run.group].layers
        key = (layer.tobytes(), run.allowed.tobytes())
        if key not in known:
            known[key] = self._successors(run, layer, h)
        return known[key]

    def _successors(self, run: Run, layer: Array, h: int) -> Array:
        """The states that follow a layer, ascending; rows not met before are evaluated."""
        kernel = self.kernels[run.group]
        n_actions = self.rows.setup.n_actions
        # Rows are evaluated in the order of codes, in which errors name the first combination.
        layer = layer[np.argsort(self.rows.states.codes()[layer], kind="stable")]
        kernel.done = _grown(kernel.done, len(self.rows.states) * n_actions)
        pairs = (layer[:, None] * n_actions + run.allowed).ravel()
        played = played_actions(self.rows, layer, h, report=True)
        if played is not None:
            # rows of joint actions that do not exist are never evaluated
            pairs = pairs[(played[:, run.allowed] == run.allowed).ravel()]
        done = kernel.done[pairs]
        parts = _following(kernel.chunks, pairs[done], len(kernel.done)) if done.any() else []
        kernel.done[pairs] = True
        before = len(kernel.chunks)
        self._evaluate(kernel, pairs[~done], h)
        parts += [c.state for c in kernel.chunks[before:]]
        reached = np.zeros(len(self.rows.states), dtype=bool)
        for part in parts:
            reached[part] = True
        return np.flatnonzero(reached)

    def _evaluate(self, kernel: _Kernel, pairs: Array, h: int) -> None:
        """Evaluate new rows, sorted by (code, action); those of terminal states apart."""
        if not len(pairs):
            return
        states = pairs // self.rows.setup.n_actions
        starts = np.flatnonzero(np.concatenate(([True], np.diff(states) != 0)))
        # the condition reads the state alone: once for each state, not for each of its rows
        stopped, bad = self.rows.terminal(states[starts], h)
        lengths = np.diff(np.append(starts, len(pairs)))
        stopped, bad = np.repeat(stopped, lengths), np.repeat(bad, lengths)
        self._batches(kernel, pairs[~stopped & ~bad], h, False)
        self._batches(kernel, pairs[stopped & ~bad], h, True)

    def _batches(self, kernel: _Kernel, pairs: Array, h: int, terminal: bool) -> None:
        """Evaluate rows in batches that fit the limit, halving a batch that does not."""
        at = 0
        while at < len(pairs):
            batch = pairs[at : at + self._batch]
            try:
                chunk, branches = self.rows.chunk(batch, h, terminal)
            except RowLimitReached as reached:
                if len(batch) == 1:
                    raise self.rows.row_limit_error(reached, "one state and joint action") from None
                # the same rows again, in smaller batches: nothing of the batch was kept
                self._batch = len(batch) // 2
                continue
            kernel.chunks.append(chunk)
            at += len(batch)
            # Aim at half the limit and grow slowly: rows of later states may branch more.
            fitting = ROW_LIMIT * len(batch) // (2 * max(branches, 1))
            self._batch = max(1, min(4 * self._batch, fitting)) if fitting else 1


def _grown(mask: Array, size: int) -> Array:
    """The mask, lengthened with False to at least `size`."""
    if len(mask) >= size:
        return mask
    longer = np.zeros(max(size, 2 * len(mask)), dtype=bool)
    longer[: len(mask)] = mask
    return longer


def _following(chunks: Sequence[Chunk], pairs: Array, size: int) -> list[Array]:
    """The states that follow rows evaluated before."""
    wanted = np.zeros(size, dtype=bool)
    wanted[pairs] = True
    found = []
    for chunk in chunks:
        mine = wanted[chunk.pair]
        if mine.any():
            found.append(chunk.state[np.repeat(mine, chunk.count)])
    return found
