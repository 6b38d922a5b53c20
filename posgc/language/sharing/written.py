"""A table of lags written as the rules of a `share` block, which mean that table again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.signature import Signature, Variable
from posgc.language.text.dialect import is_name

__all__ = ["agent_text", "item_text", "lag_text", "rules_of", "share_block"]

_MEMBER = re.compile(r"([A-Za-z_]\w*)\[[0-9]+\]", re.ASCII)


def share_block(name: str, rules: Sequence[str]) -> str:
    """`share NAME { hear after 1; }`, on one line."""
    return f"share {name} {{ {' '.join(f'{rule};' for rule in rules)} }}" if rules else f"share {name} {{ }}"


def rules_of(signature: Signature, table: LagTable) -> tuple[str, ...]:
    """The rules, without semicolons, observations first: `hear after 1`, where agents differ `hear[ann] after 1`, where
    receivers differ `hear[ann] to bob after 1`.  What is never told needs no rule.

    Raises ValueError for a table with exchanges, channels or `forget`, which are more than lags.
    """
    if table.exchanges or table.channels or table.lowered or table.forget is not None:
        raise ValueError(f"protocol {table.name} is more than a table of lags")
    families: dict[str, list[tuple[Variable, tuple[int, ...]]]] = {}
    for variable, row in [
        *zip(signature.observations, table.observation_lags, strict=True),
        *zip(signature.actions, table.action_lags, strict=True),
    ]:
        families.setdefault(variable.family, []).append((variable, row))
    return tuple(rule for name, family in families.items() for rule in _of_family(signature, name, family))


def _of_family(signature: Signature, name: str, family: Sequence[tuple[Variable, tuple[int, ...]]]) -> Iterator[str]:
    """The rules of all variables of a family."""
    told = {lag for variable, row in family for lag in _others(variable, row)}
    if len(told) == 1:
        yield from _rule(name, told)
        return
    for variable, row in family:
        item = item_text(signature, variable)
        told = set(_others(variable, row))
        if len(told) == 1:
            yield from _rule(item, told)
            continue
        for agent, lag in enumerate(row):
            if agent != variable.agent:
                yield from _rule(f"{item} to {agent_text(signature, agent)}", {lag})


def _rule(what: str, told: set[int]) -> Iterator[str]:
    [lag] = told
    if lag < NEVER:
        yield f"{what} {lag_text(lag)}"


def _others(variable: Variable, row: tuple[int, ...]) -> list[int]:
    """The lags of all agents but the owner."""
    return [lag for agent, lag in enumerate(row) if agent != variable.agent]


def item_text(signature: Signature, variable: Variable) -> str:
    """An item with its owner: `hear[ann]`, or `hear[ann, 2]` where it has further indices."""
    owner, rest = agent_text(signature, variable.agent), variable.name.removeprefix(f"{variable.family}[")
    return f"{variable.family}[{owner}]" if rest == variable.name else f"{variable.family}[{owner}, {rest}"


def agent_text(signature: Signature, agent: int) -> str:
    """The name of an agent, counted from 0, or its number from 1 where the name is none of the language."""
    name = signature.agents[agent]
    member = _MEMBER.fullmatch(name)
    return name if is_name(member[1] if member else name) else str(agent + 1)


def lag_text(lag: int) -> str:
    """`after 2`, or `never`."""
    return "never" if lag >= NEVER else f"after {lag}"
