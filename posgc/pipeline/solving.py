"""Pick a back-end, run it, and verify what it returns in the true game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posgc.assumptions import Verdict
from posgc.judge.verify import Verification, gap_kind, verify
from posgc.language.display import Display
from posgc.language.rounding import at_most, bracket
from posgc.model.infinite import tail
from posgc.pipeline.compiling import Compiled, quiet, timed
from posgc.pipeline.compressing import CompressionRequest, CompressionResult, _require_graph, applied, derived
from posgc.pipeline.solver import Solver, exact_bounds, residual_bounds, solver_of
from posgc.pipeline.verified import Verified
from posgc.plugin.backend import Progress
from posgc.policy.artefact import Concept, Policy

__all__ = ["Solution", "solve"]


@dataclass(frozen=True, repr=False)
class Solution(Display):
    """A policy with its certificate.  `lower` and `upper` bound the value of the game where the concept has
    one (team optimum; the first agent's value of a zero-sum game), else None.  `verification` is None only
    under a compression whose policy is too large to verify; `compression` then says what is known instead.
    `recurrent` bounds the value of the game without end where value iteration itself does."""

    compiled: Compiled
    policy: Policy
    verification: Verification | None
    independence: Verdict
    layers: tuple[int, ...]
    lower: float | None
    upper: float | None
    compression: CompressionResult | None = None
    recurrent: tuple[float, float] | None = None

    @property
    def verified(self) -> Verified | None:
        """The verification with the names of the agents and what follows a cut; None where there is none."""
        checked = self.verification
        return None if checked is None else Verified(self.compiled, self.policy.header.concept, checked)

    @property
    def values(self) -> dict[str, float]:
        """What each agent earns in the true game; where that is not known (`verification` is None), in the compressed
        one."""
        if self.verified is not None:
            return self.verified.values
        return dict(zip(self.compiled.model.signature.agents, self.policy.header.values, strict=True))

    @property
    def gap(self) -> float | None:
        """The largest gain of a deviation as computed, with what one after a cut could add; where it is not known, the
        lowest bound on it, or None.  `certified_gap` allows for rounding too."""
        if self.verified is not None:
            return self.verified.gap
        bound = None if self.compression is None else self.compression.assessment.bound
        return None if bound is None else bound.gap

    @property
    def certified_gap(self) -> float | None:
        """The exact gap, else the lowest bound on it, with what a deviation after a cut could add; None: neither is
        known."""
        if self.compression is not None:
            return self.compression.assessment.certified
        return None if self.verification is None else self.verification.certified + (self.compiled.tail or 0.0)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """`lower` and `upper`, of the game without end where that was asked for."""
        if not self.compiled.request.endless:
            return self.lower, self.upper
        least, most = tail(self.compiled.model)[0]
        lower = None if self.lower is None else self.lower + least
        upper = None if self.upper is None else self.upper + most
        if self.recurrent is None or lower is None or upper is None:
            return lower, upper
        return max(lower, self.recurrent[0]), min(upper, self.recurrent[1])

    def _claimed(self) -> list[tuple[str, str]]:
        """What is known of a policy that is too large to verify."""
        gap = self.certified_gap
        return [
            ("protocol", self.policy.header.protocol),
            *((f"value of {agent} in the compressed game", f"{value:z.10g}") for agent, value in self.values.items()),
            ("gap", "not known" if gap is None else f"at most {at_most(gap)}"),
        ]

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        header, (lower, upper) = self.policy.header, self.bounds
        known = self._claimed() if self.verified is None else self.verified._facts()[1]
        return f"{header.concept} solution of {header.game}", [
            ("back-end", header.backend),
            *([] if self.compression is None else [("compression", self.compression.spec)]),
            *known,
            *([] if lower is None or upper is None else [("value of the game", bracket(lower, upper))]),
            ("common beliefs", str(sum(self.layers))),
        ]


def solve(
    compiled: Compiled,
    concept: Concept,
    backend: str | None = None,
    options: Mapping[str, object] | None = None,
    progress: Progress = quiet,
    compress: CompressionRequest | None = None,
) -> Solution:
    """Pick a back-end, run it, and verify what it returns in the true game.

    Raises InputError (E603) with a table of reasons when no back-end serves: AssumptionFails when one would
    if only Assumption 3 held, LimitError when it would if Assumption 3 had been decided.
    """
    seconds, request = compiled.seconds, compiled.request
    solver = solver_of(compiled, concept, backend, options, progress)
    if compress is not None:
        return _compressed_solution(solver, compress)
    with timed(seconds, "solve"):
        policy, charge = solver.exact()
    with timed(seconds, "verify"):
        kind = gap_kind(concept, policy.header.options)
        checked = verify(compiled.information, policy, kind, request.max_nodes, progress, solver.distances)
    layers = tuple(len(step) for step in policy.steps)
    bounds = exact_bounds(policy, checked, compiled)
    recurrent = residual_bounds(policy, charge, compiled.model.discount) if request.endless else None
    return Solution(compiled, policy, checked, solver.verdict, layers, *bounds, recurrent=recurrent)


def _compressed_solution(solver: Solver, compress: CompressionRequest) -> Solution:
    compiled = solver.compiled
    _require_graph(solver.backend)
    done = derived(solver, compress) if compress.spec.strip() == "auto" else applied(solver, compress.spec)
    found, policy = done
    layers = tuple(len(step) for step in policy.steps)
    checked = found.assessment.verification
    lower, upper = found.bounds
    return Solution(compiled, policy, checked, solver.verdict, layers, lower, upper, found)
