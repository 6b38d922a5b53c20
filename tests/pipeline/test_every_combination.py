"""Every kind of strategy × compression × judge, on the command line, from back-ends that claim nothing.

What is printed is what it is: exact where a judge found it, estimated by play where none could, never a traceback.
Both agents listen, which earns -2 a step in DecTiger (Nair et al. 2003): -6 in three steps.  The blank machine listens
once and then, knowing no edge, plays uniformly; what it earns is worked out on histories.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.stubs import KINDS, Stub, constant

from posgc.cli.main import main
from posgc.information.items import InformationStructure
from posgc.plugin.registry import registry
from posgc.policy.controllers import Controllers
from posgc.policy.mixture import Mixture
from posgc.policy.strategy import Strategy

LISTENING = -6.0
COMPRESSIONS = (None, "exact", "window(1)", "belief(0.01)")
CLOCKLESS = ("graph machine", "machine", "blank machine", "stationary")
"""What is judged on pairs where Assumption 3 holds."""


def solved(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *flags: str
) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `solve` with the stub; a mixture has no Nash gap."""
    monkeypatch.setitem(registry().backends, "stub", Stub(kind))
    concept = "cce" if kind == "mixture" else "nash"
    arguments = ["solve", "games/dectiger.posg", "--concept", concept, "--backend", "stub", "--quiet"]
    status = main([*arguments, *flags])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize("compress", COMPRESSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_judged_exactly(
    kind: str, compress: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [] if compress is None else ["--compress", compress]
    status, out, _ = solved(kind, monkeypatch, capsys, *flags, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["gap"]["status"] == "exact" and found["gap"]["exact"]
    assert found["gap"]["judged_on"] == ("pairs" if kind in CLOCKLESS else "histories")
    if kind != "blank machine":
        assert list(found["values"].values()) == pytest.approx([LISTENING] * 2, abs=1e-9)
    assert found["gap"]["certified"] >= found["gap"]["value"]
    assert found["claimed"] == (None if compress is None else list(found["values"].values()))  # what was judged
    assert found["bounds"] == {"lower": None, "upper": None}
    status, out, _ = solved(kind, monkeypatch, capsys, *flags)
    assert status == 0 and "gap in the true game" in out
    assert ("common belief" in out.splitlines()[3]) == (kind == "graph machine" and compress is not None)


@pytest.mark.parametrize("kind", KINDS)
def test_judged_on_histories_where_assumption_3_fails(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "graph machine":
        pytest.skip("there is no graph without Assumption 3")
    status, out, _ = solved(kind, monkeypatch, capsys, "--share", "none", "--json")
    found = json.loads(out)
    assert status == 0 and found["gap"]["judged_on"] == "histories" and found["gap"]["status"] == "exact"
    if kind != "blank machine":
        assert list(found["values"].values()) == pytest.approx([LISTENING] * 2, abs=1e-9)
    status, _, err = solved(kind, monkeypatch, capsys, "--share", "none", "--compress", "exact")
    assert status == 1 and "error[E604]" in err


@pytest.mark.parametrize("compress", COMPRESSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_too_large_for_exact_judges(
    kind: str, compress: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight nodes are too few for histories, and enough for the pairs of machines and for the compressions."""
    flags = ["--max-nodes", "8"] + ([] if compress is None else ["--compress", compress])
    status, out, _ = solved(kind, monkeypatch, capsys, *flags, "--json")
    assert status == 0
    found = json.loads(out)
    if kind in CLOCKLESS:
        assert found["gap"]["judged_on"] == "pairs"
        return
    assert found["gap"]["judged_on"] == "play" and found["gap"]["status"] == "estimated" and not found["gap"]["exact"]
    assert found["gap"]["value"] is None and found["gap"]["certified"] is None and found["gap"]["error"] is None
    assert set(found["gap"]["gains"].values()) == {None} and found["gap"]["confidence"] == 0.95
    assert list(found["values"].values()) == [LISTENING] * 2  # nothing that is random is paid
    status, out, _ = solved(kind, monkeypatch, capsys, *flags)
    assert status == 0 and "estimated by play" in out and "nothing is proved" in out
    assert "gap in the true game" not in out
    assert solved(kind, monkeypatch, capsys, *flags, "--require-gap", "1000")[0] == 1


def test_a_machine_that_is_too_large_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = solved("machine", monkeypatch, capsys, "--share", "none", "--max-nodes", "8")
    assert status == 3 and out == "" and "information states" in err


def test_a_mixture_for_nash_is_the_plug_ins_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(registry().backends, "stub", Stub("mixture"))
    for flags in ([], ["--compress", "exact"]):
        assert main(["solve", "games/dectiger.posg", "--concept", "nash", "--backend", "stub", *flags]) == 2
        assert "error[E637]" in capsys.readouterr().err


@pytest.mark.parametrize("share", ["one_step", "none"])
@pytest.mark.parametrize("kind", KINDS)
def test_file_verify_simulate_and_show(
    kind: str,
    share: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if (kind, share) == ("graph machine", "none"):
        pytest.skip("there is no graph without Assumption 3")
    path, game = str(tmp_path / "p.npz"), ["games/dectiger.posg", "--share", share, "--quiet"]
    status, out, _ = solved(kind, monkeypatch, capsys, "--share", share, "--out", path, "--json")
    assert status == 0
    claimed = json.loads(out)
    assert main(["verify", *game, path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["values"] == claimed["values"] and found["gap"] == claimed["gap"]
    assert main(["verify", *game, path]) == 0
    assert main(["simulate", *game, "--policy", path, "--episodes", "500", "--traces", "2", "--json"]) == 0
    played = json.loads(capsys.readouterr().out.splitlines()[-1])
    if kind != "blank machine":
        assert list(played["mean"].values()) == [LISTENING] * 2
    assert len(played["traces"]) == 2 * 4
    assert main(["show", path]) == 0
    shown = capsys.readouterr().out
    assert "listen" in shown and ("probability" in shown or kind == "stationary")


def test_an_opaque_policy_without_its_plug_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "p.npz")
    assert solved("opaque", monkeypatch, capsys, "--out", path)[0] == 0
    monkeypatch.delitem(registry().backends, "stub")
    calls = (
        ["verify", "games/dectiger.posg", path],
        ["simulate", "games/dectiger.posg", "--policy", path],
        ["show", path],
    )
    for call in calls:
        assert main(call) == 2
        said = capsys.readouterr()
        assert said.out == "" and "error[E602]" in said.err and "stub" in said.err


def test_an_opaque_policy_whose_plug_in_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(Stub):
        def player(self, arrays: object, info: object, structure: object) -> object:  # type: ignore[override]
            raise KeyError("weights")

    path = str(tmp_path / "p.npz")
    assert solved("opaque", monkeypatch, capsys, "--out", path)[0] == 0
    monkeypatch.setitem(registry().backends, "stub", Broken("opaque"))
    assert main(["verify", "games/dectiger.posg", path]) == 2
    assert "error[E609]" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_compression_that_is_searched_for(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gap of 6.42 is certified wherever all listen, whatever the compression; with eight nodes nothing is certified
    of what is judged on histories."""
    for flags, met in (
        (["--epsilon", "7"], kind != "blank machine"),
        (["--epsilon", "0.1", "--max-nodes", "8"], False),
    ):
        status, out, err = solved(kind, monkeypatch, capsys, "--compress", "auto", *flags)
        assert status == (0 if met else 3)
        if "8" in flags and kind not in CLOCKLESS:
            assert "no gap is certified" in err and "estimated by play" in out


def spoilt(name: str, structure: InformationStructure) -> Strategy:
    """What no file could hold: the compiler says so, and names the plug-in."""
    made = constant("controllers", structure)
    assert isinstance(made, Controllers)
    ann, bob = made.agents

    def begins(**arrays: npt.NDArray[np.int64]) -> Controllers:
        """Ann's first step with other arrays."""
        return Controllers((replace(ann, steps=(replace(ann.steps[0], **arrays), *ann.steps[1:])), bob))

    first = ann.steps[0]
    changed = {
        "an agent short": Controllers((ann,)),
        "a step short": Controllers((replace(ann, steps=ann.steps[:-1]), bob)),
        "an edge to nowhere": begins(edge_to=first.edge_to + 1),
        "an action that nobody has": begins(table=np.array([3])),
        "news without an edge": begins(
            edge_indptr=np.array([0, 1]), edge_code=first.edge_code[-1:], edge_to=first.edge_to[:1]
        ),
        "weights of 2": Mixture(np.array([1.0, 1.0]), (made, made)),
        "no part": Mixture(np.zeros(0), ()),
    }
    return changed[name]


SPOILT = (
    "an agent short",
    "a step short",
    "an edge to nowhere",
    "an action that nobody has",
    "news without an edge",
    "weights of 2",
    "no part",
)


@pytest.mark.parametrize("compress", [None, "exact"])
@pytest.mark.parametrize("name", SPOILT)
def test_a_strategy_that_cannot_be_played_is_the_plug_ins_mistake(
    name: str, compress: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("support.stubs.constant", lambda kind, structure: spoilt(name, structure))
    status, out, err = solved("mixture", monkeypatch, capsys, *([] if compress is None else ["--compress", compress]))
    assert status == 2 and out == "" and "error[E637]" in err
