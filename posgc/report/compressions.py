"""What `--compress` did, as a table, as sentences and as JSON; `posgc solve` and `posgc plot` share it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from posgc.compression.assess import Assessment
from posgc.compression.derive import Attempt
from posgc.language.numerals import plural
from posgc.language.rounding import at_most
from posgc.pipeline import Candidate, CompressionResult
from posgc.plugin.specs import compression_of
from posgc.report.parts import Grid

__all__ = ["attempts_table", "document", "plotted", "row", "sentences"]

Json = dict[str, Any]

BASIS = {
    "lossless": "nothing is lost",
    "replaced": "distances met while merging",
    "expected": "the window's own error",
    "measured": "measured errors",
}
"""What a bound rests on."""


def document(found: CompressionResult) -> Json:
    """The field `compression` of `posgc solve --json`."""
    a = found.assessment
    return {
        "spec": found.spec,
        "nodes": sum(found.compressed.graph.sizes),
        "certified": found.certified,
        "target": found.target,
        "met": found.met,
        **_errors(a),
        "bounds": [
            {
                "kind": b.kind,
                "value": b.gap,
                "own": float(b.own.max()),
                "gains": b.gains.tolist(),
                "value_error": b.value_error.tolist(),
            }
            for b in a.bounds
        ],
        "not_verified": a.not_verified,
        "played": _played(a),
        "attempts": [row(attempt) for attempt in found.attempts],
    }


def _errors(a: Assessment) -> Json:
    measured, sampled = a.measured, a.sampled_error
    return {
        "epsilon_r": None if measured is None else measured.epsilon_r.max(axis=1).tolist(),
        "epsilon_z": None if measured is None else float(measured.epsilon_z.max()),
        "errors_exact": None if measured is None else measured.exact,
        "not_measured": a.not_measured,
        "sampled_error": None
        if sampled is None
        else {
            "mean": sampled.mean.tolist(),
            "half_interval": sampled.half.tolist(),
            "episodes": sampled.episodes,
        },
    }


def _played(a: Assessment) -> Json | None:
    if a.sampled_gap is None:
        return None
    g = a.sampled_gap
    return {
        "values": g.values.tolist(),
        "values_half_interval": g.values_half.tolist(),
        "gains": g.gains.tolist(),
        "gains_half_interval": g.gains_half.tolist(),
        "episodes": g.episodes,
        "confidence": 0.95,
    }


def row(attempt: Attempt[Candidate]) -> Json:
    """One attempt as JSON; null for what is not known."""
    found = attempt.result
    a = None if found is None else found.assessment
    measured, bound = (None, None) if a is None else (a.measured, a.bound)
    checked = None if a is None else a.judgement
    return {
        "spec": attempt.spec,
        "nodes": attempt.nodes,
        "epsilon_r": None if measured is None else float(measured.epsilon_r.max()),
        "epsilon_z": None if measured is None else float(measured.epsilon_z.max()),
        "bound": None if bound is None else bound.gap,
        "bound_kind": None if bound is None else bound.kind,
        "gap": checked.gap if checked is not None and checked.status == "exact" else None,
        "certified": None if found is None else found.certified,
        "values": None if found is None else list(_values(found) or ()),
        "seconds": attempt.seconds,
        "note": attempt.note,
    }


def plotted(attempt: Attempt[Candidate]) -> Json:
    """A row of `posgc plot`: the attempt's, with the compression's name, its first option where that is a number, and
    the largest distance that the certificate names."""
    compression, options = compression_of(attempt.spec)
    first = next((field.name for field in fields(compression.options)), None)
    value = None if first is None else getattr(options, first)
    certificate = None if attempt.compressed is None else attempt.compressed.certificate
    return {
        "name": compression.name,
        "option": first,
        "parameter": value if isinstance(value, (int, float)) else None,
        "certificate": None if certificate is None else float(certificate.distance.max(initial=0.0)),
        "certificate_kind": None if certificate is None else certificate.kind,
        **row(attempt),
    }


def _values(found: Candidate) -> tuple[float, ...] | None:
    checked = found.judgement
    return found.policy.claim.values if checked is None else checked.values


def attempts_table(attempts: tuple[Attempt[Candidate], ...]) -> Grid:
    """What was tried, in order."""
    rows = []
    for attempt in attempts:
        cells = row(attempt)
        numbers = [_number(cells[key]) for key in ("epsilon_r", "epsilon_z", "bound", "gap", "certified")]
        nodes = "" if attempt.nodes is None else str(attempt.nodes)
        rows.append((attempt.spec, nodes, *numbers, f"{attempt.seconds:.2f}", attempt.note[:80]))
    return Grid(("compression", "nodes", "ε_r", "ε_z", "bound", "exact gap", "certified", "seconds", ""), rows)


def _number(value: float | None) -> str:
    return "" if value is None else at_most(value, 4)


def sentences(found: CompressionResult, agents: tuple[str, ...]) -> list[str]:
    """The same in words: what was compressed, what is certified of it, and what is only estimated."""
    a = found.assessment
    lines = [f"compression {found.spec}: {plural(sum(found.compressed.graph.sizes), 'node')}"]
    if a.measured is not None:
        how = "exact" if a.measured.exact else "upper bounds"
        of_r, of_z = (at_most(float(e.max()), 4) for e in (a.measured.epsilon_r, a.measured.epsilon_z))
        lines.append(f"  measured error ({how}): ε_r = {of_r} (unit of the rewards), ε_z = {of_z} (L1)")
    else:
        lines.append(f"  error not measured: {a.not_measured}")
    if a.sampled_error is not None:
        worst = int(a.sampled_error.mean.argmax())
        lines.append(
            f"  no certificate; distance of beliefs under uniform play, at most at step {worst + 1}: "
            f"{a.sampled_error.mean[worst]:z.4g} ± {a.sampled_error.half[worst]:z.2g} "
            f"(95 %, {plural(a.sampled_error.episodes, 'episode')}; an estimate, no bound)"
        )
    for b in a.bounds:
        lines.append(
            f"  certified: gap in the true game at most {at_most(b.gap, 4)} ({BASIS[b.kind]}; "
            f"{b.own.max():z.3g} of it is the compressed game's own gap)"
        )
    if a.judgement is None:
        lines.append(f"  exact gap not computed: {a.not_verified}")
    if a.sampled_gap is not None:
        g = a.sampled_gap
        for i, agent in enumerate(agents):
            lines.append(
                f"  played: {agent} earns {g.values[i]:z.6g} ± {g.values_half[i]:z.2g}, and its best answer "
                f"in the compressed game gains {g.gains[i]:z.4g} ± {g.gains_half[i]:z.2g} "
                f"(95 %, {plural(g.episodes, 'episode')}; estimates)"
            )
    return lines
