"""A game in arrays: the joint kernel P_h(s', o' | s, a) over the reachable states.

The game's text gives every variable of step h + 1 a law that reads (s, a), `chance` draws and other primed
variables without a cycle: a Bayesian network over one slice.  `tabulate` unrolls it by forward sampling of
all branches at once: a table with one row per (s, a) is branched by one draw after the other, and rows
with the same (s, a, o', s') are summed.  Only rows that can occur are ever evaluated.

The stages, one module each: `reads` (who reads what), `plan` (in which order to draw, and when to merge),
`evaluate` and `laws` (expressions and distributions on columns), `branch` (a plan run on a table), `rows`
(rows (s, a) to entries), `explore` (which rows occur), `assemble` and `emission` (the arrays).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from posgc.language import ir
from posgc.language.diagnostics import LimitError
from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.build import with_played
from posgc.model.emission import emission
from posgc.model.steps import Run, active_actions, kernel_groups, runs
from posgc.model.tabulation.assemble import assemble
from posgc.model.tabulation.explore import Explorer
from posgc.model.tabulation.faults import Faults, label
from posgc.model.tabulation.legal import played_actions
from posgc.model.tabulation.rows import Rows
from posgc.model.tabulation.setup import Limits, Setup, prepare
from posgc.model.tabulation.table import Array

__all__ = ["find_faults", "tabulate"]

MAX_STATES, MAX_ENTRIES = 2_000_000, 200_000_000
"""Limits unless others are asked for."""


def tabulate(
    game: ir.Game,
    max_states: int = MAX_STATES,
    max_entries: int = MAX_ENTRIES,
    progress: Callable[[str, float], None] | None = None,
    closed: bool = False,
) -> Model:
    """The model of a game; `progress` is told what is being done and the part that is done (0..1).

    `closed`: with all states that can be reached in any number of steps, not only those within the horizon; for games
    whose laws do not read the step.

    Raises InputError (E401 a value outside its variable's values, E402 a probability outside [0, 1], E403
    probabilities that do not sum to 1, E404 an undefined or infinite number, E406 nothing to choose from,
    and the codes of `Fail` nodes), naming for each place in the text the first reachable combination that
    fails; and LimitError when more than `max_states` states are reachable or the kernels and emissions
    have more than `max_entries` entries.
    """
    setup = prepare(game, Limits(max_states, max_entries, progress))
    _check_sizes(setup)
    try:
        with _deep_stack(setup):
            return _tabulate(setup, closed)
    except LimitError:
        # A mistake of value may be what made the game too large.
        if setup.faults:
            raise setup.faults.error() from None
        raise


@contextmanager
def _deep_stack(setup: Setup) -> Iterator[None]:
    """A recursion limit for definitions nested however deep: at most six frames a node, and one a draw."""
    before = sys.getrecursionlimit()
    draws = len(setup.live.items) + len(setup.initial.items)
    sys.setrecursionlimit(before + 6 * setup.evaluator.flow.height + draws)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def find_faults(game: ir.Game, faults: Faults, closed: bool = False, max_states: int = MAX_STATES) -> bool:
    """Adds the errors of value that the game reaches to `faults`; False where a limit ends the search.

    The arguments are those of `tabulate`; the game may have `Fail` nodes of the code `REPORTED`, beyond which nothing
    is evaluated.
    """
    setup = prepare(game, Limits(max_states, MAX_ENTRIES, None), faults)
    try:
        _check_sizes(setup)
        with _deep_stack(setup):
            _explored(setup, closed)
    except LimitError:
        return False
    return True


@dataclass(frozen=True)
class _Explored:
    """What the search of the reachable states found."""

    active: Array
    groups: tuple[int, ...]
    calendar: tuple[Run, ...]
    rows: Rows
    initial: tuple[Array, Array, Array]
    explorer: Explorer


def _explored(setup: Setup, closed: bool) -> _Explored:
    """Evaluates the game on all rows that are reached; errors of value go to the faults of the setup."""
    game = setup.game
    active = active_actions(game, setup.evaluator, setup.faults)
    groups = kernel_groups(game, setup.evaluator, setup.dynamics)
    calendar = tuple(runs(game, active, groups))
    rows = Rows(setup)
    initial = rows.initial()
    explorer = Explorer(rows, max(groups) + 1)
    explorer.search(calendar, np.unique(initial[0]), closed)
    return _Explored(active, groups, calendar, rows, initial, explorer)


def _tabulate(setup: Setup, closed: bool) -> Model:
    game = setup.game
    found = _explored(setup, closed)
    if setup.faults:
        raise setup.faults.error()
    active, groups, calendar, rows, explorer = found.active, found.groups, found.calendar, found.rows, found.explorer
    state, joint, probability = found.initial
    if setup.limits.progress is not None:
        setup.limits.progress("assembling the kernels", 1.0)
    kernels = []
    for group, kernel in enumerate(explorer.kernels):
        mine = [run for run in calendar if run.group == group]
        allowed = np.unique(np.concatenate([run.allowed for run in mine]))
        kernels.append(_kernel(rows, explorer, group, allowed, mine[0].first))
        kernel.done = np.zeros(0, dtype=bool)
    return Model(
        name=game.name,
        title=game.title,
        signature=game.signature,
        horizon=game.horizon,
        discount=game.discount,
        state_names=tuple(v.name for v in game.states),
        state_labels=tuple(tuple(label(x) for x in v.type.values) for v in game.states),
        state_values=np.ascontiguousarray(rows.states.sorted_digits().T, dtype=np.int64),
        initial=_initial(rows, state, joint, probability),
        kernels=tuple(kernels),
        kernel_of_step=groups,
        active=active,
        observed=_observed(setup),
        reads=frozenset(name for name in ("step", "horizon") if getattr(game.clock, name) is not None),
        blocks=game.blocks,
    )


def _kernel(rows: Rows, explorer: Explorer, group: int, allowed: Array, step: int) -> Kernel:
    played = _played(rows, step)
    if played is None:
        return assemble(rows, explorer.kernels[group].chunks, emission(rows, allowed, step))
    # what is observed after a joint action that stands for another one depends on the state before
    return with_played(assemble(rows, explorer.kernels[group].chunks, None), played)


def _played(rows: Rows, step: int) -> Array | None:
    """`Kernel.played` of all states; where a mistake of value stands in the way, at states that are not reached at
    these steps, every action stands for itself."""
    order = np.argsort(rows.states.ranks())
    found = played_actions(rows, order, step, report=False)
    if found is None:
        return None
    each = np.arange(found.shape[1])
    found = np.where(found < 0, each, found).T
    return None if (found == each[:, None]).all() else np.ascontiguousarray(found)


def _initial(rows: Rows, state: Array, joint: Array, probability: Array) -> Initial:
    return Initial(rows.states.ranks()[state], joint, probability)


def _observed(setup: Setup) -> Array:
    """bool [H + 1, observation variables]."""
    variables = setup.game.observations
    observed = np.zeros((setup.game.horizon + 1, len(variables)), dtype=bool)
    observed[0] = [v.init is not None for v in variables]
    observed[1:] = [v.observe is not None for v in variables]
    return observed


def _check_sizes(setup: Setup) -> None:
    """Joint indices must fit their integers, and the rows of one state the limit."""
    if setup.n_observations >= 1 << 62:
        raise LimitError("the joint observations do not fit 62 bits: declare fewer or smaller observations")
    limit = setup.limits.max_entries
    if setup.n_actions > limit:
        raise LimitError(
            f"there are {setup.n_actions:,} joint actions, and the limit on entries is {limit:,}: "
            "declare fewer or smaller actions"
        )
