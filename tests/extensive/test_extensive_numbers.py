"""Values of zero-sum games that are known: by the programme to 1e-8, by regret minimisation to 1e-6."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import posgc
from posgc.extensive.growing import extensive_game
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.programme import solve_programme
from posgc.extensive.regret import RegretOptions, minimise_regret
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError
from posgc.model.rewards import spans_to_come

GAMES = Path(__file__).resolve().parents[2] / "games"


def read(name: str, share: str, horizon: int) -> Information:
    return posgc.load(GAMES / f"{name}.posg", share=share, horizon=horizon).compiled.information


def zero_sum(information: Information) -> Information:
    """The second agent paid the first one's reward less: the SDMS reading of Dec-POMDP files as zero-sum games."""
    paid = (np.stack([k.reward[0], -k.reward[0]]) for k in information.model.kernels)
    kernels = zip(information.model.kernels, paid, strict=True)
    replaced = tuple(dataclasses.replace(k, reward=reward, sample_reward=None) for k, reward in kernels)
    return Information(dataclasses.replace(information.model, kernels=replaced), information.protocol)


KNOWN = [
    # expected by the file itself
    ("adversarial_tiger", "none", 2, -8 / 5),
    # a linear programme on the plain tree of 123,501 nodes (H = 4) and 2.2 million (H = 5), by other code
    ("adversarial_tiger", "none", 4, -3.0003130435),
    ("adversarial_tiger", "none", 5, -3.7737338120),
    # the multi-access broadcast channel as a zero-sum game (SDMS mabc), likewise
    ("broadcast", "none", 4, 1.1093919517),
    # Kuhn (1950)
    ("kuhn", "table", 3, -1 / 18),
    # Lanctot et al. (2017), appendix E.2
    ("leduc", "cards", 8, -0.085606424078),
]


@pytest.mark.parametrize("name, share, horizon, value", KNOWN)
def test_known_values(name: str, share: str, horizon: int, value: float) -> None:
    information = read(name, share, horizon)
    if name == "broadcast":
        information = zero_sum(information)
    game, span = extensive_game(information), float(spans_to_come(information.model)[0, 0])
    found = solve_programme(game, span)
    assert found.value == pytest.approx(value, abs=1e-8)
    assert found.width <= 1e-9 * span
    far = (name, horizon) in (("adversarial_tiger", 5), ("leduc", 8))
    check_regret(game, value, 1e-3 if far else 1e-6)


def check_regret(game: ExtensiveGame, value: float, epsilon: float) -> None:
    """The bracket is as narrow as asked and holds the value, to the digits that are known."""
    played = minimise_regret(game, RegretOptions(epsilon))
    assert played.closed and played.solution.width <= epsilon
    assert played.solution.lower <= value + 1e-9 and played.solution.upper >= value - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("name, share, horizon, value", [KNOWN[2], KNOWN[-1]])
def test_regret_comes_within_1e_6_of_the_harder_ones(name: str, share: str, horizon: int, value: float) -> None:
    check_regret(extensive_game(read(name, share, horizon)), value, 1e-6)


def test_merging_leaves_of_leduc_poker_what_its_textbook_tree_has() -> None:
    """OpenSpiel counts 936 information sets of Leduc poker.  Here an agent also has a set where it has no choice, and
    remembers the choices that it made out of turn or in vain; of the first some stay, of the second none."""
    information = read("leduc", "cards", 8)
    whole, merged = (extensive_game(information, merge=merge) for merge in (False, True))
    choosing = sum(len(sets) for layer in merged.layers for sets in layer.sets if sets.n_choices > 1)
    assert whole.sizes["information_sets"] > 4 * merged.sizes["information_sets"]
    assert 0 < choosing <= 936


def test_what_does_not_fit_is_refused_with_its_size() -> None:
    information = read("adversarial_tiger", "none", 6)
    with pytest.raises(LimitError, match=r"step 5: 28561 combinations of information sets with 6 joint .* 100000 pay"):
        extensive_game(information, payoffs=100_000)
    with pytest.raises(LimitError, match=r"step 5: 62028 ways to go on from 2197 combinations .*limit 5000"):
        extensive_game(information, entries=5_000)


def test_rounds_and_interruption_leave_the_best_plans() -> None:
    information = read("adversarial_tiger", "none", 4)
    game = extensive_game(information)
    few = minimise_regret(game, RegretOptions(epsilon=0.0, rounds=30))
    assert few.rounds == 30 and not few.closed and 0 < few.solution.width < 1
    looks = iter([False] * 40 + [True])
    stopped = minimise_regret(game, RegretOptions(epsilon=0.0), lambda: next(looks))
    assert stopped.rounds == 41 and stopped.solution.width < few.solution.width
    assert stopped.solution.lower <= -3.0003130434 and stopped.solution.upper >= -3.0003130436


EARLY = """game early {
  horizon 4;
  agents ann, bob;
  state s: {a, b};
  init s ~ uniform;
  next s ~ uniform;
  action act[i]: {x, y};
  observation see[i]: {a, b};
  init see[ann] = s;
  observe see[i] = s';
  reward zero_sum ann = if step == 1 and act[ann] == act[bob] then (if s == a then 1 else 2) else 0;
  share none { }
}"""


def test_steps_after_the_last_reward_are_left_out() -> None:
    """Bob's coin leaves ann half of 1 or of 2, each half of the time, and ann's leaves bob no better: 3/4."""
    game = posgc.loads(EARLY)
    assert len(extensive_game(game.compiled.information).layers) == 1
    for backend in ("sequence-form", "cfr"):
        solution = game.solve("nash", backend)
        assert solution.values["ann"] == pytest.approx(3 / 4, abs=1e-9) and solution.gap <= 1e-9
