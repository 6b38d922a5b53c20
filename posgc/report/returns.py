"""The picture of returns while learning: a panel for each environment and algorithm, a curve for each protocol.

A point of a curve is the mean over seeds of a stretch of batches, the band Student's 95 % interval over seeds; of a
single seed there is no band.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from posgc.marl.results import Trained, half_interval
from posgc.report.chart import STYLE, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

Floats = npt.NDArray[np.float64]

POINTS = 30
"""Points of a curve, at most."""

INKS = ("#0b2545", "-"), ("#d55e00", "--"), ("#56b4e9", "-."), ("#009e73", ":"), ("#888888", (0, (1, 3)))
"""Colours and lines of the protocols; they differ in lightness as well."""


def draw(found: Sequence[Trained], kind: str) -> bytes:
    """The picture as a file of one of `posgc.report.chart.FORMATS`; the same runs give the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys((one.environment, one.algorithm) for one in found))
    protocols = list(dict.fromkeys(one.protocol for one in found))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(0.6 + 3.9 * len(panels), 3.3), layout="constrained")
        FigureCanvasAgg(figure)
        for at, (axes, panel) in enumerate(zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True)):
            for one in found:
                if (one.environment, one.algorithm) == panel:
                    _curve(axes, one, *INKS[protocols.index(one.protocol) % len(INKS)])
            axes.set_title(f"{panel[0]}, {panel[1]}")
            axes.set_xlabel("joint steps, in thousands")
            axes.grid(axis="y", color="#e5e7eb", linewidth=0.7)
            if at == 0:
                axes.set_ylabel("return of the team")
                if axes.get_lines():
                    axes.legend(loc="best", handlelength=3.2)
        return written(figure, kind)


def _curve(axes: Axes, trained: Trained, colour: str, line: str | tuple[int, tuple[int, ...]]) -> None:
    """The seeds that came to their end; where there is none, what there is."""
    runs = [run for run in trained.runs if not run.stopped] or trained.runs
    least = min((len(run.returns) for run in runs), default=0)
    if least == 0:
        return
    blocks = np.array_split(np.arange(least), min(POINTS, least))
    frames = np.array([runs[0].frames[block].mean() for block in blocks]) / 1000
    values = np.array([[run.returns[block].mean() for block in blocks] for run in runs])
    mean, dot = values.mean(axis=0), "o" if len(blocks) == 1 else ""  # a line of one point is not seen
    axes.plot(frames, mean, color=colour, linestyle=line, marker=dot, label=trained.protocol)
    if len(values) > 1:
        half = half_interval(values)
        axes.fill_between(frames, mean - half, mean + half, color=colour, alpha=0.18, linewidth=0)
