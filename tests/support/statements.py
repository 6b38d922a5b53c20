"""What posgc says of a game, held against the exact numbers.

`examine` runs a challenge as `solve` would, reads every number off the JSON document and the text, and returns what is
false.  A statement about numbers that go beyond the exact ones by less than `ROUNDING` of the largest sum of rewards
is listed as `rounding`.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from support.adversarial import Challenge
from support.exact.beliefs import Beliefs
from support.exact.endless import closed_beliefs, closed_states, endless_value
from support.exact.game import ExactGame, Refused, reads_step
from support.exact.judge import Judge, Judged, PlainJudge
from support.exact.values import Optimum, dropped_actions, ends, plain_optimum, reward_kind

from posgc.assumptions import Verdict
from posgc.language import compile_game
from posgc.language.diagnostics import InputError, LimitError, Source
from posgc.language.sharing.lag_table import LagTable
from posgc.language.sharing.requests import protocol
from posgc.model.rewards import reward_kind as told_kind
from posgc.pipeline import Compiled, CompressionRequest, Request, Solution, compile_request, independence, solve
from posgc.pipeline.checking import without_end
from posgc.report import documents
from posgc.report import text as written

__all__ = ["Examined", "False_", "examine"]

ROUNDING = Fraction(1, 10**13)
"""Of the largest sum of rewards: what is called rounding."""

TOLERANCE = Fraction(1, 10**9)
"""L1 distance of posteriors that may pass for one where the verdict names this tolerance, and bounds are charged."""

SAME = Fraction(1, 2**48)
"""Two rewards that differ by less than this part of the larger are one number in floats, and bounds are charged."""

BEYOND = 3
"""Steps past the horizon at which "every horizon" is tried."""


@dataclass(frozen=True)
class False_:
    """A false statement: its kind, what was said, and the exact truth."""

    kind: str
    said: str
    truth: str


@dataclass
class Examined:
    """`outcome`: solved, or why not.  `width`: of the bracket, relative to the span of the sum of rewards (None where
    the concept has no value); infinite where an end is missing though the exact value is known.  `untried`: checks that
    were left out, as too large for the referee."""

    challenge: Challenge
    outcome: str = ""
    false: list[False_] = field(default_factory=list)
    width: float | None = None
    scale: Fraction = Fraction(0)
    checked: int = 0
    untried: list[str] = field(default_factory=list)

    def least(self, kind: str, name: str, said: float | str, truth: Fraction) -> None:
        """`said`, a number or a decimal as printed, is claimed to be at least the truth."""
        self.checked += 1
        if float(said) != float("inf") and (exact := Fraction(said)) < truth:  # Fraction refuses nan
            excess = truth - exact
            mark = " (rounding)" if excess <= ROUNDING * self.scale else ""
            self.false.append(False_(kind + mark, f"{name} {said!s}", f"{float(truth)!r} ({float(excess):.3g} beyond)"))

    def near(self, kind: str, name: str, said: float, truth: Fraction, error: float) -> None:
        """`said` is claimed to be within `error` of the truth."""
        self.least(kind, f"{name} {said!r}, error", error, abs(Fraction(said) - truth))

    def fact(self, kind: str, said: str, truth: str, holds: bool) -> None:
        self.checked += 1
        if not holds:
            self.false.append(False_(kind, said, truth))


def examine(challenge: Challenge) -> Examined:
    """Ask posgc, ask the referee, compare."""
    found = Examined(challenge)
    request = Request("g.posg", challenge.share, endless=challenge.endless)
    source = Source("g.posg", challenge.text)
    game = compile_game(source, {}, None, None)
    try:
        compiled = compile_request(request, source=source)
    except InputError as error:
        found.outcome = f"refused {error.diagnostics[0].code}"
        return found
    if challenge.endless:
        found.fact("endless", "a game without end", "the game reads `step`", not reads_step(game))
        if reads_step(game):
            return found
    try:
        _examine(found, compiled, ExactGame(game), protocol(game.signature, challenge.share, game))
    except Refused as refused:
        found.outcome = f"referee: {refused}".split(" probabil")[0][:60]
    return found


def _examine(found: Examined, compiled: Compiled, game: ExactGame, lags: LagTable) -> None:
    endless = compiled.request.endless
    verdict = independence(compiled)
    beliefs = _beliefs(found, compiled, game, lags)
    holds = _independent(found, beliefs, without_end(compiled, verdict), endless)
    kind = _rewards(found, compiled, beliefs)
    if verdict.holds is not True:
        found.outcome = "Assumption 3 fails" if verdict.holds is False else "not decided"
        return
    told = told_kind(compiled.model)
    concept = {"common": "team", "zero_sum": "nash"}.get(told) or ("nash", "ce", "cce")[found.challenge.seed % 3]
    spec, target = found.challenge.compress, found.challenge.target
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            solution = solve(compiled, concept, compress=CompressionRequest(spec, target, 10) if spec else None)
    except InputError as error:
        found.outcome = f"refused {error.diagnostics[0].code}"
        return
    except LimitError as error:
        found.outcome = f"limit: {error}"[:60]
        return
    found.outcome = "solved"
    value = _value(beliefs, concept, kind, holds, endless)
    judged = _judged(found, beliefs, solution, concept, holds)
    document = documents.solve(solution, None)
    _check_value(found, solution, document, value)
    if judged is not None:
        _check_policy(found, document, judged)
        _check_compression(found, solution, document, judged, value if concept == "team" else None)
    _check_text(found, solution, document, value)


def _judged(found: Examined, beliefs: Beliefs, solution: Solution, concept: str, holds: bool) -> Judged | None:
    """None where it is too large without Assumption 3, and for games without end."""
    if solution.compiled.request.endless:
        return None
    kind: Any = "nash" if concept == "team" else concept
    if holds:
        return Judge(beliefs, solution.policy.strategy, kind).judged()
    try:
        return PlainJudge(beliefs, solution.policy.strategy, kind).judged()
    except Refused as refused:
        found.untried.append(f"gains: {refused}")
        return None


def _beliefs(found: Examined, compiled: Compiled, game: ExactGame, lags: LagTable) -> Beliefs:
    """The exact beliefs, without the own actions that posgc leaves out, once they are seen not to matter."""
    plain = Beliefs(game, lags)
    left_out, horizon = compiled.information.dropped, game.horizon
    if compiled.request.endless:
        owned = {v for v, _ in left_out}
        safe = {v for v, _ in dropped_actions(plain, 2)} & owned
        found.fact("dropped", f"actions {owned} need not be remembered", f"{safe}", safe == owned)
        return Beliefs(game, lags, frozenset((v, t) for v in safe for t in range(-40, 3)))
    safe = dropped_actions(plain, max(horizon, 2)) & left_out
    found.fact("dropped", f"actions {set(left_out)} need not be remembered", f"{set(safe)}", safe == left_out)
    return Beliefs(game, lags, safe)


def _independent(found: Examined, beliefs: Beliefs, verdict: Verdict, endless: bool) -> bool:
    horizon = beliefs.game.horizon
    if endless:
        try:
            defect = Fraction(0 if closed_beliefs(beliefs) else 1)
        except ValueError:
            defect = Fraction(1)
    else:
        defect = beliefs.defect(horizon)
    holds = not defect
    said = f"Assumption 3 {verdict.holds} [{verdict.method}]"
    passes = verdict.method == "exact" and "tolerance 1e-09" in verdict.evidence and defect <= TOLERANCE
    found.fact(
        "assumption 3",
        said,
        f"{holds}, posteriors differ by {float(defect):.3g}",
        verdict.holds in (None, holds) or (verdict.holds is True and passes),
    )
    far_out = horizon <= 2 or reads_step(beliefs.game.game)
    if verdict.method == "structural, every horizon" and holds and not endless and far_out:
        _every_horizon(found, beliefs, said)
    return holds


def _every_horizon(found: Examined, beliefs: Beliefs, said: str) -> None:
    """Assumption 3 at some longer horizons, each without the own actions that do not matter up to there."""
    for h in range(beliefs.game.horizon + 1, beliefs.game.horizon + BEYOND + 1):
        longer = Beliefs(beliefs.game, beliefs.protocol, beliefs.dropped | dropped_actions(beliefs, h))
        try:
            holds = longer.independent(h)
        except Refused as refused:
            found.untried.append(f"horizon {h}: {refused}")
            return
        found.fact("every horizon", said, f"fails at horizon {h}", holds)
        if not holds:
            return


def _rewards(found: Examined, compiled: Compiled, beliefs: Beliefs) -> str:
    game = beliefs.game
    if compiled.request.endless:
        states = closed_states(beliefs)
        rows = [game.row(1, s, a).rewards for s in states for a in game.joint_actions(1)]
        kind = reward_kind(rows)
        found.scale = max(abs(x) for r in rows for x in r) / (1 - game.discount)
    else:
        steps = range(1, game.horizon + 1)
        rows = [game.row(h, s, a).rewards for h in steps for s in game.states(h) for a in game.joint_actions(h)]
        kind = reward_kind(rows)
        spans = [ends(game, h, game.states(h)) for h in steps]
        found.scale = sum(
            (game.discount**t * max(abs(x) for own in step for x in own) for t, step in enumerate(spans)), Fraction(0)
        )
    told = told_kind(compiled.model)
    alike = all(_alike(told, r) for r in rows)
    found.fact("rewards", f"rewards: {told}", kind, told in (kind, "general") or alike)
    found.fact("rewards missed", f"rewards: {told}", kind, told == kind or told != "general")
    return kind


def _alike(told: str, rewards: tuple[Fraction, ...]) -> bool:
    """Whether two agents' rewards are equal, or cancel, to within `SAME`."""
    one, two = rewards
    return abs(one - two if told == "common" else one + two) <= SAME * max(abs(one), abs(two))


def _value(beliefs: Beliefs, concept: str, kind: str, holds: bool, endless: bool) -> tuple[Fraction, Fraction] | None:
    """[lower, upper] of the value of the game, equal where it is known exactly."""
    if (concept, kind) not in (("team", "common"), ("nash", "zero_sum"), ("nash", "common")):
        return None
    which: Any = "zero_sum" if kind == "zero_sum" else "team"
    if endless:
        return endless_value(beliefs, which, Fraction(1, 10**15)) if holds else None
    if not holds:
        if which == "zero_sum":
            return None
        value = plain_optimum(beliefs, beliefs.game.horizon)
    else:
        value = Optimum(beliefs, beliefs.game.horizon, which).value()
    return value, value


def _check_value(
    found: Examined, solution: Solution, document: dict[str, Any], value: tuple[Fraction, Fraction] | None
) -> None:
    if value is None:
        return
    lower, upper = document["bounds"]["lower"], document["bounds"]["upper"]
    if lower is None or upper is None:
        found.width = float("inf")
    else:
        found.width = float((Fraction(upper) - Fraction(lower)) / found.scale) if found.scale else upper - lower
    kind = "bounds" if found.challenge.compress is None else "compressed bounds"
    if lower is not None:
        found.least(kind, "minus lower", -lower, -value[1])
    if upper is not None:
        found.least(kind, "upper", upper, value[0])


def _check_policy(found: Examined, document: dict[str, Any], judged: Judged) -> None:
    gap, truth = document["gap"], max(judged.gains)
    if gap["value"] is None:
        return
    if not gap["exact"]:
        found.least("gap bound", "gap", gap["value"], truth)
        return
    found.near("gap", "gap", gap["value"], truth, gap["error"])
    for i, name in enumerate(document["values"]):
        found.near("value", f"value of {name}", document["values"][name], judged.values[i], gap["error"])
        found.near("gain", f"gain of {name}", gap["gains"][name], judged.gains[i], gap["error"])
    bound = document["stage_gap"]["end_to_end_bound"]
    if bound is not None and document["compression"] is None:
        found.least("stage bound", "up to rounding, end-to-end bound", bound, truth - ROUNDING * found.scale)


def _check_compression(
    found: Examined,
    solution: Solution,
    document: dict[str, Any],
    judged: Judged,
    optimum: tuple[Fraction, Fraction] | None,
) -> None:
    made, shown = solution.compression, document["compression"]
    if made is None:
        return
    truth = max(judged.gains)
    if optimum is not None:
        truth = max(truth, optimum[0] - judged.values[0])
    if shown["certified"] is not None:
        found.least("certified", "certified", shown["certified"], truth)
    if shown["met"] and shown["target"] is not None:
        found.least("met", "target met", shown["target"], truth)
    for b in shown["bounds"]:
        for i, gain in enumerate(judged.gains):
            found.least(f"{b['kind']} bound", "gain at most", b["gains"][i], gain)
            claimed = float(made.assessment.in_model.values[i])
            found.near(f"{b['kind']} value error", "value in the model", claimed, judged.values[i], b["value_error"][i])


NUMBER = r"(-?[0-9.]+(?:e[-+]?[0-9]+)?|inf|nan)"


def _check_text(
    found: Examined, solution: Solution, document: dict[str, Any], value: tuple[Fraction, Fraction] | None
) -> None:
    """Printed digits round outward: what is printed as "at most" is not below the number of the document."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        written.solve(solution, None)
    text = out.getvalue()
    if value is not None and (m := re.search(f"value of the game: between {NUMBER} and {NUMBER}", text)):
        found.least("printed value", "minus lower", f"-{m[1]}".removeprefix("--"), -value[1])
        found.least("printed value", "upper", m[2], value[0])
    claim, gap = solution.policy.claim, document["gap"]
    pairs = [
        (f"error of merging at most {NUMBER}", gap["error"]),
        (f"gaps of at most {NUMBER}", claim.stage_gap),
        (f"bounds the gap by {NUMBER}", claim.gap_bound if solution.compression is None else None),
        (f"so its gap is at most {NUMBER}", gap["value"]),
    ]
    for pattern, number in pairs:
        if number is not None and (m := re.search(pattern, text)):
            found.least("printed digits", pattern.removesuffix(NUMBER), m[1], Fraction(number))
    certified = re.findall(f"certified: gap in the true game at most {NUMBER}", text)
    for shown, b in zip(certified, (document["compression"] or {"bounds": []})["bounds"], strict=True):
        found.least("printed digits", "certified: gap in the true game at most", shown, Fraction(b["value"]))
