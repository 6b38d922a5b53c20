"""Which games the layers serve, and which of them a linear programme solves."""

from __future__ import annotations

from posgc.extensive.growing import extensive_game, rewards_cancel
from posgc.extensive.joint_plans import plans_of_all_but_one
from posgc.information.items import Information, InformationStructure
from posgc.language.diagnostics import LimitError
from posgc.model.arrays import Model

__all__ = [
    "CORRELATED",
    "PROGRAMME_PAYOFFS",
    "fits_programme",
    "forgetting",
    "too_large_for_columns",
    "unserved",
    "unsuited",
]

CORRELATED = {"concepts": ("ce", "cce")}
"""Of an option that only correlated concepts have."""
PROGRAMME_PAYOFFS = 1_000_000
"""Payoffs up to which a linear programme is chosen: on the adversarial tiger HiGHS takes half a second for 2e5, and
five seconds and 600 MB for 2.4e6."""
FEW_PLANS, MOST_PLANS = 2_000, 200_000
"""Joint plans of all agents but one up to which column generation is chosen, or can be asked for: it lists them in
every turn."""
FEW_PAYOFFS, MOST_PAYOFFS = 20_000, 200_000
"""Payoffs up to which it is."""
PROGRAMME_ENTRIES = 4_000_000
"""Entries of the tables of one step that are made in order to know."""


def unserved(
    backend: str, model: Model | None, structure: InformationStructure, independent: bool | None, named: bool
) -> str | None:
    """Why plans in layers do not serve a game that is to be zero-sum, as a sentence; None where they do.

    `independent` is Assumption 3's verdict, `named` whether the user asked for this `backend`.
    """
    if model is None or not rewards_cancel(model):
        return "it needs a zero-sum game of two agents"
    return unsuited(backend, structure, independent, named)


def unsuited(backend: str, structure: InformationStructure, independent: bool | None, named: bool) -> str | None:
    """The same whatever the rewards are."""
    if (why := forgetting(structure)) is not None:
        return why
    if independent and not named:
        return f"planning on common beliefs is quicker where Assumption 3 holds; --backend {backend} takes it anyway"
    return None


def forgetting(structure: InformationStructure) -> str | None:
    """Why plans in layers do not serve agents that forget, as a sentence; None where nobody does."""
    if structure.protocol.forget is None:
        return None
    return (
        f"agents forget what is older than {structure.protocol.forget} steps, and plans are made for agents that "
        "remember all that they knew (leave `forget` out)"
    )


def fits_programme(model: Model, structure: InformationStructure) -> bool:
    """Whether the game has at most `PROGRAMME_PAYOFFS` payoffs: found by making its layers up to there."""
    information = Information(model, structure.protocol, structure.dropped)
    try:
        extensive_game(information, payoffs=PROGRAMME_PAYOFFS, entries=PROGRAMME_ENTRIES)
    except LimitError:
        return False
    return True


def too_large_for_columns(model: Model, structure: InformationStructure, named: bool = False) -> str | None:
    """Which limit a game passes, as a sentence; None where it passes none.  `named`: whether the user asked for it."""
    information = Information(model, structure.protocol, structure.dropped)
    plans, payoffs = (MOST_PLANS, MOST_PAYOFFS) if named else (FEW_PLANS, FEW_PAYOFFS)
    try:
        game = extensive_game(information, payoffs=payoffs, entries=10 * payoffs, merge=False)
    except LimitError as error:
        return f"the game is too large for it ({error})"
    listed = plans_of_all_but_one(game)
    if listed <= plans:
        return None
    return f"it lists the joint plans of all agents but one: {listed:.4g} of them, where {plans} are the limit"
