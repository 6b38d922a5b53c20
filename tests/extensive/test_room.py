"""Sizes of layers that are counted before they are made, against the layers themselves."""

import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.games import Shape, any_protocol, random_game, shapes

import posgc
from posgc.extensive.growing import extensive_game, rewards_cancel
from posgc.extensive.moves import live_states
from posgc.extensive.room import Room, require_room
from posgc.information.items import Information
from posgc.language.diagnostics import LimitError

GAMES = Path(__file__).resolve().parents[2] / "games"
SEEDS = st.integers(0, 2**32 - 1)


def check(information: Information) -> None:
    """The count is the size of the payoffs that are made; one less is refused and so is one entry less."""
    model = information.model
    layers = extensive_game(information, merge=False).layers
    room = Room(sys.maxsize, sys.maxsize, 1 if rewards_cancel(model) else model.n_agents)
    require_room(information, live_states(model), room)
    made = sum(layer.payoff.size for layer in layers)
    if room.taken == 0:  # nothing can be earned, and one history stands for all
        assert len(layers) == 1 and not layers[0].payoff.any()
        return
    assert room.taken == made
    extensive_game(information, merge=False, payoffs=made)
    with pytest.raises(LimitError, match=f"step {len(layers)}: .* go beyond {made - 1} payoffs"):
        extensive_game(information, merge=False, payoffs=made - 1)


@settings(max_examples=60, deadline=None)
@given(shapes(), SEEDS)
def test_what_is_counted_is_what_is_made(shape: Shape, seed: int) -> None:
    check(any_protocol(Information(*random_game(shape)), seed))


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(shapes(), SEEDS)
def test_what_is_counted_is_what_is_made_in_many_games(shape: Shape, seed: int) -> None:
    check(any_protocol(Information(*random_game(shape)), seed))


def test_three_agents_are_refused_before_their_layers_are_made() -> None:
    """The layers up to the refused one take 600 MB; 1,888,210 rows are what making them finds."""
    information = posgc.load(GAMES / "queue_ring.posg", share="none", horizon=4).compiled.information
    tracemalloc.start()
    try:
        with pytest.raises(LimitError, match="step 4: 1888210 combinations of information sets with 8 joint actions"):
            extensive_game(information)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
