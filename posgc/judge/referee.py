"""A second opinion: another program's values and gains of a policy, on trees that posgc writes for it.

Nash and team policies are judged as behaviour strategies of the whole game tree: every value, and the largest
gain of one agent alone.  Policies that correlate are judged agent by agent in the one-player trees of
`posgc.judge.behaviour`: obedience there earns V_i, and a best response V_i^dev.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from posgc.information.extensive import Infosets, Node, efg_lines
from posgc.information.items import Information
from posgc.information.tree import game_tree, require_nodes
from posgc.judge.behaviour import Hears, Lookup, deviation_tree, obedience, strategies
from posgc.judge.controlled import controller_strategies
from posgc.judge.judgement import Judgement
from posgc.judge.kinds import machine_of, sole_part
from posgc.language.diagnostics import LimitError
from posgc.model.rewards import reward_spans
from posgc.policy.controllers import Controllers
from posgc.policy.strategy import Strategy

__all__ = ["Comparison", "Finding", "Judge", "Profile", "SecondOpinion", "compare"]

Profile = Sequence[Sequence[Sequence[float]]]
"""profile[player][infoset - 1] is the law over the actions of the player's information set of that number."""

TREE_LIMIT = 2_000_000
"""Nodes of a tree that is handed to a referee."""

AGREEMENT = 1e-6
"""Largest difference that counts as agreement, relative to max(1, the largest span of a sum of rewards)."""


@dataclass(frozen=True)
class SecondOpinion:
    """Every player's expected payoff, and the largest gain that a single player can get by a best response."""

    values: tuple[float, ...]
    regret: float


Judge = Callable[[str, Profile], SecondOpinion]
"""Called with an `.efg` text and a profile of it."""


@dataclass(frozen=True)
class Finding:
    """One number, as verified by posgc and as found by the referee; `agent` is "" for what is about all."""

    agent: str
    quantity: str
    ours: float
    theirs: float

    @property
    def difference(self) -> float:
        return abs(self.ours - self.theirs)


@dataclass(frozen=True)
class Comparison:
    """What a referee was asked and said; `nodes` counts the nodes of all trees it was handed."""

    referee: str
    findings: tuple[Finding, ...]
    tolerance: float
    nodes: int

    @property
    def disagreement(self) -> Finding | None:
        """The first number on which the two differ (NaN differs from everything), or None."""
        return next((f for f in self.findings if not f.difference <= self.tolerance), None)


def compare(information: Information, strategy: Strategy, checked: Judgement, name: str, judge: Judge) -> Comparison:
    """Ask the referee about what `verify` found.  Raises LimitError where a tree is too large, or where the strategy is
    of another kind.

    Without perfect recall (`forget`) best responses on a tree are not the deviations of `verify`: the caller asks
    only for games that have it.
    """
    spans = reward_spans(information.model)
    scale = max(1.0, float((spans.max(axis=0) * information.model.discount ** np.arange(spans.shape[1])).sum()))
    if checked.deviations.trigger is not None:
        raise LimitError(
            "a referee is asked about deviators that hear the same at every step, not about EFCE and EFCCE"
        )
    alone, court = sole_part(strategy), _Court(information, judge)
    machine = machine_of(strategy, information.model.horizon)
    if isinstance(alone, Controllers) and not checked.deviations.correlated:
        findings = court.product(checked, partial(controller_strategies, information, alone))
    elif machine is None or machine.unseen != "refuse":
        raise LimitError(
            "a referee is asked about machines that list all they play, and about controllers of a Nash or team policy"
        )
    else:
        lookup = Lookup(information, machine)
        correlates = checked.deviations.correlated
        if correlates and not information.model.always_legal:
            raise LimitError("a deviator's tree needs every action in every state, and here some exist in some only")
        findings = (
            court.correlated(checked, lookup) if correlates else court.product(checked, partial(strategies, lookup))
        )
    return Comparison(name, tuple(findings), AGREEMENT * scale + checked.error, court.nodes)


def _gains(checked: Judgement) -> tuple[float, ...]:
    # Bounds are those of a deviator that remembers all that it was told, as the trees' deviator does.
    if checked.gains is None:
        raise LimitError("a referee is asked about gains, and those of this policy are not known")
    return checked.gains


def _folded(law: Sequence[float], stands: Sequence[int]) -> list[float]:
    """The probabilities of the choices that exist, each with those of the choices in whose place it `stands`."""
    return [sum(p for p, k in zip(law, stands, strict=True) if k == own) for own in sorted(set(stands))]


class _Court:
    """The trees of one policy, written and judged."""

    def __init__(self, information: Information, judge: Judge) -> None:
        self.information, self.judge, self.nodes = information, judge, 0

    def product(self, checked: Judgement, played: Callable[[Infosets], Profile]) -> list[Finding]:
        """Values and largest gain on the whole tree, on which the policy is `played(infosets)`."""
        agents = self.information.model.signature.agents
        require_nodes(self.information, TREE_LIMIT, "the referee takes no more")
        infosets = Infosets(len(agents))
        text = self._text(agents, game_tree(self.information, infosets))
        profile = [
            [_folded(law, stands[number]) for number, law in enumerate(laws, start=1)]
            for laws, stands in zip(played(infosets), infosets.played, strict=True)
        ]
        said = self.judge(text, profile)
        values = zip(agents, checked.values, said.values, strict=True)
        findings = [Finding(agent, "value", ours, theirs) for agent, ours, theirs in values]
        return [*findings, Finding("", "gap", max(_gains(checked)), said.regret)]

    def correlated(self, checked: Judgement, lookup: Lookup) -> list[Finding]:
        """Value and gain of each agent in trees of its own."""
        findings = []
        for i, agent in enumerate(self.information.model.signature.agents):
            obedient = self._alone(lookup, i, "action" if checked.deviations.forgoes else checked.deviations.heard)
            value, gain = obedient.values[0], obedient.regret
            if checked.deviations.forgoes:
                coarse = self._alone(lookup, i, "nothing")
                gain = coarse.values[0] + coarse.regret - value
            findings.append(Finding(agent, "value", checked.values[i], value))
            findings.append(Finding(agent, "gain", _gains(checked)[i], gain))
        return findings

    def _alone(self, lookup: Lookup, agent: int, hears: Hears) -> SecondOpinion:
        infosets = Infosets(1)
        name = self.information.model.signature.agents[agent]
        text = self._text([name], deviation_tree(lookup, agent, hears, infosets))
        return self.judge(text, obedience(lookup, agent, infosets))

    def _text(self, players: Sequence[str], root: Node) -> str:
        """The `.efg` text.  Raises LimitError past `TREE_LIMIT` lines: a deviator's tree is not counted before."""
        lines: list[str] = []
        for line in efg_lines(self.information.model.name, players, root):
            lines.append(line)
            if len(lines) > TREE_LIMIT:
                raise LimitError(f"a tree for the referee has more than {TREE_LIMIT} nodes; take a shorter --horizon")
        self.nodes += len(lines) - 1
        return "".join(lines)
