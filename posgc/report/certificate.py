"""What a judge says of a policy, as parts of a text."""

from __future__ import annotations

from collections.abc import Iterator

from posgc.judge.judgement import Judgement
from posgc.judge.referee import Comparison
from posgc.language.numerals import plural
from posgc.language.rounding import at_most
from posgc.pipeline import Compiled
from posgc.report.parts import Grid, Part

__all__ = ["certificate", "second_opinion"]


def certificate(compiled: Compiled, checked: Judgement) -> Iterator[Part]:
    """Values, gains and gap, and how they were judged."""
    if checked.gains is None or checked.gap is None or checked.nash_conv is None or checked.certified is None:
        yield from _estimated(compiled, checked)
        return
    exact = checked.status == "exact"

    def gained(x: float) -> str:
        return f"{x:z.3g}" if exact else at_most(x)

    most = "" if exact else "at most "
    rows = [
        (agent, f"{value:z.12g}", gained(gain))
        for agent, value, gain in zip(compiled.model.signature.agents, checked.values, checked.gains, strict=True)
    ]
    yield Grid(("agent", "value", f"gain by deviating{most and ', at most'}"), rows)
    yield (
        f"{checked.deviations.title} gap in the true game: {most}{gained(checked.gap)} (largest single gain), "
        f"NashConv {most}{gained(checked.nash_conv)} (sum); merging and rounding change it by at most "
        f"{at_most(checked.error, 1)}"
    )
    if compiled.tail is not None:
        whole = at_most(checked.certified + compiled.tail)
        yield (
            f"the game has no end and was cut after {plural(compiled.model.horizon, 'step')}; later "
            f"deviations gain at most {at_most(compiled.tail)}, so its gap is at most {whole}"
        )
    if checked.judged_on == "histories":
        states = plural(sum(checked.pairs), "information state")
        yield f"judged on histories ({states} of deviators), which does not need Assumption 3"
        if not exact:
            yield (
                "note: deviators remember all that they have ever known and been told, which may be more "
                "than this gap's definition allows (`forget`, earlier recommendations): the gains are upper "
                "bounds"
            )
    elif compiled.information.protocol.forget is not None:
        yield "note: deviators are given the same memory as the agents (`forget`)"


def _estimated(compiled: Compiled, checked: Judgement) -> Iterator[Part]:
    """What playing says: means with intervals, and nothing of deviations."""
    assert checked.margins is not None and checked.confidence is not None
    rows = [
        (agent, f"{mean:z.6g}", f"{mean - half:z.6g} to {mean + half:z.6g}")
        for agent, mean, half in zip(compiled.model.signature.agents, checked.values, checked.margins, strict=True)
    ]
    yield Grid(("agent", "value, estimated", f"{checked.confidence:.0%} interval"), rows)
    yield (
        f"estimated by play ({plural(sum(checked.pairs), 'episode')}); what a deviation could gain is not known, "
        "and nothing is proved"
    )


def second_opinion(opinion: Comparison | None) -> Iterator[str]:
    """Whether the referee agrees, and where it first does not."""
    if opinion is None:
        return
    first, asked = opinion.disagreement, f"{plural(len(opinion.findings), 'number')} on {plural(opinion.nodes, 'node')}"
    if first is None:
        worst = max(f.difference for f in opinion.findings)
        yield f"referee {opinion.referee} agrees: {asked}, largest difference {worst:z.3g}"
    else:
        of = f" of {first.agent}" if first.agent else ""
        yield (
            f"referee {opinion.referee} DISAGREES ({asked}): the {first.quantity}{of} is {first.ours:z.12g} "
            f"here, {first.theirs:z.12g} there"
        )
