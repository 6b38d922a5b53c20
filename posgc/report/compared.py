"""What `posgc compare` says: the table with the order of the protocols, the JSON object and the CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.numerals import plural
from posgc.language.rounding import at_least, at_most, bracket
from posgc.pipeline import Bracket, Comparison, Design, Row
from posgc.report.colour import complain
from posgc.report.console import put, say, standard_output
from posgc.report.documents import Json
from posgc.report.ladder import Rung, rungs
from posgc.report.ladder_chart import ladder
from posgc.report.parts import Grid, Part
from posgc.report.value_chart import curves

__all__ = [
    "HOLDS",
    "complaints",
    "document",
    "draw",
    "range_words",
    "require_asked_well",
    "row_document",
    "rows",
    "table",
    "text",
    "written_rows",
]

HOLDS = {True: "holds", False: "fails", None: "not decided"}

MONOTONE = {
    "team": "a team does no worse under a richer protocol, so richer ones bound from above and poorer ones from below",
    "zero_sum": "zero-sum: an agent loses nothing where only its own information grows; no bound is taken from another "
    "protocol",
    "general": "values are those of the equilibrium that is found, and more information can hurt; no bound is taken "
    "from another protocol",
}


def draw(found: Comparison, kind: str) -> bytes:
    """The picture: values against horizons, or for one horizon the ladder."""
    return curves(found, kind) if len(found.horizons) > 1 else ladder(found, kind)


def require_asked_well(rows: Sequence[Row]) -> None:
    """Raises the mistake where every point is refused as wrong input, for what is wrong with all is what was asked."""
    if rows and all(row.code for row in rows):
        first = rows[0]
        raise InputError([Diagnostic(first.code, first.why, help="this is so at every point")])


def text(found: Comparison, kept: Mapping[str, str]) -> None:
    """The table and what it rests on; `kept` are the files written, by kind."""
    console = standard_output()
    title = f" — {found.title}" if found.title else ""
    say(console, f"{found.name}{title}")
    say(
        console,
        f"  {found.concept}; {plural(len(found.agents), 'agent')}: {', '.join(found.agents)}; rewards: {_kind(found)}",
    )
    say(console)
    for part in table(found):
        put(console, part)
    say(console, _seconds(found))
    for kind, path in kept.items():
        say(console, f"{'picture' if kind == 'plot' else 'rows'} written to {path}")


def table(found: Comparison) -> Iterator[Part]:
    """The rows with the reasons why some are not solved, the order of the protocols, and what follows from it."""
    reasons = list(dict.fromkeys(row.why for row in found.rows if row.why))
    yield _grid(found, reasons)
    yield ""
    for number, why in enumerate(reasons, 1):
        yield f"[{number}] {why}"
    yield from _order(found)
    yield MONOTONE[_rule(found)]
    for step in rungs(found) if len(found.horizons) == 1 else ():
        yield _step(step, found)


def _rule(found: Comparison) -> str:
    return "team" if found.monotone else "zero_sum" if found.rewards == "zero_sum" else "general"


def _kind(found: Comparison) -> str:
    return found.rewards.replace("_", "-")


def _grid(found: Comparison, reasons: list[str]) -> Grid:
    parameters = [name for name, _ in found.rows[0].point.settings]
    values = ["value"] if found.monotone else [f"value of {agent}" for agent in found.agents]
    rows = [
        (
            *(value for _, value in row.point.settings),
            str(row.point.horizon),
            row.point.protocol,
            *_values(found, row, known, len(values)),
            "" if row.gap is None else at_most(row.gap),
            "" if not row.method and row.independent is None else HOLDS[row.independent],
            "" if row.nodes is None else str(row.nodes),
            _how(row, known, reasons),
        )
        for row, known in zip(found.rows, found.brackets, strict=True)
    ]
    return Grid((*parameters, "horizon", "protocol", *values, "gap at most", "assumption 3", "nodes", "how"), rows)


def _values(found: Comparison, row: Row, known: Bracket, columns: int) -> list[str]:
    """What stands in the columns of values: numbers, for a team also the bounds that are known in their place."""
    if row.solved:
        narrow = known.lower is None or known.upper is None or "between" not in bracket(known.lower, known.upper)
        if not found.monotone or narrow:
            return [f"{value:z.10g}" for value in row.values[:columns]]
    return [range_words(known), *[""] * (columns - 1)]


def range_words(known: Bracket) -> str:
    """Bounds in words, rounded outwards."""
    lower, upper = known.lower, known.upper
    if lower is not None and upper is not None:
        return bracket(lower, upper)
    if lower is not None:
        return f"at least {at_least(lower, 10)}"
    return "not known" if upper is None else f"at most {at_most(upper, 10)}"


def _how(row: Row, known: Bracket, reasons: list[str]) -> str:
    """What found the value, where bounds come from, and the number of the reason why no more is known."""
    by = ", ".join(part for part in (row.backend, row.compression) if part)
    if row.solved:
        return by
    return f"{'; '.join(part for part in (by, known.in_words) if part)} [{reasons.index(row.why) + 1}]".lstrip()


def _order(found: Comparison) -> Iterator[str]:
    """The Hasse diagram; where horizons or parameters change it, one for each."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for (settings, horizon), order in found.orders.items():
        at = ", ".join([f"horizon {horizon}", *(f"{name}={value}" for name, value in settings)])
        groups.setdefault(order.chains, []).append(at)
    for chains, where in groups.items():
        at = "" if len(groups) == 1 else f" at {where[0]}" + (f" and {len(where) - 1} more" if len(where) > 1 else "")
        yield f"who tells more{at}: {'; '.join(chains)}"


def _step(step: Rung, found: Comparison) -> str:
    changed = "; ".join(step.changes)
    return f"{step.richer} over {step.poorer}{step.where}: {', '.join(step.words(found.agents))} ({changed})"


def _seconds(found: Comparison) -> str:
    longest = max(found.rows, key=lambda row: row.seconds)
    where = f"{longest.point.protocol}, horizon {longest.point.horizon}"
    return f"seconds: {sum(row.seconds for row in found.rows):.2f} in all, {longest.seconds:.2f} the longest ({where})"


def complaints(found: Comparison | Design) -> None:
    """What is to be said of the game, and what contradicts the order."""
    for diagnostic in found.diagnostics:
        complain(diagnostic, found.question.source)
    for said in found.defects:
        cure = "one of the two numbers is wrong: this is a defect of posgc or of a plug-in; please report it"
        complain(Diagnostic("E662", f"the values contradict the order of the protocols: {said}", help=cure))


def document(found: Comparison, kept: Mapping[str, str]) -> Json:
    """The object of `posgc compare --json`."""
    return {
        "version": version("posgc"),
        "game": found.name,
        "agents": list(found.agents),
        "rewards": found.rewards,
        "concept": found.concept,
        "protocols": list(found.protocols),
        "rows": [row_document(found.agents, row, known) for row, known in zip(found.rows, found.brackets, strict=True)],
        "order": [
            {
                "settings": dict(settings),
                "horizon": horizon,
                "equal": [list(names) for names in order.classes],
                "covers": [[order.classes[a][0], order.classes[b][0]] for a, b in order.covers],
                "chains": list(order.chains),
            }
            for (settings, horizon), order in found.orders.items()
        ],
        "monotone": found.monotone,
        "steps": [step.document() for step in rungs(found)],
        "defects": list(found.defects),
        "stopped": found.stopped,
        "csv": kept.get("csv"),
        "plot": kept.get("plot"),
    }


def row_document(agents: Sequence[str], row: Row, known: Bracket) -> Json:
    """One of JSON's `rows`, with the bounds that are known."""
    return {
        "settings": dict(row.point.settings),
        "horizon": row.point.horizon,
        "protocol": row.point.protocol,
        "solved": row.solved,
        "values": dict(zip(agents, row.values, strict=True)) if row.values else None,
        "lower": known.lower,
        "upper": known.upper,
        "lower_from": known.below or None,
        "upper_from": known.above or None,
        "gap": row.gap,
        "assumption3": row.independent,
        "method": row.method or None,
        "nodes": row.nodes,
        "seconds": row.seconds,
        "backend": row.backend or None,
        "compression": row.compression or None,
        "why": row.why or None,
    }


def rows(found: Comparison) -> bytes:
    """A CSV file with a row for each point: the fields of JSON's rows, with a column for each parameter and value."""
    documents = [row_document(found.agents, row, known) for row, known in zip(found.rows, found.brackets, strict=True)]
    return written_rows(found.agents, documents)


def written_rows(agents: Sequence[str], documents: Sequence[Json]) -> bytes:
    """Such rows as a CSV file."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    for number, document in enumerate(documents):
        columns = [column for field in document.items() for column in _columns(agents, *field)]
        if number == 0:
            writer.writerow(name for name, _ in columns)
        writer.writerow(_cell(value) for _, value in columns)
    return file.getvalue().encode()


def _columns(agents: Sequence[str], name: str, value: Any) -> list[tuple[str, object]]:
    """The columns of a field."""
    if name == "settings":
        return list(value.items())
    if name == "values":
        return [(f"value of {agent}", (value or {}).get(agent)) for agent in agents]
    return [(name, value)]


def _cell(value: object) -> object:
    """Numbers at full precision; nothing for what is not known."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value
