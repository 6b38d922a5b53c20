"""`.gam`: a game in strategic form as a list of numbers, the format of GameTracer and of GAMUT's output for it.

B. Blum, D. Koller and C. R. Shelton, "A continuation method for Nash equilibria in structured games", JAIR 25, 2006.
The number of players, of each player's strategies, then all payoffs of player 1, all of player 2, and so on; within
each, as in `.nfg`, the *first* player's strategy is fastest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from posgc.plugin import Imported, RewardReading, Source, require_sense
from posgc_gambit_files.strategic import MAX_CONTINGENCIES, require_few, require_own_payoffs, strategic_form
from posgc_gambit_files.tokens import MAX_PLAYERS, Tokens

__all__ = ["GamImporter"]

_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class GamImporter:
    """Reads games in strategic form in the format of GameTracer."""

    name: ClassVar[str] = "gam"
    summary: ClassVar[str] = "games in strategic form of GameTracer and GAMUT (.gam), played --horizon times"
    suffixes: ClassVar[tuple[str, ...]] = (".gam",)
    own_horizon: ClassVar[bool] = True

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "its first lines are not the numbers of players and actions"

    def _recognises(self, source: Source) -> bool:
        """Whether the text, comments aside, has a number n alone on its first line and n numbers on its second, or
        as many numbers as the first of them ask for."""
        lines = [line.split() for line in _COMMENT.sub("", source.text[:4096]).split("\n") if line.strip()]
        if len(lines) > 1 and len(lines[0]) == 1 and _whole(lines[0] + lines[1]):
            return int(lines[0][0]) == len(lines[1])
        words = [word for line in lines[:1] for word in line]
        if not words or not _whole(words[:1]) or not _whole(words[: 1 + int(words[0])]):
            return False
        n = int(words[0])
        sizes = [int(word) for word in words[1 : 1 + n]]
        return len(sizes) == n and len(_COMMENT.sub("", source.text).split()) == 1 + n + n * prod(sizes)

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model.  Raises InputError at the first mistake, LimitError above MAX_CONTINGENCIES payoffs."""
        require_sense(self, source, horizon, discount, reward)
        require_own_payoffs(source, reward)
        tokens = Tokens(source, comments=True)
        n = tokens.size("the number of players", MAX_PLAYERS)
        sizes = [tokens.size(f"the number of strategies of player {i + 1}", MAX_CONTINGENCIES) for i in range(n)]
        cells = prod(sizes)
        require_few(cells, n)
        payoff = [tokens.real(f"payoff {k} of {n * cells}") for k in range(1, n * cells + 1)]
        tokens.end(f"{n * cells} payoffs")
        table = np.array(payoff).reshape(n, *sizes[::-1]).transpose(0, *range(n, 0, -1))
        names = [tuple(str(k + 1) for k in range(size)) for size in sizes]
        return Imported(strategic_form(source, "", [str(i + 1) for i in range(n)], names, table, horizon, discount))


def _whole(words: list[str]) -> bool:
    return all(word.isascii() and word.isdigit() and len(word) < 10 for word in words)
