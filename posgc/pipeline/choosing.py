"""Which back-end solves a game."""

from __future__ import annotations

import dataclasses

from posgc.assumptions import Verdict
from posgc.language.concepts import CONCEPTS, ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.diagnostics.likeness import suggestion
from posgc.model.rewards import reward_kind
from posgc.pipeline.checking import BackendOffer, offers
from posgc.pipeline.compiling import AssumptionFails, Compiled
from posgc.plugin.backend import Backend
from posgc.plugin.options import useful_options
from posgc.plugin.registry import registry

__all__ = ["backend_of", "option_elsewhere", "require_independence"]


def backend_of(
    compiled: Compiled, concept: ConceptName, verdict: Verdict, name: str | None, form: str | None = None
) -> Backend:
    """The back-end of that name, or the first planner that applies: nobody learns who has not asked for it.  `form` is
    of the concept, where one is asked for.

    Raises InputError (E602, E603) with a table of reasons where none serves: AssumptionFails where one would if only
    Assumption 3 held, LimitError where it would if Assumption 3 had been decided.
    """
    backends = registry().backends
    if name is not None and name not in backends:
        cure = suggestion(name, backends) or f"installed: {', '.join(backends) or 'none'}"
        raise InputError([Diagnostic("E602", f"no back-end is called {name}", help=cure)])

    def wanted(offer: BackendOffer) -> bool:
        return offer.name == name or (name is None and backends[offer.name].reads == "model")

    table = [offer for offer in offers(compiled, concept, verdict, name, form) if wanted(offer)]
    for offer in table:
        if offer.applies:
            return backends[offer.name]
    reasons: dict[str, list[str]] = {}
    for offer in table:
        reasons.setdefault(offer.reason, []).append(offer.name)
    rows = "\n".join(f"  {', '.join(names)}: {reason}" for reason, names in reasons.items()) or "  none is installed"
    asked = f"concept {concept}" if form is None else f"concept {concept} in its {form} form"
    why = f"no back-end serves {asked} on this game:\n{rows}"
    hopeful = offers(compiled, concept, dataclasses.replace(verdict, holds=True), name, form)
    if any(offer.applies and wanted(offer) for offer in hopeful):
        require_independence(verdict, why, _instead(compiled, verdict, {"--backend": name, "--form": form}))
    raise InputError([Diagnostic("E603", why, help="`posgc check` shows what each back-end asks for")])


def _instead(compiled: Compiled, verdict: Verdict, asked: dict[str, str | None]) -> str:
    """What planners serve on this game as it is, to be said after another cure; nothing where they serve nothing.
    `asked` are flags that narrowed the choice, with their values."""
    backends = registry().backends
    served = [
        concept
        for concept in CONCEPTS
        if any(
            o.applies and backends[o.name].reads == "model" for o in offers(compiled, concept_of(concept).name, verdict)
        )
    ]
    if not served:
        return ""
    given = " and ".join(flag for flag, value in asked.items() if value is not None)
    return f"; as it is, --concept {'|'.join(served)} is served{given and f', without {given}'}"


def option_elsewhere(
    compiled: Compiled, concept: ConceptName, verdict: Verdict, chosen: str, option: str
) -> Diagnostic | None:
    """That the back-end lacks an option (E612) which others of its kind, planners or learners, have for the concept,
    and whether they serve, or for other concepts; None where none has it."""
    rewards, backends = reward_kind(compiled.model), registry().backends

    def owners(of: str) -> list[str]:
        alike = [name for name, b in backends.items() if b.reads == backends[chosen].reads and of in b.concepts]
        return [name for name in alike if option in useful_options(backends[name].options, of, rewards)]

    reasons = {
        name: next(o.reason for o in offers(compiled, concept, verdict, name) if o.name == name)
        for name in owners(concept)
    }
    if not reasons:
        serves = [other for other in CONCEPTS if owners(other)]
        cure = f"it serves {' and '.join(serves)}"
        return Diagnostic("E612", f"{option} does nothing for {concept}", help=cure) if serves else None
    able = [name for name, reason in reasons.items() if not reason]
    if able:
        cure = f"it is an option of {', '.join(able)}: add --backend {able[0]}"
    else:
        cure = "; ".join(f"{name}, which has it, does not serve: {reason}" for name, reason in reasons.items())
    return Diagnostic("E612", f"{chosen}, which solves this game, has no option {option}", help=cure)


def require_independence(verdict: Verdict, why: str, instead: str = "") -> None:
    """Raises where Assumption 3 does not hold: LimitError where it is not decided, else AssumptionFails (E604), whose
    cure ends with `instead`."""
    if verdict.holds is None:
        raise LimitError(why)
    if verdict.holds is False:
        cure = f"`posgc check` shows the counterexample; another --share may do{instead}"
        raise AssumptionFails([Diagnostic("E604", why, help=cure)])
