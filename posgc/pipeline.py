"""The stages in their order: read, compile, tabulate, inform, check, emit, run, verify.

This is the only module that knows the order.  Every function takes what the one before returned and a
progress callback; nothing here prints.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from posgc.assumptions import ObservabilityReport, Verdict, evolution, observability, strategy_independence
from posgc.compression import Compressed, Compression
from posgc.compression.assess import Assessment, Limits, assess
from posgc.compression.bounds import theory_window
from posgc.compression.closure import require_recursive
from posgc.compression.derive import Attempt, derive
from posgc.compression.sweep import Families, Offer, sweep
from posgc.compression.sweep import offers as compression_offers
from posgc.information.dropping import drop_own_actions
from posgc.information.graph import DEFAULT_MAX_NODES, Graph, expand_graph
from posgc.information.items import Information
from posgc.language import compile_game
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source
from posgc.language.ir import Game
from posgc.language.sharing import protocol
from posgc.model import Model, tabulate
from posgc.model.compare import same_arrays, stretched
from posgc.model.infinite import require_steady, steps_that_matter, tail
from posgc.model.rewards import reward_kind, reward_spans
from posgc.model.writer import posg_text
from posgc.plugin.backend import Backend, Facts, Problem, Progress
from posgc.plugin.exporter import Exporter
from posgc.plugin.importer import Importer, RewardReading
from posgc.plugin.options import make_options
from posgc.plugin.referee import Referee
from posgc.plugin.registry import registry
from posgc.plugin.specs import compression_of, spec_of
from posgc.policy.artefact import Concept, Origin, Policy
from posgc.policy.file import load_policy
from posgc.policy.fit import require_fit
from posgc.policy.pairs import PolicyMismatch
from posgc.policy.players import Player, PolicyPlayer, RandomPlayer, UniformPlayer
from posgc.policy.referee import Comparison, compare
from posgc.policy.sampler import Episodes, Estimate, estimate, record
from posgc.policy.verify import Form, GapKind, Verification, gap_kind, verify

__all__ = [
    "AssumptionFails", "BackendOffer", "Candidate", "Compiled", "Compress", "Compressing", "Report", "Request",
    "Simulation", "Solution", "Sweep", "Theory", "Translation", "candidates", "check", "compile_request", "exporter_of",
    "independence", "offers", "quiet", "read_source", "referee_of", "request_of_policy", "second_opinion", "simulate",
    "solve", "solve_each",
    "translate", "verify_policy",
]  # fmt: skip

AGENT_LIMIT = 50
"""Agents of a game that is solved: a stage game is an array with an axis for each, of which NumPy has 64."""

MEASURED_PAIRS = 200_000
"""Pairs of true belief and node on which the error of a compression is measured."""

ROUNDING = 1e-9
"""What rounding may add to a gap, relative to the span of the rewards summed over the steps."""

CHECK_NODES = 2000
"""Nodes up to which `check` builds a compressed model."""

CHECK_SECONDS = 1.0
"""Seconds after which `check` builds no further one."""

THEORY_EPSILON = 0.1
"""Error for which the length of the window that theory asks for is printed."""

FILE_LIMIT = 64 << 20
"""Bytes of a game file that are read at all."""


class AssumptionFails(InputError):
    """The input is in order, but what was asked for rests on an assumption that fails."""

    status = 1


def quiet(stage: str, done: int, total: int) -> None:
    """A progress callback that says nothing."""


@dataclass(frozen=True)
class Request:
    """What a user asks of a game file, before anything is known of it; `endless` asks for the discounted game without
    end, cut where what follows no longer matters."""

    path: str
    share: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    horizon: int | None = None
    discount: float | None = None
    reward: RewardReading | None = None
    max_nodes: int = DEFAULT_MAX_NODES
    seed: int = 0
    endless: bool = False


@dataclass(frozen=True)
class Compiled:
    """A model under a protocol; `game` is None for an imported file."""

    request: Request
    source: Source
    game: Game | None
    model: Model
    information: Information
    diagnostics: tuple[Diagnostic, ...]
    seconds: dict[str, float]

    @property
    def tail(self) -> float | None:
        """What a deviation after the last step could gain where the game has no end and was cut; else None."""
        return float(np.ptp(tail(self.model), axis=1).max()) if self.request.endless else None


def read_source(path: str) -> Source:
    """The text of a file, or of standard input for `-`.  Raises InputError when it cannot be read."""
    name = "<standard input>" if path == "-" else path
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(FILE_LIMIT + 1)
        else:
            if os.path.exists(path) and not os.path.isfile(path):
                raise _unreadable(name, "it is not a regular file")
            with open(path, "rb") as file:
                raw = file.read(FILE_LIMIT + 1)
        if len(raw) > FILE_LIMIT:
            raise _unreadable(name, f"it is larger than {FILE_LIMIT >> 20} MB")
        return Source(name, raw.decode("utf-8-sig"))
    except OSError as error:
        raise _unreadable(name, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"it is not text (byte {error.start} is not UTF-8)") from None


def _unreadable(name: str, why: str) -> InputError:
    cure = "give a game file, or - for standard input"
    return InputError([Diagnostic("E606", f"cannot read {name}: {why}", help=cure)])


def compile_request(request: Request, progress: Progress = quiet, source: Source | None = None) -> Compiled:
    """Read, compile and tabulate a game, and work out who knows what.

    Raises InputError for every mistake in the file or the flags, LimitError past a limit.
    """
    seconds: dict[str, float] = {}
    source = read_source(request.path) if source is None else source
    with _timed(seconds, "compile"):
        if request.endless:
            _, first, _ = _model(dataclasses.replace(request, horizon=1), source, quiet)
            request = dataclasses.replace(request, horizon=steps_that_matter(first.discount))
        game, model, diagnostics = _model(request, source, progress)
        if request.endless:
            require_steady(model)
    with _timed(seconds, "information"):
        lags = protocol(model.signature, request.share, game)
        information = Information(model, lags)
        _require_evolution(information)
        information = drop_own_actions(information)
    return Compiled(request, source, game, model, information, diagnostics, seconds)


def _model(request: Request, source: Source, progress: Progress) -> tuple[Game | None, Model, tuple[Diagnostic, ...]]:
    importer = _importer(source)
    if importer is not None:
        if request.settings:
            raise InputError([Diagnostic("E601", f"--set has no meaning for a {importer.name} file: it has no "
                                         "parameters", help="leave --set out")])  # fmt: skip
        imported = importer.read(source, horizon=request.horizon, discount=request.discount, reward=request.reward)
        return None, imported.model, imported.diagnostics
    if request.reward == "zero_sum":
        raise InputError([Diagnostic("E611", "--reward re-reads imported files only",
                                     help="write 'reward zero_sum AGENT = …;' in the game")])  # fmt: skip
    game = compile_game(source, request.settings, request.horizon, request.discount)
    model = tabulate(game, progress=lambda _, share: progress("tabulate", round(1000 * share), 1000))
    return game, model, game.warnings


def _importer(source: Source) -> Importer | None:
    """The first importer that claims the text."""
    return next((i for i in registry().importers.values() if i.claims(source)), None)


@dataclass(frozen=True)
class Translation:
    """A foreign file as `.posg` text; the text was read back, and gives the same arrays."""

    source: Source
    format: str
    model: Model
    diagnostics: tuple[Diagnostic, ...]
    text: str


def translate(request: Request) -> Translation:
    """Read a foreign file, write it in the language, and read that back.

    The horizon is written where the format has one, or the request.  Raises InputError (E620) when no importer
    claims the file, and for its mistakes; LimitError when it is too large for the language.
    """
    source = read_source(request.path)
    importer = _importer(source)
    if importer is None:
        known = ", ".join(registry().importers) or "none"
        raise InputError([Diagnostic("E620", "no importer claims this file", help=f"formats: {known}; a .posg "
                                     "file needs no importing")], source)  # fmt: skip
    fixed = importer.own_horizon or request.horizon is not None
    horizon = request.horizon if fixed else 1
    imported = importer.read(source, horizon=horizon, discount=request.discount, reward=request.reward)
    digest = hashlib.sha256(source.text.encode()).hexdigest()[:16]
    about = f"Imported from {os.path.basename(source.name)} ({importer.name}), SHA-256 {digest}…"
    text = posg_text(imported.model, [about, *_readings(request)], horizon=fixed)
    # The language builds the states within reach of the horizon only, other formats all that can be reached ever.
    fair = imported.model if importer.own_horizon else stretched(imported.model, imported.model.n_states + 1)
    _require_same(text, fair)
    return Translation(source, importer.name, imported.model, imported.diagnostics, text)


def _readings(request: Request) -> list[str]:
    given = [("--reward", request.reward), ("--discount", request.discount)]
    said = ", ".join(f"{flag} {value}" for flag, value in given if value is not None)
    return [f"Read with {said}."] if said else []


def _require_same(text: str, model: Model) -> None:
    """Raises LimitError where the text gives another model than the one it was written from."""
    try:
        differs = same_arrays(model, tabulate(compile_game(Source("<written>", text), {}, model.horizon)))
    except InputError as error:
        differs = str(error)
    if differs is not None:
        raise LimitError(f"as a .posg text the game would not be the same ({differs}); use the file as it is, "
                         "every command takes it")  # fmt: skip


def _require_evolution(information: Information) -> None:
    for h in range(2, information.model.horizon + 1):
        lost = information.lost(h)
        if lost:
            raise InputError([Diagnostic("E512", f"{information.label(lost[0])} should become common at step {h}, but "
                                         "nobody remembers it then", help="raise 'forget after k'")])  # fmt: skip
        if h > information.memory + 2 and information.protocol.forget is not None:
            return


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start


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


@dataclass(frozen=True)
class Report:
    """Everything that `posgc check` finds; `layers` are the nodes of the steps that were expanded."""

    compiled: Compiled
    evolution: Verdict
    observability: ObservabilityReport
    independence: Verdict
    layers: tuple[int, ...]
    layers_note: str
    compressions: tuple[Offer, ...]
    theory: Theory
    offers: dict[str, tuple[BackendOffer, ...]]


def check(compiled: Compiled, progress: Progress = quiet) -> Report:
    """Assumptions 1 to 3 with proof or witness, the size of the graph, and which back-ends apply."""
    information = compiled.information
    with _timed(compiled.seconds, "assumption 1"):
        first = evolution(information)
    with _timed(compiled.seconds, "assumption 3"):
        third = independence(compiled, progress)
    with _timed(compiled.seconds, "assumption 2"):
        second = observability(compiled.model)
    layers: tuple[int, ...] = ()
    note = "the graph is not built: its beliefs would depend on strategies"
    if third.holds is not False:
        with _timed(compiled.seconds, "graph"):
            layers, note = _layers(compiled, progress)
    with _timed(compiled.seconds, "compressions"):
        compressions = _compression_offers(compiled, third)
    gamma = second.reachable.lower
    theory = Theory(gamma, THEORY_EPSILON, theory_window(compiled.model, gamma, THEORY_EPSILON))
    concepts: tuple[Concept, ...] = ("team", "nash", "ce", "cce")
    table: dict[str, tuple[BackendOffer, ...]] = {c: offers(compiled, c, third) for c in concepts}
    return Report(compiled, first, second, third, layers, note, compressions, theory, table)


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
    families = candidates(compiled.information)
    if verdict.holds is False:
        why = "not built: its beliefs would depend on strategies"
        return tuple(Offer(spec, None, None, None, why) for _, rows in families for spec, _ in rows[:1])
    limit = min(CHECK_NODES, compiled.request.max_nodes)
    return compression_offers(
        families, lambda compression, options: compression.apply(compiled.information, options, limit, quiet),
        limit, CHECK_SECONDS,
    )  # fmt: skip


def offers(compiled: Compiled, concept: Concept, verdict: Verdict) -> tuple[BackendOffer, ...]:
    """Every installed back-end against this game and concept."""
    why = verdict.evidence.partition("\n")[0].rstrip(":")
    facts = Facts(concept, reward_kind(compiled.model), verdict.holds, why, compiled.model)
    return tuple(_offer(backend, facts) for backend in registry().backends.values())


def _offer(backend: Backend, facts: Facts) -> BackendOffer:
    if facts.concept not in backend.concepts:
        reason: str | None = f"it does not serve the concept {facts.concept}"
    else:
        reason = backend.applies(facts)
    return BackendOffer(backend.name, reason is None, reason or "")


@dataclass(frozen=True)
class Candidate:
    """A policy found under a compression, and what is known of it.  `certified`: the gap, exact or bounded, and for
    a team how far the value can be from the optimum, whichever is larger; None where neither is known."""

    policy: Policy
    assessment: Assessment
    certified: float | None


@dataclass(frozen=True)
class Compressing:
    """What `--compress` did.  `attempts` are those of `auto`, in order; `target` what it was to meet, if anything."""

    spec: str
    compressed: Compressed
    assessment: Assessment
    certified: float | None
    attempts: tuple[Attempt[Candidate], ...] = ()
    target: float | None = None

    @property
    def met(self) -> bool:
        """Whether the target, if there was one, is met."""
        return self.target is None or (self.certified is not None and self.certified <= self.target)


@dataclass(frozen=True)
class Compress:
    """How to compress: `spec` as on the command line; for `auto` the gap to meet and the seconds it may take."""

    spec: str
    target: float | None = None
    seconds: float = 300.0


@dataclass(frozen=True)
class Solution:
    """A policy with its certificate.  `lower` and `upper` bound the value of the game where the concept has
    one (team optimum; the first agent's value of a zero-sum game), else None.  `verification` is None only
    under a compression whose policy is too large to verify; `compression` then says what is known instead."""

    compiled: Compiled
    policy: Policy
    verification: Verification | None
    independence: Verdict
    layers: tuple[int, ...]
    lower: float | None
    upper: float | None
    compression: Compressing | None = None

    @property
    def certified_gap(self) -> float | None:
        """The exact gap, else the lowest bound on it, with what a deviation after a cut could add; None: neither is
        known."""
        bound = None if self.compression is None else self.compression.assessment.bound
        known = self.verification if self.verification is not None else bound
        return None if known is None else known.gap + (self.compiled.tail or 0.0)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """`lower` and `upper`, of the game without end where that was asked for."""
        if not self.compiled.request.endless:
            return self.lower, self.upper
        least, most = tail(self.compiled.model)[0]
        return None if self.lower is None else self.lower + least, None if self.upper is None else self.upper + most


def solve(
    compiled: Compiled,
    concept: Concept,
    backend: str | None = None,
    options: Mapping[str, str] | None = None,
    progress: Progress = quiet,
    compress: Compress | None = None,
) -> Solution:
    """Pick a back-end, run it, and verify what it returns in the true game.

    Raises InputError (E603) with a table of reasons when no back-end serves: AssumptionFails when one would
    if only Assumption 3 held, LimitError when it would if Assumption 3 had been decided.
    """
    seconds, request = compiled.seconds, compiled.request
    solver = _solver(compiled, concept, backend, options, progress)
    if compress is not None:
        return _compressed_solution(solver, compress)
    with _timed(seconds, "solve"):
        policy = solver.plan(None, None)
    with _timed(seconds, "verify"):
        kind = gap_kind(concept, policy.header.options)
        checked = verify(compiled.information, policy, kind, request.max_nodes, progress)
    layers = tuple(len(step) for step in policy.steps)
    return Solution(compiled, policy, checked, solver.verdict, layers, *_bounds(policy, checked, compiled))


@dataclass(frozen=True)
class _Solver:
    """One game, concept and back-end, to be run on the exact graph or on compressed ones."""

    compiled: Compiled
    concept: Concept
    backend: Backend
    options: Any
    progress: Progress
    verdict: Verdict

    def trusted(self, compressed: Compressed) -> Compressed:
        """The compressed game without a certificate that Assumption 3 does not carry as far as its proof needs."""
        certificate = compressed.certificate
        if certificate is None or not certificate.any_start or self.verdict.any_start:
            return compressed
        return dataclasses.replace(compressed, certificate=None)

    def plan(self, spec: str | None, graph: Graph | None) -> Policy:
        """The back-end's policy, with the game and the versions written into it."""
        request = self.compiled.request
        problem = Problem(self.compiled.information, self.concept, request.max_nodes, request.seed, graph)
        policy = self.backend.emit(problem, self.options).run(self.progress)
        versions = {name: version(name) for name in ("posgc", "numpy", "scipy")}
        header = dataclasses.replace(policy.header, versions=versions, compression=spec)
        return dataclasses.replace(policy, header=header, origin=_origin(self.compiled))

    def candidate(self, spec: str, compressed: Compressed) -> Candidate:
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

    def _candidate(self, spec: str, compressed: Compressed) -> Candidate:
        request = self.compiled.request
        policy = self.plan(spec, compressed.graph)
        kind = gap_kind(self.concept, policy.header.options)
        limits = Limits(min(request.max_nodes, MEASURED_PAIRS), request.max_nodes)
        assessment = assess(compressed, policy, kind, limits, request.seed, self.progress)
        certified = assessment.certified
        if self.concept == "team" and certified is not None:
            lower, upper = _team_bounds(policy, assessment)
            certified = float("inf") if upper is None else max(certified, upper - lower)
        return Candidate(compressed.lift(policy), assessment, certified)


def _solver(
    compiled: Compiled, concept: Concept, backend: str | None, options: Mapping[str, str] | None, progress: Progress
) -> _Solver:
    if compiled.model.n_agents > AGENT_LIMIT:
        raise LimitError(f"stage games have at most {AGENT_LIMIT} agents, this game has {compiled.model.n_agents}")
    with _timed(compiled.seconds, "check"):
        verdict = independence(compiled, progress)
    chosen = _choose(compiled, concept, verdict, backend)
    return _Solver(compiled, concept, chosen, make_options(chosen.options, options or {}), progress, verdict)


def _compressed_solution(solver: _Solver, compress: Compress) -> Solution:
    compiled = solver.compiled
    _require_graph(solver.backend)
    done = _derived(solver, compress) if compress.spec.strip() == "auto" else _applied(solver, compress.spec)
    found, policy = done
    layers = tuple(len(step) for step in policy.steps)
    checked = found.assessment.verification
    lower, upper = _compressed_bounds(policy, found.assessment, compiled)
    return Solution(compiled, policy, checked, solver.verdict, layers, lower, upper, found)


def _require_graph(backend: Backend) -> None:
    if backend.reads != "model":
        what = f"back-end {backend.name} learns from samples; it plans on no graph that could be compressed"
        raise InputError([Diagnostic("E617", what, help="leave --compress out")])


def _applied(solver: _Solver, spec: str) -> tuple[Compressing, Policy]:
    compiled, seconds = solver.compiled, solver.compiled.seconds
    compression, options = _accepted(compiled.information, spec)
    with _timed(seconds, "compress"):
        made = compression.apply(compiled.information, options, compiled.request.max_nodes, solver.progress)
        compressed = solver.trusted(made)
    name = spec_of(compression, options)
    with _timed(seconds, "solve"):
        candidate = solver.candidate(name, compressed)
    return Compressing(name, compressed, candidate.assessment, candidate.certified), candidate.policy


def _accepted(information: Information, spec: str) -> tuple[Compression, Any]:
    """The compression that is called for.  Raises InputError (E616, E617, E612)."""
    compression, options = compression_of(spec)
    reason = compression.accepts(information, options)
    if reason is not None:
        raise InputError([Diagnostic("E617", f"{compression.name} does not serve this game: {reason}",
                                     help="`posgc check` lists what does")])  # fmt: skip
    return compression, options


@dataclass(frozen=True)
class Sweep:
    """Every candidate solved, by which back-end, in order."""

    compiled: Compiled
    concept: Concept
    backend: str
    attempts: tuple[Attempt[Candidate], ...]


def solve_each(
    compiled: Compiled, concept: Concept, specs: list[str], backend: str | None = None,
    options: Mapping[str, str] | None = None, progress: Progress = quiet, seconds: float = 300.0,
) -> Sweep:  # fmt: skip
    """Solve under each of the compressions, or under all candidates where none is named; a compression is left after
    the first of its models that is too large.  Raises as `solve` does."""
    solver = _solver(compiled, concept, backend, options, progress)
    _require_graph(solver.backend)
    named = [_accepted(compiled.information, spec) for spec in specs]
    families = candidates(compiled.information) if not specs else [
        (registry().compressions[name], [(spec_of(c, o), o) for c, o in named if c.name == name])
        for name in dict.fromkeys(c.name for c, _ in named)
    ]  # fmt: skip
    limit = compiled.request.max_nodes
    with _timed(compiled.seconds, "sweep"):
        attempts = tuple(sweep(families, lambda c, o: c.apply(compiled.information, o, limit, progress),
                               solver.candidate, seconds))  # fmt: skip
    return Sweep(compiled, concept, solver.backend.name, attempts)


def candidates(information: Information) -> Families:
    """What each installed compression would try on this game: specifications and options, coarse to fine."""
    return [
        (compression, [(spec_of(compression, options), options) for options in compression.candidates(information)
                       if compression.accepts(information, options) is None])
        for compression in registry().compressions.values()
    ]  # fmt: skip


def _derived(solver: _Solver, compress: Compress) -> tuple[Compressing, Policy]:
    compiled, target = solver.compiled, compress.target
    if target is None:
        raise InputError([Diagnostic("E618", "--compress auto needs the gap that is to be met",
                                     help="add --epsilon X, in the unit of the rewards")])  # fmt: skip
    span = float((reward_spans(compiled.model) @ compiled.model.discount ** np.arange(compiled.model.horizon)).max())
    rounded = target + ROUNDING * span
    attempts: list[Attempt[Candidate]] = []
    with _timed(compiled.seconds, "derive"):
        found_in_turn = derive(
            candidates(compiled.information),
            lambda compression, options, limit: compression.apply(compiled.information, options, limit, quiet),
            solver.candidate,
            lambda found: found.certified is not None and found.certified <= rounded,
            compiled.request.max_nodes,
            compress.seconds,
        )
        try:
            attempts.extend(found_in_turn)
        except KeyboardInterrupt:  # what was found so far is kept
            if not any(a.result is not None for a in attempts):
                raise
    solved = [a for a in attempts if a.result is not None and a.compressed is not None]
    if not solved:
        tried = "; ".join(f"{a.spec}: {a.note}" for a in attempts)
        raise LimitError(f"no compression could be solved within the limits ({tried})")
    best = min(solved, key=lambda a: _certified(a.result))
    assert best.result is not None and best.compressed is not None
    found = best.result
    made = Compressing(best.spec, best.compressed, found.assessment, found.certified, tuple(attempts), rounded)
    return made, found.policy


def _certified(candidate: Candidate | None) -> float:
    return float("inf") if candidate is None or candidate.certified is None else candidate.certified


def _team_bounds(policy: Policy, assessment: Assessment) -> tuple[float, float | None]:
    """What the policy earns at least in the true game, and a bound on the team optimum, if there is one."""
    header = policy.header
    upper = []
    if header.upper is not None:
        missed = max(0.0, header.upper - max(header.values))  # the optimum of M may have other values than the policy
        upper = [header.upper + float(b.value_error.max()) + missed * b.half_spread for b in assessment.bounds]
    if assessment.verification is not None:
        lower = min(assessment.verification.values)
    else:
        claimed = min(header.values)
        lower = max((claimed - float(b.value_error.max()) for b in assessment.bounds), default=-float("inf"))
    return lower, max(min(upper), lower) if upper else None


def _compressed_bounds(
    policy: Policy, assessment: Assessment, compiled: Compiled
) -> tuple[float | None, float | None]:
    """As `_bounds`, of the game's own value."""
    if policy.header.concept == "team":
        lower, upper = _team_bounds(policy, assessment)
        return (None if lower == -float("inf") else lower), upper
    if assessment.verification is not None:
        return _bounds(policy, assessment.verification, compiled)
    bound = assessment.bound
    if policy.header.concept == "nash" and reward_kind(compiled.model) == "zero_sum" and bound is not None:
        claimed, off = policy.header.values[0], float(bound.value_error[0])
        return claimed - off - float(bound.gains[1]), claimed + off + float(bound.gains[0])
    return None, None


def _choose(compiled: Compiled, concept: Concept, verdict: Verdict, name: str | None) -> Backend:
    backends = registry().backends
    table = {offer.name: offer for offer in offers(compiled, concept, verdict)}
    if name is not None and name not in backends:
        raise InputError([Diagnostic("E602", f"no back-end is called {name}",
                                     help=f"installed: {', '.join(backends) or 'none'}")])  # fmt: skip
    for offer in table.values():
        if offer.applies and name in (None, offer.name):
            return backends[offer.name]
    lacking = [offer for offer in table.values() if name in (None, offer.name)]
    rows = "\n".join(f"  {offer.name}: {offer.reason}" for offer in lacking) or "  none is installed"
    hopeful = offers(compiled, concept, dataclasses.replace(verdict, holds=True))
    if any(offer.applies and name in (None, offer.name) for offer in hopeful):
        _require_independence(verdict, f"no back-end serves concept {concept} on this game:\n{rows}")
    raise InputError([Diagnostic("E603", f"no back-end serves concept {concept} on this game:\n{rows}",
                                 help="`posgc check` shows what each back-end asks for")])  # fmt: skip


def _require_independence(verdict: Verdict, why: str) -> None:
    if verdict.holds is None:
        raise LimitError(why)
    if verdict.holds is False:
        cure = "`posgc check` shows the counterexample; another --share may do"
        raise AssumptionFails([Diagnostic("E604", why, help=cure)])


def _bounds(policy: Policy, checked: Verification, compiled: Compiled) -> tuple[float | None, float | None]:
    """Team: what was reached, and the solver's bound.  Zero-sum Nash: what the verified gains imply."""
    kind, concept = reward_kind(compiled.model), policy.header.concept
    if concept == "team":
        upper = policy.header.upper
        return checked.values[0], None if upper is None else max(upper, checked.values[0])  # rounding apart
    if concept == "nash" and kind == "zero_sum":
        return checked.values[0] - checked.gains[1], checked.values[0] + checked.gains[0]
    return None, None


def _origin(compiled: Compiled) -> Origin:
    r = compiled.request
    return Origin(
        compiled.source.name, compiled.source.text, r.share, dict(r.settings), r.horizon, r.discount, r.reward or ""
    )


def request_of_policy(policy: Policy) -> tuple[Request, Source]:
    """How to compile the game that a policy carries.  Raises InputError when it carries none."""
    origin = policy.origin
    if origin is None:
        raise InputError([Diagnostic("E609", "the policy file carries no game", help="give the game with --game")])
    known: dict[str, RewardReading] = {"team": "team", "zero_sum": "zero_sum"}
    request = Request(origin.name, origin.share, origin.settings, origin.horizon, origin.discount,
                      known.get(origin.reward))  # fmt: skip
    return request, Source(origin.name, origin.text)


def verify_policy(
    compiled: Compiled, policy: Policy, concept: Concept | None = None, progress: Progress = quiet,
    form: Form | None = None,
) -> tuple[Verification, Verdict]:  # fmt: skip
    """Recompute values and gap of a policy from the game alone.

    `form` is of a CE, the policy's own where it is None.  Raises InputError when the policy does not belong to
    the game, lacks an instruction, or is asked for a gap that it cannot have; AssumptionFails or LimitError where
    Assumption 3 fails or is not decided (deviations would then move beliefs), LimitError also where a strategic
    form has too many prescriptions.
    """
    require_fit(compiled.information, policy)
    verdict = independence(compiled, progress)
    state = "fails" if verdict.holds is False else "is not decided"
    why = f"the gap can be computed exactly only under Assumption 3, which {state}: {verdict.evidence}"
    _require_independence(verdict, why)
    concept = concept or policy.header.concept
    if form is not None and concept != "ce":
        raise InputError([Diagnostic("E605", f"only a CE has a strategic and an agent form, not {concept}",
                                     help="add --concept ce, or leave --form out")])  # fmt: skip
    kind: GapKind = gap_kind(concept, policy.header.options if form is None else {"form": form})
    try:
        return verify(compiled.information, policy, kind, compiled.request.max_nodes, progress), verdict
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    except ValueError as error:
        raise InputError([Diagnostic("E605", str(error))]) from None


@dataclass(frozen=True)
class Simulation:
    """Returns of a policy by playing it.  `asked` episodes were wanted; `traces` are the first of them, in full
    (None where none were wanted); `claimed` is what the policy file says of its values, None without a file."""

    compiled: Compiled
    policy: str
    asked: int
    estimate: Estimate
    traces: Episodes | None
    claimed: tuple[float, ...] | None


def simulate(compiled: Compiled, policy: str, episodes: int, traces: int = 0, progress: Progress = quiet) -> Simulation:
    """Play `uniform`, `random:SEED` or a policy file, with the seed of the request.

    Raises InputError for a policy that cannot be read or does not belong to the game, LimitError where the
    traces are too long to keep.
    """
    model, seed = compiled.model, compiled.request.seed
    player, claimed = _player(compiled, policy)
    try:
        with _timed(compiled.seconds, "traces"):
            kept = record(model, player, traces, seed) if traces else None
        with _timed(compiled.seconds, "simulate"):
            found = estimate(model, player, episodes, seed, progress)
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    return Simulation(compiled, policy, episodes, found, kept, claimed)


def _player(compiled: Compiled, policy: str) -> tuple[Player, tuple[float, ...] | None]:
    if policy == "uniform":
        return UniformPlayer(compiled.model), None
    if policy.startswith("random:"):
        try:
            return RandomPlayer(compiled.information, int(policy.removeprefix("random:"))), None
        except ValueError:
            raise InputError([Diagnostic("E613", f"--policy {policy:.40}: the seed is a whole number from 0",
                                         help="--policy random:1")]) from None  # fmt: skip
    loaded = load_policy(policy)
    require_fit(compiled.information, loaded)
    return PolicyPlayer(compiled.information, loaded), loaded.header.values


def exporter_of(compiled: Compiled, name: str, options: Mapping[str, str]) -> tuple[Exporter, object]:
    """The exporter of that name with its options.  Raises InputError (E631, E632) where none serves this game."""
    exporters = registry().exporters
    if name not in exporters:
        raise InputError([Diagnostic("E631", f"no installed plug-in writes {name}",
                                     help=f"formats: {', '.join(exporters) or 'none'}")])  # fmt: skip
    reason = exporters[name].applies(compiled.information)
    if reason is not None:
        raise InputError([Diagnostic("E632", f"{name} cannot hold this game: {reason}", help="`posgc plugins` lists "
                                     "the other formats")])  # fmt: skip
    return exporters[name], make_options(exporters[name].options, options)


def referee_of(compiled: Compiled, name: str) -> Referee:
    """The referee of that name.  Raises InputError (E633) where it is not there or cannot judge this game."""
    referees = registry().referees
    why = f"no referee is called {name}" if name not in referees else referees[name].missing()
    if why is None and compiled.information.protocol.forget is not None:
        why = "under 'forget' the game tree has imperfect recall, in which a best response is another problem"
    if why is not None:
        raise InputError([Diagnostic("E633", why, help=f"referees: {', '.join(referees) or 'none'}")])
    return referees[name]


def second_opinion(
    compiled: Compiled, policy: Policy, checked: Verification | None, referee: Referee
) -> Comparison:
    """What another program finds of a verified policy.

    Raises LimitError where the game tree is too large, InputError (E633) where the other program breaks.
    """
    if checked is None:
        raise LimitError("the policy is too large to verify, so there is nothing to ask the referee about")
    with _timed(compiled.seconds, "referee"):
        try:
            return compare(compiled.information, policy, checked, referee.name, referee.judge)
        except LimitError:
            raise
        except Exception as error:  # another program may raise anything at all
            why = f"{referee.name} broke on the game tree: {type(error).__name__}: {error}"
            raise InputError([Diagnostic("E633", why, help="solve without --referee")]) from error
