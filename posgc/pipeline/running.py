"""The one road to an answer: emit, run, bind to the game, judge in the true game.

No compression is the identity compression: what a planner returns for the game itself and what it returns for a smaller
one in its place go the same way, and differ only in what has to be charged for the difference of the two games.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.assumptions import Verdict, belief_distances
from posgc.compression import CompressedGame
from posgc.compression.assess import Assessment, Limits, assess, lifted
from posgc.compression.closure import require_recursive
from posgc.information.graph import Graph
from posgc.information.precision import to_come
from posgc.information.step import Beliefs
from posgc.judge.choose import judge
from posgc.judge.in_model import made_for
from posgc.judge.judgement import Judgement
from posgc.language.concepts import CONCEPTS, ConceptName, forms
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.diagnostics.failing import told
from posgc.model.arrays import digest_of
from posgc.model.rewards import reward_kind
from posgc.pipeline.bounding import compressed_bounds, exact_bounds, residual_bounds
from posgc.pipeline.checking import independence
from posgc.pipeline.choosing import backend_of, option_elsewhere, require_independence
from posgc.pipeline.compiling import Compiled, timed
from posgc.play.environment import Budget, CountedEnvironment
from posgc.play.simulator import Simulator
from posgc.plugin.backend import Backend, LearningProblem, Problem, Progress
from posgc.plugin.conditional import NEEDS_EVERY_MOVE
from posgc.plugin.failing import failure
from posgc.plugin.options import make_options, option_names
from posgc.plugin.registry import registry
from posgc.policy.artefact import Claim, Origin, Policy, Result
from posgc.policy.binding import bound_to
from posgc.policy.compatibility import require_compatible
from posgc.policy.mismatch import PolicyMismatch
from posgc.policy.sound import require_sound

__all__ = ["Candidate", "Runner", "runner_of"]

Floats = npt.NDArray[np.float64]

AGENT_LIMIT = 50
"""Agents of a game that is solved: a stage game is an array with an axis for each, of which NumPy has 64."""

MEASURED_PAIRS = 200_000
"""Pairs of true belief and node on which the error of a compression is measured."""


@dataclass(frozen=True)
class Candidate:
    """A policy, and what is known of it in the true game."""

    policy: Policy
    judgement: Judgement | None  # None: too large to judge, and nothing is known of its compression either
    assessment: Assessment | None  # what the compression changed; None for the game itself
    # the gap at most, and for a team how far the value can be from the optimum, whichever is larger; None: not known
    certified: float | None
    bounds: tuple[float | None, float | None]  # on the value of the game where the concept has one
    recurrent: tuple[float, float] | None = None  # the same of the game without end, where value iteration bounds it
    layers: tuple[int, ...] = ()  # nodes of the graph that was planned on, by step, else of the policy
    on_graph: bool = True  # whether these are common beliefs


@dataclass(frozen=True)
class Runner:
    """One game, concept and back-end, to be run on the game itself or on compressed ones."""

    compiled: Compiled
    concept: ConceptName
    backend: Backend
    options: Any
    progress: Progress
    verdict: Verdict
    budget: Budget

    def trusted(self, compressed: CompressedGame) -> CompressedGame:
        """The compressed game without a certificate that Assumption 3 does not carry as far as its proof needs."""
        certificate = compressed.certificate
        if certificate is None or not certificate.any_start or self.verdict.any_start:
            return compressed
        return dataclasses.replace(compressed, certificate=None)

    def require_compressible(self) -> None:
        """Raises InputError (E617) for a learner and for moves that depend on the state, and as `require_independence`
        where Assumption 3 does not hold."""
        if not self.compiled.model.always_legal:
            what = f"no compression serves this game: {NEEDS_EVERY_MOVE}"
            raise InputError([Diagnostic("E617", what, help="leave --compress out")])
        if self.backend.reads != "model":
            what = f"back-end {self.backend.name} learns from samples; it plans on no graph that could be compressed"
            raise InputError([Diagnostic("E617", what, help="leave --compress out")])
        state = "fails" if self.verdict.holds is False else "is not decided"
        require_independence(self.verdict, f"Assumption 3 {state}, and a compression merges beliefs that rest on it")

    def distances(self, layers: Sequence[Beliefs]) -> Floats:
        """How far prescriptions can move the beliefs of each step, as far as Assumption 3's check does not tell."""
        return belief_distances(self.compiled.information, self.verdict, layers)

    def candidate(self, spec: str | None = None, compressed: CompressedGame | None = None) -> Candidate:
        """Solve the game itself, or a compressed one in its place, and judge the policy in the true game.

        Raises InputError where the back-end's policy does not fit the game (E637), or where the compression breaks
        condition (5.1) or misses what is possible in the game (E617).
        """
        try:
            if compressed is None:
                return self._exact()
            require_recursive(compressed.graph)
            return self._compressed(spec, self.trusted(compressed))
        except PolicyMismatch as error:
            if compressed is None:
                raise self._misfit(str(error)) from None
            what = f"compression {spec} is not a model of this game: {error}"
            cure = "this is a mistake of the plug-in that offers it"
            raise InputError([Diagnostic("E617", what, help=cure)]) from None

    def _exact(self) -> Candidate:
        compiled, graphs = self.compiled, list[Graph]()
        with timed(compiled.seconds, "solve"):
            policy = self._bound(self._run(None, graphs.append), None)
        charge = self._charge(graphs[-1]) if graphs else np.zeros(compiled.model.n_agents)
        policy = dataclasses.replace(policy, claim=_charged(policy.claim, float(charge.max())))
        self._require_fit(policy)
        with timed(compiled.seconds, "verify"):
            checked = self._judged(policy)
        self._require_upper(policy, checked)
        bounds = exact_bounds(policy, checked, compiled)
        endless = compiled.request.endless
        recurrent = residual_bounds(policy, charge, compiled.model.discount) if endless else None
        known = checked.certified
        certified = None if known is None else known + (compiled.tail or 0.0)
        layers = graphs[-1].sizes if graphs else policy.strategy.sizes
        return Candidate(policy, checked, None, certified, bounds, recurrent, layers, bool(graphs))

    def _compressed(self, spec: str | None, compressed: CompressedGame) -> Candidate:
        compiled, request = self.compiled, self.compiled.request
        result = self._run(compressed.graph, None)
        policy = self._bound(dataclasses.replace(result, strategy=lifted(compressed, result.strategy)), spec)
        self._require_fit(policy)
        limits, tail = Limits(min(request.max_nodes, MEASURED_PAIRS), request.max_nodes), compiled.tail or 0.0
        against = policy.header.against
        try:
            assessment = assess(
                compressed, result.strategy, against, limits, request.seed, tail, self.progress, self.distances
            )
        except (ValueError, PolicyMismatch) as error:
            if isinstance(error, PolicyMismatch) and made_for(result.strategy, compressed.graph):
                raise
            raise self._misfit(str(error)) from None
        certified, bounds = assessment.certified, compressed_bounds(policy, assessment, compiled)
        if CONCEPTS[self.concept].optimises and certified is not None:
            lower, upper = bounds
            certified = None if lower is None or upper is None else max(certified, upper - lower + tail)
        checked = assessment.judgement
        # What is claimed of the compressed game is not said of the true one, nor is an estimate a claim.
        known = None if checked is None or not checked.proved else checked.values
        claim = dataclasses.replace(
            policy.claim,
            values=policy.claim.values if checked is None else known,
            gap_bound=assessment.certified,
            lower=bounds[0],
            upper=bounds[1],
        )
        policy = dataclasses.replace(policy, claim=claim)
        on_graph = assessment.in_model is not None
        return Candidate(
            policy, checked, assessment, certified, bounds, layers=policy.strategy.sizes, on_graph=on_graph
        )

    def _run(self, compressed: Graph | None, told: Callable[[Graph], None] | None) -> Result:
        compiled, request = self.compiled, self.compiled.request
        if self.backend.reads == "model":
            problem = Problem(compiled.information, self.concept, request.max_nodes, request.seed, compressed, told)
            return self._sound(problem)
        environment = CountedEnvironment(Simulator(compiled.model, request.seed), self.budget)
        kind, structure = reward_kind(compiled.model), compiled.information.structure
        learning = LearningProblem(
            environment, structure, self.concept, kind, self.budget, request.seed, compiled.model.digest
        )
        result = self._sound(learning)
        return dataclasses.replace(result, claim=dataclasses.replace(result.claim, samples=environment.samples))

    def _sound(self, problem: Problem | LearningProblem) -> Result:
        """What the back-end returns.  Raises InputError where it fails (E638), changes the game, or returns something
        other than a result (E637); mistakes of posgc's own back-ends stay exceptions."""
        model, name, ours = self.compiled.model, self.backend.name, registry().is_ours(self.backend)
        before = model.digest
        try:
            found = self.backend.emit(problem, self.options).run(self.progress)
        except (InputError, LimitError, MemoryError, PolicyMismatch):
            raise
        except Exception as error:  # a stranger's back-end may raise anything at all
            if ours:
                raise
            raise failure("back-end", name, error) from error
        if ours:  # what they return is tested, and may have as many steps as one likes
            return found
        if digest_of(model) != before:
            what = f"back-end {name} changed the game while it solved it"
            raise InputError([Diagnostic("E637", what, help="this is a mistake of the plug-in that offers it")])
        try:
            return require_sound(found, model.n_agents)
        except Exception as error:  # the object may be anything, and may raise anything when it is looked at
            raise self._misfit(str(error) if isinstance(error, ValueError) else told(error)) from None

    def _bound(self, result: Result, spec: str | None) -> Policy:
        return bound_to(
            self.compiled.information,
            result,
            self.concept,
            self.backend.name,
            self.options,
            spec,
            _origin(self.compiled),
        )

    def _require_fit(self, policy: Policy) -> None:
        """Raises InputError (E637) where the tables are not of this game."""
        try:
            require_compatible(self.compiled.information, policy)
        except InputError as error:
            raise self._misfit("; ".join(d.message for d in error.diagnostics)) from None

    def _misfit(self, why: str) -> InputError:
        what = f"back-end {self.backend.name} returned a policy that cannot be played in this game: {why}"
        return InputError([Diagnostic("E637", what, help="this is a mistake of the plug-in that offers it")])

    def _require_upper(self, policy: Policy, checked: Judgement) -> None:
        """Raises InputError (E637) where the policy itself earns more than the claim says that any can."""
        upper = policy.claim.upper
        if upper is None or not checked.proved or not CONCEPTS[self.concept].optimises:
            return
        earned = min(checked.values) - checked.error
        if upper < earned - 1e-9 * max(1.0, abs(earned)):
            raise self._misfit(f"it claims that none earns more than {upper:.12g}, and this one earns {earned:.12g}")

    def _judged(self, policy: Policy) -> Judgement:
        information, request = self.compiled.information, self.compiled.request
        distances = self.distances if self.verdict.holds else None
        try:
            return judge(
                information,
                policy.strategy,
                policy.header.against,
                request.max_nodes,
                self.progress,
                distances,
                seed=request.seed,
            )
        except ValueError as error:
            raise self._misfit(str(error)) from None

    def _charge(self, graph: Graph) -> Floats:
        """[n]: by how much a value claimed on the graph can be off for what was merged, tolerated and rounded."""
        model = self.compiled.model
        off = np.array([layer.merge_error for layer in graph.layers]) + self.distances(graph.layers)
        ahead = to_come(model, ((la.h, la.belief, la.table) for la in graph.layers))
        charge: Floats = ahead.span @ off / 2 + ahead.rounding
        if self.compiled.request.endless:  # as many layers as one likes follow that are like the last
            charge = charge + off[-1] * ahead.span[:, -1] / (1 - model.discount) ** 2
        return charge


def _charged(claim: Claim, off: float) -> Claim:
    """The claim with bounds that allow for values which are off by that much."""
    upper = None if claim.upper is None else claim.upper + off
    gap = None if claim.gap_bound is None else claim.gap_bound + 2 * off
    return dataclasses.replace(claim, upper=upper, gap_bound=gap)


def runner_of(
    compiled: Compiled,
    concept: ConceptName,
    backend: str | None,
    options: Mapping[str, object] | None,
    progress: Progress,
    budget: Budget,
    where_known: Mapping[str, object] | None = None,
) -> Runner:
    """The back-end that is asked for, or the first that applies, with its options, those of `where_known` being given
    if it has them.  Raises as `backend_of`, InputError (E605) for a form that the concept does not have, and LimitError
    for too many agents."""
    if compiled.model.n_agents > AGENT_LIMIT:
        raise LimitError(f"stage games have at most {AGENT_LIMIT} agents, this game has {compiled.model.n_agents}")
    with timed(compiled.seconds, "check"):
        verdict = independence(compiled, progress)
    asked = (options or {}).get("form")
    form = None
    if asked in forms() and CONCEPTS[concept].forms:  # anything else is for the back-end's options to refuse
        form = str(asked)
        CONCEPTS[concept].deviations(form)
    chosen = backend_of(compiled, concept, verdict, backend, form)

    def elsewhere(option: str) -> Diagnostic | None:
        return option_elsewhere(compiled, concept, verdict, chosen.name, option)

    also = {name: value for name, value in (where_known or {}).items() if name in option_names(chosen.options)}
    known = make_options(chosen.options, also | dict(options or {}), concept, elsewhere, reward_kind(compiled.model))
    return Runner(compiled, concept, chosen, known, progress, verdict, budget)


def _origin(compiled: Compiled) -> Origin | None:
    """The text of the game and how it was read; None where there is no text, or a flag cannot say how."""
    r = compiled.request
    if compiled.source is None or not (r.share is None or isinstance(r.share, str)):
        return None
    return Origin(
        compiled.source.name,
        compiled.source.text,
        r.share,
        dict(r.settings),
        r.horizon,
        r.discount,
        r.reward or "",
        r.endless,
    )
