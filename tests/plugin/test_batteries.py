"""The batteries pass what keeps the contract, ours included, and fail what breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest
from posgc_value_iteration import ValueIteration

from posgc.information.codes import Codec
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.play.environment import Budget, CountedEnvironment, RemoteEnvironment
from posgc.play.players import Memory
from posgc.play.simulator import Simulator
from posgc.plugin import Claim, LearningProblem, Machine, NoOptions, PolicyStep, Result
from posgc.plugin.registry import registry
from posgc.plugin.testing import (
    battery_game,
    check_backend,
    check_compression,
    check_exporter,
    check_importer,
    check_learner,
    check_referee,
)
from posgc.plugin.testing.learners import tables_within_reach


@dataclass(frozen=True)
class Counting:
    """Learns one thing, which of the first agent's actions pays best at step 1, and plays its first choice else."""

    problem: LearningProblem

    def run(self, progress: Any) -> Result:
        problem, structure = self.problem, self.problem.structure
        environment, rng = problem.environment, np.random.default_rng(problem.seed)
        memory, batch = Memory(structure), problem.budget.samples // structure.horizon
        seen: list[tuple[np.ndarray, np.ndarray]] = []
        step = environment.reset(batch)
        first = np.zeros(batch, dtype=np.int64)
        while not step.done:
            seen.append(memory.observe(step))
            play = [rng.choice(np.flatnonzero(mask), batch) for mask in step.masks]
            first = play[0] if step.h == 1 else first
            step = environment.step(np.stack(play))
            paid = step.reward[0] if step.h == 2 else paid  # noqa: F821
        sums = np.bincount(first, paid) / np.maximum(np.bincount(first), 1)
        steps = [self._step(h, int(sums.argmax()) if h == 1 else 0) for h in range(1, structure.horizon + 1)]
        root = np.arange(self._codes(structure.increment(1)))
        claim = Claim(notes=(f"{batch} episodes",), curve=((problem.budget.samples, float(sums.max())),))
        return Result(Machine(root, np.zeros(len(root), np.int64), tuple(steps)), claim)

    def _codes(self, items: Any) -> int:
        return int(np.prod(Codec.of(self.problem.structure, items).sizes, dtype=np.int64))

    def _step(self, h: int, best: int) -> PolicyStep:
        structure = self.problem.structure
        private = tuple(np.arange(self._codes(structure.private_of(i, h))) for i in range(structure.n_agents))
        tables = tuple(np.full((1, len(p)), best if i == 0 else 0) for i, p in enumerate(private))
        last = h == structure.horizon
        z = np.zeros(0, np.int64) if last else np.arange(self._codes(structure.increment(h + 1)))
        return PolicyStep(
            private, np.array([0, 1]), np.ones(1), tables, z, np.array([0, len(z)]), np.arange(len(z)), 0 * z
        )


@dataclass(frozen=True)
class Learner:
    name: ClassVar[str] = "counting"
    summary: ClassVar[str] = "counts what the first action pays"
    concepts: ClassVar[Any] = frozenset({"team", "cce"})
    reads: ClassVar[Any] = "samples"
    options: ClassVar[type] = NoOptions
    kind: ClassVar[type] = Counting

    def applies(self, facts: Any) -> str | None:
        assert facts.model is None
        return "a team needs common rewards" if facts.concept == "team" and facts.rewards != "common" else None

    def emit(self, problem: Any, options: Any) -> Any:
        return self.kind(problem)


class Peeking(Counting):
    """Reaches for the tables behind the environment."""

    def run(self, progress: Any) -> Result:
        environment = self.problem.environment
        environment = getattr(environment, "_environment", environment)
        assert environment._model.kernels  # type: ignore[attr-defined]
        return super().run(progress)


class Greedy(Counting):
    """Plays on past its budget."""

    def run(self, progress: Any) -> Result:
        self.problem.environment.reset(self.problem.budget.samples)
        for _ in range(2):
            self.problem.environment.step(np.zeros((self.problem.structure.n_agents, self.problem.budget.samples), int))
        return super().run(progress)


class Moody(Counting):
    """Plays something else in each run."""

    runs: ClassVar[list[int]] = []

    def _step(self, h: int, best: int) -> PolicyStep:
        self.runs.append(h)
        return super()._step(h, len(self.runs) // self.problem.structure.horizon % 2)


def learner(kind: type) -> Any:
    return type("Named", (Learner,), {"kind": kind})()


def test_a_learner_passes():
    assert check_learner(Learner()) >= 10


def test_a_learner_that_reaches_for_tables_fails():
    with pytest.raises(AttributeError, match="_model"):
        check_learner(learner(Peeking))


def test_a_learner_that_spends_too_much_fails():
    with pytest.raises(LimitError, match="3,000 samples is spent"):
        check_learner(learner(Greedy))


def test_a_learner_that_forgets_its_seed_fails():
    with pytest.raises(AssertionError, match="two runs with one seed differ"):
        check_learner(learner(Moody))


def test_the_walk_finds_tables_where_they_are():
    information = battery_game(1)
    held = information.structure
    assert tables_within_reach(held) == []
    assert "Model" in tables_within_reach(information)
    assert "Model" in tables_within_reach([{"deep": (lambda: information.model)}])
    assert "Simulator" in tables_within_reach(CountedEnvironment(Simulator(information.model), Budget(10)))
    assert "Kernel" in tables_within_reach(partial(max, information.model.kernels))


def test_the_environment_in_another_process_plays_the_same():
    information = battery_game(3)
    here = Simulator(information.model, 11)
    with RemoteEnvironment(Simulator, information.model, 11) as there:
        assert tables_within_reach(there) == [] and there.agents == here.agents
        for one, two in ((here.reset(50, 7), there.reset(50, 7)),):
            while True:
                assert np.array_equal(one.observation, two.observation) and np.array_equal(one.reward, two.reward)
                if one.done:
                    break
                one, two = here.step(np.zeros((2, 50), int)), there.step(np.zeros((2, 50), int))
        with pytest.raises(ValueError, match="the episodes are over"):
            there.step(np.zeros((2, 50), int))


def test_an_environment_that_cannot_be_made_says_so():
    with pytest.raises(ValueError, match="seed"):
        RemoteEnvironment(Simulator, battery_game(0).model, -1)


def test_the_batteries_are_of_one_kind_each():
    with pytest.raises(AssertionError, match="check_learner"):
        check_backend(Learner())
    with pytest.raises(AssertionError, match="check_backend"):
        check_learner(ValueIteration())


@pytest.mark.parametrize("name", registry().compressions)
def test_our_compressions_pass(name):
    assert check_compression(registry().compressions[name]) >= 2


@pytest.mark.parametrize("name", registry().exporters)
def test_our_exporters_pass(name):
    assert check_exporter(registry().exporters[name]) >= 1


@pytest.mark.parametrize("name", registry().referees)
def test_our_referees_pass(name):
    referee = registry().referees[name]
    if referee.applies() is not None:
        pytest.skip(referee.applies())
    assert check_referee(referee) >= 4


MATCHING = 'EFG 2 R "matching" { "a" "b" }\n\np "" 1 1 "" { "H" "T" } 0\np "" 2 1 "" { "H" "T" } 0\n' + (
    't "" 1 "" { 1, -1 }\nt "" 2 "" { -1, 1 }\np "" 2 1 "" { "H" "T" } 0\nt "" 3 "" { -1, 1 }\nt "" 4 "" { 1, -1 }\n'
)


def test_an_importer_passes():
    importer = registry().importers["efg"]
    assert check_importer(importer, [MATCHING], [MATCHING[:60], MATCHING.replace('"T" } 0', '"T" } 9')]) == 1


def test_an_importer_that_raises_anything_fails():
    @dataclass(frozen=True)
    class Careless:
        name: ClassVar[str] = "careless"
        summary: ClassVar[str] = "reads numbers"
        suffixes: ClassVar[tuple[str, ...]] = (".num",)
        own_horizon: ClassVar[bool] = False

        def applies(self, source: Any) -> str | None:
            return None if source.text[:3] == "num" else "its first word is not num"

        def read(self, source: Any, **asked: Any) -> Any:
            if "?" in source.text:
                raise InputError([Diagnostic("X101", "a question")])
            float(source.text[3:])
            return type("Imported", (), {"model": battery_game(0).model})

    assert check_importer(Careless(), ["num 1"], ["num ?"]) == 1
    with pytest.raises(AssertionError, match="could not convert"):
        check_importer(Careless(), ["num 1"], ["num x"])
