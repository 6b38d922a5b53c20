"""Who knows what against scanning a history item by item, for lag tables of every kind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from support.games import Shape, delayed, random_game, shapes
from support.tree import History, Item, Tree

from posgc.information.items import Information
from posgc.information.items import Item as FastItem
from posgc.language.sharing.lag_table import NEVER, LagTable

HORIZON = 6
many = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def stretched(shape: Shape) -> tuple[Information, Tree, list[History]]:
    """The game over more steps, and one history of it at each step."""
    model, protocol = random_game(replace(shape, horizon=HORIZON, structure="any"))
    tree = Tree(model, protocol)
    path = [tree.start()[0][1]]
    while len(path) < HORIZON:
        action = tree.joint_actions(len(path))[-1]
        path.append(tree.after(path[-1], action)[0][1])
    return Information(model, protocol), tree, path


def plain(items: tuple[FastItem, ...]) -> list[Item]:
    return [(item.time, item.kind, item.variable) for item in items]


@many
@given(shapes(histories=100))
def test_common_and_private_items(shape: Shape) -> None:
    information, tree, path = stretched(shape)
    before: History | None = None
    for h, history in enumerate(path, start=1):
        common, private = tree.knowledge(history)
        assert sorted(plain(information.common(h))) == [item for item, _ in common]
        assert plain(information.increment(h)) == [item for item, _ in tree.increment(before, history)]
        assert plain(information.private(h)) == [item for item, _ in tree.union(private)]
        for i in range(tree.n):
            assert plain(information.private_of(i, h)) == [item for item, _ in private[i]]
        before = history


@many
@given(shapes(histories=100))
def test_lost_and_relayed_items(shape: Shape) -> None:
    """Lost: new in c_h, made before the last move, and nobody's at h - 1.  Relayed: new in p_i, not made by i."""
    information, tree, path = stretched(shape)
    assert information.lost(1) == ()
    for h in range(2, HORIZON + 1):
        old = {item for own in tree.knowledge(path[h - 2])[1] for item, _ in own}
        news = {item for item, _ in tree.items(path[h - 1])} - {item for item, _ in tree.items(path[h - 2])}
        became = [item for item, _ in tree.increment(path[h - 2], path[h - 1])]
        assert plain(information.lost(h)) == [item for item in became if item not in old | news]


def test_an_item_forgotten_by_all_is_lost() -> None:
    """Delay 3 with memory of 1 step: forgotten at age 2, due at age 3."""
    shape = Shape("one_step", 2, 2, 4, (2, 2), (2, 2), "general", "coarse", False, False, False, 1.0, 0)
    model, _ = random_game(shape)
    information = Information(model, replace(delayed(3), forget=1))
    assert plain(information.lost(4)) == [(1, "action", 0), (1, "action", 1)]
    assert information.label(information.lost(4)[0]) == "act[agent0]@1"
    assert information.lost(3) == ()


@pytest.mark.parametrize("lag", [1, 2])
def test_a_link_that_relays(lag: int) -> None:
    shape = Shape("one_step", 3, 2, 4, (2, 2, 2), (2, 2, 2), "general", "coarse", False, False, False, 1.0, 0)
    model, _ = random_game(shape)
    see = ((0, lag, NEVER), (NEVER, 0, NEVER), (NEVER, NEVER, 0))
    never = tuple(tuple(1 if i == j else NEVER for i in range(3)) for j in range(3))
    information = Information(model, LagTable("link", never, see))
    assert [(i, plain((item,))) for i, item in information.relays(4)] == [(1, [(4 - lag, "observation", 0)])]
