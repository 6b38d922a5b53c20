"""From text to `Game`: what the examples, overrides and single forms come to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from posgc.language import InputError, Source, compile_game, ir

SHARED = Path(__file__).parents[3] / "shared"
EXAMPLES = sorted((SHARED / "examples").glob("*.posg"))


def game(lines: str, agents: str = "ann, bob", horizon: str = "horizon 3;") -> str:
    return f"game g {{ {horizon} agents {agents}; {lines} share none; }}"


def compiled(lines: str, **options: str) -> ir.Game:
    return compile_game(Source("test", game(lines, **options)))


def codes(text: str, **options: object) -> list[str]:
    with pytest.raises(InputError) as raised:
        compile_game(Source("test", text), **options)  # type: ignore[arg-type]
    return [d.code for d in raised.value.diagnostics]


def test_examples_are_there() -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared folder with the examples is not beside the project")
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_compile_without_warnings(path: Path) -> None:
    assert compile_game(Source(path.name, path.read_text(encoding="utf-8"))).warnings == ()


def test_the_game_of_the_language_page() -> None:
    page = SHARED / "LANGUAGE.md"
    if not page.is_file():
        pytest.skip("the shared folder with the language page is not beside the project")
    found = re.search(r"```posg\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    made = compile_game(Source("dectiger", found[1]), {"accuracy": "0.9"}, horizon=10, discount=0.5)
    assert (made.name, made.horizon, made.discount, made.parameters) == ("dectiger", 10, 0.5, (("accuracy", 0.9),))
    assert made.title == "Decentralised tiger (Nair et al., 2003)"
    assert [s.name for s in made.states] == ["tiger"]
    assert [(a.name, a.agent, a.type.values) for a in made.actions] == [
        ("act[ann]", 0, ("listen", "open_left", "open_right")),
        ("act[bob]", 1, ("listen", "open_left", "open_right")),
    ]
    assert [v.name for v in made.signature.observations] == ["hear", "hear"]
    assert made.rewards[0] is made.rewards[1]  # one expression, written once
    assert [p.name for p in made.protocols] == ["one_step", "full", "delayed(2)", "none"]
    observe = made.observations[0].observe
    next_ = made.states[0].next
    assert isinstance(observe, ir.Choose) and isinstance(next_, ir.Choose)
    assert observe.condition is next_.condition  # `quiet` is one node
    assert made.observations[0].init is None


def test_variables_are_ordered_by_agent_then_as_declared() -> None:
    made = compiled("action p[i]: bool; action q[bob]: 1..3; action q[ann]: 1..2; action r[i, k in 1..2]: bool;")
    assert [a.name for a in made.actions] == [
        "p[ann]",
        "q[ann]",
        "r[ann, 1]",
        "r[ann, 2]",
        "p[bob]",
        "q[bob]",
        "r[bob, 1]",
        "r[bob, 2]",
    ]
    assert made.signature.action_sizes == (16, 24)
    assert [v.name for v in made.signature.actions[:4]] == ["p", "q", "r[1]", "r[2]"]
    assert made.signature.actions[0].values == ("false", "true")
    assert made.signature.observation_sizes == (1, 1)


def test_agent_arrays() -> None:
    made = compiled("state x[i]: agent; init x[i] = i; reward robot[2] = x[robot[1]] + x[3];", agents="robot[3]")
    assert made.signature.agents == ("robot[1]", "robot[2]", "robot[3]")
    assert [s.name for s in made.states] == ["x[robot[1]]", "x[robot[2]]", "x[robot[3]]"]
    node = made.rewards[1]
    assert isinstance(node, ir.Op) and node.integer
    assert [o.index for o in node.operands if isinstance(o, ir.Read)] == [0, 2]
    assert isinstance(made.rewards[0], ir.Const) and made.rewards[0].value == 0


def test_constants_are_folded_and_dead_branches_dropped() -> None:
    made = compiled("state x[i]: 0..9; init x[i] = 0; next x[i] = if i == 1 then 2 ^ 3 - 1 else x[i - 1];")
    first, second = made.states[0].next, made.states[1].next
    assert isinstance(first, ir.Point) and isinstance(first.value, ir.Const) and first.value.value == 7
    assert isinstance(second, ir.Point) and isinstance(second.value, ir.Read) and second.value.index == 0


def test_a_varying_index_selects() -> None:
    made = compiled(
        "state turn: agent; state hand[i]: {a, b}; init turn = 1; init hand[i] = a;"
        "let mine = hand[turn]; next hand[i] = mine; reward team = if mine' == b then 1 else 0;"
    )
    law = made.states[1].next
    assert isinstance(law, ir.Point) and isinstance(law.value, ir.Select)
    assert law.value.keys == (1, 2) and isinstance(law.value.index, ir.Read)
    assert [(c.index, c.primed) for c in law.value.cases if isinstance(c, ir.Read)] == [(1, False), (2, False)]
    reward = made.rewards[0]
    assert isinstance(reward, ir.If) and isinstance(reward.condition, ir.Op)
    primed = reward.condition.operands[0]
    assert isinstance(primed, ir.Select)
    assert isinstance(primed.index, ir.Read) and primed.index.primed


def test_an_index_out_of_range_in_a_branch_fails_only_there() -> None:
    made = compiled(
        "state x[i]: 0..1; state k: 0..3; init x[i] = 0; init k = 0;reward team = if k > 0 then x[5] else 0;"
    )
    node = made.rewards[0]
    assert isinstance(node, ir.If) and isinstance(node.then, ir.Fail) and node.then.code == "E401"


def test_match_becomes_a_chain_that_ends_in_fail() -> None:
    made = compiled("state s: {a, b, c}; init s = a; reward team = match (s, step) { (a, 1..2): 1; (b, _): 2; };")
    node = made.rewards[0]
    assert isinstance(node, ir.If) and isinstance(node.otherwise, ir.If)
    assert isinstance(node.otherwise.otherwise, ir.Fail) and node.otherwise.otherwise.code == "E405"


def test_rewards_add_up_and_zero_sum_mirrors() -> None:
    made = compiled("reward team = 1; reward ann = 2; reward[i] = 10 * i; reward zero_sum bob = 100;")
    assert [r.value for r in made.rewards if isinstance(r, ir.Const)] == [1 + 2 + 10 - 100, 1 + 20 + 100]


def test_quantifiers() -> None:
    made = compiled(
        "let score(k) = if k == 2 then 9 else k;"
        "reward ann = 100 * argmax(k in 1..3: score(k)) + sum(j != 1: j) + count(i, j: i < j);"
        "reward bob = max(k in {4, 6}: k) + min(7, 5) + clip(12, 0, 9) + abs(-3)"
        " + (if all(k in 1..0: false) and not any(k in 1..0: true) then 1 else 0);"
    )
    assert [r.value for r in made.rewards if isinstance(r, ir.Const)] == [200 + 2 + 1, 6 + 5 + 9 + 3 + 1]


def test_uniform_mixture_and_noisy() -> None:
    made = compiled(
        "state s: 0..3; state t: 0..3; state u: 0..3; init s ~ uniform(c: c > 1); init t ~ uniform {0, s};"
        "init u ~ {uniform: 0.25, s: 0.75}; next s ~ uniform(c: c != t); next t ~ noisy(s, 0.9);"
        "chance coin: bool ~ bernoulli(1/3);"
    )
    s, t, u = (v.init for v in made.states)
    assert isinstance(s, ir.UniformOver) and s.conditions is None and len(s.values) == 2
    assert isinstance(t, ir.Mixture) and [w.value for w in t.weights if isinstance(w, ir.Const)] == [0.5, 0.5]
    assert isinstance(u, ir.Mixture) and isinstance(u.parts[0], ir.UniformOver)
    law = made.states[0].next
    assert isinstance(law, ir.UniformOver) and law.conditions is not None and len(law.conditions) == 4
    assert isinstance(made.states[1].next, ir.Noisy)
    assert isinstance(made.chances[0].law, ir.Bernoulli)
    assert made.init_order.index(("state", 0)) < made.init_order.index(("state", 1))


def test_draws_are_ordered_by_what_they_read() -> None:
    made = compiled(
        "state s: bool; state t: bool; init s = t; init t = true; next s = t'; next t = c;"
        "chance c: bool ~ bernoulli(0.5); observation o[i]: bool; observe o[ann] = o[bob]'; observe o[bob] = s';"
    )
    assert made.init_order == (("state", 1), ("state", 0))
    order = list(made.step_order)
    chain = [("chance", 0), ("state", 1), ("state", 0), ("observation", 1), ("observation", 0)]
    assert order == chain


def test_actions_withheld() -> None:
    made = compiled("action a[i]: bool when step mod 2 == i - 1; action b[i]: bool when true;")
    assert [v.when is None for v in made.actions] == [False, True, False, True]


def test_a_distribution_may_have_a_name() -> None:
    made = compiled(
        "state s: {a, b}; init s = a; let echo(x, p) = if step == 1 then uniform else noisy(x, p);"
        "next s ~ echo(s, 0.9);"
    )
    law = made.states[0].next
    assert isinstance(law, ir.Choose) and isinstance(law.then, ir.UniformOver) and isinstance(law.otherwise, ir.Noisy)


def test_parameters() -> None:
    text = game("param p = 0.5 in [0, 1]; param n: int = 3 in 2..6; param q = 1 - p; state s: 0..n; init s = 0;")
    assert compile_game(Source("test", text)).parameters == (("p", 0.5), ("n", 3), ("q", 0.5))
    made = compile_game(Source("test", text), {"p": "1/4", "n": "4"})
    assert made.parameters == (("p", 0.25), ("n", 4), ("q", 0.75))
    assert made.states[0].type.values == (0, 1, 2, 3, 4)
    assert codes(text, settings={"r": "1"}) == ["E601"]
    assert codes(text, settings={"p": "1.5"}) == ["E621"]
    assert codes(text, settings={"n": "7"}) == ["E621"]
    for wrong in ("", "x", "1/0", "nan", "inf", "1e999", "0x3", "--1", "1;", "true", "٣"):
        assert codes(text, settings={"p": wrong}) == ["E622"], wrong
    assert codes(text, settings={"n": "2.5"}) == ["E622"]
    assert compile_game(Source("test", text), {"p": "1e-1", "n": "3.0"}).parameters[:2] == (("p", 0.1), ("n", 3))


def test_horizon_and_discount() -> None:
    bare = game("param k = 4;", horizon="")
    assert codes(bare) == ["E607"]
    assert compile_game(Source("test", bare), horizon=7).horizon == 7
    assert codes(bare, horizon=0) == ["E623"]
    assert codes(bare, horizon=10**6 + 1) == ["E623"]
    assert codes(bare, horizon=3, discount=1.5) == ["E623"]
    assert compiled("param k = 4; discount 0.5;", horizon="horizon k + 1;").horizon == 5
    assert codes(game("", horizon="horizon 0;")) == ["E411"]
    last = compiled("reward team = if step == horizon then 1 else 0;").rewards[0]
    assert isinstance(last, ir.If)


def test_warnings_do_not_fail() -> None:
    made = compiled("let idle = 3; reward team = match (step) { _: 1; 2: 5; };")
    assert [w.code for w in made.warnings if w.code in ("W702", "W703")] == ["W702", "W703"]
    assert [w.code for w in compiled("state s: bool; init s = true;").warnings] == ["W701"]


def test_expectations() -> None:
    made = compile_game(
        Source(
            "test",
            game(
                "reward team = 1; share p(k = 1) { } "
                "expect not assumption 3 under p(2) at horizon 4; expect gamma >= 1/3;"
                "expect value(ce, bob) == 2 within 1e-9; expect gap(nash) <= 1e-9 under full;"
            ),
        )
    )
    first, second, third, fourth = made.expectations
    assert (first.quantity, first.number, first.negated, first.protocol, first.horizon) == (
        "assumption",
        3,
        True,
        "p(2)",
        4,
    )
    assert (second.quantity, second.comparison, second.target) == ("gamma", ">=", 1 / 3)
    assert (third.concept, third.agent, third.target, third.within) == ("ce", 1, 2.0, 1e-9)
    assert (fourth.quantity, fourth.concept, fourth.comparison, fourth.protocol) == ("gap", "nash", "<=", "full")


def test_compiling_twice_gives_the_same_orders_and_labels() -> None:
    text = (Path(__file__).parents[1] / "diagnostics" / "clean.posg").read_text(encoding="utf-8")
    one, two = (compile_game(Source("clean", text)) for _ in range(2))
    assert (one.signature, one.protocols, one.init_order, one.step_order) == (
        two.signature,
        two.protocols,
        two.init_order,
        two.step_order,
    )
