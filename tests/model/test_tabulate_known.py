"""Games with known arrays, limits, layers, and the wording of errors of value."""

from __future__ import annotations

import time
from itertools import count

import numpy as np
import pytest

from posgc.language import ir
from posgc.language.diagnostics import InputError, LimitError, Source, Span
from posgc.language.signature import Signature, Variable
from posgc.model import tabulate

BOOL = ir.Type("bool", (False, True))
SIDES = ir.Type("words", ("left", "right"))
MOVES = ir.Type("words", ("listen", "open_left", "open_right"))
_spans = count()


def span():
    k = next(_spans)
    return Span(k, k + 1, 1, k + 1)


def const(x):
    return ir.Const(x, span())


def read(kind, index, primed=False):
    return ir.Read(kind, index, primed, span())


def op(name, *operands, integer=False):
    return ir.Op(name, operands, integer, span())


def uniform(type_):
    return ir.UniformOver(tuple(const(x) for x in type_.values), None, span())


def point(e):
    return ir.Point(e, span())


def numbers(size):
    return ir.Type("integers", tuple(range(size)))


def state(name, type_, init, next_=None):
    return ir.StateVar(name, type_, init, next_, span())


def labels(type_):
    return tuple(str(x) for x in type_.values)


def game(states, actions, observations, rewards, *, chances=(), horizon=3, terminal=None, step_order=None):
    """`actions` and `observations` are (type, when) and (type, init, observe), one for each agent."""
    n = len(rewards)
    kinds = [("chance", k) for k in range(len(chances))] + [("state", k) for k in range(len(states))]
    kinds += [("observation", k) for k in range(len(observations))]
    return ir.Game(
        name="test",
        title="",
        source=Source("test.posg", " " * 10_000),
        signature=Signature(
            tuple(f"agent{i}" for i in range(n)),
            tuple(Variable("act", i, labels(t)) for i, (t, _) in enumerate(actions)),
            tuple(Variable("see", i, labels(t)) for i, (t, _, _) in enumerate(observations)),
        ),
        horizon=horizon,
        discount=1.0,
        states=tuple(states),
        actions=tuple(ir.ActionVar(f"act[{i}]", i, t, w, span()) for i, (t, w) in enumerate(actions)),
        observations=tuple(
            ir.ObservationVar(f"see[{i}]", i, t, a, b, span()) for i, (t, a, b) in enumerate(observations)
        ),
        chances=tuple(ir.ChanceVar(f"coin{k}", t, d, span()) for k, (t, d) in enumerate(chances)),
        init_order=tuple(("state", k) for k in range(len(states)))
        + tuple(("observation", k) for k, v in enumerate(observations) if v[1] is not None),
        step_order=tuple(kinds) if step_order is None else step_order,
        rewards=tuple(rewards),
        terminal=terminal,
        protocols=(),
        parameters=(),
    )


def dectiger():
    tiger = read("state", 0)
    quiet = op("and", *(op("==", read("action", i), const("listen")) for i in range(2)))
    eaten, gold = [], []
    for i in range(2):
        opens = (
            op("and", op("==", read("action", i), const(f"open_{d}")), op("==", tiger, const(d)))
            for d in ("left", "right")
        )
        eaten.append(op("or", *opens))
        gold.append(op("and", op("!=", read("action", i), const("listen")), op("not", eaten[i])))
    paid = {(0, 0): -2, (0, 1): 9, (0, 2): 20, (1, 0): -101, (1, 1): -100, (2, 0): -50}
    reward = ir.Fail("E405", "no arm fits", "", span())
    for (e, g), r in reversed(paid.items()):
        fits = op(
            "and",
            op("==", op("count", *eaten, integer=True), const(e)),
            op("==", op("count", *gold, integer=True), const(g)),
        )
        reward = ir.If(fits, const(r), reward, span())
    hear = ir.Choose(quiet, ir.Noisy(read("state", 0, True), const(0.85), span()), uniform(SIDES), span())
    next_ = ir.Choose(quiet, point(tiger), uniform(SIDES), span())
    return game(
        [state("tiger", SIDES, uniform(SIDES), next_)], [(MOVES, None)] * 2, [(SIDES, None, hear)] * 2, [reward] * 2
    )


# Nair, Tambe, Yokoo, Pynadath, Marsella (IJCAI 2003), tables 1-3; rows: ann's action, columns: bob's.
NAIR_LEFT = [[-2, -101, 9], [-101, -50, -100], [9, -100, 20]]
NAIR_RIGHT = [[-2, 9, -101], [9, 20, -100], [-101, -100, -50]]


def test_dectiger_is_that_of_nair_et_al():
    model = tabulate(dectiger())
    assert (model.n_states, model.n_actions, model.n_observations, len(model.kernels)) == (2, 9, 4, 1)
    assert model.initial.probability.tolist() == [0.5, 0.5]
    assert not model.observed[0].any() and model.observed[1:].all() and model.active.all()
    kernel = model.kernel(1)
    for i in range(2):
        assert kernel.reward[i, :, 0].reshape(3, 3).tolist() == NAIR_LEFT
        assert kernel.reward[i, :, 1].reshape(3, 3).tolist() == NAIR_RIGHT
    assert kernel.sample_reward is None
    joint = np.zeros((9, 2, 4, 2))
    rows = np.repeat(np.arange(18), np.diff(kernel.indptr))
    joint.reshape(18, 4, 2)[rows, kernel.observation, kernel.state] = kernel.probability
    assert joint[1:] == pytest.approx(0.125)
    hears = np.outer([0.85, 0.15], [0.85, 0.15]).ravel()
    assert joint[0, 0, :, 0] == pytest.approx(hears, abs=1e-12)
    assert joint[0, 1, :, 1] == pytest.approx(hears[::-1], abs=1e-12)
    assert joint[0, 0, :, 1].max() == joint[0, 1, :, 0].max() == 0
    emission = kernel.emission.toarray().reshape(9, 2, 4)
    assert emission[0] == pytest.approx(np.stack([hears, hears[::-1]]), abs=1e-12)
    assert emission[1:] == pytest.approx(0.25)


ALONE = [(ir.Type("integers", (0,)), None)]


def walk(names, size, horizon, limit=None):
    """Variables that all count up together from 0, in a product of size ** names states."""
    top = const(size - 1 if limit is None else limit)
    states = [
        state(
            f"x{k}",
            numbers(size),
            point(const(0)),
            point(op("min", op("+", read("state", k), const(1), integer=True), top, integer=True)),
        )
        for k in range(names)
    ]
    return game(states, ALONE, [], [const(0)], horizon=horizon)


@pytest.mark.parametrize("names", [12, 40])
def test_a_huge_product_costs_nothing_where_few_states_are_reachable(names):
    model = tabulate(walk(names, 10, horizon=50))
    assert model.state_values.tolist() == [[d] * names for d in range(10)]
    assert model.kernel(1).state.tolist() == [*range(1, 10), 9]


def test_forty_uniform_booleans_are_refused_before_they_are_built():
    begun = time.process_time()
    with pytest.raises(LimitError, match=r"the initial law has 2,097,152 states at least.*2,000,000"):
        tabulate(game([state(f"x{k}", BOOL, uniform(BOOL)) for k in range(40)], ALONE, [], [const(0)]))
    assert time.process_time() - begun < 10


def test_one_row_with_forty_uniform_successors_is_refused():
    states = [state(f"x{k}", BOOL, point(const(False)), uniform(BOOL)) for k in range(40)]
    with pytest.raises(
        LimitError, match="one state and joint action has 65,536 states at least, and the limit is 50,000"
    ):
        tabulate(game(states, ALONE, [], [const(0)]), max_states=50_000)


def test_limits_name_what_was_reached():
    with pytest.raises(LimitError, match="4 states are reachable at least, and the limit is 3"):
        tabulate(walk(1, 10, horizon=9), max_states=3)
    with pytest.raises(
        LimitError, match="2 states and 1 joint actions make 2 rows at least, and the limit on entries is 1"
    ):
        tabulate(walk(1, 10, horizon=9), max_entries=1)
    seen = (numbers(3), None, uniform(numbers(3)))
    with pytest.raises(LimitError, match="entries at least, and the limit is 5"):
        tabulate(game([state("x", BOOL, uniform(BOOL))], ALONE, [seen], [const(0)]), max_entries=5)


def test_layers_end_with_the_horizon():
    assert tabulate(walk(1, 100, horizon=4)).n_states == 5


def test_a_value_out_of_range_names_the_first_state_and_action():
    up = op("+", read("state", 0), read("action", 0), integer=True)
    bad = game([state("x", numbers(3), uniform(numbers(3)), point(up))], [(numbers(2), None)], [], [const(0)])
    with pytest.raises(InputError) as caught:
        tabulate(bad)
    (only,) = caught.value.diagnostics
    assert (only.code, only.span) == ("E401", up.span)
    assert only.message == "x' cannot be 3: its values are 0..2; first in state x=2, under act[0]=1, at step 1"
    assert caught.value.source is bad.source


def test_an_error_beyond_the_horizon_or_in_a_branch_not_taken_is_none():
    up = op("+", read("state", 0), const(1), integer=True)
    safe = game([state("x", numbers(4), point(const(0)), point(up))], ALONE, [], [const(0)], horizon=3)
    assert tabulate(safe).n_states == 4
    guarded = ir.If(op("==", read("state", 0), const(0)), const(0), op("/", const(1), read("state", 0)), span())
    assert tabulate(game([state("x", numbers(2), uniform(numbers(2)))], ALONE, [], [guarded])).kernel(
        1
    ).reward.tolist() == [[[0, 1]]]


def test_every_failing_place_is_reported_once():
    half, over = ir.Bernoulli(const(1.5), span()), op("/", const(1), read("state", 0))
    mixed = ir.Mixture((point(const(0)), point(const(1))), (const(0.5), const(0.4)), span())
    nothing = ir.UniformOver((const(0), const(1)), (const(False), const(False)), span())
    single = ir.Noisy(const(7), const(0.5), span())
    seven = ir.Type("integers", (7,))
    bad = game(
        [state("x", numbers(2), uniform(numbers(2)))],
        [(numbers(2), None)] * 5,
        [(BOOL, None, half), (numbers(2), None, mixed), (numbers(2), None, nothing), (seven, None, single)],
        [over] * 4,
    )
    codes = set()
    for k in range(4):
        # A row on which a draw fails is dropped, so one observation at a time.
        kept = ir.Game(**{**bad.__dict__, "step_order": (("state", 0), ("observation", k))})
        with pytest.raises(InputError) as caught:
            tabulate(kept)
        codes |= {d.code for d in caught.value.diagnostics}
        assert len(caught.value.diagnostics) == 2
    assert codes == {"E402", "E403", "E404", "E406"}


def test_integers_are_exact_and_refuse_to_wrap():
    big = 2**62
    exact = op("mod", op("+", const(big), const(1), integer=True), const(2), integer=True)
    assert tabulate(game([state("x", BOOL, uniform(BOOL))], ALONE, [], [exact])).kernel(1).reward.tolist() == [[[1, 1]]]
    for wraps in (op("+", const(big), const(big), integer=True), op("*", const(big), const(4), integer=True)):
        with pytest.raises(InputError, match="beyond 64 bits"):
            tabulate(game([state("x", BOOL, uniform(BOOL))], ALONE, [], [wraps]))


def test_dynamics_that_read_the_step_share_kernels_where_it_does_not_matter():
    last = op("==", ir.Step(span()), const(4))
    reward = ir.If(last, const(1), const(0), span())
    model = tabulate(game([state("x", BOOL, uniform(BOOL))], ALONE, [], [reward], horizon=6))
    assert model.kernel_of_step == (0, 0, 0, 1, 0, 0)
    assert [float(k.reward.max()) for k in model.kernels] == [0, 1]


def test_actions_that_are_no_choice_take_their_first_value():
    whens = [op("==", op("mod", ir.Step(span()), const(2), integer=True), const(k)) for k in (1, 0)]
    count_ = op("min", op("+", read("state", 0), read("action", 0), integer=True), const(2), integer=True)
    model = tabulate(
        game(
            [state("x", numbers(3), point(const(0)), point(count_))],
            [(numbers(2), w) for w in whens],
            [],
            [const(0)] * 2,
        )
    )
    assert model.active.tolist() == [[True, False], [False, True], [True, False]]
    empty = np.diff(model.kernel(1).indptr).reshape(4, 3) == 0
    # x = 2 is first reached at step 4; at step 3 x is 0 or 1; both agents never choose at once.
    assert empty.tolist() == [[False, False, True], [False, False, True], [False, False, True], [True, True, True]]


def test_a_long_chain_of_branches_needs_no_recursion():
    chain = const(0)
    for k in range(3000):
        chain = ir.If(op("==", read("state", 0), const(k)), const(k), chain, span())
    model = tabulate(game([state("x", numbers(3), uniform(numbers(3)))], ALONE, [], [chain]))
    assert model.kernel(1).reward.tolist() == [[[0, 1, 2]]]


def test_deep_definitions_need_no_recursion_limit():
    value = read("state", 0)
    for _ in range(3001):
        value = op("-", const(1), value, integer=True)
    model = tabulate(game([state("x", numbers(2), uniform(numbers(2)))], ALONE, [], [value]))
    assert model.kernel(1).reward.tolist() == [[[1, 0]]]


def test_shared_definitions_are_evaluated_once():
    """Sixty nested definitions, each used in both branches: 2^60 paths."""
    value = const(0)
    for _ in range(60):
        test = op("==", read("state", 0), const(0))
        value = ir.If(test, op("+", value, const(1), integer=True), op("-", value, const(1), integer=True), span())
    model = tabulate(game([state("x", numbers(2), uniform(numbers(2)))], ALONE, [], [value]))
    assert model.kernel(1).reward.tolist() == [[[60, -60]]]


def test_the_reward_of_an_outcome_is_kept_where_it_is_not_that_of_the_row():
    model = tabulate(
        game([state("x", BOOL, uniform(BOOL), uniform(BOOL))], ALONE, [], [op("count", read("state", 0, True))])
    )
    kernel = model.kernel(1)
    assert kernel.reward.tolist() == [[[0.5, 0.5]]]
    assert kernel.sample_reward.tolist() == [[0, 1, 0, 1]]
    unread = game(
        [state("x", BOOL, uniform(BOOL))], ALONE, [], [const(0)], chances=[(BOOL, ir.Bernoulli(const(7), span()))]
    )
    assert tabulate(unread).kernel(1).sample_reward is None


def test_no_emission_where_a_state_reads_an_observation():
    noise = (BOOL, None, uniform(BOOL))
    order = (("observation", 0), ("state", 0))
    copy = point(read("observation", 0, True))
    model = tabulate(game([state("x", BOOL, uniform(BOOL), copy)], ALONE, [noise], [const(0)], step_order=order))
    assert model.kernel(1).emission is None


def test_progress_is_told():
    told = []
    tabulate(walk(1, 5, horizon=3), progress=lambda what, part: told.append((what, part)))
    assert told[0] == ("step 1: 1 states", 0.0)
    assert told[-1] == ("assembling the kernels", 1.0)
