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
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.pipeline.checking import candidates
from posgc.pipeline.compiling import Compiled, quiet, timed
from posgc.pipeline.running import Candidate, Runner, runner_of
from posgc.play.environment import Budget
from posgc.plugin.backend import Progress
from posgc.plugin.registry import registry
from posgc.plugin.specs import compression_of, spec_of

__all__ = ["CompressionRequest", "CompressionResult", "Sweep", "applied", "derived", "solve_each"]


NO_BUDGET = Budget(0)
"""A compressed game is planned on, never learned."""


@dataclass(frozen=True)
class CompressionResult:
    """What `--compress` did."""

    spec: str
    compressed: CompressedGame
    candidate: Candidate
    attempts: tuple[Attempt[Candidate], ...] = ()  # those of `auto`, in order
    target: float | None = None  # the gap that was to be met, if any

    @property
    def assessment(self) -> Assessment:
        """What is known of the compression's error."""
        assert self.candidate.assessment is not None
        return self.candidate.assessment

    @property
    def certified(self) -> float | None:
        """As `Candidate.certified`."""
        return self.candidate.certified

    @property
    def met(self) -> bool:
        """Whether the target, if there was one, is met."""
        return self.target is None or (self.certified is not None and self.certified <= self.target)


@dataclass(frozen=True)
class CompressionRequest:
    """How to compress."""

    spec: str  # as on the command line
    target: float | None = None  # for `auto`: the gap to meet
    seconds: float = 300.0  # for `auto`: the time that it may take


@dataclass(frozen=True)
class Sweep:
    """Every candidate solved, by which back-end, in order."""

    compiled: Compiled
    concept: ConceptName
    backend: str
    attempts: tuple[Attempt[Candidate], ...]


def applied(runner: Runner, spec: str) -> CompressionResult:
    """The game solved under the one compression that is called for."""
    compiled, seconds = runner.compiled, runner.compiled.seconds
    compression, options = _accepted(compiled.information, spec)
    with timed(seconds, "compress"):
        made = compression.apply(compiled.information, options, compiled.request.max_nodes, runner.progress)
        compressed = runner.trusted(made)
    name = spec_of(compression, options)
    with timed(seconds, "solve"):
        candidate = runner.candidate(name, compressed)
    return CompressionResult(name, compressed, candidate)


def _accepted(information: Information, spec: str) -> tuple[Compression, Any]:
    """The compression that is called for.  Raises InputError (E616, E617, E612)."""
    compression, options = compression_of(spec)
    reason = compression.applies(information, options)
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
    concept: ConceptName,
    specs: list[str],
    backend: str | None = None,
    options: Mapping[str, object] | None = None,
    progress: Progress = quiet,
    seconds: float = 300.0,
) -> Sweep:
    """Solve under each of the compressions, or under all candidates where none is named; a compression is left after
    the first of its models that is too large.  Raises as `solve` does."""
    runner = runner_of(compiled, concept, backend, options, progress, NO_BUDGET)
    runner.require_compressible()
    named = [compression_of(spec) for spec in specs]
    unsuited = [
        Attempt[Candidate](spec_of(c, o), None, 0.0, None, None, reason)
        for c, o in named
        if (reason := c.applies(compiled.information, o)) is not None
    ]
    suited = [(c, o) for c, o in named if c.applies(compiled.information, o) is None]
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
            sweep(families, lambda c, o: c.apply(compiled.information, o, limit, progress), runner.candidate, seconds)
        )
    return Sweep(compiled, concept, runner.backend.name, (*attempts, *unsuited))


def derived(runner: Runner, compress: CompressionRequest) -> CompressionResult:
    """The cheapest compression that meets the gap asked for, else the best that was found."""
    compiled, target = runner.compiled, compress.target
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
            runner.candidate,
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
    return CompressionResult(best.spec, best.compressed, best.result, tuple(attempts), target)


def _certified(candidate: Candidate | None) -> float:
    return float("inf") if candidate is None or candidate.certified is None else candidate.certified
