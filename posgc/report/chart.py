"""The picture of `posgc plot compression`: a column for each compression with a numeric option, and three panels.

From above: gaps and errors in the unit of the rewards (bound, exact gap, epsilon_r); distances of beliefs and of
the laws of increments (epsilon_z measured, the certificate), L1, at most 2; nodes.  Options run from coarse to fine.
Axes are logarithmic with a linear stretch about 0, so that an exact 0 is seen; what is rounding is drawn as 0.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.pipeline import Sweep
from posgc.report.compressions import plotted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "STYLE", "draw", "require_drawing", "require_matplotlib", "written"]

FORMATS = ("svg", "png", "pdf")

ROUNDING = 1e-9
"""Share of a panel's largest number below which a number is drawn as 0."""

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "svg.hashsalt": "posgc",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "lines.markersize": 5,
    "lines.linewidth": 1.6,
}
INK, BLUE, ORANGE, GREEN = "#1f2937", "#0072b2", "#d55e00", "#009e73"


@dataclass(frozen=True)
class _Curve:
    key: str
    label: str
    colour: str
    marker: str
    dashed: bool = False


PANELS = (
    (
        "unit of the rewards",
        (
            _Curve("bound", "bound on the gap", ORANGE, "o"),
            _Curve("epsilon_r", "ε_r, measured", BLUE, "s"),
            _Curve("gap", "exact gap", INK, "D"),
        ),
    ),
    (
        "L1 distance",
        (
            _Curve("certificate", "certificate", ORANGE, "o", dashed=True),
            _Curve("epsilon_z", "ε_z, measured", BLUE, "s"),
        ),
    ),
    ("nodes", (_Curve("nodes", "nodes", GREEN, "o"),)),
)


def draw(found: Sweep, kind: str) -> bytes:
    """The picture as a file of one of the `FORMATS`; the same sweep gives the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [plotted(attempt) for attempt in found.attempts]
    names = list(dict.fromkeys(row["name"] for row in rows if row["parameter"] is not None)) or [rows[0]["name"]]
    with matplotlib.rc_context(STYLE):
        width, height = 1.2 + 4.2 * len(names), 8.2
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        figure.subplots_adjust(1.0 / width, 0.55 / height, 1 - 0.15 / width, 1 - 0.8 / height, 0.06, 0.1)
        grid = figure.subplots(len(PANELS), len(names), sharex="col", sharey="row", squeeze=False)
        lossless = next((row["nodes"] for row in rows if row["name"] == "exact"), None)
        for axes, panel in zip(grid, PANELS, strict=True):
            for own, name in zip(axes, names, strict=True):
                _panel(own, panel[1], [row for row in rows if row["name"] == name])
            _scale(axes[0], panel[0], [v for row in rows for c in panel[1] if (v := row[c.key]) is not None])
        for own, name in zip(grid[0], names, strict=True):
            own.set_title(name)
        for own, name in zip(grid[-1], names, strict=True):
            _options(own, [row for row in rows if row["name"] == name])
            if lossless is not None:
                own.axhline(lossless, color=INK, linewidth=1, linestyle=":", label="exact")
        for axes in grid:
            axes[-1].legend(loc="best")
        figure.align_ylabels(grid[:, 0])
        model = found.compiled.model
        figure.suptitle(
            f"{model.name}, {found.compiled.information.protocol.name}, H = {model.horizon}, {found.concept}",
            x=0.15 / width,
            ha="left",
        )
        return written(figure, kind)


def written(figure: Figure, kind: str) -> bytes:
    """The figure as a file of one of the `FORMATS`, without its date."""
    buffer = io.BytesIO()
    undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    figure.savefig(buffer, format=kind, dpi=150, metadata=undated)
    return buffer.getvalue()


def _panel(axes: Axes, curves: tuple[_Curve, ...], rows: list[dict[str, Any]]) -> None:
    for curve in curves:
        points = [(at, row[curve.key]) for at, row in enumerate(rows) if row[curve.key] is not None]
        largest = max((abs(v) for row in rows for c in curves if (v := row[c.key]) is not None), default=0.0)
        shown = [0.0 if abs(value) <= ROUNDING * largest else value for _, value in points]
        axes.plot(
            [at for at, _ in points],
            shown,
            color=curve.colour,
            marker=curve.marker,
            label=curve.label,
            linestyle="--" if curve.dashed else "-",
            clip_on=False,
        )
    axes.grid(axis="y", which="both", color="#e5e7eb", linewidth=0.7)


def _scale(axes: Axes, unit: str, values: list[float]) -> None:
    """Nodes: logarithmic; errors: logarithmic from the smallest number that is drawn on, linear below."""
    from matplotlib.ticker import LogLocator

    largest = max(map(abs, values), default=1.0) or 1.0
    least = min((abs(v) for v in values if abs(v) > ROUNDING * largest), default=largest)
    if unit == "nodes":
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter("")
        axes.yaxis.set_major_formatter("{x:,.0f}")
    else:
        threshold = max(least, 1e-6 * largest)
        axes.set_yscale("symlog", linthresh=threshold, linscale=0.7)
        axes.set_ylim(bottom=min(0.0, *values) if min(values, default=0.0) < -ROUNDING * largest else 0.0)
    axes.set_ylabel(unit)


def _options(axes: Axes, rows: list[dict[str, Any]]) -> None:
    axes.set_xticks(range(len(rows)), ["" if r["parameter"] is None else f"{r['parameter']:g}" for r in rows])
    axes.set_xlim(-0.3, max(len(rows) - 0.7, 0.7))
    axes.set_xlabel(f"{rows[0]['option']} (coarse to fine)" if rows[0]["option"] else rows[0]["name"])


def require_drawing(path: str) -> None:
    """Raises InputError (E624), before anything is computed, where the picture could not be drawn."""
    if Path(path).suffix[1:].lower() not in FORMATS:
        cure = f"a name that ends with {', '.join('.' + name for name in FORMATS)}"
        raise InputError([Diagnostic("E624", f"{path}: the format of a picture is told by its ending", help=cure)])
    require_matplotlib()


def require_matplotlib() -> None:
    """Raises InputError (E624) where it is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InputError(
            [
                Diagnostic(
                    "E624", "pictures are drawn by matplotlib, which is not installed", help="pip install 'posgc[plot]'"
                )
            ]
        ) from None
