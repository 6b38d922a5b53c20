"""Curves of returns: as CSV, and as a picture where matplotlib is installed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from posgc.plugin import InputError, replace_file, require_writable
from posgc_neural.options import PICTURES

__all__ = ["Curve", "keep", "missed", "require_place"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean discounted returns while learning, exploration included."""

    # [points, 1 + K]: joint steps of each of the K networks until then, and its mean return since the point before
    rows: Floats
    place: Literal["environment", "model"]  # where the steps were played


def require_place(path: str | None) -> None:
    """Raises InputError (E615) where `keep` could not write, before anything is learned; None is nowhere."""
    if path is not None:
        require_writable(path)


def keep(curve: Curve, path: str | None) -> None:
    """Write the curve to the file, by its ending; nothing for None.  Raises InputError (E615)."""
    if path is not None:
        ending = Path(path).suffix.lower()
        write = _draw if ending in PICTURES else _write
        replace_file(path, lambda file: write(curve, file, ending[1:]))


def missed(curve: Curve, path: str | None) -> tuple[str, ...]:
    """As `keep`, but where the file cannot be written that is said in a sentence, so that what was learned is kept."""
    try:
        keep(curve, path)
    except InputError as error:
        return (f"the curve was not written: {error.diagnostics[0].message}",)
    return ()


def _write(curve: Curve, file: BinaryIO, kind: str) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    written = csv.writer(text)
    copies = curve.rows.shape[1] - 1
    written.writerow(["joint_steps", *(f"return_{k + 1}_in_{curve.place}" for k in range(copies))])
    written.writerows([int(row[0]), *map(float, row[1:])] for row in curve.rows)
    text.detach()


def _draw(curve: Curve, file: BinaryIO, kind: str) -> None:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "posgc"}):
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        steps, returns = curve.rows[:, 0], curve.rows[:, 1:]
        dot = "o" if len(steps) == 1 else ""  # a line of one point is not seen
        axes.plot(steps, returns, color="#888888", linewidth=0.6)
        axes.plot(steps, returns.mean(axis=1), color="#1f4e79", marker=dot)
        axes.set_xlabel(f"joint steps in the {curve.place}")
        axes.set_ylabel("return, exploration included")
        figure.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else None)
