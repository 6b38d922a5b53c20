"""Whatever a stranger's plug-in returns or raises, posgc says in one line which plug-in has what mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import numpy as np
import pytest
from posgc_value_iteration import ValueIteration

import posgc
from posgc.language.diagnostics import InputError
from posgc.plugin import Claim, Controller, Controllers, ControllerStep, Mixture, NoOptions, Opaque, Result, hookimpl
from posgc.plugin.registry import load_registry, registry

TIGER = "games/dectiger.posg"


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text either")


@dataclass(frozen=True)
class Stranger:
    """Value iteration, with what it returns changed."""

    change: Callable[[Result], Any]

    name: ClassVar[str] = "stranger"
    summary: ClassVar[str] = "may return anything"
    concepts: ClassVar[Any] = frozenset({"team"})
    reads: ClassVar[Any] = "model"
    options: ClassVar[type] = NoOptions

    def applies(self, facts: Any) -> str | None:
        return None

    def emit(self, problem: Any, options: Any) -> Any:
        planner, change = ValueIteration().emit(problem, ValueIteration.options()), self.change

        class Planner:
            def run(self, progress: Any) -> Any:
                return change(planner.run(progress))

        return Planner()


def refused(change: Callable[[Result], Any], monkeypatch: pytest.MonkeyPatch, compress: str | None = None) -> str:
    monkeypatch.setitem(registry().backends, "stranger", Stranger(change))
    with pytest.raises(InputError) as caught:
        posgc.load(TIGER).solve("team", "stranger", compress)
    return str(caught.value)


def first(result: Result, **changes: Any) -> Result:
    """The result with other arrays at step 1."""
    steps = result.strategy.steps  # type: ignore[union-attr]
    step = replace(steps[0], **changes)
    return replace(result, strategy=replace(result.strategy, steps=(step, *steps[1:])))


def laws(value: float) -> Callable[[Result], Result]:
    """Step 1 with tables of laws that hold one number everywhere."""

    def change(result: Result) -> Result:
        tables = result.strategy.steps[0].tables  # type: ignore[union-attr]
        return first(result, tables=tuple(np.full((*table.shape, 3), value) for table in tables))

    return change


def one_controller(**changes: Any) -> Controllers:
    step = ControllerStep(np.zeros(1, np.int64), np.zeros(2, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    one = Controller(np.zeros(1, np.int64), np.zeros(1, np.int64), (replace(step, **changes),) * 3)
    return Controllers((one, one))


RESULTS: dict[str, Callable[[Result], Any]] = {
    "None": lambda r: None,
    "a tuple": lambda r: (r.strategy, r.claim),
    "the strategy alone": lambda r: r.strategy,
    "no claim": lambda r: replace(r, claim=None),
    "a claim that is a dictionary": lambda r: replace(r, claim={"values": (1.0, 1.0)}),
    "no strategy": lambda r: replace(r, strategy=None),
    "a text for a strategy": lambda r: replace(r, strategy="listen"),
    "no steps": lambda r: replace(r, strategy=replace(r.strategy, steps=())),
    "steps in a list": lambda r: replace(r, strategy=replace(r.strategy, steps=list(r.strategy.steps))),
    "unseen": lambda r: replace(r, strategy=replace(r.strategy, unseen="maybe")),
    "NaN": laws(np.nan),
    "infinite": laws(np.inf),
    "sums of 2": laws(2 / 3),
    "negative": laws(-1 / 3),
    "NaN weights": lambda r: first(r, weight=np.array([np.nan])),
    "weights of 2": lambda r: first(r, weight=np.array([2.0])),
    "texts": lambda r: first(r, tables=(np.array([["listen"]]),) * 2),
    "objects": lambda r: first(r, tables=(np.array([[object()]]),) * 2),
    "lists": lambda r: first(r, tables=([[0]], [[0]])),
    "no table": lambda r: first(r, tables=(None, None)),
    "flat tables": lambda r: first(r, tables=tuple(t.ravel() for t in r.strategy.steps[0].tables)),
    "two rows": lambda r: first(r, tables=tuple(np.repeat(t, 2, axis=0) for t in r.strategy.steps[0].tables)),
    "short edges": lambda r: first(r, edge_to=r.strategy.steps[0].edge_to[:-1]),
    "edges of NaN": lambda r: first(r, edge_to=np.full(len(r.strategy.steps[0].edge_to), np.nan)),
    "edges to nowhere": lambda r: first(r, edge_to=r.strategy.steps[0].edge_to + 99),
    "controllers without steps": lambda r: Result(Controllers((Controller(np.zeros(1), np.zeros(1), ()),) * 2)),
    "controllers of NaN": lambda r: Result(one_controller(table=np.full((1, 3), np.nan))),
    "controllers to nowhere": lambda r: Result(
        one_controller(edge_indptr=np.array([0, 1]), edge_code=np.zeros(1, int), edge_to=np.full(1, 99))
    ),
    "a mixture of texts": lambda r: Result(Mixture(np.ones(1), ("listen",))),  # type: ignore[arg-type]
    "a mixture in a list": lambda r: Result(Mixture([1.0], [r.strategy])),  # type: ignore[arg-type]
    "weights of a mixture": lambda r: Result(Mixture(np.array([0.5, 0.6]), (r.strategy,) * 2)),  # type: ignore[arg-type]
    "no player": lambda r: Result(Opaque(None)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("compress", [None, "exact"])
@pytest.mark.parametrize("what", RESULTS)
def test_what_is_not_a_result_is_named(what: str, compress: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "error[E637]: back-end stranger returned" in refused(RESULTS[what], monkeypatch, compress)


CLAIMS: dict[str, dict[str, Any]] = {
    "values": {"values": (1.0,)},
    "NaN values": {"values": (np.nan, 1.0)},
    "texts": {"values": ("1", "2")},
    "upper": {"upper": "9"},
    "infinite upper": {"upper": np.inf},
    "a gap": {"gap_bound": float("nan")},
    "residual": {"residual": (1.0,)},
    "deviations": {"against": "all"},
    "notes": {"notes": "one sentence"},
    "caveats": {"caveats": None},
    "samples": {"samples": "many"},
    "curve": {"curve": ((1, 2.0, 3.0),)},
}


@pytest.mark.parametrize("what", CLAIMS)
def test_a_claim_that_cannot_be_read_is_named(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(lambda r: replace(r, claim=replace(r.claim, **CLAIMS[what])), monkeypatch)
    assert "E637" in said and "its claim" in said


def test_numbers_of_numpy_are_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    claim = Claim(values=np.array([8.0, 8.0]), samples=np.int64(3), curve=np.array([[1, 2.0]]))  # type: ignore[arg-type]
    monkeypatch.setitem(registry().backends, "stranger", Stranger(lambda r: replace(r, claim=claim)))
    policy = posgc.load(TIGER).solve("team", "stranger").policy
    policy.save(tmp_path / "p.npz")
    assert (
        posgc.load_policy(tmp_path / "p.npz").claim == policy.claim == Claim((8.0, 8.0), samples=3, curve=((1, 2.0),))
    )


def test_an_upper_bound_below_what_the_policy_earns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(lambda r: replace(r, claim=replace(r.claim, upper=-1e6)), monkeypatch)
    assert "claims that none earns more than -1000000" in said and "this one earns 8.8149" in said


def test_a_back_end_that_changes_the_game_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    game = posgc.load(TIGER)

    def change(result: Result) -> Result:
        game.model.kernels[0].reward[...] = 1000.0
        return result

    monkeypatch.setitem(registry().backends, "stranger", Stranger(change))
    with pytest.raises(InputError, match="back-end stranger changed the game"):
        game.solve("team", "stranger")


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), RecursionError(), StopIteration(), OSError("disk"), Silent()]
)
def test_what_a_back_end_raises_is_told_with_its_name(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(result: Result) -> Any:
        raise error

    said = refused(fail, monkeypatch)
    assert f"error[E638]: back-end stranger failed: {type(error).__name__}" in said


def test_a_back_end_that_cannot_answer_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute(Stranger):
        name = "mute"

        def applies(self, facts: Any) -> str | None:
            raise KeyError("facts")

    class Vague(Stranger):
        name = "vague"

        def applies(self, facts: Any) -> Any:
            return False

    for kind in (Mute, Vague):
        monkeypatch.setitem(registry().backends, kind.name, kind(lambda r: r))
    game = posgc.load(TIGER)
    assert game.solve("team").policy.header.backend == "value-iteration"
    reasons = {offer.name: offer.reason for offer in game.check().offers["team"]}
    assert reasons["mute"] == "it failed to answer: KeyError: 'facts'" and reasons["vague"] == "it gives no reason"


@pytest.mark.parametrize("fault", ["applies", "read", "nothing", "junk"])
def test_importers_that_fail_are_named(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reader:
        name, summary, suffixes, own_horizon = "reader", "reads", (".r",), True

        def applies(self, source: Any) -> str | None:
            if fault == "applies":
                raise IndexError(7)
            return None

        def read(self, source: Any, **asked: Any) -> Any:
            if fault == "read":
                raise Silent
            return None if fault == "nothing" else {"model": 1}

    monkeypatch.setitem(registry().importers, "reader", Reader())
    with pytest.raises(InputError, match=r"error\[E638\]: importer reader failed"):
        posgc.loads("r", share="full")


def module(hook: str, returned: Callable[[], Any]) -> Any:
    """A plug-in whose one hook returns, or raises, that."""
    implementation = hookimpl(lambda: returned(), specname=hook)
    return type("Module", (), {"offer": staticmethod(implementation)})


def fail(error: BaseException) -> Callable[[], Any]:
    def raising() -> Any:
        raise error

    return raising


HOOKS = ("posgc_backends", "posgc_compressions", "posgc_importers", "posgc_exporters", "posgc_referees", "posgc_blocks")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "returned",
    [
        fail(ValueError("x")),
        fail(SystemExit(3)),
        fail(Silent()),
        lambda: 5,
        lambda: "text",
        lambda: [None],
        lambda: [5],
        lambda: [Stranger],
        lambda: [type("Bare", (), {"name": "bare", "summary": "s"})()],
    ],
)
def test_hooks_that_fail_are_listed_and_left_out(hook: str, returned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda self: module(hook, returned))
    found = load_registry([EntryPoint("stranger", "stranger_module", "posgc")])
    offered = (found.backends, found.compressions, found.importers, found.exporters, found.referees, found.blocks)
    assert not any(offered) and any(info.defect for info in found.plugins)


def test_a_module_that_ends_the_program_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    ending = fail(SystemExit(3))
    monkeypatch.setattr(EntryPoint, "load", lambda self: ending())
    (info,) = load_registry([EntryPoint("stranger", "stranger_module", "posgc")]).plugins
    assert info.defect == "SystemExit: 3"
