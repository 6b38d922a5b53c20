"""docs/benchmarks.md from what `field_measure` found: tables, what was not solved, and published values beside ours."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from statistics import median
from textwrap import fill

from bench_import import processor
from field_measure import CHECKED, Budget, Facts, FileReport, Row, Solved

__all__ = ["page"]

COMPARED = range(2, 8)
"""Horizons of the published values."""

PUBLISHED: tuple[tuple[str, str, dict[int, float], str], ...] = (
    (
        "dectiger.dpomdp",
        "full",
        {3: 13.06, 4: 20.89, 5: 27.95, 6: 36.03, 7: 37.72},
        "Liu & Zhang (2023), Table 1, means of rollouts, so some lie above the optimum",
    ),
    ("dectiger.dpomdp", "none", {2: -4, 3: 5.1908, 4: 4.8028, 5: 7.0265, 6: 10.3816}, "known optima"),
    (
        "boxPushingUAI07.dpomdp",
        "full",
        {3: 62.78, 4: 81.44, 5: 98.73, 6: 98.76, 7: 145.35},
        "Liu & Zhang (2023), Table 1, means of rollouts",
    ),
    ("broadcastChannel.dpomdp", "none", {2: 2, 3: 2.99, 4: 3.89, 5: 4.79}, "known optima"),
    ("recycling.dpomdp", "none", {2: 7, 3: 10.660125, 4: 13.38, 5: 16.486}, "known optima"),
    ("sdms/adversarial_tiger.dpomdp", "none", {2: -1.6}, "known value"),
)
"""From MATH.md, section 11, of the specification, which gathers them from the literature; two agents, discount 1."""

TWINS = (
    ("broadcastChannel.dpomdp", "sdms/mabc.dpomdp"),
    ("dectiger.dpomdp", "sdms/tiger.dpomdp"),
    ("recycling.dpomdp", "sdms/recycling.dpomdp"),
)
"""The same problem in MADP's dialect and in that of SDMS."""

INTRODUCTION = """# The field's benchmark files

Every file of `../shared/benchmarks`: those of the MADP toolbox, and in `sdms/` those of SDMS. This page is written by

```sh
python benchmarks/field.py
```

whose head says what else it takes. The files are read where they lie and are no part of this project.

**How they are read.** Files of several agents with discount 1, as published tables mostly take it, whatever the file
says; `.pomdp` files with their own discount. H is the number of decisions; nothing is observed before the first. One
reward is everybody's, except in `.zsposg` files, `adversarial_tiger` and `competitive_tiger`, where it is the first
agent's and the second gets the negative.

**How they are solved.** Team optimum for common rewards, Nash equilibrium for zero-sum ones, Nash, CE and CCE (best
for welfare, stage by stage) for general ones; exactly, without compression, and verified in the true game."""


def page(reports: Sequence[FileReport], horizons: Sequence[int | None], budget: Budget, seconds: float) -> str:
    """The whole document."""
    parts = [
        INTRODUCTION,
        _conditions(budget, seconds),
        "## Files\n\n" + _files(reports),
        "## Assumption 3\n\n" + _assumption(reports),
        "## Values\n\n" + _values(reports, horizons),
        "## Time and memory\n\n" + _costs(reports),
        "## Not solved, and why\n\n" + _unsolved(reports),
        "## Beside published values\n\n" + _published(reports),
        "## Agreement\n\n" + _agreement(reports),
    ]
    return "\n\n".join(_wrapped(block) for part in parts for block in part.split("\n\n")) + "\n"


def _wrapped(block: str) -> str:
    """A paragraph in lines of 116 columns; tables, lists, headings and code as they are."""
    return block if block[0] in "|-#`" else fill(block, 116, break_long_words=False, break_on_hyphens=False)


def _conditions(budget: Budget, seconds: float) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    return (
        f"**Budget.** {budget.seconds:g} s of wall time for one solve (reading, planning and verification), "
        f"{budget.nodes:,} nodes for one graph, {budget.memory:g} GB of address space for one process. The horizons "
        "are tried in turn, and the first that exceeds the budget ends the row. Near it a slower or busier machine "
        "stops earlier; the values stay.\n\n"
        f"**Machine.** {processor()}, {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}, {versions}; one process with one thread at a time, on a machine shared with "
        f"other work. The whole page took {seconds / 60:.0f} minutes."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _files(reports: Sequence[FileReport]) -> str:
    head = (
        "file",
        "agents",
        "states",
        "actions",
        "observations",
        "rewards",
        "discount of the file",
        "γ",
        "γ on reachable differences",
        "read with",
    )
    note = (
        "States are those within reach at some step. γ is Assumption 2's, taken literally and on "
        "[reachable differences](mathematics.md); a bracket where it is not known exactly; the least over joint "
        "actions. [Codes](errors.md) are those of the notes and warnings that the file is read with."
    )
    rows = [_file(r.name, r.facts) for r in reports if r.facts is not None]
    refused = [f"- `{r.name}` is refused: {r.refused}." for r in reports if r.facts is None]
    return "\n\n".join([note, _table(head, rows), "\n".join(refused)]).rstrip()


def _file(name: str, f: Facts) -> tuple[str, ...]:
    return (
        name,
        str(f.agents),
        str(f.states),
        " × ".join(map(str, f.actions)),
        " × ".join(map(str, f.observations)),
        f.kind.replace("_", "-"),
        f"{f.discount:g}",
        _bracket(f.gamma),
        _bracket(f.reachable),
        ", ".join(f.notes),
    )


def _bracket(ends: tuple[float, float] | None) -> str:
    if ends is None:
        return "not within the budget"
    low, high = ends
    return f"{high:.4g}" if high - low <= 1e-6 else f"[{low:.4g}, {high:.4g}]"


def _assumption(reports: Sequence[FileReport]) -> str:
    note = (
        "Strategy-independent beliefs, by protocol, decided at H = 3. *yes*: proved for every horizon; *yes, H = 3*: "
        "for that one; *no*: there is a witness, which `posgc check` prints. Where it fails no row below is "
        "solved: this page measures planning on common beliefs, which rests on it "
        "([RESULTS.md](../benchmarks/RESULTS.md) has teams of hidden histories). A dash: the protocol needs two agents."
    )
    rows = [(r.name, *(r.verdicts[share] for share in CHECKED)) for r in reports if r.facts is not None]
    return f"{note}\n\n{_table(('file', *(f'`{share}`' for share in CHECKED)), rows)}"


def _rows(reports: Sequence[FileReport]) -> list[tuple[str, Row]]:
    return [(r.name, row) for r in reports for row in r.rows]


def _values(reports: Sequence[FileReport], horizons: Sequence[int | None]) -> str:
    note = (
        "The value of the game: the team's, the first agent's in a zero-sum game, of both agents otherwise. Gaps were "
        "verified in the true game, and are at most {gap:.0e} × the largest value, or stand beside the value; so does "
        "a bound where a team's optimum is not certain. ∞ is the discounted game without end, cut where what follows "
        "weighs less than 1e-8. Empty: not within the budget."
    )
    rows, worst = [], 0.0
    for name, row in _rows(reports):
        by_horizon = {s.horizon: s for s in row.solved}
        worst = max([worst, *(s.gap / _scale(s) for s in row.solved if s.gap <= 1e-6 * _scale(s))])
        cells = [_value(by_horizon[h], row.concept) if h in by_horizon else "" for h in horizons]
        rows.append((name, row.protocol, row.concept, *cells))
    head = ("file", "protocol", "concept", *("∞" if h is None else f"H = {h}" for h in horizons))
    return f"{note.format(gap=max(worst, 1e-16))}\n\n{_table(head, rows)}"


def _scale(solved: Solved) -> float:
    return max(1.0, *(abs(v) for v in solved.values))


def _value(solved: Solved, concept: str) -> str:
    alike = len({number(v) for v in solved.values}) == 1
    opposite = len(solved.values) == 2 and abs(sum(solved.values)) <= 1e-9 * _scale(solved)
    shown = solved.values[:1] if alike or opposite else solved.values
    text = ", ".join(number(v) for v in shown)
    if concept == "team" and solved.upper is not None and solved.upper - solved.values[0] > 1e-6 * _scale(solved):
        return f"{text} (at most {number(solved.upper)})"
    return text if solved.gap <= 1e-6 * _scale(solved) else f"{text} (gap {solved.gap:.3g})"


def number(value: float) -> str:
    """Six decimals, without the zeros at the end."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _costs(reports: Sequence[FileReport]) -> str:
    note = (
        "Of the largest horizon of each row, solved again in a fresh process: nodes of its graph, wall seconds from "
        "the file to the verified policy (least / median / greatest of three; of one where it is long), and the "
        "process's largest resident memory, Python and its libraries included (about 0.1 GB). H = 1 is solved first, "
        "untimed, to load what is loaded once."
    )
    rows = []
    for name, row in _rows(reports):
        if row.again:
            times = [s.seconds for s in row.again]
            spread = [f"{t:.2f}" for t in (min(times), median(times), max(times))] if len(times) > 1 else []
            rows.append(
                (
                    name,
                    row.protocol,
                    row.concept,
                    _horizon(row.again[0].horizon),
                    f"{row.again[0].nodes:,}",
                    " / ".join(spread) or f"{times[0]:.2f}",
                    f"{row.again[-1].memory:.2f}",
                )
            )
    return f"{note}\n\n{_table(('file', 'protocol', 'concept', 'H', 'nodes', 'seconds', 'GB'), rows)}"


def _horizon(horizon: int | None) -> str:
    return "∞" if horizon is None else str(horizon)


def _unsolved(reports: Sequence[FileReport]) -> str:
    lines = [f"- `{r.name}`, at all: it is refused ({r.refused})." for r in reports if r.facts is None]
    for name, row in _rows(reports):
        if row.stopped:
            why = row.stopped.partition(" Raise ")[0].rstrip(".")  # the cure is for those who typed the command
            lines.append(f"- `{name}`, `{row.protocol}`, {row.concept}, from H = {_horizon(row.tried)}: {why}")
    note = (
        "Not measured here: protocols that fail Assumption 3 above, none of them served by planning on common beliefs. "
        "The rest:"
    )
    return "\n".join([note, "", *lines])


def _published(reports: Sequence[FileReport]) -> str:
    note = (
        "What others know or report, beside ours. A team without sharing cannot do better than with a delay of one "
        "step, nor that better than full sharing: `none` ≤ `one_step` ≤ `full`. A value of a zero-sum game need not "
        "be between others. The numbers are collected in the specification of this project, section 11."
    )
    rows = []
    for report in reports:
        theirs = [row[1:] for row in PUBLISHED if row[0] == report.name]
        ours = [(r.protocol, {s.horizon: s.values[0] for s in r.solved}, "ours") for r in report.rows]
        for share, values, source in theirs + ours if theirs else []:
            cells = [number(values[h]) if h in values else "" for h in COMPARED]
            rows.append((report.name, share, *cells, source))
    head = ("file", "protocol", *(f"H = {h}" for h in COMPARED), "of")
    return f"{note}\n\n{_table(head, rows)}"


def _agreement(reports: Sequence[FileReport]) -> str:
    found = {(name, row.protocol): {s.horizon: s.values[0] for s in row.solved} for name, row in _rows(reports)}
    lines = []
    for one, other in TWINS:
        far = [
            abs(values[h] - found[other, share][h])
            for (name, share), values in found.items()
            if name == one
            for h in values.keys() & found.get((other, share), {}).keys()
        ]
        if far:
            lines.append(f"- `{one}` and `{other}`: {len(far)} values of both, largest difference {max(far):.1g}.")
    teams = {r.name for r in reports if r.facts is not None and r.facts.kind == "common" and r.facts.agents > 1}
    pairs = [
        (found[name, "one_step"][h], found[name, "full"][h])
        for name in teams
        if (name, "one_step") in found
        for h in found[name, "one_step"].keys() & found.get((name, "full"), {}).keys()
    ]
    worst = max((less - more for less, more in pairs), default=0.0)
    kept = "never" if worst <= 1e-9 else f"by up to {worst:.3g}, which must not be,"
    lines.append(f"- A team's value under `one_step` is {kept} above the one under `full`, in {len(pairs)} pairs.")
    return "\n".join(lines)
