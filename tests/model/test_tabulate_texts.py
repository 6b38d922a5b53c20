"""Games written as text, compiled and tabulated, against the plain tabulator and known numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from plain_reference import tabulate_plainly
from test_tabulate import compare

from posgc.language.compile import compile_game
from posgc.language.diagnostics import InputError, Source
from posgc.model import tabulate

EXAMPLES = Path(__file__).parents[2].parent / "shared" / "examples"


def read(text, **options):
    return compile_game(Source("test.posg", text), **options)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("boxpushing", {}),
        ("broadcast", {}),
        ("kuhn", {}),
        ("meeting", {"n": "2"}),
        pytest.param("router", {"hosts": "3"}, marks=pytest.mark.slow),
    ],
)
def test_examples_agree_with_the_plain_tabulator(name, settings):
    path = EXAMPLES / f"{name}.posg"
    if not path.exists():
        pytest.skip("the example files are not beside the project")
    # One or two steps of the larger ones: the plain tabulator takes a row at a time.
    horizon = {"meeting": 1, "router": 1, "boxpushing": 2}.get(name)
    # With three hosts the ring of the router's protocols is shorter.
    text = path.read_text().replace("3-4, 4-1", "3-1")
    game = read(text, settings=settings, horizon=horizon)
    compare(game, tabulate(game), tabulate_plainly(game))


def test_kuhn_evaluates_only_what_can_occur():
    path = EXAMPLES / "kuhn.posg"
    if not path.exists():
        pytest.skip("the example files are not beside the project")
    model = tabulate(read(path.read_text()))
    # Kuhn (1950): 6 deals, each with 9 histories of play, of which `deal` and four endings and three more lines.
    assert model.n_states == 6 * 8
    assert model.active.tolist() == [[True, False], [False, True], [True, False]]
    assert model.observed.tolist() == [[True, True], [False, False], [False, False], [False, False]]
    assert model.initial.probability == pytest.approx(1 / 6)
    assert np.allclose(model.kernel(1).reward.sum(axis=0), 0.0, atol=1e-15)


TIGER = """
game tiger "Errors" { horizon 3; agents ann, bob;
  state x: 0..4; action act[i]: {stay, go}; observation see[i]: 0..4;
  init x = 0;
  next x = x + count(i: act[i] == go);
  observe see[i] ~ noisy(x', 1.2 - x' / 5);
  reward team = 1 / (x - 3);
  share full; }
"""


def test_all_failing_places_of_a_text_are_reported_with_their_first_combination():
    with pytest.raises(InputError) as caught:
        tabulate(read(TIGER))
    found = [(d.code, d.message) for d in caught.value.diagnostics]
    assert found == [
        (
            "E401",
            "x' cannot be 5: its values are 0..4; first in state x=3, under act[ann]=go, act[bob]=go, at step 3",
        ),
        (
            "E402",
            "the probability is 1.2, outside [0, 1]; first in state x=0, under act[ann]=stay, act[bob]=stay, at step 1",
        ),
        (
            "E404",
            "a division by zero or a quotient that is not finite; "
            "first in state x=3, under act[ann]=stay, act[bob]=stay, at step 3",
        ),
    ]


def test_a_long_sum_needs_no_recursion():
    terms = " + ".join(["x"] * 1500)
    game = read(
        f"game g {{ horizon 1; agents ann; state x: 0..1; init x ~ uniform; reward ann = {terms}; share full; }}"
    )
    assert tabulate(game).kernel(1).reward.tolist() == [[[0, 1500]]]


def test_terminal_states_stay_and_pay_nothing_and_go_on_being_observed():
    game = read("""
    game stop { horizon 4; agents ann;
      state x: 0..3; observation see[i]: 0..3;
      init x = 0; next x = x + 1; terminal when x == 2;
      observe see[i] ~ noisy(x', 0.7); reward ann = x' + 1; share full; }
    """)
    model = tabulate(game)
    kernel = model.kernel(1)
    assert model.state_values[:, 0].tolist() == [0, 1, 2]
    assert kernel.reward.tolist() == [[[2, 3, 0]]]
    last = slice(kernel.indptr[2], kernel.indptr[3])
    assert kernel.state[last].tolist() == [2] * 4
    assert kernel.probability[last] == pytest.approx([0.1, 0.1, 0.7, 0.1])
    compare(game, model, tabulate_plainly(game))
