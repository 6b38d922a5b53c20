"""One-sided games: sections, actions by number, what each player sees, and mistakes with their places."""

from __future__ import annotations

import time

import numpy as np
import pytest
from posgc_osposg import OsposgImporter

from posgc.language.diagnostics import InputError, LimitError, Source, render
from posgc.plugin import Imported

# Player 1 guards a or b (partition 0), then the game is over (partition 1); player 2, who sees where the prize is,
# may rest (only in b) or steal.  The alarm (observation 1) tells player 1 that the prize was in b.
GAME = """3 2 2 2 2 7 3 0.9
prize in a 0
b 0
over 1
guard_a
guard_b
steal
rest
silence
alarm
0
0 1
0
0 1
1
0 0 0 0 2 1.0
0 1 0 0 2 1
1 0 0 1 2 1.0
1 1 0 1 2 1.0
1 0 1 1 2 1.0
1 1 1 1 2 1.0
2 1 0 0 2 1.0
0 1 0 -1
1 0 0 -2
1 1 1 0.5
0 0.25 0.75
"""


def load(text: str) -> Imported:
    return OsposgImporter().read(Source("games/guard.osposg", text), horizon=3, discount=None, reward=None)


def test_the_model() -> None:
    imported = load(GAME)
    model, kernel = imported.model, imported.model.kernels[0]
    assert [d.code for d in imported.diagnostics] == ["N113"]
    assert (model.name, model.discount, model.n_states, model.n_actions) == ("guard", 0.9, 3, 4)
    assert model.state_labels == (("prize in a", "b", "over"),)
    assert [(v.name, v.agent, v.values) for v in model.signature.observations] == [
        ("obs", 0, ("silence", "alarm")),
        ("obs", 1, ("prize in a", "b", "over")),
        ("heard", 1, ("silence", "alarm")),
        ("saw", 1, ("0", "1")),
    ]
    # In state b (1) all four joint actions pay as the file says; in a, player 2's second action is its first.
    assert kernel.reward[0].tolist() == [[0, -2, 0], [0, 0, 0], [-1, 0, 0], [-1, 0.5, 0]]
    assert np.array_equal(kernel.reward[1], -kernel.reward[0])
    assert model.initial.probability.tolist() == [0.25, 0.75]


def test_player_two_sees_everything_and_player_one_the_observation() -> None:
    model = load(GAME).model
    sizes = [len(v.values) for v in model.signature.observations]
    kernel = model.kernels[0]
    for row, (lower, upper) in enumerate(zip(kernel.indptr, kernel.indptr[1:], strict=False)):
        action, state = divmod(row, 3)
        for joint, following in zip(kernel.observation[lower:upper], kernel.state[lower:upper], strict=True):
            heard, where, same, saw = np.unravel_index(joint, sizes)
            assert (heard, where, same, saw) == (int(state == 1), following, heard, action // 2)
    assert model.observed[0].tolist() == [False, True, False, False]
    first = np.unravel_index(model.initial.observation, sizes)
    assert first[1].tolist() == model.initial.state.tolist()


def test_names_where_the_lists_are_alike_and_numbers_for_twins() -> None:
    text = "1 1 1 2 2 2 1 0.5\nonly 0\ngo\nx\nx\nsame\nsame\n0 1\n0\n0 0 0 0 0 1\n0 0 1 0 0 1\n0 0 0 3\n0 1\n"
    model = load(text).model
    assert [v.values for v in model.signature.actions] == [("go",), ("x#0", "x#1")]
    assert model.signature.observations[0].values == ("same#0", "same#1")


def test_claims() -> None:
    importer = OsposgImporter()
    assert importer.applies(Source("x", GAME)) is None and importer.applies(Source("x", "\n  " + GAME)) is None
    for text in ("", "game g { }", "1 2 3\n", "1 2 3 4 5 6 7 x", "1 2 3 4 5 6 7.5 0.9", "agents: 2\n"):
        assert importer.applies(Source("x.osposg", text)) is not None


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("3 2 2 2 2 7 3 0.9", "3 2 2 2 2 8 3 0.9", ("I101", 1, 1)),
        ("3 2 2 2 2 7 3 0.9", "3 2 2 2 2 7 3 2.0", ("I105", 1, 15)),
        ("over 1", "over 2", ("I102", 4, 6)),
        ("over 1", "over", ("I101", 4, 1)),
        ("\n0 1\n0\n0 1\n", "\n0 2\n0\n0 1\n", ("I102", 12, 3)),
        ("0 1 0 0 2 1\n", "0 1 0 0 3 1\n", ("I102", 17, 9)),
        ("0 1 0 0 2 1\n", "0 1 0 0 2 0.5\n", ("I103", 0, 0)),
        ("0 1 0 0 2 1\n", "0 1 0 0 2 1.5\n", ("I105", 17, 11)),
        ("0 1 0 0 2 1\n", "0 1 0 0 2 one\n", ("I101", 17, 11)),
        ("0 1 0 0 2 1\n", "0 1 0 0 2\n", ("I101", 17, 1)),
        ("0 1 0 0 2 1\n", "0 1 1 0 2 1\n", ("I102", 17, 1)),  # cannot be played there
        ("0 1 0 0 2 1\n", "0 0 0 0 2 1.0\n", ("I101", 17, 1)),  # twice
        ("0 1 0 0 2 1\n", "0 1 0 0 1 1\n", ("I107", 19, 1)),  # alarms in state a lead to partition 0
        ("1 1 1 0.5", "1 1 1 inf", ("I105", 25, 7)),
        ("0 0.25 0.75", "0 0.25 0.5", ("I103", 26, 1)),
        ("0 0.25 0.75", "0 0.25", ("I101", 26, 1)),
    ],
)
def test_mistakes_have_their_place(old: str, new: str, expected: tuple[str, int, int]) -> None:
    text = GAME.replace(old, new, 1)
    if expected[0] == "I107":
        text = text.replace("1 1 0 1 2 1.0", "1 1 0 0 2 1.0")
    with pytest.raises(InputError) as caught:
        load(text)
    assert all(render(d, caught.value.source) for d in caught.value.diagnostics)
    places = [(d.code, d.span.line, d.span.column) if d.span else (d.code, 0, 0) for d in caught.value.diagnostics]
    assert expected in places


def test_team_rewards_make_no_sense() -> None:
    with pytest.raises(InputError, match="zero-sum by definition"):
        OsposgImporter().read(Source("x", GAME), horizon=3, discount=None, reward="team")


def test_hostile_files_end_soon() -> None:
    began = time.process_time()
    for text, error in (
        ("999999999 1 1 1 1 1 1 0.9\n", LimitError),
        ("1 1 1 1 1 900000 0 0.9\n" + "\n" * 500_000, InputError),
        ("1 1 1 1 1 1 1 0.9\n" + "0 0\n" * 500_000, InputError),
        ("1 1 1 1 1 1 1 0.9\n" + "0 " * 500_000, InputError),
    ):
        with pytest.raises(error):
            load(text)
    assert time.process_time() - began < 5


def test_large_games_are_refused() -> None:
    header = "300 1 100 100 1 0 0 0.9\n"
    body = "s 0\n" * 300 + "a\n" * 201 + (" ".join(map(str, range(100))) + "\n") * 301 + "0" + " 0.1" * 300 + "\n"
    with pytest.raises(LimitError, match="limit is"):
        load(header + body)
