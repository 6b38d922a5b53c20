"""One game, concept and back-end, to be run on the exact graph or on compressed ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.assumptions import Verdict, belief_distances
from posgc.compression import CompressedGame
from posgc.compression.assess import Assessment, Limits, assess
from posgc.compression.closure import require_recursive
from posgc.information.graph import Graph
from posgc.information.precision import to_come
from posgc.information.step import Beliefs
from posgc.judge.pairs import PolicyMismatch
from posgc.judge.verify import Verification, gap_kind
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.model.rewards import reward_kind
from posgc.pipeline.checking import independence, offers
from posgc.pipeline.compiling import AssumptionFails, Compiled, timed
from posgc.plugin.backend import Backend, Problem, Progress
from posgc.plugin.options import make_options
from posgc.plugin.registry import registry
from posgc.policy.artefact import Concept, Origin, Policy

__all__ = [
    "Candidate",
    "Solver",
    "exact_bounds",
    "origin_of",
    "require_independence",
    "residual_bounds",
    "solver_of",
    "team_bounds",
]

Floats = npt.NDArray[np.float64]

AGENT_LIMIT = 50
"""Agents of a game that is solved: a stage game is an array with an axis for each, of which NumPy has 64."""

MEASURED_PAIRS = 200_000
"""Pairs of true belief and node on which the error of a compression is measured."""


@dataclass(frozen=True)
class Candidate:
    """A policy found under a compression, and what is known of it.  `certified`: the gap, exact or bounded, and for
    a team how far the value can be from the optimum, whichever is larger; None where neither is known.  `bounds` on
    the value of the game where the concept has one.  The policy's header claims what is known of the true game."""

    policy: Policy
    assessment: Assessment
    certified: float | None
    bounds: tuple[float | None, float | None]


@dataclass(frozen=True)
class Solver:
    """One game, concept and back-end, to be run on the exact graph or on compressed ones."""

    compiled: Compiled
    concept: Concept
    backend: Backend
    options: Any
    progress: Progress
    verdict: Verdict

    def trusted(self, compressed: CompressedGame) -> CompressedGame:
        """The compressed game without a certificate that Assumption 3 does not carry as far as its proof needs."""
        certificate = compressed.certificate
        if certificate is None or not certificate.any_start or self.verdict.any_start:
            return compressed
        return dataclasses.replace(compressed, certificate=None)

    def distances(self, layers: Sequence[Beliefs]) -> Floats:
        """How far prescriptions can move the beliefs of each step, as far as Assumption 3's check does not tell."""
        return belief_distances(self.compiled.information, self.verdict, layers)

    def exact(self) -> tuple[Policy, Floats]:
        """The back-end's policy for the game itself, and by how much a value that it claims can be off, [n]; its bounds
        allow for that."""
        charge: Floats = np.zeros(self.compiled.model.n_agents)

        def note(graph: Graph) -> None:
            nonlocal charge
            merged = np.array([layer.merge_error for layer in graph.layers])
            off = merged + self.distances(graph.layers)
            ahead = to_come(self.compiled.model, ((la.h, la.belief, la.table) for la in graph.layers))
            charge = ahead.span @ off / 2 + ahead.rounding
            if self.compiled.request.endless:  # as many layers as one likes follow that are like the last
                charge = charge + off[-1] * ahead.span[:, -1] / (1 - self.compiled.model.discount) ** 2

        policy = self.plan(None, None, note)
        upper, gap, off = policy.header.upper, policy.header.gap_bound, float(charge.max())
        upper, gap = None if upper is None else upper + off, None if gap is None else gap + 2 * off
        header = dataclasses.replace(policy.header, upper=upper, gap_bound=gap)
        return dataclasses.replace(policy, header=header), charge

    def plan(self, spec: str | None, graph: Graph | None, note: Callable[[Graph], None] | None = None) -> Policy:
        """The back-end's policy, with the game and the versions written into it."""
        request = self.compiled.request
        problem = Problem(self.compiled.information, self.concept, request.max_nodes, request.seed, graph, note)
        policy = self.backend.emit(problem, self.options).run(self.progress)
        versions = {name: version(name) for name in ("posgc", "numpy", "scipy")}
        header = dataclasses.replace(policy.header, versions=versions, compression=spec)
        return dataclasses.replace(policy, header=header, origin=origin_of(self.compiled))

    def candidate(self, spec: str, compressed: CompressedGame) -> Candidate:
        """Solve a compressed game and judge the policy in the true one.

        Raises InputError (E617) where the compression breaks condition (5.1) or misses what is possible in the game.
        """
        try:
            require_recursive(compressed.graph)
            return self._candidate(spec, self.trusted(compressed))
        except PolicyMismatch as error:
            what = f"compression {spec} is no model of this game: {error}"
            cure = "this is a mistake of the plug-in that offers it"
            raise InputError([Diagnostic("E617", what, help=cure)]) from None

    def _candidate(self, spec: str, compressed: CompressedGame) -> Candidate:
        request = self.compiled.request
        policy = self.plan(spec, compressed.graph)
        kind = gap_kind(self.concept, policy.header.options)
        limits = Limits(min(request.max_nodes, MEASURED_PAIRS), request.max_nodes)
        tail = self.compiled.tail or 0.0
        assessment = assess(compressed, policy, kind, limits, request.seed, tail, self.progress, self.distances)
        certified, bounds = assessment.certified, compressed_bounds(policy, assessment, self.compiled)
        if self.concept == "team" and certified is not None:
            lower, upper = bounds
            certified = None if lower is None or upper is None else max(certified, upper - lower + tail)
        checked = assessment.verification
        header = dataclasses.replace(
            policy.header,
            values=policy.header.values if checked is None else checked.values,
            gap_bound=assessment.certified,
            lower=bounds[0],
            upper=bounds[1],
        )
        return Candidate(dataclasses.replace(compressed.lift(policy), header=header), assessment, certified, bounds)


def solver_of(
    compiled: Compiled, concept: Concept, backend: str | None, options: Mapping[str, object] | None, progress: Progress
) -> Solver:
    if compiled.model.n_agents > AGENT_LIMIT:
        raise LimitError(f"stage games have at most {AGENT_LIMIT} agents, this game has {compiled.model.n_agents}")
    with timed(compiled.seconds, "check"):
        verdict = independence(compiled, progress)
    chosen = _choose(compiled, concept, verdict, backend)
    return Solver(compiled, concept, chosen, make_options(chosen.options, options or {}, concept), progress, verdict)


def _choose(compiled: Compiled, concept: Concept, verdict: Verdict, name: str | None) -> Backend:
    backends = registry().backends
    table = {offer.name: offer for offer in offers(compiled, concept, verdict)}
    if name is not None and name not in backends:
        raise InputError(
            [Diagnostic("E602", f"no back-end is called {name}", help=f"installed: {', '.join(backends) or 'none'}")]
        )
    for offer in table.values():
        if offer.applies and name in (None, offer.name):
            return backends[offer.name]
    lacking = [offer for offer in table.values() if name in (None, offer.name)]
    rows = "\n".join(f"  {offer.name}: {offer.reason}" for offer in lacking) or "  none is installed"
    hopeful = offers(compiled, concept, dataclasses.replace(verdict, holds=True))
    if any(offer.applies and name in (None, offer.name) for offer in hopeful):
        require_independence(verdict, f"no back-end serves concept {concept} on this game:\n{rows}")
    raise InputError(
        [
            Diagnostic(
                "E603",
                f"no back-end serves concept {concept} on this game:\n{rows}",
                help="`posgc check` shows what each back-end asks for",
            )
        ]
    )


def require_independence(verdict: Verdict, why: str) -> None:
    if verdict.holds is None:
        raise LimitError(why)
    if verdict.holds is False:
        cure = "`posgc check` shows the counterexample; another --share may do"
        raise AssumptionFails([Diagnostic("E604", why, help=cure)])


def origin_of(compiled: Compiled) -> Origin | None:
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


def exact_bounds(policy: Policy, checked: Verification, compiled: Compiled) -> tuple[float | None, float | None]:
    """Team: what was reached, and the solver's bound.  Zero-sum Nash: what the verified gains imply."""
    kind, concept = reward_kind(compiled.model), policy.header.concept
    if concept == "team":
        lower, upper = min(checked.values) - checked.error, policy.header.upper
        return lower, None if upper is None else max(upper, lower)
    if concept == "nash" and kind == "zero_sum":
        return (
            checked.values[0] - checked.gains[1] - checked.error,
            checked.values[0] + checked.gains[0] + checked.error,
        )
    return None, None


def residual_bounds(policy: Policy, charge: Floats, discount: float) -> tuple[float, float] | None:
    """Bounds on the value of the game without end from the last change of value iteration; None where no layer of the
    graph recurs.  `charge` [n]: by how much values may be off; their change may be off by twice that."""
    header = policy.header
    if header.residual is None or header.concept not in ("team", "nash"):
        return None
    off = float(charge.max()) * (1 + 2 * discount / (1 - discount))
    claimed, least, most = header.values[0], *header.residual
    if header.concept == "team":
        return None if header.upper is None else (claimed + least - off, header.upper + most + off)
    missed = header.gap_bound or 0.0  # each stage's value is known to within its gap
    return claimed + least - missed - off, claimed + most + missed + off


def team_bounds(policy: Policy, assessment: Assessment) -> tuple[float, float | None]:
    """What the policy earns at least in the true game, and a bound on the team optimum, if there is one."""
    header, found = policy.header, assessment.in_model.values
    upper = []
    if header.upper is not None:
        missed = max(0.0, header.upper - float(found.min()))  # the optimum of M may have other values than the policy
        upper = [header.upper + float(b.value_error.max()) + missed * b.half_spread for b in assessment.bounds]
    checked = assessment.verification
    if checked is not None:
        lower = min(checked.values) - checked.error
    else:
        lower = max((float(found.min()) - float(b.value_error.max()) for b in assessment.bounds), default=-float("inf"))
    return lower, max(min(upper), lower) if upper else None


def compressed_bounds(policy: Policy, assessment: Assessment, compiled: Compiled) -> tuple[float | None, float | None]:
    """As `exact_bounds`, of the game's own value."""
    if policy.header.concept == "team":
        lower, upper = team_bounds(policy, assessment)
        return (None if lower == -float("inf") else lower), upper
    if assessment.verification is not None:
        return exact_bounds(policy, assessment.verification, compiled)
    bound = assessment.bound
    if policy.header.concept == "nash" and reward_kind(compiled.model) == "zero_sum" and bound is not None:
        found, off = float(assessment.in_model.values[0]), float(bound.value_error[0])
        return found - off - float(bound.gains[1]), found + off + float(bound.gains[0])
    return None, None
