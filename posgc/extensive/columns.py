"""The best correlated equilibrium of a small game by column generation, for every form, with a bound.

The equilibria of a form are the weights of joint plans that satisfy the linear conditions of `posgc.extensive.master`;
plans that never randomise are enough, as all others are mixtures of them.  They are too many to write down, and few
have weight.  So the programme is solved for some; its multipliers say what another joint plan would be worth to it, and
the best one joins, until none is worth anything (Dantzig & Wolfe 1960).

**The best joint plan is that of a team in an augmented game.**  With multipliers c of the criteria, l_i of agent i's
gain, and a deviator's flow f_i over rows, a joint plan x is worth

    V(x) = sum_i (c_i + l_i) u_i(x) - sum_i sum_rows f_i(row) x_i(trigger) g_i(x_-i)(sequence).

That is a team's payoff where nature may replace agent i by a deviator which looks on at what i is told, and leaves with
the probabilities of the flow: linear in each agent's plan, so that a best joint plan never randomises, and
`posgc.extensive.joint_plans` finds one.  Any multipliers bound what can be selected: multiplied and added up, the
conditions say that no equilibrium up to a gain of e is worth more than max_x V(x) + e sum_i l_i, as long as a
deviator's flow is one (`Deviations.conserved`), however well the programme was solved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.joint_plans import JointPlans, TeamTerms
from posgc.extensive.master import Master, Profile, Weights
from posgc.extensive.mixing import NOTHING
from posgc.model.ragged import gather

__all__ = ["FEASIBLE", "Selected", "select_best"]

Floats = npt.NDArray[np.float64]

FEASIBLE = 1e-9
"""The largest gain, in spans, that is taken for none: what the programme's tolerances leave."""
RELATIVE = 1e-3
"""By how much more than the least gain that was found, relative to it, agents may gain from what is selected."""
OPTIMAL = 1e-8
"""By how much less than the bound, relative to the scale, what is selected is taken for the best."""
NEW_PLANS = 8
"""Joint plans that join in one turn, at most."""


@dataclass(frozen=True, eq=False)
class Selected:
    """The best mixture found."""

    profiles: tuple[Profile, ...]
    weight: Floats  # [profiles], positive
    gains: Floats  # [n]
    selected: float  # the least of the criteria, in the unit of the rewards
    upper: float  # no equilibrium has more; infinite where that is not known
    turns: int
    closed: bool  # whether no better one is left to find


def select_best(
    master: Master,
    start: tuple[Profile, ...],
    criteria: Floats,
    epsilon: float,
    stop: Callable[[], bool] = lambda: False,
    told: Callable[[int, float, float], None] = lambda turns, lower, upper: None,
    left: Callable[[], float | None] = lambda: None,
) -> Selected | None:
    """The mixture with the largest minimum of `criteria` [m, n] times the values, in which nobody gains more than
    `epsilon` (in the unit of the rewards); what is selected is then at most `epsilon` below the best of these.

    `start`: profiles to begin with.  None where `stop()` comes, or `left()` seconds are over, before any is found.
    """
    plans, profiles, turns = JointPlans(master.game), list(start), 0
    asked = epsilon / master.spans
    nothing = FEASIBLE  # the gain that is taken for none, in spans
    best: Selected | None = None
    feasible = False
    while True:
        gain = np.maximum(asked, nothing)
        found = master.solve(profiles, criteria if feasible else None, gain, left(), stop)
        if found is not None and not feasible and found.optimum <= gain.min():
            feasible, nothing = True, (1 + RELATIVE) * found.optimum
            continue
        if found is None:
            return best
        turns += 1
        new = plans.best(_augmented(master, criteria, found), NEW_PLANS)
        if feasible:
            best = _selected(master, profiles, found, criteria, turns, best)
            bound = new[0][0] + float(gain @ found.obedience)
            upper = min(best.upper, bound * master.scale)
            closed = upper - best.selected <= max(OPTIMAL * master.scale, epsilon)
            best = replace(best, upper=upper, closed=closed)
            told(turns, best.selected, best.upper)
            if closed:
                return best
        known = {_key(profile.plans) for profile in profiles}
        fresh = [plan for _, plan in new if _key(plan) not in known]
        if not fresh or stop():
            return best
        profiles += [master.profile(plan) for plan in fresh]


def _key(plans: tuple[Floats, ...]) -> bytes:
    return b"".join(plan.tobytes() for plan in plans)


def _selected(
    master: Master, profiles: list[Profile], found: Weights, criteria: Floats, turns: int, before: Selected | None
) -> Selected:
    """The mixture that the programme found, without what has next to no weight."""
    (some,) = np.nonzero(found.weight > NOTHING)
    weight = found.weight[some] / found.weight[some].sum()
    chosen = tuple(profiles[k] for k in some.tolist())
    values = weight @ np.stack([profile.values for profile in chosen])
    upper = np.inf if before is None else before.upper
    return Selected(chosen, weight, master.gains(chosen, weight), float((criteria @ values).min()), upper, turns, False)


def _augmented(master: Master, criteria: Floats, found: Weights) -> TeamTerms:
    """The team's payoffs in the augmented game, in units of `Master.scale`."""
    terms = master.game.terms
    per = found.obedience / master.spans
    if len(found.picked):
        per = per + found.picked @ criteria / master.scale
    sequence = terms.sequence + 1
    obedient = sum(one * terms.earned(agent) for agent, one in enumerate(per.tolist()))
    sequences, values = [sequence], [np.asarray(obedient)]
    for agent, (one, flow) in enumerate(zip(master.deviations, found.flows, strict=True)):
        # for each term the triggers at which a deviator plays its sequence, in place of which stands the trigger
        played = sparse.csr_array(one.weights(flow, terms.sizes[agent]).T)
        at, counts = gather(played.indptr.astype(np.int64), terms.sequence[agent])
        replaced = np.repeat(sequence, counts, axis=1)
        replaced[agent] = played.indices[at]
        sequences.append(replaced)
        values.append(-played.data[at] * np.repeat(terms.earned(agent), counts) / master.spans[agent])
    return TeamTerms(np.concatenate(sequences, axis=1), np.concatenate(values))
