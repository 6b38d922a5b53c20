"""Discounted games without end, cut where it no longer matters."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from posgc.cli.main import main
from posgc.language.diagnostics import InputError, LimitError
from posgc.model.arrays import Model
from posgc.model.build import from_arrays
from posgc.model.infinite import TAIL, extremes, require_steady, steps_that_matter, tail

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
        transition=np.ones((1, 1, 1)),
        emission=np.ones((1, 1, 1)),
        reward=np.array(rewards).reshape(2, 1, 1),
        initial=np.ones(1),
        action_sizes=(1, 1),
        observation_sizes=(1, 1),
        horizon=horizon,
        discount=discount,
    )


def choice(discount: float) -> Model:
    """One state, one agent's choice between earning 0 and 1 at every step."""
    return from_arrays(
        transition=np.ones((2, 1, 1)),
        emission=np.ones((2, 1, 1)),
        reward=np.array([[[0.0], [1.0]]]),
        initial=np.ones(1),
        action_sizes=(2,),
        observation_sizes=(1,),
        horizon=1,
        discount=discount,
    )


@pytest.mark.parametrize("discount", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_what_is_cut_off_weighs_at_most_tail(discount: float) -> None:
    """Everything and nothing are 1 / (1 - d) apart at the start and d^H times that after step H."""
    steps = steps_that_matter(choice(discount))
    assert discount**steps <= TAIL * (1 + 1e-6) and (steps == 1 or discount ** (steps - 1) > TAIL * (1 - 1e-6))


def test_nothing_is_cut_off_where_nothing_is_to_be_decided() -> None:
    """What is earned whatever is played does not need to be waited for."""
    assert steps_that_matter(model(0.99, 5, [3.0, -2.0])) == 1


def random_endless(seed: int) -> Model:
    """Three states that need not all be reached, sparse moves, two agents, rewards of very different sizes."""
    rng = np.random.default_rng(seed)
    moves = rng.dirichlet(np.ones(3), size=(4, 3)) * (rng.random((4, 3, 3)) < 0.5)
    moves[..., 0] += 1e-3
    return from_arrays(
        transition=moves / moves.sum(axis=-1, keepdims=True),
        emission=np.ones((4, 3, 1)),
        reward=rng.normal(size=(2, 4, 3)) * 10.0 ** rng.integers(-3, 4, size=(2, 1, 3)),
        initial=np.array([1.0, 0.0, 0.0]),
        action_sizes=(2, 2),
        observation_sizes=(1, 1),
        horizon=3,
        discount=float(rng.choice([0.3, 0.8, 0.95])),
    )


@pytest.mark.parametrize("seed", range(60))
def test_least_and_most_from_every_state(seed: int) -> None:
    """Against all stationary policies, which suffice (Puterman 1994, theorem 6.2.7), solved as linear systems."""
    game = random_endless(seed)
    kernel, ends, d = game.kernel(1), extremes(game), game.discount
    law = np.zeros((4, 3, 3))
    row = np.repeat(np.arange(12), np.diff(kernel.indptr))
    np.add.at(law, (row // 3, row % 3, kernel.state), kernel.probability)
    states = np.arange(3)
    worth = np.stack(
        [
            np.linalg.solve(np.eye(3) - d * law[list(played), states], kernel.reward[:, list(played), states].T).T
            for played in product(range(4), repeat=3)
        ]
    )
    size = 1e-6 * np.abs(worth).max(axis=(0, 2))[:, None]
    off = 1e-7 * size  # the linear systems are rounded too
    assert (ends[:, 0] <= worth.min(axis=0) + off).all() and (ends[:, 0] >= worth.min(axis=0) - size).all()
    assert (ends[:, 1] >= worth.max(axis=0) - off).all() and (ends[:, 1] <= worth.max(axis=0) + size).all()


FAR = """game far {{ horizon 3; discount 0.5; agents ann, bob; state n: 0..{last}; init n = 0;
  next n = min(n + 1, {last}); action a[i]: {{x, y}};
  reward zero_sum ann = if n == {at} and a[ann] == a[bob] then {prize} else 0; share full; }}"""


@pytest.mark.parametrize(
    "last, at, prize, value",
    [(40, 35, "2 ^ 36", 1.0), (40, 35, "-(2 ^ 36)", -1.0), (90, 80, "2.0 ^ 81", 1.0), (40, 40, "2 ^ 41", 2.0)],
)
def test_a_distant_prize(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], last: int, at: int, prize: str, value: float
) -> None:
    """Matching pennies for a prize of P at step N + 1 are worth 0.5^N P / 2; from the last state on, which stays, twice
    as much (a geometric series)."""
    game = tmp_path / "far.posg"
    game.write_text(FAR.format(last=last, at=at, prize=prize))
    found = run(capsys, "solve", str(game), "--concept", "nash", "--horizon", "inf")
    assert found["bounds"]["lower"] <= value <= found["bounds"]["upper"]
    assert found["bounds"]["upper"] - found["bounds"]["lower"] <= 1e-6


def test_a_policy_of_an_endless_game_is_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """States beyond the cut belong to the game that the policy was made for."""
    game, policy = tmp_path / "far.posg", tmp_path / "far.npz"
    game.write_text(FAR.format(last=90, at=20, prize="2 ^ 21"))
    words = ["--horizon", "inf", "--quiet"]
    assert main(["solve", str(game), "--concept", "nash", *words, "--out", str(policy)]) == 0
    assert main(["verify", str(game), str(policy), *words]) == 0
    assert main(["show", str(policy)]) == 0
    assert "cut after" in capsys.readouterr().out


def test_the_tail_is_the_rest_of_the_geometric_series() -> None:
    """Constant rewards r earn r / (1 - d) in all, r (1 - d^H) / (1 - d) up to H."""
    found = tail(model(0.8, 5, [3.0, -2.0]))
    for i, r in enumerate([3.0, -2.0]):
        rest = r / 0.2 - sum(r * 0.8**k for k in range(5))
        assert found[i] == pytest.approx([rest, rest], abs=1e-12)


def test_refused_without_a_discount_and_past_the_limit() -> None:
    with pytest.raises(InputError):
        steps_that_matter(choice(1.0))
    with pytest.raises(LimitError):
        steps_that_matter(choice(1 - 1e-9))


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
    tail = 0.9 ** len(found["layers"]) / 0.1
    assert not found["gap"]["exact"] and found["gap"]["tail"] == pytest.approx(tail, rel=1e-6)
    assert found["gap"]["value"] >= found["gap"]["tail"]


def test_longer_horizons_stay_within_the_tail(capsys: pytest.CaptureFixture[str]) -> None:
    """Recycling robots: the optimum of twice the steps lies between the bounds for the endless game."""
    words = ["solve", str(GAMES / "recycling.posg"), "--share", "one_step", "--concept", "team", "--discount", "0.5"]
    cut = run(capsys, *words, "--horizon", "inf")
    longer = run(capsys, *words, "--horizon", str(2 * len(cut["layers"])))
    assert longer["gap"]["exact"] and longer["gap"]["tail"] is None
    assert cut["bounds"]["lower"] - 1e-9 <= longer["values"]["ann"] <= cut["bounds"]["upper"] + 1e-9


def test_no_end_without_a_discount(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", str(GAMES / "dectiger.posg"), "--concept", "team", "--horizon", "inf", "--quiet"]) == 2
    assert "E619" in capsys.readouterr().err


UNSEEN = """game unseen {{ agents ann, bob; discount {discount}; state s: 0..1; init s ~ uniform; action a[i]: {{x, y}};
  observation o[i]: 0..1; next s = if a[ann] == y then 1 - s else s; observe o[i] ~ noisy(s', 0.8);
  reward team = {reward}; share none; share full; }}"""


@pytest.mark.parametrize("discount, reward", [("1e-9", "if a[ann] == x then 1 else 0"), ("0.5", "1"), ("0", "0")])
def test_steps_after_the_cut_are_not_claimed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], discount: str, reward: str
) -> None:
    """Cut after one step, nothing is seen and nobody is misled; in three steps Assumption 3 fails, and gamma is 0.6:
    |0.64 - 0.04| for the beliefs (1, 0) and (0, 1)."""
    game = tmp_path / "unseen.posg"
    game.write_text(UNSEEN.format(discount=discount, reward=reward))
    assert main(["check", str(game), "--horizon", "inf", "--json", "--quiet"]) == 3
    found = json.loads(capsys.readouterr().out)["assumptions"]
    assert found["3"]["holds"] is None
    assert found["2"]["gamma"]["lower"] == pytest.approx(0.6, abs=1e-9)
    assert main(["check", str(game), "--horizon", "3", "--json", "--quiet"]) == 1
    assert json.loads(capsys.readouterr().out)["assumptions"]["3"]["holds"] is False
