"""`.agg` and `.bagg`: random action graphs against the definition, profile by profile, and against Gambit's own reader;
`.gam`: the order of its numbers; mistakes with their places."""

from __future__ import annotations

import io
import itertools
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from posgc_gambit.adapter import missing_pygambit
from posgc_gambit_files import AggImporter, BaggImporter, GamImporter, NfgImporter

from posgc.language import compile_game
from posgc.language.diagnostics import InputError, LimitError, Source, render
from posgc.model import tabulate
from posgc.model.compare import same_arrays
from posgc.pipeline import Request, translate
from posgc.plugin import Imported

needs_gambit = pytest.mark.skipif(missing_pygambit() is not None, reason=str(missing_pygambit()))
IMPORTERS = {"agg": AggImporter(), "bagg": BaggImporter(), "gam": GamImporter()}


def read(ending: str, text: str, **flags: object) -> Imported:
    given = {"horizon": None, "discount": None, "reward": None} | flags
    source = Source(f"games/small.{ending}", text)
    assert IMPORTERS[ending].applies(source) is None
    return IMPORTERS[ending].read(source, **given)  # type: ignore[arg-type]


def complaint(ending: str, text: str, **flags: object) -> str:
    with pytest.raises(InputError) as caught:
        read(ending, text, **flags)
    return "\n".join(render(each, caught.value.source) for each in caught.value.diagnostics)


class Graph:
    """A random action graph, its text, and its payoffs from the definition."""

    def __init__(self, seed: int, players: int | None = None) -> None:
        self.rng = rng = random.Random(seed)
        self.n = players or rng.randint(1, 3)
        self.actions, self.functions = rng.randint(2, 4), rng.randint(0, 4)
        every = range(self.actions)
        self.sets = [sorted(rng.sample(every, rng.randint(1, min(3, self.actions)))) for _ in range(self.n)]
        nodes = self.actions + self.functions
        self.kinds: list[int] = []
        self.around: list[list[int]] = [
            rng.sample(range(nodes), rng.randint(0, min(3, nodes))) for _ in range(self.actions)
        ]
        self.default, self.weights = 9, [rng.randint(0, 3) for _ in range(self.actions)]
        for k in range(self.functions):
            kind = rng.choice((0, 1, 2, 3, 10, 11, 12, 13))
            self.kinds.append(kind)
            same = [self.actions + j for j in range(k) if self.kinds[j] == kind]
            below = rng.sample(range(self.actions), rng.randint(0, 2)) + rng.sample(same, rng.randint(0, len(same)))
            self.around.append(rng.sample(below, len(below)))
        self.tables: list[dict[tuple[int, ...], int]] = []

    def paths(self, node: int) -> Counter[int]:
        """By how many paths each action node is below a node."""
        if node < self.actions:
            return Counter([node])
        return sum((self.paths(each) for each in self.around[node]), Counter())

    def value(self, node: int, played: list[int]) -> int:
        """What a node is worth where the players play these action nodes."""
        if node < self.actions:
            return played.count(node)
        kind, below = self.kinds[node - self.actions], self.paths(node)
        times = [below[action] for action in played]
        if kind == 0:
            return sum(times)
        if kind == 1:
            return int(any(times))
        if kind == 10:
            return sum(self.default + m * self.weights[a] for m, a in zip(times, played, strict=True))
        if kind == 11:
            return int(any(self.default + m * self.weights[a] > 0 for m, a in zip(times, played, strict=True)))
        counted = [self.weights[a] if kind > 10 else a for m, a in zip(times, played, strict=True) if m]
        nothing = self.default if kind > 10 else self.actions + self.functions
        return nothing if not counted else max(counted) if kind % 10 == 2 else min(counted)

    def fill(self) -> None:
        """Payoffs for every configuration that can occur."""
        profiles = list(itertools.product(*self.sets))
        for node in range(self.actions):
            met = {self.config(node, p) for p in profiles if node in p}
            self.tables.append({key: self.rng.randint(-99, 99) for key in sorted(met)})

    def config(self, node: int, played: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(self.value(each, list(played)) for each in self.around[node])

    def tail(self) -> str:
        """The graph, the function nodes and the payoffs."""
        lines = [f"{len(around)} {' '.join(map(str, around))}" for around in self.around]
        lines += ["# the types"]
        for kind in self.kinds:
            lines.append(f"{kind} {self.default} [ {' '.join(map(str, self.weights))} ]" if kind > 9 else str(kind))
        for table in self.tables:
            if self.rng.random() < 0.5:
                lines.append(f"0 {' '.join(map(str, table.values()))}")
                continue
            mixed = self.rng.sample(list(table.items()), len(table))
            lines += ["1", str(len(mixed)), *(f"[ {' '.join(map(str, key))} ] {value}" for key, value in mixed)]
        return "\n".join(lines) + "\n"

    def text(self) -> str:
        sizes, sets = " ".join(str(len(s)) for s in self.sets), "\n".join(" ".join(map(str, s)) for s in self.sets)
        return f"#AGG\n# a comment\n{self.n}\n{self.actions}\n{self.functions}\n{sizes}\n{sets}\n{self.tail()}"

    def payoffs(self, sets: list[list[int]]) -> np.ndarray:
        found = np.zeros((self.n, *(len(s) for s in sets)))
        for index in itertools.product(*(range(len(s)) for s in sets)):
            played = tuple(s[k] for s, k in zip(sets, index, strict=True))
            for i, node in enumerate(played):
                found[(i, *index)] = self.tables[node][self.config(node, played)]
        return found


@pytest.mark.parametrize("seed", range(60))
def test_random_action_graphs_profile_by_profile(seed: int) -> None:
    graph = Graph(seed)
    graph.fill()
    model = read("agg", graph.text()).model
    assert model.kernels[0].reward.ravel().tolist() == graph.payoffs(graph.sets).ravel().tolist()
    assert [v.values for v in model.signature.actions] == [tuple(map(str, s)) for s in graph.sets]
    assert model.horizon == 1 and model.n_states == 1


@needs_gambit
@pytest.mark.parametrize("seed", range(60))
def test_gambit_reads_the_same_payoffs(seed: int) -> None:
    import pygambit

    """Gambit 17.0 ends in a memory error where nobody can play some node, so such graphs are drawn again."""
    graph = next(g for g in map(Graph, itertools.count(1000 * seed)) if len(set().union(*g.sets)) == g.actions)
    graph.fill()
    model = read("agg", graph.text()).model
    theirs = pygambit.read_agg(io.BytesIO(graph.text().encode())).to_arrays(dtype=float)
    ours = model.kernels[0].reward.reshape(graph.n, *(len(s) for s in graph.sets))
    assert np.array([each.astype(float) for each in theirs]) == pytest.approx(ours)


def bayesian(seed: int) -> tuple[Graph, list[list[list[int]]], list[list[float]], str]:
    graph = Graph(seed, players=2)
    rng = graph.rng
    types = [rng.randint(1, 2) for _ in range(2)]
    sets = [[sorted(rng.sample(range(graph.actions), rng.randint(1, 2))) for _ in range(size)] for size in types]
    graph.sets = [sorted({a for own in each for a in own}) for each in sets]
    graph.fill()
    laws = [[1.0] if size == 1 else [0.25, 0.75] for size in types]
    flat = [own for each in sets for own in each]
    head = (
        f"#BAGG\n2\n{graph.actions}\n{graph.functions}\n{types[0]} {types[1]}\n"
        + "\n".join(" ".join(map(str, law)) for law in laws)
        + "\n"
        + " ".join(str(len(own)) for own in flat)
        + "\n"
        + "\n".join(" ".join(map(str, own)) for own in flat)
        + "\n"
    )
    return graph, sets, laws, head + graph.tail()


@pytest.mark.parametrize("seed", range(40))
def test_random_bayesian_games_type_by_type(seed: int) -> None:
    graph, sets, laws, text = bayesian(seed)
    found = read("bagg", text)
    model = found.model
    uneven = [i for i in range(2) if len({tuple(own) for own in sets[i]}) > 1]
    assert [d.code for d in found.diagnostics] == ["N113"] * len(uneven)
    joint = [tuple(values) for values in model.state_values.tolist()]
    assert joint == list(itertools.product(*(range(len(law)) for law in laws)))
    assert model.initial.probability.tolist() == [laws[0][s] * laws[1][t] for s, t in joint]
    assert model.initial.observation.tolist() == list(range(len(joint)))
    assert model.observed.tolist() == [[True, True], [False, False]]
    widths = [max(len(own) for own in each) for each in sets]
    for state, (s, t) in enumerate(joint):
        plays = [
            [own[min(k, len(own) - 1)] for k in range(width)]
            for own, width in zip((sets[0][s], sets[1][t]), widths, strict=True)
        ]
        expected = graph.payoffs(plays).reshape(2, -1)
        assert model.kernels[0].reward[:, :, state].tolist() == expected.tolist()


@needs_gambit
@pytest.mark.parametrize("seed", range(40))
def test_gambit_finds_the_same_expected_payoffs_of_types(seed: int) -> None:
    """Everybody plays uniformly; Gambit makes a player of every type."""
    import pygambit

    game = next(g for g in map(bayesian, itertools.count(1000 * seed)) if len(set().union(*g[0].sets)) == g[0].actions)
    _, sets, laws, text = game
    model = read("bagg", text).model
    reward, joint = model.kernels[0].reward, model.state_values
    widths = [max(map(len, each)) for each in sets]
    expected = []
    for i, own in enumerate(sets):
        for t in range(len(own)):
            value = 0.0
            for state in np.flatnonzero(joint[:, i] == t):
                k, m = (len(sets[j][joint[state, j]]) for j in range(2))
                value += reward[i, :, state].reshape(widths)[:k, :m].mean() * laws[1 - i][joint[state, 1 - i]]
            expected.append(value)
    theirs = pygambit.read_bagg(io.BytesIO(text.encode())).mixed_strategy_profile().payoffs
    assert [float(value) for _, value in theirs] == pytest.approx(expected)


def test_the_first_player_is_fastest_in_gam() -> None:
    """The example of QuantEcon's documentation of its reader of `.gam`, with the profiles that it prints."""
    model = read("gam", "2\n3 2\n\n3 2 0 3 5 6 3 2 3 2 6 1").model
    reward = model.kernels[0].reward.reshape(2, 3, 2).transpose(1, 2, 0)
    assert reward.tolist() == [[[3, 3], [3, 2]], [[2, 2], [5, 6]], [[0, 3], [6, 1]]]


@pytest.mark.parametrize("sizes", [(2,), (3, 2), (1, 4), (2, 3, 2), (2, 1, 2, 3)])
def test_gam_and_nfg_agree_on_random_games(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(sizes))
    payoff = rng.integers(-9, 9, size=(len(sizes), *sizes))
    profiles = [tuple(reversed(p)) for p in itertools.product(*(range(size) for size in reversed(sizes)))]
    numbers = " ".join(str(payoff[(i, *p)]) for i in range(len(sizes)) for p in profiles)
    for layout in ("{n}\n{sizes}\n\n{numbers}\n", "# a comment\n{n} {sizes} {numbers}"):
        text = layout.format(n=len(sizes), sizes=" ".join(map(str, sizes)), numbers=numbers)
        model = read("gam", text, horizon=2, discount=0.5).model
        assert model.kernels[0].reward.ravel().tolist() == payoff.ravel().tolist()
        assert (model.horizon, model.discount) == (2, 0.5)
    players = " ".join(f'"{i + 1}"' for i in range(len(sizes)))
    numbers = " ".join(str(payoff[(i, *p)]) for p in profiles for i in range(len(sizes)))
    nfg = f'NFG 1 R "" {{ {players} }} {{ {" ".join(map(str, sizes))} }} {numbers}'
    other = NfgImporter().read(Source("small.nfg", nfg), horizon=2, discount=0.5, reward=None).model
    assert other.digest == model.digest


@pytest.mark.parametrize("ending", ["gam", "agg", "bagg"])
def test_what_import_writes_is_the_same_game(ending: str, tmp_path: Path) -> None:
    graph = Graph(5)
    graph.fill()
    text = {"gam": "2\n2 2\n1 2 3 4 5 6 7 8", "agg": graph.text(), "bagg": bayesian(4)[3]}[ending]
    path = tmp_path / f"game.{ending}"
    path.write_text(text)
    made = translate(Request(str(path), horizon=1))
    assert same_arrays(made.model, tabulate(compile_game(Source("written", made.text), {}, 1))) is None


SMALL = """#AGG
#number of players:
2
3
1
2 2
0 1
1 2
2 0 3
1 1
0
2 0 2
10 0 [ 1 0 2 ]
0 1 2 3
1
2
[ 1 ] 5
[ 2 ] 6
0 7
"""


def test_the_small_graph() -> None:
    """By hand: node 0 is paid by (players on 0, weighted sum), node 1 by its own count, node 2 by nothing."""
    with pytest.raises(InputError):
        read("agg", SMALL)  # (1, 1) and (1, 3) can occur at node 0, and four payoffs are given
    reward = read("agg", SMALL.replace("0 1 2 3\n", "0 1 2\n")).model.kernels[0].reward.reshape(2, 2, 2)
    assert reward.tolist() == [[[1, 2], [6, 5]], [[5, 7], [6, 7]]]


@pytest.mark.parametrize(
    ("ending", "text", "code", "line", "words"),
    [
        ("agg", SMALL, "I102", 14, "payoffs in form 3"),
        ("agg", SMALL.replace("\n0 1\n", "\n0 3\n"), "I102", 7, "node 3 is not one of 0 to 2"),
        ("agg", SMALL.replace("\n0 1\n", "\n1 1\n"), "I102", 7, "node 1 stands there already"),
        ("agg", SMALL.replace("10 0 [", "14 0 ["), "I102", 13, "no type 14"),
        ("agg", SMALL.replace("10 0 [ 1 0 2 ]", "11 0 [ 1 0 -2 ]"), "I105", 13, "below 0"),
        ("agg", SMALL.replace("2 0 2\n10", "2 0 3\n10"), "I107", 20, "function node 3 is below itself"),
        ("agg", SMALL.replace("0 1 2 3\n", "0 1 2\n").replace("[ 2 ] 6", "[ 3 ] 6"), "I104", 15, "no payoff for [ 2 ]"),
        ("agg", SMALL.replace("0 1 2 3\n", "0 1 2\n").replace("[ 2 ] 6", "[ 1 ] 6"), "I104", 18, "a second time"),
        ("agg", SMALL.replace("0 1 2 3\n", "2 1 2\n"), "I102", 14, "payoffs in form 2"),
        ("agg", SMALL.replace("0 1 2 3\n", "0 1 1e999\n"), "I105", 14, "out of range"),
        ("bagg", "#BAGG\n1\n1\n0\n2\n0.5 0.6\n1 1\n0\n0\n0\n0 1\n", "I103", 6, "sum to 1.1"),
        ("bagg", "#BAGG\n1\n1\n0\n2\n0.5 -0.5\n1 1\n0\n0\n0\n0 1\n", "I105", 6, "not a probability"),
        ("gam", "2\n3 2\n1 2 3", "I101", 3, "the text ends where payoff 4 of 12"),
        ("gam", "1\n2\n1 2 3", "I101", 3, "the end after 2 payoffs"),
        ("gam", "1\n2\n1 x", "I101", 3, "`x` stands where payoff 2 of 2"),
        ("gam", "2\n3 0\n", "I105", 2, "0 cannot be the number of strategies of player 2"),
    ],
)
def test_mistakes_are_shown_where_they_are(ending: str, text: str, code: str, line: int, words: str) -> None:
    said = complaint(ending, text)
    assert f"error[{code}]" in said and f":{line}:" in said and words in said and "^" in said, said


def test_flags_that_make_no_sense_and_games_that_are_too_large() -> None:
    _, _, _, text = bayesian(3)
    assert "I106" in complaint("gam", "1\n1\n1", reward="team")
    assert "E623" in complaint("bagg", text, horizon=2) and "I105" in complaint("bagg", text, discount=0.5)
    for ending, large in (
        ("gam", f"30\n{' 9' * 30}\n1"),
        ("gam", f"31\n{' 2' * 31}\n1"),
        ("agg", f"#AGG\n30\n2\n0\n{' 2' * 30}\n{' 0 1' * 30}\n0\n0\n"),
        ("agg", "#AGG\n1\n1000000\n0\n"),
    ):
        with pytest.raises(LimitError):
            read(ending, large)
