"""How each kind of strategy is shown: as a tree of lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.items import Information, Item
from posgc.judge.asked_out import asked_out
from posgc.policy.controllers import Controllers
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture
from posgc.policy.stationary import Stationary
from posgc.policy.strategy import Strategy
from posgc.report.likely_play import CommonHistory, likely_histories
from posgc.report.own_play import OwnHistory, in_words, likeliest, own_histories
from posgc.report.parts import Branch

__all__ = ["grown"]

Ints = npt.NDArray[np.integer[Any]]


def grown(information: Information, strategy: Strategy, width: int, depth: int, limit: int) -> tuple[Branch, ...]:
    """What the strategy does: along the `width` likeliest continuations of common histories, or of each agent's own,
    for the first `depth` steps.

    Raises PolicyMismatch where the strategy lacks an instruction, LimitError where an opaque player has more than
    `limit` histories in these steps.
    """
    if isinstance(strategy, Mixture):
        return tuple(
            Branch(
                f"part {k}, drawn with probability {weight:z.4g}: {part.kind}",
                grown(information, part, width, depth, limit),
            )
            for k, (weight, part) in enumerate(zip(strategy.weight, strategy.parts, strict=True), start=1)
            if weight > 0
        )
    if isinstance(strategy, Machine):
        histories = likely_histories(information, strategy, width, depth)
        return tuple(_common(histories, 1.0 - sum(c.probability for c in histories)))
    if isinstance(strategy, Stationary):
        return tuple(_table(information, strategy))
    known = strategy if isinstance(strategy, Controllers) else asked_out(information, strategy, limit, depth)
    found = []
    for i, agent in enumerate(information.model.signature.agents):
        own = own_histories(information, known, i, width, depth)
        found.append(Branch(agent, tuple(_own(own, 1.0 - sum(c.probability for c in own)))))
    return tuple(found)


def _plays(choices: tuple[tuple[str, float], ...]) -> str:
    return " or ".join(c if p > 1 - 1e-9 else f"{c} ({p:z.4g})" for c, p in choices)


def _rest(rest: float) -> Iterator[Branch]:
    if rest > 1e-9:
        yield Branch(f"… other continuations, probability {rest:z.4g}")


def _common(histories: tuple[CommonHistory, ...], rest: float) -> Iterator[Branch]:
    for history in histories:
        under: list[Branch] = []
        for weight, rules in history.rules:
            told = tuple(
                Branch(f"{rule.agent}{f' when {rule.private}' if rule.private else ''}: {_plays(rule.choices)}")
                for rule in rules
            )
            shared = Branch(f"with probability {weight:z.4g} all follow:", told)
            under += told if len(history.rules) == 1 else [shared]
        head = f"step {history.h}, probability {history.probability:z.4g}: {history.news}"
        yield Branch(head, (*under, *_common(history.children, history.rest)))
    yield from _rest(rest)


def _own(histories: tuple[OwnHistory, ...], rest: float) -> Iterator[Branch]:
    for history in histories:
        head = f"step {history.h}, probability {history.probability:z.4g}: {history.news}"
        yield Branch(f"{head}: {_plays(history.choices)}", tuple(_own(history.children, history.rest)))
    yield from _rest(rest)


def _table(information: Information, strategy: Stationary) -> Iterator[Branch]:
    """Every node with what it prescribes and where it leads; codes in the words of the last step."""
    step, last, agents = strategy.step, information.horizon, information.model.signature.agents
    yield from _leads("starts in", information, 1, strategy.root_z, strategy.root_to)
    for node in range(len(step)):
        under: list[Branch] = []
        components = range(int(step.indptr[node]), int(step.indptr[node + 1]))
        for k in components:
            told = []
            for i, agent in enumerate(agents):
                labels = information.model.choice_labels(i, last)
                for at, code in enumerate(step.private[i].tolist()):
                    law = step.behaviour(i, np.array([k]), np.array([at]), len(labels))[0]
                    seen = _when(information, information.private_of(i, last), code)
                    told.append(Branch(f"{agent}{seen}: {_plays(likeliest(labels, law))}"))
            shared = Branch(f"with probability {step.weight[k]:z.4g} all follow:", tuple(told))
            under += told if len(components) == 1 else [shared]
        edges = slice(int(step.edge_indptr[node]), int(step.edge_indptr[node + 1]))
        under += _leads("goes to", information, last, step.z[step.edge_z[edges]], step.edge_to[edges])
        yield Branch(f"node {node}", tuple(under))


def _leads(verb: str, information: Information, h: int, codes: Ints, to: Ints) -> Iterator[Branch]:
    """Where the increments of step h lead: one line where that is always the same node."""
    if len(np.unique(to)) == 1:
        yield Branch(f"{verb} node {to[0]}" + (f" (at each of {len(to)} increments)" if len(to) > 1 else ""))
        return
    for code, node in zip(codes.tolist(), to.tolist(), strict=True):
        yield Branch(f"{verb} node {node}{_when(information, information.increment(h), code)}")


def _when(information: Information, items: tuple[Item, ...], code: int) -> str:
    """The code in words, or as it stands where these items have no such values."""
    codec = Codec.of(information, items)
    size = codec.strides[0] * codec.sizes[0] if items else 1
    if not 0 <= code < size:
        return f" when the code is {code}"
    return f" when {in_words(information, items, code)}" if items else ""
