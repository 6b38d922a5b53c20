"""Planning on compressed common information: one compression, the derived one, or each in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from posgc.compression import CompressedGame, Compression
from posgc.compression.assess import Assessment
from posgc.compression.derive import Attempt, derive
from posgc.compression.sweep import sweep
from posgc.information.items import Information
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.pipeline.checking import candidates
from posgc.pipeline.compiling import Compiled, quiet, timed
from posgc.pipeline.solver import Candidate, Solver, solver_of
from posgc.plugin.backend import Backend, Progress
from posgc.plugin.registry import registry
from posgc.plugin.specs import compression_of, spec_of
from posgc.policy.artefact import Concept, Policy

__all__ = ["CompressionRequest", "CompressionResult", "Sweep", "applied", "derived", "solve_each"]


@dataclass(frozen=True)
class CompressionResult:
    """What `--compress` did.  `attempts` are those of `auto`, in order; `target` what it was to meet, if anything;
    `bounds` on the value of the game."""

    spec: str
    compressed: CompressedGame
    assessment: Assessment
    certified: float | None
    bounds: tuple[float | None, float | None]
    attempts: tuple[Attempt[Candidate], ...] = ()
    target: float | None = None

    @property
    def met(self) -> bool:
        """Whether the target, if there was one, is met."""
        return self.target is None or (self.certified is not None and self.certified <= self.target)


@dataclass(frozen=True)
class CompressionRequest:
    """How to compress: `spec` as on the command line; for `auto` the gap to meet and the seconds it may take."""

    spec: str
    target: float | None = None
    seconds: float = 300.0


@dataclass(frozen=True)
class Sweep:
    """Every candidate solved, by which back-end, in order."""

    compiled: Compiled
    concept: Concept
    backend: str
    attempts: tuple[Attempt[Candidate], ...]


def _require_graph(backend: Backend) -> None:
    if backend.reads != "model":
        what = f"back-end {backend.name} learns from samples; it plans on no graph that could be compressed"
        raise InputError([Diagnostic("E617", what, help="leave --compress out")])


def applied(solver: Solver, spec: str) -> tuple[CompressionResult, Policy]:
    compiled, seconds = solver.compiled, solver.compiled.seconds
    compression, options = _accepted(compiled.information, spec)
    with timed(seconds, "compress"):
        made = compression.apply(compiled.information, options, compiled.request.max_nodes, solver.progress)
        compressed = solver.trusted(made)
    name = spec_of(compression, options)
    with timed(seconds, "solve"):
        candidate = solver.candidate(name, compressed)
    done = CompressionResult(name, compressed, candidate.assessment, candidate.certified, candidate.bounds)
    return done, candidate.policy


def _accepted(information: Information, spec: str) -> tuple[Compression, Any]:
    """The compression that is called for.  Raises InputError (E616, E617, E612)."""
    compression, options = compression_of(spec)
    reason = compression.accepts(information, options)
    if reason is not None:
        raise InputError(
            [
                Diagnostic(
                    "E617",
                    f"{compression.name} does not serve this game: {reason}",
                    help="`posgc check` lists what does",
                )
            ]
        )
    return compression, options


def solve_each(
    compiled: Compiled,
    concept: Concept,
    specs: list[str],
    backend: str | None = None,
    options: Mapping[str, object] | None = None,
    progress: Progress = quiet,
    seconds: float = 300.0,
) -> Sweep:
    """Solve under each of the compressions, or under all candidates where none is named; a compression is left after
    the first of its models that is too large.  Raises as `solve` does."""
    solver = solver_of(compiled, concept, backend, options, progress)
    _require_graph(solver.backend)
    named = [compression_of(spec) for spec in specs]
    unsuited = [
        Attempt[Candidate](spec_of(c, o), None, 0.0, None, None, reason)
        for c, o in named
        if (reason := c.accepts(compiled.information, o)) is not None
    ]
    suited = [(c, o) for c, o in named if c.accepts(compiled.information, o) is None]
    for spec, (c, _) in zip(specs, named, strict=True):
        if all(c is not other for other, _ in suited):  # a compression that serves with none of its values is a mistake
            _accepted(compiled.information, spec)
    families = (
        candidates(compiled.information)
        if not specs
        else [
            (registry().compressions[name], [(spec_of(c, o), o) for c, o in suited if c.name == name])
            for name in dict.fromkeys(c.name for c, _ in suited)
        ]
    )
    limit = compiled.request.max_nodes
    with timed(compiled.seconds, "sweep"):
        attempts = tuple(
            sweep(families, lambda c, o: c.apply(compiled.information, o, limit, progress), solver.candidate, seconds)
        )
    return Sweep(compiled, concept, solver.backend.name, (*attempts, *unsuited))


def derived(solver: Solver, compress: CompressionRequest) -> tuple[CompressionResult, Policy]:
    compiled, target = solver.compiled, compress.target
    if target is None:
        raise InputError(
            [
                Diagnostic(
                    "E618",
                    "--compress auto needs the gap that is to be met",
                    help="add --epsilon X, in the unit of the rewards",
                )
            ]
        )
    attempts: list[Attempt[Candidate]] = []
    with timed(compiled.seconds, "derive"):
        found_in_turn = derive(
            candidates(compiled.information),
            lambda compression, options, limit: compression.apply(compiled.information, options, limit, quiet),
            solver.candidate,
            lambda found: found.certified is not None and found.certified <= target,
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
    made = CompressionResult(
        best.spec, best.compressed, found.assessment, found.certified, found.bounds, tuple(attempts), target
    )
    return made, found.policy


def _certified(candidate: Candidate | None) -> float:
    return float("inf") if candidate is None or candidate.certified is None else candidate.certified
