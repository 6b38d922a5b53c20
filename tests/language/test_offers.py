"""Prices, lags and networks, read; and the lattice that they make, against the definitions, link by link."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from posgc.language.diagnostics import InputError
from posgc.language.sharing.lag_table import NEVER, require_lags
from posgc.language.sharing.lattice import Lattice
from posgc.language.sharing.offers import Grain
from posgc.language.sharing.offers import lattice_of as offers
from posgc.language.sharing.order import at_least_as_rich
from posgc.language.sharing.prices import edges_of, lags_of, prices_of
from posgc.language.signature import Signature, Variable

VALUES = ("0", "1")


def lattice_of(*asked: Any) -> Lattice:
    return offers(*asked).lattice


def signature(*agents: str) -> Signature:
    act = tuple(Variable("act", k, VALUES) for k in range(len(agents)))
    hear = tuple(Variable(name, k, VALUES) for k in range(len(agents)) for name in ("hear", "lamp[left]", "lamp[2]"))
    return Signature(agents, act, hear)


TWO, LINE = signature("ann", "bob"), signature("robot[1]", "robot[2]", "robot[3]")


def test_clauses() -> None:
    read = prices_of(TWO, "hear = 1, act[ann]=.5, hear[2] to ann after 3 = 1e-2, lamp[1, left] to all = 0")
    assert [(p.item, p.owner, p.agent, p.after, p.price) for p in read] == [
        ("hear", None, None, 0, Fraction(1)),
        ("act", 0, None, 0, Fraction(1, 2)),
        ("hear", 1, 0, 3, Fraction(1, 100)),
        ("lamp[left]", 0, None, 0, Fraction(0)),
    ]
    [one] = prices_of(LINE, "hear[robot[2]] to robot[3] = 4")
    assert (one.owner, one.agent) == (1, 2)


def test_lags_and_edges() -> None:
    assert lags_of("2, 0..1, never", 9) == [0, 1, 2, NEVER]
    assert lags_of("0..1000000", 3) == [0, 1, 2, 3]  # from the horizon on all are alike
    assert edges_of(LINE, "1-2, robot[2] -> 3") == [(1, 2), (2, 1), (2, 3)]


@pytest.mark.parametrize(
    ("cost", "lags", "along", "said", "at"),
    [
        ("hear 1", "0", None, "this is not a price", 0),
        ("hear = 1, ears = 2", "0", None, "no item on its way to another agent has this price", 10),
        ("hear[cid] = 1", "0", None, "there is no agent 'cid'", 5),
        ("hear[] = 1", "0", None, "there is no agent ''", 5),
        ("hear to cid = 1", "0", None, "there is no agent 'cid'", 8),
        ("hear[ann] to ann = 1", "0", None, "no item on its way", 0),
        ("hear after 2.5 = 1", "0", None, "'2.5' is not a whole number", 11),
        ("hear = -1", "0", None, "a price of -1 is not possible", 7),
        ("hear = inf", "0", None, "a price of inf is not possible", 7),
        ("hear = 1/0", "0", None, "'1/0' is not a number", 7),
        ("act = 1,", "0", None, "this is not a price", 8),
        ("", "0", None, "no item has a price", 0),
        ("hear = 1", "0..", None, "'' is not a whole number", 0),
        ("hear = 1", "0, soon", None, "'soon' is not a whole number", 3),
        ("hear = 1", "4..2", None, "this range holds no lag", 0),
        ("hear = 1", "0..1000000000", None, "a lag of 1000000000 steps is not possible", 0),
        ("hear = 1", "0", "ann-cid", "there is no agent cid", 4),
        ("hear = 1", "0", "ann-bob, ann", "this is not an edge", 9),
        ("hear = 1, act after 2 = 2", "0..1,never", None, "no lag on offer is 2 steps or longer", 10),
        ("act = 1", "never", None, "no lag is on offer", 0),
        ("act = 1, hear[bob] = 2", "0", "ann->bob", "the network has no path for what has this price", 9),
    ],
)
def test_mistakes_are_shown_where_they_are(cost: str, lags: str, along: str | None, said: str, at: int) -> None:
    with pytest.raises(InputError) as error:
        lattice_of(TWO, 3, cost, lags, along)
    [found] = error.value.diagnostics
    assert found.code == "E671" and said in found.message and found.help and found.span is not None
    assert found.span.start == at and "^" in str(error.value)


def test_a_name_that_is_misspelt_comes_back_with_the_one_that_may_be_meant() -> None:
    for asked in (("her = 1", "0"), ("hear[an] = 1", "0"), ("hear to bobb = 1", "0"), ("hear = 1", "0", "ann-bobb")):
        with pytest.raises(InputError, match=r"did you mean (hear|ann|bob)\?"):
            lattice_of(TWO, 3, *asked)


def test_prices_without_effect_are_named() -> None:
    """An action is told a step late at the soonest, so lag 0 looks up the price after 1."""
    asked = "hear = 1, hear[ann] = 2, hear to bob = 3, hear[bob] to ann = 4"
    assert offers(TWO, 3, asked, "0..1").idle == (
        ("hear = 1", "later clauses fit all that it fits"),
        ("hear[ann] = 2", "later clauses fit all that it fits"),
    )
    late = offers(TWO, 2, "hear = 1, hear after 2 = 0.5, act = 1, act after 1 = 2", "0..2").idle
    assert late == (
        ("hear after 2 = 0.5", "what it is the price of comes too late to be told"),
        ("act = 1", "later clauses fit all that it fits"),
    )
    uneven = "hear[ann] = 1, hear after 1 = 2"
    assert offers(TWO, 3, uneven, "0..1").idle == ()
    assert offers(TWO, 3, uneven, "0..1", None, "item").idle == (
        ("hear[ann] = 1", "links that have a lag in common with it have no price there"),
    )


@pytest.mark.parametrize(
    ("cost", "by", "labels", "untold"),
    [
        ("hear = 1", "item", ["hear"], ("lamp", "act")),
        ("hear[ann] = 1", "item", ["hear[ann]"], ("hear[bob]", "lamp", "act")),
        ("hear[ann] = 1", "owner", ["hear[ann]"], ("hear[bob]", "lamp", "act")),
        ("hear to ann = 1", "owner", ["hear[bob]"], ("hear[ann]", "lamp", "act")),
        ("lamp[ann, 2] = 1", "item", ["lamp[ann, 2] to bob"], ("hear", "lamp[ann, left] to bob", "lamp[bob]", "act")),
    ],
)
def test_what_has_a_lag_of_its_own_is_named_by_its_links(
    cost: str, by: Grain, labels: list[str], untold: tuple[str, ...]
) -> None:
    found = offers(TWO, 3, cost, "0..1,never", None, by)
    assert [choice.label for choice in found.lattice.choices] == labels and set(found.untold) == set(untold)


def test_of_three_agents_some_are_told() -> None:
    found = offers(LINE, 3, "hear[1] to 2 = 1, hear[2] = 1", "0,never", None, "item")
    assert [choice.label for choice in found.lattice.choices] == ["hear[robot[1]] to robot[2] and hear[robot[2]]"]
    assert set(found.untold) == {"hear[robot[1]] to robot[3]", "hear[robot[3]]", "lamp", "act"}


def test_dectiger_by_hand() -> None:
    agents = Signature(("ann", "bob"), TWO.actions, tuple(Variable("hear", k, VALUES) for k in range(2)))
    lattice = lattice_of(agents, 3, "hear = 1, hear after 1 = 0.25, act = 0.5", "0..2,never")
    assert lattice.shape == (4, 4, 3, 3) and lattice.size == 144
    assert [c.label for c in lattice.choices][:3] == ["hear[ann] to bob", "hear[bob] to ann", "act[ann] to bob"]
    assert [(o.lags, float(lattice.price(lattice.choices[0], o))) for o in lattice.choices[0].options] == [
        ((0,), 1),
        ((1,), 0.25),
        ((2,), 0.25),
        ((NEVER,), 0),
    ]
    assert [o.lags for o in lattice.choices[2].options] == [(1,), (2,), (NEVER,)]  # an action has age 1 at first
    assert lattice.table(0).name == "{ hear after 0; act after 1; }" and lattice.costs[0] == 3
    assert lattice.table(143).name == "{ }" and lattice.costs[143] == 0
    assert lattice_of(agents, 2, "hear = 1", "0..2,never").shape == (3, 3)  # what comes later comes too late
    assert lattice_of(agents, 3, "hear after 1 = 1", "0..2,never").shape == (3, 3)  # a lag without a price
    assert lattice_of(agents, 1, "act = 1", "0..2,never").size == 1


def test_relaying_costs_and_takes_its_hops() -> None:
    lattice = lattice_of(LINE, 4, "hear = 2", "1,never", "1-2, 2-3")
    offered = [(c, o) for c in lattice.choices for o in c.options if o.lags[0] < NEVER]
    told = {(c.label, o.lags[0]): float(lattice.price(c, o)) for c, o in offered}
    assert told["hear[robot[1]] to robot[2]", 1] == 2
    assert told["hear[robot[1]] to robot[3]", 2] == 4  # two hops, a step each
    assert len(told) == 6
    one_way = lattice_of(LINE, 4, "hear = 2", "1,never", "1->2, 2->3")
    assert [c.label for c in one_way.choices] == [
        "hear[robot[1]] to robot[2]",
        "hear[robot[1]] to robot[3]",
        "hear[robot[2]] to robot[3]",
    ]
    by_item = lattice_of(LINE, 4, "hear = 2", "0..3,never", "1-2, 2-3", "item")
    [choice] = by_item.choices
    # at lag 2 a hop, the outer two hear of each other after 4 steps, too late: four links are left
    assert [(sorted(set(o.lags)), float(by_item.price(choice, o))) for o in choice.options] == [
        ([0], 16),
        ([1, 2], 16),
        ([2, NEVER], 8),
        ([3, NEVER], 8),
        ([NEVER], 0),
    ]


ROW = Signature(tuple("abcd"), (), tuple(Variable("hear", k, VALUES) for k in range(4)))


@pytest.mark.parametrize("by", ["link", "owner", "item"])
@pytest.mark.parametrize("once", [False, True])
def test_hops_in_a_row(once: bool, by: Grain) -> None:
    """Four in a row; each item by itself, hop by hop: who hears it beyond the hop, and at which price."""
    price = {0: Fraction(3), 1: Fraction(3, 10), NEVER: Fraction(0)}
    text = "hear = 3, hear after 1 = 0.3, hear to d = 5"
    lags = "1,never" if by == "link" else "0..1,never"
    lattice = offers(ROW, 9, text, lags, "1-2, 2-3, 3-4", by, once).lattice
    rng = random.Random(7)
    for number in rng.sample(range(lattice.size), min(300, lattice.size)):
        total = Fraction(0)
        for owner, lags in enumerate(lattice.table(number).observation_lags):
            paid = {
                k: Fraction(5) if k == 3 and lag < NEVER else price[NEVER if lag >= NEVER else int(lag > 0)]
                for k, lag in enumerate(lags)
                if k != owner
            }
            for hop in range(3):  # between agents hop and hop + 1
                beyond = [p for k, p in paid.items() if min(k, owner) <= hop < max(k, owner)]
                total += max(beyond, default=Fraction(0)) if once else sum(beyond)
        assert lattice.costs[number] == float(total)


def test_hops_that_are_paid_for_once() -> None:
    """An item that all of a line hear costs a hop less than they have agents; two ways round a square are refused."""
    each, one = (offers(LINE, 4, "hear = 2", "0,never", "1-2, 2-3", "item", once).lattice for once in (False, True))
    assert each.costs.tolist() == [16, 0] and one.costs.tolist() == [3 * 2 * 2, 0]
    assert offers(LINE, 4, "hear = 2", "0,never", "1->2, 2->3, 3->1, 1-2", "link", True).lattice.size == 2**6
    with pytest.raises(InputError, match="several shortest paths from a to c"):
        offers(ROW, 4, "hear = 2", "0,never", "1-2, 2-3, 3-4, 4-1", "link", True)


def plain_cost(
    lattice: Lattice, number: int, clauses: list[tuple[str, int | None, int | None, int, Fraction]]
) -> float:
    """Every link of the table by itself: the last clause that fits it."""
    table, total = lattice.table(number), Fraction(0)
    names = lattice.signature
    for variables, rows in ((names.observations, table.observation_lags), (names.actions, table.action_lags)):
        for variable, row in zip(variables, rows, strict=True):
            for agent, lag in enumerate(row):
                if agent != variable.agent and lag < NEVER:
                    fits = [
                        price
                        for item, owner, receiver, after, price in clauses
                        if item == variable.family
                        and owner in (None, variable.agent)
                        and receiver in (None, agent)
                        and after <= lag
                    ]
                    total += fits[-1]
    return float(total)


@pytest.mark.parametrize("by", ["link", "owner", "item"])
def test_costs_order_and_tables_of_random_lattices(by: Grain) -> None:
    """Costs against the clauses, link by link; the order of the lattice against that of protocols, exactly; every table
    is one of the game, and no two are alike."""
    rng = random.Random(6)
    names = Signature(("ann", "bob"), TWO.actions, tuple(Variable("hear", k, VALUES) for k in range(2)))
    comparable = 0
    for _ in range(6):
        clauses: list[tuple[str, int | None, int | None, int, Fraction]] = [("hear", None, None, 0, Fraction(3))]
        for _ in range(4):
            who = rng.choice([None, 0, 1])
            price = Fraction(rng.randint(0, 9), 10)
            clauses.append(
                (rng.choice(["hear", "act"]), who, None if who is None else 1 - who, rng.choice([0, 1]), price)
            )
        clauses.insert(0, ("act", None, None, 0, Fraction(1, 3).limit_denominator(10)))
        text = ", ".join(
            item
            + ("" if owner is None else f"[{owner + 1}]")
            + ("" if receiver is None else f" to {names.agents[receiver]}")
            + (f" after {after}" if after else "")
            + f" = {float(price):.17g}"
            for item, owner, receiver, after, price in clauses
        )
        exact = [(*rest, Fraction(f"{float(price):.17g}")) for *rest, price in clauses]
        lattice = lattice_of(names, 3, text, "0..2,never" if by != "link" else "0,1,never", None, by)
        tables = [lattice.table(n) for n in range(lattice.size)]
        assert len({t.content for t in tables}) == len({t.name for t in tables}) == lattice.size
        for number, table in enumerate(tables):
            require_lags(names, table)
            assert lattice.costs[number] == plain_cost(lattice, number, exact)  # type: ignore[arg-type]
        pairs = list(itertools.product(range(lattice.size), repeat=2))
        for a, b in rng.sample(pairs, min(len(pairs), 150)):
            richer = at_least_as_rich(tables[a], tables[b], 3)
            assert bool(lattice.richer(b)[a]) == bool(lattice.poorer(a)[b]) == richer
            comparable += richer and a != b
        marked = np.array([rng.random() < 0.5 for _ in tables])
        assert lattice.below(marked).tolist() == [int((lattice.poorer(n) & marked).sum()) for n in range(lattice.size)]
    assert comparable > 20
