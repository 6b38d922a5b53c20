"""`when` of the text: what exists in which state, what is refused and where, and what formats and files make of it."""

import re
from io import StringIO

import numpy as np
import pytest
from posgc_efg.exporter import EfgExporter
from posgc_environments.simulator import Episode, Game
from posgc_environments.tables import tables_of
from support.efg import Efg

import posgc
from posgc.cli.main import main
from posgc.information.items import Information
from posgc.information.tree import count_nodes
from posgc.language import InputError, Source, analyse, compile_game
from posgc.language.sharing.requests import protocol
from posgc.language.text.format import format_source
from posgc.lsp.hovering import hover
from posgc.model import Model, tabulate
from posgc.model.compare import same_arrays
from posgc.model.writing.writer import posg_text
from posgc.play.players import UniformPlayer
from posgc.play.sampler import record
from posgc.play.simulator import Simulator

PURSES = """game purses {
  horizon 3;
  agents ann, bob;
  state cash[i]: 0..2;
  init cash[i] = 2;
  action bid[i]: 0..2 when (b: b <= cash[i]);
  next cash[i] = cash[i] - bid[i];
  reward zero_sum ann = [bid[ann] > bid[bob]] - [bid[bob] > bid[ann]] + bid[bob] / 4;
  share open { bid after 1; }
  share closed { }
}
"""
TURNS = """game turns {
  horizon 4;
  agents ann, bob;
  state turn: agent;
  state heap: 0..5;
  init turn = ann;
  init heap = 5;
  action take[i]: 0..2 when turn == i;
  next turn = if turn == ann then bob else ann;
  next heap = max(0, heap - sum(i: take[i]));
  reward zero_sum ann = heap' - heap + take[ann];
  share full;
}
"""


def game(when: str, more: str = "", share: str = "share none;") -> str:
    return f"""game g {{
  horizon 2;
  agents ann, bob;
  state s: 0..2;
  init s ~ uniform;
  action act[i]: 0..2 {when};
  {more}
  reward zero_sum ann = act[ann] - act[bob];
  {share}
}}
"""


SEES = "observation o[i]: 0..2; init o[i] = s; observe o[i] = s';"


def model_of(text: str) -> Model:
    return tabulate(compile_game(Source("game.posg", text)))


def information_of(text: str, share: str | None = None) -> Information:
    game = compile_game(Source("game.posg", text))
    return Information(tabulate(game), protocol(game.signature, share, game))


def refused(text: str) -> list[tuple[str, str]]:
    """The codes, and the text under each caret."""
    with pytest.raises(InputError) as raised:
        posgc.loads(text)
    return [
        (d.code, text[d.span.start : d.span.end] if d.span else "")
        for d in raised.value.diagnostics
        if d.code[0] == "E"
    ]


def test_what_exists() -> None:
    """Who bids more than it has bids nothing; no law is asked what such a bid does, where it would leave the range."""
    model = model_of(PURSES)
    kernel = model.kernel(1)
    assert kernel.played is not None and not model.always_legal
    for s, cash in enumerate(model.state_values.tolist()):
        for a, bids in enumerate(np.ndindex(3, 3)):
            made = [bid if bid <= own else 0 for bid, own in zip(bids, cash, strict=True)]
            played = 3 * made[0] + made[1]
            assert kernel.played[a, s] == played
            rows = [slice(*kernel.indptr[[r, r + 1]]) for r in (a * 9 + s, played * 9 + s)]
            assert kernel.state[rows[0]].tolist() == kernel.state[rows[1]].tolist() != []
            assert (kernel.reward[:, a, s] == kernel.reward[:, played, s]).all()
            left = model.state_values[kernel.state[rows[0]]].tolist()
            assert left == [[own - bid for own, bid in zip(cash, made, strict=True)]]


def test_without_a_name_the_first_value_is_left() -> None:
    model = model_of(TURNS)
    for h in range(1, 5):
        for i in range(2):
            played = model.played_choices(i, h)
            assert played is not None
            for row, (turn, _) in zip(played.tolist(), model.state_values.tolist(), strict=True):
                assert row == ([0, 1, 2] if turn == i else [0, 0, 0])


def test_values_by_step() -> None:
    model = model_of(game("when (a: a <= step)", "", "share full;"))
    assert [model.kernel(h).played is None for h in (1, 2)] == [False, True]
    assert (model.played_choices(0, 1) == [0, 1, 0]).all()


def test_a_condition_that_holds_everywhere_changes_nothing() -> None:
    plain = model_of(game(""))
    for when in ("when (a: a <= 2)", "when (a: a <= 2 + s)", "when s >= 0"):
        model = model_of(game(when))
        assert model.always_legal and model.digest == plain.digest


def test_digest_tells_moves_apart() -> None:
    """The rewards read nothing, so that only what exists differs."""
    texts = [game(when).replace("act[ann] - act[bob]", "1") for when in ("", "when (a: a <= s)", "when (a: a < 1 + s)")]
    digests = [model_of(text).digest for text in texts]
    assert digests[0] != digests[1] == digests[2]


@pytest.mark.parametrize("text", [PURSES, TURNS, game("when (a: a <= s or step == 1)", SEES)])
def test_written_and_laid_out(text: str) -> None:
    assert format_source(format_source(text)) == format_source(text)
    model = model_of(text)
    assert model_of(format_source(text)).digest == model.digest
    again = model_of(posg_text(model))
    assert same_arrays(model, again) is None
    assert same_arrays(model, model_of(re.sub(r" when [^;]*;", ";", text.replace("- bid[i]", "- 0 * bid[i]"))))


@pytest.mark.parametrize(
    ("when", "more", "found"),
    [
        ("when (a: a > s)", SEES, [("E412", "a > s")]),
        ("when (a: a > 2)", SEES, [("E412", "a > 2")]),
        ("when (a: a <= s)", "", [("E516", "a <= s")]),
        ("when s == 1", "", [("E516", "s == 1")]),
        ("when (a: a <= t)", "", [("E201", "t")]),
        ("when (s: s <= 1)", "", [("E204", "s")]),
        ("when (i: i <= 1)", "", [("E204", "i")]),
        ("when (a: a + 1)", "", [("E301", "a + 1")]),
        ("when (a: a <= o[i])", SEES, [("E211", "o[i]")]),
        ("when (a: a <= s')", "", [("E211", "s'")]),
        ("when (a: act[i] == a)", "", [("E211", "act[i]")]),
        ("when (a: a / s < 9)", SEES, [("E404", "a / s")]),
        ("when (a a)", "", [("E101", "a")]),
    ],
)
def test_mistakes(when: str, more: str, found: list[tuple[str, str]]) -> None:
    assert refused(game(when, more)) == found


def test_witness() -> None:
    """What bob knows after a step, and two states that he cannot tell apart then."""
    more = "observation o[ann]: 0..2; init o[ann] = s; observe o[ann] = s'; next s ~ uniform;"
    with pytest.raises(InputError, match="E516") as raised:
        posgc.loads(game("when (a: a <= s or step == 1)", more, "share p { o after 1; act after 1; }"))
    (told,) = raised.value.diagnostics
    assert "bob cannot tell which of its moves exist at step 2: it knows " in told.message
    assert "o[ann]@1=0" in told.message and "act[bob]@1=0" in told.message
    assert "has 0 where s=0, and 0, 1 where s=1" in told.message


def test_hover_tells_of_the_name() -> None:
    analysis = analyse(Source("game.posg", PURSES))
    said = hover(analysis, PURSES.index("b <= cash"))
    assert said is not None and "b" in said[0]


@pytest.mark.parametrize("share", ["open", "closed"])
def test_trees_have_no_branch_for_it(share: str) -> None:
    information, target = information_of(PURSES, share), StringIO()
    EfgExporter().export(information, EfgExporter.options(), target)
    tree = Efg(target.getvalue())
    assert target.getvalue().count("\n") - 2 == count_nodes(information)
    for (player, infoset), labels in tree.labels.items():
        (name,) = [n for (p, n), k in tree.names.items() if (p, k) == (player, infoset)]
        own = re.findall(rf"bid\[{('ann', 'bob')[player]}\]@\d=(\d)", name)
        assert labels == tuple(str(bid) for bid in range(3 - sum(map(int, own))))
        assert len(labels) > 1


@pytest.mark.parametrize("text", [PURSES, TURNS])
def test_environments_mask_it(text: str) -> None:
    information = information_of(text)
    data, rng = Game(tables_of(information)), np.random.default_rng(1)
    model, episode = information.model, Episode(data)
    for _ in range(20):
        episode.reset(rng)
        while not episode.done:
            for i in range(2):
                played = model.played_choices(i, episode.h)
                assert played is not None
                row = played[episode.state]
                assert np.flatnonzero(episode.mask(i)).tolist() == np.flatnonzero(row == np.arange(3)).tolist()
            chosen, state, h = rng.integers(3, size=2), episode.state, episode.h
            rewards = episode.step(chosen.tolist(), rng)
            action = 3 * chosen[0] + chosen[1]
            assert rewards == pytest.approx(model.kernel(h).reward[:, action, state].tolist())
            slots = [data.slot_names.index(f"{v['name']}[{data.agents[v['agent']]}]@{h}") for v in data.actions]
            made = model.kernel(h).played
            assert made is not None
            assert tuple(episode.values[slots]) == divmod(int(made[action, state]), 3)


def test_simulated_play() -> None:
    """Uniform play is uniform over what exists; what does not is refused."""
    model = model_of(PURSES)
    episodes = record(model, UniformPlayer(model), 4000, 1)
    for h in range(3):
        cash = model.state_values[episodes.state[h]]
        bids = np.stack(np.divmod(episodes.action[h], 3), axis=1)
        assert (bids <= cash).all()
        for own in range(3):
            some = bids[cash == own]
            if len(some):
                assert np.bincount(some, minlength=own + 1) / len(some) == pytest.approx(1 / (own + 1), abs=0.06)
    play = Simulator(model)
    play.reset(1)
    play.step(np.array([[2], [2]]))
    with pytest.raises(ValueError, match="does not exist"):
        play.step(np.array([[1], [0]]))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["solve", "--concept", "nash", "--backend", "laci"], "E603"),
        (["solve", "--concept", "nash", "--compress", "exact"], "E617"),
        (["solve", "--concept", "cce", "--share", "closed", "--backend", "column-generation"], "E603"),
        (["export", "--to", "dpomdp"], "E632"),
    ],
)
def test_what_does_not_serve_refuses(words: list[str], code: str, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    text = PURSES.replace("reward zero_sum ann", "reward team") if code == "E632" else PURSES
    if "column-generation" in words:
        text = text.replace("reward zero_sum ann", "reward ann")
    path = tmp_path / "purses.posg"
    path.write_text(text)
    assert main([words[0], str(path), *words[1:]]) == 2
    assert f"error[{code}]" in capsys.readouterr().err


def test_teams_of_hidden_histories() -> None:
    """Both want to bid 2 at one step and 0 at the others; neither sees the other's bids, and a step is fixed before."""
    team = "reward team = if bid[ann] == 2 and bid[bob] == 2 then 3 else (if bid[ann] == bid[bob] then 1 else 0);"
    text = re.sub(r"reward zero_sum[^;]*;", team, PURSES)
    found = posgc.loads(text, "closed").solve("team")
    assert found.values["ann"] == pytest.approx(5) and found.gap <= 1e-9


def test_channels_carry_what_was_played() -> None:
    """A bid that is lost or told late: the planner's value is the judge's, and the game's is 0 by symmetry."""
    radio = "share radio { bid to all after ~ {1: 0.5, never: 0.5}; } share open"
    lossy = PURSES.replace("+ bid[bob] / 4", "").replace("share open", radio).replace("horizon 3", "horizon 2")
    solution = posgc.loads(lossy, "radio").solve("nash")
    assert solution.values["ann"] == pytest.approx(0, abs=1e-9) and solution.gap <= 1e-9
