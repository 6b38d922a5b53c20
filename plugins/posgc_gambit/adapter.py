"""The one place that knows pygambit: a two-agent stage as an extensive game, solved by its `lcp`.

Chance draws one of the U joint private informations with probability 1/U, and payoffs, which have the prior
folded in, are multiplied by U: so no probability is rounded on the way.  The game is handed over in the `.efg`
format, the tree solver works on the sequence form (Koller, Megiddo and von Stengel 1996; Savani and Turocy,
Gambit, 2025), and the answer is read back by the history of each information set, not by its position.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["missing_pygambit", "solve_stage", "stage_game"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
OLDEST = 17  # its names for results and histories differ from those of 16
INSTALL = "install it with `pip install 'posgc[gambit]'`"


def missing_pygambit() -> str | None:
    """None when a pygambit that this adapter knows is installed, else what to do, as a sentence."""
    try:
        version = importlib.metadata.version("pygambit")
    except importlib.metadata.PackageNotFoundError:
        return f"pygambit is not installed; {INSTALL}"
    if int(version.split(".")[0]) < OLDEST:
        return f"pygambit {version} is older than {OLDEST}; {INSTALL}"
    return None


def stage_game(payoff: Sequence[Floats], types: Ints) -> Any:
    """The extensive game of payoff[i] [U, A_1, A_2] and types [2, U], in the payoffs' own unit."""
    gambit: Any = importlib.import_module("pygambit")
    n_u, *actions = payoff[0].shape
    labels = ["{ " + " ".join(f'"{a}"' for a in range(k)) + " }" for k in actions]
    chance = " ".join(f'"{u}" 1/{n_u}' for u in range(n_u))
    lines = ['EFG 2 R "stage" { "1" "2" } ""', f'c "" 1 "" {{ {chance} }} 0']
    outcome = 0
    for u in range(n_u):
        lines.append(f'p "" 1 {types[0, u] + 1} "" {labels[0]} 0')
        for first in range(actions[0]):
            lines.append(f'p "" 2 {types[1, u] + 1} "" {labels[1]} 0')
            for second in range(actions[1]):
                outcome += 1
                earned = ", ".join(f"{float(n_u * part[u, first, second])!r}" for part in payoff)
                lines.append(f't "" {outcome} "" {{ {earned} }}')
    return gambit.read_efg(io.BytesIO("\n".join([*lines, ""]).encode()))


def solve_stage(payoff: Sequence[Floats], types: Ints) -> list[Floats] | None:
    """A Nash equilibrium's behaviour [P_i, A_i] of each agent, or None where Gambit finds none.

    payoff[i] [U, A_1, A_2] of magnitude about 1, types [2, U] without gaps.
    """
    gambit: Any = importlib.import_module("pygambit")
    game = stage_game(payoff, types)
    found = gambit.nash.lcp_solve(game, rational=False).equilibrium
    if found is None:
        return None
    tables = [np.zeros((int(row.max()) + 1, a)) for row, a in zip(types, payoff[0].shape[1:], strict=True)]
    for row, table, player in zip(types, tables, game.players, strict=True):
        for history, law in found[player]:
            private = row[int(history[0].action)]
            table[private] = [float(probability) for _, probability in law]
    return tables
