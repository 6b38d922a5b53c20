"""Deviators of the extensive-form equilibria, played out along every history, from the definitions.

A deviator obeys until it leaves, at an information set and the action recommended there (EFCE), or at an information
set before it hears the action (EFCCE); then it plays as it likes and hears nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from support.play import Play
from support.tree import Digits, History

__all__ = ["best_leaving"]

Entries = list[tuple[float, History, Any]]
"""What can be the case where the deviator's past is one and the same: weight, history, memory of the strategy."""
Branch = list[tuple[float, History, Any, tuple[Digits, ...]]]
"""The same with the recommended joint action."""


def best_leaving(play: Play, agent: int, trigger: str, begin: Entries) -> float:
    """What the best deviator earns; `begin`: where the strategy may start."""
    tree = play.tree

    def known(entries: Entries) -> list[Entries]:
        return play._apart(agent, entries)

    def on(branch: Branch, act: Callable[[tuple[Digits, ...]], Digits], ahead: Callable[[Entries], float]) -> float:
        """The branch played on, the deviator's action being `act` of what is recommended."""
        total, after = 0.0, defaultdict[Digits, Entries](list)
        for w, history, node, own in branch:
            mine = act(own)
            action = sum((*own[:agent], mine, *own[agent + 1 :]), ())
            total += w * tree.reward(agent, history, action)
            if history.h < tree.horizon:
                for q, nxt in tree.after(history, action):
                    after[mine].append((w * q, nxt, play.follow(node, history, nxt)))
        later = sum(ahead(group) for entries in after.values() for group in known(entries))
        return total + tree.model.discount * later

    def drawn(entries: Entries) -> Branch:
        return [(w * p, history, node, own) for w, history, node in entries for p, own in play.law(history, node)]

    def left(entries: Entries) -> float:
        return best_action(drawn(entries))

    def best_action(branch: Branch) -> float:
        actions = tree.own_actions(agent, branch[0][1].h)
        return max(on(branch, lambda own, mine=mine: mine, left) for mine in actions)  # type: ignore[misc]

    def obeying(entries: Entries) -> float:
        branch = drawn(entries)
        if trigger == "information set":
            return max(best_action(branch), on(branch, lambda own: own[agent], obeying))
        told = defaultdict[Digits, Branch](list)
        for entry in branch:
            told[entry[3][agent]].append(entry)
        return sum(max(best_action(some), on(some, lambda own: own[agent], obeying)) for some in told.values())

    return sum(obeying(group) for group in known(begin))
