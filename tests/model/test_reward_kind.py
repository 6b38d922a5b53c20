"""Common and zero-sum are facts about every reward, whatever the largest one is."""

from __future__ import annotations

import numpy as np
import pytest

from posgc.model.build import from_arrays
from posgc.model.rewards import reward_kind


def kind(ann: list[float], bob: list[float]) -> str:
    """Of a game of one state and so many joint actions, of ann alone."""
    model = from_arrays(
        transition=np.ones((len(ann), 1, 1)),
        emission=np.ones((len(ann), 1, 1)),
        reward=np.array([ann, bob])[:, :, None],
        initial=np.ones(1),
        action_sizes=(len(ann), 1),
        observation_sizes=(1, 1),
        horizon=1,
    )
    return reward_kind(model)


@pytest.mark.parametrize(
    "ann, bob, expected",
    [
        ([1e9, 2e-4, -2e-4], [1e9, -2e-4, 2e-4], "general"),  # pennies beside a prize for both
        ([1e9, 2e-4, -2e-4], [-1e9, -2e-4, 2e-4], "zero_sum"),
        ([1e9, 2e-4, -2e-4], [-1e9, 2e-4, -2e-4], "general"),
        ([1e12, 0.0], [1e12, 0.5], "general"),  # half a unit, 5e-13 of the largest
        ([1e12, 1e-9], [-1e12, 0.0], "general"),
        ([1.0, 2.0], [1.0 + 1e-13, 2.0], "general"),
        ([1e15 + 0.25, 1e15], [1e15, 1e15 + 0.25], "general"),  # two units in the last place
        ([0.1 + 0.2, 3.0], [-0.3, -3.0], "general"),
        ([0.1, 1 / 3], [-0.1, -1 / 3], "zero_sum"),
        ([5e-324, 0.0], [0.0, 0.0], "general"),
        ([0.0, 0.0], [0.0, 0.0], "common"),
    ],
)
def test_every_reward_counts(ann: list[float], bob: list[float], expected: str) -> None:
    assert kind(ann, bob) == expected
