"""Solution concepts: who may deviate how, which rewards a concept needs, and what it optimises.

This is the one place that names them; commands, checks, judges and files look them up here.  The deviations are those
of Liu and Zhang (ICML 2023), Definitions 2 and 8 to 10, and those of extensive games, where a mediator draws a plan for
everybody before play and tells an agent its next action at each information set that it reaches: of the extensive-form
correlated equilibrium (EFCE; von Stengel & Forges 2008), the extensive-form coarse one (EFCCE; Farina, Bianchi &
Sandholm 2020) and the normal-form coarse one (NFCCE; Moulin & Vial 1978, Celli et al. 2020).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from posgc.language.diagnostics import Diagnostic, InputError

__all__ = [
    "CONCEPTS",
    "DEVIATIONS",
    "Concept",
    "ConceptName",
    "DeviationKind",
    "Deviations",
    "Heard",
    "Trigger",
    "concept_of",
    "forms",
]

ConceptName = Literal["team", "nash", "ce", "cce"]
DeviationKind = Literal["nash", "cce", "ce", "ce_strategic", "nfcce", "efce", "efcce"]
Heard = Literal["nothing", "action", "prescription"]
Trigger = Literal["action", "information set"]


@dataclass(frozen=True)
class Deviations:
    """What an agent that leaves the policy may do."""

    kind: DeviationKind
    title: str  # as printed before "gap"
    heard: Heard  # what it hears of the recommendation before it chooses
    correlated: bool  # whether a policy that correlates its agents can be held against these deviations
    form: str | None  # how its concept calls this kind, where it has several
    forgoes: bool  # whether a deviator gives up what the policy draws for it, so that its gain may be negative
    # what a deviator leaves the policy at, having obeyed it until then: an information set together with the action
    # recommended there, or an information set before it hears the action.  It then plays as it likes to the end and
    # hears nothing more.  None: it may deviate at every step, and hears at every step.
    trigger: Trigger | None = None


DEVIATIONS: dict[DeviationKind, Deviations] = {
    "nash": Deviations("nash", "NE", "nothing", correlated=False, form=None, forgoes=False),
    "cce": Deviations("cce", "CCE", "nothing", correlated=True, form=None, forgoes=True),
    "ce": Deviations("ce", "CE", "action", correlated=True, form="agent", forgoes=False),
    "ce_strategic": Deviations(
        "ce_strategic", "strategic-form CE", "prescription", correlated=True, form="strategic", forgoes=False
    ),
    "nfcce": Deviations("nfcce", "NFCCE", "nothing", correlated=True, form="strategic", forgoes=True),
    "efce": Deviations("efce", "EFCE", "action", correlated=True, form="extensive", forgoes=False, trigger="action"),
    "efcce": Deviations(
        "efcce", "EFCCE", "nothing", correlated=True, form="extensive", forgoes=False, trigger="information set"
    ),
}


@dataclass(frozen=True)
class Concept:
    """What a solution is."""

    name: ConceptName
    title: str
    against: tuple[DeviationKind, ...]  # the deviations that it is judged by, the usual ones first
    common_rewards: bool = False  # whether it needs rewards that all agents share
    optimises: str | None = None  # what is made as large as possible, if anything
    zero_sum_value: bool = False  # whether the first agent's value is the game's where rewards are zero-sum

    def deviations(self, form: str | None = None) -> DeviationKind:
        """The deviations of that form, the usual ones for None.  Raises InputError (E605)."""
        if form is None:
            return self.against[0]
        for kind in self.against:
            if DEVIATIONS[kind].form == form:
                return kind
        having = " or ".join(c.name for c in CONCEPTS.values() if form in c.forms)
        what = f"{self.name} has no {form} form"
        cure = f"add --concept {having}, or leave --form out" if having else f"one of {', '.join(forms())}"
        raise InputError([Diagnostic("E605", what, help=cure)])

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that it has, by name."""
        return tuple(form for kind in self.against if (form := DEVIATIONS[kind].form) is not None)


CONCEPTS: dict[str, Concept] = {
    "team": Concept("team", "team optimum", ("nash",), common_rewards=True, optimises="the common reward"),
    "nash": Concept("nash", "Nash equilibrium", ("nash",), zero_sum_value=True),
    "ce": Concept("ce", "correlated equilibrium", ("ce", "ce_strategic", "efce")),
    "cce": Concept("cce", "coarse correlated equilibrium", ("cce", "nfcce", "efcce")),
}


def concept_of(name: str) -> Concept:
    """The concept of that name.  Raises InputError (E603) for a name that is unknown."""
    if isinstance(name, str) and name in CONCEPTS:
        return CONCEPTS[name]
    near = difflib.get_close_matches(str(name), CONCEPTS, 1)
    cure = f"did you mean {near[0]}?" if near else f"one of {', '.join(CONCEPTS)}"
    raise InputError([Diagnostic("E603", f"there is no concept {name!r}", help=cure)])


def forms() -> tuple[str, ...]:
    """The names of the forms that a concept may have."""
    return tuple(dict.fromkeys(d.form for d in DEVIATIONS.values() if d.form is not None))
