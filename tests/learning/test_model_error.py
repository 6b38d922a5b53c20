"""epsilon_z and epsilon_r of learned models against enumeration of all prescriptions (Definition 5)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.checks import prepared
from support.compressed import Worst
from support.episodes import uniform_batch
from support.games import Shape, shapes
from support.optimum import Coordinator
from support.tree import Known, Tree

from posgc.compression.fitted import measure_fitted
from posgc.learning.construct import Construction, Learned, construct
from posgc.learning.counting import count
from posgc.model.rewards import reward_kind

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=300)


class Fitted(Worst):
    """As `Worst`, of a learned model: its numbers are read from the steps, one by one."""

    def __init__(self, tree: Tree, model: Learned) -> None:
        self.tree, self.model, self.at = tree, model, self._walked(tree, model)

    @staticmethod
    def _walked(tree: Tree, model: Learned) -> list[dict[Known, int | None]]:
        """The node of every c_h that can occur; None where an increment on the way was never met."""
        levels, start = tree.histories(), dict(zip(model.root_z.tolist(), model.root_to.tolist(), strict=True))
        found: list[dict[Known, int | None]] = [
            {tree.knowledge(x)[0]: start.get(tree.code(tree.increment(None, x))) for _, x in levels[0]}
        ]
        for step, level in zip(model.steps[:-1], levels[:-1], strict=True):
            ahead: dict[Known, int | None] = {}
            codes = {code: k for k, code in enumerate(step.z.tolist())}
            for _, x in level:
                node = found[-1][tree.knowledge(x)[0]]
                for _, action in tree.uniform(x):
                    for _, nxt in tree.after(x, action):
                        k = codes.get(tree.code(tree.increment(x, nxt)))
                        to = None if node is None or k is None else int(step.to[node, k])
                        ahead[tree.knowledge(nxt)[0]] = None if to == -1 else to
            found.append(ahead)
        return found

    def _error(self, group, agent):  # type: ignore[no-untyped-def]
        tree, entries = self.tree, [(w / group.weight, x) for w, x in group.entries]
        first = entries[0][1]
        step, node = self.model.steps[first.h - 1], self.at[first.h - 1][tree.knowledge(first)[0]]
        # every private information that can occur at the step, so that prescriptions speak of what M believes too
        every = {tree.code(tree.union(tree.knowledge(x)[1])): x for _, x in tree.histories()[first.h - 1]}
        worst = 0.0
        for prescribed in self._prescriptions(list(every.values())):
            model: dict[int, float] = {}
            earned = 0.0
            for u, x in every.items():
                if node is None or u not in step.u.tolist():
                    continue
                k, a = step.u.tolist().index(u), tree.model.allowed(first.h).tolist()
                joint = 0
                for size, own in zip((len(v.values) for v in tree.model.signature.actions), prescribed(x), strict=True):
                    joint = joint * size + own
                where = np.flatnonzero(step.choice == k * len(a) + a.index(joint))
                if not len(where) or not step.known[node, where[0]]:
                    continue
                own_row = min(agent or 0, len(step.reward) - 1)
                earned += step.private[node, k] * step.reward[own_row, node, where[0]]
                for f in np.flatnonzero(step.triple_choice == where[0]):
                    if step.to[node, step.triple_z[f]] >= 0:
                        z = int(step.z[step.triple_z[f]])
                        model[z] = model.get(z, 0.0) + step.private[node, k] * step.law[node, f]
            if agent is None:
                true = {tree.code(z): p for z, p in self._law(entries, prescribed).items()}
                far = sum(abs(true.get(z, 0.0) - model.get(z, 0.0)) for z in true.keys() | model.keys())
            else:
                sign = -1 if self.model.kind == "zero_sum" and agent else 1
                far = abs(self._reward(entries, prescribed, agent) - sign * earned)
            worst = max(worst, far)
        return group.weight * worst


def compare(shape: Shape, episodes: int, asked: Construction, limit: float) -> None:
    information, tree, _ = prepared(shape)
    assume(Coordinator(tree).affordable(limit))
    batch = uniform_batch(information.model, information.structure, episodes, shape.seed % 1000)
    kind = reward_kind(information.model)
    model = construct(count(batch, information.structure), information.structure, tree.model.discount, kind, asked)
    found, worst = measure_fitted(information, model.bare, 10**5), Fitted(tree, model)
    assume(found.exact)
    for h in range(1, shape.horizon + 1):
        assert found.epsilon_z[h - 1] == pytest.approx(worst.epsilon(h, None), abs=1e-9)
        plain = [worst.epsilon(h, i) for i in range(tree.n)]
        assert found.epsilon_r[:, h - 1] == pytest.approx(plain, abs=1e-9)


constructions = st.builds(
    Construction, st.sampled_from((1, 3, 10)), st.sampled_from((0.0, 5.0)), st.sampled_from((None, 1)), st.booleans()
)


@few
@given(shapes(histories=300), st.sampled_from((3, 30, 300)), constructions)
def test_errors_of_learned_models_are_enumerated(shape: Shape, episodes: int, asked: Construction) -> None:
    compare(shape, episodes, asked, 3e3)


@pytest.mark.slow
@many
@given(shapes(histories=800), st.sampled_from((3, 30, 300)), constructions)
def test_errors_of_learned_models_are_enumerated_on_more_games(
    shape: Shape, episodes: int, asked: Construction
) -> None:
    compare(shape, episodes, asked, 3e4)
