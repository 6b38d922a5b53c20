"""The standard sharing structures, each a table of lags (Liu and Zhang, ICML 2023, Section 3, Examples 1-5).

`full` is Example 3, `one_step` Example 1, `controlled_by` Example 2 (case A; with `own` case B),
`one_directional` Example 4, `uncontrolled` Example 5; `exchange` is `full` at every k-th step.  Lags are as in
`posgc.language.sharing.lag_table`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from posgc.language.diagnostics.example_agents import with_agents
from posgc.language.sharing.lag_table import NEVER, Channel, Exchange, Kind, LagTable
from posgc.language.signature import Signature, Variable

__all__ = ["STANDARD", "Lags", "Misuse", "Structure"]


class Misuse(Exception):
    """A structure with arguments that do not fit, or for a game that it does not fit."""

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


class Lags:
    """A table of lags in the making: at first every item is known to its owner alone."""

    def __init__(self, signature: Signature) -> None:
        n = len(signature.agents)
        self.signature = signature
        self.actions = [[1 if i == v.agent else NEVER for i in range(n)] for v in signature.actions]
        self.observations = [[0 if i == v.agent else NEVER for i in range(n)] for v in signature.observations]
        self.exchanges: dict[Exchange, None] = {}
        self.channels: dict[tuple[Kind, int, int], Channel] = {}  # by item and receiver

    def lower(self, row: list[int], agent: int, lag: int) -> None:
        """The agent has the item at the earliest of its lags."""
        row[agent] = min(row[agent], lag)

    def send(self, channel: Channel) -> bool:
        """The agent may have the item by this channel too; False where the link has a channel already."""
        (lag, chance), link = channel.law[0], (channel.kind, channel.variable, channel.agent)
        if chance == 1:  # nothing is drawn
            if lag < NEVER:
                self.hand_over(Exchange(*link, lag, 1, 1))
            return True
        return self.channels.setdefault(link, channel) is channel

    def hand_over(self, link: Exchange) -> None:
        """The agent has the item by this link too."""
        if (link.every, link.first) == (1, 1):
            table = self.actions if link.kind == "action" else self.observations
            self.lower(table[link.variable], link.agent, link.lag)
        else:
            self.exchanges[link] = None

    def share(self, observations: Callable[[int], int], actions: Callable[[int], int]) -> Lags:
        """Every agent gets an item after the lag that is a function of its owner."""
        for kind, lag in ((self.observations, observations), (self.actions, actions)):
            variables = self.signature.observations if kind is self.observations else self.signature.actions
            for row, variable in zip(kind, variables, strict=True):
                for agent in range(len(row)):
                    self.lower(row, agent, lag(variable.agent))
        return self

    def protocol(self, name: str, forget: int | None = None) -> LagTable:
        actions, observations = tuple(map(tuple, self.actions)), tuple(map(tuple, self.observations))
        links = tuple(self.exchanges), tuple(self.channels.values())
        return LagTable(name, actions, observations, forget, *links)


@dataclass(frozen=True)
class Structure:
    """A standard structure."""

    parameters: Mapping[str, int | None]  # in order, with default or None
    agents: frozenset[str]  # the parameters that stand for an agent
    make: Callable[[Signature, Sequence[int]], Lags]  # the lags for given arguments
    link: bool = False  # whether it is written with an arrow: `one_directional(ann -> bob)`
    reserved: bool = True  # whether no block of a file may have its name and another meaning


def _full(signature: Signature, _: Sequence[int]) -> Lags:
    return Lags(signature).share(lambda i: 0, lambda i: 1)


def _delayed(signature: Signature, arguments: Sequence[int]) -> Lags:
    d = _at_least(1, "d", arguments[0])
    return Lags(signature).share(lambda i: d, lambda i: d)


def _one_step(signature: Signature, _: Sequence[int]) -> Lags:
    return _delayed(signature, [1])


def _one_directional(signature: Signature, arguments: Sequence[int]) -> Lags:
    source, target = arguments
    if len(signature.agents) != 2 or source == target:
        raise Misuse(
            "E510",
            "`one_directional(a -> b)` is for a game of two agents, a and b",
            with_agents("for more agents write the rules out: `hear[ann] to bob after 0;`", signature.agents),
        )
    return Lags(signature).share(lambda i: 0 if i == source - 1 else 1, lambda i: 1)


def _controlled_by(signature: Signature, arguments: Sequence[int]) -> Lags:
    controller, delay, own = arguments
    d, o = _at_least(1, "d", delay), _at_least(0, "own", own)
    return Lags(signature).share(
        lambda i: o if i == controller - 1 else d, lambda i: 1 if i == controller - 1 else NEVER
    )


def _uncontrolled(signature: Signature, arguments: Sequence[int]) -> Lags:
    d = _at_least(0, "d", arguments[0])
    return Lags(signature).share(lambda i: d, lambda i: NEVER)


def _exchange(signature: Signature, arguments: Sequence[int]) -> Lags:
    every, lags = arguments[0], Lags(signature)
    if every < 1:
        raise Misuse("E513", f"nothing is exchanged every {every} steps", "write `exchange(2)`")
    tables: tuple[tuple[Kind, Sequence[Variable], int], ...] = (
        ("observation", signature.observations, 0),
        ("action", signature.actions, 1),
    )
    for kind, variables, lag in tables:
        for v, variable in enumerate(variables):
            for i in range(len(signature.agents)):
                if i != variable.agent:
                    lags.hand_over(Exchange(kind, v, i, lag, every, every))
    return lags


def _none(signature: Signature, _: Sequence[int]) -> Lags:
    return Lags(signature)


def _at_least(low: int, name: str, value: int) -> int:
    if value < low:
        raise Misuse("E504", f"the delay {name} is {value}, and must be at least {low}", "give a longer delay")
    return value


_NO_AGENTS: frozenset[str] = frozenset()

STANDARD: Mapping[str, Structure] = {
    "full": Structure({}, _NO_AGENTS, _full),
    "delayed": Structure({"d": None}, _NO_AGENTS, _delayed),
    "one_step": Structure({}, _NO_AGENTS, _one_step),
    "one_directional": Structure(
        {"source": None, "target": None}, frozenset({"source", "target"}), _one_directional, link=True
    ),
    "controlled_by": Structure({"controller": None, "d": None, "own": 0}, frozenset({"controller"}), _controlled_by),
    "uncontrolled": Structure({"d": None}, _NO_AGENTS, _uncontrolled),
    "exchange": Structure({"k": None}, _NO_AGENTS, _exchange, reserved=False),
    "none": Structure({}, _NO_AGENTS, _none),
}
