"""Discounted games without end, cut where what follows no longer matters.

Let L_i(s) and M_i(s) be the least and the most that agent i can earn from state s on, when one who sees everything
chooses all actions: two Markov decision processes, solved by value iteration with the residual of MacQueen (1966) on
the safe side (Puterman 1994, Markov Decision Processes, section 6.6).  Whatever is played, what agent i earns after
step H lies in discount^H times [min L_i, max M_i] over the states R that step H + 1 can find.  So values of the first H
steps are right to within that interval, and any gap to within its length, whatever the concept: a deviation before
step H is judged exactly, one after it cannot gain more.  All states within reach of the game without end are needed for
that, not only those within reach of H steps (`tabulate(closed=True)`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.model.arrays import Model

__all__ = ["TAIL", "extremes", "require_steady", "steps_that_matter", "steps_until_recurring", "tail"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TAIL = 1e-8
"""What is cut off, relative to the largest that an agent can win or lose in all."""

MOST_STEPS = 100_000
"""Steps that a game without end is cut to, at most."""

SWEEPS, PRODUCTS = 10_000, 2_000_000_000
"""Sweeps of value iteration, and multiplications of all sweeps; where they end early the bounds are wider."""

CLOSE = 1e-9
"""Width of the bounds of value iteration, relative to the largest value at the start, at which it ends."""

OTHER_TERMS = 16
"""Terms of a sum in one sweep that are not transitions."""


def steps_that_matter(model: Model) -> int:
    """The least H after which all that an agent can still win or lose weighs at most `TAIL`.

    `model` has the states of the game without end.  Raises InputError (E619) for a discount of 1, LimitError past
    `MOST_STEPS`.
    """
    if model.discount >= 1:
        raise _impossible("a game without end needs a discount below 1", "give --discount G, or a finite --horizon")
    ends = extremes(model)
    # relative to what can be won or lost from where the game begins
    stake = float(np.abs(ends[:, :, np.unique(model.initial.state)]).max())
    reach = _Reach(model)
    for h in range(1, MOST_STEPS + 1):
        reach.step()
        if model.discount**h * float(np.ptp(reach.interval(ends), axis=1).max()) <= TAIL * stake:
            return h
    raise LimitError(f"with discount {model.discount} more than {MOST_STEPS} steps matter; give a --horizon")


def require_steady(model: Model) -> None:
    """Raises InputError (E619) where dynamics, rewards or choices change with the step, or may do so later."""
    if not model.steady:
        raise _impossible("a game without end may not change with the step", "give a finite --horizon")


def _impossible(why: str, cure: str) -> InputError:
    return InputError([Diagnostic("E619", why, help=cure)])


def tail(model: Model) -> Floats:
    """[n, 2]: what each agent can earn after step H at least and at most, discounted to step 1."""
    reach = _Reach(model)
    for _ in range(model.horizon):
        reach.step()
    return model.discount**model.horizon * reach.interval(extremes(model))


def extremes(model: Model) -> Floats:
    """[n, 2, S]: bounds on the least and the most that each agent can earn from each state on, for ever, discounted to
    that state; `model` is the same at every step, its discount below 1."""
    n, n_states, discount = model.n_agents, model.n_states, model.discount
    kernel, actions, first = model.kernel(1), model.allowed(1), np.unique(model.initial.state)
    shape = (model.n_actions * n_states, n_states)
    rows = (actions[:, None] * n_states + np.arange(n_states)).ravel()
    moves = sparse.csr_array((kernel.probability, kernel.state, kernel.indptr), shape=shape)[rows]
    paid = kernel.reward[:, actions, :].reshape(n, -1)
    # The least is less the most of the opposite; the most of the sizes bounds what rounding can do.
    paid = np.concatenate([-paid, paid, np.abs(paid)]).T  # [A * S, 3n]
    value = np.zeros((n_states, 3 * n))
    for sweep in range(max(8, min(SWEEPS, PRODUCTS // (3 * n * max(moves.nnz, 1))))):
        before, value = value, (paid + discount * (moves @ value)).reshape(len(actions), n_states, -1).max(axis=0)
        # MacQueen's bounds: the fixed point lies within discount / (1 - discount) times the least and largest change
        change = value - before
        least, most = (discount / (1 - discount) * end(axis=0) for end in (change.min, change.max))
        if sweep >= 1 and (most - least <= CLOSE * np.abs(value[first]).max(axis=0)).all():
            break
    value = value + most
    # rounding of all sweeps, charged on the sizes of what is summed, which a third of the columns carries
    terms = (sweep + 2) * (OTHER_TERMS + int(np.diff(moves.indptr).max(initial=0)))
    ends = (value[:, : 2 * n] + np.finfo(np.float64).eps * terms * np.tile(value[:, 2 * n :], 2)).T
    return np.stack([-ends[:n], ends[n:]], axis=1)


def steps_until_recurring(model: Model) -> int:
    """Steps after which the sets of states that a step can find have all been seen; `MOST_STEPS` where there are more.
    `model` is the same at every step."""
    reach, seen = _Reach(model), set[bytes]()
    while reach.now.tobytes() not in seen and len(seen) < MOST_STEPS:
        seen.add(reach.now.tobytes())
        reach.step()
    return len(seen)


class _Reach:
    """The states that step h can find, from h = 1 on, whatever is played."""

    def __init__(self, model: Model) -> None:
        kernel, states = model.kernel(1), np.arange(model.n_states)
        source = np.repeat(np.tile(states, model.n_actions), np.diff(kernel.indptr))
        shape = (model.n_states, model.n_states)
        self._to = sparse.csr_array((np.ones(len(source)), (kernel.state, source)), shape=shape)
        self._known: dict[bytes, Bools] = {}
        self.now: Bools = np.zeros(model.n_states, dtype=bool)
        self.now[model.initial.state] = True

    def step(self) -> None:
        """Go on to the next step."""
        key = self.now.tobytes()
        # reachable sets soon repeat, with a period
        if key not in self._known:
            self._known[key] = (self._to @ self.now.astype(np.float64)) > 0
        self.now = self._known[key]

    def interval(self, ends: Floats) -> Floats:
        """[n, 2]: the least and the most of `extremes` over the states of this step."""
        return np.stack([ends[:, 0, self.now].min(axis=1), ends[:, 1, self.now].max(axis=1)], axis=1)
