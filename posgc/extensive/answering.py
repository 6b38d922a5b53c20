"""Joint plans that answer the multipliers of a programme, found by letting agents answer in turn.

What a joint plan x is worth to the programme is V(x), the payoff of a team in an augmented game (`posgc.extensive.
columns`).  Plans that the multipliers' deviators leave unchanged (`Dynamics.unmoved`) are worth 0, as with them no such
deviator gains anything.  V is linear in each agent's plan: where one agent after the other takes a best plan against
the others' plans so far, V never falls, and in the end no plan randomises.  So there is always an answer that is worth
at least 0, and there are finitely many (Jiang & Leyton-Brown 2011, for games without steps).
Each agent begins once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.master import Master, Profile, Weights
from posgc.extensive.trigger_regret import Dynamics

__all__ = ["answers", "worth"]

Floats = npt.NDArray[np.float64]


def answers(master: Master, found: Weights, dynamics: Dynamics) -> list[Profile]:
    """A joint plan for each agent that may begin; `found` are the weights of least gain, with their multipliers."""
    pairs = zip(master.deviations, found.flows, master.game.terms.sizes, strict=True)
    flows = [one.weights(flow, size) for one, flow, size in pairs]
    unmoved, n, profiles = dynamics.unmoved(flows), master.game.n_agents, list[Profile]()
    for first in range(n):
        plans = list(unmoved)
        for agent in (*range(first, n), *range(first)):
            gradient = worth(master, found.obedience, flows, plans, agent)
            plans[agent] = dynamics.learners[agent].plans.answer(gradient)
        profiles.append(master.profile(plans))
    return profiles


def worth(
    master: Master, obedience: Floats, flows: Sequence[sparse.csr_array], plans: Sequence[Floats], agent: int
) -> Floats:
    """What each of the agent's sequences adds to V, the others playing `plans`.

    `obedience` [n] are the multipliers of gains, `flows` [1 + S, S] the weights with which a deviator of each agent
    plays sequences at triggers."""
    terms, total = master.game.terms, np.zeros(len(plans[agent]))
    for i, (flow, span) in enumerate(zip(flows, master.spans.tolist(), strict=True)):
        earned = terms.gradient(agent, plans, of=i)
        if i == agent:
            lost = (flow @ earned)[1:]
        else:
            deviating = [*plans[:i], np.append(1.0, plans[i]) @ flow, *plans[i + 1 :]]
            lost = terms.gradient(agent, deviating, of=i)
        total += (obedience[i] * earned - lost) / span
    return total
