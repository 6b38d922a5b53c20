"""Assumption 1: common and private information evolve by maps of the step's own information.

Used in the form z_{h+1} = chi_{h+1}(p_h, a_h, o_{h+1}) and p_{i,h+1} = xi_{i,h+1}(p_h, a_h, o_{h+1}) with the
*joint* p_h.  Liu & Zhang (2023, (2.2)) let xi_i read only agent i's own (p_i, a_i, o_i); that fails literally
where an item reaches some agents before others, and nothing in their results or here needs it, so such
items are notes.  The assumption fails when an item still to become common has been forgotten by everyone.
"""

from __future__ import annotations

from posgc.assumptions.verdict import Verdict
from posgc.information.items import Information, Item

__all__ = ["evolution"]


def evolution(information: Information) -> Verdict:
    """Assumption 1 for steps 1..H; `evidence` names the items that nobody remembers."""
    notes = _notes(information)
    if (h := information.first_lost) is not None:
        names = ", ".join(information.label(item) for item in information.lost(h))
        return Verdict(
            1,
            False,
            f"at step {h} {names} would become common, but nobody remembers it at step {h - 1}: "
            f"'forget after {information.protocol.forget}' is too short",
            notes=notes,
        )
    return Verdict(
        1,
        True,
        "at every step what becomes common, and what each agent holds, is a function of the private "
        "information, actions and observations of that step",
        "lag table",
        notes=notes,
    )


def _notes(information: Information) -> tuple[str, ...]:
    notes = []
    relayed = next(((h, pairs) for h in information.unlike_steps() if (pairs := information.relays(h))), None)
    if relayed is not None:
        h, ((agent, item), *_) = relayed
        notes.append(
            f"an agent's private information takes in another's: {information.label(item)} reaches "
            f"{information.model.signature.agents[agent]} at step {h}. The paper's (2.2), in which each agent's "
            "update reads only its own, fails literally; no result used here needs it"
        )
    if information.dropped:
        names = sorted({information.label(Item(1, "action", v)).split("@")[0] for v, _ in information.dropped})
        notes.append(
            f"own past actions that move nothing and reach nobody were dropped: {', '.join(names)}; "
            "policies may not use them"
        )
    return tuple(notes)
