"""Pick a back-end, run it, and judge what it returns in the true game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posgc.assumptions import Verdict
from posgc.judge.judgement import Judgement
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.display import Display
from posgc.language.rounding import at_most, bracket
from posgc.model.infinite import tail
from posgc.pipeline.compiling import Compiled, quiet
from posgc.pipeline.compressing import CompressionRequest, CompressionResult, applied, derived
from posgc.pipeline.running import Candidate, runner_of
from posgc.pipeline.verified import Verified
from posgc.play.environment import Budget
from posgc.plugin.backend import Progress
from posgc.policy.artefact import Policy

__all__ = ["SAMPLES", "Solution", "solve"]

SAMPLES = 80_000
"""Joint steps of the environment that a learner may take where nothing else is asked for."""


@dataclass(frozen=True, repr=False)
class Solution(Display):
    """A policy with its certificate."""

    compiled: Compiled
    candidate: Candidate
    independence: Verdict
    compression: CompressionResult | None = None

    @property
    def policy(self) -> Policy:
        """The policy; `save` writes it to a file."""
        return self.candidate.policy

    @property
    def judgement(self) -> Judgement | None:
        """What a judge says of the policy in the true game; None only under a compression whose policy is too large to
        judge, and `compression` then says what is known instead."""
        return self.candidate.judgement

    @property
    def layers(self) -> tuple[int, ...]:
        """Nodes of the graph that was planned on, by step; of the policy, where a planner needs no graph."""
        return self.candidate.layers

    @property
    def verified(self) -> Verified | None:
        """The judgement with the names of the agents and what follows a cut; None where there is none."""
        checked = self.judgement
        return None if checked is None else Verified(self.compiled, self.policy.header.concept, checked)

    @property
    def values(self) -> dict[str, float]:
        """What each agent earns in the true game; where that is not known (`judgement` is None), in the compressed
        one."""
        if self.verified is not None:
            return self.verified.values
        return dict(zip(self.compiled.model.signature.agents, self.policy.claim.values or (), strict=False))

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
        return self.candidate.certified

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """On the value of the game where the concept has one (team optimum; the first agent's value of a zero-sum
        game), of the game without end where that was asked for."""
        lower, upper = self.candidate.bounds
        if not self.compiled.request.endless:
            return lower, upper
        least, most = tail(self.compiled.model)[0]
        lower = None if lower is None else lower + least
        upper = None if upper is None else upper + most
        recurrent = self.candidate.recurrent
        if recurrent is None or lower is None or upper is None:
            return lower, upper
        return max(lower, recurrent[0]), min(upper, recurrent[1])

    @property
    def bounds_claimed(self) -> bool:
        """Whether `bounds` are what the back-end claims and no judge has confirmed, as the policy was too large."""
        judged = self.judgement is not None and self.judgement.proved
        return not judged and self.compression is None and self.bounds != (None, None)

    @property
    def bounds_title(self) -> str:
        """What `bounds` are bounds on, in words."""
        return "value of the game" + (", as claimed by the back-end and not judged" if self.bounds_claimed else "")

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
            *([] if lower is None or upper is None else [(self.bounds_title, bracket(lower, upper))]),
            *([("common beliefs", str(sum(self.layers)))] if self.candidate.on_graph else self.policy._sizes()),
        ]


def solve(
    compiled: Compiled,
    concept: ConceptName,
    backend: str | None = None,
    options: Mapping[str, object] | None = None,
    progress: Progress = quiet,
    compress: CompressionRequest | None = None,
    budget: Budget | None = None,
    where_known: Mapping[str, object] | None = None,
) -> Solution:
    """Pick a back-end, run it, and judge what it returns in the true game; `budget` is for back-ends that learn,
    `where_known` are options for those that have them.

    Raises InputError (E603) with a table of reasons when no back-end serves: AssumptionFails when one would
    if only Assumption 3 held, LimitError when it would if Assumption 3 had been decided.  Raises InputError (E637)
    where the back-end's policy cannot be played in the game, E612 for a budget of one that reads the game's tables.
    """
    runner = runner_of(compiled, concept, backend, options, progress, budget or Budget(SAMPLES), where_known)
    if budget is not None and runner.backend.reads == "model":
        what = f"{runner.backend.name}, which solves this game, reads its tables and takes no samples"
        cure = "leave --samples out, or name with --backend a back-end that learns"
        raise InputError([Diagnostic("E612", what, help=cure)])
    if compress is None:
        return Solution(compiled, runner.candidate(), runner.verdict)
    runner.require_compressible()
    found = derived(runner, compress) if compress.spec.strip() == "auto" else applied(runner, compress.spec)
    return Solution(compiled, found.candidate, runner.verdict, found)
