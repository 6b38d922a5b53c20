"""Language blocks: a stranger's package adds a construct, and no block can do harm."""

from __future__ import annotations

import json
import pickle
import re
import sys
import types
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from posgc.cli.main import main
from posgc.language import InputError, Source, analyse, compile_game, format_source, ir
from posgc.language.dag import nodes
from posgc.language.text.dialect import base_parser, dialect_of, uses_of
from posgc.pipeline import Request, compile_request
from posgc.plugin import Declared, hookimpl
from posgc.plugin.registry import load_registry, registry, with_grammars_read
from posgc.plugin.testing import check_block

HOME = Path(__file__).parent / "network_plugin"
GAME = """use network;  # who talks to whom
game g "three" {{
  param far = 0.5;
  horizon 2;
  agents ann, bob, cid;
  state network: {{ring, link}};
  init network = ring;
  action act[i]: {{x, y}};
  observation o[i]: {{ring, link}};
  observe o[i] = network';
  reward team = if network == ring then 1 else 0;
  share full;
  {lines}
}}
"""
RIGHT = GAME.format(lines="network { ring(1 + 2); link ann->cid costs 2 * far; }\n  network { link 2 -> 1; }")
WRONG = {
    "network { ring(7); }": ["network.size"],
    "network { ring(far); }": ["E307"],
    "network { link ann -> dan; }": ["E201"],
    "network { link ann -> 9; }": ["E401"],
    "network { link ann -> bob; ring(2); }": ["network.twice"],
    "network { link ann -> bob costs network; }": ["E301"],
    "network { ring(3) }": ["E107"],
    "network { ring 3; } network { ring(9); }": ["E101", "network.size"],
    "network { }": ["E101"],
}


@pytest.fixture
def network(monkeypatch):
    """The block, as the registry finds it in the package's own metadata."""
    monkeypatch.syspath_prepend(str(HOME))
    points = [p for d in distributions(path=[str(HOME)]) for p in d.entry_points if p.group == "posgc"]
    found = with_grammars_read(load_registry(points))
    assert [(p.name, p.distribution, p.defect) for p in found.plugins] == [("network", "posgc-network", None)]
    yield found.blocks["network"]
    sys.modules.pop("posgc_network", None)


@pytest.fixture
def installed(monkeypatch):
    """posgc as it is where the package is installed."""
    monkeypatch.syspath_prepend(str(HOME))
    registry.cache_clear()
    yield
    registry.cache_clear()
    sys.modules.pop("posgc_network", None)


def compiled(text, *blocks):
    return compile_game(Source("g", text), blocks={b.name: b for b in blocks})


def mistakes(text, *blocks):
    with pytest.raises(InputError) as raised:
        compiled(text, *blocks)
    return list(raised.value.diagnostics)


def test_the_example_passes_the_battery(network):
    check_block(network, RIGHT, [GAME.format(lines=lines) for lines in WRONG])


@pytest.mark.parametrize("lines", WRONG)
def test_wrong_constructs_are_diagnosed(network, lines):
    text = GAME.format(lines=lines)
    found = mistakes(text, network)
    assert [d.code for d in found] == WRONG[lines]
    assert all(d.span.start >= text.index("share full;") for d in found)


def test_what_is_declared_reaches_the_model_and_its_digest(installed, tmp_path):
    def model(lines, use="use network;"):
        path = tmp_path / "g.posg"
        path.write_text(GAME.format(lines=lines).replace("use network;", use))
        return compile_request(Request(str(path))).model

    both = model("network { ring(1 + 2); link ann->cid costs 2 * far; }")
    assert both.blocks["network"].value == {(0, 1): 0.0, (1, 2): 0.0, (2, 0): 0.0, (0, 2): 1.0}
    ring = model("network { ring(3); }")
    assert model("network { ring(1); }".replace("1", "2 + 1")).digest == ring.digest != both.digest
    plain = model("", use="")
    assert plain.blocks == {} and plain.digest not in (ring.digest, both.digest)


def test_the_command_line_knows_the_block(installed, tmp_path, capsys):
    path = tmp_path / "g.posg"
    path.write_text(RIGHT)
    assert main(["plugins"]) == 0
    assert "block network: who can talk to whom, and at what cost" in capsys.readouterr().out
    assert main(["info", str(path)]) == 0
    assert "network: ann -> cid, cost 1" in capsys.readouterr().out
    assert main(["info", str(path), "--json"]) == 0
    links = {"ann -> bob": 0.0, "ann -> cid": 1.0, "bob -> ann": 0.0, "bob -> cid": 0.0, "cid -> ann": 0.0}
    assert json.loads(capsys.readouterr().out)["declared"] == {"network": {"links": links}}
    assert main(["fmt", str(path)]) == 0
    assert "  network { ring(1 + 2); link ann->cid costs 2 * far; }\n  network { link 2->1; }\n" in path.read_text()
    path.write_text(RIGHT.replace("use network;", ""))
    assert main(["fmt", str(path)]) == 2
    assert "E117" in capsys.readouterr().err


def test_policies_are_bound_to_what_is_declared(installed, tmp_path, capsys):
    path, policy = tmp_path / "g.posg", tmp_path / "p.npz"
    path.write_text(GAME.format(lines="network { ring(3); }"))
    assert main(["solve", str(path), "--concept", "team", "--out", str(policy)]) == 0
    assert main(["verify", str(path), str(policy)]) == 0
    path.write_text(GAME.format(lines="network { ring(2); }"))
    capsys.readouterr()
    assert main(["verify", str(path), str(policy)]) == 2
    assert "E610" in capsys.readouterr().err


def test_a_missing_block_is_one_mistake_with_its_cure():
    found = mistakes(RIGHT)
    assert [d.code for d in found] == ["E116"]
    assert "`network`" in found[0].message and "install the package" in found[0].help
    two = RIGHT.replace("use network;", "use network; use graph;")
    assert [d.code for d in mistakes(two)] == ["E116", "E116"]


def test_other_mistakes_are_told_beside_a_missing_block():
    assert [d.code for d in mistakes(RIGHT.replace("horizon 2;", "horizon 2 + ;"))] == ["E116", "E101"]


def test_a_construct_without_its_use_names_the_block(network):
    found = mistakes(RIGHT.replace("use network;", ""), network)
    assert [d.code for d in found] == ["E117", "E117"]
    assert all("use network;" in d.help for d in found)


def test_files_that_do_not_use_the_block_keep_the_base_parser(network):
    plain = GAME.format(lines="").replace("use network;", "")
    assert dialect_of(plain, {"network": network}).parser is base_parser()
    assert compiled(plain, network).blocks == {}


def test_words_of_a_block_remain_names(network):
    lines = "network { ring(3); } let costs = 3; let ring_ = costs; reward ann = ring_;"
    assert compiled(GAME.format(lines=lines), network).blocks["network"].value


def test_constants_may_be_of_any_kind(network):
    lines = "let f(z) = 2 * z; network { link robot[f(1)] -> robot[1] costs if true then f(far) else 3; }"
    text = GAME.format(lines=lines).replace("agents ann, bob, cid;", "agents robot[3];")
    assert compiled(text, network).blocks["network"].value == {(1, 0): 1.0}


def test_the_clock_sees_what_a_block_reads(network):
    text = GAME.format(lines="network { link ann -> bob costs horizon; }")
    assert compiled(text, network).clock.horizon is not None
    with pytest.raises(InputError, match="E619"):
        compile_game(Source("g", text), {}, 2, 0.9, True, {"network": network})


def test_the_analysis_sees_names_inside_of_blocks(network):
    """Expressions that a block hands over or keeps, and words that it takes for agents."""
    text = RIGHT.replace("use network;", "use network; use budget;").replace(
        "share full;", "share full; budget bob: 3 * far;"
    )
    found = analyse(Source("g", text), blocks={"network": network, "budget": Simple()})
    uses = {n.text: [s.start for s in n.uses] for n in found.names}
    assert uses["far"] == [m.start() for m in re.finditer("far", text)][1:]
    assert uses["bob"] == [text.index("bob:")] and uses["ann"] == [text.index("ann->")]


def test_the_analysis_of_a_file_whose_block_is_missing():
    found = analyse(Source("g", RIGHT))
    assert [d.code for d in found.diagnostics] == ["E116"]
    assert {n.text for n in found.names} >= {"far", "ann", "network", "act", "o", "x"}


class Simple:
    """`budget NAME: e;`, with parts that a test can replace."""

    name = "budget"
    summary = "what may be spent"
    grammar = 'budget: "budget" NAME ":" sum ";"'

    def __init__(self, **parts):
        self.__dict__.update(parts)

    def node(self, rule, parts, span):
        return parts

    def elaborate(self, items, scope):
        return Declared({scope.agent(who, "who"): scope.constant(e, "a budget", "real") for who, e in items})

    def space(self, before, here):
        return None


BUDGET = GAME.format(lines="budget ann: 2 * far;  # spent").replace("use network;", "use budget;")


def raising(*_):
    raise KeyError("boom")


def deep(*_):
    return deep()


@pytest.mark.parametrize(
    "parts",
    [
        {"node": raising},
        {"elaborate": raising},
        {"elaborate": deep},
        {"elaborate": lambda items, scope: 3},
        {"elaborate": lambda items, scope: Declared(1, document={"a": {1, 2}})},
        {"elaborate": lambda items, scope: Declared(1, document={"a": float("nan")})},
        {"elaborate": lambda items, scope: Declared(1, lines=(1,))},
        {"grammar": 'budget: "budget" NAME ":" no_such_rule ";"'},
        {"grammar": 'budget: "budget" sum sum_ ";"\nsum_: sum | term | term'},
    ],
)
def test_a_failing_block_is_a_coded_mistake_that_names_it(parts):
    found = mistakes(BUDGET, Simple(**parts))
    assert [d.code for d in found] == ["E118"]
    assert "`budget`" in found[0].message and "`test_blocks`" in found[0].message


@pytest.mark.parametrize("space", [raising, lambda before, here: False])
def test_a_layout_that_changes_the_text_is_refused(space):
    block = Simple(space=space, grammar='budget: "budget" sum "." sum ";"')
    text = BUDGET.replace("ann: 2 * far", "1 . 5")
    with pytest.raises(InputError, match="E118"):  # `1 . 5` is two numbers, `1.5` is one
        format_source(text, {"budget": block})


def test_words_are_never_joined():
    made = format_source(BUDGET, {"budget": Simple(space=lambda before, here: False)})
    assert "  budget ann:2*far;  # spent\n" in made


def told(items, scope):
    return Declared([scope.expression(e, "a condition", "bool") for (e,) in items])


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("network == ring and act[bob] == x", None),
        ("all(i: act[i] == x) or far > 1", None),
        ("network", "E301"),
        ("act[bob] == z", "E201"),
        ("act[4] == x", "E401"),
    ],
)
def test_a_block_may_have_expressions_of_variables(expression, code):
    block = Simple(grammar='budget: "budget" expr ";"', elaborate=told)
    text = BUDGET.replace("ann: 2 * far", expression)
    if code is None:
        (made,) = compiled(text, block).blocks["budget"].value
        assert {n.kind for n in nodes([made]) if isinstance(n, ir.Read)} <= {"state", "action"} and nodes([made])
    else:
        assert [d.code for d in mistakes(text, block)] == [code]


@pytest.mark.parametrize("head", [" " * 5_000_000, "#" * 5_000_000 + "\n", "# a\n" * 1_000_000, "use " * 1_000_000])
def test_a_long_head_is_read_once(head):
    assert uses_of(head + "use budget;") == [] or uses_of(head + "use budget;")[0][0] == "budget"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("use a; use b;game", ["a", "b"]),
        ("# x\nuse # y\n a # z\n ; game", ["a"]),
        ("usea; game", []),
        ("game use a;", []),
        ("use a use b;", []),
        ("use a", []),
    ],
)
def test_the_head_of_a_file(text, names):
    assert [name for name, _ in uses_of(text)] == names


def test_layout_keeps_comments_and_is_stable():
    made = format_source(BUDGET.replace("budget ann: 2", "budget # a\n ann   :2"), {"budget": Simple()})
    assert "  budget  # a\n    ann: 2 * far;  # spent\n" in made
    assert format_source(made, {"budget": Simple()}) == made


def offered(monkeypatch, *blocks):
    module = types.ModuleType("strange_blocks")
    module.posgc_blocks = hookimpl(lambda: list(blocks))
    monkeypatch.setitem(sys.modules, "strange_blocks", module)
    return with_grammars_read(load_registry([EntryPoint(name="s", value="strange_blocks", group="posgc")]))


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"grammar": 'budget: "budget" NAME ":" no_such_rule ";"'}, "grammar cannot be read"),
        ({"grammar": 'budget: "budget" ('}, "grammar cannot be read"),
        ({"grammar": 'budget: "budget" sum [expr] ";"\n%ignore "x"'}, "directive `%ignore`"),
        ({"grammar": 'other: "budget" ";"'}, "does not define the rule `budget`"),
        ({"grammar": 'budget: NAME ";"'}, "begin with a word in quotes"),
        ({"grammar": 'budget: "budget" ";" | sum ";"'}, "begin with a word in quotes"),
        ({"grammar": 'budget: "state" ";"'}, "word of the language"),
        ({"grammar": 'budget: "budget" sum ";"\nsum: "x"'}, "defines `sum`"),
        ({"grammar": 'budget: "budget" b ";"\nb: "x" -> compare'}, "defines `compare`"),
        ({"name": "game", "grammar": 'game: "budget" ";"'}, "cannot be its name"),
        ({"name": "Budget", "grammar": 'Budget: "budget" ";"'}, "cannot be its name"),
        ({"grammar": None}, "no `grammar`"),
        ({"space": None}, "no method `space`"),
    ],
)
def test_broken_blocks_are_defects(monkeypatch, parts, why):
    found = offered(monkeypatch, Simple(**parts))
    assert found.blocks == {}
    assert [bool(re.search(re.escape(why), p.defect or "")) for p in found.plugins] == [False, True]


@pytest.mark.parametrize(
    ("grammar", "why"),
    [
        ('cap: "cap" amount ";"\namount: sum', "defines `amount`, as the block `budget` does"),
        ('cap: "cap" NAME ";" | "budget" ";"', "begins with `budget`, as one of the block `budget` does"),
    ],
)
def test_two_blocks_may_not_collide(monkeypatch, grammar, why):
    first = Simple(grammar='budget: "budget" NAME ":" amount ";"\namount: sum')
    found = offered(monkeypatch, first, Simple(name="cap", grammar=grammar))
    assert list(found.blocks) == ["budget"]
    assert [p.defect for p in found.plugins if p.defect] == [f"its {'item' if 'begins' in why else 'grammar'} {why}"]


def test_two_blocks_in_one_file(network):
    text = RIGHT.replace("use network;", "use network; use budget;").replace(
        "share full;", "share full; budget bob: 3;"
    )
    assert compiled(text, network, Simple()).blocks["budget"].value == {1: 3.0}
    assert list(compiled(text, network, Simple()).blocks) == ["network", "budget"]


def test_a_hook_that_raises_is_a_defect(monkeypatch):
    module = types.ModuleType("strange_blocks")
    module.posgc_blocks = hookimpl(lambda: 1 / 0)
    monkeypatch.setitem(sys.modules, "strange_blocks", module)
    found = load_registry([EntryPoint(name="s", value="strange_blocks", group="posgc")])
    assert found.plugins[-1].defect == "posgc_blocks: ZeroDivisionError: division by zero"


CAREFUL = "budget ann: 1;"


@pytest.mark.parametrize(
    ("parts", "wrong", "what"),
    [
        ({"grammar": 'budget: "budget" ('}, [], "grammar cannot be read"),
        ({"elaborate": lambda items, scope: Declared(1, lines=(str(object()),))}, [], "declares two things"),
        ({"elaborate": lambda items, scope: Declared(lambda: 1)}, [], "pickle"),
        ({}, [CAREFUL], "wrong file compiles"),
        ({"elaborate": lambda items, scope: Declared(scope.agents[scope.agent(items[0][0], "who")])}, [], "fails on"),
        (
            {
                "node": lambda rule, parts, span: str(span.end - span.start),
                "elaborate": lambda items, scope: Declared(1, tuple(items)),
            },
            [],
            "declares something else",
        ),
    ],
)
def test_the_battery_finds_what_is_wrong(parts, wrong, what):
    with pytest.raises((AssertionError, AttributeError, pickle.PicklingError), match=what):
        check_block(Simple(**parts), BUDGET, [BUDGET.replace("budget ann: 2 * far;", text) for text in wrong])


def test_a_careful_block_passes_the_battery():
    def elaborate(items, scope):
        return Declared([(scope.agent(a, "who"), scope.constant(e, "a budget", "real")) for a, e in items])

    check_block(Simple(elaborate=elaborate), BUDGET, [BUDGET.replace("ann: 2", "dan: 2")])
