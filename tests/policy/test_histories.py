"""The judge on histories against the plain tree, exact fractions, the judge on pairs, and numbers by hand.

Policies are random and bad on purpose, so that gains are far from 0, and protocols are those for which Assumption 3
may fail: random lags, nothing shared, `forget`, observations correlated with the state's draw, steps without a choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.adversarial import challenge
from support.checks import prepared
from support.exact.beliefs import Beliefs
from support.exact.game import ExactGame, Refused
from support.exact.judge import PlainJudge
from support.games import Shape, random_game, shapes
from support.play import Play
from support.policies import machine, on_graph, one_node, unrolled
from support.tree import Tree

from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.judge.judgement import Judgement
from posgc.judge.verify import verify
from posgc.language import compile_game
from posgc.language.concepts import DeviationKind
from posgc.language.diagnostics import LimitError, Source
from posgc.language.sharing.requests import protocol as protocol_of
from posgc.pipeline import Request, compile_request
from posgc.policy.machine import Machine

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ANY = ("any", "any", "none", "forget_all", "mixed_links", "controlled_late_own")
KINDS: tuple[DeviationKind, ...] = ("nash", "cce", "ce", "ce_strategic")
EXACT = 1e-9
"""Absolute; rewards are of order 1."""


SPELLED = 100
"""Prescriptions up to which the plain tree judges deviations in the strategic form."""


def game_of(shape: Shape) -> tuple[Information, Tree]:
    """The game after the drop pass, both ways; nothing that should become common is lost."""
    model, protocol = random_game(shape)
    assume(Information(model, protocol).first_lost is None)
    information = drop_own_actions(Information(model, protocol))
    return information, Tree(model, protocol, information.dropped)


def random_policy(rng: np.random.Generator, tree: Tree, product: bool) -> Machine:
    return (unrolled if rng.random() < 0.5 else machine)(rng, tree, product)


def _drawn(information: Information, policy: Machine) -> float:
    """The most prescriptions of an agent at a step, which the plain tree goes through one by one."""
    model = information.model
    return max(
        float(len(model.choices(i, h))) ** len(step.private[i])
        for h, step in enumerate(policy.steps, 1)
        for i in range(model.n_agents)
    )


def check_recall(shape: Shape, kinds: tuple[DeviationKind, ...] = KINDS) -> None:
    """Values as played out, best deviations those of a deviator that remembers everything."""
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    for kind in kinds:
        policy = random_policy(rng, tree, kind == "nash")
        try:
            found = judge_histories(information, policy, kind)
        except LimitError as error:
            # A strategic form may be too large to spell out, which is said; the other kinds fit in games of this size.
            assert kind == "ce_strategic" and "spells behaviours out" in str(error)
            continue
        play = Play(tree, policy)
        if kind == "ce_strategic" and _drawn(information, policy) > SPELLED:
            continue
        assert found.judged_on == "histories"
        assert found.values == pytest.approx(play.values(), abs=EXACT)
        best = [play.recall(i, kind) for i in range(tree.n)]
        assert found.deviation_values == pytest.approx(best, abs=EXACT)


@few
@given(shapes(histories=80, structures=ANY))
def test_values_and_best_deviations(shape: Shape) -> None:
    check_recall(shape, ("nash", KINDS[1 + shape.seed % 3]))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_values_and_best_deviations_of_two_thousand_games(part: int) -> None:
    """In parts of a hundred, which can run side by side, and show how far they are."""

    @hypothesis.seed(part)
    @settings(few, derandomize=False, database=None, max_examples=100)
    @given(shapes(histories=120, structures=ANY))
    def games(shape: Shape) -> None:
        check_recall(shape)

    games()


@settings(few, max_examples=25)
@given(shapes(histories=40, structures=("any", "none", "forget_all")))
def test_exact_is_said_only_where_it_is_the_definition(shape: Shape) -> None:
    """All deviations of the definition one by one: equal where `exact`, never more where it is not."""
    information, tree = game_of(shape)
    rng = np.random.default_rng(shape.seed)
    decided = 0
    for kind in KINDS:
        policy = random_policy(rng, tree, kind == "nash")
        try:
            found = judge_histories(information, policy, kind)
        except LimitError as error:
            # A strategic form may be too large to spell out, which is said; the other kinds fit in games of this size.
            assert kind == "ce_strategic" and "spells behaviours out" in str(error)
            continue
        play = Play(tree, policy)
        for i in range(tree.n):
            best = play.enumerated(i, kind, 600)
            if best is not None:
                decided += 1
                assert found.deviation_values[i] >= best - EXACT
                if found.status == "exact":
                    assert found.deviation_values[i] == pytest.approx(best, abs=EXACT)
    assume(decided)


@settings(few, max_examples=25)
@given(shapes(histories=400))
def test_it_agrees_with_the_judge_on_pairs(shape: Shape) -> None:
    """Where Assumption 3 holds recall is free (docs/mathematics.md, section 2), but for what `forget` takes."""
    information, tree, graph = prepared(shape)
    rng = np.random.default_rng(shape.seed)
    for kind in KINDS:
        policy = (
            on_graph(rng, tree, graph, kind == "nash") if rng.random() < 0.5 else machine(rng, tree, kind == "nash")
        )
        pairs, histories = verify(information, policy, kind), judge_histories(information, policy, kind)
        assert histories.values == pytest.approx(pairs.values, abs=EXACT)
        if information.protocol.forget is None:
            assert histories.gains == pytest.approx(pairs.gains, abs=EXACT)
        for more, less in zip(histories.gains, pairs.gains, strict=True):
            assert more >= less - EXACT


# ---- exact fractions


class SmallJudge(PlainJudge):
    """Refuses what takes more than seconds."""

    ANSWERS, PAIRS = 64, 150


def check_challenges(seeds: Sequence[int]) -> None:
    """Misleading games, with tiny probabilities and distant prizes: the error that is claimed covers the truth."""
    judged = 0
    for seed in seeds:
        asked = challenge(seed)
        if asked.endless:
            continue
        source = Source("g.posg", asked.text)
        information = compile_request(Request("g.posg", asked.share), source=source).information
        game = compile_game(source, {}, None, None)
        beliefs = Beliefs(ExactGame(game), protocol_of(game.signature, asked.share, game), information.dropped)
        rng = np.random.default_rng(seed)
        kinds: tuple[DeviationKind, ...] = ("nash", "cce", "ce")
        for kind in kinds:
            policy = one_node(rng, information, kind == "nash")
            try:
                truth = SmallJudge(beliefs, policy, kind).judged()  # type: ignore[arg-type]
            except Refused:
                continue
            judged += 1
            found = judge_histories(information, policy, kind)
            for i in range(information.n_agents):
                gain = max(truth.gains[i], 0) if kind != "cce" else truth.gains[i]
                assert abs(found.values[i] - truth.values[i]) <= found.error, (seed, kind, found)
                assert gain - found.gains[i] <= found.error, (seed, kind, found)
                if found.status == "exact":
                    assert found.gains[i] - gain <= found.error, (seed, kind, found)
    assert judged > len(seeds)


def test_misleading_games_in_fractions() -> None:
    check_challenges(range(20))


@pytest.mark.slow
def test_hundreds_of_misleading_games_in_fractions() -> None:
    check_challenges(range(20, 500))


# ---- numbers by hand, sizes, refusals


def judged(text: str, policy: Machine | None = None, kind: DeviationKind = "nash", **tables: object) -> Judgement:
    information = compile_request(Request("g"), source=Source("g", text)).information
    return judge_histories(information, policy or one_node(np.random.default_rng(0), information, True, True), kind)


SIGNAL = """game signal { horizon 2; agents ann, bob; state coin: bool; action say[ann]: bool; action guess[bob]: bool
  when step == 2; observation see[ann]: bool; observation hear[bob]: bool; init coin ~ uniform;
  init see[ann] = coin; next coin = coin; observe hear[bob] = say[ann];
  reward ann = if step == 2 and guess[bob] == coin then 1 else 0; reward bob = 0; share none { } }"""


def test_a_deviator_whose_action_moves_what_others_believe() -> None:
    """Bob repeats what ann says; she says true whatever she sees, and he is right half of the time.  If she says what
    she sees instead, he is always right: her gain is 1/2.  A judge that took beliefs for given would miss it."""
    information = compile_request(Request("g"), source=Source("g", SIGNAL)).information
    policy = one_node(np.random.default_rng(0), information, True, True)
    first, second = policy.steps
    first.tables[0][:] = 1
    hear = [k for k, item in enumerate(information.private_of(1, 2)) if item.kind == "observation"]
    assert len(hear) == 1 and len(second.private[1]) == 2
    second.tables[1][:] = [[0, 1]]
    found = judge_histories(information, policy, "nash")
    assert found.values == pytest.approx((0.5, 0.0), abs=1e-12)
    assert found.gains == pytest.approx((0.5, 0.0), abs=1e-12)
    assert found.status == "exact"


def test_equal_beliefs_are_one_information_state() -> None:
    """DecTiger without sharing has 6^(h-1) histories of an agent at step h; what it may believe is far less."""
    information = compile_request(Request("games/dectiger.posg", "none", horizon=5)).information
    found = judge_histories(information, one_node(np.random.default_rng(1), information, True, True), "nash")
    assert all(states < 2 * 6**h for h, states in enumerate(found.pairs) if h > 1)


def test_dectiger_without_sharing_at_horizon_five() -> None:
    """The worst pure policies and the best known one alike: tables over all 6^4 histories of each agent."""
    information = compile_request(Request("games/dectiger.posg", "none", horizon=5)).information
    found = judge_histories(information, one_node(np.random.default_rng(0), information, True, True), "nash")
    assert found.gap > 1 and found.status == "exact"


def test_listening_for_ever_in_dectiger() -> None:
    """Both listen: -2 a step.  One who opens a door at step 1, the other listening, gets (9 - 101) / 2 = -46, so at
    horizon 2 nobody gains: after one sound, right with 0.85, opening is worth 0.85 * 9 - 0.15 * 101 = -7.5 < -2.  With
    two sounds that agree, P = 0.7225 / 0.745, opening at step 3 is worth 9 - 110 * 0.0225 / 0.745 = 5.678, not -2,
    and they agree with probability 0.745: the gain is 0.745 * 7.678 = 5.72."""
    gains = []
    for horizon in (2, 3):
        information = compile_request(Request("games/dectiger.posg", "none", horizon=horizon)).information
        policy = one_node(np.random.default_rng(0), information, True, True)
        for step in policy.steps:
            for table in step.tables:
                table[:] = 0
        found = judge_histories(information, policy, "nash")
        assert found.values == pytest.approx((-2 * horizon,) * 2, abs=1e-12)
        gains.append(found.gap)
    assert gains == pytest.approx([0.0, 0.745 * 11 - 110 * 0.0225], abs=1e-9)


def test_too_many_information_states_are_a_limit() -> None:
    information = compile_request(Request("games/dectiger.posg", "none", horizon=4)).information
    policy = one_node(np.random.default_rng(0), information, True)
    states = sum(judge_histories(information, policy, "nash").pairs)
    assert judge_histories(information, policy, "nash", states).gap > 0
    with pytest.raises(LimitError, match=f"more than {states - 1} information states"):
        judge_histories(information, policy, "nash", states - 1)
    with pytest.raises(ValueError, match="no Nash gap"):
        judge_histories(information, one_node(np.random.default_rng(3), information, False), "nash")
