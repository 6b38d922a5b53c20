"""What a solver of a game in layers returns: controllers, and what is claimed of them."""

from __future__ import annotations

from dataclasses import replace

from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.nash import Equilibrium
from posgc.extensive.solution import Solution, charge
from posgc.extensive.strategy import controllers_of
from posgc.information.items import Information
from posgc.language.concepts import ConceptName, concept_of
from posgc.language.numerals import plural
from posgc.language.rounding import bracket
from posgc.policy.artefact import Claim, Result

__all__ = ["equilibrium_of", "held_against", "result_of"]

WHOLE = (
    "an equilibrium of the whole game: at information sets that its own play does not reach, an agent's actions need "
    "not be best replies"
)


def result_of(
    information: Information, game: ExtensiveGame, solution: Solution, how: str, stopped: str | None = None
) -> Result:
    """The two behaviours as a policy with their bracket on the value; `how` they were found is a note of the claim."""
    off = charge(information.model, game)
    lower, upper = solution.lower - off, solution.upper + off
    sizes = game.sizes
    notes = (
        f"{how}, on {sizes['information_sets']} information sets and {sizes['rows']} pairs of them",
        f"best responses to both plans on these: the value is {bracket(lower, upper)}",
    )
    return Result(
        controllers_of(information, game, solution.behaviours),
        Claim(
            values=(solution.value, -solution.value),
            lower=lower,
            upper=upper,
            notes=notes,
            caveats=(WHOLE,),
            search=sizes,
            stopped=stopped,
        ),
    )


def equilibrium_of(information: Information, game: ExtensiveGame, found: Equilibrium, reason: str | None) -> Result:
    """The two behaviours as a policy; `reason` is the limit that stopped the search, if any."""
    sizes, tried, pivots = game.sizes, plural(found.priors, "prior"), plural(found.pivots, "pivot")
    payoffs = len(game.terms.value[0])
    notes: tuple[str, ...] = (
        f"Lemke's algorithm: {pivots} from {tried}, with {payoffs} payoffs on {sizes['information_sets']} information "
        f"sets and {sizes['rows']} pairs of them",
    )
    if found.rounds:
        notes += (
            f"no path ended in an equilibrium: {plural(found.rounds, 'round')} of regret minimisation were tried",
        )
    caveat, stopped = WHOLE, None
    if not found.found:
        stopped = reason or f"{tried} without an equilibrium"
        caveat = "not an equilibrium to within what was asked for: the best profile found, with its gap"
    claim = Claim(values=found.values, notes=notes, caveats=(caveat,), search=sizes, stopped=stopped)
    return Result(controllers_of(information, game, found.behaviours), claim)


def held_against(result: Result, concept: ConceptName, form: str | None) -> Result:
    """The result as one of that form of the concept, the usual one for None.  Raises InputError (E605)."""
    if form is None:
        return result
    return replace(result, claim=replace(result.claim, against=concept_of(concept).deviations(form)))
