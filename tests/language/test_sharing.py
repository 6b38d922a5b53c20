"""Protocols: the standard structures against their definition, rules against small tables done by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posgc.language import InputError, Source, compile_game
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.sharing.requests import protocol
from posgc.language.signature import Signature, Variable

N = NEVER
TWO = Signature(
    ("ann", "bob"),
    (Variable("act", 0, ("a", "b")), Variable("act", 1, ("a", "b"))),
    (Variable("hear", 0, ("x", "y")), Variable("hear", 1, ("x", "y"))),
)
IMPORTED = Signature(
    ("1", "2", "3"),
    tuple(Variable("act", i, ("0", "1")) for i in range(3)),
    tuple(Variable("obs", i, ("0", "1")) for i in range(3)),
)


def block(rules: str, agents: str = "robot[3]", head: str = "p") -> LagTable:
    text = (
        f"game g {{ param w: int = 2 in 0..9; horizon 2; agents {agents}; action act[i]: bool; "
        f"observation hear[i]: bool; reward team = 1; share {head} {{ {rules} }} }}"
    )
    game = compile_game(Source("test", text))
    return protocol(game.signature, None, game)


def codes(signature: Signature, request: str | None) -> list[str]:
    with pytest.raises(InputError) as raised:
        protocol(signature, request)
    return [d.code for d in raised.value.diagnostics]


# Section 3 of Liu and Zhang (ICML 2023), Examples 1 to 5: lags of (actions, observations), the owner first.
@pytest.mark.parametrize(
    ("request_", "actions", "observations"),
    [
        ("full", ((1, 1), (1, 1)), ((0, 0), (0, 0))),
        ("one_step", ((1, 1), (1, 1)), ((0, 1), (1, 0))),
        ("delayed(3)", ((1, 3), (3, 1)), ((0, 3), (3, 0))),
        ("delayed(d = 1)", ((1, 1), (1, 1)), ((0, 1), (1, 0))),
        ("one_directional(ann -> bob)", ((1, 1), (1, 1)), ((0, 0), (1, 0))),
        ("one_directional(2 -> 1)", ((1, 1), (1, 1)), ((0, 1), (0, 0))),
        ("controlled_by(ann, 2)", ((1, 1), (N, 1)), ((0, 0), (2, 0))),
        ("controlled_by(ann, d = 2, own = 1)", ((1, 1), (N, 1)), ((0, 1), (2, 0))),
        ("uncontrolled(2)", ((1, N), (N, 1)), ((0, 2), (2, 0))),
        ("none", ((1, N), (N, 1)), ((0, N), (N, 0))),
    ],
)
def test_standard_structures(
    request_: str, actions: tuple[tuple[int, ...], ...], observations: tuple[tuple[int, ...], ...]
) -> None:
    made = protocol(TWO, request_)
    assert (made.action_lags, made.observation_lags, made.forget) == (actions, observations, None)


def test_names_are_the_request_in_full() -> None:
    assert protocol(TWO, " delayed ( d = 2 ) ").name == "delayed(2)"
    assert protocol(TWO, "controlled_by(2, 3)").name == "controlled_by(bob, 3)"
    assert protocol(TWO, "controlled_by(2, 3, own = 1)").name == "controlled_by(bob, 3, own = 1)"
    assert protocol(TWO, "one_directional(1 -> 2)").name == "one_directional(ann -> bob)"


@pytest.mark.parametrize(
    ("code", "request_"),
    [
        ("E501", "fully"),
        ("E502", "delayed"),
        ("E502", "delayed(1, 2)"),
        ("E502", "full(1)"),
        ("E504", "delayed(0)"),
        ("E504", "delayed(10^9)"),
        ("E307", "delayed(1.5)"),
        ("E201", "controlled_by(cyd, 2)"),
        ("E509", "controlled_by(3, 2)"),
        ("E502", "controlled_by(1)"),
        ("E502", "one_directional(ann, bob)"),
        ("E510", "one_directional(ann -> ann)"),
        ("E502", "delayed(ann -> bob)"),
        ("E108", "delayed(2"),
        ("E101", "delayed(2) x"),
        ("E114", ""),
        ("E113", "full\0"),
        ("E504", "uncontrolled(-1)"),
        ("E301", "delayed(true)"),
        ("E508", None),
    ],
)
def test_wrong_requests(code: str, request_: str | None) -> None:
    assert codes(TWO, request_) == [code]


def test_imported_games_have_agents_by_number() -> None:
    assert protocol(IMPORTED, "controlled_by(2, 1)").observation_lags == ((0, 1, 1), (0, 0, 0), (1, 1, 0))
    assert codes(IMPORTED, "one_directional(1 -> 2)") == ["E510"]


def test_exchange_is_full_sharing_at_every_kth_step() -> None:
    assert protocol(TWO, "exchange(1)").content == protocol(TWO, "full").content
    made = protocol(TWO, "exchange(3)")
    assert made.name == "exchange(3)"
    assert [[made.lags("observation", 0, t)[1] for t in range(1, 7)], made.lags("observation", 0, 1)[0]] == [
        [2, 1, 0, 2, 1, 0],
        0,
    ]
    assert [made.lags("action", 0, t)[1] for t in range(1, 7)] == [2, 1, 3, 2, 1, 3]
    assert codes(TWO, "exchange(0)") == ["E513"]
    assert codes(TWO, "exchange") == ["E502"]


@given(st.text(max_size=30))
def test_any_request_gives_a_protocol_or_diagnostics(text: str) -> None:
    for request in (text, f"delayed({text})", f"one_directional({text} -> 2)"):
        try:
            made = protocol(TWO, request)
        except InputError as error:
            assert error.diagnostics
        else:
            assert all(row[k] <= 1 for k, row in enumerate(made.action_lags))


def test_the_earliest_rule_wins_and_the_owner_always_knows() -> None:
    made = block("hear after 3; hear[1] to 2 after 1; hear[1] to 2 after 2; act after 2; act[robot[3]] after 1;")
    assert made.observation_lags == ((0, 1, 3), (3, 0, 3), (3, 3, 0))
    assert made.action_lags == ((1, 2, 2), (2, 1, 2), (1, 1, 1))


def test_delays_computed_from_indices_and_parameters() -> None:
    made = block("hear[i] to j after abs(i - j); act[i] to j after w * max(1, abs(i - j));")
    assert made.observation_lags == ((0, 1, 2), (1, 0, 1), (2, 1, 0))
    assert made.action_lags == ((1, 2, 4), (2, 1, 2), (4, 2, 1))


def test_an_action_may_have_delay_0_to_its_owner_only() -> None:
    assert block("act[i] to j after abs(i - j);").action_lags == ((1, 1, 2), (1, 1, 1), (2, 1, 1))


def test_hops() -> None:
    line = "hear to all along edges {robot[1]-robot[2], robot[2]->robot[3]} after 2 per hop;"
    assert block(line).observation_lags == ((0, 2, 4), (2, 0, 2), (N, N, 0))
    ring = "hear to all along edges(i, j: j == i mod 3 + 1) after 1 per hop;"
    assert block(ring).observation_lags == ((0, 1, 2), (2, 0, 1), (1, 2, 0))
    assert block("hear to 3 along edges {1-2, 2-3} after 1 per hop;").observation_lags == (
        (0, N, 2),
        (N, 0, 1),
        (N, N, 0),
    )


def test_forget() -> None:
    assert block("hear after 3; forget after 2;").forget == 2
    assert block("hear to 2 after 9; forget after 0;").forget == 0  # never common


def test_arguments_and_agents_as_arguments() -> None:
    text = (
        "game g { horizon 2; agents ann, bob; action act[i]: bool; observation hear[i]: bool; reward team = 1;"
        "share boss(who, d = 2) { hear[who] after d; act after 1; } share delayed(2); }"
    )
    game = compile_game(Source("test", text))
    assert [p.name for p in game.protocols] == ["delayed(2)"]  # the other one needs an argument
    made = protocol(game.signature, "boss(bob)", game)
    assert made.observation_lags == ((0, N), (2, 0)) and made.name == "boss(2, 2)"
    assert protocol(game.signature, "boss(d = 1, who = 1)", game).observation_lags == ((0, 1), (N, 0))
    assert protocol(game.signature, "delayed", game).name == "delayed(2)"
    for request in ("boss", None):
        with pytest.raises(InputError) as raised:
            protocol(game.signature, request, game)
        assert [d.code for d in raised.value.diagnostics] == ["E502"]


@pytest.mark.parametrize(
    "same",
    [
        "full { hear after 0; act after 1; }",
        "one_step { hear after 1; act after 1; }",
        "none { }",
        "delayed(d = 2) { hear after d; act after d; }",
        "delayed(k) { hear after k; act after k; }",
        "uncontrolled(d = 1) { hear after d; }",
        "controlled_by(a = 1, d = 2) { hear after d; hear[a] after 0; act[a] after 1; }",
    ],
)
def test_standard_names_may_be_spelt_out(same: str) -> None:
    head, _, rules = same.partition("{")
    block_or_none = f"share {head} {{ {rules.rstrip('} ')} }}"
    text = (
        "game g { horizon 2; agents ann, bob; action act[i]: bool; observation hear[i]: bool; reward team = 1;"
        f"{block_or_none} }}"
    )
    compile_game(Source("test", text))


@pytest.mark.parametrize(
    "other",
    [
        "full { hear after 1; act after 1; }",
        "none { act after 1; }",
        "delayed(d = 2) { hear after 2; act after 2; }",
        "delayed { hear after 2; act after 2; }",
        "one_step { hear after 1; act after 1; forget after 0; }",
    ],
)
def test_standard_names_keep_their_meaning(other: str) -> None:
    with pytest.raises(InputError) as raised:
        head, _, rules = other.partition("{")
        block(rules.rstrip("} "), head=head)
    assert [d.code for d in raised.value.diagnostics] == ["E506"]


def test_items_with_further_indices() -> None:
    text = (
        "game g { horizon 2; agents ann, bob; type t = {p, q}; observation o[i, r in t]: bool; reward team = 1;"
        "observation m[i, k in 1..2]: bool; share x { o[i, p] after 1;"
        "o[ann, q] to bob after 0; m[bob, 1 + 1] after 4; } }"
    )
    game = compile_game(Source("test", text))
    assert [v.name for v in game.signature.observations[:4]] == ["o[p]", "o[q]", "m[1]", "m[2]"]
    assert game.protocols[0].observation_lags == (
        (0, 1),
        (0, 0),
        (0, N),
        (0, N),
        (1, 0),
        (N, 0),
        (N, 0),
        (4, 0),
    )
    with pytest.raises(InputError) as raised:
        compile_game(Source("test", text.replace("o[i, p]", "o[i, z]")))
    assert [d.code for d in raised.value.diagnostics] == ["E503"]


@pytest.mark.parametrize(
    ("rule", "lags"),
    [  # of hear[1] at steps 1..7 for robot 2, by hand
        ("hear after 0 every 3;", [2, 1, 0, 2, 1, 0, 2]),
        ("hear after 0 every 3 from 1;", [0, 2, 1, 0, 2, 1, 0]),
        ("hear after 2 every 3;", [2, 4, 3, 2, 4, 3, 2]),
        ("hear after 1 every 2 from 5;", [4, 3, 2, 1, 2, 1, 2]),
        ("hear after 0 every 2 from 1; hear after 0 every 4;", [0, 1, 0, 0, 0, 1, 0]),
        ("hear after 1; hear[i] to j after 0 every 3;", [1, 1, 0, 1, 1, 0, 1]),
        ("hear[1] to robot[2] after w - 2 every w + 1 from w;", [1, 0, 2, 1, 0, 2, 1]),
        ("hear along edges {1-2} after 1 per hop every 4;", [3, 2, 1, 4, 3, 2, 1]),
    ],
)
def test_items_are_handed_over_at_the_steps_of_an_exchange(rule: str, lags: list[int]) -> None:
    made = block(rule)
    assert [made.lags("observation", 0, t)[1] for t in range(1, 8)] == lags
    assert max(lags) <= made.slowest("observation")[0][1]


def test_every_step_is_the_plain_rule() -> None:
    for rule in ("hear after 2%; act[1] to 2 after 1%;", "hear to all along edges {1-2, 2-3} after 1 per hop%;"):
        assert block(rule.replace("%", " every 1")).content == block(rule.replace("%", "")).content


def test_new_words_are_names_too() -> None:
    """Where a name can stand, `every`, `from` and the other words of protocols are one."""
    text = (
        "game every { param from: int = 2 in 0..9; horizon 2; agents every, exchange; action act[i]: {to, hop}; "
        "observation per[i]: bool; observe per[i] = true; reward team = from; share exchange "
        "{ per[exchange] to every after from every every from from; act after from; } }"
    )
    game = compile_game(Source("test", text))
    made = protocol(game.signature, None, game)
    assert [made.lags("observation", 1, t)[0] for t in range(1, 4)] == [2, 2, 2]  # agent `every` is number 1


@pytest.mark.parametrize(
    ("code", "rule", "under"),
    [
        ("E513", "hear after 0 every 0;", "0"),
        ("E513", "hear after 0 every 2 from 0;", "0"),
        ("E513", "hear after 0 every 10^9;", "10^9"),
        ("E513", "hear after 0 every 2 from -1;", "-1"),
        ("E307", "hear after 0 every 1.5;", "1.5"),
        ("E504", "act after 0 every 2;", "0"),
        ("E505", "hear after 0 every 4; forget after 1;", "forget after 1;"),
        ("E505", "hear after 0 every 4 from 9; forget after 3;", "forget after 3;"),
        ("E201", "hear after 0 every often;", "often"),
    ],
)
def test_mistakes_in_exchanges(code: str, rule: str, under: str) -> None:
    with pytest.raises(InputError) as raised:
        block(rule)
    assert [d.code for d in raised.value.diagnostics] == [code]
    span = raised.value.diagnostics[0].span
    source = raised.value.source
    assert span is not None and source is not None
    assert source.text[span.start : span.end] == under


def laws(rules: str) -> list[tuple[str, int, int, tuple[tuple[int, float], ...], int | None]]:
    return [(c.kind, c.variable, c.agent, c.law, c.acknowledged) for c in block(rules).channels]


def test_random_delays_by_link() -> None:
    assert laws("hear[1] to 2 after ~ {1: 0.9, never: 0.1};") == [("observation", 0, 1, ((1, 0.9), (N, 0.1)), None)]
    assert laws("act[i] to 3 after ~ {2: 1/2, 1: 1/2} acknowledged after w;") == [
        ("action", 0, 2, ((1, 0.5), (2, 0.5)), 2),
        ("action", 1, 2, ((1, 0.5), (2, 0.5)), 2),
    ]
    assert [x[:3] for x in laws("hear after ~ geometric(0.5, 2) acknowledged;")] == [
        ("observation", owner, other) for owner in range(3) for other in range(3) if other != owner
    ]
    assert laws("hear[1] to 2 after ~ geometric(0.5, w) acknowledged;")[0][3:] == (((1, 0.5), (2, 0.25), (N, 0.25)), 0)
    assert laws("hear[i] to j after ~ {0: i / 8 + j / 16, never: 1 - i / 8 - j / 16};")[1][3][0] == (0, 0.3125)
    assert laws("hear[1] to 2 after ~ {1: 0.25, w - 1: 0.5, never: 0.25, 3: 0};")[0][3] == ((1, 0.75), (N, 0.25))


def test_channels_share_a_chance() -> None:
    air = block(
        "chance air ~ {1: 0.5, never: 0.5}; hear[i] to j after ~ air; act to 3 after ~ air acknowledged;"
    ).channels
    assert {(c.law, c.chance) for c in air} == {(((1, 0.5), (N, 0.5)), "air")} and len(air) == 8
    by = block("hear[i] to j after ~ air[j, i]; chance air[k, l] ~ {k: l / 4, never: 1 - l / 4}; ").channels
    assert {(c.variable + 1, c.agent + 1, c.chance, c.law[0]) for c in by} == {
        (i, j, f"air[{j}, {i}]", (j, i / 4)) for i in (1, 2, 3) for j in (1, 2, 3) if i != j
    }
    alone = block("hear after ~ {1: 0.5, never: 0.5};")
    assert alone.content != block("chance air ~ {1: 0.5, never: 0.5}; hear after ~ air;").content
    assert block("chance air ~ {1: 1}; hear after ~ air;").content == block("hear after 1;").content


def test_what_is_certain_is_a_lag() -> None:
    assert block("hear after ~ {1: 1};").content == block("hear after 1;").content
    assert block("hear after ~ {1: 0.5, 1: 0.5} acknowledged;").content == block("hear after 1;").content
    assert block("hear after ~ {never: 1};").content == block("").content
    assert block("hear after ~ geometric(1, 3);").content == block("hear after 1;").content


def test_words_of_channels_are_names_too() -> None:
    """A constant of the file goes before the word `never`; `acknowledged` and `geometric` may be anything's name."""
    text = (
        "game g { param never: int = 2 in 0..9; horizon 2; agents acknowledged, geometric; "
        "action act[i]: {give, take}; observation after_all[i]: bool; observe after_all[i] = true; "
        "reward team = never; "
        "share p { after_all[acknowledged] to geometric after ~ {1: 0.5, never: 0.5} acknowledged after never; } }"
    )
    game = compile_game(Source("test", text))
    (channel,) = protocol(game.signature, None, game).channels
    assert (channel.law, channel.acknowledged) == (((1, 0.5), (2, 0.5)), 2)


@pytest.mark.parametrize(
    ("code", "rule", "under"),
    [
        ("E403", "hear after ~ {1: 0.9};", "{1: 0.9}"),
        ("E403", "hear after ~ {1: 0.9, never: 0.2};", "{1: 0.9, never: 0.2}"),
        ("E402", "hear after ~ {1: 1.5, never: 0};", "1.5"),
        ("E402", "hear after ~ geometric(2, 3);", "2"),
        ("E514", "hear after ~ {21: 0.5, never: 0.5};", "21"),
        ("E514", "hear after ~ {-1: 0.5, never: 0.5};", "-1"),
        ("E514", "hear after ~ {10^12: 1};", "10^12"),
        ("E514", "hear after ~ {never + 1: 0.5, 1: 0.5};", "never + 1"),
        ("E514", "hear after ~ 2;", "2"),
        ("E514", "hear after ~ uniform;", "uniform"),
        ("E514", "hear after ~ geometric(0.5);", "geometric(0.5)"),
        ("E514", "hear after ~ geometric(0.5, 0);", "0"),
        ("E514", "hear after ~ geometric(0.5, 10^9);", "10^9"),
        ("E307", "hear after ~ {0.5: 1};", "0.5"),
        ("E201", "hear after ~ {1: 0.5, nevre: 0.5};", "nevre"),
        ("E301", "hear after ~ {1: true};", "true"),
        ("E504", "act after ~ {0: 0.5, never: 0.5};", "{0: 0.5, never: 0.5}"),
        ("E504", "hear after ~ {1: 0.5, never: 0.5} acknowledged after -1;", "-1"),
        (
            "E515",
            "hear after ~ {1: 0.5, never: 0.5}; hear[1] to 2 after ~ {1: 0.4, never: 0.6};",
            "hear[1] to 2 after ~ {1: 0.4, never: 0.6};",
        ),
        ("E205", "chance c ~ {1: 1}; chance c ~ {2: 1};", "chance c ~ {2: 1};"),
        ("E514", "chance c[1] ~ {1: 1}; hear after ~ c[1];", "c[1]"),
        ("E514", "chance c[k] ~ {k: 1}; hear after ~ c;", "c"),
        ("E514", "chance c ~ {1: 1}; hear after ~ c[1];", "c[1]"),
        ("E403", "chance c ~ {1: 0.9}; hear after ~ c; act after ~ c;", "{1: 0.9}"),
        ("E514", "hear after ~ c; chance d ~ {1: 0.9, never: 0.1};", "c"),
        ("E307", "chance c[k] ~ {k: 0.5, never: 0.5}; hear after ~ c[1.5];", "1.5"),
        ("E504", "chance c ~ {0: 0.5, never: 0.5}; act after ~ c;", "c"),
        ("E503", "heer after ~ {1: 0.5, never: 0.5};", "heer"),
        ("E509", "hear to 4 after ~ {1: 0.5, never: 0.5};", "4"),
    ],
)
def test_mistakes_in_random_delays(code: str, rule: str, under: str) -> None:
    with pytest.raises(InputError) as raised:
        block(rule)
    (found,) = raised.value.diagnostics
    source = raised.value.source
    assert found.code == code
    assert found.span is not None and source is not None
    assert source.text[found.span.start : found.span.end] == under
