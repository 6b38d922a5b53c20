"""Mixtures that are drawn once an episode as results: the strategy, and what is claimed of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.master import Profile
from posgc.extensive.plans import Plans
from posgc.extensive.serving import forgetting
from posgc.extensive.solution import charge
from posgc.extensive.strategy import controllers_of
from posgc.information.items import Information, InformationStructure
from posgc.language.concepts import DEVIATIONS, ConceptName, DeviationKind, concept_of
from posgc.language.numerals import plural
from posgc.language.rounding import at_most
from posgc.policy.artefact import Claim, Result
from posgc.policy.mixture import Mixture
from posgc.policy.strategy import Strategy

__all__ = ["Pick", "kind_of", "mixture_result", "unmixed"]

Floats = npt.NDArray[np.float64]

HEARD = {
    "nfcce": "an agent that deviates leaves before it is told anything",
    "efcce": "an agent that deviates leaves at an information set before it is told what to do there, and is told "
    "nothing more",
    "efce": "an agent that deviates leaves at an information set when it is told what to do there, and is told nothing "
    "more; Definition 10 of Liu & Zhang (2023) has it hear on, and remember nothing of what it heard",
}


@dataclass(frozen=True)
class Pick:
    """What a mixture was selected by."""

    by: str  # welfare, egalitarian, max:AGENT
    found: float  # how much the mixture has of that, in the unit of the rewards
    upper: float  # none in which nobody gains more than `epsilon` has more, but for rounding
    epsilon: float  # in the unit of the rewards


def kind_of(concept: ConceptName, form: str | None) -> DeviationKind:
    """The deviations of a ce or cce that is drawn once an episode: EFCE and NFCCE unless another form is asked for.

    Raises InputError (E605) for a form that the concept does not have."""
    return concept_of(concept).deviations(form or ("extensive" if concept == "ce" else "strategic"))


def unmixed(
    backend: str,
    concept: ConceptName,
    form: str | None,
    structure: InformationStructure,
    independent: bool | None,
    named: bool,
) -> str | None:
    """Why no mixture that is drawn once an episode serves a ce or cce, as a sentence; None where one does.

    `form` is the one that is asked for, `independent` Assumption 3's verdict, `named` whether the user asked for this
    `backend`."""
    if kind_of(concept, form) in ("ce", "ce_strategic"):
        return f"it finds a ce of the extensive form, not of the {form} form; ask for --form extensive"
    if (why := forgetting(structure)) is not None:
        return why
    if independent and not named and form is None:
        return f"planning on common beliefs is quicker where Assumption 3 holds; --backend {backend} takes it anyway"
    return None


def mixture_result(
    information: Information,
    game: ExtensiveGame,
    profiles: Sequence[Profile],
    weight: Floats,
    gains: Floats,
    kind: DeviationKind,
    how: tuple[str, int, str],
    stopped: str | None = None,
    selected: Pick | None = None,
) -> Result:
    """The mixture with weights [K] of profiles as a policy; `gains` [n] are what was found that agents gain.

    `how` it was found: the method, and how many of which turns it took.  Both are notes of the claim, and so is
    what it was `selected` by."""
    plans = [Plans.of(game, agent) for agent in range(game.n_agents)]
    parts = tuple(
        controllers_of(information, game, [one.behaviour(x) for one, x in zip(plans, profile.plans, strict=True)])
        for profile in profiles
    )
    strategy: Strategy = parts[0] if len(parts) == 1 else Mixture(weight, parts)
    alone = "; it is one profile, so that the agents draw independently: a Nash equilibrium up to that gain"
    (method, turns, turn), title = how, DEVIATIONS[kind].title
    sizes, off = game.sizes, charge(information.model, game)
    most = max(float(gains.max()), 0.0) + off
    notes: tuple[str, ...] = (
        f"{method} ({title}), {plural(turns, turn)}, on {plural(sizes['information_sets'], 'information set')} and "
        f"{plural(sizes['rows'], 'combination')} of them",
        f"the mixture has {plural(len(parts), 'profile')}, from which nobody gains more than {at_most(most)} on these"
        + alone * (len(parts) == 1),
    )
    if selected is not None:
        best = at_most(selected.upper + game.n_agents * off, 10)
        among = f" with gains of at most {selected.epsilon:g}" if selected.epsilon else ""
        notes += (
            f"{selected.by}: this mixture has {selected.found:z.10g}, and no {title}{among} has more than {best}",
        )
    caveats = (
        f"{title}: a profile is drawn once, before play, and each agent is told its next action where it has to act; "
        f"{HEARD[kind]}",
    )
    values = weight @ np.stack([profile.values for profile in profiles])
    claim = Claim(tuple(values.tolist()), notes=notes, caveats=caveats, search=sizes, stopped=stopped, against=kind)
    return Result(strategy, claim)
