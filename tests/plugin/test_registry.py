"""Plug-ins are found by entry points; doubles and broken ones are reported, never hidden and never fatal."""

import sys
import types
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Literal

import pytest

from posgc.language.diagnostics import InputError
from posgc.model.rewards import reward_kind
from posgc.plugin import Facts, NoOptions, hookimpl
from posgc.plugin.options import describe_options, make_options
from posgc.plugin.registry import load_registry, registry
from posgc.plugin.testing import battery_games, check_backend


@pytest.fixture
def stranger(monkeypatch):
    module = types.ModuleType("a_stranger")

    class Backend:
        name = "stranger"
        summary = "a stranger's"
        concepts = frozenset({"team"})
        reads = "model"
        options = NoOptions

        def applies(self, facts):
            return None

        def emit(self, problem, options):
            raise NotImplementedError

    @hookimpl
    def posgc_backends():
        return [Backend(), Backend()]

    module.posgc_backends = posgc_backends
    monkeypatch.setitem(sys.modules, "a_stranger", module)
    return module


def point(name, value):
    return EntryPoint(name=name, value=value, group="posgc")


def test_built_ins_travel_the_strangers_road():
    assert registry().backends.keys() >= {"value-iteration"}
    assert registry().importers.keys() >= {"dpomdp"}
    assert all(p.defect is None for p in registry().plugins)


def test_doubles_are_reported(stranger):
    found = load_registry([point("s", "a_stranger"), point("s", "a_stranger")])
    assert list(found.backends) == ["stranger"]
    assert [p.defect for p in found.plugins if p.name == "s"] == [None, "declared twice by this distribution"]
    assert [p.defect for p in found.plugins if p.name == "stranger"] == ["offered twice; the first was taken"]


def test_broken_plugins_are_reported(monkeypatch):
    wrong = types.ModuleType("wrong_hook")
    wrong.posgc_backends = hookimpl(lambda surprise: [])
    monkeypatch.setitem(sys.modules, "wrong_hook", wrong)
    found = load_registry([point("gone", "no_such_module_at_all"), point("wrong", "wrong_hook")])
    assert found.backends == {}
    gone, bad = found.plugins
    assert "ModuleNotFoundError" in gone.defect and "surprise" in bad.defect


@dataclass(frozen=True)
class Options:
    rounds: int = 10
    step_size: float = 0.5
    mode: Literal["fast", "safe"] = "safe"
    verbose: bool = False
    limit: int | None = None

    def __post_init__(self):
        if self.rounds < 1:
            raise ValueError("rounds must be positive")


def test_options_from_text():
    given = {"rounds": "3", "step-size": "0.1", "mode": "fast", "verbose": "true", "limit": "none"}
    assert make_options(Options, given) == Options(3, 0.1, "fast", True, None)
    assert "step-size: float = 0.5" in describe_options(Options)


@pytest.mark.parametrize(
    "given", [{"round": "3"}, {"rounds": "x"}, {"mode": "slow"}, {"verbose": "1"}, {"rounds": "0"}]
)
def test_wrong_options(given):
    with pytest.raises(InputError) as caught:
        make_options(Options, given)
    assert caught.value.diagnostics[0].code == "E612"


PLANNERS = sorted(name for name, backend in registry().backends.items() if backend.reads == "model")
"""Learners have a battery of their own (`tests/learning`), which takes minutes."""


LONG = {"cfr"}
"""Their battery takes a quarter of a minute."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in PLANNERS]
)
def test_every_installed_backend_passes_the_battery(name):
    backend = registry().backends[name]
    facts = [
        Facts(c, reward_kind(i.model), holds, "" if holds else "a test", i.structure, i.model)
        for i, holds in battery_games()
        for c in backend.concepts
    ]
    reasons = {backend.applies(fact) for fact in facts}
    if None not in reasons and any("not installed" in reason for reason in reasons):
        pytest.skip(f"{name} needs an extra that is not installed")
    assert check_backend(backend) > 0


def test_the_battery_catches_a_bad_backend():
    """A back-end that plays the first action and claims so honestly still has a best-response gap."""
    good = registry().backends["value-iteration"]

    class Lazy:
        name, summary, concepts, reads, options = (
            "lazy",
            "plays the first action",
            frozenset({"team"}),
            "model",
            good.options,
        )
        applies = good.applies

        def emit(self, problem, options):
            planner = good.emit(problem, options)

            class Planner:
                def run(self, progress):
                    result = planner.run(progress)
                    for step in result.strategy.steps:
                        for table in step.tables:
                            table[:] = 0
                    return result

            return Planner()

    with pytest.raises(AssertionError, match="lazy, team"):
        check_backend(Lazy())
