"""What modellers reach for: each construct means what the same game means that is written without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from posgc import load, loads
from posgc.language import InputError, Source, compile_game, format_source
from posgc.language.sharing.requests import protocol
from posgc.model import Model, tabulate
from posgc.model.compare import same_arrays
from posgc.model.tabulation.truncated import log_weights


def text_of(lines: str, agents: str = "ann, bob, cyd") -> str:
    return f"game g {{ horizon 2; agents {agents}; {lines} }}"


def model(lines: str, agents: str = "ann, bob, cyd", **asked: str) -> Model:
    return tabulate(compile_game(Source("test", text_of(lines, agents)), asked))


def codes(text: str, **asked: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        tabulate(compile_game(Source("test", text), asked))
    return [d.code for d in raised.value.diagnostics]


BASE = (
    "state s[i]: 0..2; init s[i] ~ uniform; action act[i]: {x, y}; observation o[i]: 0..2;"
    "observe o[i] ~ noisy(s[i]', 0.8); share none;"
)
"""Every agent has a number, which changes as the line `next` says that is added."""

ALIKE = {
    "brackets": (
        "reward[i] = 2 * [act[i] == x] + [s[i] > 0];",
        "reward[i] = (if act[i] == x then 2 else 0) + count(k in 1..1: s[i] > 0);",
    ),
    "list": (
        "let f[i] = [3, 1, 2]; reward[i] = f[i];",
        "let f[ann] = 3; let f[bob] = 1; let f[cyd] = 2; reward[i] = f[i];",
    ),
    "list of lists": (
        "let f[i, k in 0..2] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]; reward[i] = f[i, s[i]];",
        "reward[i] = 3 * (i - 1) + s[i] + 1;",
    ),
    "list of one value": (
        "let f[k in 1..1] = [3]; param p[k in 1..1] = [2]; reward[i] = f[1] * p[1] * s[i];",
        "reward[i] = 6 * s[i];",
    ),
    "list at an agent": (
        "let f[bob, k in 0..2] = [5, 0, 1]; reward bob = f[bob, s[bob]];",
        "reward bob = match (s[bob]) { 0: 5; 1: 0; 2: 1; };",
    ),
    "list of laws' values": ("next s[i] = [s[bob], 1, 0];", "next s[ann] = s[bob]; next s[bob] = 1; next s[cyd] = 0;"),
    "indexed parameter": (
        "param p[i] = [0.5, 0.25, 1]; next s[i] ~ {s[i]: p[i], 0: 1 - p[i]};",
        "next s[i] ~ {s[i]: 1 / (match (i) { 1: 2; 2: 4; 3: 1; }), 0: 1 - 1 / (match (i) { 1: 2; 2: 4; 3: 1; })};",
    ),
    "filtered sum": ("reward[i] = sum(j != i if j > i: s[j]);", "reward[i] = sum(j != i: if j > i then s[j] else 0);"),
    "filter that varies": (
        "reward[i] = count(j if s[j] == s[i]: act[j] == x) + sum(j != i if s[j] > 0: s[i] / s[j]);",
        "reward[i] = count(j: s[j] == s[i] and act[j] == x) + sum(j != i: if s[j] > 0 then s[i] / s[j] else 0);",
    ),
    "filtered all, any": (
        "let f[i] = all(j if s[j] > 0: act[j] == x) or any(j != i if j != 2: s[j] == 1); reward[i] = [f[i]];",
        "let f[i] = all(j: s[j] == 0 or act[j] == x) or any(j != i: j != 2 and s[j] == 1); "
        "reward[i] = if f[i] then 1 else 0;",
    ),
    "filtered argmax, max": (
        "reward[i] = argmax(j if j != 2: s[j]) + max(j, k if j < k: s[j] + s[k]);",
        "reward[i] = (if s[cyd] > s[ann] then 3 else 1) + max(s[1] + s[2], s[1] + s[3], s[2] + s[3]);",
    ),
    "graph": (
        "graph road = {ann-bob, bob->cyd}; next s[i] = if road(1 + s[ann], i) then s[i] else 0; "
        "reward[i] = sum(j in road[i]: s[j]);",
        "next s[i] = if (s[ann] == 0 and i == 2) or (s[ann] == 1 and i != 2) then s[i] else 0;"
        "reward[i] = if i == 1 then s[2] else if i == 2 then s[1] + s[3] else 0;",
    ),
    "graph without edges": (
        "graph none_ = {}; reward[i] = count(j: none_(i, j)) + sum(j in none_[i]: s[j]) + s[i];",
        "reward[i] = s[i];",
    ),
    "graph by a condition": (
        "graph line(i, j) = abs(i - j) == 1; reward[i] = count(j: line(i, j)) * s[i] + [2 in line[i]];",
        "reward[i] = (if i == 2 then 2 else 1) * s[i] + (if i == 2 then 0 else 1);",
    ),
    "graph on a type": (
        "type spot = 0..2; graph way on spot = {0->1, 1->2, 2->0}; next s[i] ~ uniform(c: way(s[i], c));",
        "next s[i] = (s[i] + 1) mod 3;",
    ),
}


@pytest.mark.parametrize(("new", "old"), ALIKE.values(), ids=ALIKE.keys())
def test_it_means_what_the_longer_text_means(new: str, old: str) -> None:
    assert same_arrays(model(BASE + new), model(BASE + old)) is None
    laid_out = format_source(text_of(BASE + new))
    assert format_source(laid_out) == laid_out
    assert same_arrays(tabulate(compile_game(Source("test", laid_out))), model(BASE + old)) is None


def test_a_mixed_list_of_agents() -> None:
    lines = (
        "param n: int = 2 in 1..3; state s: agent; init s = drone[2]; action act[i]: {x, y};"
        "reward[i] = [s == drone[i mod 2 + 1]] + [i == base] + 4 * [i == mule[1]]; share none;"
    )
    made = compile_game(Source("test", text_of(lines, "drone[n], base, mule[1]")))
    assert made.signature.agents == ("drone[1]", "drone[2]", "base", "mule[1]")
    got = tabulate(made)
    plain = model(
        lines.replace("drone[2]", "2")
        .replace("drone[i mod 2 + 1]", "(i mod 2 + 1)")
        .replace("base", "3")
        .replace("mule[1]", "4")
        .replace("param n: int = 2 in 1..3;", ""),
        "a, b, c, d",
    )
    assert same_arrays(got, plain) is None
    larger = compile_game(Source("test", text_of(lines, "drone[n], base, mule[1]")), {"n": "3"})
    assert larger.signature.agents == ("drone[1]", "drone[2]", "drone[3]", "base", "mule[1]")


TUPLES = (
    "type cell = (x: 0..2, y: 0..1); state p[i]: cell; init p[i] = [cell(0, 0), cell(2, 1)]; "
    "action act[i]: {east, north};"
    "next p[i] = cell(min(p[i].x + [act[i] == east], 2), clip(p[i].y + [act[i] == north], 0, 1));"
    "observation o[i]: 0..2; observe o[i] = p[1].x'; reward team = abs(p[1].x - p[2].x) + 3 * [p[1] == p[2]]; "
    "share none;"
)
APART = (
    "state x[i]: 0..2; state y[i]: 0..1; init x[i] = [0, 2]; init y[i] = [0, 1]; action act[i]: {east, north};"
    "next x[i] = min(x[i] + [act[i] == east], 2); next y[i] = clip(y[i] + [act[i] == north], 0, 1);"
    "observation o[i]: 0..2; observe o[i] = x[1]'; "
    "reward team = abs(x[1] - x[2]) + 3 * [x[1] == x[2] and y[1] == y[2]]; share none;"
)


def test_a_tuple_is_its_components() -> None:
    values = [loads(text_of(t, "ann, bob"), "full", horizon=4).solve("team").values["ann"] for t in (TUPLES, APART)]
    assert values[0] == pytest.approx(values[1], abs=1e-12)
    assert model(TUPLES, "ann, bob").n_states == model(APART, "ann, bob").n_states


@settings(max_examples=25, deadline=None)
@given(
    st.integers(-3, 4),
    st.integers(0, 5),
    st.floats(0, 8),
    st.integers(0, 9),
    st.floats(0, 1).map(lambda p: round(p, 6)),  # scipy's pmf overflows where p is next to nothing
    st.floats(-4, 9),
    st.floats(0.05, 5),
)
def test_truncated_laws(low: int, more: int, rate: float, n: int, p: float, mean: float, deviation: float) -> None:
    k = np.arange(low, low + more + 1)
    rows = {
        "poisson": ((rate,), stats.poisson(rate).pmf(k)),
        "binomial": ((n, p), stats.binom(n, p).pmf(k)),
        "normal": (
            (mean, deviation),
            stats.norm(mean, deviation).cdf(k + 0.5) - stats.norm(mean, deviation).cdf(k - 0.5),
        ),
    }
    for family, (parameters, weights) in rows.items():
        if weights.sum() < 1e-6:  # scipy's differences of distribution functions lose their digits
            continue
        made = np.exp(log_weights(family, [np.array(float(x)) for x in parameters], k.astype(float)))
        assert np.allclose(made / made.sum(), weights / weights.sum(), rtol=0, atol=1e-9)
        lines = f"state s: {low}..{low + more}; init s ~ {family}({', '.join(map(repr, parameters))}); share none;"
        got = model(lines, "ann").initial
        full = np.zeros(len(k))
        full[np.asarray(got.state)] = got.probability
        # states that are not reached are left out, and numbered in order
        positive = (weights / weights.sum()) > 0
        assert np.allclose(full[: positive.sum()], (weights / weights.sum())[positive], rtol=0, atol=1e-9)


def test_laws_far_from_the_values_keep_their_digits() -> None:
    k = np.arange(40.0, 43.0)
    made = np.exp(
        log_weights("normal", [np.array(0.0), np.array(1.0)], k)
        - log_weights("normal", [np.array(0.0), np.array(1.0)], k).max()
    )
    assert made[1] / made[0] == pytest.approx(np.exp(stats.norm.logsf(40.5) - stats.norm.logsf(39.5)), rel=1e-9)


def test_types_with_the_same_tuples_are_one_type_with_the_names_of_both() -> None:
    lines = (
        "type cell = (x: 0..1, y: 0..1); type size = (w: 0..1, h: 0..1); state a: cell; state b: size; "
        "init a = size(0, 1); init b = cell(1, 0); action act[i]: {{x1}}; share none;"
        "reward team = b.w + 10 * b.h + 100 * a.x + 1000 * a.y;"
    )
    assert model(lines.replace("{{", "{").replace("}}", "}")).kernel(1).reward[0, 0, 0] == 1001


def test_components_of_components() -> None:
    lines = (
        "type cell = (x: 0..1, y: 0..1); type two = (p: cell, q: cell); state a: two; action act[i]: {u};"
        "init a = two(cell(0, 1), cell(1, 0)); next a = two(a.q, a.p); share none;"
        "reward team = a.p.x + 10 * a.p.y + 100 * a.q.x + 1000 * a.q.y + 10000 * a.p.x';"
    )
    assert model(lines).kernel(1).reward[0, 0, 0] == 10110


def test_agents_of_an_array() -> None:
    """`d in drone` is the agents drone[1], drone[2], ..., wherever the list of agents has them."""
    array = (
        "state s[d in drone]: 0..2; init s[d] = d - 1; action act[d in drone]: {u, v}; "
        "next s[d] = min(s[d] + [act[d] == v], 2); observation o[d in drone]: 0..2; observe o[d] = s[d]';"
        "reward base = sum(d in drone: d * s[d]) + count(d in drone if s[d] > 1: act[d] == u); share none;"
    )
    plain = array.replace("[d in drone]: {u, v}", "[2]: {u, v}; action act[3]: {u, v}")
    plain = plain.replace("[d in drone]: 0..2; observe", "[2]: 0..2; observation o[3]: 0..2; observe")
    plain = plain.replace("d in drone", "d in 2..3")
    assert same_arrays(model(array, "base, drone[2]"), model(plain, "base, drone[2]")) is None


def test_names_of_a_file_win_over_new_words() -> None:
    lines = (
        "let poisson(k) = {0: 1 - k, 1: k}; state graph: 0..1; state extends: 0..1; param include = 0.5; "
        "let on = graph; init graph ~ poisson(0.25); init extends = 0; action a[i]: {x, y}; "
        "reward team = on + extends + include; share none;"
    )
    assert sorted(model(lines).initial.probability.tolist()) == [0.25, 0.75]


def test_parameters_with_an_index_are_set_one_by_one_or_all() -> None:
    lines = BASE + "param w[i, k in 0..1]: int = [[1, 2], [3, 4], [5, 6]] in 0..9; reward[i] = w[i, 0] + 10 * w[i, 1];"
    made = compile_game(Source("test", text_of(lines)), {"w[bob, 1]": "7", "w[3,0]": "0"})
    assert dict(made.parameters) == {
        "w[ann, 0]": 1,
        "w[ann, 1]": 2,
        "w[bob, 0]": 3,
        "w[bob, 1]": 7,
        "w[cyd, 0]": 0,
        "w[cyd, 1]": 6,
    }
    assert set(
        dict(compile_game(Source("test", text_of(lines)), {"w": "8", "w[ann, 0]": "2"}).parameters).values()
    ) == {8, 2}
    text = text_of(lines)
    assert codes(text, **{"w[dan, 0]": "1"}) == ["E601"]
    assert codes(text, **{"w[ann]": "1"}) == ["E601"]
    assert codes(text, **{"w[ann, 0]": "10"}) == ["E621"]
    assert codes(text, **{"w[ann, 0]": "x"}) == ["E622"]


SHARING = "observation o[i]: 0..1; observe o[i] = 0; action act[i]: {x, y};"


def lags(shares: str, request: str) -> object:
    game = compile_game(Source("test", text_of(SHARING + shares)))
    return protocol(game.signature, request, game).content


@pytest.mark.parametrize(
    ("shares", "request_", "plain"),
    [
        ("share a { o after 2; } share b extends a { act after 1; }", "b", "share c { o after 2; act after 1; }"),
        (
            "share a(d) { o after d; } share b(k) extends a(2 * k) { o[ann] to bob after 0; }",
            "b(2)",
            "share c { o after 4; o[ann] to bob after 0; }",
        ),
        (
            "share b extends delayed(3) { act[ann] after 1; }",
            "b",
            "share c { o after 3; act after 3; act[ann] after 1; }",
        ),
        (
            "share a { o after 2; forget after 3; } share b extends a { } share d extends b { act after 1; }",
            "d",
            "share c { o after 2; act after 1; forget after 3; }",
        ),
        (
            "share a { chance air ~ {1: 0.5, never: 0.5}; o[ann] to bob after ~ air; } s"
            "hare b extends a { o[bob] to cyd after ~ air; }",
            "b",
            "share c { chance air ~ {1: 0.5, never: 0.5}; o[ann] to bob after ~ air; o[bob] to cyd after ~ air; }",
        ),
        (
            "graph road = {ann-bob, bob->cyd}; share b { o to all along road after 1 per hop; }",
            "b",
            "share c { o to all along edges {ann-bob, bob->cyd} after 1 per hop; }",
        ),
        (
            "let d[i, j in agent] = [[0, 1, 2], [1, 0, 1], [2, 1, 0]]; share b { o[i] to j after d[i, j]; }",
            "b",
            "share c { o[i] to j after abs(i - j); }",
        ),
        ("param d[i]: int = [0, 1, 2]; share b { o[i] after d[i]; }", "b", "share c { o[i] after i - 1; }"),
    ],
)
def test_protocols_say_what_longer_ones_say(shares: str, request_: str, plain: str) -> None:
    assert lags(shares, request_) == lags(plain, "c")


WRONG = {
    "let f[i] = [1, 2];": ["E217"],
    "let f = [1, 2]; reward team = f;": ["E217"],
    "let f[i, k in 1..2] = [1, 2, 3];": ["E217"],
    "let f[i] = [[1, 2], [1, 2], [3, 4]];": ["E217"],
    "let f[i] = [3];": ["E217"],
    "let f[i] = 2 * [3];": ["E301"],
    "reward team = [s[ann]];": ["E301"],
    "reward team = s[ann] + (s[bob] == 1);": ["E301"],
    "reward team = max(j if s[j] > 0: s[j]);": ["E306"],
    "reward team = sum(j if j: s[j]);": ["E301"],
    "graph r = {ann-bob, bob-dan};": ["E201"],
    "graph r = {ann-ann};": ["E509"],
    "graph r on spot = {1-2};": ["E201"],
    "type spot = 0..1; graph r on spot = {0-2};": ["E509"],
    "graph r = {ann-bob}; reward team = [r(ann)];": ["E207"],
    "graph r = {ann-bob}; reward team = r;": ["E207"],
    "graph r = {ann-bob}; reward team = sum(j in r: 1);": ["E207"],
    "type spot = {u, v}; graph r on spot = {u-v}; reward team = [r(ann, u)];": ["E301"],
    "type spot = {u, v}; graph r on spot = {u-v}; share q { o to all along r after 1 per hop; }": ["E509"],
    "share q { o to all along raod after 1 per hop; }": ["E509"],
    "share q extends p { } share p extends q { }": ["E501"],
    "share q extends delaid(2) { }": ["E501"],
    "share q extends delayed { }": ["E502"],
    "type c = (x: 0..1, x: 0..1); state z: c; init z ~ uniform;": ["E209"],
    "type c = (x: 0..1, y: 0..1); state z: c; init z = c(0); ": ["E207"],
    "type c = (x: 0..1, y: 0..1); state z: c; init z = c(0, 2);": ["E401"],
    "type c = (x: 0..1, y: 0..1); state z: c; init z = c(0, true);": ["E301"],
    "type c = (x: 0..1, y: 0..1); state z: c; init z ~ uniform; reward team = z.w;": ["E201"],
    "reward team = s[ann].x;": ["E301"],
    "type c = (x: 0..1, y: 0..1); type d = (y: 0..1, x: 0..1); state z: c; init z ~ uniform; reward team = z.x;": [
        "E301"
    ],
    "action b[k in 1..2]: {x, y};": ["E309"],
    "type c = (x: 0..10^4, y: 0..10^4); state z: c; init z ~ uniform;": ["E308"],
    "state z: {u, v}; init z ~ poisson(1);": ["E310"],
    "state z: 0..3; init z ~ poisson(1, 2);": ["E207"],
    "state z: 0..3; init z ~ poisson(0 - 1);": ["E402"],
    "state z: 0..3; init z ~ normal(1, 0);": ["E402"],
    "state z: 1..3; init z ~ binomial(4, 0);": ["E406"],
    "reward team = poisson(1);": ["E305"],
    'include "x.posg";': ["E125"],
}


@pytest.mark.parametrize("line", WRONG)
def test_mistakes_in_them_are_reported_once(line: str) -> None:
    assert codes(text_of(BASE + line)) == WRONG[line]


# ---- include


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "main"


MAIN = 'game g { include "parts/base"; # include "nothing"\n horizon 2; include "share"; reward team = [a[ann]] * k; }'
BASE_PART = "agents ann, bob; param k = 2; state s: bool;\ninit s ~ uniform;\naction a[i]: bool;\n"


def test_a_game_of_several_files_is_the_game_of_their_texts(tmp_path: Path) -> None:
    path = write(tmp_path, main=MAIN, parts__base=BASE_PART, share="share full;")
    game = load(path, k=3)
    solved = game.solve("team")
    assert solved.values["ann"] == pytest.approx(6)  # 3 a step, whatever the state
    origin = solved.policy.origin  # which holds the whole text
    assert origin is not None and origin.text.count("include") == 1  # in a comment
    assert (
        loads(MAIN.replace('include "share";', "share full;"), folder=tmp_path, k=3).solve("team").values
        == solved.values
    )


def test_places_are_those_of_the_files(tmp_path: Path) -> None:
    path = write(
        tmp_path, main=MAIN, parts__base=BASE_PART.replace("~ uniform", "~ unifrom"), share="share full;\n\nshare ful {"
    )
    with pytest.raises(InputError) as raised:
        load(path)
    shown = str(raised.value)
    assert f"{tmp_path}/parts/base:2:10" in shown and "E201" in shown
    source = raised.value.source
    assert source is not None
    names = {source.place(d.span)[0] for d in raised.value.diagnostics if d.span is not None}
    assert names == {str(tmp_path / "parts/base"), str(tmp_path / "share")} or names >= {str(tmp_path / "parts/base")}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('include "/etc/hostname";', "lies outside"),
        ('include "../outside";', "lies outside"),
        ('include "link";', "lies outside"),
        ('include "missing";', "cannot read"),
        ('include ".";', "lies outside"),
        ('include "";', "lies outside"),
        ('include "main";', "includes itself"),
        ('include "loop";', "includes itself"),
        ('include "bomb";', "1000 files"),
        ('include "a\0b";', "lies outside"),
    ],
)
def test_what_may_not_be_included_is_refused(line: str, what: str, tmp_path: Path) -> None:
    bomb = 'include "bomb1"; ' * 40
    path = write(
        tmp_path,
        main=f"game g {{ {line} }}",
        loop='include "loop";',
        bomb=bomb,
        bomb1='include "bomb2"; ' * 40,
        bomb2="",
    )
    (tmp_path.parent / "outside").write_text("horizon 2;")
    (tmp_path / "link").symlink_to(tmp_path.parent / "outside")
    with pytest.raises(InputError) as raised:
        load(path)
    assert [d.code for d in raised.value.diagnostics] == ["E125"] and what in str(raised.value)


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, main='game g { include "big"; include "big"; }', big="# " + "x" * 6_000_000)
    with pytest.raises(InputError) as raised:
        load(path)
    assert [d.code for d in raised.value.diagnostics] == ["E112"]
