"""What a judge says of a policy, as text."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from posgc.judge.judgement import Judgement
from posgc.judge.referee import Comparison
from posgc.language.numerals import plural
from posgc.language.rounding import at_most
from posgc.pipeline import Compiled
from posgc.report.console import say

__all__ = ["certificate", "second_opinion"]


def certificate(console: Console, compiled: Compiled, checked: Judgement) -> None:
    if checked.gains is None or checked.gap is None or checked.nash_conv is None or checked.certified is None:
        _estimated(console, compiled, checked)
        return
    exact = checked.status == "exact"

    def gained(x: float) -> str:
        return f"{x:z.3g}" if exact else at_most(x)

    most = "" if exact else "at most "
    table = Table("agent", "value", f"gain by deviating{most and ', at most'}", box=None, pad_edge=False)
    for agent, value, gain in zip(compiled.model.signature.agents, checked.values, checked.gains, strict=True):
        table.add_row(escape(agent), f"{value:z.12g}", gained(gain))
    console.print(table)
    say(
        console,
        f"{checked.deviations.title} gap in the true game: {most}{gained(checked.gap)} (largest single gain), "
        f"NashConv {most}{gained(checked.nash_conv)} (sum); merging and rounding change it by at most "
        f"{at_most(checked.error, 1)}",
    )
    if compiled.tail is not None:
        whole = at_most(checked.certified + compiled.tail)
        say(
            console,
            f"the game has no end and was cut after {plural(compiled.model.horizon, 'step')}; later "
            f"deviations gain at most {at_most(compiled.tail)}, so its gap is at most {whole}",
        )
    if checked.judged_on == "histories":
        states = plural(sum(checked.pairs), "information state")
        say(console, f"judged on histories ({states} of deviators), which does not need Assumption 3")
        if not exact:
            say(
                console,
                "note: deviators remember all that they have ever known and been told, which may be more "
                "than this gap's definition allows (`forget`, earlier recommendations): the gains are upper "
                "bounds",
            )
    elif compiled.information.protocol.forget is not None:
        say(console, "note: deviators are given the same memory as the agents (`forget`)")


def _estimated(console: Console, compiled: Compiled, checked: Judgement) -> None:
    """What playing says: means with intervals, and nothing of deviations."""
    assert checked.margins is not None and checked.confidence is not None
    table = Table("agent", "value, estimated", f"{checked.confidence:.0%} interval", box=None, pad_edge=False)
    for agent, mean, half in zip(compiled.model.signature.agents, checked.values, checked.margins, strict=True):
        table.add_row(escape(agent), f"{mean:z.6g}", f"{mean - half:z.6g} to {mean + half:z.6g}")
    console.print(table)
    say(
        console,
        f"estimated by play ({plural(sum(checked.pairs), 'episode')}); what a deviation could gain is not known, "
        "and nothing is proved",
    )


def second_opinion(console: Console, opinion: Comparison | None) -> None:
    """Whether the referee agrees, and where it first does not."""
    if opinion is None:
        return
    first, asked = opinion.disagreement, f"{plural(len(opinion.findings), 'number')} on {plural(opinion.nodes, 'node')}"
    if first is None:
        worst = max(f.difference for f in opinion.findings)
        say(console, f"referee {opinion.referee} agrees: {asked}, largest difference {worst:z.3g}")
    else:
        of = f" of {first.agent}" if first.agent else ""
        say(
            console,
            f"referee {opinion.referee} DISAGREES ({asked}): the {first.quantity}{of} is {first.ours:z.12g} "
            f"here, {first.theirs:z.12g} there",
        )
