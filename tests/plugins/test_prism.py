"""PRISM models: random modules against plain code from the definition, values by hand, mistakes with their places.

The plain code runs the modules over dictionaries, one state at a time, with guards and updates that are Python
functions; it has no copies of actions, no parser and no arrays.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from posgc_prism import PrismImporter

from posgc.cli.main import main
from posgc.language.diagnostics import InputError, LimitError, Source, render
from posgc.model.arrays import Model
from posgc.pipeline import Request, compile_request, solve, translate
from posgc.plugin import Imported

State = tuple[int, ...]
Outcomes = dict[State, float]
Update = tuple[int, dict[int, Callable[[State], int]]]  # a weight, and new values


def read(text: str, **flags: object) -> Imported:
    given = {"horizon": 3, "discount": None, "reward": None} | flags
    source = Source("games/small.prism", text)
    assert PrismImporter().applies(source) is None
    return PrismImporter().read(source, **given)  # type: ignore[arg-type]


def complaint(text: str, **flags: object) -> str:
    with pytest.raises(InputError) as caught:
        read(text, **flags)
    return "\n".join(render(each, Source("small.prism", text)) for each in caught.value.diagnostics)


def codes(imported: Imported) -> set[str]:
    return {each.code for each in imported.diagnostics}


class Random:
    """Two or three modules of one variable each, and a global one; what they do as text and as plain functions."""

    def __init__(self, seed: int, kind: str) -> None:
        self.rng = rng = random.Random(seed)
        self.kind, self.size = kind, 3
        self.modules = rng.randint(2, 3)
        self.names = ["g", *(f"x{k}" for k in range(self.modules))]
        # (module, label, guard, updates)
        self.commands: list[tuple[int, str, Callable[[State], bool], list[Update]]]
        self.commands, self.lines = [], [list[str]() for _ in range(self.modules)]
        for module in range(self.modules):
            for _ in range(rng.randint(2, 4)):
                self._command(module)
        self.rewards: list[tuple[str | None, Callable[[State], bool], int]] = []
        items = []
        for action in (None, "a", "b", "", None):
            guard, text = self._guard()
            value = rng.randint(-5, 5)
            self.rewards.append((action, guard, value))
            items.append(f"{'' if action is None else f'[{action}] '}{text} : {value};")
        used = {label for _, label, _, _ in self.commands}
        self.rewards = [r for r in self.rewards if not r[0] or r[0] in used]
        items = [i for i in items if not any(i.startswith(f"[{x}]") and x not in used for x in "ab")]
        self.items = "\n".join(items)

    def _guard(self) -> tuple[Callable[[State], bool], str]:
        k, bound = self.rng.randrange(len(self.names)), self.rng.randrange(self.size)
        name = self.names[k]
        return self.rng.choice(
            [
                (lambda s: s[k] <= bound, f"{name} <= {bound}"),
                (lambda s: s[k] != bound, f"!({name} = {bound})"),
                (lambda s: s[k] == bound or s[0] > 0, f"{name} = {bound} | g > 0"),
                (lambda s: not s[0] > 1 or s[k] < 2, f"g > 1 => {name} < 2"),
                (lambda s: True, "true"),
            ]
        )

    def _value(self) -> tuple[Callable[[State], int], str]:
        k, shift = self.rng.randrange(len(self.names)), self.rng.randint(1, 2)
        name = self.names[k]
        return self.rng.choice(
            [
                (lambda s: (s[k] + shift) % self.size, f"mod({name} + {shift}, {self.size})"),
                (lambda s: min(s[k] + 1, 2), f"min({name} + 1, 2)"),
                (lambda s: s[k] // 2, f"floor({name} / 2)"),
                (lambda s: 2 if s[k] == shift else s[0], f"{name} = {shift} ? 2 : g"),
                (lambda s: shift, str(shift)),
            ]
        )

    def _command(self, module: int) -> None:
        label = self.rng.choice(["a", "b", ""])
        guard, text = self._guard()
        weights = [self.rng.randint(1, 3) for _ in range(self.rng.randint(1, 2))]
        updates, shown = [], []
        for weight in weights:
            writes = {module + 1: self._value()}
            if not label and self.rng.random() < 0.5:
                writes[0] = self._value()
            updates.append((weight, {k: f for k, (f, _) in writes.items()}))
            shown.append(
                f"{weight}/{sum(weights)} : "
                + " & ".join(f"({self.names[k]}' = {value})" for k, (_, value) in writes.items())
            )
        self.commands.append((module, label, guard, updates))
        self.lines[module].append(f"  [{label}] {text} -> {' + '.join(shown)};")

    def text(self, extra: str = "") -> str:
        modules = "".join(
            f"module m{k}\n  x{k} : [0..2] init {k % 2};\n" + "\n".join(lines) + "\nendmodule\n"
            for k, lines in enumerate(self.lines)
        )
        return f"{self.kind}\nglobal g : [0..2];\n{modules}rewards\n{self.items}\nendrewards\n{extra}"

    @property
    def first(self) -> State:
        return (0, *(k % 2 for k in range(self.modules)))

    def choices(self, s: State) -> Iterator[tuple[str, int, Outcomes]]:
        """Label, module (of commands without label) and outcomes of every choice."""
        for module in range(self.modules):
            for m, label, guard, updates in self.commands:
                if m == module and not label and guard(s):
                    yield "", module, self._outcomes(s, [updates])
        for label in "ab":
            parts = [[c for c in self.commands if c[0] == m and c[1] == label] for m in range(self.modules)]
            parts = [part for part in parts if part]
            for chosen in itertools.product(*parts):
                if chosen and all(guard(s) for _, _, guard, _ in chosen):
                    yield label, -1, self._outcomes(s, [updates for _, _, _, updates in chosen])

    @staticmethod
    def _outcomes(s: State, laws: list[list[Update]]) -> Outcomes:
        found: Outcomes = {}
        for branch in itertools.product(*laws):
            after, chance = list(s), 1.0
            for (weight, writes), law in zip(branch, laws, strict=True):
                chance *= weight / sum(each for each, _ in law)
                for k, value in writes.items():
                    after[k] = value(s)
            found[tuple(after)] = found.get(tuple(after), 0.0) + chance
        return found

    def paid(self, s: State, action: str | None) -> int:
        return sum(value for of, guard, value in self.rewards if of == action and guard(s))

    def options(self, s: State) -> list[tuple[str, int, float, Outcomes]]:
        """Label, module, earnings and outcomes of each choice; a deadlock stays and earns what the state pays."""
        own = self.paid(s, None)
        found = [(label, m, own + self.paid(s, label), after) for label, m, after in self.choices(s)]
        return found or [("", -2, own, {s: 1.0})]

    def reachable(self) -> set[State]:
        seen, stack = {self.first}, [self.first]
        while stack:
            for _, _, _, after in self.options(stack.pop()):
                fresh = set(after) - seen
                seen |= fresh
                stack += fresh
        return seen

    def value(self, steps: int, discount: float, sign: Callable[[State], int] = lambda s: 1) -> float:
        """By backward induction; the one who moves at s wants the most of `sign(s)` times the rewards."""
        states = self.reachable()
        worth = dict.fromkeys(states, 0.0)
        for _ in range(steps):
            worth = {
                s: sign(s)
                * max(
                    sign(s) * (r + discount * sum(p * worth[t] for t, p in after.items()))
                    for _, _, r, after in self.options(s)
                )
                for s in states
            }
        return worth[self.first]


def induction(model: Model, sign: Callable[[int], int] = lambda s: 1) -> float:
    """The value from the arrays where everybody sees the state and one moves at a time: over all joint actions."""
    kernel = model.kernels[0]
    rows = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))
    worth = np.zeros(model.n_states)
    signs = np.array([sign(s) for s in range(model.n_states)])
    for _ in range(model.horizon):
        later = np.bincount(rows, kernel.probability * worth[kernel.state], minlength=len(kernel.indptr) - 1)
        total = kernel.reward[0] + model.discount * later.reshape(model.n_actions, -1)
        worth = np.where(signs > 0, total.max(axis=0), total.min(axis=0))
    return float(worth @ np.bincount(model.initial.state, model.initial.probability, model.n_states))


def valuations(model: Model) -> list[State]:
    """The states, in whole numbers."""
    return [tuple(int(model.state_labels[k][v]) for k, v in enumerate(row)) for row in model.state_values]


@pytest.mark.parametrize("seed", range(60))
def test_random_mdps_state_by_state(seed: int) -> None:
    plain = Random(seed, "mdp")
    model = read(plain.text(), horizon=4, discount=0.5).model
    states = valuations(model)
    assert set(states) == plain.reachable() and model.n_states == len(states)
    kernel = model.kernels[0]
    for number, s in enumerate(states):
        theirs = {
            (round(r, 9), frozenset((t, round(p, 9)) for t, p in after.items())) for _, _, r, after in plain.options(s)
        }
        ours = set()
        for a in range(model.n_actions):
            part = slice(*kernel.indptr[a * len(states) + number : a * len(states) + number + 2])
            entries = zip(kernel.state[part].tolist(), kernel.probability[part].tolist(), strict=True)
            law = frozenset((states[t], round(p, 9)) for t, p in entries)
            ours.add((round(float(kernel.reward[0, a, number]), 9), law))
        assert ours == theirs, s  # every action is a choice of the state, and every choice an action
    assert induction(model) == pytest.approx(plain.value(4, 0.5), abs=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_random_chains_take_each_command_alike(seed: int) -> None:
    plain = Random(seed, "dtmc")
    model = read(plain.text(), horizon=5, discount=0.5).model
    assert model.n_actions == 1 and model.signature.actions[0].values == ("-",)
    worth = dict.fromkeys(plain.reachable(), 0.0)
    for _ in range(5):
        each = {s: plain.options(s) for s in worth}
        worth = {
            s: sum(r + 0.5 * sum(p * worth[t] for t, p in after.items()) for _, _, r, after in options) / len(options)
            for s, options in each.items()
        }
    assert induction(model) == pytest.approx(worth[plain.first], abs=1e-12)


def players(plain: Random) -> str:
    modules = ", ".join(f"m{k}" for k in range(plain.modules))
    return f"player one {modules} endplayer\nplayer two [a], [b] endplayer\n"


def turn_based(seed: int) -> Random:
    """The first random game from a seed on in which no state is both players'."""
    for k in itertools.count(1000 * seed):
        plain = Random(k, "smg")
        used = {label for _, label, _, _ in plain.commands}
        alone = all(len({label == "" for label, _, _ in plain.choices(s)}) < 2 for s in plain.reachable())
        if used == {"a", "b", ""} and alone and len(plain.reachable()) > 3:
            return plain
    raise AssertionError


@pytest.mark.parametrize("seed", range(20))
def test_random_turn_based_games(seed: int) -> None:
    plain = turn_based(seed)
    model = read(plain.text(players(plain)), horizon=4, discount=0.5, reward="zero_sum").model
    states = valuations(model)

    def sign(s: State) -> int:
        return -1 if any(label for label, _, _ in plain.choices(s)) else 1

    expected = plain.value(4, 0.5, sign)
    assert induction(model, lambda k: sign(states[k])) == pytest.approx(expected, abs=1e-12)
    kernel = model.kernels[0]
    assert (kernel.reward[0] == -kernel.reward[1]).all()
    # who does not move changes nothing
    sizes = model.signature.action_sizes
    reward = kernel.reward[0].reshape(*sizes, model.n_states)
    for k, s in enumerate(states):
        idle = 0 if sign(s) < 0 else 1
        assert (np.ptp(reward[..., k], axis=idle) == 0).all()


def named(plain: Random, s: State) -> dict[tuple[str, int, int], tuple[float, Outcomes]]:
    """The options of a state by label, module, and their number among those of one label."""
    found: dict[tuple[str, int, int], tuple[float, Outcomes]] = {}
    for label, module, earned, after in plain.options(s):
        rank = sum(key[:2] == (label, module) for key in found)
        found[label, module, rank] = earned, after
    return found


def partially_observed(seed: int) -> tuple[Random, list[int]]:
    """The first random model from a seed on, and variables to observe, so that these tell the actions."""
    for k in itertools.count(1000 * seed):
        plain = Random(k, "pomdp")
        states = plain.reachable()
        for count in range(len(plain.names)):
            for seen in itertools.combinations(range(len(plain.names)), count):
                groups: dict[State, list[State]] = {}
                for s in states:
                    groups.setdefault(tuple(s[v] for v in seen), []).append(s)
                told = all(len({frozenset(named(plain, s)) for s in group}) == 1 for group in groups.values())
                differ = len({frozenset(named(plain, s)) for s in states}) > 1
                if told and differ and 1 < len(groups) < len(states) < 20:
                    return plain, list(seen)
    raise AssertionError


def belief_value(plain: Random, seen: list[int], belief: dict[State, float], steps: int) -> float:
    """Of unnormalised weights of states that look alike: the best of the actions that are there."""
    if not steps:
        return 0.0
    options = {s: named(plain, s) for s in belief}
    best = -np.inf
    for key in next(iter(options.values())):
        total, groups = 0.0, dict[State, dict[State, float]]()
        for s, weight in belief.items():
            earned, after = options[s][key]
            total += weight * earned
            for t, p in after.items():
                group = groups.setdefault(tuple(t[v] for v in seen), {})
                group[t] = group.get(t, 0.0) + weight * p
        best = max(best, total + sum(belief_value(plain, seen, group, steps - 1) for group in groups.values()))
    return best


def solved(path: Path, text: str, concept: str, share: str, **flags: object) -> float:
    path.write_text(text, encoding="utf-8")
    compiled = compile_request(Request(str(path), share=share, **flags))  # type: ignore[arg-type]
    return float(solve(compiled, concept).judgement.values[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(12))
def test_random_pomdps_solved_against_beliefs(seed: int, tmp_path: Path) -> None:
    plain, seen = partially_observed(seed)
    text = plain.text(f"observables {', '.join(plain.names[v] for v in seen)} endobservables\n")
    expected = belief_value(plain, seen, {plain.first: 1.0}, 3)
    assert solved(tmp_path / "g.prism", text, "team", "full", horizon=3) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_random_turn_based_games_solved(seed: int, tmp_path: Path) -> None:
    plain = turn_based(seed)
    expected = plain.value(3, 1.0, lambda s: -1 if any(label for label, _, _ in plain.choices(s)) else 1)
    text = plain.text(players(plain))
    found = solved(tmp_path / "g.prism", text, "nash", "full", horizon=3, reward="zero_sum")
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", ["mdp", "smg", "pomdp"])
def test_what_import_writes_is_the_same_game(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "game.prism"
    for seed in range(2):
        plain, extra = Random(seed, kind), ""
        if kind == "smg":
            plain = turn_based(seed)
            extra = players(plain)
        elif kind == "pomdp":
            plain, seen = partially_observed(seed)
            extra = f"observables {', '.join(plain.names[v] for v in seen)} endobservables\n"
        path.write_text(plain.text(extra))
        made = translate(Request(str(path), horizon=2))  # which compares the arrays
        again = solved(tmp_path / "game.posg", made.text, "team", "full", horizon=2)
        assert again == pytest.approx(solved(path, plain.text(extra), "team", "full", horizon=2), abs=1e-9)


TIGER = """// the tiger behind one of two doors, with a first step that places it
pomdp
const double right = 0.75;
const int cost = -1;
observable "phase" = phase;
observable "left" = phase = 1 & heard = 1;
module tiger
  phase : [0..2];            // placing, listening, over
  behind : [1..2];
  heard : [0..2];
  [place] phase = 0 -> 1/2 : (phase' = 1) & (behind' = 1) + 1/2 : (phase' = 1) & (behind' = 2);
  [listen] phase = 1 -> right : (heard' = behind) + 1 - right : (heard' = 3 - behind);
  [open1] phase = 1 -> (phase' = 2);
  [open2] phase = 1 -> (phase' = 2);
endmodule
rewards "gold"
  [listen] true : cost;
  [open1] true : behind = 1 ? -100 : 10;
  [open2] true : behind = 2 ? -100 : 10;
endrewards
label "over" = phase = 2;
"""


def test_a_pomdp_by_hand(tmp_path: Path) -> None:
    imported = read(TIGER)
    model = imported.model
    assert model.signature.actions[0].values == ("place", "listen", "open1", "open2")
    assert [(v.name, v.values) for v in model.signature.observations] == [
        ("phase", ("0", "1", "2")),
        ("left", ("false", "true")),
    ]
    assert model.observed.all()  # the first step included
    assert codes(imported) == {"N116", "N118", "N119"}
    # 7 states: placing; behind 1 or 2 with nothing heard, 1 or 2; over likewise
    assert model.n_states == 13 and model.discount == 1
    # place, listen, listen, listen: after three equal sounds the door with the sound is the tiger's with odds 27 : 1
    # so that opening earns 10 · 27/28 - 100/28 = 170/28; with 2 : 1 (odds 3 : 1) it loses.  Two steps: listening, -1.
    assert solved(tmp_path / "t.prism", TIGER, "team", "full", horizon=2) == pytest.approx(-1)
    # five steps, listening thrice: three alike have probability 27/64 + 1/64 = 7/16, and earn 170/28; else one listens
    # again, -1
    expected = -3 + 7 / 16 * 170 / 28 + 9 / 16 * -1
    assert solved(tmp_path / "t.prism", TIGER, "team", "full", horizon=5) == pytest.approx(expected)


SEARCH = """mdp
const int N = 2;
formula home = x = 0;
module walk
  x : [0..N] init N;
  done : bool;
  [left] !home & !done -> 0.8 : (x' = x - 1) + 0.2 : true;
  [jump] x = N & !done -> 0.5 : (x' = 0) + 0.5 : (done' = true);
  [stop] home & !done -> (done' = true);
endmodule
rewards "time" [left] true : -1; [jump] true : -1; [stop] true : 10; endrewards
rewards "visits" !home : 1; endrewards
"""


def test_an_mdp_by_hand(tmp_path: Path) -> None:
    imported = read(SEARCH, horizon=2, discount=0.5)
    model = imported.model
    assert codes(imported) == {"N117", "N118", "N119"}
    assert [v.values for v in model.signature.observations] == [("0", "1", "2"), ("false", "true")]
    # at x = 1 one can only go left: jump and stop are other names for it
    state = valuations_of(model).index("x=1, done=false")
    kernel = model.kernels[0]
    assert kernel.reward[0, :, state].tolist() == [-1, -1, -1]
    # two steps: jumping and then stopping earns -1 + (1/2) · (1/2 · 10) = 1.5, going left -1 + (1/2) · (-1) = -1.5
    assert solved(tmp_path / "s.nm", SEARCH, "team", "none", horizon=2, discount=0.5) == pytest.approx(1.5)
    # three steps without discount: left first; two steps are worth -1 + 0.8 · 10 + 0.2 · (-1) = 6.8 at x = 1, and
    # -1 + 1/2 · 10 = 4 at x = 2, where one jumps: -1 + 0.8 · 6.8 + 0.2 · 4 = 5.24
    assert solved(tmp_path / "s.nm", SEARCH, "team", "none", horizon=3) == pytest.approx(5.24)


def valuations_of(model: Model) -> list[str]:
    return [model.state_label(s) for s in range(model.n_states)]


DUEL = """smg
player hunter [near], [far] endplayer
player prey prey endplayer
module hunter
  turn : [0..2];
  spot : [0..1];
  [near] turn = 0 -> (turn' = 1) & (spot' = 0);
  [far] turn = 0 -> (turn' = 1) & (spot' = 1);
endmodule
module prey
  safe : bool;
  [] turn = 1 -> 0.9 : (safe' = spot = 1) + 0.1 : (safe' = spot = 0);
  [] turn = 1 & spot = 1 -> (safe' = false);
endmodule
rewards turn = 1 & spot = 0 & !safe : 3; safe : 4; endrewards
"""


def test_a_turn_based_game_by_hand(tmp_path: Path) -> None:
    imported = read(DUEL, horizon=3, reward="zero_sum")
    model = imported.model
    # each player has its choices and `-`, the two commands of one module without action are told by number
    assert [v.values for v in model.signature.actions] == [("-", "near", "far"), ("-", "prey", "prey#2")]
    assert model.signature.agents == ("hunter", "prey")
    assert {v.agent for v in model.signature.observations} == {0, 1}
    # nobody moves `turn` on, so the prey moves for ever.  near: the prey is not safe, pays 3, and then is safe with
    # probability 1/10: 3 in the second step, then 3 · 9/10 + 4 · 1/10 = 3.1 in the third, 6.1 together.  far: nothing
    # in the second step; in the third the prey would pay 4 if safe, and stays unsafe by its second command: 0
    assert solved(tmp_path / "d.smg", DUEL, "nash", "full", horizon=3, reward="zero_sum") == pytest.approx(6.1)
    kernel, states = model.kernels[0], valuations_of(model)
    # at a state of the prey with spot 0 there is one command: `-` and the second are other names for it
    s = states.index("turn=1, spot=0, safe=false")
    rows = [kernel.state[kernel.indptr[a * len(states) + s] : kernel.indptr[a * len(states) + s + 1]] for a in range(9)]
    assert all(row.tolist() == rows[0].tolist() for row in rows)
    # one structure is everybody's unless the rewards are read as zero-sum
    assert (read(DUEL).model.kernels[0].reward[0] == read(DUEL).model.kernels[0].reward[1]).all()


def test_every_form_of_the_language() -> None:
    """Renaming (through formulas), constants in any order, old words, every operator and function, a full `system`."""
    text = """mdp
    const bool flip = !false; rate half = quarter * 2; const double quarter = 1 / 4; const N = pow(2, 2) - 1;
    formula full = x >= N;
    global g : [-1..1] init -(1);
    module A  x : [0..N] init min(3, 1, 2); b : bool init flip;
      [] !full & g < 0 -> half : (x' = x + 1) & (g' = g + 1) + log(4, 2) / 2 - half : true;
      [go] full => b -> (b' = (x = 1) <=> b);
    endmodule
    module B = A [x = y, b = c, go = went, N = M] endmodule
    const M = func(max, round(1.5), floor(1.9), ceil(0.1), mod(-1, 2));
    rewards [go] x != 1 | y > 2 : x / 2 - 0.25; [] g = 1 - 1 - 0 : 8 / 2 / 2; endrewards
    system A || B endsystem
    """
    model = read(text).model
    assert model.state_names == ("g", "x", "b", "y", "c")
    assert model.signature.actions[0].values == ("A", "go", "B", "went")
    # x or y goes up once, which g counts.  b changes at x = 2 only; c changes at y = 2, where the guard, `full => b`
    # with M = 2 for N, lets only a true c change
    assert valuations_of(model) == [
        "g=-1, x=1, b=true, y=1, c=true",
        "g=0, x=1, b=true, y=2, c=false",
        "g=0, x=1, b=true, y=2, c=true",
        "g=0, x=2, b=false, y=1, c=true",
        "g=0, x=2, b=true, y=1, c=true",
    ]
    # [go] pays 2/2 - 1/4 where x is 2; nothing without action can happen where g is 0, so nothing pays 2
    assert model.kernels[0].reward[0, 1].tolist() == [0, 0, 0, 0.75, 0.75]


def test_model_types_and_what_players_have() -> None:
    assert read(DUEL.replace("smg", "stpg")).model.signature.agents == ("hunter", "prey")
    assert read("dtmc module m x : bool; [] !x -> (x' = true); endmodule").model.n_actions == 1
    assert "N117" in codes(read("module m x : bool; [] true -> true; endmodule"))  # no type: an mdp
    blind = "pomdp module m x : bool; [a] true -> 0.5 : (x' = true) + 0.5 : (x' = false); [b] true -> true; endmodule"
    assert read(blind).model.n_observations == 1  # no observables: nothing is observed
    one = read("mdp module m x : [0..3]; [] true -> true; endmodule init x = 2 endinit").model
    assert valuations_of(one) == ["x=2"]


BASE = """mdp
const int N = 2;
formula top = x = N;
module m
  x : [0..N] init 0;
  y : bool;
  [up] !top -> 0.5 : (x' = x + 1) + 0.5 : (y' = true);
  [] top -> true;
endmodule
module n = m [x = z, y = w, up = down] endmodule
rewards "r" [up] true : 1; top : 2; endrewards
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "words"),
    [
        ("[] top -> true;", "[] top -> true", "I101", (9, 1), "`endmodule` cannot stand here"),
        ("int N = 2", "int N = #", "I101", (2, 15), "the character `#` cannot stand here"),
        ("endrewards", "", "I101", (11, 36), "the end of the file cannot stand here"),
        ("int N = 2", "int N", "I104", (2, 11), "the constant `N` has no value"),
        ("int N = 2", "int N = N + 1", "I101", (2, 11), "`N` is defined by itself"),
        ("top = x = N", "top = !top", "I101", (3, 9), "`top` is defined by itself"),
        ("int N = 2", "int N = 2.5", "I101", (2, 15), "this is a number, where a whole number is wanted"),
        ("[0..N]", "[0..q]", "I102", (5, 11), "there is no variable, constant or formula `q`"),
        ("[0..N] init 0", "[0..N] init 5", "I105", (5, 3), "`x` begins at 5"),
        ("[0..N] init 0", "[3..N]", "I105", (5, 8), "`x` ranges from 3 to 2"),
        ("[0..N] init 0", "[0..x]", "I101", (5, 11), "a variable cannot stand here"),
        ("y : bool", "y : clock", "I107", (6, 7), "a variable of kind `clock`"),
        ("y : bool", "x : bool", "I104", (6, 3), "`x` is declared twice"),
        ("!top -> 0.5", "x -> 0.5", "I101", (7, 8), "this is a whole number, where a truth value is wanted"),
        ("!top -> 0.5", "x & y -> 0.5", "I101", (7, 8), "this is a whole number, where a truth value is wanted"),
        ("x + 1", "x / 1", "I101", (7, 28), "this is a number, where a whole number is wanted"),
        ("x + 1", "x + y", "I101", (7, 32), "`+` takes a whole number and a truth value"),
        ("x + 1", "most(x, 1)", "I102", (7, 28), "there is no function `most`"),
        ("x + 1", "min(1, pow(x))", "I101", (7, 35), "`pow` does not take 1"),
        ("(y' = true)", "(q' = true)", "I102", (7, 44), "there is no variable `q`"),
        ("(y' = true)", "(z' = 1)", "I107", (7, 44), "`z` belongs to another module"),
        ("(y' = true)", "(y' = true) & (y' = y)", "I101", (7, 58), "`y` is changed twice"),
        ("+ 0.5 :", "+ 0.4 :", "I103", (7, 37), "sum to 0.9, not 1, at x=0, y=false, z=0, w=false"),
        ("+ 0.5 :", "+ 1 - 1 / x :", "I105", (7, 37), "this probability is -inf at x=0"),
        ("!top ->", "true ->", "I105", (7, 28), "`x`, which ranges from 0 to 2, becomes 3 at x=2"),
        ("x + 1", "mod(x + 1, x)", "I105", (7, 28), "undefined"),
        ("x + 1", "x + pow(10, 17)", "I105", (7, 32), "too large"),
        ("[up] true", "[upp] true", "I102", (11, 14), "there is no action `upp`"),
        ("true : 1;", "true : 1 / x;", "I105", (11, 25), "this reward is inf at x=0"),
        ("top : 2", "top : y", "I101", (11, 34), "this is a truth value, where a number is wanted"),
        ("n = m", "n = p", "I102", (10, 12), "there is no module `p`"),
        (", y = w", "", "I104", (10, 8), "`y` is declared twice"),
        ("y = w", "x = w", "I101", (10, 15), "a name is renamed twice"),
        ("module n", "module m", "I104", (10, 8), "a second module `m`"),
        ("mdp", "mdp pomdp", "I104", (1, 5), "a second model type"),
        ("mdp", "ctmc", "I107", (1, 1), "a model of type `ctmc` is not read"),
        ("mdp", "mdp observables x endobservables", "I107", (1, 17), "has no observables"),
        ("mdp", "mdp player p m endplayer", "I107", (1, 12), "has no players"),
        ("mdp", "smg", "I104", None, "there is no player"),
        ("mdp", "smg player p q, [no] endplayer", "I102", (1, 14), "there is no module `q`"),
        ("mdp", "smg player p m, n, [up] endplayer", "I107", (7, 4), "no player has the action `down`"),
        ("mdp", "smg player p m, [up] endplayer player q n, m endplayer", "I104", (1, 44), "has a player already"),
        ("mdp", "smg player p m, n, [up] endplayer player q [down] endplayer", "I107", (7, 4), "could both choose at"),
        ("mdp", "pomdp", "I107", None, "two states with the same observation have other actions: x="),
        ("mdp", 'pomdp observable "o" = x; observables y, y endobservables', "I104", (1, 42), "a second observable"),
        ("mdp", "mdp system m ||| n endsystem", "I107", (1, 5), "process algebra is not read"),
        ("mdp", "mdp init y endinit", "I104", (5, 3), "`init` of a variable beside"),
        ("[0..N] init 0;\n", "[0..N];\n init x < 1 endinit", "I101", (6, 2), "`init` cannot stand here"),
        ("+ 1)", "+ 1) & (g' = true)", "I102", (7, 38), "there is no variable `g`"),
        ("top : 2", "top : 1e999", "I105", (11, 34), "the number 1e999 is out of range"),
        ("top : 2", "top : 1e-999", "I105", (11, 34), "the number 1e-999 is out of range"),
    ],
)
def test_mistakes_are_shown_where_they_are(
    old: str, new: str, code: str, place: tuple[int, int] | None, words: str
) -> None:
    assert read(BASE).model.n_states
    said = complaint(BASE.replace(old, new, 1))
    assert f"error[{code}]" in said and words in said and "help:" in said, said
    if place is not None:
        assert f"small.prism:{place[0]}:{place[1]}\n" in said and "^" in said, said


def test_globals_and_initial_states() -> None:
    text = "mdp global g : bool; module m x : [0..3]; [a] true -> (g' = x = 1); endmodule init g endinit"
    assert "cannot be changed under an action" in complaint(text)
    assert "4 valuations satisfy `init … endinit`" in complaint(text.replace("[a]", "[]"))
    assert "0 valuations satisfy" in complaint(text.replace("[a]", "[]").replace("init g", "init g & !g"))
    with pytest.raises(LimitError, match="its own `init`"):
        read(text.replace("[a]", "[]").replace("0..3", "0..3000000"))


def test_types_that_are_not_read_are_named_before_their_syntax() -> None:
    for word in ("csg", "pta", "ctmc", "idtmc"):
        text = f"// a {word}\n{word}\nmodule m x : bool; [a,b] true -> [0.1, 0.9] : true; endmodule"
        assert f"a model of type `{word}` is not read" in complaint(text)


def test_flags() -> None:
    assert "E607" in complaint(BASE, horizon=None)
    assert "I106" in complaint(BASE, reward="zero_sum")
    assert read(BASE, discount=0.25).model.discount == 0.25


def test_claims() -> None:
    ours = PrismImporter()
    assert ours.applies(Source("x.prism", "// module m endmodule")) is not None
    assert ours.applies(Source("x.prism", "game g { state module: {a}; } # module m endmodule")) is not None
    assert ours.applies(Source("x.v", "endmodule module")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "mdp module m x : [0..1]; [] " + "(" * 5_000 + "true" + ")" * 5_000 + " -> true; endmodule",
        "mdp module m x : [0..1]; [] " + "!" * 5_000 + "true -> true; endmodule",
        "mdp module m x : [0..1]; [] " + "true ? true : " * 1_000 + "true -> true; endmodule",
        "mdp formula f0 = x + x; "
        + "".join(f"formula f{k + 1} = f{k} + f{k};" for k in range(60))
        + "module m x : [0..1]; [] f60 > 1 -> true; endmodule",
        "mdp " + "".join(f"formula f{k} = f{k + 1};" for k in range(3000)) + "formula f3000 = true; "
        "module m x : [0..1]; [] f0 -> true; endmodule",
        "mdp " + "".join(f"const int c{k} = c{k + 1};" for k in range(3000)) + "const int c3000 = 1; "
        "module m x : [0..1]; [] c0 = 1 -> true; endmodule",
        "mdp "
        + "".join(
            f"module m{k} x{k} : [0..9]; [a] true -> 0.5 : (x{k}' = 1) + 0.5 : (x{k}' = 2); endmodule\n"
            for k in range(18)
        ),
        "mdp "
        + "".join(
            f"module m{k} x{k} : bool; [a] true -> true; [a] true -> (x{k}' = true); endmodule\n" for k in range(40)
        ),
        "mdp module m x : bool; [] true -> true; endmodule //" + "x" * 3_000_000,
    ],
)
def test_what_is_too_large_is_refused(text: str) -> None:
    """Refused with a reason, or read; never an error of another kind."""
    try:
        read(text)
    except LimitError as limit:
        assert str(limit)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "mdp module m x : [0..1]; [] " + " & ".join(["x < 2"] * 70_000) + " -> true; endmodule",
        "mdp "
        + "".join(f"module m{k} x{k} : [0..99]; [a{k}] x{k} < 99 -> (x{k}' = x{k} + 1); endmodule\n" for k in range(4)),
        "mdp module m x : [0..900000000]; [] true -> (x' = x + 1); endmodule",
    ],
)
def test_what_takes_long_is_refused(text: str) -> None:
    with pytest.raises(LimitError):
        read(text)


def test_mutated_files_give_coded_errors() -> None:
    rng = random.Random(7)
    words = [
        "[",
        "]",
        "(",
        ")",
        "->",
        "+",
        ":",
        ";",
        "'",
        "x",
        "y",
        "true",
        "1",
        "0.5",
        "module",
        "endmodule",
        "&",
        "=",
        "mdp",
        "init",
        '"',
        "..",
        "-",
        "/",
        "?",
        "99",
        "0",
        "//",
        "\x00",
        "é",
    ]
    refused = 0
    for text, _ in itertools.product((BASE, TIGER, SEARCH, DUEL), range(60)):
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text))
            word = rng.choice(words)
            text = text[:at] + rng.choice(["", word, f" {word} "]) + text[at + rng.randint(0, 4) :]
        source = Source("m.prism", text)
        if PrismImporter().applies(source) is None:
            try:
                PrismImporter().read(source, horizon=2, discount=None, reward=None)
            except InputError as error:
                refused += 1
                assert all(each.code in ("I101", "I102", "I103", "I104", "I105", "I107") for each in error.diagnostics)
                assert all(render(each, source) for each in error.diagnostics)
            except LimitError:
                refused += 1
    assert refused > 100


def test_every_command_takes_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.prism"
    path.write_text(SEARCH)
    for command in ("check", "info", "solve --concept team", "export --to efg"):
        name, *rest = command.split()
        assert main([name, str(path), "--share", "none", "--horizon", "2", *rest]) == 0, command
    assert main(["import", str(path)]) == 0
    assert "time" in capsys.readouterr().err  # which rewards are read
    assert main(["solve", str(path), "--set", "N=3", "--share", "none", "--horizon", "2", "--concept", "team"]) == 2
