"""OpenSpiel as referee of correlated gaps, where the notions coincide.

Its `ce_dist` is the normal-form correlated equilibrium and both distances are sums over players; without
private information and in one step a recommendation is an action, so its incentives are our gains.
"""

import itertools
from typing import Any

import numpy as np
import pytest
from equilibrium.stage_games import normal_form

from posgc.equilibrium import NashOptions, Stages, StageSolution, certify, solve_correlated, solve_nash

pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")


class Referee:
    """One node's game, played in turns with hidden moves, and OpenSpiel's incentives in it."""

    def __init__(self, stages: Stages) -> None:
        tensors = [stages.of_agent(i)[0][0, 0] * stages.of_agent(i)[1] for i in range(stages.n_agents)]
        self.actions = stages.actions
        self.game = pyspiel.convert_to_turn_based(pyspiel.create_tensor_game(tensors))
        state, self.infosets = self.game.new_initial_state(), []
        while not state.is_terminal():
            self.infosets.append(state.information_state_string())
            state.apply_action(state.legal_actions()[0])

    def device(self, solution: StageSolution) -> list[tuple[float, Any]]:
        """The mixture over pure joint actions, which is what a correlation device recommends."""
        pairs = zip(solution.tables, self.actions, strict=True)
        laws = [np.eye(a)[t[:, 0]] if t.ndim == 2 else t[:, 0] for t, a in pairs]
        mass: dict[tuple[int, ...], float] = {}
        for c, weight in enumerate(solution.weight):
            for joint in itertools.product(*map(range, self.actions)):
                part = weight * float(np.prod([law[c, a] for law, a in zip(laws, joint, strict=True)]))
                mass[joint] = mass.get(joint, 0.0) + part
        return [(part, self.pure(joint)) for joint, part in mass.items() if part > 0]

    def pure(self, joint: tuple[int, ...]) -> Any:
        return pyspiel.TabularPolicy(
            {
                infoset: [(b, float(a == b)) for b in range(k)]
                for infoset, a, k in zip(self.infosets, joint, self.actions, strict=True)
            }
        )

    def agrees(self, solution: StageSolution, kind: str) -> None:
        found = (pyspiel.ce_dist if kind == "ce" else pyspiel.cce_dist)(self.game, self.device(solution))
        assert list(found.on_policy_values) == pytest.approx(solution.value[:, 0], abs=1e-9)
        # a coarse deviator may lose; OpenSpiel counts that as 0
        ours = np.maximum(solution.gap[:, 0], 0.0)
        assert list(found.deviation_incentives) == pytest.approx(ours, abs=1e-9)
        assert found.dist_value == pytest.approx(ours.sum(), abs=1e-9)


def games() -> list[Stages]:
    rng = np.random.default_rng(60)
    tables = [rng.normal(size=(n, *shape)) for n, shape in ((2, (2, 2)), (2, (3, 4)), (3, (2, 3, 2)), (3, (2, 2, 2)))]
    return [normal_form("general", *table) for table in tables]


@pytest.mark.parametrize("kind", ["ce", "cce"])
@pytest.mark.parametrize("stages", games(), ids=lambda s: "x".join(map(str, s.actions)))
def test_gains_of_any_mixture(stages: Stages, kind: str) -> None:
    rng = np.random.default_rng(61)
    referee = Referee(stages)
    for size in (1, 3):
        for deterministic in (True, False):
            tables = [
                rng.integers(a, size=(size, 1)) if deterministic else rng.dirichlet(np.ones(a), size=(size, 1))
                for a in stages.actions
            ]
            weight = rng.dirichlet(np.ones(size))
            mixture = certify(stages, tables, kind, "random", indptr=np.array([0, size]), weight=weight)  # type: ignore[arg-type]
            referee.agrees(mixture, kind)


@pytest.mark.parametrize("kind", ["ce", "cce"])
@pytest.mark.parametrize("stages", games(), ids=lambda s: "x".join(map(str, s.actions)))
def test_our_equilibria_are_its_equilibria(stages: Stages, kind: str) -> None:
    solution = solve_correlated(stages, kind)  # type: ignore[arg-type]
    Referee(stages).agrees(solution, kind)
    assert solution.gap.max() <= 1e-8
    product = solve_nash(stages, NashOptions(max_profiles=0, restarts=1))
    Referee(stages).agrees(certify(stages, product.tables, kind, "nash"), kind)  # type: ignore[arg-type]


def test_chicken_with_a_traffic_light() -> None:
    # Aumann 1974: (6,6), (2,7), (7,2) with a third each is a correlated equilibrium worth 5 to both
    stages = normal_form("general", [[6, 2], [7, 0]], [[6, 7], [2, 0]])
    tables = [np.array([[0], [0], [1]]), np.array([[0], [1], [0]])]
    light = certify(stages, tables, "ce", "traffic light", indptr=np.array([0, 3]), weight=np.full(3, 1 / 3))
    assert light.value[:, 0].tolist() == pytest.approx([5.0, 5.0])
    Referee(stages).agrees(light, "ce")
