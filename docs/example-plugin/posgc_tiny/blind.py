"""A planner that needs no assumption: the best sequence of joint actions for a team that listens to nothing."""

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import ClassVar

import numpy as np

from posgc.plugin import Claim, Controller, Controllers, ControllerStep, NoOptions, Result


@dataclass(frozen=True)
class Blind:
    name: ClassVar = "blind"
    summary: ClassVar = "the best plan of a team that listens to nothing, by trying all of them"
    concepts: ClassVar = frozenset({"team"})
    reads: ClassVar = "model"
    options: ClassVar = NoOptions

    def applies(self, facts):
        if facts.rewards != "common":
            return "it needs rewards that all agents share"
        plans = prod(len(facts.model.allowed(h)) for h in range(1, facts.structure.horizon + 1))
        return None if plans <= 10_000 else f"{plans:,} plans are too many to try"

    def emit(self, problem, options):
        return Trying(problem.information)


@dataclass(frozen=True)
class Trying:
    information: object

    def run(self, progress):
        model = self.information.model
        steps = range(1, model.horizon + 1)
        value, plan = max((self._worth(plan), plan) for plan in product(*(model.allowed(h).tolist() for h in steps)))
        sizes = model.signature.action_sizes
        own = np.array([np.unravel_index(action, sizes) for action in plan])  # [H, n]
        agents = tuple(self._controller(i, own[:, i]) for i in range(model.n_agents))
        claim = Claim(values=(value,) * model.n_agents, notes=("no plan that listens to nothing is better",))
        return Result(Controllers(agents), claim)

    def _worth(self, plan):
        """What a sequence of joint actions earns: the law of the state, a step at a time."""
        model, value = self.information.model, 0.0
        law = np.bincount(model.initial.state, model.initial.probability, model.n_states)
        for h, action in enumerate(plan, start=1):
            kernel = model.kernel(h)
            value += model.discount ** (h - 1) * float(kernel.reward[0, action] @ law)
            rows = action * model.n_states + np.arange(model.n_states)
            spans = zip(kernel.indptr[rows], kernel.indptr[rows + 1], law, strict=True)
            entries = [(slice(a, b), weight) for a, b, weight in spans]
            law = sum(np.bincount(kernel.state[e], w * kernel.probability[e], model.n_states) for e, w in entries)
        return value

    def _controller(self, agent, actions):
        """One node a step, to which all that the agent can hear leads."""
        steps = []
        for h, action in enumerate(actions, start=1):
            table = np.flatnonzero(self.information.choices(agent, h) == action)
            codes = self._codes(agent, h + 1) if h < len(actions) else np.zeros(0, dtype=np.int64)
            steps.append(ControllerStep(table, np.array([0, len(codes)]), codes, 0 * codes))
        first = self._codes(agent, 1)
        return Controller(first, 0 * first, tuple(steps))

    def _codes(self, agent, h):
        return np.arange(prod(self.information.size(item) for item in self.information.news(agent, h)))
