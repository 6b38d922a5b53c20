"""Who knows what when, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posgc.information.items import Information, Item
from posgc.language.numerals import plural
from posgc.language.sharing.lag_table import NEVER, Channel, Exchange, Kind, LagTable
from posgc.language.signature import Signature

__all__ = ["StepWords", "describe_item", "describe_lags", "describe_steps"]


@dataclass(frozen=True)
class StepWords:
    """One step, or a run of steps that look alike; items are named with their step.

    In a run the times are those of its first step; later steps shift them along.
    """

    first: int  # first step of the run
    last: int  # last step of the run
    common: tuple[str, ...]  # z_h: what has just become common
    private: tuple[tuple[str, ...], ...]  # p_{i,h} of each agent
    received: tuple[tuple[str, ...], ...]  # the part of p_{i,h} that is another agent's item


def describe_lags(information: Information) -> list[str]:
    """One sentence for each item: when it is known to whom."""
    signature, lines = information.model.signature, []
    for v in range(len(signature.actions)):
        lines.append(f"action {describe_item(signature, information.protocol, 'action', v)}")
    for v in range(len(signature.observations)):
        lines.append(f"observation {describe_item(signature, information.protocol, 'observation', v)}")
    if information.protocol.forget is not None:
        lines.append(f"private items older than {plural(information.protocol.forget, 'step')} are forgotten")
    for v, steps in _dropped(information).items():
        variable = signature.actions[v]
        lines.append(
            f"{signature.agents[variable.agent]} need not remember its own {variable.name} of {steps}: nothing but "
            "rewards depends on it and nobody else ever learns it (dropped: policies do not read it)"
        )
    return lines


def describe_item(signature: Signature, protocol: LagTable, kind: Kind, variable: int) -> str:
    """When the values of an action or observation variable are known to whom: `hear[ann]: known at once for bob`."""
    if kind == "action":
        item, lags = signature.actions[variable], protocol.action_lags[variable]
    else:
        item, lags = signature.observations[variable], protocol.observation_lags[variable]
    delays = [_delay(lag, kind, _other_ways(signature, protocol, kind, variable, i)) for i, lag in enumerate(lags)]
    return f"{item.name}[{signature.agents[item.agent]}]: {_who(signature.agents, item.agent, delays)}"


def _other_ways(signature: Signature, protocol: LagTable, kind: Kind, variable: int, agent: int) -> list[str]:
    """How else than by its lag an item may reach the agent."""
    link, least = (kind, variable, agent), int(kind == "action")
    met = [_met(x, least) for x in protocol.exchanges if (x.kind, x.variable, x.agent) == link]
    channels = (*protocol.channels, *protocol.lowered)
    return met + [_sent(signature, x) for x in channels if (x.kind, x.variable, x.agent) == link]


def _sent(signature: Signature, channel: Channel) -> str:
    """The law of a channel, and whether the owner of the item hears of arrivals."""
    variables = signature.actions if channel.kind == "action" else signature.observations
    owner, told = signature.agents[variables[channel.variable].agent], channel.acknowledged
    law = ", ".join(f"{p:.6g} {'never' if lag == NEVER else f'after {lag}'}" for lag, p in channel.law)
    when = f"after {plural(told, 'step')}" if told else "at once"
    knows = "is not told" if told is None else f"is told {when}"
    shared = "" if channel.chance is None else f"one draw a step for all that comes by {channel.chance}; "
    return f"by chance ({law}; {shared}{owner} {knows})"


def _who(agents: tuple[str, ...], owner: int, delays: Sequence[str]) -> str:
    others = [(agents[i], delay) for i, delay in enumerate(delays) if i != owner]
    if not others:
        return "known to its one agent"
    if len({delay for _, delay in others}) == 1:
        return f"{others[0][1]} for {'everyone else' if len(others) > 1 else others[0][0]}"
    return "; ".join(f"{delay} for {name}" for name, delay in others)


def _delay(lag: int, kind: str, others: Sequence[str]) -> str:
    if lag >= NEVER:
        return f"known {' or '.join(others)}" if others else "never known"
    when = "at once" if lag == int(kind == "action") else f"when {plural(lag, 'step')} old"
    return f"known {', or '.join([when, *(f'sooner {x}' for x in others)])}"


def _met(exchange: Exchange, least: int) -> str:
    steps = ", ".join(str(exchange.first + k * exchange.every) for k in range(3))
    old = f", once {plural(exchange.lag, 'step')} old" if exchange.lag > least else ""
    return f"at the next of steps {steps}, …{old}"


def _dropped(information: Information) -> dict[int, str]:
    steps: dict[int, list[int]] = {}
    for v, h in sorted(information.dropped):
        steps.setdefault(v, []).append(h)
    return {
        v: f"step {hs[0]}"
        if len(hs) == 1
        else f"steps {hs[0]} to {hs[-1]}"
        if hs[-1] - hs[0] + 1 == len(hs)
        else f"steps {', '.join(map(str, hs))}"
        for v, hs in steps.items()
    }


def describe_steps(information: Information, most: int = 12) -> list[StepWords]:
    """The steps 1..H, runs of steps that look alike joined, at most the first `most` runs."""
    runs: list[tuple[int, int, object]] = []
    for h in range(1, information.model.horizon + 1):
        look = _look(information, h)
        if runs and runs[-1][2] == look:
            runs[-1] = (runs[-1][0], h, look)
        elif len(runs) == most:
            break
        else:
            runs.append((h, h, look))
    return [_words(information, first, last) for first, last, _ in runs]


def _look(information: Information, h: int) -> object:
    def relative(items: tuple[Item, ...]) -> tuple[tuple[int, str, int], ...]:
        return tuple((item.time - h, item.kind, item.variable) for item in items)

    own = tuple(relative(information.private_of(i, h)) for i in range(information.n_agents))
    return relative(information.increment(h)), own


def _words(information: Information, first: int, last: int) -> StepWords:
    private = [information.private_of(i, first) for i in range(information.n_agents)]
    return StepWords(
        first,
        last,
        tuple(map(information.label, information.increment(first))),
        tuple(tuple(map(information.label, own)) for own in private),
        tuple(
            tuple(information.label(item) for item in own if information.variable(item).agent != i)
            for i, own in enumerate(private)
        ),
    )
