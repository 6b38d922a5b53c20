"""Games with finite resources: whatever is known, the value is the sum of the payoffs over n (Gale 1957)."""

from pathlib import Path

import numpy as np
import pytest

import posgc
from posgc.play.kinds import player_of

TEXT = (Path(__file__).parents[2] / "games" / "finite_resources.posg").read_text(encoding="utf-8")
PAID = "if play[ann] >= play[bob] then play[bob] else 0"


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("share", ["open", "closed", "delayed(2)"])
def test_the_game_of_the_file(n: int, share: str) -> None:
    found = posgc.loads(TEXT, share, n=n).solve("nash")
    assert found.values["ann"] == pytest.approx((n + 1) * (n + 2) / 6, abs=1e-9)
    assert found.gap <= 1e-9


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", ["open", "closed"])
def test_any_payoffs(seed: int, share: str) -> None:
    paid = np.random.default_rng(seed).integers(-9, 10, (3, 3))
    assert PAID in TEXT
    text = TEXT.replace("  reward", f"  let paid[j in card, k in card] = {paid.tolist()};\n  reward")
    found = posgc.loads(text.replace(PAID, "paid[play[ann], play[bob]]"), share).solve("nash")
    assert found.values["ann"] == pytest.approx(paid.sum() / 3, abs=1e-9)


def test_a_random_order_is_enough() -> None:
    """Uniform play earns the value, as the simulator sees it."""
    earned = posgc.loads(TEXT).simulate("uniform", episodes=20_000, seed=1)
    assert earned.mean["ann"] == pytest.approx(10 / 3, abs=0.05)


@pytest.mark.parametrize("concept", ["nash", "ce", "cce"])
@pytest.mark.parametrize("share", ["open", "closed"])
def test_strategies_play_cards_that_are_left(share: str, concept: str) -> None:
    """As the simulator sees it, which refuses others; in the last step one card is left, and seldom the first."""
    game = posgc.loads(TEXT, share)
    player, simulator = (
        player_of(game.compiled.information, game.solve(concept).policy.strategy),
        game.simulator(seed=2),
    )
    step, cards = simulator.reset(200), []
    while not step.done:
        cards.append(player.act(step, simulator.chance))
        step = simulator.step(cards[-1])
    assert (np.sort(np.stack(cards), axis=0) == np.arange(3)[:, None, None]).all()
