"""Own actions that an agent need not remember.

An agent's own unshared actions inside p_i can break Assumption 3 even where the state is uncontrolled;
Liu & Zhang (2023), Example 5, leave them out by hand.  The item of action variable v at step h may be
dropped iff

1. the kernel P_h(s', o' | s, a) does not depend on it (rewards may);
2. it never reaches another agent;
3. as long as it would be remembered, everything that its owner has been able to choose on since step h
   stays in (c, p_i).

Then an agent can redraw what it would have remembered from (c, p_i).  Every equilibrium of the game without
the item is one of the game with it, with the same payoffs; Nash equilibria and team optima of the game with
it correspond to ones of the game without it.  Correlated equilibria need not: an own action can remember a
recommendation (docs/mathematics.md, section 2, has the proofs and the counterexample).  Observations are
never dropped: a payoff-irrelevant observation that is correlated across agents is a correlation device.
"""

from __future__ import annotations

import numpy as np

from posgc.information.items import Information, Item
from posgc.language.sharing.lag_table import NEVER
from posgc.model.arrays import Kernel, Model
from posgc.model.ragged import gather

__all__ = ["drop_own_actions"]


def drop_own_actions(information: Information) -> Information:
    """The same information structure without the own actions that may be dropped."""
    model = information.model
    if not model.always_legal:
        return information  # a move that depends on the state tells of it
    irrelevant = [
        {v for v in range(len(model.signature.actions)) if _irrelevant(model, kernel, v)} for kernel in model.kernels
    ]
    if not any(irrelevant):
        return information
    # In order of time: what was dropped before is no longer something that a later action can be chosen on.  Only as
    # much of it is looked at as is not forgotten anyway (where nothing is forgotten, condition 3 holds by itself).
    everything, recent = set(information.dropped), information
    for h in range(1, model.horizon):
        dropped = {
            (v, h)
            for v in irrelevant[model.kernel_of_step[h - 1]]
            if information.exists(item := Item(h, "action", v))
            and _unshared(information, item)
            and _recoverable(recent, item)
        }
        everything |= dropped
        if dropped and information.protocol.forget is not None:
            late = {pair for pair in recent.dropped if pair[1] >= h - information.protocol.forget}
            recent = Information(model, information.protocol, frozenset(late | dropped))
    return Information(model, information.protocol, frozenset(everything)) if everything else information


def _unshared(information: Information, item: Item) -> bool:
    owner = information.variable(item).agent
    return all(lag >= NEVER for i, lag in enumerate(information.lags(item)) if i != owner) and (
        information.n_agents > 1
    )


def _recoverable(information: Information, item: Item) -> bool:
    """Condition 3.  What is known stays known until it is forgotten, so the item's last step decides; and of what is
    younger than the item nothing is forgotten by then."""
    if information.protocol.forget is None:
        return True
    owner, h = information.variable(item).agent, item.time
    last = min(information.model.horizon, h + information.protocol.forget)
    return all(
        information.holds(owner, older, last) or information.is_common(older, last)
        for chosen in range(h, last)
        for older in information.private_of(owner, chosen)
        if older.time < h
    )


def _irrelevant(model: Model, kernel: Kernel, variable: int) -> bool:
    """Whether no row of the kernel depends on the action variable's value."""
    sizes = [len(v.values) for v in model.signature.actions]
    n_states, count = model.n_states, sizes[variable]
    stride = int(np.prod(sizes[variable + 1 :], dtype=np.int64))
    actions = np.arange(model.n_actions)
    base = actions[(actions // stride) % count == 0]
    lengths = np.diff(kernel.indptr).reshape(model.n_actions, n_states)
    for k in range(1, count):
        # rows that cannot occur, for instance of an action that `when` does not allow, are not compared
        both = (lengths[base] > 0) & (lengths[base + k * stride] > 0)
        if not np.array_equal(lengths[base][both], lengths[base + k * stride][both]):
            return False
        row, state = np.nonzero(both)
        left, right = (gather(kernel.indptr, b[row] * n_states + state)[0] for b in (base, base + k * stride))
        if not (
            np.array_equal(kernel.observation[left], kernel.observation[right])
            and np.array_equal(kernel.state[left], kernel.state[right])
            and np.allclose(kernel.probability[left], kernel.probability[right], rtol=1e-12, atol=0.0)
        ):
            return False
    return True
