"""Random small games in random statement forms: the importer against a plain reader, line by line, in dicts."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posgc_dpomdp import DpomdpImporter

from posgc.language.diagnostics import InputError, LimitError, Source
from posgc.model.arrays import Model


class Game:
    """Sizes and names; agent i's action k is `a{i}x{k}`, its observation `o{i}x{k}`, state k is `s{k}`."""

    def __init__(self, rng: random.Random) -> None:
        self.n = rng.choice([1, 2, 2, 3])
        self.states = rng.randint(1, 3)
        self.acts = [rng.randint(1, 3 if self.n < 3 else 2) for _ in range(self.n)]
        self.obs = [rng.randint(1, 2) for _ in range(self.n)]

    def joint(self, sizes: list[int]) -> list[tuple[int, ...]]:
        return list(product(*map(range, sizes)))


def weights(rng: random.Random, k: int) -> list[float]:
    raw = [rng.choice([0.0, 0.0, 1.0, 2.0, 3.0, 0.5]) for _ in range(k)]
    raw[rng.randrange(k)] += 1.0
    return [w / sum(raw) for w in raw]


class Writer:
    """Prints one statement in one of its forms."""

    def __init__(self, rng: random.Random, game: Game) -> None:
        self.rng, self.game = rng, game

    def state(self, s: int | None) -> str:
        return "*" if s is None else self.rng.choice([f"s{s}", str(s)])

    def part(self, prefix: str, sizes: list[int], chosen: tuple[int | None, ...]) -> str:
        """A joint field: by agent, by joint index where none is a wildcard, or one `*` where all are."""
        if all(c is None for c in chosen) and self.rng.random() < 0.5:
            return "*"
        if None not in chosen and self.rng.random() < 0.3:
            index = 0
            for size, c in zip(sizes, chosen, strict=True):
                index = index * size + c  # type: ignore[operator]
            return str(index)
        words = []
        for i, c in enumerate(chosen):
            words.append("*" if c is None else self.rng.choice([f"{prefix}{i}x{c}", str(c)]))
        if len(words) == 1 and words[0].isdigit():
            return words[0]
        return "  ".join(words)

    def pick(self, sizes: list[int]) -> tuple[int | None, ...]:
        return tuple(self.rng.choice([None, self.rng.randrange(k)]) for k in sizes)

    def act(self, chosen: tuple[int | None, ...]) -> str:
        return self.part("a", self.game.acts, chosen)

    def ob(self, chosen: tuple[int | None, ...]) -> str:
        return self.part("o", self.game.obs, chosen)

    def some_state(self) -> int | None:
        return self.rng.choice([None, self.rng.randrange(self.game.states)])

    def numbers(self, values: list[float]) -> str:
        return " ".join(map(repr, values))

    def law(self, letter: str, ja: tuple[int | None, ...], s: int | None, row: list[float]) -> list[str]:
        """A whole row: as one line below, or cell by cell."""
        head = f"{letter}: {self.act(ja)} : {self.state(s)} :"
        if self.rng.random() < 0.5:
            return [head, self.numbers(row)]
        ends: list[str]
        if letter == "T":
            ends = [self.state(k) for k in range(self.game.states)]
        else:
            ends = [self.ob(jo) for jo in self.game.joint(self.game.obs)]
        lines = [f"{head} {end} : {p!r}" for end, p in zip(ends, row, strict=True)]
        self.rng.shuffle(lines)
        return lines

    def anything(self, letter: str) -> list[str]:
        """A statement of any form whose rows need not sum to one: it will be overwritten."""
        width = self.game.states if letter == "T" else len(self.game.joint(self.game.obs))
        ja = self.pick(self.game.acts)
        form = self.rng.choice(["cell", "row", "matrix", "uniform"])
        if form == "cell":
            end = self.state(self.some_state()) if letter == "T" else self.ob(self.pick(self.game.obs))
            return [f"{letter}: {self.act(ja)} : {self.state(self.some_state())} : {end} : {self.rng.random()!r}"]
        if form == "row":
            row = self.numbers([self.rng.random() for _ in range(width)])
            return [f"{letter}: {self.act(ja)} : {self.state(self.some_state())} :", row]
        if form == "uniform":
            return [
                f"{letter}: {self.act(ja)} :",
                self.rng.choice(["uniform", "identity"] if letter == "T" else ["uniform"]),
            ]
        rows = [self.numbers([self.rng.random() for _ in range(width)]) for _ in range(self.game.states)]
        return [f"{letter}: {self.act(ja)} :", *rows]

    def value(self) -> float:
        return self.rng.choice([float(self.rng.randint(-9, 9)), self.rng.uniform(-5, 5)])

    def reward(self) -> list[str]:
        width = len(self.game.joint(self.game.obs))
        head = f"R: {self.act(self.pick(self.game.acts))} : {self.state(self.some_state())} :"
        form = self.rng.choice(["cell", "cell", "plain", "row", "matrix"])
        if form == "plain":
            return [f"{head} * : * : {self.value()!r}"]
        if form == "cell":
            end, seen = self.state(self.some_state()), self.ob(self.pick(self.game.obs))
            return [f"{head} {end} : {seen} : {self.value()!r}"]
        if form == "row":
            row = self.numbers([self.value() for _ in range(width)])
            return [f"{head} {self.state(self.some_state())} :", row]
        return [head, *(self.numbers([self.value() for _ in range(width)]) for _ in range(self.game.states))]

    def text(self) -> str:
        game, rng = self.game, self.rng
        lines = [f"agents: {game.n}", "discount: 0.5", f"values: {rng.choice(['reward', 'cost'])}"]
        lines += ["states: " + " ".join(f"s{k}" for k in range(game.states))]
        lines += ["start:", self.numbers(weights(rng, game.states))]
        lines += ["actions:"] + [" ".join(f"a{i}x{k}" for k in range(m)) for i, m in enumerate(game.acts)]
        lines += ["observations:"] + [" ".join(f"o{i}x{k}" for k in range(m)) for i, m in enumerate(game.obs)]
        body: list[list[str]] = [self.anything(rng.choice("TO")) for _ in range(rng.randint(0, 5))]
        rows: list[list[str]] = []
        for ja in game.joint(game.acts):
            for s in range(game.states):
                rows.append(self.law("T", ja, s, weights(rng, game.states)))
                rows.append(self.law("O", ja, s, weights(rng, len(game.joint(game.obs)))))
        rng.shuffle(rows)
        rewards = [self.reward() for _ in range(rng.randint(0, 6))]
        for statement in rewards:
            rows.insert(rng.randint(0, len(rows)), statement)
        for statement in body + rows:
            if rng.random() < 0.1:
                lines.append("# a comment : with 1 colon")
            lines += statement
        return rng.choice(["\n", "\r\n"]).join(lines) + "\n"


class Plain:
    """The description of the format, followed line by line: every cell of T, O and R in a dictionary."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.split("\n")]
        self.lines = [line for line in lines if line and not line.startswith("#")]
        value = {line.split(":")[0]: line.split(":")[1].strip() for line in self.lines if ":" in line}
        self.n = int(value["agents"])
        self.sign = -1.0 if value["values"] == "cost" else 1.0
        self.states = value["states"].split()
        at = self.lines.index("start:")
        self.start = [float(x) for x in self.lines[at + 1].split()]
        at = self.lines.index("actions:")
        self.acts = [line.split() for line in self.lines[at + 1 : at + 1 + self.n]]
        at = self.lines.index("observations:")
        self.obs = [line.split() for line in self.lines[at + 1 : at + 1 + self.n]]
        self.t: dict[tuple[object, ...], float] = defaultdict(float)
        self.o: dict[tuple[object, ...], float] = defaultdict(float)
        self.r: dict[tuple[object, ...], float] = defaultdict(float)
        at += 1 + self.n
        while at < len(self.lines):
            at = self.statement(at)

    def word(self, word: str, names: list[str]) -> list[int]:
        if word == "*":
            return list(range(len(names)))
        return [names.index(word)] if word in names else [int(word)]

    def many(self, field: str, parts: list[list[str]]) -> list[tuple[int, ...]]:
        words = field.split()
        everything = list(product(*(range(len(p)) for p in parts)))
        if words == ["*"]:
            return everything
        if len(words) == 1 and words[0].isdigit():
            return [everything[int(words[0])]]
        return list(product(*(self.word(w, p) for w, p in zip(words, parts, strict=True))))

    def statement(self, at: int) -> int:
        parts = [part.strip() for part in self.lines[at].split(":")]
        letter, fields = parts[0], parts[1:]
        every_state = [(k,) for k in range(len(self.states))]
        every_ob = list(product(*(range(len(p)) for p in self.obs)))
        kinds = {"T": "ass", "O": "aso", "R": "asso"}[letter]
        table = {"T": self.t, "O": self.o, "R": self.r}[letter]
        sets: list[list[tuple[int, ...]]] = []
        for kind, field in zip(kinds, fields[:-1], strict=False):
            if kind == "s":
                sets.append([(k,) for k in self.word(field, self.states)])
            else:
                sets.append(self.many(field, self.acts if kind == "a" else self.obs))
        rest = [every_state if kind == "s" else every_ob for kind in kinds[len(sets) :]]
        at += 1
        values: list[float]
        if not rest:
            values = [float(fields[-1])]
        elif self.lines[at] == "uniform":
            values = [1.0 / len(rest[-1])] * (len(rest[0]) * len(rest[-1]))
            at += 1
        elif self.lines[at] == "identity":
            values = [float(i == j) for i in range(len(self.states)) for j in range(len(self.states))]
            at += 1
        else:
            values = []
            for _ in rest[0] if len(rest) == 2 else [0]:
                values += [float(x) for x in self.lines[at].split()]
                at += 1
        for chosen in product(*sets):
            for end, p in zip(product(*rest), values, strict=True):
                table[chosen + end] = p
        return at


def compare(model: Model, plain: Plain) -> None:
    kernel = model.kernels[0]
    actions = list(product(*(range(len(p)) for p in plain.acts)))
    observations = list(product(*(range(len(p)) for p in plain.obs)))
    kept = model.state_values[:, 0].tolist()
    seen = {k for k, p in enumerate(plain.start) if p > 0}
    for _ in plain.states:
        seen |= {k for k in range(len(plain.states)) for s in seen for a in actions if plain.t[a, (s,), (k,)] > 0}
    assert kept == sorted(seen)
    assert [plain.start[kept[s]] for s in model.initial.state] == pytest.approx(model.initial.probability.tolist())
    assert kernel.emission is not None
    emission = kernel.emission.toarray()
    for a, ja in enumerate(actions):
        for s, old in enumerate(kept):
            row = a * len(kept) + s
            law = {}
            mean = 0.0
            for (o, jo), (k, new) in product(enumerate(observations), enumerate(kept)):
                p = plain.t[ja, (old,), (new,)] * plain.o[ja, (new,), jo]
                r = plain.sign * plain.r[ja, (old,), (new,), jo]
                mean += p * r
                if p > 0:
                    law[o, k] = (p, r)
            span = slice(int(kernel.indptr[row]), int(kernel.indptr[row + 1]))
            assert list(zip(kernel.observation[span].tolist(), kernel.state[span].tolist(), strict=True)) == sorted(law)
            assert kernel.probability[span].tolist() == pytest.approx([law[key][0] for key in sorted(law)])
            assert kernel.reward[:, a, s].tolist() == pytest.approx([mean] * plain.n, abs=1e-12)
            for agent in range(plain.n):
                paid = kernel.reward[agent, a, s] if kernel.sample_reward is None else kernel.sample_reward[agent, span]
                assert np.broadcast_to(paid, len(law)) == pytest.approx([law[key][1] for key in sorted(law)], abs=1e-12)
            assert emission[row].tolist() == pytest.approx([plain.o[ja, (old,), jo] for jo in observations])


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_reads_what_the_plain_reader_reads(seed: int) -> None:
    rng = random.Random(seed)
    text = Writer(rng, Game(rng)).text()
    imported = DpomdpImporter().read(Source("g.dpomdp", text), horizon=2, discount=None, reward=None)
    compare(imported.model, Plain(text))


_SEED = Writer(random.Random(3), Game(random.Random(3))).text()


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_refused_or_read(seed: int) -> None:
    rng = random.Random(seed)
    text = list(_SEED)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        text[at : at + rng.randint(0, 3)] = rng.choice([":", "\n", "*", "x", "9", "-", "\x00", '"', "#", "1e999", " "])
    source = Source("g.dpomdp", "".join(text))
    try:
        DpomdpImporter().read(source, horizon=1, discount=None, reward=None)
    except InputError as error:
        assert all(d.code and d.message for d in error.diagnostics)
        assert all(d.span is None or source.line(d.span.line) for d in error.diagnostics)
    except LimitError as error:
        assert "limit" in str(error) or "at most" in str(error)


@given(st.text())
@settings(max_examples=150, deadline=None)
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(InputError):
        DpomdpImporter().read(Source("g.dpomdp", text), horizon=1, discount=None, reward=None)
