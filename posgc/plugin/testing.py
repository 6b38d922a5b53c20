"""The battery that any back-end must pass, ours or a stranger's.

    from posgc.plugin.testing import check_backend

    def test_my_backend():
        check_backend(MyBackend())

On small games of every kind that the back-end says it serves: it keeps its promises about what applies,
returns a policy that fits the game, earns what it claims, has a best-response gap (recomputed in the true
game) of at most `tolerance` times the reward span, gives the same policy twice, and survives a round trip
through the policy file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.judge.verify import gap_kind, verify
from posgc.language.sharing.lag_table import LagTable
from posgc.model.arrays import Model
from posgc.model.build import from_arrays
from posgc.model.rewards import reward_kind, reward_spans
from posgc.plugin.backend import Backend, Facts, Problem
from posgc.policy.artefact import Policy
from posgc.policy.compatibility import require_compatible
from posgc.policy.file import load_policy, save_policy

__all__ = ["battery_games", "check_backend"]


def check_backend(backend: Backend, options: Any = None, *, tolerance: float = 1e-6) -> int:
    """Run the battery; raises AssertionError with what went wrong, returns the number of games played.

    `options` is an instance of `backend.options` (its defaults when None).
    """
    assert backend.name and backend.summary and backend.concepts, "a back-end needs a name, a summary and concepts"
    options = backend.options() if options is None else options
    played = 0
    for information in battery_games():
        for concept in sorted(backend.concepts):
            facts = Facts(concept, reward_kind(information.model), True, "", information.model)
            reason = backend.applies(facts)
            assert reason is None or reason.strip(), "a refusal needs a reason"
            if reason is None:
                _play(backend, options, Problem(information, concept, 10_000, 7), tolerance)
                played += 1
        refused = backend.applies(
            Facts(
                next(iter(sorted(backend.concepts))), reward_kind(information.model), False, "a test", information.model
            )
        )
        assert refused is None or refused.strip(), "a refusal needs a reason"
    assert played, "the back-end refused every game of the battery"
    return played


def _play(backend: Backend, options: Any, problem: Problem, tolerance: float) -> None:
    where = f"{backend.name}, {problem.concept}, {problem.information.model.name}"
    policy = backend.emit(problem, options).run(lambda stage, done, total: None)
    require_compatible(problem.information, policy)
    checked = verify(problem.information, policy, gap_kind(problem.concept))
    span = max(1.0, float(reward_spans(problem.information.model).sum(axis=1).max()))
    assert np.allclose(policy.header.values, checked.values, rtol=0, atol=tolerance * span), (
        f"{where}: claims {policy.header.values}, earns {checked.values}"
    )
    assert checked.gap <= tolerance * span, f"{where}: someone gains {checked.gap} by deviating"
    again = backend.emit(problem, options).run(lambda stage, done, total: None)
    assert _same(policy, again), f"{where}: two runs with one seed differ"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.npz"
        save_policy(policy, path)
        assert _same(policy, load_policy(path)), f"{where}: the policy changes on its way through a file"


def _same(one: Policy, two: Policy) -> bool:
    return all(
        len(a.tables) == len(b.tables)
        and all(np.array_equal(x, y) for x, y in zip(a.tables, b.tables, strict=True))
        and np.array_equal(a.weight, b.weight)
        and np.array_equal(a.edge_to, b.edge_to)
        for a, b in zip(one.steps, two.steps, strict=True)
    )


def battery_games() -> Iterator[Information]:
    """Small random games: common, zero-sum and general rewards, symmetric and one-step delayed sharing."""
    rng = np.random.default_rng(1944)
    for kind in ("common", "zero_sum", "general"):
        for delay in (0, 1):
            model = _random_model(rng, kind, 2)
            table = ((1, 1), (1, 1)), ((0, delay), (delay, 0))
            yield drop_own_actions(Information(model, LagTable("full" if delay == 0 else "one_step", *table)))
    model = _random_model(rng, "common", 3)
    late = tuple(tuple(int(i != j) for j in range(3)) for i in range(3))
    yield Information(model, LagTable("one_step", ((1,) * 3,) * 3, late))


def _random_model(rng: np.random.Generator, kind: str, n: int) -> Model:
    states, n_joint = 2, 2**n
    reward = rng.integers(-3, 4, size=(n, n_joint, states)).astype(float)
    if kind == "common":
        reward[:] = reward[0]
    elif kind == "zero_sum":
        reward[1] = -reward[0]
    return from_arrays(
        transition=rng.dirichlet(np.ones(states), size=(n_joint, states)),
        emission=rng.dirichlet(np.ones(n_joint), size=(n_joint, states)),
        reward=reward,
        initial=np.array([0.4, 0.6]),
        action_sizes=(2,) * n,
        observation_sizes=(2,) * n,
        horizon=3,
        name=f"battery game, {kind}, {n} agents",
    )
