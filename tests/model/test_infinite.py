"""Discounted games without end, cut where it no longer matters."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from posgc.cli.main import main
from posgc.language.diagnostics import InputError, LimitError
from posgc.model.build import from_arrays
from posgc.model.infinite import TAIL, require_steady, steps_that_matter, tail

GAMES = Path(__file__).resolve().parents[2] / "games"
COIN = """game coin {
  horizon 3;  discount 0.9;
  agents ann, bob;
  state s: {heads, tails};
  action act[i]: {heads, tails};
  init s = heads;
  next s ~ uniform;
  reward team = if act[ann] == s and act[bob] == s then 1 else 0;
  share full { act after 1; }
}
"""


def model(discount: float, horizon: int, rewards: list[float]):  # type: ignore[no-untyped-def]
    """One state, one action an agent, two agents who earn `rewards` at every step."""
    return from_arrays(
        transition=np.ones((1, 1, 1)), emission=np.ones((1, 1, 1)), reward=np.array(rewards).reshape(2, 1, 1),
        initial=np.ones(1), action_sizes=(1, 1), observation_sizes=(1, 1), horizon=horizon, discount=discount,
    )  # fmt: skip


@pytest.mark.parametrize("discount", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_what_is_cut_off_weighs_at_most_tail(discount: float) -> None:
    steps = steps_that_matter(discount)
    assert discount**steps <= TAIL and (steps == 1 or discount ** (steps - 1) > TAIL)


def test_the_tail_is_the_rest_of_the_geometric_series() -> None:
    """Constant rewards r earn r / (1 - d) in all, r (1 - d^H) / (1 - d) up to H."""
    found = tail(model(0.8, 5, [3.0, -2.0]))
    for i, r in enumerate([3.0, -2.0]):
        rest = r / 0.2 - sum(r * 0.8**k for k in range(5))
        assert found[i] == pytest.approx([rest, rest], abs=1e-12)


def test_refused_without_a_discount_and_past_the_limit() -> None:
    with pytest.raises(InputError):
        steps_that_matter(1.0)
    with pytest.raises(LimitError):
        steps_that_matter(1 - 1e-9)


def test_refused_where_the_step_matters() -> None:
    steady = model(0.9, 4, [1.0, 1.0])
    require_steady(steady)
    with pytest.raises(InputError):
        require_steady(replace(steady, kernels=steady.kernels * 2, kernel_of_step=(0, 1, 0, 1)))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict:  # type: ignore[type-arg]
    assert main([*words, "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


@pytest.mark.parametrize("compress", [[], ["--compress", "window(1)"]])
def test_a_game_with_a_known_value(tmp_path: Path, capsys: pytest.CaptureFixture[str], compress: list[str]) -> None:
    """The state is known at first and then a fair coin that nobody sees: 1 + (d / (1 - d)) / 2 = 5.5 for d = 0.9."""
    game = tmp_path / "coin.posg"
    game.write_text(COIN)
    found = run(capsys, "solve", str(game), "--concept", "team", "--horizon", "inf", *compress)
    assert found["bounds"]["lower"] <= 5.5 + 1e-9 and found["bounds"]["upper"] >= 5.5 - 1e-9
    assert found["bounds"]["upper"] - found["bounds"]["lower"] <= 1e-6
    assert not found["gap"]["exact"] and found["gap"]["tail"] == pytest.approx(0.9**175 / 0.1, rel=1e-9)
    assert found["gap"]["value"] >= found["gap"]["tail"]


def test_longer_horizons_stay_within_the_tail(capsys: pytest.CaptureFixture[str]) -> None:
    """Recycling robots: the optimum of twice the steps lies between the bounds for the endless game."""
    words = ["solve", str(GAMES / "recycling.posg"), "--share", "one_step", "--concept", "team", "--discount", "0.5"]
    cut = run(capsys, *words, "--horizon", "inf")
    longer = run(capsys, *words, "--horizon", str(2 * steps_that_matter(0.5)))
    assert longer["gap"]["exact"] and longer["gap"]["tail"] is None
    assert cut["bounds"]["lower"] - 1e-9 <= longer["values"]["ann"] <= cut["bounds"]["upper"] + 1e-9


def test_no_end_without_a_discount(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", str(GAMES / "dectiger.posg"), "--concept", "team", "--horizon", "inf", "--quiet"]) == 2
    assert "E619" in capsys.readouterr().err
