"""A learner: it plays at random, and keeps for each private information the action that was followed by most reward."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from posgc.play.players import Memory
from posgc.plugin import Claim, Machine, NoOptions, PolicyStep, Result


@dataclass(frozen=True)
class Counts:
    name: ClassVar = "counts"
    summary: ClassVar = "learns from random play which action of each private information pays"
    concepts: ClassVar = frozenset({"team"})
    reads: ClassVar = "samples"
    options: ClassVar = NoOptions

    def applies(self, facts):
        return None if facts.rewards == "common" else "it needs rewards that all agents share"

    def emit(self, problem, options):
        return Counting(problem)


@dataclass(frozen=True)
class Counting:
    problem: object

    def run(self, progress):
        problem, structure = self.problem, self.problem.structure
        memory, rng = Memory(structure), np.random.default_rng(problem.seed)
        agents, steps, seen, rewards = range(structure.n_agents), range(structure.horizon), [], []
        step = problem.environment.reset(problem.budget.samples // structure.horizon)
        for h in steps:
            increment, private = memory.observe(step)  # what became common, and what each agent knows besides
            choices = [structure.choices(i, h + 1) for i in agents]
            played = [rng.integers(len(own), size=len(increment)) for own in choices]
            seen.append((increment, private, played, choices))
            step = problem.environment.step(np.stack([own[at] for own, at in zip(choices, played, strict=True)]))
            rewards.append(step.reward[0])
            progress("play", h + 1, structure.horizon)
        returns, to_come = [], 0.0
        for reward in reversed(rewards):
            to_come = reward + problem.environment.discount * to_come
            returns.insert(0, to_come)
        root = np.unique(seen[0][0])
        machine = Machine(root, 0 * root, tuple(self._step(seen, returns, h) for h in steps), unseen="uniform")
        return Result(machine, Claim(notes=(f"{len(returns[0])} episodes of random play",)))

    def _step(self, seen, returns, h):
        _, private, played, choices = seen[h]
        codes, tables = [], []
        for i, own in enumerate(choices):
            known, at = np.unique(private[i], return_inverse=True)
            cell, shape = at * len(own) + played[i], (len(known), len(own))
            total = np.bincount(cell, returns[h], len(known) * len(own)).reshape(shape)
            count = np.bincount(cell, minlength=len(known) * len(own)).reshape(shape)
            codes.append(known)
            tables.append((total / np.maximum(count, 1)).argmax(axis=1)[None])
        z = np.unique(seen[h + 1][0]) if h + 1 < len(seen) else np.zeros(0, dtype=np.int64)
        edges = np.array([0, len(z)]), np.arange(len(z)), 0 * z  # one node a step: what is common is not remembered
        return PolicyStep(tuple(codes), np.array([0, 1]), np.ones(1), tuple(tables), z, *edges)
