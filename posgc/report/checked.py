"""The report of `posgc check` and the replay of a counterexample, as text."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from posgc.assumptions import ReplayResult, Verdict
from posgc.language.numerals import plural
from posgc.language.rounding import at_most
from posgc.pipeline import Report
from posgc.plugin.registry import registry
from posgc.report.compressions import BASIS
from posgc.report.console import heading, say, standard_output

__all__ = ["ANSWER", "check", "replayed"]

WITNESS_LINES = 8
ANSWER = {True: "holds", False: "FAILS", None: "not decided"}


def check(report: Report, verbose: bool = False) -> None:
    """The report of `posgc check`: a line for each verdict, and with `verbose` proofs, witnesses and reasons."""
    console = standard_output()
    heading(console, report.compiled)
    say(console)
    _verdict(console, "Assumption 1 (evolution of information)", report.evolution, verbose)
    _gamma(console, report, verbose)
    _verdict(console, "Assumption 3 (strategy-independent beliefs)", report.independence, verbose)
    if verbose and report.independence.witness is not None:
        _witness(console, report.independence.witness)
    if report.layers:
        shown = ", ".join(map(str, report.layers[:12])) + (", …" if len(report.layers) > 12 else "")
        say(console, f"Common beliefs by step: {shown} ({sum(report.layers)} in all)")
    else:
        say(console, f"Common beliefs by step: {report.layers_note}")
    _backends(console, report, verbose)
    if verbose:
        say(console)
        _compressions(console, report)
    else:
        names = ", ".join(offer.spec for offer in report.compressions)
        say(console, f"compressions: {names or 'none'}")
        say(console, "proofs, witnesses and reasons: --verbose")


def _backends(console: Console, report: Report, verbose: bool) -> None:
    """The back-ends that serve each concept, in the order in which they are taken; why the others do not."""
    serving = {c: [offer.name for offer in table if offer.applies] for c, table in report.offers.items()}
    alike: dict[str, list[str]] = {}
    for concept, names in serving.items():
        alike.setdefault(", ".join(names) or "no back-end", []).append(concept)
    for named, concepts in alike.items():
        say(console, f"{', '.join(concepts)} by: {named}")
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
        say(console, f"  not by {', '.join(listed)}: {reason}")


def _compressions(console: Console, report: Report) -> None:
    """What `--compress` may be given, as far as small limits tell, and what theory would ask of a window."""
    table = Table("compression", "nodes", "error (L1)", "", box=None, pad_edge=False)
    unbuilt: dict[str, list[str]] = {}
    for offer in report.compressions:
        if offer.nodes is None and offer.reason:
            unbuilt.setdefault(offer.reason, []).append(offer.spec)
            continue
        nodes = "" if offer.nodes is None else str(offer.nodes)
        error = "" if offer.error is None else at_most(offer.error, 4)
        table.add_row(escape(offer.spec), nodes, error, escape(offer.reason or BASIS.get(offer.kind or "", "")))
    if table.row_count:
        console.print(table)
    for reason, specs in unbuilt.items():
        say(console, f"compressions {', '.join(specs)}: {reason}")
    theory = report.theory
    steps = plural(math.ceil(theory.window), "step", ",") if math.isfinite(theory.window) else "no length (γ may be 0)"
    say(
        console,
        f"theory's window, γ⁻⁴ log(SH/ε) up to a constant, for γ = {theory.gamma:z.4g} on reachable "
        f"differences and ε = {theory.epsilon:g}: {steps}",
    )


def _verdict(console: Console, name: str, verdict: Verdict, verbose: bool) -> None:
    how = f" [{verdict.method}]" if verdict.method else ""
    lines = verdict.evidence.splitlines()
    if not verbose:
        why = f": {lines[0].rstrip(':')}" if lines and not verdict.holds else ""
        say(console, f"{name}: {ANSWER[verdict.holds]}{how}{why}")
        return
    say(console, f"{name}: {ANSWER[verdict.holds]}{how}")
    for line in lines if verdict.witness is None else lines[:1]:
        say(console, f"  {line.strip()}")
    for note in verdict.notes:
        say(console, f"  note: {note}")


def _gamma(console: Console, report: Report, verbose: bool) -> None:
    found = report.observability
    if not verbose:
        literal, reachable = found.literal.in_words, found.reachable.in_words
        more = "" if literal == reachable else f"; {reachable}, on reachable differences"
        say(console, f"Assumption 2 (γ-observability): {ANSWER[found.holds]}, γ is {literal}{more}")
        return
    say(console, f"Assumption 2 (γ-observability): {ANSWER[found.holds]}")
    for name, summary in (("γ", found.literal), ("γ on reachable differences", found.reachable)):
        worst = summary.worst
        at = f"; smallest at {', '.join(worst.action_labels[:3])} [{worst.method}]" if worst else ""
        say(console, f"  {name}: {summary.in_words}{at}")
        if worst is not None and worst.witness is not None and name == "γ":
            say(console, f"  witness: b = {_belief(worst.witness.b)} and b' = {_belief(worst.witness.b2)}")


def _belief(belief: tuple[tuple[int, str, float], ...]) -> str:
    shown = [f"{label}: {p:z.4g}" for _, label, p in belief[:4]]
    return "{" + "; ".join(shown) + ("; …" if len(belief) > 4 else "") + "}"


def _witness(console: Console, witness: Any) -> None:
    """The counterexample, laid out; `check --json` and `--witness FILE` hold all of it."""
    for number, (prescription, posterior) in enumerate(
        zip(witness["prescriptions"], witness["posteriors"], strict=True), start=1
    ):
        say(console, f"  prescription {number}:")
        for agent, rules in prescription.items():
            plays = "; ".join(_assigned(r["action"]) + _given(r["private"], " when ") for r in rules)
            say(console, f"    {agent}: {plays}")
        say(console, f"  belief {number}:")
        for outcome in posterior[:WITNESS_LINES]:
            say(console, f"    {outcome['probability']:z.6g}  {outcome['state']}{_given(outcome['private'], '; ')}")
        if len(posterior) > WITNESS_LINES:
            say(console, f"    … {len(posterior) - WITNESS_LINES} more (--witness FILE writes all)")


def _assigned(values: dict[str, str]) -> str:
    return ", ".join(f"{item}={value}" for item, value in values.items()) or "no choice"


def _given(values: dict[str, str], lead: str) -> str:
    return lead + _assigned(values) if values else ""


def replayed(result: ReplayResult) -> None:
    """The outcome of `posgc check --replay`."""
    console = standard_output()
    say(console, f"witness {'confirmed' if result.confirmed else 'REFUTED'}: {result.reason}")
    say(console, f"L1 distance of the two posteriors, recomputed: {result.distance:z.6g}")
