"""Witnesses: what replays, what does not, and what is not one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.structures import FULL, NONE, ONE_STEP, dectiger, random_game

from posgc.assumptions.replay import replay
from posgc.assumptions.strategy_independence import strategy_independence
from posgc.information.items import Information
from posgc.language.diagnostics import InputError
from posgc.model.build import kernel_from_dense


@pytest.fixture(name="information", scope="module")
def _information() -> Information:
    return Information(dectiger(3), NONE)


@pytest.fixture(name="witness")
def _witness(information: Information) -> dict[str, Any]:
    witness = strategy_independence(information).witness
    assert witness is not None
    return copy.deepcopy(dict(witness))


def test_confirms(information: Information, witness: dict[str, Any]) -> None:
    result = replay(information, witness)
    assert result.confirmed and result.claim_error < 1e-12
    assert result.distance == pytest.approx(witness["distance"], abs=1e-12)


def test_equal_prescriptions_are_no_witness(information: Information, witness: dict[str, Any]) -> None:
    witness["prescriptions"][1] = witness["prescriptions"][0]
    result = replay(information, witness)
    assert not result.confirmed and result.distance == 0.0 and "same posterior" in result.reason


def test_wrong_claims_are_not_confirmed(information: Information, witness: dict[str, Any]) -> None:
    witness["posteriors"].reverse()
    result = replay(information, witness)
    assert not result.confirmed and result.claim_error > 0.1
    assert "not those stated" in result.reason


def broken(witness: dict[str, Any], path: list[Any], value: Any) -> None:
    for key in path[:-1]:
        witness = witness[key]
    if value is None:
        del witness[path[-1]]
    else:
        witness[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["step"], 3),
        (["step"], True),
        (["step"], "one"),
        (["step"], None),
        (["history"], {}),
        (["history"], [{}, {}]),
        (["increment"], {"act[ann]@1": "0"}),
        (["increment"], {"nothing": "0"}),
        (["increment"], []),
        (["prescriptions"], []),
        (["prescriptions", 0], {}),
        (["prescriptions", 0, "ann"], []),
        (["prescriptions", 0, "ann", 0, "action"], {}),
        (["prescriptions", 0, "ann", 0, "action"], {"act[ann]@1": "9"}),
        (["prescriptions", 0, "ann", 0, "action"], {"act[ann]@1": ["0"]}),
        (["prescriptions", 0, "ann", 0], "listen"),
        (["posteriors", 1, 0, "state"], "tiger"),
        (["posteriors", 1, 0, "state"], [1]),
        (["posteriors", 1, 0, "probability"], "1"),
        (["posteriors", 1, 0, "probability"], float("nan")),
        (["distance"], None),
        (["distance"], "far"),
    ],
)
def test_malformed(information: Information, witness: dict[str, Any], path: list[Any], value: Any) -> None:
    broken(witness, path, value)
    with pytest.raises(InputError) as error:
        replay(information, witness)
    assert [d.code for d in error.value.diagnostics] == ["E608"]


@pytest.mark.parametrize("witness", [[], "x", None, {}])
def test_not_an_object(information: Information, witness: Any) -> None:
    with pytest.raises(InputError):
        replay(information, witness)


def test_witness_of_another_protocol(witness: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="becomes common at step 2"):
        replay(Information(dectiger(3), ONE_STEP), witness)


def test_impossible_history() -> None:
    """With everything shared at once: nobody ever observes anything but 0, and the witness says 1."""
    game = random_game(np.random.default_rng(0), (True, True), 3)
    dense = np.zeros((4, 2, 4, 2))
    dense[:, :, 0, :] = 0.5
    information = Information(replace(game, kernels=(kernel_from_dense(dense, np.zeros((2, 4, 2))),)), FULL)
    acts = {"act[1]@1": "0", "act[2]@1": "0"}
    rule = {agent: [{"private": {}, "action": {f"act[{agent}]@2": "0"}}] for agent in ("1", "2")}
    seen = {"act[1]@2": "0", "act[2]@2": "0", "obs[1]@3": "0", "obs[2]@3": "0"}
    claim = [{"state": "state=0", "private": {}, "probability": 1.0}]
    witness = {
        "step": 2,
        "history": [{}, {**acts, "obs[1]@2": "1", "obs[2]@2": "0"}],
        "increment": seen,
        "prescriptions": [rule, rule],
        "posteriors": [claim, claim],
        "distance": 0.0,
    }
    assert "history of the witness has probability 0" in replay(information, witness).reason
    witness["history"][1]["obs[1]@2"] = "0"
    seen["obs[1]@3"] = "1"
    assert "increment has probability 0" in replay(information, witness).reason
