"""Strategies of every kind as flat arrays and plain facts, and back: what a policy file holds of them."""

from __future__ import annotations

import json
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc.policy.machine import Machine, Unseen
from posgc.policy.mixture import Mixture, Part
from posgc.policy.opaque import Opaque, OpaquePlayer, StoredPlayer
from posgc.policy.packed import (
    ascends,
    in_range,
    integers,
    is_law,
    machine_arrays,
    machine_of_arrays,
    pack,
    points,
    table_of,
    unpack,
)
from posgc.policy.stationary import Stationary
from posgc.policy.strategy import Strategy

__all__ = ["KINDS", "consistent", "strategy_arrays", "strategy_facts", "strategy_of"]

Array = npt.NDArray[Any]
Facts = dict[str, Any]

KINDS = ("machine", "stationary", "controllers", "mixture", "opaque")

MOST_PARTS = 100_000
"""Parts that a mixture in a file may have."""


def strategy_facts(strategy: Strategy) -> Facts:
    """What the header says of the strategy besides its kind.  Raises InputError (E637) where a player's facts are not
    plain JSON."""
    if isinstance(strategy, Mixture):
        return {"parts": [{"kind": part.kind, **strategy_facts(part)} for part in strategy.parts]}
    if isinstance(strategy, Opaque):
        info = dict(strategy.player.info)
        try:
            if json.loads(json.dumps(info)) != info:
                raise ValueError("they change on their way through JSON")
        except (TypeError, ValueError, RecursionError) as error:
            raise _unsavable(f"its facts are not plain JSON: {error}") from None
        return {"info": info}
    return {"unseen": strategy.unseen}


def strategy_arrays(strategy: Strategy) -> dict[str, Array]:
    """The members of the file that say how the agents play, as `posgc.policy.file` lists them.  Raises InputError
    (E637) where a player's arrays do not hold numbers."""
    if isinstance(strategy, Machine):
        return machine_arrays(strategy)
    if isinstance(strategy, Stationary):
        return machine_arrays(Machine(strategy.root_z, strategy.root_to, (strategy.step,)))
    if isinstance(strategy, Controllers):
        return _controllers_arrays(strategy)
    if isinstance(strategy, Mixture):
        arrays: dict[str, Array] = {"part_weight": strategy.weight}
        for k, part in enumerate(strategy.parts):
            arrays |= {f"part{k}_{name}": array for name, array in strategy_arrays(part).items()}
        return arrays
    return _player_arrays(strategy.player)


def strategy_of(kind: str, facts: Facts, arrays: dict[str, Array], horizon: int, n: int) -> Strategy:
    """The strategy of n agents.  Raises ValueError, KeyError or TypeError where the arrays are not one."""
    if kind == "opaque":
        stored = {name.removeprefix("array_"): array for name, array in arrays.items() if name.startswith("array_")}
        if not isinstance(facts["info"], dict) or any(array.dtype.kind not in "biuf" for array in stored.values()):
            raise ValueError("the arrays or the facts of its player are not numbers and plain JSON")
        return Opaque(StoredPlayer(stored, facts["info"]))
    if kind == "mixture":
        return _mixture_of(facts["parts"], arrays, horizon, n)
    if kind not in KINDS:
        raise ValueError(f"it holds a policy of kind {kind!r:.40}, which this version of posgc does not know")
    unseen = cast(Unseen, facts.get("unseen", "refuse"))
    if unseen not in get_args(Unseen):
        raise ValueError(f"it plays {unseen!r:.40} on what it has not seen, which this version of posgc does not know")
    if kind == "controllers":
        return Controllers(tuple(_controller_of(arrays, i, horizon) for i in range(n)), unseen)
    if kind == "stationary":
        once = machine_of_arrays(arrays, 1, n, unseen, recurs=True)
        return Stationary(once.root_z, once.root_to, once.steps[0], unseen)
    return machine_of_arrays(arrays, horizon, n, unseen)


def _unsavable(why: str) -> InputError:
    what = f"the policy's player cannot be saved: {why}"
    return InputError([Diagnostic("E637", what, help="this is a mistake of the plug-in that offers it")])


def _player_arrays(player: OpaquePlayer) -> dict[str, Array]:
    arrays = {str(name): np.asarray(array) for name, array in player.arrays().items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise _unsavable(f"its array {name:.40} has type {array.dtype}, not numbers")
    return {f"array_{name}": array for name, array in arrays.items()}


def _mixture_of(parts: Any, arrays: dict[str, Array], horizon: int, n: int) -> Mixture:
    weight = arrays["part_weight"]
    if not isinstance(parts, list) or not 1 <= len(parts) <= MOST_PARTS:
        raise ValueError("the parts of its mixture are not a list")
    if weight.dtype.kind != "f" or weight.shape != (len(parts),) or not is_law(weight):
        raise ValueError("the weights of its mixture are not probabilities of its parts")
    own: list[dict[str, Array]] = [{} for _ in parts]
    for member, array in arrays.items():
        head, _, name = member.partition("_")
        number = head.removeprefix("part")
        if head != number and number.isdecimal() and len(number) < 7 and int(number) < len(parts):
            own[int(number)][name] = array
    found: list[Part] = []
    for part, of in zip(parts, own, strict=True):
        kind = part["kind"]
        if kind not in ("machine", "stationary", "controllers"):
            raise ValueError(f"its mixture has a part of kind {kind!r:.40}, which this version of posgc does not know")
        found.append(cast(Part, strategy_of(kind, part, of, horizon, n)))
    return Mixture(weight, tuple(found))


def _controllers_arrays(strategy: Controllers) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    for i, one in enumerate(strategy.agents):
        arrays |= {f"root_code_{i}": one.root_code, f"root_to_{i}": one.root_to}
        for name in ("edge_indptr", "edge_code", "edge_to"):
            pack(arrays, f"{name}_{i}", [getattr(step, name) for step in one.steps])
        tables = [step.table for step in one.steps]
        pack(arrays, f"pure_{i}", [t if t.ndim == 1 else np.zeros(0, np.int8) for t in tables])
        pack(arrays, f"mixed_{i}", [t if t.ndim == 2 else np.zeros(0) for t in tables])
    return arrays


def _controller_of(arrays: dict[str, Array], agent: int, horizon: int) -> Controller:
    names = ("edge_indptr", "edge_code", "edge_to", "pure", "mixed")
    columns = zip(*(unpack(arrays, f"{name}_{agent}", horizon) for name in names), strict=True)
    steps = tuple(
        ControllerStep(table_of(pure, mixed, (max(len(indptr) - 1, 0),)), indptr, code, to)
        for indptr, code, to, pure, mixed in columns
    )
    root_code, root_to = integers(arrays[f"root_code_{agent}"]), integers(arrays[f"root_to_{agent}"])
    one = Controller(root_code, root_to, steps)
    if not consistent(one):
        raise ValueError(f"the arrays of the controller of agent {agent + 1} do not fit together")
    return one


def consistent(one: Controller) -> bool:
    """Everything that can be checked of a controller without the game."""
    if len(one.root_code) != len(one.root_to) or not ascends(one.root_code):
        return False
    return in_range(one.root_to, len(one.steps[0])) and all(_fits(one, h) for h in range(len(one.steps)))


def _fits(one: Controller, h: int) -> bool:
    step, following = one.steps[h], len(one.steps[h + 1]) if h + 1 < len(one.steps) else 0
    if not len(step) or not points(step.edge_indptr, len(step.edge_code)) or len(step.edge_to) != len(step.edge_code):
        return False
    if step.table.ndim == 2 and not is_law(step.table):
        return False
    starts = np.diff(np.repeat(np.arange(len(step)), np.diff(step.edge_indptr))) > 0
    return (
        in_range(step.edge_to, following)
        and (not len(step.edge_code) or int(step.edge_code.min()) >= 0)
        and bool(((np.diff(step.edge_code) > 0) | starts).all())
    )
