"""Which equilibrium of a stage: the objectives that `select` names.

With value_i = Q_i of the mixture at the node,

    welfare       max sum_i value_i
    egalitarian   max min_i value_i, then sum_i value_i among those (up to `FLOOR_SLACK`)
    max:I         max value_I, agents counted from 0
    entropy       max -sum_k w_k log w_k over mixtures w of deterministic joint prescriptions
                  (Ortiz, Schapire and Kakade 2007, "Maximum entropy correlated equilibria")
    any           no objective: whatever is fastest

The choice is made at every stage by itself, for the payoffs that the later choices leave: it is best at the
stage, never claimed best for the whole game.  Where agents share one payoff, the first three are the team
optimum, counted once; in a zero-sum stage every equilibrium has the same values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from posgc.equilibrium.stage import Floats, Ints

__all__ = ["FLOOR_SLACK", "Aim", "Scale", "Selection", "TooLarge", "parse_select"]

FLOOR_SLACK = 1e-9  # egalitarian, relative to the largest payoff unit: least value given up to find welfare


class TooLarge(ValueError):
    """What was asked needs more of a stage listed than is allowed; the message has the sizes."""


@dataclass(frozen=True)
class Selection:
    """Which equilibrium is wanted."""

    kind: Literal["welfare", "egalitarian", "max", "entropy", "any"]
    agent: int | None = None  # the index of the agent, for kind "max" only

    @property
    def linear(self) -> bool:
        """Whether linear programmes maximise it."""
        return self.kind in ("welfare", "egalitarian", "max")

    def counted(self, n_agents: int) -> Floats:
        """[n] 1 for the agents whose values a linear objective adds up (egalitarian: its second step)."""
        if self.kind == "max":
            return np.array([float(i == self.agent) for i in range(n_agents)])
        return np.full(n_agents, float(self.kind in ("welfare", "egalitarian")))

    def attained(self, value: Floats) -> Floats | None:
        """[N] the objective at `value[n, N]`, payoff units; None for "entropy" and "any"."""
        if not self.linear:
            return None
        if self.kind == "egalitarian":
            least: Floats = value.min(axis=0)
            return least
        total: Floats = self.counted(len(value)) @ value
        return total


def parse_select(text: str, n_agents: int) -> Selection:
    """Raises ValueError for an unknown selection and for an agent that is not there."""
    for kind in ("welfare", "egalitarian", "entropy", "any"):
        if text == kind:
            return Selection(kind)
    agent = re.fullmatch(r"max:(\d+)", text)
    if agent is None:
        raise ValueError(f"select is welfare, egalitarian, max:AGENT (an index), entropy or any, not {text!r}")
    if int(agent[1]) >= n_agents:
        raise ValueError(f"select {text}: agents are numbered 0 to {n_agents - 1}")
    return Selection("max", int(agent[1]))


@dataclass(frozen=True, eq=False)
class Scale:
    """How payoffs were scaled: value_i = unit_i Q_i + offset_i, with Q_i in 0..U."""

    unit: Floats  # [n, c], positive
    offset: Floats  # [n, c], in payoff units

    @property
    def share(self) -> Floats:
        """[n, c] unit_i in units of the node's largest."""
        share: Floats = self.unit / self.unit.max(axis=0)
        return share

    def linear(self, selection: Selection, scaled: Floats) -> Floats:
        """[c] payoff units, from a value of the selection in units of the node's largest."""
        offset = selection.counted(len(self.offset)) @ self.offset
        if selection.kind == "egalitarian":
            offset = self.offset.min(axis=0)
        whole: Floats = scaled * self.unit.max(axis=0) + offset
        return whole

    def part(self, nodes: Ints) -> Scale:
        """The same for some of the nodes."""
        return Scale(self.unit[:, nodes], self.offset[:, nodes])


@dataclass(frozen=True, eq=False)
class Aim:
    """A linear objective over mixtures, in units of the largest unit, for a batch of c nodes:

      max sum_i weight_i Q_i   [+ z if `least`]   s.t.   share_i Q_i + shift_i >= z or `floor`.

    Without `least` and `floor` there is no such constraint.
    """

    weight: Floats  # [n, c]
    share: Floats  # [n, c]
    shift: Floats  # [n, c]
    floor: Floats | None = None  # [c]
    least: bool = False  # whether the least value z is maximised

    @property
    def floored(self) -> bool:
        return self.least or self.floor is not None

    @property
    def wanted(self) -> bool:
        """Whether anything is to be maximised."""
        return self.least or bool(self.weight.any())

    @staticmethod
    def linear(selection: Selection, scale: Scale) -> Aim:
        """Welfare, one agent's value, nothing, or the second step of egalitarian without its floor."""
        share = scale.share
        return Aim(selection.counted(len(share))[:, None] * share, share, np.zeros_like(share))

    @staticmethod
    def least_value(scale: Scale, most: int) -> Aim:
        """The first step of egalitarian; no Q_i exceeds `most`.

        Offsets enter as differences, cut where the agent can no longer be the worst off.
        """
        shift = (scale.offset - scale.offset.min(axis=0)) / scale.unit.max(axis=0)
        return Aim(np.zeros_like(shift), scale.share, np.minimum(shift, float(most)), least=True)

    def after(self, selection: Selection, reached: Floats) -> Aim:
        """The second step of egalitarian, the least value being `reached` [c]."""
        weight = selection.counted(len(self.share))[:, None] * self.share
        return Aim(weight, self.share, self.shift, reached - FLOOR_SLACK)

    def part(self, nodes: Ints) -> Aim:
        """The same for some of the nodes."""
        floor = None if self.floor is None else self.floor[nodes]
        return Aim(self.weight[:, nodes], self.share[:, nodes], self.shift[:, nodes], floor, self.least)
