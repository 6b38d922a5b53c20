"""Judging by play: mean returns with an interval, where no exact judge can."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from posgc.information.items import Information
from posgc.judge.judgement import Judgement
from posgc.language.concepts import DeviationKind
from posgc.play.kinds import player_of
from posgc.play.sampler import CONFIDENCE, estimate
from posgc.policy.strategy import Strategy

__all__ = ["judge_by_play"]

PLAYED_STEPS = 2_000_000
"""Episodes times steps that are played."""

LEAST_EPISODES, MOST_EPISODES = 400, 20_000
"""Episodes that are played however long or short they are."""


def judge_by_play(
    information: Information,
    strategy: Strategy,
    kind: DeviationKind,
    seed: int,
    progress: Callable[[str, int, int], None] | None = None,
) -> Judgement:
    """Values by playing the strategy; of deviations nothing is known.

    An interval is the normal one at level CONFIDENCE of each agent's mean.  Raises PolicyMismatch where the strategy
    lacks an instruction for what happened.
    """
    model = information.model
    episodes = int(np.clip(PLAYED_STEPS // model.horizon, LEAST_EPISODES, MOST_EPISODES))
    told = progress or (lambda stage, done, total: None)
    found = estimate(model, player_of(information, strategy), episodes, seed, told)
    assert found.error is not None
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * found.error
    return Judgement(
        kind,
        tuple(found.mean.tolist()),
        None,
        None,
        0.0,
        (found.episodes,),
        "play",
        "estimated",
        CONFIDENCE,
        tuple(half.tolist()),
    )
