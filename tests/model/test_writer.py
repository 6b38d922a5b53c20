"""A model written as text and read back is the same model; the arms of a `match` say what the table says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_games import games

from posgc.language import Source, compile_game, format_source
from posgc.language.diagnostics import LimitError
from posgc.model import Model, tabulate
from posgc.model.arrays import Kernel
from posgc.model.build import from_arrays, kernel_from_entries
from posgc.model.compare import same_arrays, stretched
from posgc.model.writing.factors import tidy
from posgc.model.writing.identifiers import Identifiers, is_range
from posgc.model.writing.match_arms import match_arms
from posgc.model.writing.writer import posg_text

GAMES = sorted((Path(__file__).parents[2] / "games").glob("*.posg"))


def read(text: str, horizon: int | None = None) -> Model:
    return tabulate(compile_game(Source("written", text), {}, horizon))


def small(horizon: int = 2, **changes: object) -> Model:
    """One agent, two states, two actions, two observations: a walk that is seen with noise."""
    arrays: dict[str, object] = (
        dict(
            transition=np.array([[[1, 0], [0, 1]], [[0.3, 0.7], [0.5, 0.5]]]),
            emission=np.array([[[0.9, 0.1], [0.2, 0.8]]] * 2),
            initial=np.array([0.25, 0.75]),
            reward=np.array([[[0.0, -1.5], [1e-9, 3.0]]]),
            action_sizes=(2,),
            observation_sizes=(2,),
        )
        | changes
    )
    return from_arrays(horizon=horizon, **arrays)  # type: ignore[arg-type]


LONG = {"bidding", "blind_pursuit", "leduc", "queue_ring"}
"""Games whose text takes long to be read again."""


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=[pytest.mark.slow] if p.stem in LONG else []) for p in GAMES],
    ids=lambda p: p.stem,
)
def test_shipped_games_come_back(path: Path) -> None:
    """Several state variables, first observations, actions by turns, noise that is shared: all is in the games."""
    model = tabulate(compile_game(Source(path.name, path.read_text(encoding="utf-8"))))
    text = posg_text(model, ["About this game."])
    assert format_source(text) == text and "# About this game." in text
    assert same_arrays(met(model), met(read(text))) is None


def met(model: Model) -> Model:
    """The model with a kernel for each step and nothing in rows of states that the step cannot find: what stands there
    depends on which steps share a kernel."""
    kernels, found = [], np.isin(np.arange(model.n_states), model.initial.state)
    for h in range(1, model.horizon + 1):
        kernel, lengths = model.kernel(h), np.diff(model.kernel(h).indptr)
        rows = np.tile(found, len(lengths) // model.n_states)
        allowed = np.isin(np.arange(len(rows)) // model.n_states, model.allowed(h))
        kept = np.repeat(rows & allowed, lengths)
        samples = None if kernel.sample_reward is None else kernel.sample_reward[:, kept]
        reward = kernel.reward * (rows & allowed).reshape(kernel.reward.shape[1:])
        indptr = np.concatenate(([0], np.cumsum(lengths * (rows & allowed))))
        entries = kernel.observation[kept], kernel.state[kept], kernel.probability[kept]
        kernels.append(Kernel(indptr, *entries, reward, samples, None))
        found = np.isin(np.arange(model.n_states), kernel.state[kept])
    return replace(model, kernels=tuple(kernels), kernel_of_step=tuple(range(model.horizon)))


@given(games(risky=False))
@settings(max_examples=40, deadline=None)
def test_random_games_come_back(game: object) -> None:
    """Steps with laws of their own, chance, terminal states: whatever the language has but for observations that are
    made at some steps only, which it has not."""
    model = tabulate(game)  # type: ignore[arg-type]
    again = read(posg_text(model))
    # Steps that read `step` have kernels of their own, which hold other rows, even where nothing comes of it.
    assume(len(again.kernels) == len(model.kernels))
    assert same_arrays(model, again) is None


def test_a_small_game_in_full() -> None:
    text = posg_text(small(), horizon=False)
    assert (
        text
        == """game g_game {
  agents player[1];

  state s: 0..1;
  action act[1]: 0..1;
  observation obs[1]: 0..1;

  init s ~ {0: 0.25, 1: 0.75};

  next s ~ match (act[1], s) {
    (0, _): s;
    (1, 0): {0: 0.3, 1: 0.7};
    (1, 1): uniform;
  };
  observe obs[1] ~ match (s') {
    0: {0: 0.9, 1: 0.1};
    1: {0: 0.2, 1: 0.8};
  };

  reward team = match (act[1], s) {
    (0, 0): 0;
    (0, 1): -1.5;
    (1, 0): 1e-09;
    (1, 1): 3;
  };
}
"""
    )
    assert same_arrays(small(5), read(text, 5)) is None


def test_numbers_are_printed_exactly() -> None:
    p = 1 / 3 + 1e-17
    law = np.array([[[p, 1 - p], [0.1 + 0.2, 1 - (0.1 + 0.2)]]] * 2)
    model = small(transition=law, reward=np.array([[[1e300, -1e-300], [2**53, 0.1 + 0.2]]]))
    again = read(posg_text(model))
    assert np.array_equal(model.kernels[0].reward, again.kernels[0].reward)
    assert np.allclose(model.kernels[0].probability, again.kernels[0].probability, rtol=1e-14, atol=0)


def test_names_are_changed_one_to_one_and_listed() -> None:
    names = Identifiers()
    assert names.declare("state", "s") == "s" and names.declare("act") == "act"
    originals = ["a b", "a_b", "a-b", "if", "s", "act", "2nd", "ü", "", "step", "ok", "_", "uniform", "i"]
    words = [names.word(original) for original in originals]
    assert len(set(words)) == len(originals) and words == [names.word(original) for original in originals]
    assert {names.changed.get(w, w) for w in words} == set(originals)
    enumeration = ", ".join(words)
    text = (
        f"game g {{ agents ann; state s: {{{enumeration}}}; action act[ann]: {{{words[0]}, {words[1]}}}; "
        f"init s ~ uniform; reward ann = 1; share none; }}"
    )
    compile_game(Source("g", text), {}, 2)


def test_ranges() -> None:
    assert is_range(["0", "1"]) and is_range(["-1", "0", "1"]) and is_range(["7"])
    assert not any(map(is_range, [["1", "0"], ["00", "01"], ["a"], ["0", "2"], ["1.0"], ["9" * 30]]))


def test_stray_decimals_are_tidied() -> None:
    assert tidy(np.array([0.7225 / 0.85, 0.1275 / 0.15, 0.5, 1 / 3])).tolist() == [0.85, 0.85, 0.5, 1 / 3]
    assert tidy(np.array([0.1, 0.100000000001])).tolist() == [0.1, 0.100000000001]


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_arms_say_what_the_table_says(seed: int, fields: int, leaves: int) -> None:
    rng = np.random.default_rng(seed)
    contexts = np.unique(rng.integers(0, 4, (rng.integers(1, 40), fields)), axis=0)
    leaf = rng.integers(0, leaves, len(contexts))
    found = match_arms(contexts, leaf)
    for context, end in zip(contexts.tolist(), leaf.tolist(), strict=True):
        assert next(e for pattern, e in found if all(context[f] == v for f, v in pattern)) == end
    assert len(found) <= len(contexts)


def test_arms_are_few_where_the_table_is_simple() -> None:
    contexts = np.array([(a, b, s) for a in range(3) for b in range(3) for s in range(5)])
    assert match_arms(contexts, (contexts[:, 2] == 4).astype(np.int64)) == ((((2, 4),), 1), ((), 0))
    both = ((contexts[:, 0] == 0) & (contexts[:, 1] == 0)).astype(np.int64)
    assert match_arms(contexts, both) == ((((0, 0), (1, 0)), 1), ((), 0))


def test_what_differs_is_told() -> None:
    one = small()
    kernel = one.kernels[0]
    moved = replace(kernel, probability=kernel.probability + 1e-6)
    assert same_arrays(one, small()) is None
    assert same_arrays(one, small(3)) == "sizes, horizon or discount"
    assert same_arrays(one, replace(one, kernels=(moved,))) == (
        "a probability after (0) in state=0: 0.90000000000000002 and 0.90000100000000005"
    )
    assert same_arrays(one, small(initial=np.array([1.0, 0.0]))) == "which states and observations there are first"
    assert same_arrays(one, replace(one, observed=np.ones((3, 1), dtype=bool))) is not None
    assert same_arrays(stretched(one, 4), small(4)) is None


def test_what_the_language_cannot_say_is_refused() -> None:
    observed = np.array([[False], [True], [False]])
    with pytest.raises(LimitError, match="cannot be written"):
        posg_text(replace(small(), observed=observed))


def test_entries_in_any_order_are_added_up() -> None:
    row, seen, state = np.array([1, 0, 1, 1]), np.array([0, 0, 0, 1]), np.array([0, 0, 0, 1])
    chance, sample = np.array([0.25, 1.0, 0.25, 0.5]), np.array([[4.0, 0.0, 2.0, 1.0]])
    kernel = kernel_from_entries(row, seen, state, chance, np.zeros((1, 1, 2)), sample)
    assert kernel.indptr.tolist() == [0, 1, 3] and kernel.probability.tolist() == [1, 0.5, 0.5]
    assert kernel.sample_reward is not None and kernel.sample_reward.tolist() == [[0, 3, 1]]


def test_a_large_text_is_refused_before_it_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posgc.model.writing.writer.MAX_TEXT", 100)
    with pytest.raises(LimitError, match="characters; the limit is 100"):
        posg_text(small())
