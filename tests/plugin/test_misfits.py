"""A back-end whose policy does not fit the game is an error of the plug-in (E637), never a traceback or a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from posgc_value_iteration import ValueIteration

from posgc.cli.main import main
from posgc.plugin import Machine, NoOptions, PolicyStep, Result
from posgc.plugin.registry import registry

Spoil = Callable[[Machine], Machine]


def changed(machine: Machine, h: int, **arrays: Any) -> Machine:
    """The machine with other arrays at step h."""
    steps = list(machine.steps)
    steps[h - 1] = replace(steps[h - 1], **arrays)
    return replace(machine, steps=tuple(steps))


def no_such_action(machine: Machine) -> Machine:
    first = machine.steps[0]
    return changed(machine, 1, tables=tuple(np.full_like(table, 99) for table in first.tables))


def negative_action(machine: Machine) -> Machine:
    second = machine.steps[1]
    return changed(machine, 2, tables=tuple(np.full_like(table, -1) for table in second.tables))


def no_edges(machine: Machine) -> Machine:
    first = machine.steps[0]
    none = np.zeros_like(first.edge_indptr)
    return changed(machine, 1, edge_indptr=none, edge_z=first.edge_z[:0], edge_to=first.edge_to[:0])


def unknown_private(machine: Machine) -> Machine:
    second: PolicyStep = machine.steps[1]
    return changed(machine, 2, private=tuple(codes + 1000 for codes in second.private))


@dataclass(frozen=True)
class Spoilt:
    """What value iteration returns, spoilt."""

    spoil: Spoil

    name: ClassVar[str] = "spoilt"
    summary: ClassVar[str] = "returns what cannot be played"
    concepts: ClassVar[Any] = frozenset({"team"})
    reads: ClassVar[Any] = "model"
    options: ClassVar[type] = NoOptions

    def applies(self, facts: Any) -> str | None:
        return None

    def emit(self, problem: Any, options: Any) -> Any:
        planner = ValueIteration().emit(problem, ValueIteration.options())

        class Planner:
            def run(_, progress: Any) -> Result:
                result = planner.run(progress)
                return replace(result, strategy=self.spoil(result.strategy))

        return Planner()


def solved(spoil: Spoil, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    monkeypatch.setitem(registry().backends, "spoilt", Spoilt(spoil))
    return main(["solve", "games/dectiger.posg", "--concept", "team", "--backend", "spoilt", "--quiet", *flags])


def test_what_is_not_spoilt_is_solved(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert solved(lambda machine: machine, monkeypatch) == 0
    assert "team by spoilt" in capsys.readouterr().out


@pytest.mark.parametrize("spoil", [no_such_action, negative_action, no_edges, unknown_private])
def test_a_policy_that_does_not_fit_is_refused(
    spoil: Spoil, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert solved(spoil, monkeypatch) == 2
    said = capsys.readouterr()
    assert "error[E637]" in said.err and "back-end spoilt" in said.err and "plug-in" in said.err
    assert said.out == ""
