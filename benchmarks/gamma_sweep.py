"""The window that is needed, measured, against gamma, beside the window that theory asks for.

    python benchmarks/gamma_sweep.py            (writes docs/gamma.svg and prints the numbers)

A state with two values that stays as it is with probability STAY, one agent who sees it with accuracy p, full sharing:
gamma = 2 p - 1 (Assumption 2; the emission matrix [[p, 1 - p], [1 - p, p]] has ||E^T (1, -1)||_1 = 2 (2 p - 1)).
Measured is the smallest L whose certificate (`Certificate.distance`, the expected L1 distance of window and true
belief under the worst policy) is at most EPSILON at every step; beside it gamma^-4 log(S H / EPSILON) of Theorem 2.
Where the state never moves the posterior odds are a random walk, and L grows like gamma^-2.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from posgc_window.error import window_certificate

from posgc.compression.bounds import theory_window
from posgc.information.items import Information
from posgc.language import Source, compile_game
from posgc.language.sharing.requests import protocol
from posgc.model import tabulate
from posgc.report.chart import BLUE, GREEN, INK, STYLE

GAMMAS = (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
STAYS = {1.0: ("state never moves", BLUE, "o"), 0.9: ("state moves with probability 0.1", GREEN, "s")}
EPSILON = 0.1
HORIZON = 100
"""H in theory's formula."""

PAIRS = 5_000_000
GAME = """game seen {{
  horizon {horizon};
  agents ann, bob;
  state s: {{a, b}};
  action act[i]: {{x, y}};
  observation o[i]: {{a, b}};
  init s ~ uniform;
  next s ~ noisy(s, {stay});
  observe o[ann] ~ noisy(s', {accuracy});
  observe o[bob] = a;
  reward team = if s == a and act[ann] == x and act[bob] == x then 1 else 0;
  share full {{ o after 0; act after 1; }}
}}
"""


def information(gamma: float, stay: float, horizon: int) -> Information:
    """The member of the family, at a horizon."""
    text = GAME.format(horizon=horizon, stay=stay, accuracy=repr((1 + gamma) / 2))
    game = compile_game(Source("family", text), {}, None, None)
    model = tabulate(game)
    return Information(model, protocol(model.signature, None, game))


def error(gamma: float, stay: float, length: int) -> float:
    """The certificate of a window of this length, once the window no longer begins at step 1."""
    merged = np.zeros(length + 2)  # no graph is built; merging within 1e-12 is nothing beside EPSILON
    found = window_certificate(information(gamma, stay, length + 2), length, "uniform", PAIRS, merged)
    assert found is not None, "more pairs than are held"
    return float(found.distance[-1])


def smallest(gamma: float, stay: float, start: int) -> int:
    """The smallest L with an error of at most EPSILON: doubling from `start`, then halving."""
    low, high = 0, max(1, start)
    while error(gamma, stay, high) > EPSILON:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if error(gamma, stay, middle) <= EPSILON else (middle, high)
    return high


def main() -> None:
    """Print the table, draw the picture."""
    found: dict[float, list[int]] = {stay: [] for stay in STAYS}
    theory = []
    print("| γ | " + " | ".join(f"L, {words}" for words, _, _ in STAYS.values()) + " | γ⁻⁴ log(SH/ε) |")
    print("| --- | " + "--- | " * len(STAYS) + "--- |")
    for gamma in reversed(GAMMAS):
        for stay, lengths in found.items():
            lengths.append(smallest(gamma, stay, lengths[-1] if lengths else 1))
        theory.append(theory_window(information(gamma, 1.0, HORIZON).model, gamma, EPSILON))
        print(
            f"| {gamma} | " + " | ".join(str(lengths[-1]) for lengths in found.values()) + f" | {theory[-1]:,.0f} |",
            flush=True,
        )
    Path(__file__).resolve().parent.parent.joinpath("docs", "gamma.svg").write_bytes(draw(found, theory))


def draw(found: dict[float, list[int]], theory: list[float]) -> bytes:
    """Both axes logarithmic: powers of gamma are straight lines."""
    import io

    gammas, buffer = list(reversed(GAMMAS)), io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.plot(gammas, theory, color=INK, linestyle="--", label=f"theory: γ⁻⁴ log(SH/ε), S = 2, H = {HORIZON}")
        for stay, lengths in found.items():
            words, colour, marker = STAYS[stay]
            axes.plot(gammas, lengths, color=colour, marker=marker, label=f"measured: {words}", clip_on=False)
        axes.set(xscale="log", yscale="log", xlabel="γ", ylabel="window length L (steps)", ylim=(0.9, None))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_title(f"Smallest window with a certified error of at most ε = {EPSILON}")
        axes.grid(color="#e5e7eb", linewidth=0.7)
        axes.legend()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


if __name__ == "__main__":
    main()
