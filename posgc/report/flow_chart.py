"""The picture of `posgc info --plot`: who learns what when.

Time runs to the right, a column a step and a row an agent.  Circles are observations, squares actions, in the order in
which they are made; an arrow leads to the moment at which another agent knows the item, just before it acts.  What is
common at the last step shown stands on grey.  Everything is told apart without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from posgc.information.flow import Arrival, Flow, Made, flow
from posgc.pipeline import Compiled
from posgc.report.chart import BLUE, INK, ORANGE, STYLE, written
from posgc.report.informed import caption, structure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["chart", "draw"]

CROWDED = 60
"""Arrows above which only those of each variable's first item are drawn, which is said."""

COLUMN, ROW = 1.25, 0.95
"""Inches of a step and of an agent."""

ACTS = 0.58
"""The part of a step's column that its observations and what arrives take; actions follow."""

ARRIVES = 0.47
"""Where in a column arrows end."""


BEND = 0.23
"""How much arrows are bent that pass other agents' rows."""

LETTER = 0.078
"""Inches that a letter of the text takes, rather more than less."""

GREY = "#dde1e7"


def draw(compiled: Compiled, kind: str) -> bytes:
    """The picture as a file of one of `posgc.report.chart.FORMATS`; the same game gives the same bytes."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        return written(chart(compiled), kind)


def chart(compiled: Compiled) -> Figure:
    """The picture as a figure of matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    information, shown = compiled.information, flow(compiled.information)
    n = len(shown.agents)
    margin = 0.35 + 0.085 * max(map(len, shown.agents))
    named = structure(information)
    same = f" = {named}" if named is not None else ""
    width = margin + COLUMN * max(shown.steps, 4) + 0.15
    title = wrap(
        f"{compiled.model.name}, {information.protocol.name}{same}, {caption(shown)}", round(width / LETTER) - 3
    )
    legend = [part for line in _legend(shown) for part in wrap(line, int((width - margin) / LETTER))]
    below = 0.25 + 0.24 * len(legend)
    height = 0.65 + 0.2 * len(title) + ROW * n + below
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    right = margin + COLUMN * shown.steps
    axes = figure.add_axes((margin / width, below / height, (right - margin) / width, ROW * n / height))
    axes.set_xlim(1, shown.steps + 1)
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_axis_off()
    _grid(axes, shown)
    places = _places(shown)
    _shade(axes, shown, places)
    _arrows(axes, shown, places)
    _marks(axes, shown, places)
    figure.text(0.1 / width, 1 - 0.1 / height, "\n".join(title), va="top", fontsize=9.5)
    for k, line in enumerate(legend):
        figure.text(margin / width, (below - 0.22 - 0.24 * k) / height, line, va="center", fontsize=8.5)
    return figure


Places = dict[Made, tuple[float, float, float]]
"""Where the mark of an item is: x, row, and the width of its place."""


def _places(shown: Flow) -> Places:
    places: Places = {}
    for agent in range(len(shown.agents)):
        for h in range(1, shown.steps + 1):
            for seen, start, room in ((True, 0.0, 0.36), (False, ACTS, 1 - ACTS)):
                own = [
                    m
                    for m in shown.made
                    if m.owner == agent and m.item.time == h and (m.item.kind == "observation") is seen
                ]
                for k, m in enumerate(own):
                    places[m] = h + start + room * (k + 0.5) / len(own), agent, room / len(own)
    return places


def _grid(axes: Axes, shown: Flow) -> None:
    for h in range(1, shown.steps + 2):
        axes.axvline(h, color="#c7ccd4", linewidth=0.7, zorder=0)
    for h in range(1, shown.steps + 1):
        axes.text(h + 0.5, -0.62, f"step {h}", ha="center", va="bottom", fontsize=9)
    for agent, name in enumerate(shown.agents):
        axes.text(0.92, agent, name, ha="right", va="center", fontsize=9.5)
        axes.axhline(agent, color="#9aa2ae", linewidth=0.7, zorder=1)


def _shade(axes: Axes, shown: Flow, places: Places) -> None:
    """Grey behind what is common at the last step."""
    from matplotlib.patches import Rectangle

    common = shown.common_at(shown.steps)
    for made, (x, row, room) in places.items():
        if made.item in common:
            left = x - room / 2
            # what is between the observations and the actions of a step belongs to the observations
            wide = room + (
                ACTS - 0.36 if made.item.kind == "observation" and x + room / 2 - made.item.time > 0.35 else 0
            )
            axes.add_patch(
                Rectangle((left, row - 0.4), wide, 0.8, facecolor=GREY, edgecolor=GREY, linewidth=0.5, zorder=0.5)
            )


def _arrows(axes: Axes, shown: Flow, places: Places) -> None:
    drawn = [(made, arrival) for made in _drawn(shown) for arrival in made.arrivals if arrival.step <= shown.steps]
    firsts = set(shown.first())
    for made, arrival in drawn:
        x, row, _ = places[made]
        seen = made.item.kind == "observation"
        end = arrival.step + ARRIVES + (0 if seen else 0.035)
        apart = abs(arrival.agent - row)
        axes.annotate(
            "",
            (end, arrival.agent),
            (x, row),
            arrowprops={
                "arrowstyle": "-|>" if arrival.certain else "->",
                "color": BLUE if seen else ORANGE,
                "linestyle": "-" if seen else (0, (4, 2)),
                "linewidth": 1.3 if made in firsts else 0.7,
                "alpha": 1.0 if made in firsts else 0.55,
                "shrinkA": 6,
                "shrinkB": 3,
                "connectionstyle": f"arc3,rad={0.0 if apart == 1 else BEND if arrival.agent > row else -BEND}",
            },
            zorder=2,
        )


def _drawn(shown: Flow) -> Sequence[Made]:
    """The items whose arrows are drawn."""
    arrows = sum(arrival.step <= shown.steps for made in shown.made for arrival in made.arrivals)
    return shown.made if arrows <= CROWDED else shown.first()


def _marks(axes: Axes, shown: Flow, places: Places) -> None:
    numbers = _numbers(shown)
    for made, (x, row, _) in places.items():
        seen = made.item.kind == "observation"
        axes.plot(x, row, "o" if seen else "s", markersize=9, markerfacecolor="white", markeredgecolor=INK, zorder=3)
        number = numbers.get((made.item.kind, made.name))
        if number is not None:
            axes.text(x, row, str(number), ha="center", va="center_baseline", fontsize=7, zorder=4)


def _numbers(shown: Flow) -> dict[tuple[str, str], int]:
    """What stands in a mark, where a kind has variables of several names."""
    found: dict[tuple[str, str], int] = {}
    for kind in ("observation", "action"):
        names = list(dict.fromkeys(m.name for m in shown.first() if m.item.kind == kind))
        if len(names) > 1:
            found |= {(kind, name): k for k, name in enumerate(names, 1)}
    return found


def _legend(shown: Flow) -> list[str]:
    """The lines under the picture."""
    numbers, lines = _numbers(shown), []
    for kind, mark in (("observation", "○"), ("action", "□")):
        names = dict.fromkeys(m.name for m in shown.first() if m.item.kind == kind)
        listed = ", ".join(f"{numbers[kind, name]} {name}" if (kind, name) in numbers else name for name in names)
        if listed:
            arrow = "solid" if kind == "observation" else "dashed"
            lines.append(f"{mark} {kind}: {listed}; {arrow} arrows: who learns it, and when")
    lines.append(f"grey: common at step {shown.steps}" + _extra(shown))
    return lines


def _extra(shown: Flow) -> str:
    late = [(made, arrival) for made in shown.first() for arrival in made.arrivals if arrival.step > shown.steps]
    said = "; open heads: perhaps" if any(not a.certain for m in shown.made for a in m.arrivals) else ""
    if late:
        said += f"; later than step {shown.steps}: " + ", ".join(_late(shown, *pair) for pair in late[:3])
        said += f" and {len(late) - 3} more" if len(late) > 3 else ""
    return said + ("" if _drawn(shown) is shown.made else "; arrows of first items only")


def _late(shown: Flow, made: Made, arrival: Arrival) -> str:
    return f"{made.name} of {shown.agents[made.owner]} to {shown.agents[arrival.agent]} (step {arrival.step})"
