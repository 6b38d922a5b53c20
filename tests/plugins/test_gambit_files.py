"""`.nfg` and `.efg`: order of contingencies, outcomes, fractions; which trees are POSGs; mistakes with their places."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posgc_gambit_files import EfgImporter, NfgImporter

from posgc.language.diagnostics import InputError, LimitError, Source, render
from posgc.model.arrays import Model
from posgc.plugin import Imported


def nfg(text: str, **flags: object) -> Imported:
    given_flags = {"horizon": None, "discount": None, "reward": None} | flags
    return NfgImporter().read(Source("games/small.nfg", text), **given_flags)  # type: ignore[arg-type]


def efg(text: str, **flags: object) -> Imported:
    given_flags = {"horizon": None, "discount": None, "reward": None} | flags
    return EfgImporter().read(Source("games/small.efg", text), **given_flags)  # type: ignore[arg-type]


# The example of Gambit's documentation ("The strategic game (.nfg) file format, payoff version").
SELTEN = """NFG 1 R "Selten (IJGT, 75), Figure 2, normal form"
{ "Player 1" "Player 2" } { 3 2 }

1 1 0 2 0 2 1 1 0 3 2 0
"""


def test_the_first_player_is_fastest_in_nfg() -> None:
    model = nfg(SELTEN).model
    reward = model.kernels[0].reward.reshape(2, 3, 2)
    assert reward[0].tolist() == [[1, 1], [0, 0], [0, 2]] and reward[1].tolist() == [[1, 1], [2, 3], [2, 0]]
    assert model.signature.agents == ("Player 1", "Player 2") and model.horizon == 1 and model.discount == 1
    assert [v.values for v in model.signature.actions] == [("1", "2", "3"), ("1", "2")]


def test_nfg_with_outcomes_names_a_comment_and_fractions() -> None:
    text = (
        'NFG 1 D "a \\"title\\"" { "P" "Q" "R" }\n{ { "x" "y" } 2 { "only" } } "comment"\n'
        '{ { "" 1, -1/4, 2e0 } { "second" .5 0 1. } }\n0 1 2 2\n'
    )
    model = nfg(text, horizon=3, discount=0.5).model
    assert model.title == 'a "title"' and (model.horizon, model.discount) == (3, 0.5)
    reward = model.kernels[0].reward.reshape(3, 2, 2)
    assert reward[0].tolist() == [[0, 0.5], [1, 0.5]] and reward[1].tolist() == [[0, 0], [-0.25, 0]]


PENNIES = """EFG 2 R "Matching pennies" { "Ann" "Bob" }
"a comment"
p "" 1 1 "A" { "H" "T" } 0
p "" 2 7 "B" { "H" "T" } 0
t "" 1 "win" { 1, -1 }
t "" 2 "lose" { -1, 1 }
p "" 2 7 0
t "" 2
t "" 1
"""


def test_moves_that_nobody_sees_are_simultaneous() -> None:
    model = efg(PENNIES).model
    assert (model.horizon, model.n_states, model.signature.agents) == (1, 2, ("Ann", "Bob"))
    assert model.kernels[0].reward[0, :, 0].tolist() == [1, -1, -1, 1]
    assert [v.values for v in model.signature.observations] == [("wait", "A"), ("wait", "B")]
    assert model.observed[0].all() and model.initial.observation.tolist() == [3]


def test_a_move_that_is_seen_comes_a_step_later() -> None:
    text = PENNIES.replace('p "" 2 7 0', 'p "" 2 8 "B after T" { "H" "T" } 0')
    model = efg(text).model
    assert model.horizon == 2 and model.active.tolist() == [[True, False], [False, True]]
    assert model.state_labels == (("root", "H", "T", "over"),)


def test_payoffs_on_the_way_and_before_the_first_move() -> None:
    text = """EFG 2 R "x" { "P" }
    c "" 1 "" { "l" 1/3 "r" 2/3 } 1 "" { 6 }
    p "" 1 1 "" { "a" "b" } 2 "" { 1/2 }
    t "" 3 "" { 10 }
    t "" 4 "" { 20 }
    t "" 5 "" { 30 }
    """
    model = efg(text).model
    # r ends at once: 6 + 30; l goes on: 6 + 1/2 before the move, then 10 or 20.
    kernel = model.kernels[0]
    by_label = dict(zip(model.state_labels[0], kernel.reward[0].T.tolist(), strict=True))
    assert by_label["l"] == [16.5, 26.5] and by_label["over2"] == [36, 36]
    assert sorted(model.initial.probability.tolist()) == [1 / 3, 2 / 3]


def test_a_player_waits_for_its_step() -> None:
    """Bob's one information set follows Ann's first move, or her second: he waits in the first case."""
    text = """EFG 2 R "wait" { "Ann" "Bob" "Cyd" }
    c "" 1 "" { "short" 1/2 "long" 1/2 } 0
    p "" 1 1 "s" { "x" "y" } 0
    p "" 2 1 "b" { "u" "v" } 0
    t "" 1 "" { 1 1 1 }
    t "" 2 "" { 2 2 2 }
    t "" 3 "" { 3 3 3 }
    p "" 1 2 "l" { "x" "y" } 0
    p "" 3 1 "c" { "w" "z" } 0
    p "" 2 1 0
    t "" 4 "" { 4 4 4 }
    t "" 5 "" { 5 5 5 }
    t "" 3
    t "" 3
    """
    model = efg(text).model
    assert model.horizon == 3 and "short.x waits 2" in model.state_labels[0]
    check_all_strategies(text, model)


@pytest.mark.parametrize(
    "text, place, why",
    [
        (  # the absent-minded driver (Piccione and Rubinstein, 1997)
            'EFG 2 R "driver" { "P" }\np "" 1 1 "" { "exit" "on" } 0\nt "" 1 "" { 0 }\n'
            'p "" 1 1 0\nt "" 2 "" { 4 }\nt "" 3 "" { 1 }\n',
            (4, 1),
            "forgets",
        ),
        (  # a player that forgets what it did
            'EFG 2 R "x" { "P" }\np "" 1 1 "" { "a" "b" } 0\np "" 1 2 "" { "a" "b" } 0\nt "" 1 "" { 0 }\n'
            't "" 1\np "" 1 2 0\nt "" 1\nt "" 1\n',
            (6, 1),
            "forgets",
        ),
        (  # either may be first and does not know it (no clock): Figure 1 of Jakobsen, Sørensen and Conitzer
            'EFG 2 R "x" { "P" "Q" }\nc "" 1 "" { "l" 1/2 "r" 1/2 } 0\n'
            'p "" 1 1 "" { "a" "b" } 0\np "" 2 1 "" { "a" "b" } 0\nt "" 1 "" { 0 0 }\nt "" 1\nt "" 1\n'
            'p "" 2 1 0\np "" 1 1 0\nt "" 1\nt "" 1\nt "" 1\n',
            (3, 1),
            "before and after",
        ),
    ],
)
def test_trees_that_are_no_posg_are_refused(text: str, place: tuple[int, int], why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        efg(text)
    (found,) = caught.value.diagnostics
    assert found.code == "I107" and found.span is not None and (found.span.line, found.span.column) == place


def strategies(text: str) -> list[dict[tuple[int, int], int]]:
    """All pure strategy profiles of a tree: (player, information set) → action."""
    sizes: dict[tuple[int, int], int] = {}
    for line in text.splitlines():
        if line.strip().startswith("p") and "{" in line:
            head, actions = line.split("{")[:2]
            player, number = (int(w) for w in head.split('"')[2].split()[:2])
            sizes[player - 1, number] = actions.split("}")[0].count('"') // 2
    profiles = itertools.product(*(range(k) for k in sizes.values()))
    return [dict(zip(sizes, profile, strict=True)) for profile in profiles]


def tree_values(text: str, play: Mapping[tuple[int, int], int]) -> list[Fraction]:
    """The payoffs of a profile by walking the text itself, one node a line; nothing is shared with the importer."""
    lines = iter([line.strip() for line in text.strip().splitlines() if line.strip()[:2] in ("c ", "p ", "t ")])
    known: dict[str, list[Fraction]] = {}
    chances: list[Fraction] = []

    def walk() -> list[Fraction]:
        line = next(lines)
        kind = line[0]
        head = line.split('"')[2].split()
        _, _, own = line.rpartition('"')
        after = line.rsplit("}", 1)[0].rsplit("{", 1)[-1] if line.endswith("}") else ""
        number = head[0] if kind == "t" else (own.split("}")[-1] if not after else own).split()[0]
        if kind != "t":  # p "" 1 2 "n" { … } 7 "" { … }   or   … } 0   or   p "" 2 7 0
            parts = line.split("}")
            tail = parts[1].split() if len(parts) > 1 else [head[2]]
            number = tail[0]
        if after and (kind == "t" or line.count("{") == 2):
            known[number] = [Fraction(w) for w in after.replace(",", " ").split()]
        paid = known.get(number, [])
        if kind == "t":
            return paid
        if kind == "c":
            words = line.split("{")[1].split("}")[0].split()
            weights = [Fraction(w) for w in words[1::2]]
            chances.extend(weights)
        else:
            player, infoset = int(head[0]) - 1, int(head[1])
            listed = "{" in line
            size = line.split("{")[1].split("}")[0].count('"') // 2 if listed else sizes[player, infoset]
            sizes[player, infoset] = size
            weights = [Fraction(int(k == play[player, infoset])) for k in range(size)]
        total = [Fraction(0)] * n
        for w in weights:
            total = [a + w * b for a, b in zip(total, walk(), strict=True)]
        return [a + b for a, b in zip(total, paid or [Fraction(0)] * n, strict=True)]

    n = text.split("{")[1].split("}", maxsplit=1)[0].count('"') // 2
    sizes: dict[tuple[int, int], int] = {}
    return walk()


def model_values(model: Model, play: Mapping[tuple[int, int], int], numbers: list[list[int]]) -> np.ndarray:
    """The same by forward iteration of the arrays: an agent acts on its observation alone."""
    kernel, n = model.kernels[0], model.n_agents
    sizes = [len(v.values) for v in model.signature.observations]
    widths = [len(v.values) for v in model.signature.actions]
    law = {
        (int(s), int(o)): float(p)
        for s, o, p in zip(model.initial.state, model.initial.observation, model.initial.probability, strict=True)
    }
    total = np.zeros(n)
    for h in range(model.horizon):
        after: dict[tuple[int, int], float] = {}
        for (s, o), p in law.items():
            digits = []
            for i, d in enumerate(np.unravel_index(o, sizes)):
                digits.append(play[i, numbers[i][d - 1]] if d else 0)
                assert model.active[h, i] or not d
            row = int(np.ravel_multi_index(digits, widths)) * model.n_states + s
            total += p * kernel.reward.reshape(n, -1)[:, row]
            for e in range(kernel.indptr[row], kernel.indptr[row + 1]):
                key = int(kernel.state[e]), int(kernel.observation[e])
                after[key] = after.get(key, 0.0) + p * float(kernel.probability[e])
        assert sum(after.values()) == pytest.approx(1)
        law = after
    return total


def check_all_strategies(text: str, model: Model) -> None:
    profiles = strategies(text)
    numbers = [sorted(k for i, k in profiles[0] if i == player) for player in range(model.n_agents)]
    for play in profiles[:: max(1, len(profiles) // 16)]:
        expected = [float(x) for x in tree_values(text, play)]
        assert model_values(model, play, numbers).tolist() == pytest.approx(expected, abs=1e-12)


def random_tree(seed: int) -> str:
    """A tree of up to three players with perfect recall, whose information sets lie each at one depth."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    infosets: dict[tuple[object, ...], int] = {}
    lines: list[str] = []
    outcomes = itertools.count(1)

    def outcome() -> str:
        paid = " ".join(f"{rng.integers(-9, 9)}/{rng.integers(1, 4)}" for _ in range(n))
        return f'{next(outcomes)} "" {{ {paid} }}'

    def grow(depth: int, own: tuple[tuple[object, ...], ...]) -> None:
        if depth == 4 or (depth and rng.random() < 0.2):
            lines.append(f't "" {outcome()}')
            return
        paid = outcome() if rng.random() < 0.2 else "0"
        if rng.random() < 0.25:
            k = int(rng.integers(1, 4))
            lines.append(f'c "" {len(lines) + 1} "" {{ ' + " ".join(f'"{j}" 1/{k}' for j in range(k)) + f" }} {paid}")
            for _ in range(k):
                grow(depth + 1, own)
            return
        player, signal = int(rng.integers(n)), int(rng.integers(2))
        key = (player, depth, signal, own[player])
        fresh = key not in infosets
        number = infosets.setdefault(key, len(infosets) + 1)
        size = 1 + number % 3
        listed = ' "" { ' + " ".join(f'"a{j}"' for j in range(size)) + " }" if fresh or paid != "0" else ""
        lines.append(f'p "" {player + 1} {number}{listed} {paid}')
        for j in range(size):
            grow(depth + 1, (*own[:player], (*own[player], (number, j)), *own[player + 1 :]))

    players = " ".join(f'"P{i}"' for i in range(n))
    grow(0, ((),) * n)
    return f'EFG 2 R "random" {{ {players} }}\n' + "\n".join(lines) + "\n"


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_random_trees_have_the_payoffs_of_their_arrays(seed: int) -> None:
    text = random_tree(seed)
    check_all_strategies(text, efg(text).model)


def places(read: object, text: str, **flags: object) -> tuple[str, int, int]:
    with pytest.raises(InputError) as caught:
        read(text, **flags)  # type: ignore[operator]
    (found,) = caught.value.diagnostics
    assert render(found, caught.value.source)
    return (found.code, found.span.line, found.span.column) if found.span else (found.code, 0, 0)


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("2 0\n", "2\n", ("I101", 5, 1)),
        ("2 0\n", "2 0 0\n", ("I101", 4, 25)),
        ("2 0\n", "2 x\n", ("I101", 4, 23)),
        ("2 0\n", "2 1/0\n", ("I105", 4, 23)),
        ("2 0\n", "2 1e999\n", ("I105", 4, 23)),
        ("{ 3 2 }", "{ 3 0 }", ("I105", 2, 31)),
        ("{ 3 2 }", "{ 3 }", ("I101", 2, 31)),
        ('"Player 2" }', '"Player 2 }', ("I101", 2, 14)),
        ("R ", "X ", ("I101", 1, 7)),
    ],
)
def test_mistakes_of_nfg(old: str, new: str, expected: tuple[str, int, int]) -> None:
    assert places(nfg, SELTEN.replace(old, new, 1)) == expected


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ('t "" 1\n', "", ("I101", 9, 1)),
        ('t "" 1\n', 't "" 1\nt "" 1\n', ("I101", 10, 1)),
        ('t "" 1\n', 't "" 9\n', ("I102", 9, 6)),
        ('t "" 1\n', 't "" 1 "" { 2 2 }\n', ("I101", 9, 6)),
        ('p "" 2 7 0', 'p "" 3 7 0', ("I102", 7, 6)),
        ('p "" 2 7 0', 'p "" 2 8 0', ("I102", 7, 8)),
        ('p "" 2 7 0', 'p "" 2 7 "B" { "H" } 0', ("I101", 7, 8)),
        ('p "" 2 7 0', 'q "" 2 7 0', ("I101", 7, 1)),
        ('p "" 2 7 0', 'c "" 1 "" { "l" 1/2 "r" 1/3 } 0', ("I103", 7, 11)),
        ('p "" 2 7 0', 'c "" 1 "" { "l" 3/2 "r" -1/2 } 0', ("I105", 7, 17)),
        ("{ 1, -1 }", "{ 1 }", ("I101", 5, 18)),
    ],
)
def test_mistakes_of_efg(old: str, new: str, expected: tuple[str, int, int]) -> None:
    assert places(efg, PENNIES.replace(old, new, 1)) == expected


def test_flags_that_make_no_sense() -> None:
    assert places(nfg, SELTEN, reward="team")[0] == places(efg, PENNIES, reward="zero_sum")[0] == "I106"
    assert places(efg, PENNIES, discount=0.5)[0] == "I105" and places(efg, PENNIES, horizon=0)[0] == "E607"
    longer = PENNIES.replace('p "" 2 7 0', 'p "" 2 8 "" { "H" "T" } 0')
    assert places(efg, longer, horizon=1)[0] == "E623" and efg(longer, horizon=5).model.horizon == 5


def test_claims() -> None:
    assert NfgImporter().applies(Source("x", SELTEN)) is None
    assert EfgImporter().applies(Source("x", "\ufeff\n" + PENNIES)) is None
    refused = (
        (NfgImporter(), Source("x.nfg", PENNIES)),
        (EfgImporter(), Source("x.efg", SELTEN)),
        (EfgImporter(), Source("x.efg", "")),
        (NfgImporter(), Source("x", "NFG")),
    )
    for importer, source in refused:
        assert importer.applies(source), source


def test_hostile_texts_take_no_time() -> None:
    began = time.process_time()
    deep = 'p "" 1 1 "" { "a" } 0\n'
    for read, text, error in (
        (nfg, 'NFG 1 R "" { "P" "Q" } { 999999 999999 } 1', LimitError),
        (nfg, 'NFG 1 R "" { "P" } { 999999999999 } 1', InputError),
        (nfg, 'NFG 1 R "' + "x" * 100_000, InputError),
        (nfg, 'NFG 1 R "" { "P" } { 1 } 1e' + "9" * 50_000, InputError),
        (nfg, 'NFG 1 R "" { "P" } { 1 } 1e-9999 2', InputError),
        (nfg, 'NFG 1 R "" { "P" } { 1 } ' + "1" * 50_000, InputError),
        (efg, 'EFG 2 R "" { "P" }\n' + deep * 50_000, InputError),
        (efg, 'EFG 2 R "" { "P" }\n' + "{" * 100_000, InputError),
    ):
        with pytest.raises(error):
            read(text)
    assert time.process_time() - began < 5


def chain(nodes: int) -> str:
    moves = "".join(f'p "" 1 {k} "" {{ "a" }} 0\n' for k in range(1, nodes + 1))
    return f'EFG 2 R "" {{ "P" }}\n{moves}t "" 1 "" {{ 7 }}\n'


def wide(actions: int) -> str:
    names = " ".join(f'"{k}"' for k in range(actions))
    below = 'p "" 2 1 "" { "x" } 0\nt "" 1 "" { 0 0 }\n' + 'p "" 2 1 0\nt "" 1\n' * (actions - 1)
    return f'EFG 2 R "" {{ "P" "Q" }}\np "" 1 1 "" {{ {names} }} 0\n{below}'


def rotation(players: int) -> str:
    """Each player in turn sees and has ten actions: few are in play at a step, but the product is astronomical."""
    lines = [
        f'p "" {i} 1 "" {{ {" ".join(f"{chr(34)}{k}{chr(34)}" for k in range(10))} }} 1 "" {{ {"1 " * players}}}'
        for i in range(1, players + 1)
    ]
    text = "".join(f"{line}\n" + 't "" 1\n' * 9 for line in lines) + 't "" 1\n'
    return f'EFG 2 R "" {{ {" ".join(f"{chr(34)}P{i}{chr(34)}" for i in range(players))} }}\n{text}'


@pytest.mark.parametrize(
    "text, limit",
    [
        (chain(20_000), ""),
        (wide(20_000), ""),
        (rotation(8), "states and joint actions"),
        (rotation(31), "at most 30"),
    ],
    ids=["deep", "wide", "many joint actions", "many players"],
)
def test_large_trees_end_soon(text: str, limit: str) -> None:
    began = time.process_time()
    if limit:
        with pytest.raises(LimitError, match=limit):
            efg(text)
    else:
        efg(text)
    assert time.process_time() - began < 5


def test_a_deep_tree_is_read_without_recursion() -> None:
    model = efg(chain(3000)).model
    assert model.horizon == 3000 and model.kernels[0].reward.max() == 7
