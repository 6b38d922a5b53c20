"""The battery for learners.

The environment runs in another process, which makes the game; while the learner runs, the process that it runs in has
never seen a table.  A walk of everything that the learner is handed proves it.  It must stay within its budget, return
a policy that can be played in the game, learn the same twice, and survive a round trip through the policy file.
"""

from __future__ import annotations

import gc
import types
from typing import Any

from posgc.information.graph import Graph
from posgc.information.items import Information, Structure
from posgc.language.ir import Game
from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.rewards import RewardKind, reward_kind
from posgc.play.environment import Budget, CountedEnvironment, RemoteEnvironment
from posgc.play.simulator import Simulator
from posgc.plugin.backend import Backend, LearningProblem
from posgc.plugin.testing.backends import asked, reloaded, same_strategy
from posgc.plugin.testing.games import N_GAMES, battery_game, independent
from posgc.policy.artefact import Result
from posgc.policy.binding import bound_to
from posgc.policy.compatibility import require_compatible

__all__ = ["check_learner", "tables_within_reach"]

TABLES = (Model, Kernel, Initial, Information, Graph, Game, Simulator)


def check_learner(backend: Backend, options: Any = None, *, samples: int = 3000) -> int:
    """Run the battery of learners; returns the number of games learned.

    `options` is an instance of `backend.options` (its defaults when None), `samples` the budget of a game in joint
    steps.  Raises AssertionError.
    """
    assert backend.reads == "samples", f"{backend.name} is handed the model: check_backend is its battery"
    options = backend.options() if options is None else options
    played = 0
    for k in range(N_GAMES):
        information = battery_game(k)
        kind, structure, holds = reward_kind(information.model), information.structure, independent(k)
        concepts = asked(backend, information, holds)
        del information
        for concept in concepts:
            where = f"{backend.name}, {concept}, battery game {k}"
            result = _learned(backend, options, k, (structure, concept, kind), samples, where)
            again = _learned(backend, options, k, (structure, concept, kind), samples, where)
            information = battery_game(k)
            policy, second = (bound_to(information, r, concept, backend.name, options) for r in (result, again))
            require_compatible(information, policy)
            assert same_strategy(policy, second), f"{where}: two runs with one seed differ"
            assert same_strategy(policy, reloaded(policy)), f"{where}: the policy changes on its way through a file"
            del information
            played += 1
    assert played, "the learner refused every game of the battery"
    return played


def _learned(
    backend: Backend, options: Any, k: int, known: tuple[Structure, Any, RewardKind], samples: int, where: str
) -> Result:
    structure, concept, kind = known
    budget = Budget(samples)
    with RemoteEnvironment(_environment, k) as remote:
        environment = CountedEnvironment(remote, budget)
        problem = LearningProblem(environment, structure, concept, kind, budget, 7)
        found = tables_within_reach(problem)
        assert not found, f"{where}: the learner is handed {', '.join(found)}"
        result = backend.emit(problem, options).run(lambda stage, done, total: None)
        assert 0 < environment.samples <= samples, f"{where}: {environment.samples} of {samples} samples were taken"
    return result


def _environment(k: int) -> Simulator:
    """The k-th game as an environment; called in the other process."""
    return Simulator(battery_game(k).model, seed=11)


def tables_within_reach(start: object) -> list[str]:
    """The types of all tables of a game that can be reached from an object, by attributes, items and closures."""
    seen, waiting, found = {id(start)}, [start], set[str]()
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, TABLES):
            found.add(type(thing).__name__)
        for other in _referents(thing):
            if id(other) not in seen:
                seen.add(id(other))
                waiting.append(other)
    return sorted(found)


def _referents(thing: object) -> list[object]:
    """What an object holds.  Classes, modules and a function's globals are left out: everything hangs on them, and they
    hold no game."""
    if isinstance(thing, type | types.ModuleType):
        return []
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        return [*cells, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    return gc.get_referents(thing)
