import numpy as np
import pytest
from stage_games import random_stages, slow_gain, slow_value

from posgc.equilibrium import Stages, StageSolution, certify, deviation_gains, evaluate


def random_solution(rng: np.random.Generator, stages: Stages, deterministic: bool, mixed: bool) -> StageSolution:
    sizes = rng.integers(1, 5, stages.n_nodes) if mixed else np.ones(stages.n_nodes, dtype=int)
    indptr = np.r_[0, np.cumsum(sizes)]
    weight = np.concatenate([rng.dirichlet(np.ones(k)) for k in sizes])
    tables = []
    for p, a in zip(stages.type_counts, stages.actions, strict=True):
        if deterministic:
            tables.append(rng.integers(a, size=(len(weight), p)).astype(np.int8))
        else:
            tables.append(rng.dirichlet(np.ones(a), size=(len(weight), p)))
    return certify(stages, tables, "cce", "random", indptr=indptr, weight=weight)


@pytest.mark.parametrize("kind", ["common", "zero_sum", "general"])
@pytest.mark.parametrize("deterministic", [True, False])
@pytest.mark.parametrize("mixed", [True, False])
def test_fast_gains_are_the_definitions(kind: str, deterministic: bool, mixed: bool) -> None:
    rng = np.random.default_rng(1)
    for trial in range(12):
        n = 2 if kind == "zero_sum" or trial % 2 else 3
        stages = random_stages(rng, kind, n, nodes=3)
        solution = random_solution(rng, stages, deterministic, mixed)
        for concept in ("cce", "ce") if mixed else ("nash", "cce", "ce"):
            value, gain = evaluate(stages, solution), deviation_gains(stages, solution, concept)
            for i in range(n):
                for k in range(3):
                    assert value[i, k] == pytest.approx(slow_value(stages, solution, i, k), abs=1e-12)
                    assert gain[i, k] == pytest.approx(slow_gain(stages, solution, i, k, concept), abs=1e-12)


def test_a_component_split_in_two_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    stages = random_stages(rng, "general", 3, nodes=5)
    once = random_solution(rng, stages, deterministic=False, mixed=False)
    twice = certify(
        stages,
        [np.repeat(t, 2, axis=0) for t in once.tables],
        "ce",
        "split",
        indptr=2 * once.indptr,
        weight=np.full(10, 0.5),
    )
    assert np.allclose(once.value, twice.value, atol=1e-13)
    assert np.allclose(once.gap, twice.gap, atol=1e-13)


def test_nash_gains_of_a_mixture_are_refused() -> None:
    rng = np.random.default_rng(3)
    stages = random_stages(rng, "general", 2, nodes=5)
    solution = random_solution(rng, stages, True, True)
    assert not solution.is_product
    with pytest.raises(ValueError, match="products"):
        deviation_gains(stages, solution, "nash")


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    stages = random_stages(rng, "general", 2, nodes=40)
    solution = random_solution(rng, stages, False, True)
    whole = deviation_gains(stages, solution, "ce")
    monkeypatch.setattr("posgc.equilibrium.layer.chunks.__defaults__", (8,))
    assert np.allclose(deviation_gains(stages, solution, "ce"), whole, atol=1e-14)


def test_what_is_no_mixture_of_prescriptions_is_refused() -> None:
    stages = random_stages(np.random.default_rng(4), "general", 2, nodes=1)
    sizes = list(zip(stages.type_counts, stages.actions, strict=True))
    uniform = [np.full((2, p, a), 1.0 / a) for p, a in sizes]
    pure = [np.zeros((2, p), dtype=np.int64) for p, _ in sizes]
    indptr, half = np.array([0, 2]), np.full(2, 0.5)

    def certified(tables: list[np.ndarray], weight: np.ndarray = half, indptr: np.ndarray = indptr) -> StageSolution:
        return certify(stages, tables, "cce", "by hand", indptr=indptr, weight=weight)

    assert np.allclose(certified(uniform).gap, certified([*uniform[:1], uniform[1] + 1e-15]).gap, atol=1e-12)
    for wrong in ([2.0, -1.0], [0.5, 0.4], [np.nan, 0.5], [np.inf, 0.5]):
        with pytest.raises(ValueError, match="weights"):
            certified(uniform, np.array(wrong))
    for factor in (0.9, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="rows"):
            certified([uniform[0] * factor, uniform[1]])
    for table in (pure[0] - 1, pure[0] + stages.actions[0], pure[0].astype(float)):
        with pytest.raises(ValueError, match="actions are integers"):
            certified([table, pure[1]])
    with pytest.raises(ValueError, match="indptr"):
        certified(uniform, indptr=np.array([1, 2]))
