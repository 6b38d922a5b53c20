"""All that a report on a game is made of: its check, a policy with its judgement, and what protocols are worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from posgc.assumptions import Verdict
from posgc.judge.judgement import Judgement
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import InputError, LimitError
from posgc.language.sharing.requests import protocol
from posgc.model.rewards import reward_kind
from posgc.pipeline.allowance import Allowance
from posgc.pipeline.checking import Report, check
from posgc.pipeline.comparing import Comparison, Grid, compare, usual_protocols
from posgc.pipeline.compiling import AssumptionFails, Compiled, quiet
from posgc.pipeline.compressing import CompressionRequest
from posgc.pipeline.judging import verify_policy
from posgc.pipeline.opening import opened
from posgc.pipeline.points import Answer, Point, Question, Row, answered, reading
from posgc.pipeline.solving import Solution
from posgc.plugin.backend import Progress
from posgc.policy.artefact import Policy
from posgc.policy.file import load_policy

__all__ = ["Findings", "Given", "Wanted", "gather"]

UNSERVED = "E603"
"""No back-end serves: that is a finding; every other mistake is one of whoever asks."""

HALF = 0.5
"""Of the time that is left when the game is checked: what its own policy may take."""


@dataclass(frozen=True)
class Wanted:
    """What a report is to show.  `concept` None: team for common rewards, else nash.  `others`: the protocols that the
    game's own is compared with; None for the usual ones, and none at all where `alone` or where a policy is given."""

    concept: ConceptName | None = None
    backend: str | None = None
    options: Mapping[str, object] | None = None
    compress: CompressionRequest | None = None
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
    allowed: Allowance = field(default_factory=Allowance)  # the time for everything

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
        return compared or (3 if self.why or self.allowed.late else 0)


def gather(
    compiled: Compiled,
    wanted: Wanted,
    path: str | None = None,
    progress: Progress = quiet,
    allowed: Allowance | None = None,
) -> Findings:
    """Check the game, solve it or judge the policy of the file `path`, and compare its protocol with others.

    Of the time that is `allowed` each takes a part; what is cut short is named, as is in the findings what cannot be
    found.  Raises InputError for what was asked wrongly: options, back-ends, protocols, a policy of another game.
    """
    request, source = compiled.request, compiled.source
    assert source is not None  # whoever asks for a report names a file
    allowed = Allowance() if allowed is None else allowed
    policy = None if path is None else opened(compiled.information, load_policy(path))
    report = check(compiled, progress, allowed)
    kind = reward_kind(compiled.model)
    concept = wanted.concept or (policy.header.concept if policy else "team" if kind == "common" else "nash")
    question = Question(source, request, concept, wanted.backend, wanted.options or {}, wanted.compress)
    main = Point(_name(compiled), tuple(request.settings.items()), compiled.model.horizon)
    found: Answer | None = None
    given, comparison, why, interrupted = None, None, "", False
    alone = wanted.alone or (policy is not None and wanted.others is None)
    points = [] if alone else _points(report.compiled, question, main, wanted.others)
    if path is not None and policy is not None:
        judgement, why = _judged(report.compiled, policy, wanted, progress, allowed)
        given = Given(path, policy, judgement)
    else:
        try:
            found = _answered(question, main, "the policy", HALF, allowed, report.compiled, progress)
        except KeyboardInterrupt:
            return Findings(report, question, None, None, "stopped before a policy was found", None, True, allowed)
        _require_asked_well(found.error)
        why = found.row.why if found.error is None else _said(found.error)
        interrupted = _interrupted(found)
    if points and not interrupted:
        comparison = _compared(question, points, {} if found is None else {main: found.row}, progress, allowed)
    solution = None if found is None else found.solution
    return Findings(report, question, solution, given, why, comparison, interrupted, allowed)


def _answered(
    question: Question,
    point: Point,
    name: str,
    share: float,
    allowed: Allowance,
    compiled: Compiled | None = None,
    progress: Progress = quiet,
) -> Answer:
    """What becomes of a point in a share of the time that is left."""
    try:
        with allowed.of(name, share) as piece:
            found = answered(question, point, compiled, progress)
    except LimitError as error:
        return Answer(Row(point, why=f"limit: {error}", passing=True), None, error)
    if piece.over and _interrupted(found):
        return dataclasses.replace(found, row=dataclasses.replace(found.row, why=f"limit: {allowed.cut(piece)}"))
    return found


def _interrupted(found: Answer) -> bool:
    """Whether a search was ended by Ctrl-C, and not by the time."""
    return found.row.why == "limit: interrupted"


def _judged(
    compiled: Compiled, policy: Policy, wanted: Wanted, progress: Progress, allowed: Allowance
) -> tuple[Judgement | None, str]:
    """The judgement of a policy that is given, or why there is none."""
    form = (wanted.options or {}).get("form")
    try:
        with allowed.of("the judgement of the policy", HALF):
            found: tuple[Judgement, Verdict] = verify_policy(
                compiled, policy, wanted.concept, progress, None if form is None else str(form)
            )
        return found[0], ""
    except (LimitError, MemoryError) as error:
        return None, _said(error)


def _points(compiled: Compiled, question: Question, main: Point, others: Sequence[str] | None) -> list[Point]:
    """The game's own protocol and others at its horizon; none for a game without end, which has none.  Raises
    InputError for a protocol that is none."""
    request = compiled.request
    if request.endless:
        return []
    game, model, _ = reading(question.source, main.settings, request.horizon, request.discount, request.reward)
    if others is None:
        names = list(usual_protocols(model.signature, game, main.protocol))
    else:
        names = list(dict.fromkeys([main.protocol, *others]))
        for name in names:
            protocol(model.signature, name, game)
    return [dataclasses.replace(main, protocol=name) for name in names]


def _compared(
    question: Question, points: Sequence[Point], known: dict[Point, Row], progress: Progress, allowed: Allowance
) -> Comparison:
    """What the protocols are worth; those that are left share the time that is left."""
    stopped = False
    for number, point in enumerate(points):
        progress("protocols", number, len(points))
        if point in known:
            continue
        try:
            share = 1 / (len(points) - number)
            found = _answered(question, point, f"protocol {point.protocol}", share, allowed)
            stopped = _interrupted(found)
        except KeyboardInterrupt:
            stopped = True
        if stopped:
            break
        known[point] = found.row
    missing = "not looked at, as the run was stopped"
    rows = {point: known.get(point, Row(point, why=missing, passing=True)) for point in points}
    main = points[0]
    settings = {name: (value,) for name, value in main.settings}
    grid = Grid([point.protocol for point in points], (range(main.horizon, main.horizon + 1),), settings)
    request = question.request
    compared = compare(request, grid, question.concept, lambda _: question, source=question.source, known=rows)
    return dataclasses.replace(compared, stopped=stopped)


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
