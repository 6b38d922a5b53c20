"""The `.efg` text of a game from its tree in layers: line for line what `efg_lines` writes of `game_tree`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.codes import project
from posgc.information.extensive import chance_text, decision_text, efg_head, efg_labels, outcome_text
from posgc.information.items import Information
from posgc.information.tree import Histories
from posgc.information.tree_layers import Draws, Places, Step, grown, placed

__all__ = ["efg_text"]

Ints = npt.NDArray[np.int64]

CHUNK = 1 << 16
"""Lines that are joined at once."""


def efg_text(information: Information, title: str, comment: str) -> Iterator[str]:
    """The text in parts; some hundred bytes of memory a node."""
    yield efg_head(title, information.model.signature.agents, comment)
    writer = _Writer(information)
    yield from writer.parts()


class _Writer:
    """`line` [nodes] is which of `texts` a node has; that of a draw goes on after its number."""

    def __init__(self, information: Information) -> None:
        self.histories = Histories(information)
        first, self.steps = grown(self.histories)
        total, self.places = placed(first, self.steps)
        self.line, self.texts = np.empty(total, dtype=np.int64), list[str]()
        self.draw = np.zeros(total, dtype=bool)
        self._chance(1, first, np.zeros(1, dtype=np.int64))
        for step, places in zip(self.steps, self.places, strict=True):
            if step.after is not None:
                self._chance(step.h + 1, step.after, places.follows.ravel())
        self._outcomes()
        self._decisions()

    def parts(self) -> Iterator[str]:
        """The nodes' lines, joined."""
        texts, drawn = np.array(self.texts, dtype=object), 0
        for begin in range(0, len(self.line), CHUNK):
            lines = texts[self.line[begin : begin + CHUNK]].tolist()
            for k in np.flatnonzero(self.draw[begin : begin + CHUNK]).tolist():
                drawn += 1
                lines[k] = f'c "" {drawn} {lines[k]}'
            yield "".join(lines)

    def _chance(self, h: int, draws: Draws, places: Ints) -> None:
        """The draws of (s_h, o_h) that are nodes."""
        shown = draws.shown
        rows, at = np.unique(draws.row[shown], return_inverse=True)
        self.draw[places[shown]] = True
        self.line[places[shown]] = len(self.texts) + at
        for row in rows.tolist():
            law = self.histories.first_row() if h == 1 else self.histories.row(h - 1, row)
            self.texts.append(chance_text(law.labels, law.law))

    def _outcomes(self) -> None:
        """Numbered as they are first met."""
        last, places = self.steps[-1], self.places[-1].follows.ravel()
        order = np.argsort(places)
        kinds, begin, at = np.unique(last.earned[order], return_index=True, return_inverse=True)
        number = np.empty(len(kinds), dtype=np.int64)
        number[np.argsort(begin)] = np.arange(len(kinds))
        self.line[places[order]] = len(self.texts) + at
        for kind, k in zip(kinds.tolist(), number.tolist(), strict=True):
            self.texts.append(outcome_text(k + 1, last.payments[kind]))

    def _decisions(self) -> None:
        """Information sets are numbered for each player as they are first met."""
        for agent in range(self.histories.model.n_agents):
            names = _Names(self.histories, agent, self.steps)
            found = [
                _Sets.of(self.histories, agent, step, places)
                for step, places in zip(self.steps, self.places, strict=True)
                if agent in dict(step.choosers)
            ]
            lines = [np.empty(len(sets.first), dtype=np.int64) for sets in found]
            met = sorted(
                (node, k, which) for k, sets in enumerate(found) for which, node in enumerate(sets.first.tolist())
            )
            for number, (_, k, which) in enumerate(met, start=1):
                step, moment = found[k].step, int(found[k].moment[which])
                lines[k][which] = len(self.texts)
                labels = self.histories.model.choice_labels(agent, step.h)
                self.texts.append(decision_text(agent, number, names.of(step, moment), labels))
            for sets, line in zip(found, lines, strict=True):
                self.line[sets.nodes] = line[sets.at][:, None]


@dataclass(frozen=True, eq=False)
class _Sets:
    """An agent's N information sets at a step."""

    step: Step
    first: Ints  # [N], the first node of each
    moment: Ints  # [N], the moment of that node
    at: Ints  # [M], the set of each moment
    nodes: Ints  # [M, k], the agent's nodes at each moment

    @staticmethod
    def of(histories: Histories, agent: int, step: Step, places: Places) -> _Sets:
        """Who knows the same increments and holds the same private information is in one set."""
        private = project(histories.information, step.h, step.private)[agent]
        some, code = np.unique(private, return_inverse=True)
        nodes = places.decisions(step, [i for i, _ in step.choosers].index(agent))
        order = np.argsort(nodes[:, 0])
        _, begin, which = np.unique((step.news * len(some) + code)[order], return_index=True, return_inverse=True)
        at = np.empty(len(order), dtype=np.int64)
        at[order] = which
        return _Sets(step, nodes[order[begin], 0], order[begin], at, nodes)


class _Names:
    """What an agent knows, in words, each word unlike those before."""

    def __init__(self, histories: Histories, agent: int, steps: list[Step]) -> None:
        self.histories, self.agent, self.steps = histories, agent, steps
        self.used: set[str] = set()
        self.common: dict[tuple[int, int], list[str]] = {}

    def of(self, step: Step, moment: int) -> str:
        """The name of the information set at a moment."""
        private = self.histories.private_codes(step.h, int(step.private[moment]))[self.agent]
        said = [*self._common(step.h, int(step.news[moment])), self.histories.say(step.h, self.agent, private)]
        (name,) = efg_labels(["; ".join([f"step {step.h}", *filter(None, said)])], self.used)
        self.used.add(name)
        return name

    def _common(self, h: int, news: int) -> list[str]:
        """What the increments of a sequence say."""
        if h == 0:
            return []
        key = h, news
        if key not in self.common:
            step = self.steps[h - 1]
            before = self._common(h - 1, int(step.before[news]))
            self.common[key] = [*before, self.histories.say(h, -1, int(step.increment[news]))]
        return self.common[key]
