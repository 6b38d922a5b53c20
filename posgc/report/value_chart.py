"""The picture of `posgc compare` for several horizons: value against horizon, a line for each protocol.

A column for each setting of the parameters and, where rewards are not common, a row for each agent.  Bounds are shaded;
a bound on one side only is a triangle that points to where the value may be.  Lines that lie on each other show: poorer
protocols are drawn first, with larger markers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from posgc.language.concepts import concept_of
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.pipeline import Bracket, Comparison, Row
from posgc.report.chart import INK, STYLE, written
from posgc.report.protocol_style import DASHES, MARKERS, colour_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PANELS", "agents_shown", "curves", "panel_title"]

PANELS = 12
"""Panels of a picture, at most."""


def agents_shown(found: Comparison) -> list[tuple[int, str]]:
    """The agents whose values are drawn, and what the axis says: one for a team, the first of a zero-sum game, else
    all."""
    if found.monotone:
        return [(0, "value")]
    several = found.agents[:1] if found.rewards == "zero_sum" else found.agents
    return [(k, f"value of {agent}") for k, agent in enumerate(several)]


def panel_title(settings: tuple[tuple[str, str], ...]) -> str:
    """`k = 0.7, d = 2`."""
    return ", ".join(f"{name} = {value}" for name, value in settings)


def curves(found: Comparison, kind: str) -> bytes:
    """The picture as a file of one of `posgc.report.chart.FORMATS`; the same rows give the same bytes.

    Raises InputError (E624) where there would be too many panels.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown, columns = agents_shown(found), list(found.tables)
    require_few(len(shown) * len(columns))
    with matplotlib.rc_context(STYLE):
        legend = 0.75 + 0.075 * max(map(len, found.protocols))
        tall = max(3.1, 0.9 + 0.36 * len(found.protocols))
        width, height = 0.8 + 4.1 * len(columns) + legend, 0.95 + tall * len(shown)
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        figure.subplots_adjust(0.75 / width, 0.5 / height, 1 - (legend + 0.1) / width, 1 - 0.6 / height, 0.18, 0.16)
        grid = figure.subplots(len(shown), len(columns), sharex=True, squeeze=False)
        for axes_row, (agent, label) in zip(grid, shown, strict=True):
            for axes, settings in zip(axes_row, columns, strict=True):
                _panel(axes, found, settings, agent)
                axes.set_title(panel_title(settings))
            axes_row[0].set_ylabel(label)
        for axes in grid[-1]:
            axes.set_xlabel("horizon")
        handles, labels = grid[0, -1].get_legend_handles_labels()
        grid[0, -1].legend(handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1.01, 1.0), handlelength=3.2)
        if len(shown) * len(columns) == 1:
            _coinciding(figure, found, 1 - legend / width, 1 - (0.85 + 0.215 * len(found.protocols)) / height)
        figure.suptitle(_title(found), x=0.12 / width, y=1 - 0.12 / height, ha="left", va="top", fontsize=10.5)
        return written(figure, kind)


def _coinciding(figure: Figure, found: Comparison, x: float, y: float) -> None:
    """Under the legend, which lines lie on each other from end to end."""
    values: dict[tuple[str, ...], list[str]] = {}
    for protocol in found.orders[next(iter(found.tables)), found.horizons[-1]].ranked:
        rows = [row for row in found.rows if row.point.protocol == protocol]
        if all(row.solved for row in rows):
            values.setdefault(tuple(f"{row.values[0]:.7g}" for row in rows), []).append(protocol)
    lines = [line for names in values.values() if len(names) > 1 for line in ("on one line:", *names)]
    figure.text(x, y, "\n".join(lines), va="top", fontsize=8, color=INK, linespacing=1.35)


def require_few(panels: int) -> None:
    """Raises InputError (E624) where that are too many panels."""
    if panels > PANELS:
        what = f"the picture would have {panels} panels (limit {PANELS})"
        raise InputError([Diagnostic("E624", what, help="name fewer values of parameters, or write --csv")])


def _title(found: Comparison) -> str:
    return f"{found.name}: {concept_of(found.concept).title} by sharing protocol"


def _panel(axes: Axes, found: Comparison, settings: tuple[tuple[str, str], ...], agent: int) -> None:
    from matplotlib.ticker import MaxNLocator

    ranked = found.orders[settings, found.horizons[-1]].ranked[::-1]  # from poor to rich
    for k, protocol in enumerate(ranked):
        points = [
            (row, known)
            for row, known in zip(found.rows, found.brackets, strict=True)
            if row.point.protocol == protocol and row.point.settings == settings
        ]
        share = k / max(1, len(ranked) - 1)
        _line(axes, points, agent, protocol, k, 8.5 - 3 * share, 2.6 - 1.2 * share, found.monotone)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.05)


def _line(
    axes: Axes,
    points: list[tuple[Row, Bracket]],
    agent: int,
    protocol: str,
    k: int,
    size: float,
    wide: float,
    monotone: bool,
) -> None:
    colour, marker, dashes = colour_of(protocol), MARKERS[k % len(MARKERS)], DASHES[k % len(DASHES)]
    at = [row.point.horizon for row, _ in points]
    value = [row.values[agent] if row.solved else np.nan for row, _ in points]
    axes.plot(
        at,
        value,
        color=colour,
        marker=marker,
        linestyle=dashes,
        markersize=size,
        linewidth=wide,
        markeredgecolor="white",
        markeredgewidth=0.7,
        label=protocol,
        zorder=3 + 0.1 * k,
    )
    if not monotone:
        return
    bounds = [
        (v, v) if row.solved else (np.nan if b.lower is None else b.lower, np.nan if b.upper is None else b.upper)
        for (row, b), v in zip(points, value, strict=True)
    ]
    low, high = np.array(bounds).T
    open_ = np.array([not row.solved for row, _ in points])
    axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0, zorder=1)
    for h, a, b in zip(np.array(at)[open_], low[open_], high[open_], strict=True):
        if np.isfinite(a) and np.isfinite(b):
            axes.plot([h, h], [a, b], color=colour, linewidth=1.2, marker="_", markersize=7, zorder=5)
        else:
            for bound, sign in ((a, "^"), (b, "v")):
                axes.plot(h, bound, sign, markerfacecolor="white", markeredgecolor=colour, markersize=7, zorder=5)
