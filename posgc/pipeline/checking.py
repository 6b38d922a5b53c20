"""Assumptions 1 to 3, the size of the graph, and what is on offer: back-ends and compressions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeVar

from posgc.assumptions import ObservabilityReport, Verdict, evolution, observability, strategy_independence
from posgc.assumptions.observability import GammaSummary, not_observed
from posgc.compression.bounds import theory_window
from posgc.compression.sweep import Families, Offer
from posgc.compression.sweep import offers as compression_offers
from posgc.information.graph import expand_graph, grow_layers
from posgc.information.items import Information
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.language.diagnostics import LimitError
from posgc.language.diagnostics.failing import told
from posgc.language.display import Display
from posgc.model import Model
from posgc.model.compare import stretched
from posgc.model.infinite import steps_until_recurring
from posgc.model.rewards import reward_kind
from posgc.pipeline.allowance import Allowance
from posgc.pipeline.compiling import Compiled, quiet, timed
from posgc.pipeline.warned import warned
from posgc.plugin.backend import Backend, Facts, Progress
from posgc.plugin.conditional import unserved_moves
from posgc.plugin.registry import registry
from posgc.plugin.specs import spec_of

__all__ = [
    "BackendOffer",
    "Report",
    "Theory",
    "candidates",
    "check",
    "independence",
    "offers",
    "without_end",
]

CHECK_NODES = 2000
"""Nodes up to which `check` builds a compressed model."""

CHECK_SECONDS = 1.0
"""Seconds after which `check` builds no further one."""

PART = 0.25
"""Of the time that is left: what each part of a check may take."""

T = TypeVar("T")

THEORY_EPSILON = 0.1
"""Error for which the length of the window that theory asks for is printed."""


@dataclass(frozen=True)
class BackendOffer:
    """Whether a back-end serves a concept on a game, and why not."""

    name: str
    applies: bool
    reason: str


@dataclass(frozen=True)
class Theory:
    """The paper's window, gamma^-4 log(S H / epsilon) steps up to its constant, for gamma on reachable differences."""

    gamma: float
    epsilon: float
    window: float


@dataclass(frozen=True, repr=False)
class Report(Display):
    """Everything that `posgc check` finds; `layers` are the nodes of the steps that were expanded, none where
    `layers_note` says why; `offers` are the back-ends by concept."""

    compiled: Compiled
    evolution: Verdict
    observability: ObservabilityReport
    independence: Verdict
    layers: tuple[int, ...]
    layers_note: str
    compressions: tuple[Offer, ...]
    theory: Theory
    offers: dict[str, tuple[BackendOffer, ...]]

    @property
    def assumption1(self) -> Verdict:
        """Evolution of information."""
        return self.evolution

    @property
    def assumption2(self) -> ObservabilityReport:
        """Observability: γ > 0."""
        return self.observability

    @property
    def assumption3(self) -> Verdict:
        """Strategy-independent common beliefs."""
        return self.independence

    @property
    def gamma(self) -> GammaSummary:
        """γ as the paper defines it, between `lower` and `upper`; `assumption2.reachable` is γ on the differences of
        beliefs that can arise."""
        return self.observability.literal

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        nodes = str(sum(self.layers)) if self.layers else self.layers_note
        serving = {c: [offer.name for offer in table if offer.applies] for c, table in self.offers.items()}
        return f"report on {self.compiled.model.name}", [
            ("protocol", self.compiled.information.protocol.name),
            ("Assumption 1", self.evolution.answer),
            ("Assumption 2", self.observability.answer),
            ("Assumption 3", self.independence.answer),
            ("γ", self.gamma.in_words),
            ("common beliefs", nodes),
            *((concept, ", ".join(names)) for concept, names in serving.items() if names),
        ]


def check(compiled: Compiled, progress: Progress = quiet, allowed: Allowance | None = None) -> Report:
    """Assumptions 1 to 3 with proof or witness, the size of the graph, which back-ends apply, and all warnings.

    Of the time that is `allowed`, each of these takes a quarter at most of what is left.
    """
    allowed = Allowance() if allowed is None else allowed
    compiled = _within(allowed, "warnings", lambda: warned(compiled), lambda why: compiled)
    information, model, seconds = compiled.information, compiled.model, compiled.seconds
    with timed(seconds, "assumption 1"):
        first = _within(allowed, "Assumption 1", lambda: evolution(information), lambda why: _undecided(1, why))
    with timed(seconds, "assumption 3"):
        third = _within(allowed, "Assumption 3", lambda: independence(compiled), lambda why: _undecided(3, why))
    with timed(seconds, "assumption 2"):
        second = _within(
            allowed, "Assumption 2", lambda: observability(_longer(compiled)), lambda why: not_observed(model, why)
        )
    layers: tuple[int, ...] = ()
    note = "the graph is not built: its beliefs would depend on strategies"
    if third.holds is not False:
        with timed(seconds, "graph"):
            name = "the common beliefs of each step"
            layers, note = _within(allowed, name, lambda: _layers(compiled, progress), lambda why: ((), why))
    with timed(seconds, "compressions"):
        compressions = _within(
            allowed,
            "compressions",
            lambda: _compression_offers(compiled, third),
            lambda why: tuple(Offer(name, None, None, None, f"not built: {why}") for name in registry().compressions),
        )
    gamma = second.reachable.lower
    theory = Theory(gamma, THEORY_EPSILON, theory_window(model, gamma, THEORY_EPSILON))
    table = _within(allowed, "which planners serve", lambda: _every_offer(compiled, third), _no_offer)
    last = _within(
        allowed, "Assumption 3 without end", lambda: without_end(compiled, third), lambda why: _undecided(3, why)
    )
    return Report(compiled, first, second, last, layers, note, compressions, theory, table)


def _every_offer(compiled: Compiled, verdict: Verdict) -> dict[str, tuple[BackendOffer, ...]]:
    return {concept.name: offers(compiled, concept.name, verdict) for concept in CONCEPTS.values()}


def _no_offer(why: str) -> dict[str, tuple[BackendOffer, ...]]:
    """Nobody serves, for a reason that is no back-end's own."""
    refused = tuple(BackendOffer(name, False, why) for name in registry().backends)
    return {concept.name: refused for concept in CONCEPTS.values()}


def _within(allowed: Allowance, name: str, work: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """What the work finds in its part of the time, else what is said with the reason."""
    try:
        with allowed.of(name, PART):
            return work()
    except LimitError as error:
        return otherwise(str(error))


def _undecided(assumption: Literal[1, 3], why: str) -> Verdict:
    return Verdict(assumption, None, f"not decided: {why}")


def _longer(compiled: Compiled) -> Model:
    """The model; where the game has no end, with all steps that differ in what states they can find."""
    model = compiled.model
    if not compiled.request.endless:
        return model
    return stretched(model, max(model.horizon, steps_until_recurring(model) + 1))


def without_end(compiled: Compiled, verdict: Verdict) -> Verdict:
    """What is known of Assumption 3 where the game has no end: the steps before the cut prove nothing of later ones,
    unless they cover every horizon or the layers of the graph recur."""
    if not compiled.request.endless or not verdict.holds or "every horizon" in (verdict.method or ""):
        return verdict
    if _recurs(compiled):
        note = "the common beliefs recur, so this is so at every later step"
        return dataclasses.replace(verdict, notes=(*verdict.notes, note))
    known = f"up to horizon {compiled.model.horizon} it holds: {verdict.evidence}"
    return Verdict(3, None, f"not decided for the game without end; {known}")


def _recurs(compiled: Compiled) -> bool:
    """Whether the steps of a whole cycle of exchanges are alike and so is the one after, so that all later ones are."""
    information, exchanges = compiled.information, compiled.information.protocol.exchanges
    # from here on lags repeat, and those of all items whose holders still change
    settled, alike = max((x.first + information.memory for x in exchanges), default=1), 0
    try:
        for one, two in pairwise(grow_layers(information, compiled.request.max_nodes)):
            alike = alike + 1 if one.belief is two.belief and one.table is two.table and one.h >= settled else 0
            if alike == information.protocol.cycle:
                return True
    except LimitError:
        return False
    return False


def independence(compiled: Compiled, progress: Progress = quiet) -> Verdict:
    """Assumption 3, by whichever method decides it first."""
    return strategy_independence(compiled.information, max_nodes=compiled.request.max_nodes)


def _layers(compiled: Compiled, progress: Progress) -> tuple[tuple[int, ...], str]:
    try:
        graph = expand_graph(compiled.information, compiled.request.max_nodes, progress)
    except LimitError as error:
        return (), str(error)
    return graph.sizes, ""


def _compression_offers(compiled: Compiled, verdict: Verdict) -> tuple[Offer, ...]:
    if not compiled.model.always_legal:
        return ()
    families = candidates(compiled.information)
    if verdict.holds is False:
        why = "not built: its beliefs would depend on strategies"
        return tuple(Offer(spec, None, None, None, why) for _, rows in families for spec, _ in rows[:1])
    limit = min(CHECK_NODES, compiled.request.max_nodes)
    return compression_offers(
        families,
        lambda compression, options: compression.apply(compiled.information, options, limit, quiet),
        limit,
        CHECK_SECONDS,
    )


def candidates(information: Information) -> Families:
    """What each installed compression would try on this game: specifications and options, coarse to fine."""
    return [
        (
            compression,
            [
                (spec_of(compression, options), options)
                for options in compression.candidates(information)
                if compression.applies(information, options) is None
            ],
        )
        for compression in registry().compressions.values()
    ]


def offers(
    compiled: Compiled, concept: ConceptName, verdict: Verdict, named: str | None = None, form: str | None = None
) -> tuple[BackendOffer, ...]:
    """Every installed back-end against this game and concept, those that apply first; `named` is the one asked for, and
    `form` that of the concept."""
    why = verdict.evidence.partition("\n")[0].rstrip(":")
    model, structure = compiled.model, compiled.information.structure
    facts = Facts(concept, reward_kind(model), verdict.holds, why, structure, model, form=form)
    answers = (
        _offer(backend, dataclasses.replace(facts, named=name == named), model)
        for name, backend in registry().backends.items()
    )
    learners = {name for name, backend in registry().backends.items() if backend.reads == "samples"}
    # nobody learns who has not asked for it: the first that applies is the one that is taken
    return tuple(sorted(answers, key=lambda offer: (not offer.applies, offer.name in learners)))


def _offer(backend: Backend, facts: Facts, model: Model) -> BackendOffer:
    if backend.reads == "samples":  # a learner decides without the tables too
        facts = dataclasses.replace(facts, model=None)
    if facts.concept not in backend.concepts:
        reason: str | None = f"it does not serve the concept {facts.concept}"
    elif (why := unserved_moves(backend, model)) is not None:
        reason = why
    else:
        reason = _answer(backend, facts)
    return BackendOffer(backend.name, reason is None, reason or "")


def _answer(backend: Backend, facts: Facts) -> str | None:
    """What the back-end says of the game; where a stranger's fails to, it does not serve."""
    try:
        reason = backend.applies(facts)
    except Exception as error:  # a stranger's back-end may raise anything at all
        if registry().is_ours(backend):
            raise
        return f"it failed to answer: {told(error)}"
    return reason if reason is None or (isinstance(reason, str) and reason) else "it gives no reason"
