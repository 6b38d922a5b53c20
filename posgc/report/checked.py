"""The report of `posgc check` and the replay of a counterexample, as text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from posgc.assumptions import ReplayResult, Verdict
from posgc.language.numerals import plural
from posgc.language.rounding import at_most
from posgc.pipeline import Report
from posgc.plugin.registry import registry
from posgc.report.compressions import BASIS
from posgc.report.console import heading, put, say, standard_output
from posgc.report.parts import Grid, Part

__all__ = [
    "ANSWER",
    "assigned",
    "check",
    "compressions",
    "given",
    "growth",
    "observability",
    "replayed",
    "serving",
    "verdict",
]

WITNESS_LINES = 8
ANSWER = {True: "holds", False: "FAILS", None: "not decided"}


def check(report: Report, verbose: bool = False) -> None:
    """The report of `posgc check`: a line for each verdict, and with `verbose` proofs, witnesses and reasons."""
    console = standard_output()
    heading(console, report.compiled)
    say(console)
    for part in _parts(report, verbose):
        put(console, part)


def _parts(report: Report, verbose: bool) -> Iterator[Part]:
    yield from verdict("Assumption 1 (evolution of information)", report.evolution, verbose)
    yield from observability(report, verbose)
    yield from verdict("Assumption 3 (strategy-independent beliefs)", report.independence, verbose)
    if verbose and report.independence.witness is not None:
        yield from _witness(report.independence.witness)
    yield growth(report)
    yield from serving(report, verbose)
    if verbose:
        yield ""
        yield from compressions(report)
    else:
        names = ", ".join(offer.spec for offer in report.compressions)
        yield f"compressions: {names or 'none'}"
        yield "proofs, witnesses and reasons: --verbose"


def growth(report: Report) -> str:
    """How many common beliefs there are at each step."""
    if not report.layers:
        return f"Common beliefs by step: {report.layers_note}"
    shown = ", ".join(map(str, report.layers[:12])) + (", …" if len(report.layers) > 12 else "")
    return f"Common beliefs by step: {shown} ({sum(report.layers)} in all)"


def serving(report: Report, verbose: bool) -> Iterator[str]:
    """The back-ends that serve each concept, in the order in which they are taken; why the others do not."""
    able = {c: [offer.name for offer in table if offer.applies] for c, table in report.offers.items()}
    alike: dict[str, list[str]] = {}
    for concept, names in able.items():
        alike.setdefault(", ".join(names) or "no back-end", []).append(concept)
    for named, concepts in alike.items():
        yield f"{', '.join(concepts)} by: {named}"
    if not verbose:
        return
    backends, refusing = registry().backends, dict[str, dict[str, list[str]]]()
    for concept, table in report.offers.items():
        for offer in table:
            if not offer.applies and concept in backends[offer.name].concepts:
                refusing.setdefault(offer.reason, {}).setdefault(offer.name, []).append(concept)
    for reason, refused in refusing.items():
        listed = (
            name if backends[name].concepts <= set(concepts) else f"{name} ({', '.join(concepts)})"
            for name, concepts in refused.items()
        )
        yield f"  not by {', '.join(listed)}: {reason}"


def compressions(report: Report) -> Iterator[Part]:
    """What `--compress` may be given, as far as small limits tell, and what theory would ask of a window."""
    rows: list[tuple[str, ...]] = []
    unbuilt: dict[str, list[str]] = {}
    for offer in report.compressions:
        if offer.nodes is None and offer.reason:
            unbuilt.setdefault(offer.reason, []).append(offer.spec)
            continue
        nodes = "" if offer.nodes is None else str(offer.nodes)
        error = "" if offer.error is None else at_most(offer.error, 4)
        rows.append((offer.spec, nodes, error, offer.reason or BASIS.get(offer.kind or "", "")))
    if rows:
        yield Grid(("compression", "nodes", "error (L1)", ""), rows)
    for reason, specs in unbuilt.items():
        yield f"compressions {', '.join(specs)}: {reason}"
    theory = report.theory
    steps = plural(math.ceil(theory.window), "step", ",") if math.isfinite(theory.window) else "no length (γ may be 0)"
    yield (
        f"theory's window, γ⁻⁴ log(SH/ε) up to a constant, for γ = {theory.gamma:z.4g} on reachable "
        f"differences and ε = {theory.epsilon:g}: {steps}"
    )


def verdict(name: str, found: Verdict, verbose: bool) -> Iterator[str]:
    """The verdict in a line; with `verbose` its proof, its limit or the first line of its counterexample."""
    how = f" [{found.method}]" if found.method else ""
    lines = found.evidence.splitlines()
    if not verbose:
        why = f": {lines[0].rstrip(':')}" if lines and not found.holds else ""
        yield f"{name}: {ANSWER[found.holds]}{how}{why}"
        return
    yield f"{name}: {ANSWER[found.holds]}{how}"
    for line in lines if found.witness is None else lines[:1]:
        yield f"  {line.strip()}"
    for note in found.notes:
        yield f"  note: {note}"


def observability(report: Report, verbose: bool) -> Iterator[str]:
    """Assumption 2 in a line; with `verbose` where γ is smallest, and a witness."""
    found = report.observability
    if not verbose:
        literal, reachable = found.literal.in_words, found.reachable.in_words
        more = "" if literal == reachable else f"; {reachable}, on reachable differences"
        yield f"Assumption 2 (γ-observability): {ANSWER[found.holds]}, γ is {literal}{more}"
        return
    yield f"Assumption 2 (γ-observability): {ANSWER[found.holds]}"
    for name, summary in (("γ", found.literal), ("γ on reachable differences", found.reachable)):
        worst = summary.worst
        where = "" if worst is None else ", ".join(worst.action_labels[:3])
        at = "" if worst is None else f"; smallest at {where} [{worst.method}]" if where else f"; {worst.method}"
        yield f"  {name}: {summary.in_words}{at}"
        if worst is not None and worst.witness is not None and name == "γ":
            yield f"  witness: b = {_belief(worst.witness.b)} and b' = {_belief(worst.witness.b2)}"


def _belief(belief: tuple[tuple[int, str, float], ...]) -> str:
    shown = [f"{label}: {p:z.4g}" for _, label, p in belief[:4]]
    return "{" + "; ".join(shown) + ("; …" if len(belief) > 4 else "") + "}"


def _witness(witness: Any) -> Iterator[str]:
    """The counterexample, laid out; `check --json` and `--witness FILE` hold all of it."""
    for number, (prescription, posterior) in enumerate(
        zip(witness["prescriptions"], witness["posteriors"], strict=True), start=1
    ):
        yield f"  prescription {number}:"
        for agent, rules in prescription.items():
            plays = "; ".join(assigned(r["action"]) + given(r["private"], " when ") for r in rules)
            yield f"    {agent}: {plays}"
        yield f"  belief {number}:"
        for outcome in posterior[:WITNESS_LINES]:
            yield f"    {outcome['probability']:z.6g}  {outcome['state']}{given(outcome['private'], '; ')}"
        if len(posterior) > WITNESS_LINES:
            yield f"    … {len(posterior) - WITNESS_LINES} more (--witness FILE writes all)"


def assigned(values: dict[str, str]) -> str:
    """`item=value, …`."""
    return ", ".join(f"{item}={value}" for item, value in values.items()) or "no choice"


def given(values: dict[str, str], lead: str) -> str:
    """The same after a `lead`; nothing where nothing is given."""
    return lead + assigned(values) if values else ""


def replayed(result: ReplayResult) -> None:
    """The outcome of `posgc check --replay`."""
    console = standard_output()
    say(console, f"witness {'confirmed' if result.confirmed else 'REFUTED'}: {result.reason}")
    say(console, f"L1 distance of the two posteriors, recomputed: {result.distance:z.6g}")
