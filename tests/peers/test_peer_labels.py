"""Every label that the language or an importer can produce: Gambit and OpenSpiel read what is exported.

The games come from `.nfg` and `.efg` texts, whose labels are any strings in quotes, and from the language.  The
right values are those of uniform play, computed from the numbers of the text.
"""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from posgc_dpomdp import DpomdpExporter, DpomdpImporter
from posgc_efg.exporter import EfgExporter, EfgOptions
from posgc_environments.exporters import OpenSpielExporter, PettingZooExporter
from posgc_gambit import GambitReferee
from posgc_gambit_files import EfgImporter, NfgImporter
from posgc_openspiel import OpenSpiel

from posgc.information.items import Information
from posgc.language import compile_game
from posgc.language.diagnostics import Source
from posgc.language.sharing.requests import protocol
from posgc.model import tabulate
from posgc.model.arrays import Model

pygambit: Any = pytest.importorskip("pygambit", minversion="17.0.0b2", reason="pygambit 17.0.0b2 is not installed")
pyspiel: Any = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")

HOSTILE = [
    "Chance",
    "chance",
    "}",
    "{",
    "{ }",
    "",
    " ",
    "\t",
    " a",
    "a ",
    "\ta",
    "a\t",
    "a b",
    "a  b",
    "a\tb",
    "a\nb",
    "a\r\nb",
    'a"b',
    "a\\b",
    "\\",
    "'",
    "a,b",
    "é",
    "e\u0301",
    "日本",
    "😀",
    "\u00a0",
    "a\u00a0",
    "a\u00a0\u00a0b",
    "a\u2028b",
    "a\x00b",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "\u3000a",
    "x" * 20_000,
    "p",
    "c",
    "t",
    "EFG",
    "0",
    "-1",
    "1/2",
    "None",
]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def strategic(title: str, players: list[str], strategies: list[str]) -> Model:
    """Two players with the same two strategies; the payoffs of the first are 1, 2, 4, 8, of the second 0, 0, 0, 12."""
    names = " ".join(map(quoted, strategies))
    text = (
        f"NFG 1 R {quoted(title)} {{ {' '.join(map(quoted, players))} }}\n{{ {{ {names} }} {{ {names} }} }}\n\n"
        "1 0 2 0 4 0 8 12\n"
    )
    return NfgImporter().read(Source("games/x.nfg", text), horizon=None, discount=None, reward=None).model


def told(label: str) -> Model:
    """A tree: chance (`label` 1/4, other 3/4) tells player 1 in an information set of that name, which bets."""
    q = quoted(label)
    text = f"""EFG 2 R {q} {{ {q} "Bob" }}
    {q}
    c "" 1 {q} {{ {q} 1/4 "other" 3/4 }} 0
    p "" 1 1 {q} {{ {q} "pass" }} 0
    t "" 1 {q} {{ 8 0 }}
    t "" 2 "" {{ 0 8 }}
    p "" 1 2 "second" {{ {q} "pass" }} 0
    t "" 3 "" {{ 16 4 }}
    t "" 4 "" {{ 0 4 }}
    """
    return EfgImporter().read(Source("games/x.efg", text), horizon=None, discount=None, reward=None).model


def known(model: Model, share: str = "none") -> Information:
    return Information(model, protocol(model.signature, share, None))


def written(model: Model) -> str:
    target = io.StringIO()
    EfgExporter().export(known(model), EfgOptions(), target)
    return target.getvalue()


def check_peers(text: str, sizes: list[list[int]], values: list[float]) -> Any:
    """Both load the text and find these values of uniform play; Gambit's game is returned."""
    uniform = [[[1 / k] * k for k in own] for own in sizes]
    for referee in (GambitReferee(), OpenSpiel()):
        assert referee.judge(text, uniform).values == pytest.approx(values, abs=1e-12), referee.name
    again = EfgImporter().read(Source("again.efg", text), horizon=None, discount=None, reward=None).model
    assert again.n_agents == len(sizes)
    return pygambit.read_efg(io.BytesIO(text.encode()))


@pytest.mark.parametrize("label", HOSTILE, ids=lambda s: ascii(s[:9]))
def test_labels_of_imported_games(label: str) -> None:
    # the mean of 1, 2, 4, 8 and of 0, 0, 0, 12
    game = check_peers(written(strategic(label, [label, "Bob"], [label, "b"])), [[2], [2]], [3.75, 3.0])
    # a nameless player among others means that the importer numbers them all
    assert list(game.players)[1] == ("Bob" if label else "2")
    # 1/4 · (8 + 0)/2 + 3/4 · (16 + 0)/2 = 7, 1/4 · (0 + 8)/2 + 3/4 · (4 + 4)/2 = 4
    check_peers(written(told(label)), [[2, 2], []], [7.0, 4.0])


@pytest.mark.parametrize(
    "labels, expected",
    [
        (["Chance", "Chance_"], ["Chance_2", "Chance_"]),
        (["a b", "a  b"], ["a b", "a b_"]),
        ([" a", "a "], ["a", "a_"]),
        (["\t", "_"], ["_2", "_"]),
        (['a"', "a'"], ["a'", "a'_"]),
        (["a\\", "a/"], ["a/", "a/_"]),
        (["}", "}_"], ["}_2", "}_"]),
        (["x", "y"], ["x", "y"]),
    ],
)
def test_names_of_players_that_meet_stay_apart(labels: list[str], expected: list[str]) -> None:
    game = check_peers(written(strategic("t", labels, ["a", "b"])), [[2], [2]], [3.75, 3.0])
    assert list(game.players) == expected


@given(
    st.lists(st.text(max_size=6), min_size=2, max_size=2),
    st.lists(st.text(max_size=6), min_size=2, max_size=2),
    st.text(max_size=9),
)
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_any_text_is_a_label(players: list[str], strategies: list[str], title: str) -> None:
    check_peers(written(strategic(title, players, strategies)), [[2], [2]], [3.75, 3.0])
    check_peers(written(told(players[0])), [[2, 2], []], [7.0, 4.0])


GAME = """game {name} "say  {name}\t" {{
  horizon 2; agents {name}, team_; state s: {{{word}, other}}; action {name}_[i]: {{{word}, other}};
  observation o[i]: {{{word}, other}}; init s ~ uniform; next s ~ uniform; observe o[i] = s';
  reward {name} = if {name}_[{name}] == {word} then 4 else 0; reward team_ = 2;
  share none {{ }}
}}
"""


@pytest.mark.parametrize(
    "name, word", [("Chance", "EFG"), ("Chance_", "Chance"), ("T", "O"), ("c", "t"), ("p", "R"), ("x" * 200, "y" * 200)]
)
def test_names_of_the_language(name: str, word: str) -> None:
    model = tabulate(compile_game(Source("x.posg", GAME.format(name=name, word=word))))
    # Two steps of 4 with probability 1/2, and of 2.  A set at step 1, and at step 2 one for each own action and
    # observation.
    check_peers(written(model), [[2] * 5, [2] * 5], [4.0, 4.0])


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("label", HOSTILE, ids=lambda s: ascii(s[:9]))
def test_labels_in_python_exports(label: str, tmp_path: Path) -> None:
    """Files for OpenSpiel and PettingZoo are data: what things are called changes no number."""
    information = known(strategic(label, [label, "Bob"], [label, "b"]))
    for number, exporter in enumerate((OpenSpielExporter(), PettingZooExporter())):
        if number and importlib.util.find_spec("pettingzoo") is None:
            continue
        path = tmp_path / f"labels_{exporter.name}.py"
        with path.open("w", encoding="utf-8") as file:
            exporter.export(information, exporter.options(), file)
        module = imported(path)
        if number:
            env = module.parallel_env()
            env.reset(seed=1)
            _, rewards, *_ = env.step({agent: 1 for agent in env.agents})
            assert list(rewards.values()) == [8, 12]
        else:
            game = pyspiel.load_game(module.SHORT_NAME)
            policy = pyspiel.UniformRandomPolicy(game)
            assert pyspiel.expected_returns(game.new_initial_state(), policy, -1, False) == pytest.approx([3.75, 3.0])


@pytest.mark.parametrize("label", [s for s in HOSTILE if len(s) < 100], ids=lambda s: ascii(s[:9]))
def test_labels_in_dpomdp_exports(label: str) -> None:
    """A team's game comes back with the rewards 1, 2, 4, 8, whatever its actions are called."""
    names = " ".join(map(quoted, [label, "b"]))
    text = f'NFG 1 R "t" {{ {quoted(label)} "B" }}\n{{ {{ {names} }} {{ {names} }} }}\n\n1 1 2 2 4 4 8 8\n'
    model = NfgImporter().read(Source("x.nfg", text), horizon=None, discount=None, reward=None).model
    target = io.StringIO()
    DpomdpExporter().export(known(model), DpomdpExporter.options(), target)
    again = DpomdpImporter().read(Source("x.dpomdp", target.getvalue()), horizon=1, discount=None, reward=None).model
    assert np.array_equal(again.kernels[0].reward, model.kernels[0].reward)
