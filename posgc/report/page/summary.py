"""What a page says first: what was asked, what came of it, and what it rests on."""

from __future__ import annotations

from posgc.language.concepts import CONCEPTS
from posgc.language.numerals import plural
from posgc.language.rounding import at_most, bracket
from posgc.pipeline import Findings
from posgc.report.ladder import rungs

__all__ = ["summary"]

STEPS = 3
"""Steps of the order of protocols that the summary names."""


def summary(found: Findings) -> list[tuple[str, str]]:
    """Names with sentences, the most telling first."""
    compiled, concept = found.compiled, CONCEPTS[found.question.concept]
    decisions = "without end" if compiled.request.endless else f"for {plural(compiled.model.horizon, 'decision')}"
    asked = f"a {concept.title} under the sharing protocol {compiled.information.protocol.name}, {decisions}"
    report = found.report
    answers = report.evolution.answer, report.observability.answer, report.independence.answer
    rests = "; ".join(f"Assumption {k} {answer}" for k, answer in enumerate(answers, 1))
    return [
        ("asked for", asked),
        *_earned(found),
        *_certified(found),
        *_worth(found),
        ("assumptions", rests),
        *([("not known", found.why.partition("\n")[0].rstrip(":"))] if found.why else []),
        *([("cut short", _cut_short(found))] if found.allowed.late else []),
    ]


def _cut_short(found: Findings) -> str:
    """What there was no time for."""
    late = ", ".join(dict.fromkeys(found.allowed.late))
    return f"{late}; {found.allowed.seconds:g} seconds were shared by all parts, and `--time-limit` allows more"


def _earned(found: Findings) -> list[tuple[str, str]]:
    """What the agents earn, and bounds on the value of the game."""
    policy, judgement = found.policy, found.judgement
    if policy is None:
        return [("answer", "no policy was found")]
    agents = found.compiled.model.signature.agents
    if judgement is None:
        return [("answer", "there is a policy, and it is too large to be judged")]
    estimated = "" if judgement.proved else ", estimated by play"
    if len(set(judgement.values)) == 1:
        answer = f"every agent earns {judgement.values[0]:z.10g}{estimated}"
    else:
        pairs = zip(agents, judgement.values, strict=True)
        answer = f"{'; '.join(f'{agent} earns {value:z.10g}' for agent, value in pairs)}{estimated}"
    lower, upper = (None, None) if found.solution is None else found.solution.bounds
    known = [("answer", f"{answer}, in the unit of the rewards, over the whole game")]
    if found.solution is not None and lower is not None and upper is not None:
        known.append((found.solution.bounds_title, bracket(lower, upper)))
    return known


def _certified(found: Findings) -> list[tuple[str, str]]:
    if found.policy is None:
        return []
    judgement = found.judgement
    gap = None if judgement is None or judgement.certified is None else judgement.certified + (found.compiled.tail or 0)
    if found.solution is not None:
        gap = found.solution.certified_gap
    if gap is None:
        return [("certificate", "none: what an agent could gain by leaving the policy is not known")]
    return [("certificate", f"no agent gains more than {at_most(gap)} by leaving the policy alone, in the true game")]


def _worth(found: Findings) -> list[tuple[str, str]]:
    """What the steps of the order add that lead to the protocol itself, or away from it."""
    comparison = found.comparison
    if comparison is None:
        return []
    steps = [step for step in rungs(comparison) if step.added and comparison.protocols[0] in (step.richer, step.poorer)]
    said = [f"{step.richer} over {step.poorer}: {', '.join(step.words(comparison.agents))}" for step in steps]
    more = [f"{len(said) - STEPS} more below"] if len(said) > STEPS else []
    return [("worth of being told more", "; ".join([*said[:STEPS], *more]))] if said else []
