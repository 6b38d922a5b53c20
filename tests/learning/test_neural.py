"""Networks as learners: what they compute against plain code, what they learn in tiny games, and what they refuse."""

import importlib.util
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from posgc_neural.backends import FmE, LaciNeural, RnnE
from posgc_neural.options import FmOptions, LaciOptions, RnnOptions

import posgc
from posgc.coordination.limits import Limits
from posgc.language.diagnostics import InputError, LimitError
from posgc.learning.sampling import collect, joined
from posgc.play.environment import Budget, CountedEnvironment
from posgc.play.kinds import player_of
from posgc.play.players import UniformPlayer
from posgc.play.sampler import estimate
from posgc.play.simulator import Simulator
from posgc.plugin import Facts, LearningProblem
from posgc.plugin.testing import check_learner

HERE = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HERE, reason="PyTorch is not installed: pip install 'posgc[learn]'")
QUICK_LACI = LaciOptions(members=2, hidden=16, passes=3, episodes=400, together=50, replay=400, batch=20, device="cpu")
QUICK: dict[str, tuple[Any, Any]] = {
    "fm-e": (FmE(), FmOptions(episodes=60, device="cpu")),
    "rnn-e": (RnnE(), RnnOptions(episodes=60, device="cpu")),
    "laci-neural": (LaciNeural(), QUICK_LACI),
}
ECHO = """
game echo "Say the coin of the step before, which both heard then" {
  horizon 3;
  agents ann, bob;
  state coin: {heads, tails};
  state before: {heads, tails};
  action say[i]: {heads, tails};
  observation hear[i]: {heads, tails};
  init coin ~ uniform;
  init before = heads;
  init hear[i] = coin;
  next coin ~ uniform;
  next before = coin;
  observe hear[i] = coin';
  reward team = if all(i: say[i] == before) then 1 else 0;
  share full     { hear after 0; say after 1; }
  share one_step { hear after 1; say after 1; }
  share none     { }
}
"""
"""Who remembers one step earns 1 a step, 3 in all; who does not earns 1 at the first step and guesses then."""
GAMES = Path(__file__).resolve().parents[2] / "games"


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    path = tmp_path / "echo.posg"
    path.write_text(ECHO, encoding="utf-8")
    return path


def problem(game: posgc.Game, samples: int, seed: int) -> LearningProblem:
    information = game.compiled.information
    budget = Budget(samples)
    environment = CountedEnvironment(Simulator(information.model, seed), budget)
    return LearningProblem(environment, information.structure, "team", "common", budget, seed)


@needs_torch
@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_the_battery_of_learners(name: str) -> None:
    backend, options = QUICK[name]
    assert check_learner(backend, options, samples=300) >= 4  # the games of the battery whose rewards are common


@needs_torch
@pytest.mark.parametrize("name", ["fm-e", "rnn-e"])
def test_baselines_remember(echo: Path, name: str) -> None:
    solution = posgc.load(echo, share="none").solve(
        "team", name, samples=2400, seed=1, options={"sync": 20, "device": "cpu"}
    )
    assert solution.values["ann"] == pytest.approx(3)


@needs_torch
@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("reason", ["time limit", "interrupted"])
def test_who_is_stopped_has_a_policy(echo: Path, name: str, reason: str) -> None:
    backend, options = QUICK[name]
    game = posgc.load(echo, share="full")
    whole = backend.emit(problem(game, 300, 0), options).run(lambda stage, done, total: None)
    assert whole.claim.stopped is None and not any("asked for" in note for note in whole.claim.notes)

    stages = list[str]()

    def stop(stage: str, done: int, total: int) -> None:
        stages.append(stage)
        if reason == "interrupted" and stages in (["train"], ["play", "fit"]):
            signal.raise_signal(signal.SIGINT)

    asked = problem(game, 300, 0)
    if reason == "time limit":
        asked = replace(asked, budget=Budget(300, 0.0))
    before = signal.getsignal(signal.SIGINT)
    found = backend.emit(asked, options).run(stop)
    assert found.claim.stopped == reason and signal.getsignal(signal.SIGINT) is before
    assert f" of the {options.episodes} that were asked for" in " ".join(found.claim.notes)
    returns = estimate(game.compiled.model, player_of(asked.structure, found.strategy), 100).mean
    assert np.isfinite(returns).all()


@needs_torch
def test_a_short_memory_forgets(echo: Path) -> None:
    options = {"memory": 1, "sync": 20, "device": "cpu"}
    solution = posgc.load(echo, share="none").solve("team", "fm-e", samples=2400, options=options)
    assert solution.values["ann"] < 2.6


@needs_torch
@pytest.mark.parametrize("share", ["full", "one_step"])
def test_windows_are_learned(echo: Path, share: str) -> None:
    """Under one-step sharing the coin of the step before has just become common."""
    options = {"members": 2, "passes": 10, "episodes": 4_000, "device": "cpu"}
    solution = posgc.load(echo, share=share).solve("team", "laci-neural", samples=6000, options=options)
    assert solution.values["ann"] == pytest.approx(3)


@needs_torch
@pytest.mark.parametrize("name", QUICK)
def test_a_seed_decides(echo: Path, name: str) -> None:
    """The same seed gives the same curve to the last bit, another one another."""
    backend, options = QUICK[name]
    game = posgc.load(echo, share="full")
    curves = []
    for seed in (3, 3, 4):
        path = echo.with_suffix(".csv")
        own = type(options)(**{**vars(options), "curve": str(path)})
        backend.emit(problem(game, 900, seed), own).run(lambda stage, done, total: None)
        curves.append(path.read_text())
    assert curves[0] == curves[1] != curves[2]
    head, *rows = curves[0].splitlines()
    assert head.startswith("joint_steps,return_1_in_")
    steps = [int(row.split(",")[0]) for row in rows]
    assert steps == sorted(set(steps)) and steps[-1] == 3 * options.episodes
    assert all(0 <= float(row.split(",")[1]) <= 3.5 for row in rows)


@needs_torch
@pytest.mark.parametrize(
    ("file", "share", "horizon"),
    [
        ("dectiger", "one_step", 4),
        ("dectiger", "none", 6),
        ("dectiger", "delayed(2)", 4),
        ("boxpushing", "full", 3),
        ("recycling", "none", 4),
        ("wind", "", 4),
    ],
)
@pytest.mark.parametrize("recurrent", [False, True])
def test_controllers_play_what_the_network_plays(file: str, share: str, horizon: int, recurrent: bool) -> None:
    """Random weights, two networks in a stack: every action of 200 episodes."""
    from posgc_neural.local import Tokens, Values, _Wanderer, streams_of
    from posgc_neural.networks import Recurrent, Windowed
    from posgc_neural.written_out import written_out

    from posgc.play.kinds import ControllersPlayer

    information = posgc.load(GAMES / f"{file}.posg", share=share or None, horizon=horizon).compiled.information
    structure = information.structure
    values = Values(Tokens(structure), Recurrent(5) if recurrent else Windowed(2, 6))
    parameters = values.memory.parameters(streams_of(7, 2), values.tokens.size, values.tokens.actions)
    parameters = [4 * p for p in parameters]  # so that what is best depends on what was met
    simulator = Simulator(information.model, 5)
    played = joined(list(collect(simulator, structure, _Wanderer(values, parameters, 0.0), 400, 0)))
    assert len({tuple(row) for row in np.stack(played.action, axis=1)}) > 1
    for k, controllers in enumerate(written_out(values, parameters)):
        same = joined(list(collect(simulator, structure, ControllersPlayer(structure, controllers), 400, 0)))
        for one, other in zip(played.action, same.action, strict=True):
            assert (one[k::2] == other[k::2]).all()


@needs_torch
def test_the_cell_is_that_of_pytorch() -> None:
    import torch
    from posgc_neural.local import streams_of
    from posgc_neural.networks import Recurrent

    memory, tokens = Recurrent(10), torch.randn(1, 6, 7, 5, generator=torch.Generator().manual_seed(1))
    parameters = memory.parameters(streams_of(1, 1), 5, 3)
    theirs = torch.nn.LSTM(5, 10, batch_first=True)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(parameters[0][0, :5].T)
        theirs.weight_hh_l0.copy_(parameters[0][0, 5:].T)
        theirs.bias_ih_l0.copy_(parameters[1][0, 0])
        theirs.bias_hh_l0.zero_()
        state = memory.start(1, 6, 5)
        for h in range(7):
            state, values = memory.step(parameters, state, tokens[:, :, h])
        out = theirs(tokens[0])[0][:, -1]
    assert state[0, :, :10].numpy() == pytest.approx(out.numpy(), abs=1e-6)
    assert values[0].numpy() == pytest.approx((out @ parameters[2][0] + parameters[3][0]).numpy(), abs=1e-6)


@needs_torch
@pytest.mark.parametrize("recurrent", [False, True])
def test_whole_episodes_are_read_as_step_by_step(recurrent: bool) -> None:
    """Values at all steps, two networks in a stack, against those of one token after the other."""
    import torch
    from posgc_neural.local import streams_of
    from posgc_neural.networks import Recurrent, Windowed

    memory = Recurrent(4) if recurrent else Windowed(3, 4)
    tokens = torch.randn(2, 5, 6, 7, generator=torch.Generator().manual_seed(1))  # [K, H, rows, T]
    parameters, state = memory.parameters(streams_of(1, 2), 7, 3), memory.start(2, 6, 7)
    kept, found = [], []
    for h in range(5):
        state, values = memory.step(parameters, state, tokens[:, h])
        kept.append(memory.kept(state, tokens[:, h]))
        found.append(values.mT)
    along = memory.along(parameters, torch.stack(kept, dim=1))
    assert along.numpy() == pytest.approx(torch.stack(found, dim=2).numpy(), abs=1e-6)


@needs_torch
@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_that_of_the_definition(seed: int) -> None:
    """Episode by episode, step by step, agent by agent, each network of the stack by itself; a window of two tokens is
    what is kept."""
    import torch
    from posgc_neural.local import Local, Tokens, Values, streams_of
    from posgc_neural.networks import Windowed

    game = posgc.load(GAMES / "dectiger.posg", horizon=4)
    values = Values(Tokens(game.compiled.information.structure), Windowed(2, 3))
    sizes = values.tokens.size, values.tokens.actions
    parameters, target = (values.memory.parameters(streams_of(seed + k, 2), *sizes) for k in (0, 50))
    learner = Local(values, Simulator(game.compiled.model, seed), 2, 0.75, seed)
    batch, earned = learner.play(parameters, 0.5, 5, 0)
    assert earned == pytest.approx(batch["reward"].sum(dim=1).numpy(), rel=1e-6)
    wanted = 0.0
    for k, e, h, i in product(range(2), range(5), range(4), range(2)):

        def q(stack: Any, h: int, k: int = k, e: int = e, i: int = i) -> Any:
            token = batch["kept"][k, :, e, i, sizes[0] :]
            last = torch.cat((token[h - 1] if h else torch.zeros(sizes[0]), token[h]))
            assert (last == batch["kept"][k, h, e, i]).all()
            hidden = torch.relu(last @ stack[0][k] + stack[1][k, 0])
            return hidden @ stack[2][k] + stack[3][k, 0]

        ahead = 0.75 * float(q(target, h + 1).max()) if h < 3 else 0.0
        error = float(q(parameters, h)[batch["actions"][k, h, e, i]]) - float(batch["reward"][k, h, e]) - ahead
        wanted += error**2 / (5 * 4 * 2)
    assert float(learner.loss(parameters, target, batch)) == pytest.approx(wanted, rel=1e-5)


@needs_torch
@pytest.mark.parametrize(
    ("file", "share"), [("dectiger", "one_step"), ("dectiger", "full"), ("wind", ""), ("power_control", "")]
)
def test_stages_are_those_of_all_prescriptions(file: str, share: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of all prescriptions of all agents, tried one by one, on random numbers."""
    import torch
    from posgc_neural import stages
    from posgc_neural.stages import Stage

    structure = posgc.load(GAMES / f"{file}.posg", share=share or None).compiled.information.structure
    simulated = Simulator(posgc.load(GAMES / f"{file}.posg", share=share or None).compiled.model, 1)
    from posgc_neural.windows import Windows

    batch = joined(list(collect(simulated, structure, UniformPlayer(structure), 400, 0)))
    _, codes = Windows(structure, 2).along(batch)
    stage = Stage(structure, 2, np.unique(codes[1]))
    rng, joint = np.random.default_rng(3), int(np.prod(structure.signature.action_sizes))
    values, weight = rng.normal(size=(3, len(stage.u), joint)), rng.dirichlet(np.ones(len(stage.u)), 3)
    worth, action = stage.best(torch.tensor(values), torch.tensor(weight))
    monkeypatch.setattr(stages, "NUMBERS", 1)  # a row at a time
    assert (stage.worth(torch.tensor(values), torch.tensor(weight)) == worth).all()
    tables = [list(product(c, repeat=len(p))) for c, p in zip(stage.choices, stage.private, strict=True)]
    if np.prod([len(t) for t in tables]) > 20_000:
        pytest.skip("too many prescriptions to try one by one")
    best = np.full(3, -np.inf)
    for plans in product(*tables):
        own = [np.array(plan)[held] for plan, held in zip(plans, stage.own, strict=True)]
        at = np.ravel_multi_index(own, structure.signature.action_sizes)
        best = np.maximum(best, (weight * values[:, np.arange(len(at)), at]).sum(axis=1))
    assert worth.numpy() == pytest.approx(best)
    played = np.take_along_axis(values, action.numpy()[..., None], axis=2)[..., 0]
    assert (weight * played).sum(axis=1) == pytest.approx(best)


@needs_torch
@pytest.mark.parametrize("share", ["full", "one_step"])
def test_the_loss_of_windows_is_that_of_the_definition(share: str) -> None:
    """Episode by episode and step by step: Q(window, u, a) against r + the worth of the next window."""
    import torch
    from posgc_neural.fitted import fit
    from posgc_neural.laci import WindowLearner
    from posgc_neural.local import streams_of
    from posgc_neural.networks import layers, through
    from posgc_neural.windows import Windows

    compiled = posgc.load(GAMES / "dectiger.posg", share=share).compiled
    structure, (stream,) = compiled.information.structure, streams_of(5, 1)
    batch = joined(list(collect(Simulator(compiled.model, 3), structure, UniformPlayer(structure), 300, 0)))
    model = fit(batch, Windows(structure, 2), QUICK_LACI, stream, lambda done, total: None, Limits(None))
    learner = WindowLearner(model, 0.9, stream)
    widths = [model.windows.size + model.windows.private.size, 8, 8, 9]
    parameters, target = layers([stream], widths), layers([stream], widths)
    with torch.no_grad():
        played, _ = learner.play(parameters, 0.5, 6, 0)
        wanted = 0.0
        for h, e in product(range(3), range(6)):
            window, private = (played[name][0, h, e] for name in ("window", "private"))
            value = through(parameters, torch.cat((window, private))[None, None])[0, 0, played["action"][0, h, e]]
            ahead = torch.tensor(0.0)
            if h < 2:
                following = played["window"][0, h + 1, e][None]
                law = model.law_of_private(h + 2, following)
                assert float(law.sum()) == pytest.approx(1)
                ahead = learner.stages[h + 1].worth(learner.values(target, h + 2, following), law)[0]
            wanted += float(value - played["reward"][0, h, e] - 0.9 * ahead) ** 2 / 18
        assert float(learner.loss(parameters, target, played)) == pytest.approx(wanted, rel=1e-4)


@needs_torch
@pytest.mark.parametrize(("share", "memory"), [("full", 1), ("full", 2), ("one_step", 2), ("delayed(2)", 2)])
def test_windows_are_the_last_increments(share: str, memory: int) -> None:
    """Two episodes have equal windows where their last increments are equal, and only there."""
    from posgc_neural.windows import Windows

    from posgc.play.players import Memory

    compiled = posgc.load(GAMES / "dectiger.posg", share=share, horizon=5).compiled
    structure = compiled.information.structure
    batch = joined(list(collect(Simulator(compiled.model, 2), structure, UniformPlayer(structure), 300, 0)))
    found, _ = Windows(structure, memory).along(batch)
    simulator, told = Simulator(compiled.model, 2), []
    step, codes = simulator.reset(300), Memory(compiled.information)
    for h in range(5):
        told.append(codes.observe(step)[0])
        plain = np.stack(told[max(0, h + 1 - memory) :], axis=1)
        assert len(np.unique(plain, axis=0)) == len(np.unique(found[h], axis=0))
        both = np.hstack((plain, found[h]))
        assert len(np.unique(both, axis=0)) == len(np.unique(plain, axis=0))
        step = simulator.step(np.stack(np.unravel_index(batch.action[h], structure.signature.action_sizes)))


@pytest.mark.parametrize("name", QUICK)
def test_without_pytorch_it_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    game = posgc.load(GAMES / "dectiger.posg")
    with pytest.raises(InputError, match=r"pip install 'posgc\[learn\]'"):
        game.solve("team", name, samples=300)


@pytest.mark.parametrize("name", QUICK)
def test_rewards_must_be_common(name: str) -> None:
    structure = posgc.load(GAMES / "competitive_tiger.posg").compiled.information.structure
    said = QUICK[name][0].applies(Facts("team", "general", True, "", structure, None))
    assert said is not None and "one reward" in said


@needs_torch
def test_dependent_beliefs_are_refused_by_windows_alone(echo: Path) -> None:
    game = posgc.load(GAMES / "dectiger.posg", share="none")
    with pytest.raises(InputError, match="Assumption 3"):
        game.solve("team", "laci-neural", samples=300)
    assert game.solve("team", "fm-e", samples=300, options={"device": "cpu"}).values["ann"] <= 5.1909


@needs_torch
@pytest.mark.parametrize(
    ("name", "option", "value", "said"),
    [
        ("fm-e", "memory", 0, "memory"),
        ("fm-e", "rate", 0.0, "rate"),
        ("rnn-e", "explore-from", 1.5, "explore-from"),
        ("rnn-e", "batch", -1, "batch"),
        ("laci-neural", "rare", 2.0, "rare"),
        ("laci-neural", "fit-rate", -1.0, "rate"),
        ("laci-neural", "curve", "curve.txt", "curve"),
        ("fm-e", "curve", "/no/such/folder/curve.csv", "folder"),
        ("fm-e", "device", "tpu", "device"),
        ("fm-e", "memory", 10**9, "10,000"),
        ("rnn-e", "hidden", 10**5, "10,000"),
        ("fm-e", "rate", 1e30, "finite"),
        ("laci-neural", "fit-rate", 1e30, "finite"),
    ],
)
def test_bad_options(name: str, option: str, value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        posgc.load(GAMES / "dectiger.posg").solve("team", name, samples=300, options={option: value})
    assert "E612" in str(caught.value)


@needs_torch
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("rnn-e", {"hidden": 10_000}),
        ("fm-e", {"batch": 10**11}),
        ("laci-neural", {"replay": 10**11, "episodes": 10**11, "passes": 1}),
        ("laci-neural", {"together": 10**11, "episodes": 10**11}),
        ("laci-neural", {"gradients": 10**11}),
        ("laci-neural", {"members": 10_000, "fit-batch": 10_000}),
        ("laci-neural", {"members": 10_000, "together": 10_000}),
        ("laci-neural", {"hidden": 5000, "members": 1, "batch": 20_000}),
        ("fm-e", {"hidden": 10_000, "batch": 10**6}),
    ],
)
def test_what_memory_cannot_hold_is_refused_first(name: str, options: dict[str, int]) -> None:
    with pytest.raises(LimitError, match="lower --option"):
        posgc.load(GAMES / "dectiger.posg").solve("team", name, samples=300, options=options)


@needs_torch
def test_windows_of_all_episodes_are_bounded() -> None:
    """20,000 joint steps in windows of 10,000 increments are refused before they are played."""
    with pytest.raises(LimitError, match="lower --samples, or --option memory"):
        posgc.load(GAMES / "dectiger.posg").solve("team", "laci-neural", samples=20_000, options={"memory": 10_000})


@needs_torch
@pytest.mark.parametrize(
    ("name", "limits", "said"),
    [
        ("fm-e", {"ROWS": 200}, "remember at step .*fewer steps or a smaller --option memory"),
        ("rnn-e", {"ROWS": 2000}, "remember at step .*take fewer steps$"),
        ("fm-e", {"EDGES": 20}, "edges of one agent; share less, or take fewer steps or a smaller --option memory$"),
        ("rnn-e", {"EDGES": 100}, "edges of one agent; share less, or take fewer steps$"),
    ],
)
def test_what_agents_can_remember_is_bounded(
    name: str, limits: dict[str, int], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from posgc_neural import written_out

    for limit, value in limits.items():
        monkeypatch.setattr(written_out, limit, value)
    game = posgc.load(GAMES / "dectiger.posg", share="none", horizon=12)
    with pytest.raises(LimitError, match=said):
        game.solve("team", name, samples=24, options={"device": "cpu"})


@needs_torch
def test_increments_are_weighed_in_parts(echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows looked at one at a time, or all at once: the same increments, with the same probabilities."""
    from posgc_neural import pursued

    def found(part: int) -> Any:
        monkeypatch.setattr(pursued, "PART", part)
        game = posgc.load(echo, share="one_step")
        return game.solve("team", "laci-neural", samples=300, options={"episodes": 200, "passes": 2, "rare": 0.1})

    one, many = found(1), found(4096)
    assert one.values == many.values
    for a, b in zip(one.policy.strategy.steps, many.policy.strategy.steps, strict=True):
        assert len(a.indptr) == len(b.indptr) and a.edge_to.tolist() == b.edge_to.tolist()


@needs_torch
@pytest.mark.parametrize("ending", [".CSV", ".Svg"])
def test_endings_of_curves_may_be_capital_letters(echo: Path, tmp_path: Path, ending: str) -> None:
    if ending == ".Svg":
        pytest.importorskip("matplotlib")
    curve = tmp_path / f"curve{ending}"
    posgc.load(echo).solve("team", "fm-e", samples=30, options={"curve": str(curve)})
    assert curve.read_text(encoding="utf-8").startswith("joint_steps" if ending == ".CSV" else "<?xml")


@needs_torch
def test_a_curve_of_one_point_is_a_dot(echo: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    dots = []
    for samples in (3, 60):
        curve = tmp_path / f"{samples}.svg"
        posgc.load(echo).solve("team", "fm-e", samples=samples, options={"curve": str(curve)})
        dots.append("C 0.795609 3" in curve.read_text(encoding="utf-8"))
    assert dots == [True, False]


@needs_torch
def test_policy_and_curve_are_two_files(echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from posgc.cli.main import main

    path = str(tmp_path / "x.csv")
    words = ["solve", str(echo), "-c", "team", "-b", "fm-e", "--samples", "30", "-O", f"curve={path}", "--out", path]
    assert main(words) == 2
    assert "error[E615]" in (said := capsys.readouterr().err) and "it is the curve" in said
    assert not Path(path).exists()


@needs_torch
@pytest.mark.parametrize("name", ["fm-e", "laci-neural"])
def test_ctrl_c_waits_for_imports(echo: Path, name: str) -> None:
    """What PyTorch imports may abort at a KeyboardInterrupt: it comes when the import is over."""
    script = """
import importlib, signal, sys
from importlib.machinery import PathFinder
import posgc

class Stop(PathFinder):
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "torch.optim":
            signal.raise_signal(signal.SIGINT)
            print("interrupted")

sys.meta_path.insert(0, Stop)
try:
    posgc.load(sys.argv[1]).solve("team", sys.argv[2], samples=30)
except KeyboardInterrupt:
    print("stopped", "posgc_neural.loop" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(echo), name], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.split("\n")[-2:] == ["stopped True", ""] and "interrupted" in done.stdout


@needs_torch
@pytest.mark.parametrize("name", ["fm-e", "rnn-e"])
def test_rewards_whose_squares_overflow_are_refused(echo: Path, name: str) -> None:
    echo.write_text(ECHO.replace("then 1 else 0", "then 1e22 else 0"), encoding="utf-8")
    with pytest.raises(InputError, match="larger unit"):
        posgc.load(echo).solve("team", name, samples=300)


@needs_torch
@pytest.mark.parametrize("name", QUICK)
def test_a_curve_that_cannot_be_written_is_refused_before_learning(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "curve.csv"
    folder.mkdir()
    with pytest.raises(InputError, match="E615"):
        posgc.load(GAMES / "dectiger.posg").solve("team", name, samples=10**9, options={"curve": str(folder)})


@needs_torch
@pytest.mark.parametrize("name", ["fm-e", "laci-neural"])
def test_a_curve_that_finds_no_room_loses_no_policy(echo: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "curves"
    folder.mkdir()
    backend, options = QUICK[name]
    asked = replace(options, curve=str(folder / "curve.csv"))

    def gone(stage: str, done: int, total: int) -> None:
        if folder.exists():
            folder.rmdir()  # as good as a full disk

    found = backend.emit(problem(posgc.load(echo, share="full"), 300, 0), asked).run(gone)
    assert len(found.claim.caveats) == 1 and found.claim.caveats[0].startswith("the curve was not written: ")
    assert found.strategy is not None


@needs_torch
@pytest.mark.parametrize("name", QUICK)
def test_a_budget_below_an_episode(name: str) -> None:
    with pytest.raises(InputError, match="E640"):
        posgc.load(GAMES / "dectiger.posg").solve("team", name, samples=2)


@needs_torch
def test_too_many_prescriptions() -> None:
    game = posgc.load(GAMES / "boxpushing.posg", share="one_step")
    monkey = {"episodes": 10, "passes": 1, "device": "cpu"}
    from posgc_neural import stages

    limit, stages.PRESCRIPTIONS = stages.PRESCRIPTIONS, 100
    try:
        with pytest.raises(LimitError, match="share more"):
            game.solve("team", "laci-neural", samples=300, options=monkey)
    finally:
        stages.PRESCRIPTIONS = limit


@needs_torch
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least", "most"), [("fm-e", -6.0, 5.1909), ("rnn-e", -6.0, 5.1909), ("laci-neural", 8.815, 13.0155)]
)
def test_table_1_cut_down(name: str, least: float, most: float) -> None:
    """DecTiger, H = 3, 80,000 joint steps, one seed: from always listening (-6) to the optimum without sharing, and
    from the optimum of sharing one step late to that under full sharing (games/dectiger.posg)."""
    share = "full" if name == "laci-neural" else "none"
    game = posgc.load(GAMES / "dectiger.posg", share=share)
    value = game.solve("team", name, samples=80_000, options={"device": "cpu"}).values["ann"]
    assert least - 1e-9 <= value <= most
