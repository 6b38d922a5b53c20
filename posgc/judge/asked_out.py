"""An opaque player asked about every own history that can occur: what it answers, as controllers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.codes import first_news, kept, learnt
from posgc.information.items import Information
from posgc.judge.replies import require_capacity
from posgc.language.diagnostics import LimitError
from posgc.model.ragged import gather
from posgc.policy.answers import answered
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc.policy.opaque import Opaque

__all__ = ["asked_out"]

Ints = npt.NDArray[np.int64]
NO_EDGES = np.zeros(0, dtype=np.int64)


def asked_out(information: Information, strategy: Opaque, limit: int, depth: int | None = None) -> Controllers:
    """A controller for each agent with a node for every own history that can occur while it follows its answers,
    whatever the others do; for the first `depth` steps, by default all.

    Raises LimitError where all agents' histories are more than `limit`, PolicyMismatch where an answer is no law.
    """
    left, controllers = limit, []
    for agent in range(information.n_agents):
        controllers.append(_Asking(information, strategy, agent, left, limit).controller(depth))
        left -= sum(len(step) for step in controllers[-1].steps)
    return Controllers(tuple(controllers))


@dataclass(frozen=True)
class _Reached:
    """What can be the case: the agent's node, the items that somebody is yet to learn, and the state."""

    node: Ints
    u: Ints
    s: Ints

    @staticmethod
    def of(node: Ints, u: Ints, s: Ints) -> _Reached:
        """Every triple once."""
        u_of, codes = np.unique(u, return_inverse=True)
        width = int(s.max()) + 1
        keys = np.unique((node * len(u_of) + codes) * width + s)
        pair, state = np.divmod(keys, width)
        return _Reached(pair // len(u_of), u_of[pair % len(u_of)], state)


@dataclass(frozen=True)
class _Asking:
    information: Information
    strategy: Opaque
    agent: int
    left: int  # histories that may still be listed
    limit: int

    def controller(self, depth: int | None) -> Controller:
        """The agent's histories, a step at a time."""
        model, left = self.information.model, self.left
        news, u = first_news(self.information, model.initial.observation)
        root, node = np.unique(news[self.agent], return_inverse=True)
        history, reached = root[:, None], _Reached.of(node, u, model.initial.state)
        steps: list[ControllerStep] = []
        last = model.horizon if depth is None else min(depth, model.horizon)
        for h in range(1, last + 1):
            left -= len(history)
            if left < 0:
                raise LimitError(
                    f"the player has more than {self.limit} own histories up to step {h}, too many to ask about each; "
                    "raise --max-nodes"
                )
            table = answered(self.strategy, self.information, self.agent, h, history)
            if h == last:
                steps.append(ControllerStep(table, np.zeros(len(table) + 1, np.int64), NO_EDGES, NO_EDGES))
                break
            node, code, u, s = self._after(h, reached, table > 0)
            codes, at = np.unique(code, return_inverse=True)
            edges, to = np.unique(node * len(codes) + at, return_inverse=True)
            owner, code_of = np.divmod(edges, len(codes))
            indptr = np.searchsorted(owner, np.arange(len(table) + 1))
            steps.append(ControllerStep(table, indptr, codes[code_of], np.arange(len(edges))))
            history = np.column_stack([history[owner], codes[code_of]])
            reached = _Reached.of(to, u, s)
        return Controller(root, np.arange(len(root)), tuple(steps))

    def _after(self, h: int, reached: _Reached, plays: npt.NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, Ints]:
        """The node that was left, the code of the news, and items and state after, of all that can follow."""
        model, kernel = self.information.model, self.information.model.kernel(h)
        actions, sizes = model.allowed(h), [len(model.choices(j, h)) for j in range(model.n_agents)]
        own = np.arange(len(actions)) // int(np.prod(sizes[self.agent + 1 :], dtype=np.int64)) % sizes[self.agent]
        row, action = np.nonzero(plays[reached.node][:, own])
        played = kernel.made(actions[action], reached.s[row])
        rows = played * model.n_states + reached.s[row]
        require_capacity(h, int((kernel.indptr[rows + 1] - kernel.indptr[rows]).sum()))
        at, counts = gather(kernel.indptr, rows)
        row, played, o = np.repeat(row, counts), np.repeat(played, counts), kernel.observation[at]
        held = reached.u[row]
        code = learnt(self.information, self.agent, h, self.information.pending(h), held, played, o)
        return reached.node[row], code, kept(self.information, h, held, played, o), kernel.state[at]
