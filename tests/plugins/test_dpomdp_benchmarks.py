"""The files of MADP and SDMS themselves, where they are at hand: sizes, laws and rewards from the literature."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from posgc_dpomdp import DpomdpImporter

from posgc.language.diagnostics import InputError, Source
from posgc.model.arrays import Model
from posgc.plugin import Imported, RewardReading

FILES = Path(__file__).parents[2].parent / "shared" / "benchmarks"
pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="the benchmark files are not at hand")

# States declared, of these reachable, joint actions, joint observations; the first, third and fourth are the
# sizes of the problem pages of MADP (masplan.org/problem_domains) and of the files' own headers.
SIZES = {
    "2generals.dpomdp": (2, 2, 4, 4),
    "Grid3x3corners.dpomdp": (81, 81, 25, 81),
    "GridSmall.dpomdp": (16, 16, 25, 4),
    "Mars.dpomdp": (256, 240, 36, 64),
    "boxPushingUAI07.dpomdp": (100, 100, 16, 25),
    "broadcastChannel.dpomdp": (4, 4, 4, 4),
    "dectiger.dpomdp": (2, 2, 9, 4),
    "dectiger_skewed.dpomdp": (2, 2, 9, 4),
    "fireFighting_2_3_3.dpomdp": (432, 206, 9, 4),
    "oneDoor_2_7_0.20_0.00_0_2.dpomdp": (65, 44, 16, 4),
    "prisoners.dpomdp": (1, 1, 4, 4),
    "recycling.dpomdp": (4, 4, 9, 4),
    "relay4.dpomdp": (4, 4, 9, 9),
    "sdms/adversarial_tiger.dpomdp": (2, 2, 6, 4),
    "sdms/alignment_2x4.dpomdp": (8, 8, 16, 4),
    "sdms/competitive_tiger.dpomdp": (2, 2, 16, 9),
    "sdms/mabc.dpomdp": (4, 4, 4, 4),
    "sdms/recycling.dpomdp": (4, 4, 9, 4),
    "sdms/tiger.dpomdp": (2, 2, 9, 4),
    "sdms/wirelessDelay.dpomdp": (64, 64, 4, 36),
    "sdms/wirelessWithOverhead.dpomdp": (64, 64, 4, 36),
}


def load(name: str, reward: RewardReading | None = None) -> Imported:
    path = FILES / name
    source = Source(str(path), path.read_text())
    assert DpomdpImporter().applies(source) is None
    return DpomdpImporter().read(source, horizon=2, discount=None, reward=reward)


def test_every_file_is_tried() -> None:
    there = {p.relative_to(FILES).as_posix() for p in FILES.rglob("*.dpomdp")}
    assert there == SIZES.keys() | {"example.dpomdp"}


@pytest.mark.parametrize("name", SIZES)
def test_loads_into_a_sound_model(name: str) -> None:
    imported = load(name)
    model, kernel = imported.model, imported.model.kernels[0]
    declared = len(model.state_labels[0])
    assert (declared, model.n_states, model.n_actions, model.n_observations) == SIZES[name]
    rows = model.n_actions * model.n_states
    assert len(kernel.indptr) == rows + 1 and kernel.indptr[-1] == len(kernel.state)
    assert (kernel.probability > 0).all()
    assert np.allclose(np.add.reduceat(kernel.probability, kernel.indptr[:-1]), 1, atol=1e-9)
    row = np.repeat(np.arange(rows), np.diff(kernel.indptr))
    key = (row * model.n_observations + kernel.observation) * model.n_states + kernel.state
    assert (np.diff(key) > 0).all()
    assert kernel.emission is not None and np.allclose(kernel.emission.sum(axis=1), 1, atol=1e-9)
    assert kernel.reward.shape == (2, model.n_actions, model.n_states)
    assert np.isclose(model.initial.probability.sum(), 1)
    # On every shipped file MADP's reading of the rewards and Cassandra's agree (FORMATS.md).
    assert {d.severity for d in imported.diagnostics} <= {"note"}
    assert {d.code for d in imported.diagnostics} <= ({"N102", "N104", "N107"} if "sdms" in name else set())


def test_dectiger_is_the_game_of_the_literature() -> None:
    """Nair et al., "Taming decentralized POMDPs", IJCAI 2003; R. Nair's rewards as in Seuken & Zilberstein 2008."""
    model = load("dectiger.dpomdp").model
    kernel = model.kernels[0]
    acts = model.signature.actions[0].values
    assert acts == ("listen", "open-left", "open-right")
    for (a, one), (b, two) in itertools.product(enumerate(acts), repeat=2):
        for s, tiger in enumerate(("left", "right")):
            opened = [x.removeprefix("open-") for x in (one, two) if x != "listen"]
            eaten = opened.count(tiger)
            expected = {
                (0, 0): -2,  # both listen
                (2, 0): 20,  # both open the right door
                (2, 2): -50,  # both open the tiger's door
                (2, 1): -100,  # one of each
                (1, 1): -101,  # one opens the tiger's door while the other listens
                (1, 0): 9,
            }[len(opened), eaten]
            assert kernel.reward[:, 3 * a + b, s].tolist() == [expected, expected]
    assert kernel.emission is not None
    heard = kernel.emission.toarray().reshape(9, 2, 4)
    good, bad = 0.85, 0.15
    assert np.allclose(heard[0], [[good**2, good * bad, good * bad, bad**2], [bad**2, good * bad, good * bad, good**2]])
    assert np.allclose(heard[1:], 0.25)
    law = np.zeros((9 * 2, 2))
    np.add.at(law, (np.repeat(np.arange(18), np.diff(kernel.indptr)), kernel.state), kernel.probability)
    assert np.allclose(law[:2], np.eye(2)) and np.allclose(law[2:], 0.5)
    assert model.initial.probability.tolist() == [0.5, 0.5] and kernel.sample_reward is None


def permuted(model: Model) -> np.ndarray:
    """DecTiger's rewards by names of actions, so that two files with other orders can be compared."""
    order = np.argsort(model.signature.actions[0].values)
    rewards: np.ndarray = model.kernels[0].reward[0].reshape(3, 3, 2)[order][:, order]
    return rewards


def test_the_dialects_agree_where_they_hold_the_same_game() -> None:
    assert np.array_equal(permuted(load("dectiger.dpomdp").model), permuted(load("sdms/tiger.dpomdp").model))
    ours, theirs = load("recycling.dpomdp").model, load("sdms/recycling.dpomdp").model
    assert np.allclose(ours.kernels[0].reward, theirs.kernels[0].reward)
    assert np.allclose(ours.kernels[0].probability, theirs.kernels[0].probability)
    ours, theirs = load("broadcastChannel.dpomdp").model, load("sdms/mabc.dpomdp").model
    assert np.allclose(ours.kernels[0].reward, theirs.kernels[0].reward)
    assert np.array_equal(ours.kernels[0].probability, theirs.kernels[0].probability)


def test_rewards_on_arrival_are_kept_by_entry() -> None:
    kernel = load("GridSmall.dpomdp").model.kernels[0]
    assert kernel.sample_reward is not None
    # The file pays 1 on arriving in states 0, 5, 10 and 15, where the robots meet.
    assert np.array_equal(kernel.sample_reward[0] == 1, np.isin(kernel.state, [0, 5, 10, 15]))
    # up up from state 0 stays there with 0.64 and reaches 5 and 10 with 0.01 each.
    assert kernel.reward[0, 0, 0] == pytest.approx(0.66)


@pytest.mark.parametrize("name", ["adversarial_tiger", "competitive_tiger"])
def test_zero_sum_games_of_sdms(name: str) -> None:
    reward = load(f"sdms/{name}.dpomdp", "zero_sum").model.kernels[0].reward
    assert np.array_equal(reward[0], -reward[1]) and reward.any()


def test_other_endings_of_sdms_are_read_by_content() -> None:
    reward = load("sdms/tiger.posg").model.kernels[0].reward
    assert reward[:, 8].tolist() == [[-2, -2], [-2, -2]] and reward[:, 0, 1].tolist() == [20, -20]
    assert load("sdms/fake_prisoners.zsposg", "zero_sum").model.n_states == 1


def test_example_is_refused_for_what_is_wrong_with_it() -> None:
    """The documentation of the format holds rows that do not sum to one and indices that do not exist."""
    with pytest.raises(InputError) as caught:
        load("example.dpomdp")
    found = [(d.code, d.span.line if d.span else 0, d.message) for d in caught.value.diagnostics]
    rows = [(line, message) for code, line, message in found if code == "I103"]
    assert rows == [
        (205, "T: the row of joint action (agent1-a1, 1) from state state-one sums to 0.999, not 1"),
        (211, "T: the row of joint action (a12, 1) from state state-one sums to 0.4455, not 1"),
        (211, "T: the row of joint action (a12, 1) from state s2 sums to 0.4499, not 1"),
        (231, "O: the row of joint action (agent1-a1, 0) in end state state-one sums to 3.6, not 1"),
        (231, "O: the row of joint action (agent1-a1, 0) in end state s2 sums to 3.6, not 1"),
        (234, "O: the row of joint action (a12, 0) in end state s2 sums to 0.545, not 1"),
        (236, "O: the row of joint action (a13, 0) in end state state-one sums to 0.8775, not 1"),
        (241, "O: the row of joint action (a12, 1) in end state s2 sums to 0.9, not 1"),
    ]
    assert [(code, line) for code, line, _ in found if code != "I103"] == [
        ("I102", 199),
        ("I102", 243),
        ("I102", 262),
        ("I102", 270),
        ("I102", 273),
    ]


@pytest.mark.parametrize("name", ["1D", "4x3", "cheese", "hallway", "mini-hall2", "network", "shuttle"])
def test_the_pomdps_of_cassandra_are_not_claimed(name: str) -> None:
    path = FILES / "sdms" / f"{name}.pomdp"
    source = Source(str(path), path.read_text())
    assert DpomdpImporter().applies(source) is not None
    with pytest.raises(InputError):
        DpomdpImporter().read(source, horizon=1, discount=None, reward=None)


_SCRIPT = """
import sys
from posgc_dpomdp import DpomdpImporter
from posgc.language.diagnostics import Source
DpomdpImporter().read(Source(sys.argv[1], open(sys.argv[1]).read()), horizon=2, discount=None, reward=None)
assert "networkx" not in sys.modules
"""


@pytest.mark.slow
def test_the_largest_file_loads_within_two_seconds_start_up_included() -> None:
    """In processor time of the whole process, which other work on the machine does not lengthen much."""
    took = []
    for _ in range(3):
        before = os.times()
        subprocess.run([sys.executable, "-c", _SCRIPT, str(FILES / "Mars.dpomdp")], check=True)
        after = os.times()
        took.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(took) < 2
