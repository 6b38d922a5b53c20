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
from posgc.report.compressions import BASIS
from posgc.report.console import heading, say, standard_output

__all__ = ["ANSWER", "check", "replayed"]

WITNESS_LINES = 8
ANSWER = {True: "holds", False: "FAILS", None: "not decided"}


def check(report: Report) -> None:
    """The report of `posgc check`."""
    console = standard_output()
    heading(console, report.compiled)
    say(console)
    _verdict(console, "Assumption 1 (evolution of information)", report.evolution)
    _gamma(console, report)
    _verdict(console, "Assumption 3 (strategy-independent beliefs)", report.independence)
    if report.independence.witness is not None:
        _witness(console, report.independence.witness)
    if report.layers:
        shown = ", ".join(map(str, report.layers[:12])) + (", …" if len(report.layers) > 12 else "")
        say(console, f"Common beliefs by step: {shown} ({sum(report.layers)} in all)")
    else:
        say(console, f"Common beliefs by step: {report.layers_note}")
    table = Table("back-end", "applies", "concepts", "why not", box=None, pad_edge=False)
    rows: dict[tuple[str, bool, str], list[str]] = {}
    for concept, offers in report.offers.items():
        for offer in offers:
            rows.setdefault((offer.name, offer.applies, offer.reason), []).append(concept)
    for (name, applies, reason), concepts in rows.items():
        table.add_row(name, "yes" if applies else "no", ", ".join(concepts), escape(reason))
    console.print(table)
    say(console)
    _compressions(console, report)


def _compressions(console: Console, report: Report) -> None:
    """What `--compress` may be given, as far as small limits tell, and what theory would ask of a window."""
    table = Table("compression", "nodes", "error (L1)", "", box=None, pad_edge=False)
    for offer in report.compressions:
        nodes = "" if offer.nodes is None else str(offer.nodes)
        error = "" if offer.error is None else at_most(offer.error, 4)
        table.add_row(escape(offer.spec), nodes, error, escape(offer.reason or BASIS.get(offer.kind or "", "")))
    console.print(table)
    theory = report.theory
    steps = plural(math.ceil(theory.window), "step", ",") if math.isfinite(theory.window) else "no length (γ may be 0)"
    say(
        console,
        f"theory's window, γ⁻⁴ log(SH/ε) up to a constant, for γ = {theory.gamma:z.4g} on reachable "
        f"differences and ε = {theory.epsilon:g}: {steps}",
    )


def _verdict(console: Console, name: str, verdict: Verdict) -> None:
    how = f" [{verdict.method}]" if verdict.method else ""
    say(console, f"{name}: {ANSWER[verdict.holds]}{how}")
    lines = verdict.evidence.splitlines()
    for line in lines if verdict.witness is None else lines[:1]:
        say(console, f"  {line.strip()}")
    for note in verdict.notes:
        say(console, f"  note: {note}")


def _gamma(console: Console, report: Report) -> None:
    found = report.observability
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
