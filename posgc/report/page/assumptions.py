"""The three assumptions of the theory, with proofs or counterexamples in words and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from posgc.pipeline import Report
from posgc.report.checked import assigned, given, observability, verdict
from posgc.report.page.blocks import Block, Finding, Section
from posgc.report.parts import Grid

__all__ = ["assumptions_section"]

ROWS = 12
"""Rows of a counterexample that are shown."""

EVOLUTION = (
    "What the agents know follows, step by step, from what they knew before and what has become known since. "
    "All that follows rests on it."
)
OBSERVABILITY = (
    "Observations tell apart whatever beliefs may be held: two different beliefs predict different observations, by a "
    "factor of at least γ. Where γ is above 0, what is long past may be forgotten at a known price. Only such bounds "
    "rest on it; policies and their gaps do not."
)
INDEPENDENCE = (
    "What everybody knows fixes what everybody should believe of the hidden state, whatever the agents had planned. "
    "Then a plan may be made on common beliefs alone, which is much less work. Where it fails, plans have to look at "
    "hidden histories instead."
)


def assumptions_section(report: Report) -> Section:
    """A finding for each assumption."""
    third = report.independence
    witness = [] if third.witness is None else _counterexample(third.witness)
    findings = [
        Finding(
            "Assumption 1: information evolves",
            report.evolution.holds,
            EVOLUTION,
            _trimmed(verdict("", report.evolution, True)),
        ),
        Finding(
            "Assumption 2: observations tell beliefs apart",
            report.observability.holds,
            OBSERVABILITY,
            _trimmed(observability(report, True)),
        ),
        Finding(
            "Assumption 3: beliefs do not depend on strategies",
            third.holds,
            INDEPENDENCE,
            witness + _trimmed(verdict("", third, True))[bool(witness) :],
        ),
    ]
    lead = (
        "The theory helps where its assumptions hold. Each was checked: there is a proof, a counterexample in numbers, "
        "or the limit at which the check stopped."
    )
    return Section("assumptions", "What may be assumed", lead, findings)


def _trimmed(lines: Iterable[str]) -> list[Block]:
    """The lines but the first, which the heading says."""
    _, *rest = lines
    return [line.strip() for line in rest]


def _counterexample(witness: Any) -> list[Block]:
    """Two ways of choosing at one step, and the two beliefs that they lead to after the same common news."""
    one, two = witness["prescriptions"]
    rules = [
        (
            agent,
            given(first["private"], "") or "nothing of its own",
            assigned(first["action"]),
            assigned(second["action"]),
        )
        for agent in one
        for first, second in zip(one[agent], two[agent], strict=True)
    ]
    beliefs: dict[tuple[str, str], list[float]] = {}
    for k, posterior in enumerate(witness["posteriors"]):
        for outcome in posterior:
            key = outcome["state"], given(outcome["private"], "") or "nothing"
            beliefs.setdefault(key, [0.0, 0.0])[k] += outcome["probability"]
    apart = sorted(beliefs.items(), key=lambda entry: -abs(entry[1][0] - entry[1][1]))
    seen = {item: value for increment in witness["history"] for item, value in increment.items()}
    blocks: list[Block] = [
        f"Say that at step {witness['step']} {given(seen, 'everybody knows that ') or 'nothing is common knowledge'}. "
        "The agents may then choose in one of two ways:",
        Grid(("agent", "when it knows", "first way", "second way"), rules[:ROWS]),
        *_left(len(rules), "rules"),
        f"{given(witness['increment'], 'Now it becomes known that ') or 'Nothing new becomes known'}. "
        "What everybody should believe differs:",
        Grid(
            ("state", "known to some", "after the first way", "after the second way"),
            [(*key, f"{p:z.6g}", f"{q:z.6g}") for key, (p, q) in apart[:ROWS]],
        ),
        *_left(len(apart), "outcomes"),
        f"The L1 distance of the two beliefs is {witness['distance']:z.6g}; 0 would be the same belief, and 2 is as "
        "far apart as beliefs can be.",
    ]
    return blocks


def _left(count: int, what: str) -> list[str]:
    more = count - ROWS
    return [] if more <= 0 else [f"… {more:,} more {what}: `posgc check --witness FILE` writes all"]
