import numpy as np
import pytest

from posgc.equilibrium import Stages


def arguments(**changed: object) -> dict[str, object]:
    good: dict[str, object] = {
        "payoff": np.ones((2, 3, 2, 2, 2)),
        "types": np.array([[0, 1], [0, 0]]),
        "type_counts": (2, 1),
        "weight": np.full((3, 2), 0.5),
        "kind": "general",
    }
    return good | changed


def poisoned(value: float) -> np.ndarray:
    payoff = np.ones((2, 3, 2, 2, 2))
    payoff[1, 2, 0, 1, 1] = value
    return payoff


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"payoff": poisoned(np.nan)}, "finite"),
        ({"payoff": poisoned(np.inf)}, "finite"),
        ({"weight": np.full((3, 2), np.nan)}, "finite"),
        ({"payoff": np.ones((3, 3, 2, 2, 2))}, "one array per agent"),
        ({"payoff": np.ones((2, 3, 2, 2))}, "payoff is"),
        ({"payoff": np.ones((2, 3, 2, 2, 0))}, "at least one action"),
        ({"payoff": np.ones((2, 3, 2, 2, 2), dtype=np.float32)}, "float64"),
        ({"types": np.array([[0, 2], [0, 0]])}, "types must lie"),
        ({"types": np.array([[0, 1]])}, "types must be"),
        ({"types": np.array([[0.5, 1.0], [0.0, 0.0]])}, "integers"),
        ({"payoff": poisoned(1.1e150)}, "at most 1e"),
        ({"weight": np.full((3, 2), 0.4)}, "sum to 1"),
        ({"weight": np.full((2, 2), 0.5)}, "weight must be"),
        ({"weight": np.tile([1.0, 0.0], (3, 1))}, "0 where weight is 0"),
        ({"kind": "mixed"}, "kind must be"),
        ({"kind": "common"}, "single payoff"),
        ({"kind": "zero_sum"}, "single payoff"),
        ({"type_counts": ()}, "type_counts"),
    ],
)
def test_defects_are_refused_at_the_door(changed: dict[str, object], message: str) -> None:
    Stages(**arguments())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        Stages(**arguments(**changed))  # type: ignore[arg-type]


def test_zero_sum_needs_two_agents() -> None:
    with pytest.raises(ValueError, match="two agents"):
        Stages(np.ones((1, 1, 1, 2)), np.zeros((1, 1), dtype=int), (1,), np.ones((1, 1)), "zero_sum")
