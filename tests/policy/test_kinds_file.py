"""Files of every kind: what is written is read again, and files of strangers can neither run code nor be half right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.policies import one_node
from support.stubs import Constant, constant

from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.language.diagnostics import InputError
from posgc.pipeline import Request, compile_request
from posgc.plugin import NoOptions, Result
from posgc.policy.artefact import Policy
from posgc.policy.binding import bound_to
from posgc.policy.compatibility import require_compatible
from posgc.policy.controllers import Controllers
from posgc.policy.file import load_policy
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque, StoredPlayer
from posgc.policy.packing import strategy_arrays, strategy_facts
from posgc.policy.stationary import Stationary
from posgc.policy.strategy import Strategy

Arrays = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def information() -> Information:
    return compile_request(Request("games/dectiger.posg", "none", horizon=2)).information


def strategy_of(kind: str, information: Information) -> Strategy:
    if kind == "random mixture":
        rng = np.random.default_rng(1)
        parts = (one_node(rng, information, False), constant("controllers", information.structure))
        return Mixture(np.array([0.5, 0.5]), parts)  # type: ignore[arg-type]
    return constant(kind, information.structure)


def saved(information: Information, strategy: Strategy, path: Path) -> Policy:
    policy = bound_to(information, Result(strategy), "cce", "stub", NoOptions())
    policy.save(path)
    return policy


KINDS = ("machine", "blank machine", "stationary", "controllers", "mixture", "random mixture", "opaque")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read(kind: str, information: Information, tmp_path: Path) -> None:
    policy = saved(information, strategy_of(kind, information), tmp_path / "p.npz")
    read = load_policy(tmp_path / "p.npz")
    assert read.header == policy.header and read.strategy.kind == policy.strategy.kind
    assert strategy_facts(read.strategy) == strategy_facts(policy.strategy)
    ours, theirs = strategy_arrays(policy.strategy), strategy_arrays(read.strategy)
    assert ours.keys() == theirs.keys() and all(np.array_equal(ours[k], theirs[k]) for k in ours)
    require_compatible(information, read)
    if kind == "opaque":
        assert isinstance(read.strategy, Opaque) and isinstance(read.strategy.player, StoredPlayer)
    else:
        assert judge_histories(information, read.strategy, "cce") == judge_histories(
            information, policy.strategy, "cce"
        )


def rewritten(path: Path, changes: dict[str, Any], header: dict[str, Any] | None = None) -> Path:
    """The file with other members (None: without) and other fields of its header."""
    with np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    if header is not None:
        content = json.loads(arrays["header"].tobytes()) | header
        arrays["header"] = np.frombuffer(json.dumps(content).encode(), np.uint8)
    arrays |= changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        load_policy(path)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "E609"
    return diagnostic.message


INTS = np.zeros(0, np.int64)
NO_TABLE = {"pure_0": INTS, "pure_0_len": np.array([0, 0])}
BAD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("controllers", {"root_to_0": np.array([7])}, {}),
    ("controllers", {"root_to_0": np.array([-1])}, {}),
    ("controllers", {"root_to_0": np.array([0.0])}, {}),
    ("controllers", {"root_code_0": np.array([3, 1]), "root_to_0": np.array([0, 0])}, {}),
    ("controllers", {"root_code_0": np.array([["x"]], dtype=object)}, {}),
    ("controllers", {"edge_to_1": np.full(6, 5)}, {}),
    ("controllers", {"edge_code_1": np.arange(6)[::-1].copy()}, {}),
    ("controllers", {"edge_code_1": np.full(6, 0)}, {}),
    ("controllers", {"edge_code_1": np.arange(-1, 5)}, {}),
    ("controllers", {"edge_indptr_0": np.array([0, 9, 0, 0])}, {}),
    ("controllers", {"edge_indptr_0": np.array([0, -6, 0, 0])}, {}),
    ("controllers", {"edge_indptr_0_len": np.array([4, 0])}, {}),
    ("controllers", {"edge_indptr_0_len": np.array([5, -1])}, {}),
    ("controllers", NO_TABLE, {}),
    (
        "controllers",
        {"pure_0": INTS, "pure_0_len": np.array([0, 0]), "mixed_0": np.ones(6), "mixed_0_len": np.array([3, 3])},
        {},
    ),
    ("controllers", {"pure_0": np.array(["a", "b"])}, {}),
    ("controllers", {"root_to_1": None}, {}),
    ("controllers", {"root_to_2": INTS}, {}),
    ("controllers", {}, {"strategy": {"unseen": "guess"}}),
    ("controllers", {}, {"strategy": {"unseen": []}}),
    ("controllers", {}, {"strategy": []}),
    ("controllers", {}, {"strategy": None}),
    ("controllers", {}, {"horizon": 3}),
    ("controllers", {}, {"kind": "machine"}),
    ("controllers", {}, {"kind": ["controllers"]}),
    ("stationary", {"edge_to": np.full(1, 1)}, {}),
    ("stationary", {"root_to": np.array([1])}, {}),
    ("stationary", {}, {"kind": "machine"}),
    ("machine", {}, {"kind": "stationary"}),
    ("mixture", {"part_weight": np.array([0.5, 0.6])}, {}),
    ("mixture", {"part_weight": np.array([1.5, -0.5])}, {}),
    ("mixture", {"part_weight": np.array([np.nan, 1.0])}, {}),
    ("mixture", {"part_weight": np.array([1.0])}, {}),
    ("mixture", {"part_weight": np.array([1, 0])}, {}),
    ("mixture", {"part_weight": np.array([[0.5, 0.5]])}, {}),
    ("mixture", {}, {"strategy": {"parts": []}}),
    ("mixture", {}, {"strategy": {"parts": "machine"}}),
    ("mixture", {}, {"strategy": {"parts": ["machine", "controllers"]}}),
    ("mixture", {}, {"strategy": {"parts": [{"kind": "machine"}] * 2}}),
    ("mixture", {}, {"strategy": {"parts": [{"kind": "mixture", "parts": []}] * 2}}),
    ("mixture", {}, {"strategy": {"parts": [{"kind": "opaque", "info": {}}] * 2}}),
    ("mixture", {}, {"strategy": {}}),
    ("mixture", {"part0_root_to": None}, {}),
    ("mixture", {"part2_root_to": INTS}, {}),
    ("mixture", {"part00_root_to": INTS}, {}),
    ("mixture", {"part0_root_to": np.array([4])}, {}),
    ("opaque", {}, {"strategy": {}}),
    ("opaque", {}, {"strategy": {"info": [1]}}),
    ("opaque", {"array_choice": np.array(["x"])}, {}),
    ("opaque", {"array_choice": np.array([None], dtype=object)}, {}),
    ("opaque", {"choice": np.array([0])}, {}),
]


@pytest.mark.parametrize(("kind", "changes", "header"), BAD)
def test_files_that_do_not_fit_together(
    kind: str, changes: dict[str, Any], header: dict[str, Any], information: Information, tmp_path: Path
) -> None:
    saved(information, strategy_of(kind, information), tmp_path / "p.npz")
    refused(rewritten(tmp_path / "p.npz", changes, header))


@pytest.mark.parametrize("kind", ["tree", "transformer", "", "Machine"])
def test_unknown_kinds_are_named(kind: str, information: Information, tmp_path: Path) -> None:
    saved(information, strategy_of("machine", information), tmp_path / "p.npz")
    assert repr(kind) in refused(rewritten(tmp_path / "p.npz", {}, {"kind": kind}))


@pytest.mark.parametrize("number", [3, 9, 10])
def test_newer_formats_are_named(number: int, information: Information, tmp_path: Path) -> None:
    saved(information, strategy_of("machine", information), tmp_path / "p.npz")
    assert f"posgc-policy-{number}" in refused(rewritten(tmp_path / "p.npz", {}, {"format": f"posgc-policy-{number}"}))


class Rich(Constant):
    """A player whose arrays and facts can be anything."""

    def __init__(self, information: Information, array: Any, info: Any) -> None:
        super().__init__(information.structure, 0)
        self.array, self.info = array, info

    def arrays(self) -> Arrays:
        return {"x": self.array}


@pytest.mark.parametrize(
    ("array", "info"),
    [
        (np.array([None], dtype=object), {}),
        (np.array(["text"]), {}),
        ({1, 2}, {}),
        (np.zeros(1), {"f": print}),
        (np.zeros(1), {"pair": (1, 2)}),
        (np.zeros(1), {1: 2}),
        (np.zeros(1), {"nan": float("nan")}),
    ],
)
def test_players_that_need_pickle_are_refused_and_nothing_is_written(
    array: Any, info: Any, information: Information, tmp_path: Path
) -> None:
    policy = bound_to(information, Result(Opaque(Rich(information, array, info))), "cce", "stub", NoOptions())
    with pytest.raises(InputError) as error:
        policy.save(tmp_path / "p.npz")
    assert error.value.diagnostics[0].code == "E637" and not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["machine", "stationary", "controllers", "mixture"])
def test_strategies_of_another_game(kind: str, information: Information) -> None:
    """Of another horizon, and with actions that nobody has."""
    longer = compile_request(Request("games/dectiger.posg", "none", horizon=3)).information
    policy = bound_to(information, Result(constant(kind, longer.structure)), "cce", "stub", NoOptions())
    if kind == "stationary":  # knows no clock
        require_compatible(information, policy)
    else:
        with pytest.raises(InputError, match="3 steps"):
            require_compatible(information, policy)
    wrong = constant(kind, information.structure)
    for part in wrong.parts if isinstance(wrong, Mixture) else (wrong,):
        if isinstance(part, Controllers):
            part.agents[1].steps[0].table[:] = 3
        elif isinstance(part, Machine | Stationary):
            (part.step if isinstance(part, Stationary) else part.steps[0]).tables[1][:] = 3
    with pytest.raises(InputError, match="actions that bob does not have"):
        require_compatible(information, bound_to(information, Result(wrong), "cce", "stub", NoOptions()))
