"""Whether a policy belongs to a game: the same model, the same protocol, strategies and tables that fit it."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from posgc.information.items import Information, InformationStructure
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.numerals import plural
from posgc.policy.artefact import Policy
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque
from posgc.policy.packed import is_law
from posgc.policy.packing import consistent
from posgc.policy.stationary import Stationary
from posgc.policy.strategy import Strategy

__all__ = ["misfit", "require_compatible"]


def require_compatible(information: Information, policy: Policy) -> None:
    """Raises InputError (E610) naming what differs."""
    model, protocol, header = information.model, information.protocol, policy.header
    defects = [
        (
            header.agents != model.signature.agents,
            f"it is for agents {', '.join(map(str, header.agents))}",
            "verify it against its own game",
        ),
        (
            header.horizon != model.horizon,
            f"it has {plural(header.horizon, 'step')}, the game {model.horizon}",
            f"add --horizon {header.horizon}",
        ),
        (header.game != model.name, f"it was made for another game, {header.game}", "verify it against its own game"),
        (
            header.lags != protocol.content,
            f"it was made under protocol {header.protocol}, not {protocol.name}",
            f"add --share '{header.protocol}'",
        ),
        (
            header.digest != model.digest,
            f"it was made for another game ({header.game}) or other parameters",
            "give the same file, --set, --horizon and --discount as when it was made",
        ),
        (header.dropped != tuple(sorted(information.dropped)), "it remembers other own actions", ""),
    ]
    for wrong, message, cure in defects:
        if wrong:
            raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {message}", help=cure)])
    why = misfit(information, policy.strategy, model.horizon)
    if why is not None:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {why}")])


def misfit(structure: InformationStructure, strategy: Strategy, horizon: int) -> str | None:
    """Why the strategy is not one of so many steps of a game with this structure; None where it is.  Of an opaque one,
    only what it answers can tell."""
    if isinstance(strategy, Opaque):
        return None
    if isinstance(strategy, Mixture):
        weight = strategy.weight
        if not strategy.parts or weight.shape != (len(strategy.parts),) or not is_law(weight):
            return "the weights of its mixture are not probabilities of its parts"
        return next((why for part in strategy.parts if (why := misfit(structure, part, horizon)) is not None), None)
    n = structure.n_agents
    if isinstance(strategy, Stationary):
        strategy = strategy.machine(horizon)
    if isinstance(strategy, Machine):
        steps = [step.tables for step in strategy.steps]
        counts = {len(steps)}, {len(tables) for tables in steps}
    else:
        counts = {len(one.steps) for one in strategy.agents}, {len(strategy.agents)}
        if counts != ({horizon}, {n}):
            return _shape(counts, horizon, n)
        if not all(map(consistent, strategy.agents)):
            return "the arrays of its controllers do not fit together"
        steps = [tuple(one.steps[h].table for one in strategy.agents) for h in range(horizon)]
    if counts != ({horizon}, {n}):
        return _shape(counts, horizon, n)
    checked: dict[tuple[int, int], bool] = {}
    laws = 3 if isinstance(strategy, Machine) else 2  # axes of a table of laws
    for h, tables in enumerate(steps, start=1):
        for i, table in enumerate(tables):
            key = id(table), len(structure.choices(i, h))
            if key not in checked:
                checked[key] = _fits(table, key[1], laws)
            if not checked[key]:
                return f"step {h} prescribes actions that {structure.signature.agents[i]} does not have"
    return None


def _shape(counts: tuple[set[int], set[int]], horizon: int, n: int) -> str:
    steps, agents = (" or ".join(map(str, sorted(found))) or "0" for found in counts)
    return f"its strategy has {steps} steps and {agents} agents, the game {horizon} and {n}"


def _fits(table: npt.NDArray[Any], choices: int, laws: int) -> bool:
    """Whether the table is one of choices, as positions or as laws."""
    if table.ndim == laws:
        return bool(table.shape[-1] == choices)
    return not table.size or (int(table.min()) >= 0 and int(table.max()) < choices)
