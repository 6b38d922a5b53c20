"""What `posgc design` says: the front with its `share` blocks, what was pruned, the JSON object and the CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
from rich.markup import escape
from rich.table import Table

from posgc.language.numerals import plural
from posgc.language.rounding import at_most
from posgc.language.sharing.lag_table import NEVER
from posgc.language.sharing.lattice import Choice, Option
from posgc.pipeline import Bracket, Design, Kept, Row
from posgc.report.compared import HOLDS, range_words, row_document, written_rows
from posgc.report.console import say, standard_output
from posgc.report.documents import Json
from posgc.report.front_chart import front_chart as draw

__all__ = ["document", "draw", "rows", "text"]

LISTED = 20
"""Protocols that were not solved and may matter: so many are listed."""


def text(found: Design, kept: Mapping[str, str]) -> None:
    """The front, the blocks, and what it rests on; `kept` are the files written, by kind."""
    console = standard_output()
    title = f" — {found.title}" if found.title else ""
    say(console, f"{found.name}{title}")
    agents = f"{plural(len(found.agents), 'agent')}: {', '.join(found.agents)}"
    rewards = found.rewards.replace("_", "-")
    say(console, f"  {found.concept}; {agents}; rewards: {rewards}; horizon {found.horizon}")
    say(console, f"  {plural(found.lattice.size, 'protocol', ',')}: {_offers(found)}")
    if found.lattice.once:
        say(console, "  a hop that links of an item share is paid for once, at the dearest of their prices")
    if found.offers.untold:
        say(console, f"  without a price, and never told: {', '.join(found.offers.untold)}")
    for clause, why in found.offers.idle:
        say(console, f"  without effect: {clause}, as {why}")
    say(console)
    if found.front:
        console.print(_table(found))
        say(console)
        width = max(len(one.block) for one in found.front)
        for one in found.front:
            say(console, f"{one.block.ljust(width)}  # {one.structure}" if one.structure else one.block)
        say(console)
    for line in [*_open(found), *_conclusion(found)]:
        say(console, line)
    seconds = [row.seconds for row in found.rows.values()]
    say(console, f"seconds: {sum(seconds):.2f} in all, {max(seconds, default=0):.2f} the longest")
    for kind, path in kept.items():
        say(console, f"{'picture' if kind == 'plot' else 'rows'} written to {path}")


def _offers(found: Design) -> str:
    """The choices with their options, those that have the same ones together."""
    alike: dict[str, list[str]] = {}
    for choice in found.lattice.choices:
        words = ", ".join(_option(found, choice, option) for option in choice.options)
        alike.setdefault(words, []).append(choice.label)
    return "; ".join(f"{', '.join(labels)} {words}" for words, labels in alike.items()) or "nothing is told"


def _option(found: Design, choice: Choice, option: Option) -> str:
    """`0 (1)`: what is told after 0 steps, at a price of 1; links further away are told later."""
    return f"{_lag(choice, option)} ({float(found.lattice.price(choice, option)):g})"


def _lag(choice: Choice, option: Option) -> str:
    told = sorted({lag for lag in option.lags if lag < NEVER})
    return f"after {'/'.join(map(str, told))}" if told else "never"


def _table(found: Design) -> Table:
    values = ["value"] if found.monotone else [f"value of {agent}" for agent in found.agents]
    weighed = ["sum"] if found.worth == "sum" else []
    columns = ("gap at most", "assumption 3", "nodes", "how")
    table = Table("protocol", "cost", *map(escape, [*values, *weighed]), *columns, box=None, pad_edge=False)
    for one in found.front:
        row = one.row
        table.add_row(
            one.name,
            f"{one.cost:.10g}",
            *map(escape, _values(found, one, len(values))),
            *([f"{one.value:z.10g}"] if weighed else []),
            "" if row.gap is None else at_most(row.gap),
            "" if not row.method and row.independent is None else HOLDS[row.independent],
            "" if row.nodes is None else str(row.nodes),
            escape(", ".join(part for part in (row.backend, row.compression) if part)),
        )
    return table


def _values(found: Design, one: Kept, columns: int) -> list[str]:
    if one.row.solved:
        return [f"{value:z.10g}" for value in one.row.values[:columns]]
    return [range_words(_known(found, one.number)), *[""] * (columns - 1)]


def _known(found: Design, number: int) -> Bracket:
    """The bounds on the value of a protocol, its neighbours' included, where the value is monotone."""
    if not found.monotone:
        row = found.rows.get(number)
        return Bracket() if row is None else Bracket(row.lower, row.upper)
    lower, upper = float(found.frontier.lower[number]), float(found.frontier.upper[number])
    return Bracket(lower if np.isfinite(lower) else None, upper if np.isfinite(upper) else None)


def _open(found: Design) -> list[str]:
    """The protocols that may belong to the front and were not solved, with what is known of them."""
    known = [n for n in found.left if n in found.rows or _known(found, n) != Bracket()]
    unknown = len(found.left) - len(known)
    lines = []
    for number in known[:LISTED]:
        row = found.rows.get(number)
        why = "not looked at, as the run was stopped" if row is None else row.why
        name = found.lattice.table(number).name
        bounds = f"worth {range_words(_known(found, number))}, " if found.monotone else ""
        lines.append(f"not solved: {name} for {found.lattice.costs[number]:.10g}, {bounds}{why}")
    more = len(known) - LISTED
    if more > 0:
        lines.append(f"… and {more:,} more")
    if unknown:
        lines.append(f"{plural(unknown, 'protocol', ',')} of which nothing is known, as the run was stopped")
    return lines


def _conclusion(found: Design) -> list[str]:
    counts = found.counts
    least, budget = found.demands.least, found.demands.budget
    lines = []
    if found.monotone:
        lines.append(
            f"a team does no worse under a richer protocol: {plural(counts['solved'], 'protocol', ',')} solved, "
            f"{counts['pruned']:,} shown not to matter"
        )
    else:
        many = plural(counts["solved"], "protocol", ",")
        lines.append(f"more information can be worth less here, so all are looked at: {many} solved")
        lines.append("values are those of the equilibrium that is found")
    if found.question.independent:
        lines.append(f"Assumption 3 fails, or is not decided, under {counts['refused']:,} that were looked at")
    if counts["over budget"]:
        lines.append(f"{counts['over budget']:,} cost more than {budget:g} and were left out")
    if not found.front:
        wanted = "in the front" if least == -np.inf else f"worth {least:g}"
        said = f"no protocol that was solved is {wanted}" if counts["solved"] else "no protocol was solved"
        still = f"; {len(found.left):,} that were not may be {wanted}" if found.left else ""
        lines.append(f"{said}{still}{_most(found)}")
    elif found.monotone and np.isfinite(_slack(found)):
        still = f"; {len(found.left):,} that were not solved may belong to the front" if found.left else ""
        lines.append(f"no protocol that costs no more is worth more by over {at_most(_slack(found))}{still}")
    return lines


def _most(found: Design) -> str:
    """What the protocols are worth at most, where that is known."""
    highest = float(found.frontier.up_to(found.frontier.upper).max())
    return f"; none is worth more than {at_most(highest, 10)}" if found.monotone and np.isfinite(highest) else ""


def _slack(found: Design) -> float:
    """By how much more than what the front shows a protocol of the lattice can be worth at the same cost."""
    return max(0.0, *(one.best - one.certified for one in found.front))


def document(found: Design, kept: Mapping[str, str]) -> Json:
    """The object of `posgc design --json`."""
    return {
        "version": version("posgc"),
        "game": found.name,
        "agents": list(found.agents),
        "rewards": found.rewards,
        "concept": found.concept,
        "horizon": found.horizon,
        "weighed": found.worth,
        "choices": [
            {
                "label": choice.label,
                "offers": [
                    {
                        "lags": [None if lag >= NEVER else lag for lag in option.lags],
                        "price": float(found.lattice.price(choice, option)),
                    }
                    for option in choice.options
                ],
            }
            for choice in found.lattice.choices
        ],
        "hops": "once" if found.lattice.once else "each",
        "untold": list(found.offers.untold),
        "idle": [{"clause": clause, "why": why} for clause, why in found.offers.idle],
        "protocols": found.lattice.size,
        **{name.replace(" ", "_"): count for name, count in found.counts.items()},
        "monotone": found.monotone,
        "within": found.demands.within,
        "front": [_kept(found, one) for one in found.front],
        "slack": _finite(_slack(found)) if found.front and found.monotone else None,
        "left": [
            {
                "protocol": found.lattice.table(number).name,
                "cost": float(found.lattice.costs[number]),
                "lower": _known(found, number).lower,
                "upper": _known(found, number).upper,
                "why": found.rows[number].why if number in found.rows else None,
            }
            for number in found.left
        ],
        "defects": list(found.defects),
        "stopped": found.stopped,
        "csv": kept.get("csv"),
        "plot": kept.get("plot"),
    }


def _kept(found: Design, one: Kept) -> Json:
    return {
        "name": one.name,
        "share": one.block,
        **_weighed(found, one.number),
        **_facts(found, one.number, one.row),
    }


def _weighed(found: Design, number: int) -> Json:
    """What a protocol costs and is worth, and what that is to be compared with."""
    return {
        "structure": found.structure(number),
        "cost": float(found.lattice.costs[number]),
        "value": found.value(number),
        "at_most": _finite(float(found.best[number])),
    }


def _facts(found: Design, number: int, row: Row) -> Json:
    """The fields of a row as in a comparison, but for those that are the same for all."""
    facts = row_document(found.agents, row, _known(found, number))
    return {name: value for name, value in facts.items() if name not in ("horizon", "settings", *SOURCES)}


SOURCES = ("lower_from", "upper_from")
"""Fields of a comparison's rows that a design has not: its bounds are those of all neighbours."""


def _finite(x: float) -> float | None:
    return x if np.isfinite(x) else None


def rows(found: Design) -> bytes:
    """A CSV file with a row for each protocol that was looked at, by ascending cost: the fields of JSON's `front`, with
    a column for the value of each agent, and whether it is there; what is not has no name and no block."""
    front = {one.number: one for one in found.front}
    documents = []
    for number, row in sorted(found.rows.items(), key=lambda one: float(found.lattice.costs[one[0]])):
        kept = front.get(number)
        documents.append(
            {
                "settings": dict(row.point.settings),
                "name": None if kept is None else kept.name,
                "front": kept is not None,
                **_weighed(found, number),
                **_facts(found, number, row),
                "share": None if kept is None else kept.block,
            }
        )
    return written_rows(found.agents, documents)
