"""The battery for planners.

On small games of every kind that the back-end says it serves: it keeps its promises about what applies, returns a
policy that can be played in the game, earns what it claims, has a gap (recomputed in the true game) of at most
`tolerance` times the reward span, gives the same policy twice, and survives a round trip through the policy file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.information.items import Information
from posgc.judge.choose import judge
from posgc.judge.histories import judge_histories
from posgc.language.concepts import ConceptName
from posgc.model.rewards import reward_kind, reward_spans
from posgc.plugin.backend import Backend, Facts, Problem
from posgc.plugin.testing.games import battery_games
from posgc.policy.artefact import Policy
from posgc.policy.binding import bound_to
from posgc.policy.compatibility import require_compatible
from posgc.policy.file import load_policy, save_policy
from posgc.policy.opaque import Opaque
from posgc.policy.packing import strategy_arrays

__all__ = ["asked", "check_backend", "reloaded", "same_strategy"]


def check_backend(backend: Backend, options: Any = None, *, tolerance: float = 1e-6) -> int:
    """Run the battery of planners; returns the number of games played.

    `options` is an instance of `backend.options` (its defaults when None).  Raises AssertionError.
    """
    assert backend.reads == "model", f"{backend.name} learns from samples: check_learner is its battery"
    options = backend.options() if options is None else options
    played = 0
    for information, holds in battery_games():
        for concept in asked(backend, information, holds):
            _play(backend, options, Problem(information, concept, 10_000, 7), holds, tolerance)
            played += 1
    assert played, "the back-end refused every game of the battery"
    return played


def asked(backend: Backend, information: Information, holds: bool) -> list[ConceptName]:
    """The concepts for which the back-end says that it serves the game; its answers are looked at."""
    assert backend.name and backend.summary and backend.concepts, "a back-end needs a name, a summary and concepts"
    model = information.model if backend.reads == "model" else None
    serves: list[ConceptName] = []
    for concept in sorted(backend.concepts):
        why = "" if holds else "a test"
        facts = Facts(concept, reward_kind(information.model), holds, why, information.structure, model, named=True)
        reason = backend.applies(facts)
        assert reason is None or reason.strip(), "a refusal needs a reason"
        if reason is None:
            serves.append(concept)
    return serves


def _play(backend: Backend, options: Any, problem: Problem, holds: bool, tolerance: float) -> None:
    information, model = problem.information, problem.information.model
    where = f"{backend.name}, {problem.concept}, {model.name}, {information.protocol.name}"
    result = backend.emit(problem, options).run(lambda stage, done, total: None)
    policy = bound_to(information, result, problem.concept, backend.name, options)
    require_compatible(information, policy)
    certain = (lambda layers: np.zeros(len(layers))) if holds else None
    checked = judge(information, policy.strategy, policy.header.against, DEFAULT_MAX_NODES, None, certain)
    span = max(1.0, float(reward_spans(model).sum(axis=1).max()))
    claimed = policy.claim.values
    assert claimed is None or np.allclose(claimed, checked.values, rtol=0, atol=tolerance * span), (
        f"{where}: claims {claimed}, earns {checked.values}"
    )
    assert checked.gap is not None, f"{where}: nothing is known of the gap of a policy of kind {policy.strategy.kind}"
    assert checked.gap <= tolerance * span, f"{where}: someone gains {checked.gap} by deviating"
    again = backend.emit(problem, options).run(lambda stage, done, total: None)
    assert same_strategy(policy, bound_to(information, again, problem.concept, backend.name, options)), (
        f"{where}: two runs with one seed differ"
    )
    assert same_strategy(policy, reloaded(policy)), f"{where}: the policy changes on its way through a file"
    if isinstance(policy.strategy, Opaque):
        _require_player(backend, policy, information, where)


def _require_player(backend: Backend, policy: Policy, information: Information, where: str) -> None:
    """The player that the back-end makes of the file earns the same."""
    stored = reloaded(policy).strategy
    assert isinstance(stored, Opaque)
    make = getattr(backend, "player", None)
    assert make is not None, f"{where}: it returns opaque players, and has no `player` that loads one"
    again = Opaque(make(stored.player.arrays(), stored.player.info, information.structure))
    one, two = (judge_histories(information, strategy, "cce").values for strategy in (policy.strategy, again))
    assert np.allclose(one, two, rtol=0, atol=1e-9), f"{where}: the player that is loaded plays another strategy"


def reloaded(policy: Policy) -> Policy:
    """The policy after a round trip through its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.npz"
        save_policy(policy, path)
        return load_policy(path)


def same_strategy(one: Policy, two: Policy) -> bool:
    """Whether two policies are written in the same way, number by number."""
    first, second = strategy_arrays(one.strategy), strategy_arrays(two.strategy)
    return first.keys() == second.keys() and all(np.array_equal(first[key], second[key]) for key in first)
