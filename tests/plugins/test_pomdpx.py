"""`.pomdpx`: random networks against a plain product over all assignments, the forms of tables and diagrams, mistakes
with their places, and XML that means harm."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from posgc_pomdpx import PomdpxImporter

from posgc.language import compile_game
from posgc.language.diagnostics import InputError, LimitError, Source, render
from posgc.model import tabulate
from posgc.model.arrays import Model
from posgc.model.compare import same_arrays
from posgc.pipeline import Request, translate
from posgc.plugin import Imported

Assignment = dict[str, int]
Law = tuple[list[str], str, Callable[[Assignment], list[float]]]


def read(text: str, **flags: object) -> Imported:
    given = {"horizon": 2, "discount": None, "reward": None} | flags
    return PomdpxImporter().read(Source("games/small.pomdpx", text), **given)  # type: ignore[arg-type]


def complaint(text: str, **flags: object) -> str:
    with pytest.raises(InputError) as caught:
        read(text, **flags)
    return "\n".join(render(each, Source("small.pomdpx", text)) for each in caught.value.diagnostics)


class Random:
    """A random network: plain tables in dictionaries, and the text of a file with them, as tables or diagrams."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.sizes: dict[str, int] = {}
        self.tables: dict[str, dict[tuple[int, ...], list[float]]] = {}
        self.parents: dict[str, list[str]] = {}
        self.states = [f"x{k}" for k in range(rng.randint(1, 3))]
        self.seen = [rng.random() < 0.4 for _ in self.states]
        for name in self.states:
            self.sizes[f"{name}_0"] = self.sizes[f"{name}_1"] = rng.randint(1, 3)
        self.actions = [f"a{k}" for k in range(rng.randint(1, 2))]
        self.signals = [f"o{k}" for k in range(rng.randint(0, 2))]
        for name in (*self.actions, *self.signals):
            self.sizes[name] = rng.randint(1, 3)
        before = [f"{name}_0" for name in self.states]
        after = [f"{name}_1" for name in self.states]
        for k, name in enumerate(before):
            self._law(name, before[:k])
        for k, name in enumerate(after):
            self._law(name, [*self.actions, *before, *after[:k]])
        for k, name in enumerate(self.signals):
            self._law(name, [*self.actions, *after, *self.signals[:k], *(before if rng.random() < 0.2 else [])])
        self.rewards = [f"r{k}" for k in range(rng.randint(1, 2))]
        for name in self.rewards:
            self._law(name, [*self.actions, *before, *after, *self.signals], paid=True)

    def _law(self, name: str, allowed: list[str], paid: bool = False) -> None:
        rng = self.rng
        parents = rng.sample(allowed, min(len(allowed), rng.randint(0, 3)))
        self.parents[name] = parents
        self.tables[name] = {}
        for values in itertools.product(*(range(self.sizes[p]) for p in parents)):
            if paid:
                self.tables[name][values] = [float(rng.randint(-9, 9))]
                continue
            weights = [rng.choice((0, 1, 2)) for _ in range(self.sizes[name])]
            weights[rng.randrange(len(weights))] += 1
            self.tables[name][values] = [w / sum(weights) for w in weights]

    def chance(self, name: str, at: Assignment) -> float:
        return self.tables[name][tuple(at[p] for p in self.parents[name])][at.get(name, 0)]

    def text(self) -> str:
        def enum(name: str) -> str:
            return f"<ValueEnum>{' '.join(f'v{k}' for k in range(self.sizes[name]))}</ValueEnum>"

        lines = ["<pomdpx><Discount>0.75</Discount><Variable>"]
        for name, seen in zip(self.states, self.seen, strict=True):
            lines.append(
                f'<StateVar vnamePrev="{name}_0" vnameCurr="{name}_1" fullyObs="{str(seen).lower()}">'
                f"{enum(name + '_0')}</StateVar>"
            )
        lines += [f'<ActionVar vname="{name}">{enum(name)}</ActionVar>' for name in self.actions]
        lines += [f'<ObsVar vname="{name}">{enum(name)}</ObsVar>' for name in self.signals]
        lines += [f'<RewardVar vname="{name}"/>' for name in self.rewards]
        lines.append("</Variable>")
        for tag, names in (
            ("InitialStateBelief", [f"{name}_0" for name in self.states]),
            ("StateTransitionFunction", [f"{name}_1" for name in self.states]),
            ("ObsFunction", self.signals),
            ("RewardFunction", self.rewards),
        ):
            shuffled = self.rng.sample(names, len(names))
            lines.append(f"<{tag}>{''.join(self._parameter(name) for name in shuffled)}</{tag}>" if names else "")
        return "\n".join([*lines, "</pomdpx>"])

    def _parameter(self, name: str) -> str:
        paid, parents = name in self.rewards, self.parents[name]
        tag = "Func" if paid else "CondProb"
        form = self.rng.choice(("rows", "cells", "whole", "DD"))
        if form == "DD":
            graph = self._diagram(name, self.rng.sample(parents, len(parents)), {})
            body = f'<Parameter type="DD"><DAG>{graph}</DAG></Parameter>'
        else:
            body = f"<Parameter>{self._entries(name, form)}</Parameter>"
        return f"<{tag}><Var>{name}</Var><Parent>{' '.join(parents) or 'null'}</Parent>{body}</{tag}>\n"

    def _entries(self, name: str, form: str) -> str:
        paid, table = name in self.rewards, self.tables[name]
        tag = "ValueTable" if paid else "ProbTable"
        found = []
        if form == "whole":
            numbers = " ".join(repr(p) for values in table.values() for p in values)
            return _entry(["-"] * (len(self.parents[name]) + (not paid)), tag, numbers)
        for values, numbers_of in table.items():
            row = [f"v{k}" for k in values]
            if paid:
                found.append(_entry(row, tag, repr(numbers_of[0])))
            elif form == "rows":
                found.append(_entry([*row, "-"], tag, " ".join(map(repr, numbers_of))))
            else:
                found += [_entry([*row, f"v{k}"], tag, repr(p)) for k, p in enumerate(numbers_of)]
        return "".join(found)

    def _diagram(self, name: str, left: list[str], at: Assignment) -> str:
        if left or (name not in self.rewards and name not in at):
            test = left[0] if left else name
            inner = (
                f'<Edge val="v{k}">{self._diagram(name, left[1:], at | {test: k})}</Edge>'
                for k in range(self.sizes[test])
            )
            return f'<Node var="{test}">{"".join(inner)}</Node>'
        return f"<Terminal>{self.chance(name, at)!r}</Terminal>"


def _entry(instance: list[str], tag: str, numbers: str) -> str:
    return f"<Entry><Instance>{' '.join(instance)}</Instance><{tag}>{numbers}</{tag}></Entry>"


def assignments(game: Random, names: list[str]) -> list[Assignment]:
    return [dict(zip(names, v, strict=True)) for v in itertools.product(*(range(game.sizes[n]) for n in names))]


def index(game: Random, names: list[str], at: Assignment) -> int:
    found = 0
    for name in names:
        found = found * game.sizes[name] + at[name]
    return found


@pytest.mark.parametrize("seed", range(60))
def test_random_networks_are_the_product_of_their_laws(seed: int) -> None:
    """Every P(s', o' | s, a) and every r(s, a, s', o') is enumerated from the plain tables (chain rule)."""
    game = Random(seed)
    model = read(game.text()).model
    kernel = model.kernels[0]
    before, after = [f"{n}_0" for n in game.states], [f"{n}_1" for n in game.states]
    watched = [f"{n}_1" for n, seen in zip(game.states, game.seen, strict=True) if seen]
    known = {tuple(values): s for s, values in enumerate(model.state_values.tolist())}
    first: dict[tuple[int, int], float] = {}
    for at in assignments(game, before):
        p = np.prod([game.chance(name, at) for name in before])
        if p > 0:
            o = index(game, watched, {f"{n}_1": at[f"{n}_0"] for n in game.states})
            first[known[tuple(at[n] for n in before)], o] = p
    initial = model.initial
    assert dict(
        zip(
            zip(initial.state.tolist(), initial.observation.tolist(), strict=True),
            initial.probability.tolist(),
            strict=True,
        )
    ) == pytest.approx(first)
    reached: set[int] = {s for s, _ in first}
    for a, act in enumerate(assignments(game, game.actions)):
        for values, s in known.items():
            row: dict[tuple[int, int], list[float]] = {}
            old = act | dict(zip(before, values, strict=True))
            expected = 0.0
            for new in assignments(game, [*after, *game.signals]):
                at = old | new
                p = float(np.prod([game.chance(name, at) for name in (*after, *game.signals)]))
                if p > 0:
                    paid = sum(game.chance(name, at) for name in game.rewards)
                    target = known[tuple(new[n] for n in after)]
                    row[index(game, [*game.signals, *watched], at), target] = [p, paid]
                    expected += p * paid
                    reached.add(target)
            compare(model, a * model.n_states + s, row)
            assert kernel.reward[0, a, s] == pytest.approx(expected)
    assert reached == set(known.values())
    assert model.discount == 0.75 and model.observed[0].tolist() == [False] * len(game.signals) + [True] * len(watched)


def compare(model: Model, row: int, expected: dict[tuple[int, int], list[float]]) -> None:
    kernel = model.kernels[0]
    here = slice(kernel.indptr[row], kernel.indptr[row + 1])
    paid = kernel.sample_reward[0][here].tolist() if kernel.sample_reward is not None else None
    found = {}
    for k, (o, s, p) in enumerate(
        zip(
            kernel.observation[here].tolist(),
            kernel.state[here].tolist(),
            kernel.probability[here].tolist(),
            strict=True,
        )
    ):
        flat = kernel.reward[0].ravel()[row]
        found[o, s] = [p, flat if paid is None else paid[k]]
    assert found == {key: pytest.approx(value) for key, value in expected.items()}
    if kernel.emission is not None:
        a, _ = divmod(row, model.n_states)
        marginal = {s: sum(p for (_, t), (p, _) in expected.items() if t == s) for _, s in expected}
        for (o, s), (p, _) in expected.items():
            assert kernel.emission[[a * model.n_states + s], [o]] == pytest.approx(p / marginal[s])


# One rover on three places, a rock that only it can spoil; written for these tests, after the tutorial of the format.
ROVER = """<?xml version="1.0" encoding="ISO-8859-1"?>
<pomdpx version="1.0" id="rover">
  <Description>a rover
    and a rock</Description>
  <Discount>0.9</Discount>
  <Variable>
    <StateVar vnamePrev="at_0" vnameCurr="at_1" fullyObs="true"><NumValues>3</NumValues></StateVar>
    <StateVar vnamePrev="rock_0" vnameCurr="rock_1"><ValueEnum>good bad</ValueEnum></StateVar>
    <ObsVar vname="look"><ValueEnum>ogood obad</ValueEnum></ObsVar>
    <ActionVar vname="do"><ValueEnum>west take</ValueEnum></ActionVar>
    <RewardVar vname="pay"/>
  </Variable>
  <InitialStateBelief>
    <CondProb><Var>at_0</Var><Parent>null</Parent>
      <Parameter type="TBL"><Entry><Instance>-</Instance><ProbTable>0 0.25 0.75</ProbTable></Entry></Parameter>
    </CondProb>
    <CondProb><Var>rock_0</Var><Parent>null</Parent>
      <Parameter><Entry><Instance>-</Instance><ProbTable>uniform</ProbTable></Entry></Parameter>
    </CondProb>
  </InitialStateBelief>
  <StateTransitionFunction>
    <CondProb><Var>at_1</Var><Parent>do at_0</Parent><Parameter type="DD"><DAG>
      <Node var="do">
        <Edge val="west"><Node var="at_0">
          <Edge val="s0"><SubDAG type="deterministic" var="at_1" val="s0"/></Edge>
          <Edge val="s1"><SubDAG type="deterministic" var="at_1" val="s0"/></Edge>
          <Edge val="s2"><SubDAG type="uniform" var="at_1"/></Edge>
        </Node></Edge>
        <Edge val="take"><SubDAG type="persistent" var="at_1"/></Edge>
      </Node></DAG></Parameter>
    </CondProb>
    <CondProb><Var>rock_1</Var><Parent>do at_0 rock_0</Parent><Parameter>
      <Entry><Instance>* * - -</Instance><ProbTable>identity</ProbTable></Entry>
      <Entry><Instance>take s0 * -</Instance><ProbTable>0.0 1.0</ProbTable></Entry>
    </Parameter></CondProb>
  </StateTransitionFunction>
  <ObsFunction>
    <CondProb><Var>look</Var><Parent>at_1 rock_1</Parent><Parameter type="DD"><DAG>
      <Node var="at_1">
        <Edge val="s0"><SubDAG type="template" idref="near"/></Edge>
        <Edge val="s1"><SubDAG type="template" idref="near"/></Edge>
        <Edge val="s2"><SubDAG type="uniform" var="look"/></Edge>
      </Node></DAG>
      <SubDAGTemplate id="near"><Node var="rock_1">
        <Edge val="good"><Node var="look"><Edge val="ogood"><Terminal>0.8</Terminal></Edge>
          <Edge val="obad"><Terminal>0.2</Terminal></Edge></Node></Edge>
        <Edge val="bad"><SubDAG type="deterministic" var="look" val="obad"/></Edge>
      </Node></SubDAGTemplate></Parameter>
    </CondProb>
  </ObsFunction>
  <RewardFunction>
    <Func><Var>pay</Var><Parent>do at_0 rock_0</Parent><Parameter>
      <Entry><Instance>take * *</Instance><ValueTable>-1</ValueTable></Entry>
      <Entry><Instance>take s0 -</Instance><ValueTable>10 -10</ValueTable></Entry>
    </Parameter></Func>
  </RewardFunction>
</pomdpx>
"""


def test_short_forms_later_entries_and_what_is_seen() -> None:
    model = read(ROVER).model
    labels = [model.state_label(s) for s in range(model.n_states)]
    assert labels[0] == "at_0=s0, rock_0=good" and model.n_states == 6 and model.title == "a rover and a rock"
    kernel, n = model.kernels[0], model.n_states
    # take (1) at s0 with a good rock: it stays, the rock is bad, `obad` (1) is heard and s0 (0) is seen: 1 * 3 + 0.
    row = slice(kernel.indptr[n + 0], kernel.indptr[n + 1])
    assert (kernel.observation[row].tolist(), kernel.state[row].tolist()) == ([3], [1])
    assert kernel.reward[0].tolist() == [[0] * 6, [10, -10, -1, -1, -1, -1]]
    # west at s2 with a good rock: each place with 1/3, then 0.8 and 0.2 at s0 and s1, a half each at s2.
    row = slice(kernel.indptr[4], kernel.indptr[5])
    assert kernel.probability[row].tolist() == pytest.approx([0.8 / 3, 0.8 / 3, 0.5 / 3, 0.2 / 3, 0.2 / 3, 0.5 / 3])
    assert model.initial.observation.tolist() == [1, 1, 2, 2]
    assert model.initial.probability.tolist() == [0.125, 0.125, 0.375, 0.375]
    assert kernel.emission is not None


def test_a_joint_law_of_two_variables() -> None:
    start = ROVER.index("    <CondProb><Var>at_0"), ROVER.index("  </InitialStateBelief>")
    joint = (
        "<CondProb><Var>at_0 rock_0</Var><Parent>null</Parent><Parameter><Entry><Instance>- -</Instance>"
        "<ProbTable>0 0 0.5 0 0.125 0.375</ProbTable></Entry></Parameter></CondProb>"
    )
    model = read(ROVER[: start[0]] + joint + ROVER[start[1] :]).model
    assert model.initial.probability.tolist() == [0.5, 0.125, 0.375]


def test_rounded_rows_are_divided_by_their_sum_with_a_note() -> None:
    text = ROVER.replace("0 0.25 0.75", "0 0.333333 0.666666")
    found = read(text)
    assert [d.code for d in found.diagnostics] == ["N106"]
    assert found.model.initial.probability.sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "words"),
    [
        ("take s0 * -", "take s7 * -", "I102", 34, "`at_0` has no value `s7`"),
        ("take s0 * -", "take s0 *", "I101", 34, "3 words for 4 variables"),
        ("<ProbTable>0.0 1.0<", "<ProbTable>0.0 1.0 0.5<", "I101", 34, "3 numbers, and this instance takes 2"),
        ("<ProbTable>0.0 1.0<", "<ProbTable>0.0 0.9<", "I103", 32, "rock_1 given do take, at_0 s0, rock_0 good"),
        ("<ProbTable>0.0 1.0<", "<ProbTable>-0.5 1.5<", "I105", 34, "-0.5 is out of range"),
        ("<ProbTable>0.0 1.0<", "<ProbTable>0.0 one<", "I101", 34, "`one` is not a number"),
        ("<Parent>do at_0</Parent>", "<Parent>do att_0</Parent>", "I102", 22, "`att_0` is not a parent here"),
        ('<Node var="at_0">', '<Node var="rock_0">', "I102", 24, "`rock_0` is neither the variable nor a parent"),
        ('<Edge val="s1"><SubDAG type="template"', '<Edge val="s0"><SubDAG type="template"', "I101", 41, "second edge"),
        ('idref="near"', 'idref="far"', "I102", 40, "the template `far` is not there"),
        ("<Discount>0.9</Discount>", "", "I104", 2, "`<Discount>` is missing"),
        ("<Discount>0.9<", "<Discount>1.5<", "I105", 5, "the discount 1.5"),
        ('<RewardVar vname="pay"/>', '<RewardVar vname="pay"/><RewardVar vname="more"/>', "I104", 51, "`more` has no"),
        ("<NumValues>3<", "<NumValues>1e9<", "I105", 7, "`1e9` is not a number of values"),
        ("good bad<", "good good<", "I101", 8, "`good` cannot name a value"),
        ('vname="look"', 'vname="do"', "I104", 10, "`do` is declared twice"),
        ("</Variable>", "<TerminalStateRewardVar/></Variable>", "I101", 12, "`<TerminalStateRewardVar>`"),
        ("</Variable>", "</Variables>", "I101", 12, "mismatched tag"),
        ("<Parent>at_1 rock_1</Parent>", "<Parent>at_1 rock_1 pay</Parent>", "I102", 38, "`pay` is not a parent"),
    ],
)
def test_mistakes_are_shown_where_they_are(old: str, new: str, code: str, line: int, words: str) -> None:
    said = complaint(ROVER.replace(old, new, 1))
    assert f"error[{code}]" in said and f"small.pomdpx:{line}:" in said and words in said, said
    assert "^" in said and "help:" in said


def test_variables_that_depend_on_one_another() -> None:
    text = ROVER.replace(
        "<Parent>do at_0 rock_0</Parent><Parameter>\n      <Entry><Instance>* * - -",
        "<Parent>do at_1 rock_0</Parent><Parameter>\n      <Entry><Instance>* * - -",
    )
    assert read(text).model.n_states == 6  # a parent in the same slice is fine
    looped = text.replace("<Parent>do at_0</Parent>", "<Parent>do at_0 rock_1</Parent>")
    assert "these variables depend on one another" in complaint(looped)


def test_a_caret_counts_characters_not_bytes() -> None:
    entry = "<Entry><Instance>take s0 * -"
    said = complaint(
        ROVER.replace("a rover", "ein Übermaß")
        .replace(entry, f"<!-- größer ≥ 1 -->{entry}")
        .replace("take s0 * -", "take s7 * -")
    ).split("\n")
    line = next(k for k, each in enumerate(said) if "take s7" in each)
    assert said[line + 1].index("^^") == said[line].index("s7") and said[line + 1].count("^") == 2


@pytest.mark.parametrize("text", [ROVER, *(Random(seed).text() for seed in range(3))])
def test_what_import_writes_is_the_same_game(text: str, tmp_path: Path) -> None:
    path = tmp_path / "game.pomdpx"
    path.write_text(text)
    made = translate(Request(str(path), horizon=2))
    assert same_arrays(made.model, tabulate(compile_game(Source("written", made.text), {}, 2))) is None


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 12))
    + "]>\n<pomdpx><Description>&a11;</Description></pomdpx>"
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><pomdpx><Description>&x;</Description></pomdpx>',
        '<!DOCTYPE p [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><pomdpx></pomdpx>',
        '<?xml version="1.0"?><!DOCTYPE pomdpx SYSTEM "http://127.0.0.1:1/x.dtd"><pomdpx></pomdpx>',
    ],
)
def test_entities_and_external_documents_are_refused_before_they_are_read(text: str) -> None:
    assert PomdpxImporter().applies(Source("x", text)) is None
    started = time.perf_counter()
    said = complaint(text)
    assert "I101" in said and "document type declaration" in said
    assert time.perf_counter() - started < 2


def test_an_entity_without_a_declaration_is_an_error() -> None:
    assert "undefined entity" in complaint("<pomdpx><Description>&x;</Description></pomdpx>")


@pytest.mark.slow
def test_deep_and_large_files_are_refused() -> None:
    assert "is not a section" in complaint("<pomdpx>" + "<a>" * 100_000 + "</a>" * 100_000 + "</pomdpx>")
    with pytest.raises(LimitError, match="fewer parents"):
        read(ROVER.replace("<NumValues>3<", "<NumValues>9999<"))
    inner = "".join(
        f'<SubDAGTemplate id="t{k}"><Node var="x{k}"><Edge val="s0"><SubDAG type="template" '
        f'idref="t{k + 1}"/></Edge><Edge val="s1"><SubDAG type="template" idref="t{k + 1}"/></Edge></Node>'
        "</SubDAGTemplate>"
        for k in range(21)
    )
    two = "<NumValues>2</NumValues>"
    many = "".join(f'<StateVar vnamePrev="x{k}" vnameCurr="y{k}">{two}</StateVar>' for k in range(21))
    text = (
        f'<pomdpx><Discount>1</Discount><Variable>{many}<ActionVar vname="a"><NumValues>1</NumValues></ActionVar>'
        f'<RewardVar vname="r"/></Variable><InitialStateBelief/><StateTransitionFunction/><RewardFunction><Func>'
        f'<Var>r</Var><Parent>{" ".join(f"x{k}" for k in range(21))}</Parent><Parameter type="DD"><DAG>'
        f'<SubDAG type="template" idref="t0"/></DAG>{inner}<SubDAGTemplate id="t21"><Terminal>1</Terminal>'
        "</SubDAGTemplate></Parameter></Func></RewardFunction></pomdpx>"
    )
    with pytest.raises(LimitError, match="leaves"):
        read(text)


def test_a_template_that_contains_itself() -> None:
    text = ROVER.replace(
        '<SubDAGTemplate id="near"><Node var="rock_1">',
        '<SubDAGTemplate id="near"><SubDAG type="template" idref="near"/></SubDAGTemplate>'
        '<SubDAGTemplate id="far"><Node var="rock_1">',
    )
    assert "the template `near` contains itself" in complaint(text)


def test_the_reading_of_rewards() -> None:
    assert "I106" in complaint(ROVER, reward="zero_sum")
    assert "E607" in complaint(ROVER, horizon=None)
