"""How each kind of strategy is shown: trees of text, for `posgc show`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from rich.markup import escape
from rich.tree import Tree

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

__all__ = ["grow"]

Ints = npt.NDArray[np.integer[Any]]


def grow(tree: Tree, information: Information, strategy: Strategy, width: int, depth: int, limit: int) -> None:
    """Add what the strategy does to the tree: along the `width` likeliest continuations of common histories, or of each
    agent's own, for the first `depth` steps.

    Raises PolicyMismatch where the strategy lacks an instruction, LimitError where an opaque player has more than
    `limit` histories in these steps.
    """
    if isinstance(strategy, Mixture):
        for k, (weight, part) in enumerate(zip(strategy.weight, strategy.parts, strict=True), start=1):
            if weight > 0:
                branch = tree.add(f"part {k}, drawn with probability {weight:z.4g}: {part.kind}")
                grow(branch, information, part, width, depth, limit)
    elif isinstance(strategy, Machine):
        histories = likely_histories(information, strategy, width, depth)
        _common(tree, histories, 1.0 - sum(c.probability for c in histories))
    elif isinstance(strategy, Stationary):
        _table(tree, information, strategy)
    else:
        known = strategy
        if not isinstance(known, Controllers):
            known = asked_out(information, known, limit, depth)
        for i, agent in enumerate(information.model.signature.agents):
            own = own_histories(information, known, i, width, depth)
            _own(tree.add(escape(agent)), own, 1.0 - sum(c.probability for c in own))


def _plays(choices: tuple[tuple[str, float], ...]) -> str:
    return " or ".join(c if p > 1 - 1e-9 else f"{c} ({p:z.4g})" for c, p in choices)


def _rest(tree: Tree, rest: float) -> None:
    if rest > 1e-9:
        tree.add(f"… other continuations, probability {rest:z.4g}")


def _common(tree: Tree, histories: tuple[CommonHistory, ...], rest: float) -> None:
    for history in histories:
        branch = tree.add(escape(f"step {history.h}, probability {history.probability:z.4g}: {history.news}"))
        for weight, rules in history.rules:
            under = branch if len(history.rules) == 1 else branch.add(f"with probability {weight:z.4g} all follow:")
            for rule in rules:
                seen = f" when {rule.private}" if rule.private else ""
                under.add(escape(f"{rule.agent}{seen}: {_plays(rule.choices)}"))
        _common(branch, history.children, history.rest)
    _rest(tree, rest)


def _own(tree: Tree, histories: tuple[OwnHistory, ...], rest: float) -> None:
    for history in histories:
        head = f"step {history.h}, probability {history.probability:z.4g}: {history.news}"
        _own(tree.add(escape(f"{head}: {_plays(history.choices)}")), history.children, history.rest)
    _rest(tree, rest)


def _table(tree: Tree, information: Information, strategy: Stationary) -> None:
    """Every node with what it prescribes and where it leads; codes in the words of the last step."""
    step, last, agents = strategy.step, information.horizon, information.model.signature.agents
    _leads(tree, "starts in", information, 1, strategy.root_z, strategy.root_to)
    for node in range(len(step)):
        branch = tree.add(f"node {node}")
        components = range(int(step.indptr[node]), int(step.indptr[node + 1]))
        for k in components:
            shared = f"with probability {step.weight[k]:z.4g} all follow:"
            under = branch if len(components) == 1 else branch.add(shared)
            for i, agent in enumerate(agents):
                labels = information.model.choice_labels(i, last)
                for at, code in enumerate(step.private[i].tolist()):
                    law = step.behaviour(i, np.array([k]), np.array([at]), len(labels))[0]
                    seen = _when(information, information.private_of(i, last), code)
                    under.add(escape(f"{agent}{seen}: {_plays(likeliest(labels, law))}"))
        edges = slice(int(step.edge_indptr[node]), int(step.edge_indptr[node + 1]))
        _leads(branch, "goes to", information, last, step.z[step.edge_z[edges]], step.edge_to[edges])


def _leads(tree: Tree, verb: str, information: Information, h: int, codes: Ints, to: Ints) -> None:
    """Where the increments of step h lead: one line where that is always the same node."""
    if len(np.unique(to)) == 1:
        tree.add(f"{verb} node {to[0]}" + (f" (at each of {len(to)} increments)" if len(to) > 1 else ""))
        return
    for code, node in zip(codes.tolist(), to.tolist(), strict=True):
        tree.add(escape(f"{verb} node {node}{_when(information, information.increment(h), code)}"))


def _when(information: Information, items: tuple[Item, ...], code: int) -> str:
    """The code in words, or as it stands where these items have no such values."""
    codec = Codec.of(information, items)
    size = codec.strides[0] * codec.sizes[0] if items else 1
    if not 0 <= code < size:
        return f" when the code is {code}"
    return f" when {in_words(information, items, code)}" if items else ""
