"""The picture of `posgc compare` for one horizon: protocols from the poorest, below, to the richest, above, with what
each step adds.

A panel for each setting of the parameters and, where rewards are not common, for each agent.  A thin line joins a
protocol with each that tells more and has none between; the text on the right says what that step adds, and what is
told sooner (in brackets, when it was told before).
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from posgc.language.concepts import concept_of
from posgc.pipeline import Comparison
from posgc.report.chart import INK, STYLE, written
from posgc.report.ladder import Rung, rungs
from posgc.report.protocol_style import MARKERS, colour_of
from posgc.report.value_chart import agents_shown, panel_title, require_few

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ladder"]

LINE = 0.165
"""Inches of a line of text."""

TEXT = 62
"""Letters of a line of text on the right."""

APART = 1e-4
"""Values that differ by less than this part of themselves stand at one place; the text beside them tells them apart."""


def ladder(found: Comparison, kind: str) -> bytes:
    """The picture as a file of one of `posgc.report.chart.FORMATS`; the same rows give the same bytes.

    Raises InputError (E624) where there would be too many panels.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    [horizon] = found.horizons
    panels = [(settings, *one) for settings in found.tables for one in agents_shown(found)]
    require_few(len(panels))
    steps = rungs(found)
    said = [_said(found, steps, settings, horizon, agent) for settings, agent, _ in panels]
    with matplotlib.rc_context(STYLE):
        left, middle, right = 0.35 + 0.08 * max(map(len, found.protocols)), 3.4, 0.25 + 0.0715 * TEXT
        lines = [[max(1, len(words)) * LINE + 0.22 for words in rows.values()] for rows in said]
        tall = [sum(rows) for rows in lines]
        width, height = left + middle + right, 0.45 + sum(tall) + 0.75 * len(panels)
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        top = height - 0.45
        for (settings, agent, label), rows, sizes, inches in zip(panels, said, lines, tall, strict=True):
            axes = figure.add_axes((left / width, (top - 0.22 - inches) / height, middle / width, inches / height))
            _panel(axes, found, settings, horizon, agent, rows, sizes)
            axes.set_xlabel(label)
            axes.set_title(panel_title(settings))
            top -= inches + 0.75
        title = f"{found.name}, H = {horizon}: what each step of sharing adds ({concept_of(found.concept).title})"
        figure.suptitle(title, x=0.12 / width, y=1 - 0.12 / height, ha="left", va="top", fontsize=10.5)
        return written(figure, kind)


def _said(
    found: Comparison, steps: list[Rung], settings: tuple[tuple[str, str], ...], horizon: int, agent: int
) -> dict[str, list[str]]:
    """For each protocol, from rich to poor, the lines on its right."""
    said: dict[str, list[str]] = {}
    order = found.orders[settings, horizon]
    for protocol in order.ranked:
        lines: list[str] = []
        for step in steps:
            if step.settings == settings and step.richer == protocol:
                words = step.words([""] * len(found.agents))
                added = words[agent if len(words) > 1 else 0].strip()
                lines += wrap(f"{added} over {step.poorer}: {'; '.join(step.changes)}", TEXT, subsequent_indent="    ")
        same = next(names for names in order.classes if protocol in names)
        if same[0] != protocol:
            lines.append(f"tells the same as {same[0]}")
        said[protocol] = lines
    return said


def _panel(
    axes: Axes,
    found: Comparison,
    settings: tuple[tuple[str, str], ...],
    horizon: int,
    agent: int,
    said: dict[str, list[str]],
    sizes: list[float],
) -> None:
    total, place, below = sum(sizes), dict[str, float](), 0.0
    for protocol, size in zip(said, sizes, strict=True):
        place[protocol] = total - below - size / 2
        below += size
    known = {
        row.point.protocol: (row, bound)
        for row, bound in zip(found.rows, found.brackets, strict=True)
        if row.point.settings == settings
    }
    order = found.orders[settings, horizon]
    middles: dict[str, float] = {}
    for k, protocol in enumerate(reversed(said)):
        row, bound = known[protocol]
        colour, y = colour_of(protocol), place[protocol]
        if row.solved:
            middles[protocol] = row.values[agent]
            axes.plot(row.values[agent], y, MARKERS[k % len(MARKERS)], color=colour, markersize=8, zorder=3)
        elif found.monotone:
            ends = [x for x in (bound.lower, bound.upper) if x is not None]
            if len(ends) == 2:
                middles[protocol] = sum(ends) / 2
                axes.plot(ends, [y, y], "-|", color=colour, linewidth=5, alpha=0.4, markersize=9, zorder=3)
            for x, sign in ((bound.lower, ">"), (bound.upper, "<")) if len(ends) == 1 else ():
                if x is not None:
                    axes.plot(x, y, sign, markerfacecolor="white", markeredgecolor=colour, markersize=8, zorder=3)
        for n, line in enumerate(said[protocol]):
            offset = (n - (len(said[protocol]) - 1) / 2) * LINE
            axes.text(
                1.03, y - offset, line, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5, color=INK
            )
    for a, b in order.covers:
        richer, poorer = order.classes[a][0], order.classes[b][0]
        if richer in middles and poorer in middles:
            axes.plot(
                [middles[poorer], middles[richer]],
                [place[poorer], place[richer]],
                color="#9aa2ae",
                linewidth=0.9,
                zorder=1,
            )
    axes.set_ylim(0, total)
    axes.set_yticks(list(place.values()), list(place))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e5e7eb", linewidth=0.7)
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    middle, spread = (low + high) / 2, max(high - low, APART * max(abs(low), abs(high)))
    axes.set_xlim(middle - spread / 2, middle + spread / 2)
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", useOffset=False)
