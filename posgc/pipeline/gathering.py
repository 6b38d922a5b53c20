"""All that a report on a game is made of: its check, a policy with its judgement, and what protocols are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from posgc.assumptions import Verdict
from posgc.judge.judgement import Judgement
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import InputError, LimitError
from posgc.model.rewards import reward_kind
from posgc.pipeline.checking import Report, check
from posgc.pipeline.comparing import Comparison, Grid, compare, usual_protocols
from posgc.pipeline.compiling import AssumptionFails, Compiled, quiet
from posgc.pipeline.compressing import CompressionRequest
from posgc.pipeline.judging import verify_policy
from posgc.pipeline.opening import opened
from posgc.pipeline.points import Answer, Point, Question, answered, reading
from posgc.pipeline.solving import Solution
from posgc.plugin.backend import Progress
from posgc.policy.artefact import Policy
from posgc.policy.file import load_policy

__all__ = ["Findings", "Given", "Wanted", "gather"]

UNSERVED = "E603"
"""No back-end serves: that is a finding; every other mistake is one of whoever asks."""


@dataclass(frozen=True)
class Wanted:
    """What a report is to show.  `concept` None: team for common rewards, else nash.  `others`: the protocols that the
    game's own is compared with; None for the usual ones, and none at all where `alone` or where a policy is given."""

    concept: ConceptName | None = None
    backend: str | None = None
    options: Mapping[str, object] | None = None
    compress: CompressionRequest | None = None
    time_limit: float | None = None  # seconds of each search that can be limited
    others: Sequence[str] | None = None
    alone: bool = False


@dataclass(frozen=True)
class Given:
    """A policy that was there already, from a file, and its judgement (None: it could not be judged)."""

    path: str
    policy: Policy
    judgement: Judgement | None


@dataclass(frozen=True)
class Findings:
    """What is known of a game under its protocol, whatever of it could be found."""

    report: Report
    question: Question
    solution: Solution | None  # what a back-end found
    given: Given | None
    why: str  # why there is no policy, or why less is known of it than was asked for; "" where all is
    comparison: Comparison | None
    interrupted: bool = False  # by Ctrl-C

    @property
    def compiled(self) -> Compiled:
        """The game, with all its warnings."""
        return self.report.compiled

    @property
    def policy(self) -> Policy | None:
        """The policy that was found or given."""
        if self.given is not None:
            return self.given.policy
        return None if self.solution is None else self.solution.policy

    @property
    def judgement(self) -> Judgement | None:
        """What a judge says of the policy in the true game."""
        if self.given is not None:
            return self.given.judgement
        return None if self.solution is None else self.solution.judgement

    @property
    def status(self) -> int:
        """The exit status: 130 after Ctrl-C, 1 where values contradict the order of the protocols, 3 where something
        was not found."""
        compared = self.comparison.status if self.comparison is not None else 0
        if self.interrupted or compared == 130:
            return 130
        return compared or (3 if self.why else 0)


def gather(compiled: Compiled, wanted: Wanted, path: str | None = None, progress: Progress = quiet) -> Findings:
    """Check the game, solve it or judge the policy of the file `path`, and compare its protocol with others.

    What cannot be found is said in the findings.  Raises InputError for what was asked wrongly: options, back-ends,
    protocols, a policy of another game.
    """
    request, source = compiled.request, compiled.source
    assert source is not None  # whoever asks for a report names a file
    policy = None if path is None else opened(compiled.information, load_policy(path))
    report = check(compiled, progress)
    kind = reward_kind(compiled.model)
    concept = wanted.concept or (policy.header.concept if policy else "team" if kind == "common" else "nash")
    question = Question(
        source, request, concept, wanted.backend, wanted.options or {}, wanted.compress, wanted.time_limit
    )
    if path is not None and policy is not None:
        judgement, why = _judged(report.compiled, policy, wanted, progress)
        alone = wanted.alone or wanted.others is None
        compared = None if alone else _compared(report.compiled, question, wanted.others, None, progress)
        return Findings(report, question, None, Given(path, policy, judgement), why, compared)
    point = Point(_name(compiled), tuple(request.settings.items()), compiled.model.horizon)
    try:
        found = answered(question, point, report.compiled, progress)
    except KeyboardInterrupt:
        return Findings(report, question, None, None, "stopped before a policy was found", None, True)
    _require_asked_well(found.error)
    interrupted = found.solution is not None and found.solution.policy.claim.stopped == "interrupted"
    why = found.row.why if found.error is None else _said(found.error)
    alone = wanted.alone or interrupted
    compared = None if alone else _compared(report.compiled, question, wanted.others, found, progress)
    return Findings(report, question, found.solution, None, why, compared, interrupted)


def _judged(compiled: Compiled, policy: Policy, wanted: Wanted, progress: Progress) -> tuple[Judgement | None, str]:
    """The judgement of a policy that is given, or why there is none."""
    form = (wanted.options or {}).get("form")
    try:
        found: tuple[Judgement, Verdict] = verify_policy(
            compiled, policy, wanted.concept, progress, None if form is None else str(form)
        )
        return found[0], ""
    except (LimitError, MemoryError) as error:
        return None, _said(error)


def _compared(
    compiled: Compiled, question: Question, others: Sequence[str] | None, found: Answer | None, progress: Progress
) -> Comparison | None:
    """What the game's own protocol and others are worth at its horizon; None for a game without end, which has none."""
    request, horizon, main = compiled.request, compiled.model.horizon, _name(compiled)
    if request.endless:
        return None
    settings = tuple(request.settings.items())
    game, model, _ = reading(question.source, settings, request.horizon, request.discount, request.reward)
    names = list(usual_protocols(model.signature, game, main)) if others is None else [main, *others]
    grid = Grid(names, (range(horizon, horizon + 1),), {name: (value,) for name, value in settings})
    known = {} if found is None else {found.row.point: found.row}

    def ask(plain: Question) -> Question:
        return question

    return compare(request, grid, question.concept, ask, progress=progress, source=question.source, known=known)


def _name(compiled: Compiled) -> str:
    """The protocol as `--share` is given it."""
    asked = compiled.request.share
    return asked if isinstance(asked, str) else compiled.information.protocol.name


def _require_asked_well(error: InputError | LimitError | MemoryError | None) -> None:
    """Raises the mistake of whoever asks; that an assumption fails, or that no back-end serves, is none."""
    if not isinstance(error, InputError) or isinstance(error, AssumptionFails):
        return
    if any(diagnostic.code != UNSERVED for diagnostic in error.diagnostics):
        raise error


def _said(error: InputError | LimitError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    return error.diagnostics[0].message if isinstance(error, InputError) else f"limit: {error}"
