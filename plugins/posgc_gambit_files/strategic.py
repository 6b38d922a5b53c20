"""A table of payoffs as a POSG: one state, nothing to see, every strategy an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import PurePath

import numpy as np
import numpy.typing as npt

from posgc.model import Model, Signature, Variable
from posgc.model.build import from_arrays
from posgc.plugin import Diagnostic, InputError, LimitError, RewardReading, Source

__all__ = ["MAX_CONTINGENCIES", "require_few", "require_own_payoffs", "strategic_form"]

MAX_CONTINGENCIES = 2_000_000  # contingencies times players


def require_own_payoffs(source: Source, reward: RewardReading | None) -> None:
    """Raises InputError (I106) where a reading of the rewards is asked for."""
    if reward is not None:
        raise InputError(
            [Diagnostic("I106", "the file gives every player a payoff of its own", None, "leave --reward out")], source
        )


def require_few(cells: int, players: int) -> None:
    """Raises LimitError above MAX_CONTINGENCIES payoffs."""
    if cells * players > MAX_CONTINGENCIES:
        raise LimitError(
            f"{cells:.3g} contingencies of {players} players; the limit is {MAX_CONTINGENCIES:.3g} "
            "payoffs: write a smaller game"
        )


def strategic_form(
    source: Source,
    title: str,
    players: Sequence[str],
    strategies: Sequence[tuple[str, ...]],
    payoff: npt.NDArray[np.float64],
    horizon: int | None,
    discount: float | None,
) -> Model:
    """The game with `payoff[n, strategy of player 1, …, of player n]`, played `horizon` times, None for once."""
    sizes, n = [len(names) for names in strategies], len(players)
    cells = prod(sizes)
    model = from_arrays(
        transition=np.ones((cells, 1, 1)),
        emission=np.ones((cells, 1, 1)),
        initial=np.ones(1),
        reward=payoff.reshape(n, cells, 1),
        action_sizes=sizes,
        observation_sizes=[1] * n,
        horizon=horizon or 1,
        discount=1.0 if discount is None else discount,
        name=PurePath(source.name).stem,
        agents=players,
    )
    actions = tuple(Variable("act", i, names) for i, names in enumerate(strategies))
    signature = Signature(model.signature.agents, actions, model.signature.observations)
    return replace(model, title=title, signature=signature)
