"""Whether what a plug-in returns is a result at all: types, shapes, probabilities, plain finite numbers.

A plug-in may return anything.  What passes here can be bound to a game, judged, printed and saved.
"""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from posgc.language.concepts import DEVIATIONS
from posgc.policy.artefact import Claim, Result
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc.policy.machine import Machine, PolicyStep, Unseen
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque
from posgc.policy.packed import is_law, require_consistent
from posgc.policy.packing import consistent
from posgc.policy.stationary import Stationary

__all__ = ["require_sound", "sound_claim"]

Array = npt.NDArray[Any]
ESTIMATE = {"refits", "judged", "level", "middle", "lower", "upper"}
"""What `Claim.gap_estimate` names."""


def require_sound(result: object, n: int) -> Result:
    """The result of a game of n agents, its claim in Python's own numbers.  Raises ValueError saying what is wrong."""
    if not isinstance(result, Result):
        raise ValueError(f"`run` returned {_kind(result)}, not a Result")
    if not isinstance(result.claim, Claim):
        raise ValueError(f"its claim is {_kind(result.claim)}, not a Claim")
    _require_strategy(result.strategy)
    return replace(result, claim=sound_claim(result.claim, n))


def sound_claim(claim: Claim, n: int) -> Claim:
    """The claim in Python's own numbers.  Raises ValueError where a field is not what it should be, or not finite."""
    values = None if claim.values is None else tuple(_number(v, "values") for v in _listed(claim.values, "values"))
    if values is not None and len(values) != n:
        raise ValueError(f"its claim has {len(values)} values for {n} agents")
    residual = claim.residual
    if residual is not None:
        low, high = (_number(x, "residual") for x in _listed(residual, "residual", 2))
        residual = low, high
    if claim.against is not None and claim.against not in DEVIATIONS:
        raise ValueError(f"its claim is against {claim.against!r:.40}, and deviations are {', '.join(DEVIATIONS)}")
    bounds = {
        name: None if (x := getattr(claim, name)) is None else _number(x, name)
        for name in ("lower", "upper", "stage_gap", "gap_bound")
    }
    if claim.samples is not None and not isinstance(claim.samples, Integral):
        raise ValueError(f"its claim has samples {claim.samples!r:.40}, not a whole number")
    if claim.stopped is not None and not isinstance(claim.stopped, str):
        raise ValueError(f"its claim has stopped {claim.stopped!r:.40}, not a sentence")
    search = claim.search
    if search is not None:
        if not isinstance(search, dict) or not all(isinstance(count, Integral) for count in search.values()):
            raise ValueError(f"its claim has search {search!r:.40}, not counts by name")
        search = {str(name): int(count) for name, count in search.items()}
    estimate = claim.gap_estimate
    if estimate is not None:
        if not isinstance(estimate, dict) or set(estimate) != ESTIMATE:
            raise ValueError(f"its claim has gap_estimate {estimate!r:.40}, not {', '.join(sorted(ESTIMATE))} by name")
        estimate = {name: _number(x, "gap_estimate") for name, x in estimate.items()}
    points = (_listed(point, "curve", 2) for point in _listed(claim.curve, "curve"))
    return replace(
        claim,
        values=values,
        lower=bounds["lower"],
        upper=bounds["upper"],
        stage_gap=bounds["stage_gap"],
        gap_bound=bounds["gap_bound"],
        residual=residual,
        notes=_texts(claim.notes, "notes"),
        caveats=_texts(claim.caveats, "caveats"),
        search=search,
        gap_estimate=estimate,
        samples=None if claim.samples is None else int(claim.samples),
        curve=tuple((int(_number(at, "curve")), _number(value, "curve")) for at, value in points),
    )


def _kind(thing: object) -> str:
    return "None" if thing is None else f"an object of type {type(thing).__name__}"


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"its claim has {name} {value!r:.40}, not a finite number")
    return float(value)


def _listed(values: object, name: str, length: int | None = None) -> list[Any]:
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if not isinstance(values, list | tuple) or (length is not None and len(values) != length):
        raise ValueError(f"its claim has {name} {values!r:.40}, not a tuple" + (f" of {length}" if length else ""))
    return list(values)


def _texts(values: object, name: str) -> tuple[str, ...]:
    listed = _listed(values, name)
    if not all(isinstance(text, str) for text in listed):
        raise ValueError(f"its claim has {name} {values!r:.40}, not a tuple of sentences")
    return tuple(listed)


def _require_strategy(strategy: object) -> None:
    match strategy:
        case Machine():
            _require_machine(strategy, 0)
        case Stationary():
            step: PolicyStep = strategy.step
            once = Machine(strategy.root_z, strategy.root_to, (step,), strategy.unseen)
            _require_machine(once, len(step) if isinstance(step, PolicyStep) else 0)
        case Controllers():
            _require_unseen(strategy.unseen)
            for i, one in enumerate(_members(strategy.agents, Controller, "controllers"), start=1):
                _require_controller(one, i)
        case Mixture():
            parts = _members(strategy.parts, Machine | Stationary | Controllers, "parts")
            weight = _array(strategy.weight, "f", (1,), "the weights of its mixture")
            if weight.shape != (len(parts),) or not is_law(weight):
                raise ValueError("the weights of its mixture are not probabilities of its parts")
            for part in parts:
                _require_strategy(part)
        case Opaque():
            if not all(callable(getattr(strategy.player, name, None)) for name in ("laws", "arrays")):
                raise ValueError("its player has no `laws` or no `arrays` to ask")
        case _:
            raise ValueError(f"its strategy is {_kind(strategy)}, none of those that posgc.plugin has")


def _require_unseen(unseen: object) -> None:
    if unseen not in get_args(Unseen):
        raise ValueError(f"it plays {unseen!r:.40} on what it has not seen, not one of {', '.join(get_args(Unseen))}")


def _members(values: object, kind: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(values, tuple) or not values or not all(isinstance(value, kind) for value in values):
        raise ValueError(f"its {name} are not a tuple of them")
    return values


def _array(array: object, kinds: str, axes: tuple[int, ...], what: str) -> Array:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in kinds or array.ndim not in axes:
        raise ValueError(f"{what} should be an array of {'integers' if kinds == 'iu' else 'probabilities'}")
    return array


def _require_machine(machine: Machine, after: int) -> None:
    _require_unseen(machine.unseen)
    for name in ("root_z", "root_to"):
        _array(getattr(machine, name), "iu", (1,), name)
    known: set[int] = set()
    for h, step in enumerate(_members(machine.steps, PolicyStep, "steps"), start=1):
        if id(step) not in known:
            known.add(id(step))
            _require_step(step, h)
    require_consistent(machine, after)


def _require_step(step: PolicyStep, h: int) -> None:
    for name in ("indptr", "z", "edge_indptr", "edge_z", "edge_to"):
        _array(getattr(step, name), "iu", (1,), f"{name} of step {h}")
    weight = _array(step.weight, "f", (1,), f"weight of step {h}")
    if not isinstance(step.private, tuple) or not isinstance(step.tables, tuple):
        raise ValueError(f"private and tables of step {h} should be tuples")
    if len(step.private) != len(step.tables):
        raise ValueError(
            f"step {h} has private informations of {len(step.private)} agents, tables of {len(step.tables)}"
        )
    for codes, table in zip(step.private, step.tables, strict=True):
        _array(codes, "iu", (1,), f"private informations of step {h}")
        _require_table(table, (len(weight), len(codes)), h)


def _require_table(table: object, shape: tuple[int, ...], h: int) -> None:
    """Positions of that shape, or laws with one axis more."""
    laws = isinstance(table, np.ndarray) and table.ndim == len(shape) + 1
    found = _array(table, "f" if laws else "iu", (len(shape), len(shape) + 1), f"a table of step {h}")
    if found.shape[: len(shape)] != shape:
        raise ValueError(f"a table of step {h} has shape {found.shape}, not {shape} or one axis more")
    if laws and not is_law(found):
        raise ValueError(f"a table of step {h} has rows that are not probabilities")


def _require_controller(one: Controller, agent: int) -> None:
    for name in ("root_code", "root_to"):
        _array(getattr(one, name), "iu", (1,), f"{name} of agent {agent}")
    for h, step in enumerate(_members(one.steps, ControllerStep, "steps"), start=1):
        for name in ("edge_indptr", "edge_code", "edge_to"):
            _array(getattr(step, name), "iu", (1,), f"{name} of agent {agent} at step {h}")
        _require_table(step.table, np.shape(step.table)[:1], h)
    if not consistent(one):
        raise ValueError(f"the arrays of the controller of agent {agent} do not fit together")
