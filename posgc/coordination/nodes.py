"""What the search knows of components and of joint decision rules: brackets of their values."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from posgc.coordination.stage import Rules
from posgc.coordination.steps import Rule

__all__ = ["Choice", "Node"]


@dataclass(eq=False, slots=True)
class Choice:
    """A joint decision rule at a node, what it earns now, and the components that follow."""

    rule: Rule
    upper: float
    lower: float = -np.inf
    reward: float = 0.0
    children: list[tuple[float, Node]] | None = None  # None until the rule is expanded
    ahead: float = np.inf  # what the upper bounds of children make of it; `upper` may be closer

    def settle(self, discount: float) -> None:
        """Bounds from those of the children."""
        upper = lower = 0.0
        if not discount and all(child.best for _, child in self.children or ()):
            self.upper, self.lower = min(self.upper, self.reward), self.reward
            return
        for p, child in self.children or ():
            upper += p * child.upper
            lower += p * child.lower
        self.ahead = self.reward + discount * upper
        self.upper = min(self.upper, self.ahead)
        self.lower = max(self.lower, self.reward + discount * lower)


@dataclass(eq=False, slots=True)
class Node:
    """A component at a step, with the bracket of its value."""

    h: int
    number: int
    upper: float
    lower: float = -np.inf
    rules: Rules | None = None
    choices: list[tuple[float, int, Choice]] = field(default_factory=list)  # a heap by upper bounds, old ones included
    of_rule: dict[bytes, Choice] = field(default_factory=dict)
    best: Choice | None = None
    stale: int = 0  # rules whose bound fell since `rules` was made

    @property
    def top(self) -> float:
        """No rule that was met is worth more."""
        return -self.choices[0][0] if self.choices else -np.inf
