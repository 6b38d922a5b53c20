"""A policy file against a game: compile the game that it carries, and judge it."""

from __future__ import annotations

from functools import partial

from posgc.assumptions import Verdict, belief_distances
from posgc.judge.choose import judge
from posgc.judge.judgement import Judgement
from posgc.language.concepts import ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.model.rewards import reward_kind
from posgc.pipeline.checking import independence
from posgc.pipeline.compiling import Compiled, Request, quiet
from posgc.pipeline.opening import opened
from posgc.plugin.backend import Progress
from posgc.plugin.importer import RewardReading
from posgc.policy.artefact import Policy
from posgc.policy.mismatch import PolicyMismatch

__all__ = ["request_of_policy", "verify_policy"]


def request_of_policy(policy: Policy) -> tuple[Request, Source]:
    """How to compile the game that a policy carries.  Raises InputError when it carries none."""
    origin = policy.origin
    if origin is None:
        raise InputError([Diagnostic("E609", "the policy file carries no game", help="give the game with --game")])
    known: dict[str, RewardReading] = {"team": "team", "zero_sum": "zero_sum"}
    request = Request(
        origin.name,
        origin.share,
        origin.settings,
        None if origin.endless else origin.horizon,
        origin.discount,
        known.get(origin.reward),
        endless=origin.endless,
    )
    return request, Source(origin.name, origin.text)


def verify_policy(
    compiled: Compiled,
    policy: Policy,
    concept: ConceptName | None = None,
    progress: Progress = quiet,
    form: str | None = None,
) -> tuple[Judgement, Verdict]:
    """Recompute values and gap of a policy from the game alone, by the strongest judge that applies
    (`posgc.judge.choose`).

    `form` is of a CE, the policy's own where it is None.  Raises InputError when the policy does not belong to
    the game, lacks an instruction, or is asked for a gap that it cannot have; LimitError where there are too many pairs
    or information states, or a strategic form has too many prescriptions.
    """
    policy = opened(compiled.information, policy)
    verdict = independence(compiled, progress)
    wanted = concept_of(concept or policy.header.concept)
    if form is None and concept in (None, policy.header.concept):
        kind = policy.header.against
    else:
        kind = wanted.deviations(form)
    if wanted.common_rewards and reward_kind(compiled.model) != "common":
        what = f"a {wanted.name} needs rewards that all agents share; these are not"
        raise InputError([Diagnostic("E605", what, help="ask for --concept nash, ce or cce")])
    information, most = compiled.information, compiled.request.max_nodes
    distances = partial(belief_distances, information, verdict) if verdict.holds else None
    try:
        seed = compiled.request.seed
        return judge(information, policy.strategy, kind, most, progress, distances, seed=seed), verdict
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    except ValueError as error:
        raise InputError([Diagnostic("E605", str(error))]) from None
