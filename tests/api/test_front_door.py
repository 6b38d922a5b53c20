"""`import posgc`: the snippet of the documents, types, reprs, processes, and what is raised."""

from __future__ import annotations

import io
import math
import pickle
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing import get_context
from pathlib import Path

import pytest

import posgc
from posgc.cli.main import main

GAMES = Path(__file__).resolve().parents[2] / "games"
TIGER = GAMES / "dectiger.posg"


@pytest.fixture(scope="module")
def game() -> posgc.Game:
    return posgc.load(TIGER, share="one_step", horizon=4, accuracy=0.9)


@pytest.fixture(scope="module")
def solution(game: posgc.Game) -> posgc.Solution:
    return game.solve("team", compress="belief(0.01)")


def test_the_snippet_and_that_nothing_prints(tmp_path):
    """By hand: at H = 1 the best a team can do is to listen, which costs 2."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        late = posgc.load(str(TIGER), share="delayed(2)", horizon=4, accuracy=0.9)
        assert late.check().assumption3.holds is False
        game = posgc.load(TIGER, share="one_step", horizon=1, accuracy=0.9)
        report = game.check()
        assert report.assumption3.holds is True and report.assumption1.holds is True
        assert report.assumption2.holds is None or report.gamma.lower <= report.gamma.upper
        solution = game.solve("team", compress="belief(0.01)")
        assert solution.values == pytest.approx({"ann": -2.0, "bob": -2.0}, abs=1e-9)
        assert 0 <= solution.gap <= solution.certified_gap < 1e-9
        assert solution.bounds[0] <= -2 + 1e-9 and solution.bounds[1] >= -2 - 1e-9
        solution.policy.save(tmp_path / "p.npz")
        policy = posgc.load_policy(tmp_path / "p.npz")
        assert game.verify(policy).values == solution.values
        assert game.simulate(policy, episodes=100).mean == {"ann": -2.0, "bob": -2.0}
        assert game.simulator(seed=1).reset(5).observations.shape == (2, 5)
    assert out.getvalue() == ""


def test_types(game, solution):
    assert isinstance(game, posgc.Game) and isinstance(game.info, posgc.Info)
    assert isinstance(game.check(), posgc.Report) and isinstance(solution, posgc.Solution)
    assert isinstance(solution.policy, posgc.Policy) and isinstance(game.verify(solution.policy), posgc.Verified)
    assert isinstance(game.simulate(episodes=2), posgc.Simulation) and isinstance(game.simulator(), posgc.Simulator)
    assert game.agents == ("ann", "bob") and game.name == "dectiger" and game.info.horizon == 4
    for name in posgc.__all__:
        assert getattr(posgc, name) is not None and name in dir(posgc)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        posgc.nothing  # noqa: B018


def test_importing_posgc_imports_nothing_else():
    code = "import sys, posgc; print([m for m in sys.modules if m.startswith('posgc.') or m in ('numpy', 'scipy')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


EVIL = """game g "<script>alert(1)</script> & \\u0026" {
  horizon 2; agents ann, bob;
  state s: {a, b}; action act[i]: {x, y}; observation see[i]: {a, b};
  init s ~ uniform; next s ~ s; observe see[i] ~ s';
  reward team = count(i: act[i] == x);
  share full { see after 0; act after 1; }
}"""


def test_html_is_escaped():
    game = posgc.loads(EVIL)
    solution = game.solve("team")
    verified = game.verify(solution.policy)
    for shown in (game, game.info, game.check(), solution, solution.policy, verified, game.simulate(episodes=3)):
        html = shown._repr_html_()
        assert html.startswith("<table>") and "<script" not in html
        assert "\n" not in repr(shown) and len(repr(shown)) < 600
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in game._repr_html_()


def test_names_of_agents_are_escaped():
    game = posgc.from_arrays(
        [[[1.0]]], [[[1.0]]], [[2.0]], initial=[1], horizon=2, share="full", agents=["<b>&"], name="<i>"
    )
    html = game.solve("team")._repr_html_()
    assert "<b>" not in html and "<i>" not in html and "&lt;b&gt;&amp;" in html


def solved(game: posgc.Game) -> posgc.Solution:
    return game.solve("team")


def refused(share: str) -> posgc.Game:
    return posgc.load(TIGER, share=share)


def test_other_processes():
    """Games go there, solutions come back, and so do errors."""
    games = [posgc.load(TIGER, share=share) for share in ("full", "one_step")]
    with get_context("spawn").Pool(1) as pool:
        found = pool.map(solved, games)
        with pytest.raises(posgc.InputError, match="there is no protocol `one_stop`") as raised:
            pool.map(refused, ["one_stop"])
    assert [repr(s) for s in found] == [repr(solved(game)) for game in games]
    assert [d.code for d in raised.value.diagnostics] == ["E501"]


@pytest.mark.parametrize("path", sorted(GAMES.glob("*.posg")), ids=lambda p: p.stem)
def test_every_game_is_pickled(path):
    game = posgc.load(path, share=None if path.stem not in ("broadcast", "recycling") else "full", horizon=2)
    again = pickle.loads(pickle.dumps(game))
    assert repr(again) == repr(game) and again.model.digest == game.model.digest
    assert again.simulate(episodes=20).mean == game.simulate(episodes=20).mean


def test_a_long_chain_of_definitions_is_pickled():
    chain = "\n".join(f"let d{k} = d{k - 1} + 1;" for k in range(1, 90))
    text = EVIL.replace("reward team = ", f"let d0 = 0;\n{chain}\nreward team = d89 * ")
    game = posgc.loads(text)
    assert pickle.loads(pickle.dumps(game)).model.digest == game.model.digest


def test_results_are_pickled(game, solution):
    verified, report = game.verify(solution.policy), game.check()
    simulation, simulator = game.simulate(solution.policy, 50, traces=3), game.simulator(seed=4)
    for made in (solution, solution.policy, verified, report, simulation, game.info):
        assert repr(pickle.loads(pickle.dumps(made))) == repr(made)
    for spec in ("exact", "bisimulation", "window(1)"):
        other = game.solve("team", compress=spec)
        assert pickle.loads(pickle.dumps(other)).gap == other.gap
    again = pickle.loads(pickle.dumps(simulator))
    assert (again.reset(9).observation == simulator.reset(9).observation).all()


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["check", "nowhere.posg"], lambda: posgc.load("nowhere.posg")),
        (
            ["solve", str(TIGER), "--concept", "nash", "--share", "none", "--backend", "value-iteration"],
            lambda: posgc.load(TIGER, "none").solve("nash", "value-iteration"),
        ),
        (["check", str(TIGER), "--set", "acuracy=1"], lambda: posgc.load(TIGER, acuracy=1)),
        (
            ["solve", str(TIGER), "--concept", "team", "--option", "speed=3"],
            lambda: posgc.load(TIGER).solve("team", options={"speed": 3}),
        ),
        (
            ["solve", str(TIGER), "--concept", "team", "--compress", "windw(2)"],
            lambda: posgc.load(TIGER).solve("team", compress="windw(2)"),
        ),
        (["check", str(TIGER), "--share", "delayd(2)"], lambda: posgc.load(TIGER, share="delayd(2)")),
        (["export", str(TIGER), "--to", "pdf"], lambda: posgc.load(TIGER).export("pdf")),
    ],
)
def test_errors_say_what_the_command_line_prints(words, call, capsys):
    main(words)
    with pytest.raises(posgc.InputError) as raised:
        call()
    assert f"{raised.value}\n" == capsys.readouterr().err
    again = pickle.loads(pickle.dumps(raised.value))
    assert type(again) is type(raised.value) and str(again) == str(raised.value)


def test_more_than_a_hundred_mistakes_are_counted():
    lines = "\n".join(f"let x{k} = nothing{k};" for k in range(150))
    with pytest.raises(posgc.InputError) as raised:
        posgc.loads(EVIL.replace("reward team", f"{lines}\nreward team"))
    assert len(raised.value.diagnostics) >= 150
    assert str(raised.value).endswith(f"… and {len(raised.value.diagnostics) - 100} more")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"horizon": 0}, "E623"),
        ({"horizon": 2.5}, "E623"),
        ({"horizon": True}, "E623"),
        ({"horizon": math.nan}, "E623"),
        ({"discount": 1.5}, "E623"),
        ({"discount": "0.9"}, "E623"),
        ({"discount": math.nan}, "E623"),
        ({"reward": "mine"}, "E611"),
        ({"reward": "zero_sum"}, "E611"),
        ({"accuracy": math.inf}, "E622"),
        ({"accuracy": 2}, "E621"),
        ({"accuracy": None}, "E622"),
        ({"horizon": math.inf}, "E619"),
    ],
)
def test_values_of_the_wrong_kind(asked, code):
    with pytest.raises(posgc.InputError) as raised:
        posgc.load(TIGER, **asked)
    assert {d.code for d in raised.value.diagnostics} == {code}


def test_options_are_values(game):
    """0.3 tolerated at each of 4 stages: the gap found is no larger than 1.2."""
    loose = game.solve("team", epsilon=0.3)
    assert loose.policy.header.options["epsilon"] == 0.3 and loose.gap <= 1.2
    assert game.solve("team", epsilon="0.3").policy.header.options == loose.policy.header.options
    ce = posgc.load(GAMES / "vendors.posg").solve("ce", select="egalitarian", options={"form": "strategic"})
    assert ce.policy.header.options["form"] == "strategic" and ce.judgement.kind == "ce_strategic"
    for options in (
        {"epsilon": "much"},
        {"epsilon": -1.0},
        {"epsilon": None},
        {"epsilon": True},
        {"epsilon": [0.1]},
        {"epsilon": math.nan},
        {"form": "agent"},
    ):
        with pytest.raises(posgc.InputError) as raised:
            game.solve("team", options=options)
        assert {d.code for d in raised.value.diagnostics} == {"E612"}
    with pytest.raises(posgc.InputError, match="contradicts"):
        game.solve("team", epsilon=0.1, options={"epsilon": 0.2})
    with pytest.raises(posgc.InputError, match="no concept 'best'"):
        game.solve("best")
    auto = game.solve("team", compress="auto", epsilon=1, time_limit=30)
    assert auto.compression.met and auto.certified_gap <= 1


def test_progress_is_a_callback(game):
    stages = []
    game.solve("team", progress=lambda stage, done, total: stages.append((stage, done <= total)))
    assert {"verify"} <= {stage for stage, _ in stages} and all(fits for _, fits in stages)
    game.simulate(episodes=20_000, progress=True)  # no terminal: no bar


def test_calls_do_not_change_the_game(game, solution):
    before = dict(game.compiled.seconds)
    first = solution.compiled.seconds.copy()
    game.solve("team", seed=3)
    game.check(max_nodes=1)
    assert game.compiled.seconds == before and solution.compiled.seconds == first
    with pytest.raises(posgc.LimitError):
        game.solve("team", max_nodes=1)
    for call in (
        lambda: game.solve("team", max_nodes=0),
        lambda: game.simulate(seed=-1),
        lambda: game.simulator(-1),
        lambda: game.simulate(episodes=0),
    ):
        with pytest.raises(ValueError):
            call()


def test_export_is_what_the_command_writes(game, tmp_path, capsys):
    path = tmp_path / "g.efg"
    short = posgc.load(TIGER, horizon=1)
    assert path.write_text("old") and short.export("efg", path) == path.read_text(encoding="utf-8")
    assert main(["export", str(TIGER), "--to", "efg", "--horizon", "1"]) == 0
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")


def test_env():
    """PettingZoo's environment where it is there, else what to install."""
    game = posgc.load(TIGER, horizon=2)
    try:
        import pettingzoo  # noqa: F401
    except ImportError:
        with pytest.raises(posgc.InputError, match=r"pip install 'posgc\[pettingzoo\]'") as raised:
            game.env()
        assert raised.value.diagnostics[0].code == "E636"
        return
    env = game.env(view="information")
    env.reset(seed=1)
    _, rewards, over, _, _ = env.step({"ann": 0, "bob": 0})
    assert rewards == {"ann": -2.0, "bob": -2.0} and over == {"ann": False, "bob": False}


def test_the_environment_of_a_file_format():
    with pytest.raises(posgc.InputError, match="efg is written to files only"):
        posgc.load(TIGER, horizon=1).env("efg")
