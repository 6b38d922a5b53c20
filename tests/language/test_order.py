"""The order of protocols against who knows what, worked out item by item from the definitions."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest

from posgc.language.sharing.lag_table import NEVER, Channel, Exchange, LagTable
from posgc.language.sharing.order import at_least_as_rich, changes, order_of
from posgc.language.sharing.requests import protocol
from posgc.language.signature import Signature, Variable

AGENTS = ("ann", "bob", "cat")
VALUES = ("0", "1")


def signature(n: int) -> Signature:
    agents = AGENTS[:n]
    variables = (
        tuple(Variable("act", i, VALUES) for i in range(n)),
        tuple(Variable("hear", i, VALUES) for i in range(n)),
    )
    return Signature(agents, *variables)


def known(table: LagTable, agent: int, h: int) -> set[tuple[str, int, int]]:
    """What an agent knows at step h, by the definitions of `LagTable`: an item arrives at the first moment at which
    some way brings it; it is common when all have it, and private items above the age `forget` are dropped."""
    found = set()
    for kind, rows in (("action", table.action_lags), ("observation", table.observation_lags)):
        for v, row in enumerate(rows):
            for t in range(1, h + 1):
                arrivals = []
                for i, lag in enumerate(row):
                    ways = [t + lag] if lag < NEVER else []
                    for x in table.exchanges:
                        if (x.kind, x.variable, x.agent) == (kind, v, i):
                            ways.append(next(s for s in range(t, 1000) if s - t >= x.lag and meets(x, s)))
                    arrivals.append(min(ways, default=NEVER))
                common = max(arrivals) <= h
                private = arrivals[agent] <= h and (table.forget is None or h - t <= table.forget)
                if common or private:
                    found.add((kind, v, t))
    return found


def meets(x: Exchange, step: int) -> bool:
    return step >= x.first and (step - x.first) % x.every == 0


def drawn(rng: random.Random, n: int) -> LagTable:
    def rows(own: int) -> tuple[tuple[int, ...], ...]:
        lags = [own, own + 1, own + 2, NEVER]
        return tuple(tuple(own if i == v else rng.choice(lags) for i in range(n)) for v in range(n))

    exchanges = []
    for _ in range(rng.choice([0, 0, 1, 2])):
        v, i = rng.sample(range(n), 2)
        kind = rng.choice(["action", "observation"])
        exchanges.append(Exchange(kind, v, i, rng.randint(1, 2), rng.randint(1, 3), rng.randint(1, 3)))
    return LagTable("drawn", rows(1), rows(0), rng.choice([None, None, None, 2, 3]), tuple(exchanges))


def nearby(rng: random.Random, table: LagTable) -> LagTable:
    """A table that differs in a lag, which is often comparable."""
    rows = [list(row) for row in table.observation_lags]
    v, i = rng.sample(range(len(rows)), 2)
    rows[v][i] = rng.choice([0, 1, 2, NEVER])
    forget = rng.choice([table.forget, table.forget, 2])
    return LagTable("near", table.action_lags, tuple(map(tuple, rows)), forget, table.exchanges)


def test_order_against_who_knows_what() -> None:
    """Whenever the order says richer, every agent knows at least as much at every step; with perfect recall, which is
    where lags tell all, whenever every agent does, the order says so."""
    rng, said, denied = random.Random(5), 0, 0
    for _ in range(600):
        n, horizon = rng.choice([2, 3]), rng.randint(1, 5)
        one = drawn(rng, n)
        other = nearby(rng, one) if rng.random() < 0.7 else drawn(rng, n)
        truth = all(known(one, i, h) >= known(other, i, h) for i in range(n) for h in range(1, horizon + 1))
        answer = at_least_as_rich(one, other, horizon)
        assert truth or not answer, (one, other, horizon)
        if one.forget is None and other.forget is None:
            assert answer == truth, (one, other, horizon)
        said, denied = said + answer, denied + (not answer)
    assert min(said, denied) > 100


def test_usual_protocols_are_a_chain() -> None:
    names = ["none", "full", "delayed(2)", "one_step", "delayed(3)"]
    tables = {name: protocol(signature(2), name) for name in names}
    assert order_of(tables, 9).chains == ("full > one_step > delayed(2) > delayed(3) > none",)
    assert order_of(tables, 9).ranked == ("full", "one_step", "delayed(2)", "delayed(3)", "none")
    assert order_of(tables, 3).chains == ("full > one_step > delayed(2) > none = delayed(3)",)  # too late to matter
    assert order_of(tables, 1).chains == ("full > none = delayed(2) = one_step = delayed(3)",)


def test_what_is_not_comparable_stands_apart() -> None:
    names = ["full", "one_directional(1 -> 2)", "one_directional(2 -> 1)", "one_step"]
    order = order_of({name: protocol(signature(2), name) for name in names}, 4)
    assert len(order.chains) == 2 and all(line.startswith("full > one_directional(") for line in order.chains)
    assert not order.richer(names[1], names[2]) and order.richer(names[1], "one_step")
    short = {
        name: LagTable(name, ((1, a), (b, 1)), ((0, NEVER), (NEVER, 0))) for name, a, b in [("x", 1, 2), ("y", 2, 1)]
    }
    assert order_of(short, 5).chains == ("x", "y")


def test_memory_has_to_be_as_long() -> None:
    full = protocol(signature(2), "full")
    short = LagTable("short", full.action_lags, full.observation_lags, 3)
    none = protocol(signature(2), "none")
    assert at_least_as_rich(full, short, 9)
    assert not at_least_as_rich(short, none, 9)  # none remembers what short forgets


def channel(law: tuple[tuple[int, float], ...]) -> LagTable:
    none = protocol(signature(2), "none")
    return replace(none, name="lossy", channels=(Channel("observation", 0, 1, law),))


def fixed(lag: int) -> LagTable:
    none = protocol(signature(2), "none")
    return LagTable(f"fixed({lag})", none.action_lags, ((0, lag), (NEVER, 0)))


@pytest.mark.parametrize("lag", range(4))
def test_channels_are_compared_at_their_best_and_worst(lag: int) -> None:
    law = channel(((1, 0.5), (2, 0.5)))
    assert at_least_as_rich(fixed(lag), law, 9) == (lag <= 1)
    assert at_least_as_rich(law, fixed(lag), 9) == (lag >= 2)
    assert not at_least_as_rich(channel(((1, 0.5), (NEVER, 0.5))), fixed(lag), 9)
    assert at_least_as_rich(law, law, 9)
    assert not at_least_as_rich(law, channel(((1, 0.4), (2, 0.6))), 9)  # better or worse, but not by this rule


def test_the_same_channels_leave_the_rest_to_the_lags() -> None:
    one = channel(((1, 0.5), (NEVER, 0.5)))
    more = LagTable("more", ((1, 1), (1, 1)), one.observation_lags, None, (), one.channels)
    assert at_least_as_rich(more, one, 9) and not at_least_as_rich(one, more, 9)
    sooner = LagTable("sooner", one.action_lags, ((0, 2), (NEVER, 0)), None, (), one.channels)
    assert not at_least_as_rich(sooner, one, 9)  # the draws themselves are then told less long


def test_long_cycles_are_left_open() -> None:
    none = protocol(signature(2), "none")
    slow = [replace(none, exchanges=(Exchange("observation", 0, 1, 0, every, 1),)) for every in (997, 991)]
    assert not at_least_as_rich(slow[0], slow[1], 10**6)
    assert at_least_as_rich(slow[0], slow[1], 100)  # each meets once in that time


def test_changes_in_words() -> None:
    game = signature(3)
    full, late = protocol(game, "full"), protocol(game, "delayed(2)")
    assert changes(game, full, late) == ("hear after 0 (2)", "act after 1 (2)")
    some = replace(late, observation_lags=((0, 2, 1), (2, 0, 2), (2, 2, 0)))
    assert changes(game, some, late) == ("hear[ann] to cat after 1 (2)",)
    assert changes(game, replace(late, forget=3), late) == ("memory of 3 (all)",)


def test_order_is_a_partial_order() -> None:
    rng = random.Random(8)
    for _ in range(25):
        start = drawn(rng, 2)
        tables = {str(k): nearby(rng, start) for k in range(6)}
        order = order_of(tables, 4)
        for a, b, c in product(tables, repeat=3):
            assert order.richer(a, a)
            assert not (order.richer(a, b) and order.richer(b, c)) or order.richer(a, c)
        named = {name for line in order.chains for word in line.split(" > ") for name in word.split(" = ")}
        assert named == set(tables)
