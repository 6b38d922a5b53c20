"""`require_compatible`: a policy is read only against the game, protocol and choices that it was made for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.checks import prepared
from support.games import Shape, random_game
from support.policies import bound, machine
from support.tree import Tree

from posgc.information.items import Information
from posgc.language.diagnostics import InputError
from posgc.language.sharing.lag_table import LagTable
from posgc.policy.artefact import Policy
from posgc.policy.compatibility import require_compatible

SHAPE = Shape("none", 2, 2, 3, (2, 3), (2, 2), "general", "coarse", False, False, False, 0.9, 5)


def game() -> tuple[Information, Tree, Policy]:
    information, tree, _ = prepared(SHAPE)
    return information, tree, bound(information, machine(np.random.default_rng(0), tree, False))


def refused(information: Information, policy: Policy) -> str:
    with pytest.raises(InputError) as caught:
        require_compatible(information, policy)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E610"
    return diagnostic.message


def test_its_own_game() -> None:
    information, _, policy = game()
    assert information.dropped
    require_compatible(information, policy)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"agents": ("a", "b")}, "agents a, b"),
        ({"horizon": 4}, "4 steps"),
        ({"digest": "0"}, "another game"),
        ({"dropped": ()}, "own actions"),
        ({"protocol": "full", "lags": (((1, 1), (1, 1)), ((0, 0), (0, 0)), None)}, "full"),
    ],
)
def test_headers_of_other_games(change: dict[str, object], said: str) -> None:
    information, _, policy = game()
    assert said in refused(information, replace(policy, header=replace(policy.header, **change)))  # type: ignore[arg-type]


@pytest.mark.parametrize("what", ["reward", "seed", "discount", "horizon"])
def test_other_numbers_are_another_game(what: str) -> None:
    _, _, policy = game()
    changes = {
        "reward": {"rewards": "common"},
        "seed": {"seed": 6},
        "discount": {"discount": 1.0},
        "horizon": {"horizon": 2},
    }
    model, protocol = random_game(replace(SHAPE, **changes[what]))  # type: ignore[arg-type]
    refused(Information(model, protocol, frozenset(policy.header.dropped)), policy)


def test_a_name_does_not_matter_but_lags_do() -> None:
    information, _, policy = game()
    lags = information.protocol
    require_compatible(replace(information, protocol=replace(lags, name="other")), policy)
    late = LagTable(lags.name, lags.action_lags, ((0, 2), (2, 0)), None)
    refused(replace(information, protocol=late), policy)
    refused(replace(information, protocol=replace(lags, forget=1)), policy)


@pytest.mark.parametrize("mixed", [False, True])
def test_actions_that_do_not_exist(mixed: bool) -> None:
    information, _, policy = game()
    machine = policy.strategy
    step = machine.steps[1]
    shape = len(step.weight), len(step.private[0])
    table = np.full((*shape, 3), 1 / 3) if mixed else np.full(shape, 2)
    for tables in ((table, step.tables[1]), (np.full(shape, -1), step.tables[1])):
        steps = (machine.steps[0], replace(step, tables=tables), machine.steps[2])
        wrong = replace(policy, strategy=replace(machine, steps=steps))
        assert "step 2" in refused(information, wrong)
