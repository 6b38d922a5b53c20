"""`.nfg`: a game in strategic form is a POSG with one state and nothing to see, played once unless asked otherwise.

The trap of the format: contingencies are listed with the *first* player's strategy fastest, the reverse of
ours.  Payoffs stand there contingency by contingency, or as numbers of outcomes (0 pays nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from posgc.plugin import Imported, RewardReading, Source, require_sense
from posgc_gambit_files.strategic import MAX_CONTINGENCIES, require_few, require_own_payoffs, strategic_form
from posgc_gambit_files.tokens import Tokens, distinct

__all__ = ["NfgImporter"]


@dataclass(frozen=True)
class NfgImporter:
    """Reads games in strategic form, with payoffs or with outcomes."""

    name: ClassVar[str] = "nfg"
    summary: ClassVar[str] = "games in strategic form of Gambit (.nfg), played --horizon times"
    suffixes: ClassVar[tuple[str, ...]] = (".nfg",)
    own_horizon: ClassVar[bool] = True

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it does not begin with `NFG 1`"

    def _recognises(self, source: Source) -> bool:
        """Whether the text begins with `NFG 1`."""
        return source.text.lstrip("\ufeff \t\r\n")[:64].split()[:2] == ["NFG", "1"]

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model.  Raises InputError at the first mistake, LimitError above MAX_CONTINGENCIES."""
        require_sense(self, source, horizon, discount, reward)
        require_own_payoffs(source, reward)
        title, players, strategies, payoff = _read(Tokens(source))
        # [first player fastest, n] → [n, first player slowest]
        sizes, n = [len(names) for names in strategies], len(players)
        table = payoff.reshape(*sizes[::-1], n).transpose(*range(n, -1, -1))
        return Imported(strategic_form(source, title, players, strategies, table, horizon, discount))


def _read(tokens: Tokens) -> tuple[str, tuple[str, ...], list[tuple[str, ...]], np.ndarray]:
    """Title, players, strategies, and payoffs [contingencies, players] in the order of the file."""
    tokens.take("NFG")
    tokens.take("1")
    if not (tokens.at("R") or tokens.at("D")):
        tokens.wants("`R` or `D`")
    tokens.step()
    title = tokens.string("a title")
    players = tokens.players()
    strategies = _strategies(tokens, len(players))
    if tokens.at_string():
        tokens.step()  # the comment
    cells = prod(len(names) for names in strategies)
    require_few(cells, len(players))
    if tokens.at("{"):
        payoff = _by_outcome(tokens, cells, len(players))
    else:
        numbers = range(1, cells * len(players) + 1)
        payoff = [[tokens.real(f"payoff {k} of {len(numbers)}") for k in numbers]]
    tokens.end(f"{cells} contingencies")
    return title, players, strategies, np.array(payoff).reshape(cells, len(players))


def _strategies(tokens: Tokens, players: int) -> list[tuple[str, ...]]:
    tokens.take("{")
    found: list[tuple[str, ...]] = []
    for i in range(players):
        if tokens.at("{"):
            found.append(distinct(tokens.strings("a strategy")))
            continue
        word = tokens.next
        size = tokens.count(f"the strategies of player {i + 1}")
        if not 0 < size <= MAX_CONTINGENCIES:
            tokens.fail(f"{size} is not a number of strategies", word, "a whole number from 1", "I105")
        found.append(tuple(str(k + 1) for k in range(size)))
    tokens.take("}")
    return found


def _by_outcome(tokens: Tokens, cells: int, players: int) -> list[list[float]]:
    tokens.take("{")
    outcomes = [[0.0] * players]
    while not tokens.at("}"):
        tokens.take("{")
        tokens.string("the outcome's name")
        outcomes.append([tokens.real("a payoff") for _ in range(players)])
        tokens.take("}")
    tokens.take("}")
    found = []
    for k in range(cells):
        word = tokens.next
        number = tokens.count(f"outcome {k + 1} of {cells}")
        if number >= len(outcomes):
            tokens.fail(f"there is no outcome {number}", word, f"0 to {len(outcomes) - 1}", "I102")
        found.append(outcomes[number])
    return found
