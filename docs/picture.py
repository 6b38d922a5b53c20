"""Draws docs/picture.svg: the decentralised tiger's common beliefs, and what sharing is worth.

    python docs/picture.py

Left: the graph under full sharing.  A disc is a common belief, its height the log-odds of the tiger's door, its
area how likely the optimal team comes there; pale ones are never reached.  Right: the team optimum against
the horizon under three protocols; without sharing Assumption 3 fails, and the dots are the known optima of the
literature (Szer, Charpillet and Zilberstein, UAI 2005; Oliehoek, Spaan and Vlassis, JAIR 2008).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from posgc.information.graph import Graph, expand_graph
from posgc.pipeline import Request, compile_request, solve
from posgc.policy.machine import Machine

HERE = Path(__file__).resolve().parent
GAME = HERE.parent / "games" / "dectiger.posg"
STEPS, LONGEST = 6, 10
X0, MIDDLE, UNIT = 118, 212, 27
NO_SHARING = {3: 5.1908, 4: 4.8028, 5: 7.0265, 6: 10.3816}

INK, SOFT, GRID = "#1f2937", "#6b7280", "#e5e7eb"
LISTEN, LEFT, RIGHT = "#4c6ef5", "#f08c00", "#0ca678"
LINES = {"full": ("full sharing", "#c2255c"), "one_step": ("one step late", "#1971c2")}
FONT = "font-family='Inter, Helvetica, Arial, DejaVu Sans, sans-serif'"


def text(
    x: float, y: float, words: str, size: int = 13, fill: str = INK, anchor: str = "middle", more: str = ""
) -> str:
    return (f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{fill}' text-anchor='{anchor}' {FONT} {more}>"
            f"{words}</text>")  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float, opacity: float = 1.0) -> str:
    return (f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' "
            f"stroke-width='{width:.2f}' stroke-opacity='{opacity:.2f}' stroke-linecap='round'/>")  # fmt: skip


def flow(graph: Graph, policy: Machine) -> tuple[list[np.ndarray], list[dict[tuple[int, int], float]]]:
    """How likely the team comes to each node, and along each edge."""
    reach: list[np.ndarray] = [graph.root]
    edges: list[dict[tuple[int, int], float]] = []
    for layer, step in zip(graph.layers[:-1], policy.steps, strict=False):
        table = layer.table
        assert table.flow is not None and table.flow_choice is not None
        after = np.zeros(len(graph.layers[layer.h]))
        used: dict[tuple[int, int], float] = {}
        chances = layer.belief @ table.flow
        chances.sort_indices()
        to = layer.successors(chances, 0)
        for node in range(len(layer)):
            choice = int(step.tables[0][node, 0]) * 3 + int(step.tables[1][node, 0])
            for k in range(chances.indptr[node], chances.indptr[node + 1]):
                if table.flow_choice[chances.indices[k]] == choice:
                    p = float(reach[-1][node] * chances.data[k])
                    after[to[k]] += p
                    used[node, int(to[k])] = used.get((node, int(to[k])), 0.0) + p
        reach.append(after)
        edges.append(used)
    return reach, edges


def beliefs() -> str:
    """The left half."""
    compiled = compile_request(Request(str(GAME), share="full", horizon=STEPS))
    policy, graph = solve(compiled, "team").policy.strategy, expand_graph(compiled.information)
    reach, edges = flow(graph, policy)
    heights = []
    for layer in graph.layers:
        belief = layer.belief.toarray()
        heights.append(np.log(belief[:, 0] / belief[:, 1]) / (2 * np.log(0.85 / 0.15)))
    x = [X0 + 82 * h for h in range(STEPS)]
    y = [MIDDLE - UNIT * height for height in heights]
    out = []
    for height, words in ((5, "tiger left"), (0, "even odds"), (-5, "tiger right")):
        out += [line(X0 - 26, MIDDLE - UNIT * height, x[-1] + 24, MIDDLE - UNIT * height, GRID, 1),
                text(X0 - 34, MIDDLE + 4 - UNIT * height, words, 11, SOFT, "end")]  # fmt: skip
    for h, layer in enumerate(graph.layers[:-1]):
        owner = np.repeat(np.arange(len(layer)), np.diff(layer.edge_indptr))
        for node, to in sorted(set(zip(owner.tolist(), layer.edge_to.tolist(), strict=True))):
            out.append(line(x[h], y[h][node], x[h + 1], y[h + 1][to], "#c9ced6", 0.8, 0.7))
        for (node, to), p in edges[h].items():
            if p > 0:
                out.append(line(x[h], y[h][node], x[h + 1], y[h + 1][to], INK, 0.7 + 6 * p**0.7, 0.6))
    for h, step in enumerate(policy.steps):
        for node, p in enumerate(reach[h]):
            colour = (LISTEN, LEFT, RIGHT)[int(step.tables[0][node, 0])]
            radius, alive = (4.5 + 9 * p**0.5, 1.0) if p > 0 else (4.5, 0.28)
            out.append(f"<circle cx='{x[h]:.1f}' cy='{y[h][node]:.1f}' r='{radius:.1f}' fill='{colour}' "
                       f"fill-opacity='{alive}' stroke='white' stroke-width='1.2'/>")  # fmt: skip
        count = f"{36**h:,}" if 36**h < 10**6 else f"{36**h / 1e6:.1f}M"
        out += [text(x[h], 384, str(h + 1), 12), text(x[h], 404, count, 12, SOFT),
                text(x[h], 424, str(len(reach[h])), 12, INK, more="font-weight='600'")]  # fmt: skip
    for k, words in enumerate(("step", "histories", "beliefs")):
        out.append(text(X0 - 34, 384 + 20 * k, words, 12, SOFT if k < 2 else INK, "end"))
    acts = (LISTEN, "both listen"), (LEFT, "both open left"), (RIGHT, "both open right")
    for k, (colour, words) in enumerate(acts):
        out += [f"<circle cx='{X0 + 140 * k}' cy='456' r='6' fill='{colour}'/>",
                text(X0 + 12 + 140 * k, 460, words, 12, INK, "start")]  # fmt: skip
    return "\n".join(out)


def values() -> str:
    """The right half."""
    left, right, top, bottom, high, low = 666.0, 926.0, 72.0, 360.0, 62.0, -8.0

    def at(h: float, value: float) -> tuple[float, float]:
        return left + (right - left) * (h - 1) / (LONGEST - 1), bottom - (bottom - top) * (value - low) / (high - low)

    out = []
    for mark in range(0, 61, 10):
        out += [line(left, at(1, mark)[1], right, at(1, mark)[1], GRID, 1),
                text(left - 10, at(1, mark)[1] + 4, str(mark), 11, SOFT, "end")]  # fmt: skip
    for h in range(1, LONGEST + 1):
        out.append(text(at(h, 0)[0], bottom + 24, str(h), 12))
    out.append(text((left + right) / 2, bottom + 44, "horizon", 12, SOFT))
    for share, (words, colour) in LINES.items():
        points = []
        for h in range(1, LONGEST + 1):
            solution = solve(compile_request(Request(str(GAME), share=share, horizon=h)), "team")
            points.append(at(h, solution.judgement.values[0]))
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        out.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2.5'/>")
        out += [f"<circle cx='{px:.1f}' cy='{py:.1f}' r='4' fill='{colour}' stroke='white' stroke-width='1.2'/>"
                for px, py in points]  # fmt: skip
        out.append(text(points[-1][0] + 10, points[-1][1] + 4, words, 12, colour, "start", "font-weight='600'"))
    for h, value in NO_SHARING.items():
        px, py = at(h, value)
        out.append(f"<circle cx='{px:.1f}' cy='{py:.1f}' r='4' fill='white' stroke='{SOFT}' stroke-width='1.8'/>")
    px, py = at(6, NO_SHARING[6])
    out += [text(px + 12, py + 10, "no sharing", 12, SOFT, "start", "font-weight='600'"),
            text(px + 12, py + 25, "(from the literature)", 11, SOFT, "start")]  # fmt: skip
    return "\n".join(out)


def picture() -> str:
    """The whole drawing."""
    heads = [
        text(40, 40, "36 times as many histories a step, two more beliefs", 16, INK, "start", "font-weight='600'"),
        text(636, 40, "What sharing is worth: team optimum", 16, INK, "start", "font-weight='600'"),
    ]
    return "\n".join([
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1036 484' width='1036' height='484' role='img'>",
        "<title>Decentralised tiger: common beliefs under full sharing, and the value of sharing</title>",
        "<rect width='1036' height='484' rx='10' fill='white' stroke='#e5e7eb'/>",
        *heads, beliefs(), values(), "</svg>", "",
    ])  # fmt: skip


if __name__ == "__main__":
    (HERE / "picture.svg").write_text(picture(), encoding="utf-8")
