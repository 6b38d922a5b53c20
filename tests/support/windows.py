"""Windows of common information the slow way: listed one by one, filtered path by path from the prior of their start.

The rule is that of Liu & Zhang (2023), Appendix E.4: with tau = h - D - L the window holds the actions of steps
>= tau and the observations of steps > tau that are common at h, and its belief filters a prior over the (s, p) that
can occur at tau through exactly these items, everybody playing uniformly; while tau <= 1 it is all of c_h.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from support.tree import Belief, Known, Tree

__all__ = ["Path", "prior_law", "seen", "start", "window_beliefs"]

Path = tuple[Known, int]
"""The items met since (and held at) the window's start, with their values; the state."""


def start(h: int, length: int, delay: int) -> int:
    """tau."""
    return max(1, h - delay - length)


def seen(known: Known, h: int, length: int, delay: int) -> Known:
    """What the window of step h holds of the common items."""
    tau = h - delay - length
    return (
        known
        if tau <= 1
        else tuple((item, value) for item, value in known if item[0] >= tau + (item[1] == "observation"))
    )


def prior_law(tree: Tree, tau: int, prior: Literal["uniform", "reachable"]) -> dict[Path, float]:
    """nu_tau over (u, s): uniform on the states that can occur and on what can be held with each, or the law of
    uniform play."""
    law: dict[Path, float] = defaultdict(float)
    for w, history in tree.histories()[tau - 1]:
        law[tree.union(tree.knowledge(history)[1]), history.state] += w
    if prior == "reachable":
        return law
    states = {s for _, s in law}
    held = {s: sum(other == s for _, other in law) for s in states}
    return {(u, s): 1 / (len(states) * held[s]) for u, s in law}


def window_beliefs(
    tree: Tree, h: int, length: int, delay: int, prior: Literal["uniform", "reachable"]
) -> dict[Known, Belief]:
    """P^M(p, s | c^_h) of every window of step h, keyed by its items."""
    tau = start(h, length, delay)
    if tau == 1:
        return {common: belief for common, (_, belief) in tree.beliefs(tree.histories()[h - 1]).items()}
    paths: dict[Path, float] = prior_law(tree, tau, prior)
    for t in range(tau, h):
        ahead: dict[Path, float] = defaultdict(float)
        actions = tree.joint_actions(t)
        for (known, s), w in paths.items():
            for action in actions:
                done = (*known, *tree.made("action", t, action))
                for q, o, s_next in tree.outcomes(t, s, action):
                    ahead[(*done, *tree.made("observation", t + 1, o)), s_next] += w * q / len(actions)
        paths = ahead
    joint: dict[Known, Belief] = defaultdict(lambda: defaultdict(float))
    for (known, s), w in paths.items():
        common, private = tree.sort(sorted(known), h)
        joint[seen(common, h, length, delay)][private, s] += w
    return {window: {cell: w / sum(belief.values()) for cell, w in belief.items()} for window, belief in joint.items()}
