"""Players of every kind of strategy; `player_of` makes the one that fits.

Each draws as `posgc.play.players` says: an agent's own coin of a step from its own stream, and the part of a mixture,
once an episode, from the shared seed of step 0, which nothing else uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from posgc.information.codes import news_from
from posgc.information.items import InformationStructure
from posgc.play.chance import Chance, Rows
from posgc.play.players import OWN_COINS, SHARED_SEED, Player, PolicyPlayer, drawn
from posgc.play.simulator import Step
from posgc.policy.answers import answered
from posgc.policy.controllers import Controllers
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque
from posgc.policy.stationary import Stationary
from posgc.policy.strategy import Strategy

__all__ = ["ControllersPlayer", "MixturePlayer", "News", "OpaquePlayer", "player_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def player_of(information: InformationStructure, strategy: Strategy) -> Player:
    """Whoever executes the strategy, which must fit the game (`posgc.policy.compatibility.require_compatible`)."""
    if isinstance(strategy, Stationary):
        strategy = strategy.machine(information.horizon)
    if isinstance(strategy, Machine):
        return PolicyPlayer(information, strategy)
    if isinstance(strategy, Controllers):
        return ControllersPlayer(information, strategy)
    if isinstance(strategy, Mixture):
        return MixturePlayer(information, strategy)
    return OpaquePlayer(information, strategy)


class News:
    """What the agents of a batch of episodes learn at each step, as codes (`InformationStructure.news`); no more than
    the last steps are kept, so that codes stay small however long the game is."""

    def __init__(self, structure: InformationStructure) -> None:
        self.structure = structure
        self._actions: dict[int, Ints] = {}
        self._observations: dict[int, Ints] = {}

    def observe(self, step: Step) -> Ints:
        """Codes [n, B], at each step in turn from h = 1.  Raises LimitError where they cannot be numbered."""
        structure, h = self.structure, step.h
        if step.action is None:
            self._actions, self._observations = {}, {}
        else:
            self._actions[h - 1] = step.action
        self._observations[h] = step.observation
        for made in (self._actions, self._observations):
            made.pop(h - structure.memory - 1, None)
        agents = range(structure.n_agents)
        return np.stack([news_from(structure, structure.news(i, h), self._actions, self._observations) for i in agents])


class ControllersPlayer:
    """Every agent executes its own controller."""

    def __init__(self, information: InformationStructure, controllers: Controllers) -> None:
        self._information, self._controllers = information, controllers
        self._news = News(information)
        self._nodes: list[Ints] = []

    def act(self, step: Step, chance: Chance) -> Ints:
        """Raises PolicyMismatch where a controller has no node for what has happened."""
        news, controllers = self._news.observe(step), self._controllers
        if step.h == 1:
            self._nodes = [controllers.first(i, codes) for i, codes in enumerate(news)]
        else:
            self._nodes = [
                controllers.follow(i, step.h - 1, node, codes)
                for i, (node, codes) in enumerate(zip(self._nodes, news, strict=True))
            ]
        return np.stack([self._own(i, node, step.h, chance) for i, node in enumerate(self._nodes)])

    def inner(self) -> dict[str, Ints]:
        """Every agent's node; as many as there are nodes stands for uniform play."""
        agents = self._information.signature.agents
        return {f"node[{agent}]": node for agent, node in zip(agents, self._nodes, strict=True)}

    def _own(self, agent: int, node: Ints, h: int, chance: Chance) -> Ints:
        choices = self._information.choices(agent, h)
        step = self._controllers.agents[agent].steps[h - 1]
        if step.table.ndim == 1 and int(node.max()) < len(step):
            own: Ints = choices[step.table[node]]
            return own
        laws = self._controllers.laws(agent, h, np.arange(len(step) + 1), len(choices))
        return choices[drawn(laws, node, chance.uniforms(OWN_COINS + agent, h))]


class OpaquePlayer:
    """Asks the player about every own history."""

    def __init__(self, information: InformationStructure, strategy: Opaque) -> None:
        self._information, self._strategy = information, strategy
        self._news = News(information)
        self._histories = np.zeros((information.n_agents, 0, 0), dtype=np.int64)

    def act(self, step: Step, chance: Chance) -> Ints:
        """Raises PolicyMismatch where an answer is no law."""
        news = self._news.observe(step)[:, :, None]
        self._histories = news if step.h == 1 else np.concatenate([self._histories, news], axis=2)
        return np.stack([self._own(i, step.h, chance) for i in range(len(news))])

    def inner(self) -> dict[str, Ints]:
        """Nothing: what it thinks is not asked."""
        return {}

    def _own(self, agent: int, h: int, chance: Chance) -> Ints:
        choices = self._information.choices(agent, h)
        laws = answered(self._strategy, self._information, agent, h, self._histories[agent])
        return choices[drawn(laws, np.arange(len(laws)), chance.uniforms(OWN_COINS + agent, h))]


class MixturePlayer:
    """Draws a part for each episode and lets it play to the end."""

    def __init__(self, information: InformationStructure, mixture: Mixture) -> None:
        weight = mixture.weight / mixture.weight.sum()
        self._law = Rows.of(np.array([0, len(weight)]), weight)
        self._players = [player_of(information, part) for part in mixture.parts]
        self._n = information.n_agents
        self._part = np.zeros(0, dtype=np.int64)

    def act(self, step: Step, chance: Chance) -> Ints:
        """Raises PolicyMismatch where the part that was drawn has no instruction for what has happened."""
        if step.h == 1:
            rows = np.zeros(chance.size, dtype=np.int64)
            self._part = self._law.draw(rows, chance.uniforms(SHARED_SEED, 0))
        played, known = np.zeros((self._n, chance.size), dtype=np.int64), dict[tuple[int, ...], Floats]()
        for k in np.unique(self._part).tolist():
            (rows,) = np.nonzero(self._part == k)
            some = replace(
                step,
                observation=step.observation[rows],
                action=None if step.action is None else step.action[rows],
                reward=step.reward[:, rows],
            )
            played[:, rows] = self._players[k].act(
                some, _SomeChance(chance.seed, chance.first, len(rows), chance, rows, known)
            )
        return played

    def inner(self) -> dict[str, Ints]:
        """The part that was drawn."""
        return {"part": self._part}


@dataclass(frozen=True)
class _SomeChance(Chance):
    """The random numbers of some episodes of a batch, which are theirs whoever else is played."""

    whole: Chance
    rows: Ints
    known: dict[tuple[int, ...], Floats] = field(default_factory=dict)

    def uniforms(self, *purpose: int) -> Floats:
        """As `Chance.uniforms`, [len(rows)]."""
        if purpose not in self.known:
            self.known[purpose] = self.whole.uniforms(*purpose)
        return self.known[purpose][self.rows]
