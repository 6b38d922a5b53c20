"""Exported environments: the libraries' own conformance tests, and the numbers against the plain tree."""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from posgc_environments.exporters import GymnasiumExporter, OpenSpielExporter, PettingZooExporter, PythonExporter
from posgc_environments.simulator import Episode, Game
from posgc_environments.tables import size_of, tables_of
from support.games import Shape, dectiger, delayed, random_game, shapes
from support.tree import History, Tree

from posgc.cli.main import main
from posgc.information.items import Information
from posgc.language import Source, compile_game
from posgc.language.sharing.requests import protocol
from posgc.model import tabulate
from posgc.model.arrays import Model
from posgc.plugin import LimitError

few = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
NUMBER = itertools.count()
TIGER = Information(dectiger(3), delayed(1))


def have(*names: str) -> Any:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


def exported(tmp_path: Path, exporter: Any, information: Information) -> ModuleType:
    """What the exporter writes, imported."""
    path = tmp_path / f"exported_{exporter.name}.py"
    with path.open("w", encoding="utf-8") as file:
        exporter.export(information, exporter.options(), file)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def one_agent() -> Information:
    shape = Shape("full", 1, 3, 3, (3,), (2,), "general", "dense", True, True, True, 0.9, 4)
    return Information(*random_game(shape))


@given(shapes(histories=200, structures=("any", "full", "forget_all")))
@few
def test_knowledge_is_that_of_the_protocol(shape: Shape) -> None:
    """Along random episodes, what the simulator says is known is what the plain tree says."""
    model, protocol = random_game(shape)
    assume(not any(Information(model, protocol).lost(h) for h in range(2, model.horizon + 1)))
    game = Game(json.loads(json.dumps(tables_of(Information(model, protocol)))))
    tree, episode, rng = Tree(model, protocol), Episode(game), np.random.default_rng(shape.seed)
    width = len(game.observations) + len(game.actions)
    for _ in range(3):
        episode.reset(rng)
        for h in range(1, model.horizon + 1):
            common, private = tree.knowledge(history_of(episode, model))
            for i in range(model.n_agents):
                known = np.zeros(len(game.slot_time), np.int64)
                for (t, kind, v), value in (*common, *private[i]):
                    known[(t - 1) * width + v + (len(game.observations) if kind == "action" else 0)] = value + 1
                assert (episode.information(i) == known).all()
                assert np.flatnonzero(episode.mask(i)).tolist() == model.choices(i, h).tolist()
            episode.step([int(rng.choice(game.choices(i, h))) for i in range(model.n_agents)], rng)
        assert episode.done


def history_of(episode: Episode, model: Model) -> History:
    """The episode so far as a history of the plain tree; states before the last do not matter there."""
    n_o, n_a = len(episode.game.observations), len(episode.game.actions)
    rows = [episode.values[k * (n_o + n_a) :] for k in range(episode.h)]
    seen = tuple(tuple(max(0, int(x)) for x in row[:n_o]) for row in rows)
    acts = tuple(tuple(max(0, int(x)) for x in row[n_o : n_o + n_a]) for row in rows[:-1])
    return History((0,) * episode.h, seen, acts)


def test_the_mean_return_is_the_value() -> None:
    # everybody listens: -2 a step
    game, rng = Game(tables_of(TIGER)), np.random.default_rng(0)
    episode = Episode(game)
    episode.reset(rng)
    while not episode.done:
        assert episode.step([0, 0], rng) == [-2.0, -2.0]
    assert episode.returns == [-6.0, -6.0]
    with pytest.raises(ValueError, match="cannot play"):
        episode.step([0, 0], rng)


TURNS = """game turns {
  horizon 2;  agents ann, bob;
  state s: 0..2;
  action draw[i]: 0..2 when (i == ann and step == 1) or (i == bob and step == 2);
  init s = 0;
  next s = if step == 1 then draw[ann] else s;
  reward ann = if step == 2 and draw[bob] == s then 1 else 0;
  reward bob = 0;
  share full { draw after 1; }
}
"""


def test_what_is_chosen_where_there_is_no_choice_comes_to_nothing() -> None:
    """Two agents in turns: at the step of one, whatever the other names is its first value."""
    model = tabulate(compile_game(Source("turns", TURNS), {}, None, None))
    game = Game(tables_of(Information(model, protocol(model.signature, "full", None))))
    for idle in range(3):
        episode, rng = Episode(game), np.random.default_rng(0)
        episode.reset(rng)
        assert game.choices(1, 1) == [0] and game.choices(0, 2) == [0]
        episode.step([2, idle], rng)
        assert episode.step([idle, 2], rng) == [1.0, 0.0]
        assert episode.done


def test_the_standalone_simulator_needs_numpy_only(tmp_path: Path) -> None:
    path = tmp_path / "tiger.py"
    with path.open("w", encoding="utf-8") as file:
        PythonExporter().export(TIGER, PythonExporter.options(), file)
    assert "posgc_" not in path.read_text(encoding="utf-8")
    program = f"import runpy, sys; sys.modules['posgc'] = None; runpy.run_path({str(path)!r}, run_name='__main__')"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1] and "returns:" in runs[0] and "knows step 3" in runs[0]


def test_texts_of_a_game_are_never_code(tmp_path: Path) -> None:
    """A title with quotes and backslashes ends up in the tables as it is."""
    nasty = "a'''); raise SystemExit #\\ \"\"\" \n{}"
    model = TIGER.model
    odd = Information(type(model)(**{**vars(model), "title": nasty, "name": nasty}), TIGER.protocol)
    module = exported(tmp_path, PythonExporter(), odd)
    assert module.GAME.name == nasty


def test_large_tables_are_refused() -> None:
    with pytest.raises(LimitError, match="numbers"):
        PythonExporter().export(TIGER, PythonExporter.options(numbers=10), StringIO())
    assert size_of(TIGER) > 10


@pytest.fixture
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' advice on names of agents and kinds of spaces
        yield


@have("pettingzoo", "gymnasium")
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("view", ["observation", "information"])
def test_pettingzoo(tmp_path: Path, view: str) -> None:
    from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

    shape = Shape("one_step", 3, 3, 3, (2, 3, 1), (2, 2, 1), "general", "dense", True, True, True, 0.9, 11)
    for information in (TIGER, Information(*random_game(shape))):
        module = exported(tmp_path, PettingZooExporter(), information)
        parallel_api_test(module.parallel_env(view=view), num_cycles=100)
        parallel_seed_test(lambda module=module: module.parallel_env(view=view), num_cycles=20)
        api_test(module.env(view=view), num_cycles=100)
        seed_test(lambda module=module: module.env(view=view), num_cycles=20)
    with pytest.raises(ValueError, match="view"):
        module.parallel_env(view="all")


@have("pettingzoo", "gymnasium")
def test_pettingzoo_state_mask_and_render(tmp_path: Path) -> None:
    env = exported(tmp_path, PettingZooExporter(), TIGER).parallel_env(render_mode="ansi")
    views, _ = env.reset(seed=3)
    assert env.state_space.contains(env.state()) and env.state()[-1] == 1
    assert all(env.observation_space(agent).contains(views[agent]) for agent in env.agents)
    assert views["1"]["action_mask"].tolist() == [1, 1, 1]
    assert "step 1 of 3" in env.render() and "knows" in env.render()


@have("gymnasium")
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("view", ["observation", "information"])
def test_gymnasium(tmp_path: Path, view: str) -> None:
    from gymnasium.utils.env_checker import check_env

    shape = Shape("full", 1, 3, 3, (3,), (2,), "general", "dense", True, False, False, 0.9, 4)
    module = exported(tmp_path, GymnasiumExporter(), Information(*random_game(shape)))
    check_env(module.env(view=view), skip_render_check=True)


def test_gymnasium_is_for_one_agent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "games/dectiger.posg", "--to", "gymnasium"]) == 2
    assert "E632" in capsys.readouterr().err


@have("pyspiel")
def test_openspiel_passes_its_own_simulations(tmp_path: Path) -> None:
    import pyspiel

    module = exported(tmp_path, OpenSpielExporter(), TIGER)
    game = pyspiel.load_game(module.SHORT_NAME)
    pyspiel.random_sim_test(game, num_sims=10, serialize=False, verbose=False)
    assert game.get_type().utility == pyspiel.GameType.Utility.IDENTICAL


@have("pyspiel")
@given(shapes(histories=60, structures=("any", "one_step", "none")))
@settings(few, max_examples=25)
def test_openspiels_values_are_the_trees(shape: Shape) -> None:
    """Uniform play by OpenSpiel's recursion over the registered game; its names tell apart what the protocol does."""
    import pyspiel
    from posgc_environments.openspiel_game import register

    model, protocol = random_game(shape)
    assume(not any(Information(model, protocol).lost(h) for h in range(2, model.horizon + 1)))
    tree = Tree(model, protocol)
    # a name is OpenSpiel's for good
    game = register(Game(tables_of(Information(model, protocol))), f"posg_{next(NUMBER)}")
    state = game.new_initial_state()
    policy = pyspiel.UniformRandomPolicy(game)
    found = pyspiel.expected_returns(state, policy, -1, False)
    assert found == pytest.approx(tree.uniform_values(), abs=1e-9)
