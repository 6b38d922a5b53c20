"""Who learns what when, item by item: what a picture of an information structure shows."""

from __future__ import annotations

from dataclasses import dataclass

from posgc.information.items import Information, Item

__all__ = ["Arrival", "Flow", "Made", "flow"]

FEWEST, MOST = 4, 8
"""Steps of a picture, where the game has as many: enough to see every delay, as far as there is room."""


@dataclass(frozen=True)
class Arrival:
    """An agent other than the owner learns an item at a step, or may learn it then where `certain` is False."""

    agent: int
    step: int
    certain: bool = True


@dataclass(frozen=True)
class Made:
    """An item, who makes it, who learns it when (by ascending step, up to the last step of the game), and the step from
    which it is common (None: it never is)."""

    item: Item
    name: str  # of its variable
    owner: int
    arrivals: tuple[Arrival, ...]
    common: int | None


@dataclass(frozen=True)
class Flow:
    """All items of the first `steps` of `horizon` steps, in order of (step, kind, variable), observations first."""

    agents: tuple[str, ...]
    steps: int
    horizon: int
    made: tuple[Made, ...]

    def common_at(self, h: int) -> frozenset[Item]:
        """The items that are common at step h."""
        return frozenset(m.item for m in self.made if m.common is not None and m.common <= h)

    def first(self) -> list[Made]:
        """The first item of each variable, by owner and then as `made`."""
        found: dict[tuple[str, int], Made] = {}
        for made in self.made:
            found.setdefault((made.item.kind, made.item.variable), made)
        return sorted(found.values(), key=lambda m: (m.owner, m.item.kind != "observation", m.item.variable))


def flow(information: Information) -> Flow:
    """The items of the first steps, and where they go."""
    horizon = information.horizon
    steps = min(horizon, MOST, max(FEWEST, information.memory + 2))
    signature, made = information.signature, []
    for h in range(1, steps + 1):
        items = [Item(h, "observation", v) for v in range(len(signature.observations))]
        items += [Item(h, "action", v) for v in range(len(signature.actions))]
        made += [_made(information, item) for item in items if information.exists(item)]
    return Flow(signature.agents, steps, horizon, tuple(made))


def _made(information: Information, item: Item) -> Made:
    variable, horizon = information.variable(item), information.horizon
    ages = ((i, information.first_age(i, item)) for i in range(information.n_agents) if i != variable.agent)
    sure = [Arrival(i, item.time + age) for i, age in ages if item.time + age <= horizon]
    by_chance = [
        Arrival(channel.agent, item.time + lag, certain=False)
        for channel in information.protocol.lowered
        if (channel.kind, channel.variable) == (item.kind, item.variable)
        for lag, _ in channel.law
        if lag < information.first_age(channel.agent, item) and item.time + lag <= horizon
    ]
    common = item.time + max(information.lags(item))
    arrivals = sorted((*sure, *by_chance), key=lambda arrival: (arrival.step, arrival.agent))
    return Made(item, variable.name, variable.agent, tuple(arrivals), common if common <= horizon else None)
