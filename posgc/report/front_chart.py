"""The picture of `posgc design`: value against cost a step, a point for each protocol that was solved.

Those of the front are coloured, named and joined by steps: so much can be had for a cost.  Hollow grey points are
solved protocols that cost more than they are worth; grey bars are bounds on protocols that may matter and were not
solved.
"""

from __future__ import annotations

from textwrap import wrap

import numpy as np

from posgc.language.concepts import concept_of
from posgc.pipeline import Design
from posgc.report.chart import STYLE, written
from posgc.report.protocol_style import MARKERS, OTHERS, STANDARD

__all__ = ["front_chart"]

TEXT = 60
"""Letters of a line of the legend."""

GREY = "#9aa2ae"


def front_chart(found: Design, kind: str) -> bytes:
    """The picture as a file of one of `posgc.report.chart.FORMATS`; the same rows give the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels = ["\n".join(wrap(f"{one.name} {one.row.point.protocol}", TEXT)) for one in found.front]
    lines = sum(label.count("\n") + 1 for label in labels)
    with matplotlib.rc_context(STYLE):
        legend = 0.8 + 0.07 * max((len(line) for label in labels for line in label.split("\n")), default=20)
        width, height = 5.2 + legend, max(3.6, 1.3 + 0.21 * lines)
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        figure.subplots_adjust(0.8 / width, 0.55 / height, 1 - legend / width, 1 - 0.6 / height)
        axes = figure.subplots()
        costs, reached = found.lattice.costs, found.frontier.reached
        front = [one.number for one in found.front]
        others = [n for n, row in found.rows.items() if np.isfinite(reached[n]) and n not in front]
        axes.plot(costs[others], reached[others], "o", markerfacecolor="white", markeredgecolor=GREY, label="solved")
        bounded = [n for n in found.left if np.isfinite(found.frontier.lower[n] + found.frontier.upper[n])]
        if bounded and found.monotone:
            low, high = found.frontier.lower[bounded], found.frontier.upper[bounded]
            axes.vlines(costs[bounded], low, high, color=GREY, linewidth=4, alpha=0.4, label="not solved")
        if front:
            end = max(costs[front[-1]], *costs[others]) if others else costs[front[-1]]
            at, value = [*costs[front], end], [*reached[front], reached[front[-1]]]
            axes.step(at, value, where="post", color=GREY, linewidth=1, zorder=1)
        for k, (one, label) in enumerate(zip(found.front, labels, strict=True)):
            marker, colour = MARKERS[k % len(MARKERS)], STANDARD.get(one.structure or "", OTHERS[k % len(OTHERS)])
            axes.plot(one.cost, one.value, marker, color=colour, markersize=8, label=label, linestyle="", zorder=3)
        axes.set_xlabel("cost a step")
        axes.set_ylabel("value" if found.monotone else f"value: {found.worth}")
        axes.grid(color="#e5e7eb", linewidth=0.7)
        axes.margins(0.06)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        title = f"{found.name}, H = {found.horizon}: what protocols are worth ({concept_of(found.concept).title})"
        figure.suptitle(title, x=0.12 / width, y=1 - 0.12 / height, ha="left", va="top", fontsize=10.5)
        return written(figure, kind)
