"""Curves of returns: as CSV, and as a picture where matplotlib is installed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from posgc_neural.options import PICTURES

__all__ = ["Curve", "keep"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean discounted returns while learning, exploration included."""

    # [points, 1 + K]: joint steps of each of the K networks until then, and its mean return since the point before
    rows: Floats
    place: Literal["environment", "model"]  # where the steps were played


def keep(curve: Curve, path: str | None) -> None:
    """Write the curve to the file, by its ending; nothing for None.  Raises OSError."""
    if path is None:
        return
    if Path(path).suffix in PICTURES:
        _draw(curve, path)
        return
    with open(path, "w", newline="", encoding="utf-8") as file:
        written = csv.writer(file)
        copies = curve.rows.shape[1] - 1
        written.writerow(["joint_steps", *(f"return_{k + 1}_in_{curve.place}" for k in range(copies))])
        written.writerows([int(row[0]), *map(float, row[1:])] for row in curve.rows)


def _draw(curve: Curve, path: str) -> None:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "posgc"}):
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        steps, returns = curve.rows[:, 0], curve.rows[:, 1:]
        axes.plot(steps, returns, color="#888888", linewidth=0.6)
        axes.plot(steps, returns.mean(axis=1), color="#1f4e79")
        axes.set_xlabel(f"joint steps in the {curve.place}")
        axes.set_ylabel("return, exploration included")
        figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)
