"""What an agent loses that redraws its own actions instead of remembering them: docs/mathematics.md, section 2."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.games import STRUCTURES, Shape, random_game, shapes
from support.optimum import Coordinator
from support.tree import Digits, History, Tree

from posgc.assumptions import strategy_independence
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.language import Source, compile_game
from posgc.language.sharing.lag_table import LagTable
from posgc.language.sharing.requests import protocol
from posgc.model import tabulate
from posgc.model.arrays import Model

few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
Law = dict[object, float]
Behaviour = Callable[[int, History], list[tuple[float, Digits]]]
"""(agent, history) -> (probability, own action)."""


def together(tree: Tree, play: Behaviour) -> Callable[[History], list[tuple[float, Digits]]]:
    """Everybody draws independently."""
    return lambda history: [
        (float(np.prod([p for p, _ in parts])), sum((a for _, a in parts), ()))
        for parts in product(*(play(i, history) for i in range(tree.n)))
    ]


def laws(less: Tree, play: Behaviour) -> list[Law]:
    """P(c_h, p_h, s_h, a_h) for h = 1..H, p_h without what was dropped."""
    joint, found = together(less, play), []
    for level in less.histories(joint):
        law: Law = defaultdict(float)
        for w, history in level:
            for p, action in joint(history):
                law[less.knowledge(history), history.state, action] += w * p
        found.append(law)
    return found


def redraw(tree: Tree, less: Tree, play: Behaviour) -> Behaviour:
    """Each agent's action given everything of (c_h, p_{i,h}) that is not dropped, under `play`."""
    table: dict[object, dict[Digits, float]] = defaultdict(lambda: defaultdict(float))

    def known(i: int, history: History) -> object:
        common, private = less.knowledge(history)
        return i, history.h, common, private[i]

    for level in tree.histories(together(tree, play)):
        for w, history in level:
            for i in range(tree.n):
                for p, own in play(i, history):
                    table[known(i, history)][own] += w * p

    def drawn(i: int, history: History) -> list[tuple[float, Digits]]:
        row = table[known(i, history)]
        return [(w / sum(row.values()), own) for own, w in row.items() if w > 0]

    return drawn


def random_behaviour(tree: Tree, seed: int) -> Behaviour:
    """A law over own choices for every (c_h, p_{i,h}), what may be dropped included; often a pure choice."""
    rng, table = np.random.default_rng(seed), {}

    def play(i: int, history: History) -> list[tuple[float, Digits]]:
        common, private = tree.knowledge(history)
        key, own = (i, history.h, common, private[i]), tree.own_actions(i, history.h)
        if key not in table:
            law = rng.dirichlet(np.ones(len(own)))
            table[key] = law if rng.integers(2) else np.eye(len(own))[int(rng.integers(len(own)))]
        return [(float(p), a) for p, a in zip(table[key], own, strict=True) if p > 0]

    return play


def apart(one: Law, other: Law) -> float:
    return sum(abs(one.get(k, 0.0) - other.get(k, 0.0)) for k in one.keys() | other.keys())


def compare(model: Model, sharing: LagTable, dropped: frozenset[tuple[int, int]], play: Behaviour) -> list[float]:
    """The distance of the step's laws with memory and with the redraw, for each step."""
    whole, less = Tree(model, sharing), Tree(model, sharing, dropped)
    return [apart(*pair) for pair in zip(laws(less, play), laws(less, redraw(whole, less, play)), strict=True)]


@few
@given(shapes(histories=300, structures=(*STRUCTURES, "uncontrolled", "none", "any", "any", "any")))
def test_every_step_has_the_same_law(shape: Shape) -> None:
    model, sharing = random_game(shape)
    information = drop_own_actions(Information(model, sharing))
    assume(information.dropped)
    play = random_behaviour(Tree(model, sharing), shape.seed)
    assert max(compare(model, sharing, information.dropped, play)) < 1e-12


TWO_STEPS = """game twice { horizon 2; agents ann, bob; state s: 0..0; action act[i]: 0..1; init s = 0; next s = 0;
  reward team = 0; share secret { forget after 9; } }"""


def game(text: str) -> tuple[Model, LagTable]:
    compiled = compile_game(Source("g", text))
    model = tabulate(compiled)
    return model, protocol(model.signature, None, compiled)


def coin_then(model: Model, second: Callable[[int, History], int]) -> Behaviour:
    """Step 1: a fair coin; later the given action."""

    def play(i: int, history: History) -> list[tuple[float, Digits]]:
        own = Tree(model, LagTable("", (), ())).own_actions(i, history.h)
        return [(1 / len(own), a) for a in own] if history.h == 1 else [(1.0, (second(i, history),))]

    return play


def test_but_not_every_path() -> None:
    """Ann tosses a coin at step 1 and repeats its side at step 2.  Redrawn, the two sides are independent: each step
    keeps its law, and the event that they agree falls from 1 to 1/2."""
    model, sharing = game(TWO_STEPS)
    dropped = drop_own_actions(Information(model, sharing)).dropped
    assert dropped == {(0, 1), (1, 1)}
    play = coin_then(model, lambda i, history: history.actions[0][i])
    assert compare(model, sharing, dropped, play) == [0.0, 0.0]
    whole, less = Tree(model, sharing), Tree(model, sharing, dropped)
    for behaviour, expected in ((play, 1.0), (redraw(whole, less, play), 0.5)):
        agree = sum(
            w * p
            for w, history in whole.histories(together(whole, behaviour))[1]
            for p, own in behaviour(0, history)
            if own[0] == history.actions[0][0]
        )
        assert agree == pytest.approx(expected)


MEMO = """game memo { horizon 3; agents ann, bob; state s: 0..1; action act[ann]: 0..1; observation o[ann]: 0..1;
  init s ~ uniform; init o[ann] = s; next s = s; reward team = if step == 3 and act[ann] == s then 1 else 0;
  share secret { forget after 1; } }"""


def test_an_action_is_memory_where_what_it_was_chosen_on_is_forgotten() -> None:
    """What ann saw at step 1 is forgotten at step 3, her action of step 2 is not: 1 with it, a guess without."""
    model, sharing = game(MEMO)
    dropped = drop_own_actions(Information(model, sharing)).dropped
    assert dropped == {(0, 1)}
    assert Coordinator(Tree(model, sharing)).value() == Coordinator(Tree(model, sharing, dropped)).value() == 1
    assert Coordinator(Tree(model, sharing, frozenset({(0, 2)}))).value() == 0.5


# The owner's bit of step 1 reaches ann and bob at step 3, when it is two steps old, and is forgotten by step 4.  Their
# coins of step 2 are older than that: at step 3 each shows everybody the bit added to its coin, and has it back at 4.
PADS = """game pads { horizon 4; agents ann, bob, foe, owner; state s: 0..0;
  action coin[ann]: 0..1 when step == 2; action coin[bob]: 0..1 when step == 2;
  action shown[ann]: 0..1 when step == 3; action shown[bob]: 0..1 when step == 3;
  action guess[ann]: 0..1 when step == 4; action guess[bob]: 0..1 when step == 4; observation bit[owner]: 0..1;
  init s = 0; init bit[owner] ~ uniform; next s = 0; reward team = 0;
  share late { bit[owner] to ann after 2; bit[owner] to bob after 2; shown after 1; forget after 2; } }"""


def test_what_is_learnt_after_the_action_has_to_stay_as_well() -> None:
    model, sharing = game(PADS)
    names = [(v.name, v.agent) for v in model.signature.actions]
    coins, shown, guesses = ([names.index((what, i)) for i in (0, 1)] for what in ("coin", "shown", "guess"))
    whole = Tree(model, sharing)

    def play(i: int, history: History) -> list[tuple[float, Digits]]:
        own = whole.own_actions(i, history.h)
        if history.h == 2 or i > 1:
            return [(1 / len(own), a) for a in own]
        if history.h == 1:
            return [(1.0, own[0])]
        coin = history.actions[1][coins[i]]
        told = history.observations[0][0] if history.h == 3 else history.actions[2][shown[i]]
        at = [v for v, (_, agent) in enumerate(names) if agent == i].index((shown if history.h == 3 else guesses)[i])
        return [(1.0, next(a for a in own if a[at] == (coin ^ told)))]

    both = frozenset((v, 2) for v in coins)
    # With the coins ann's and bob's guesses are the bit, which nobody else can tell: (1/2, 0, 0, 1/2) given what is
    # common.  That is no product of two laws; the redraw gives (1/4, 1/4, 1/4, 1/4), at an L1 distance of 1.
    assert compare(model, sharing, both, play) == pytest.approx([0, 0, 0, 1])
    assert not both & drop_own_actions(Information(model, sharing)).dropped
    assert strategy_independence(Information(model, sharing, both)).holds is True


# Ann chooses x, which all see, at a cost of 1/2 for x = 1, which is what bob is paid for.  Bob then matches it or not.
TOLD = """game told { horizon 2; agents ann, bob; state s: 0..1;
  action x[ann]: 0..1 when step == 1; action memo[bob]: 0..1 when step == 1; action b[bob]: 0..1 when step == 2;
  init s = 0; next s = if step == 1 then x[ann] else s;
  reward ann = if step == 1 then -0.5 * x[ann] else if b[bob] == s then 1 else 0;
  reward bob = if step == 1 then x[ann] else 0;
  share open { x after 1; } }"""


def test_a_remembered_action_can_remember_a_recommendation() -> None:
    """Told x = memo = 1 with probability 2/3, else 0, and to repeat the memo at step 2, nobody gains: who disobeys is
    not matched.  Both earn 2/3.  Where bob does not remember, he matches x with some probability q_x that cannot depend
    on what ann was told.  With p = P(x = 1) bob earns p and ann p (q_1 - 1/2) + (1 - p) q_0, no less than either of
    q_1 - 1/2 and q_0 (else she gains by a constant x); so for p > 0 she earns q_1 - 1/2 <= 1/2: of any CE or CCE
    somebody has at most 1/2."""
    model, sharing = game(TOLD)
    information = drop_own_actions(Information(model, sharing))
    assert information.dropped == {(1, 1)} and strategy_independence(information).holds is True
    tree = Tree(model, sharing)
    start = tree.start()[0][1]

    def paid(x: int, memo: int, b: int) -> np.ndarray:
        first = (x, memo, 0)
        ((_, then),) = tree.after(start, first)
        return np.array([tree.reward(i, start, first) + tree.reward(i, then, (0, 0, b)) for i in (0, 1)])

    told = {0: 1 / 3, 1: 2 / 3}
    obeyed = sum(p * paid(w, w, w) for w, p in told.items())
    assert obeyed == pytest.approx([2 / 3, 2 / 3])
    for answer in product((0, 1), repeat=2):  # what ann does when told 0 and 1; the constant ones are those of a CCE
        assert sum(p * paid(answer[w], w, w) for w, p in told.items())[0] <= obeyed[0] + 1e-12
    for first, then in product(product((0, 1), repeat=2), repeat=2):  # and bob, when told w
        assert sum(p * paid(w, first[w], then[w]) for w, p in told.items())[1] <= obeyed[1] + 1e-12
    p, q0, q1 = (axis.ravel() for axis in np.meshgrid(*[np.linspace(0, 1, 41)] * 3))
    match, miss = ([paid(x, 0, b)[0] for x, b in pairs] for pairs in (((0, 0), (1, 1)), ((0, 1), (1, 0))))
    each = [q * match[x] + (1 - q) * miss[x] for x, q in ((0, q0), (1, q1))]
    ann = (1 - p) * each[0] + p * each[1]
    stable = ann >= np.maximum(*each) - 1e-12
    assert np.minimum(ann, p * paid(1, 0, 0)[1])[stable].max() == pytest.approx(0.5)
