"""The JSON objects of `--json`: a stable contract, fields may be added and never change their meaning."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from posgc.assumptions import ReplayResult, Verdict
from posgc.judge.judgement import Judgement
from posgc.judge.referee import Comparison
from posgc.language.diagnostics import Diagnostic, InputError, Source, Span
from posgc.language.diagnostics.code_table import Code
from posgc.pipeline import Compiled, Report, Simulation, Solution, Sweep
from posgc.play.sampler import CONFIDENCE
from posgc.plugin.options import describe_options
from posgc.plugin.registry import Registry
from posgc.report import compressions as compressed
from posgc.report.explained import explained_code

__all__ = [
    "Json",
    "check",
    "explain",
    "game_facts",
    "mistakes",
    "plot",
    "plugins",
    "replayed",
    "simulate",
    "sizes",
    "solve",
    "verify",
    "written",
]

Json = dict[str, Any]


def written(document: Json | list[Json]) -> str:
    """The document, or a list of them, as JSON; no number is -0."""
    return json.dumps(_plain(document))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(x) for x in value]
    return value + 0.0 if isinstance(value, float) else value


def check(report: Report) -> Json:
    """The document of `posgc check`."""
    compiled = report.compiled
    gamma = report.observability.as_json()
    rows = [
        {"name": offer.name, "concept": concept, "applies": offer.applies, "reason": offer.reason}
        for concept, table in report.offers.items()
        for offer in table
    ]
    return {
        **game_facts(compiled),
        "sizes": sizes(compiled),
        "assumptions": {"1": _verdict(report.evolution), "2": gamma, "3": _verdict(report.independence)},
        "layers": list(report.layers),
        "layers_note": report.layers_note,
        "compressions": [
            {"name": offer.spec, "nodes": offer.nodes, "error": offer.error, "kind": offer.kind, "reason": offer.reason}
            for offer in report.compressions
        ],
        "theory": {
            "gamma": report.theory.gamma,
            "epsilon": report.theory.epsilon,
            "window": report.theory.window if math.isfinite(report.theory.window) else None,
        },
        "backends": _by_backend(rows),
        **said(compiled),
        "seconds": compiled.seconds,
    }


def _by_backend(rows: list[Json]) -> list[Json]:
    """One row a back-end: it applies when it serves some concept; `concepts` says which, and why not."""
    result = []
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        served = [row["concept"] for row in own if row["applies"]]
        reason = "" if served else "; ".join(dict.fromkeys(row["reason"] for row in own))
        concepts = {row["concept"]: {"applies": row["applies"], "reason": row["reason"]} for row in own}
        result.append({"name": name, "applies": bool(served), "reason": reason, "concepts": concepts})
    return result


def game_facts(compiled: Compiled) -> Json:
    """Names: of the game, its protocol and its agents."""
    return {
        "game": compiled.model.name,
        "protocol": compiled.information.protocol.name,
        "agents": list(compiled.model.signature.agents),
    }


def sizes(compiled: Compiled) -> Json:
    """How many states, actions, observations and steps there are."""
    model = compiled.model
    return {
        "states": model.n_states,
        "actions": list(model.signature.action_sizes),
        "observations": list(model.signature.observation_sizes),
        "horizon": model.horizon,
    }


def _verdict(verdict: Verdict) -> Json:
    return {
        "holds": verdict.holds,
        "method": verdict.method,
        "evidence": verdict.evidence,
        "witness": verdict.witness,
        "notes": list(verdict.notes),
    }


def said(compiled: Compiled) -> Json:
    """What is odd about the game: warnings and notes, and the warnings by themselves."""
    found = _diagnostics(compiled.diagnostics, compiled.source)
    return {"diagnostics": found, "warnings": [d for d in found if d["severity"] == "warning"]}


def _diagnostics(diagnostics: Iterable[Diagnostic], source: Source | None) -> list[Json]:
    return [_diagnostic(d, source) for d in diagnostics]


def _diagnostic(d: Diagnostic, source: Source | None) -> Json:
    """`line` and `column` are those of `file`; a span is one of the whole text, with included files in their places."""
    place = None if d.span is None else (source or Source("", "")).place(d.span)
    return {
        "code": d.code,
        "severity": d.severity,
        "message": d.message,
        "file": None if place is None or source is None else place[0],
        "line": None if place is None else place[1],
        "column": None if place is None else place[2],
        "span": _span(d.span),
        "help": d.help,
        "labels": [{"span": _span(label.span), "text": label.text} for label in d.labels],
        "replacements": [{"span": _span(change.span), "text": change.text} for change in d.replacements],
    }


def _span(span: Span | None) -> Json | None:
    """Characters `start` to `end` of the text, from 0, the end not included; line and column from 1."""
    if span is None:
        return None
    return {"start": span.start, "end": span.end, "line": span.line, "column": span.column}


def mistakes(error: InputError) -> Json:
    """The document of any command whose input is wrong."""
    return {
        "file": None if error.source is None else error.source.name,
        "status": error.status,
        "diagnostics": _diagnostics(error.diagnostics, error.source),
    }


def explain(code: Code) -> Json:
    """The document of `posgc explain`."""
    explained = explained_code(code)
    return {
        "code": code.code,
        "title": code.title,
        "explanation": code.explanation,
        "wrong": explained.wrong,
        "said": explained.said,
        "right": explained.right,
    }


def _values(compiled: Compiled, judgement: Judgement) -> Json:
    agents = compiled.model.signature.agents
    after, gap, certified = compiled.tail or 0.0, judgement.gap, judgement.certified
    return {
        "values": dict(zip(agents, judgement.values, strict=True)),
        "gap": {
            "kind": judgement.kind,
            "status": judgement.status,
            "value": None if gap is None else gap + after,
            "judged_on": judgement.judged_on,
            "exact": compiled.tail is None and judgement.status == "exact",
            "error": judgement.error if judgement.proved else None,
            "tail": compiled.tail,
            "certified": None if certified is None else certified + after,
            "nash_conv": judgement.nash_conv,
            "gains": dict.fromkeys(agents)
            if judgement.gains is None
            else dict(zip(agents, judgement.gains, strict=True)),
            "confidence": judgement.confidence,
            "margins": None if judgement.margins is None else dict(zip(agents, judgement.margins, strict=True)),
        },
    }


def _unverified(solution: Solution) -> Json:
    """Values claimed in the compressed game, and the bound on the gap, where the exact gap is not known."""
    agents, found = solution.compiled.model.signature.agents, solution.compression
    bound = None if found is None else found.assessment.bound
    return {
        "values": dict(zip(agents, solution.policy.claim.values or [None] * len(agents), strict=True)),
        "gap": {
            "kind": solution.policy.header.against,
            "status": None if bound is None else "bounded",
            "value": None if bound is None else bound.gap,
            "judged_on": None,
            "exact": False,
            "tail": solution.compiled.tail,
            "error": None if bound is None else float(bound.value_error.max()),
            "certified": None if bound is None else bound.gap,
            "nash_conv": None,
            "gains": dict.fromkeys(agents) if bound is None else dict(zip(agents, bound.gains.tolist(), strict=True)),
            "confidence": None,
            "margins": None,
        },
    }


def solve(solution: Solution, path: str | None, opinion: Comparison | None = None) -> Json:
    """The document of `posgc solve`; `policy` is the path that was written, or null."""
    header, claim = solution.policy.header, solution.policy.claim
    return {
        **game_facts(solution.compiled),
        "concept": header.concept,
        "backend": header.backend,
        "options": header.options,
        **(_values(solution.compiled, solution.judgement) if solution.judgement is not None else _unverified(solution)),
        "compression": None if solution.compression is None else compressed.document(solution.compression),
        "bounds": dict(zip(("lower", "upper"), solution.bounds, strict=True)),
        "bounds_claimed": solution.bounds_claimed,
        "layers": list(solution.layers),
        "seconds": solution.compiled.seconds,
        "peak_nodes": sum(solution.layers),
        "policy": path,
        "claimed": None if claim.values is None else list(claim.values),
        **said(solution.compiled),
        "stage_gap": {"largest": claim.stage_gap, "end_to_end_bound": claim.gap_bound},
        "notes": list(claim.notes),
        "caveats": list(claim.caveats),
        "search": claim.search,
        "gap_estimate": claim.gap_estimate,
        "samples": claim.samples,
        "curve": [{"samples": samples, "value": value} for samples, value in claim.curve],
        "independence": solution.independence.method,
        "referee": _opinion(opinion),
    }


def verify(compiled: Compiled, judgement: Judgement, concept: str, opinion: Comparison | None = None) -> Json:
    """The document of `posgc verify`."""
    on_pairs, counts = judgement.judged_on == "pairs", list(judgement.pairs)
    return {
        **game_facts(compiled),
        "concept": concept,
        **_values(compiled, judgement),
        "pairs": counts if on_pairs else [],
        "information_states": [] if on_pairs else counts,
        "referee": _opinion(opinion),
    }


def _opinion(opinion: Comparison | None) -> Json | None:
    """What the referee said, or null where none was asked."""
    if opinion is None:
        return None
    findings = [
        {"agent": f.agent or None, "quantity": f.quantity, "ours": f.ours, "theirs": f.theirs} for f in opinion.findings
    ]
    first = opinion.disagreement
    return {
        "name": opinion.referee,
        "agrees": first is None,
        "tolerance": opinion.tolerance,
        "nodes": opinion.nodes,
        "findings": findings,
        "first_disagreement": None if first is None else opinion.findings.index(first),
    }


def plot(found: Sweep, picture: str | None) -> Json:
    """The document of `posgc plot`; `picture` is the path that was written, or null."""
    return {
        **game_facts(found.compiled),
        "concept": found.concept,
        "backend": found.backend,
        "picture": picture,
        "attempts": [compressed.plotted(attempt) for attempt in found.attempts],
        "seconds": found.compiled.seconds,
    }


def simulate(simulation: Simulation, lines: list[Json], path: str | None) -> Json:
    """The document of `posgc simulate`; `lines` are the traces, unless they were written to `path`."""
    compiled, found = simulation.compiled, simulation.estimate
    agents = compiled.model.signature.agents
    error, interval, claimed = found.error, found.interval, simulation.claimed
    return {
        **game_facts(compiled),
        "policy": simulation.policy,
        "seed": compiled.request.seed,
        "horizon": compiled.model.horizon,
        "discount": compiled.model.discount,
        "episodes": found.episodes,
        "stopped": found.stopped,
        "mean": dict(zip(agents, found.mean.tolist(), strict=True)),
        "error": None if error is None else dict(zip(agents, error.tolist(), strict=True)),
        "interval": None if interval is None else dict(zip(agents, interval.tolist(), strict=True)),
        "confidence": {"level": CONFIDENCE, "kind": "normal"},
        "claimed": None if claimed is None else dict(zip(agents, claimed, strict=True)),
        "traces": lines,
        "out": path,
        **said(compiled),
        "seconds": compiled.seconds,
    }


def replayed(result: ReplayResult) -> Json:
    """The document of `posgc check --replay`."""
    return {
        "confirmed": result.confirmed,
        "distance": result.distance,
        "claim_error": result.claim_error,
        "reason": result.reason,
    }


def plugins(found: Registry) -> Json:
    """The document of `posgc plugins`."""
    return {
        "plugins": [
            {"name": p.name, "distribution": p.distribution, "version": p.version, "defect": p.defect}
            for p in found.plugins
        ],
        "backends": [
            {"name": b.name, "summary": b.summary, "concepts": sorted(b.concepts), "reads": b.reads}
            for b in found.backends.values()
        ],
        "compressions": [
            {"name": c.name, "summary": c.summary, "options": describe_options(c.options)}
            for c in found.compressions.values()
        ],
        "importers": [
            {"name": i.name, "summary": i.summary, "suffixes": list(i.suffixes)} for i in found.importers.values()
        ],
        "exporters": [{"name": e.name, "summary": e.summary} for e in found.exporters.values()],
        "referees": [{"name": r.name, "summary": r.summary, "missing": r.applies()} for r in found.referees.values()],
        "blocks": [{"name": b.name, "summary": b.summary} for b in found.blocks.values()],
    }
