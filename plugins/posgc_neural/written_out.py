"""A memory network written out as controllers: a node for every state that an agent can be in while it plays what it
finds best, whatever the others do.

An agent's own actions are determined by its node, so a step multiplies nodes by the agent's own observations at most;
states that are equal, as of windows, are one node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from posgc.information.codes import Codec
from posgc.information.items import Structure
from posgc.plugin import LimitError
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc_neural.local import Values
from posgc_neural.networks import ROWS, Memory, Windowed, require_numbers

__all__ = ["written_out"]

Tensor = Any
Ints = npt.NDArray[np.int64]
EDGES = 5_000_000
"""Edges of one agent's step at most (80 MB)."""


def written_out(values: Values, parameters: list[Tensor]) -> list[Controllers]:
    """What each of the K stacked networks plays.  Raises LimitError where a step has too many edges."""
    copies = parameters[0].shape[0]
    agents = range(values.tokens.structure.n_agents)
    stacks = ([p[k : k + 1] for p in parameters] for k in range(copies))
    with torch.no_grad():
        return [Controllers(tuple(_controller(values, one, i) for i in agents), "uniform") for one in stacks]


@dataclass(frozen=True)
class _Learnt:
    """What an agent can learn at step h: C combinations of its own observation and of what comes from others."""

    code: Ints  # [C], codes of the news with its own action at its first value, ascending
    seen: Ints  # [C], its own observation
    sizes: tuple[int, ...]  # of its own action variables of the step before
    strides: tuple[int, ...]  # what each of them weighs in the code; 0 where it is no item of the news

    @staticmethod
    def of(structure: Structure, memory: Memory, agent: int, h: int) -> _Learnt:
        codec = Codec.of(structure, structure.news(agent, h))
        signature, code = structure.signature, np.zeros(1, np.int64)
        mine = {v: k for k, v in enumerate(v for v, x in enumerate(signature.actions) if x.agent == agent)}
        strides = [0] * len(mine)
        seen, weights, weight = np.zeros(1, np.int64), dict[int, int](), 1
        for v in reversed([v for v, x in enumerate(signature.observations) if x.agent == agent]):
            weights[v], weight = weight, weight * len(signature.observations[v].values)
        for item, size, stride in zip(codec.items, codec.sizes, codec.strides, strict=True):
            if item.kind == "action" and item.time == h - 1 and item.variable in mine:
                strides[mine[item.variable]] = stride
                continue
            if len(code) * size > EDGES:
                raise _too_many(h, memory)
            own = weights.get(item.variable, 0) if item.kind == "observation" and item.time == h else 0
            code = (code[:, None] + stride * np.arange(size)).ravel()
            seen = (seen[:, None] + own * np.arange(size)).ravel()
        sizes = tuple(len(signature.actions[v].values) for v in mine)
        return _Learnt(code, seen, sizes, tuple(strides))

    def own(self, action: Ints) -> Ints:
        """What own actions weigh in the code."""
        digits = np.unravel_index(action, self.sizes) if self.sizes else ()
        return sum((d * s for d, s in zip(digits, self.strides, strict=True)), np.zeros(len(action), np.int64))


def _controller(values: Values, parameters: list[Tensor], agent: int) -> Controller:
    structure, steps = values.tokens.structure, list[ControllerStep]()
    before = values.memory.start(1, 1, values.tokens.size)
    action: Ints | None = None
    root, edges = (np.zeros(0, np.int64),) * 2, (np.zeros(0, np.int64),) * 3
    for h in range(1, structure.horizon + 1):
        learnt = _Learnt.of(structure, values.memory, agent, h)
        nodes = before.shape[1]
        if nodes * len(learnt.code) > EDGES:
            raise _too_many(h, values.memory)
        seen, which = np.unique(learnt.seen, return_inverse=True)
        held = nodes * len(seen) * before.shape[-1]
        require_numbers(held, f"what an agent can remember at step {h}", ROWS, _fewer(values.memory))
        token = values.tokens.of(
            agent, h, None if action is None else np.repeat(action, len(seen)), np.tile(seen, nodes)
        )
        state, worth = values.memory.step(
            parameters, before.repeat_interleave(len(seen), dim=1), torch.tensor(token)[None]
        )
        kept, first, to = _distinct(state)
        edge_to = to.reshape(nodes, len(seen))[:, which]
        if h == 1:
            root = learnt.code, edge_to[0]
        else:
            assert action is not None
            code = learnt.own(action)[:, None] + learnt.code
            edges = np.arange(nodes + 1) * len(learnt.code), code.ravel(), edge_to.ravel()
            steps[-1] = ControllerStep(steps[-1].table, *edges)
        worth = worth[0][torch.tensor(first)] + torch.tensor(values.tokens.closed[agent, h - 1])
        action = worth.argmax(dim=-1).cpu().numpy()
        table = np.searchsorted(structure.choices(agent, h), action)
        none = np.zeros(0, np.int64)
        steps.append(ControllerStep(table, np.zeros(len(table) + 1, np.int64), none, none))
        before = kept
    return Controller(*root, tuple(steps))


def _distinct(state: Tensor) -> tuple[Tensor, Ints, Ints]:
    """The distinct states [1, N, S], where each stands first, and which of them each is."""
    _, first, to = np.unique(state[0].cpu().numpy(), axis=0, return_index=True, return_inverse=True)
    return state[:, torch.tensor(first)], first, to.ravel()


def _too_many(h: int, memory: Memory) -> LimitError:
    what = f"step {h}: a network would be written out with more than {EDGES:,} edges of one agent"
    return LimitError(f"{what}; share less, or {_fewer(memory)}")


def _fewer(memory: Memory) -> str:
    """What makes nodes fewer."""
    return "take fewer steps" + (" or a smaller --option memory" if isinstance(memory, Windowed) else "")
