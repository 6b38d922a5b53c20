"""Numbers, line ends, counts and options at the edges: said rightly, or refused with a code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from posgc.cli.main import main
from posgc.language.compile import compile_game
from posgc.language.diagnostics import InputError, Source
from posgc.language.numerals import plural, real, vanishes, whole
from posgc.plugin.registry import registry

GAMES = Path(__file__).resolve().parents[2] / "games"
TIGER = str(GAMES / "dectiger.posg")

GAME = """game edge {{
  horizon 2;  agents {agents};
  param z = 1;  param k: int = 1;
  state s: 0..1;
  action a[i]: {{x, y}};
  init s = 0;  next s = s;
  reward {reward};
  share full;
  {more}
}}
"""


def text(agents: str = "ann, bob", reward: str = "team = 1", more: str = "") -> str:
    return GAME.format(agents=agents, reward=reward, more=more)


def codes(content: str, **settings: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        compile_game(Source("edge.posg", content), settings)
    return [d.code for d in caught.value.diagnostics]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The complaint of a command that ends with status 2."""
    try:
        status = main(list(words))
    except SystemExit as end:  # argparse
        status = int(str(end.code))
    shown = capsys.readouterr()
    assert status == 2, shown
    return shown.err


# ---- a second line of agents


@pytest.mark.parametrize("again", ["carl, dora, eve", "robot[3]", "carl"])
@pytest.mark.parametrize("reward", ["carl = 1", "zero_sum carl = 1", "zero_sum eve = 1", "team = 1", "robot[3] = 1"])
def test_two_lines_of_agents(again: str, reward: str) -> None:
    for agents in (f"ann, bob; agents {again}", f"ann; agents {again}", f"team_of[2]; agents {again}"):
        named = reward.removeprefix("zero_sum ").split("[")[0].split()[0]
        assert codes(text(agents, reward)) == ["E205"] + ["E201"] * (named not in agents and named != "team")


# ---- numbers


@pytest.mark.parametrize(
    "word", ["1_0", " 5", "5 ", "٣", "1e3", "5.0", "", "0x5", "0", "-1", "9" * 20, "infinity", "nan"]
)
def test_the_horizon_is_a_plain_whole_number(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "error[E623]" in refused(capsys, "check", TIGER, f"--horizon={word}")


@pytest.mark.parametrize("word", ["0_9", " 0.9", "0.٩", "1e-400", "1e400", "inf", "nan", "0x1p-1", "1.5", "-0.1"])
def test_the_discount_is_a_plain_number(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "error[E623]" in refused(capsys, "check", TIGER, f"--discount={word}")


@pytest.mark.parametrize(
    ("flag", "word"),
    [
        ("--max-nodes", "1_000"),
        ("--seed", "٣"),
        ("--seed", "1_0"),
        ("--require-gap", "1e-400"),
        ("--require-gap", "0_1"),
        ("--option", "epsilon=0_1"),
        ("--option", "epsilon=1e-400"),
        ("--compress", "window(1_0)"),
        ("--compress", "belief(1e-400)"),
        ("--epsilon", "1_0"),
        ("--share", "delayed(1_0)"),
        ("--set", "accuracy=0_9"),
    ],
)
def test_no_flag_takes_other_spellings(flag: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "solve", TIGER, "--concept", "team", "--quiet", f"{flag}={word}")


def test_numbers_from_text() -> None:
    assert [whole(w) for w in ("7", "-7", "+7", "007", str(2**63 - 1))] == [7, -7, 7, 7, 2**63 - 1]
    assert [real(w) for w in ("1", ".5", "5.", "1e-3", "-2E2", "5e-324")] == [1, 0.5, 5, 1e-3, -200, 5e-324]
    assert real("inf") == float("inf") and real("0e-999") == 0 and real("-0.000") == 0
    for word in ("1_0", "", " 1", "1e", "1e-400", "0." + "0" * 400 + "1", "1e400", "nan", "Infinity", "1 2"):
        with pytest.raises(ValueError):
            real(word)
    assert vanishes("1e-400", 0.0) and not vanishes("0.0e5", 0.0) and not vanishes("0e9", 0.0)


@pytest.mark.parametrize("number", ["1e-400", "0.0001e-400", "5.0e-325", "0." + "0" * 400 + "1"])
def test_a_literal_that_would_be_read_as_0(number: str) -> None:
    for content in (
        text(reward=f"team = {number}"),
        text(more=f"discount {number};"),
        text(more=f"chance c: 0..1 ~ {{0: 1 - {number}, 1: {number}}};"),
    ):
        assert set(codes(content)) == {"E407"}
    compile_game(Source("", text(reward="team = 5e-324 + 0.0e-400 + 0.0")))


def test_integers_of_64_bits() -> None:
    """2^63 - 1 is the largest integer of 64 bits, written out or given by `--set`."""
    for number in (10**18, 2**63 - 1):
        compile_game(Source("", text(reward=f"team = if {number} > k then 1 else 0")))
        game = compile_game(Source("", text(reward="team = k")), {"k": str(number)})
        assert dict(game.parameters)["k"] == number
    assert codes(text(reward=f"team = {2**63}")) == ["E407"]
    assert codes(text(), k=str(2**63)) == codes(text(), k="1e19") == ["E622"]


@pytest.mark.parametrize(
    ("name", "word", "says"),
    [
        ("z", "1e400", "is too large"),
        ("z", "1e-400", "is too small"),
        ("z", "1e-300/1" + "0" * 30, "is too small"),
        ("z", "1_0", "is not a number"),
        ("k", "1e400", "does not fit"),
        ("k", "0.5", "is not an integer"),
        ("k", "1e-400", "is not an integer"),
        ("z", "1/0", "is not a number"),
    ],
)
def test_settings_are_blamed_for_what_is_wrong(name: str, word: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_game(Source("", text()), {name: word})
    (complaint,) = caught.value.diagnostics
    assert complaint.code == "E622" and says in complaint.message


def test_settings_are_rounded_once() -> None:
    """0.1/3 is the double nearest to 1/30; 4/2 is an integer."""
    game = compile_game(Source("", text()), {"z": "0.1/3", "k": "4/2"})
    assert dict(game.parameters) == {"z": 1 / 30, "k": 2}


FILES = {
    "g.nfg": 'NFG 1 R "g" { "a" "b" } { 2 1 }\n\n1 0 {number} 1\n',
    "g.efg": 'EFG 2 R "g" { "a" "b" }\nc "" 1 "" { "l" 1 "r" {number} } 0\nt "" 1 "" { 1 1 }\nt "" 2 "" { 1 1 }\n',
    "g.dpomdp": "agents: 1\ndiscount: 1\nvalues: reward\nstates: 2\nstart:\n1 0\nactions:\n1\nobservations:\n1\n"
    "T: * :\nidentity\nO: * :\nuniform\nR: * : * : * : * : {number}\n",
    "block.dpomdp": "agents: 1\ndiscount: 1\nvalues: reward\nstates: 2\nstart:\n1 0\nactions:\n1\nobservations:\n1\n"
    "T: * :\n1 {number}\n0 1\nO: * :\nuniform\nR: * : * : * : * : 1\n",
    "g.pomdp": "discount: 0.9\nvalues: reward\nstates: 2\nactions: 1\nobservations: 1\nT: 0\nidentity\nO: 0\nuniform\n"
    "R: 0 : 0 : * : * {number}\n",
}


@pytest.mark.parametrize("name", FILES)
def test_imported_numbers_that_would_be_read_as_0(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0 itself, however it is spelled, and the least double are read."""
    assert registry().importers
    for number, fine in (("1e-400", False), ("0", True), ("0.0e-400", True), ("5e-324", True)):
        source = Source(name, FILES[name].replace("{number}", number))
        importer = next(i for i in registry().importers.values() if i.applies(source) is None)
        if fine:
            importer.read(source, horizon=1, discount=None, reward=None)
            continue
        with pytest.raises(InputError) as caught:
            importer.read(source, horizon=1, discount=None, reward=None)
        assert caught.value.diagnostics[0].code == "I105"


# ---- line ends


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comment ends with its line, and a mistake is found in its line, whatever ends it."""
    good, bad = tmp_path / "good.posg", tmp_path / "bad.posg"
    content = text().replace("agents", "# two agents\n  agents")
    good.write_bytes(content.replace("\n", end).encode())
    bad.write_bytes(content.replace("next s = s", "next s = t").replace("\n", end).encode())
    assert main(["check", str(good), "--quiet"]) == 0
    capsys.readouterr()
    shown = refused(capsys, "check", str(bad), "--quiet")
    row = content[: content.index("next s")].count("\n") + 1
    assert f"{bad}:{row}:25" in shown and f"{row} |   init s = 0;  next s = t;" in shown


# ---- what is printed


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--quiet"]) == 0
    return capsys.readouterr().out


def test_one_of_a_kind_is_no_plural(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "one.posg"
    file.write_text(text("ann", more="").replace("0..1", "0..0"))
    shown = run(capsys, "solve", str(file), "--concept", "team", "--horizon", "1", "--out", str(tmp_path / "p.npz"))
    assert "1 agent: ann; 1 state;" in shown and "on 1 common belief (" in shown
    shown += run(capsys, "check", str(file), "--horizon", "1")
    play = ("--policy", str(tmp_path / "p.npz"), "--episodes", "1")
    shown += run(capsys, "simulate", str(file), "--horizon", "1", *play)
    assert "mean return of 1 episode," in shown
    for what in ("agents", "states", "steps", "nodes", "episodes", "common beliefs", "prescriptions"):
        assert f" 1 {what}" not in shown
    assert [plural(n, "node") for n in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]


@pytest.mark.parametrize("concept", ["nash", "ce", "cce"])
@pytest.mark.parametrize(
    "reward",
    [
        "zero_sum ann = if a[ann] == x then 0 else -1",
        "zero_sum bob = -0.0",
        "zero_sum ann = if a[bob] == x then 0 else 1",
    ],
)
def test_zero_has_no_sign(concept: str, reward: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, policy = tmp_path / "zero.posg", str(tmp_path / "p.npz")
    file.write_text(text(reward=reward))
    shown = run(capsys, "solve", str(file), "--concept", concept, "--out", policy)
    assert main(["show", policy]) == 0
    shown += capsys.readouterr().out
    shown += run(capsys, "simulate", str(file), "--policy", policy, "--episodes", "8", "--traces", "2")
    documents = run(capsys, "solve", str(file), "--concept", concept, "--json")
    documents += run(capsys, "simulate", str(file), "--policy", policy, "--episodes", "8", "--traces", "2", "--json")
    assert "-0 " not in shown and "-0," not in shown and "-0]" not in shown and "-0\n" not in shown
    assert "-0.0" not in documents
    assert json.loads(documents.splitlines()[0])["values"] == {"ann": 0.0, "bob": 0.0}


@pytest.mark.parametrize("select", ["welfare", "egalitarian", "entropy", "any", "max:ann"])
@pytest.mark.parametrize("concept", ["nash", "team"])
def test_a_selection_is_for_ce_and_cce(concept: str, select: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["solve", TIGER, "--horizon", "1", "--concept", concept, "--quiet"]
    for option in (["--select", select], ["--option", f"select={select}"]):
        assert "select does nothing for" in refused(capsys, *words, *option)


@pytest.mark.parametrize("option", ["form=agent", "form=strategic", "way=auto", "way=lp"])
def test_defaults_are_refused_like_other_values(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = refused(capsys, "solve", TIGER, "--horizon", "1", "--concept", "nash", "--quiet", "--option", option)
    assert "does nothing for nash" in shown
    run(capsys, "solve", TIGER, "--horizon", "1", "--concept", "ce", "--option", option)


def test_labels_of_other_actions_are_quoted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A blank at the end shows."""
    file = tmp_path / "g.efg"
    file.write_text('EFG 2 R "g" { "a" }\np "" 1 1 "" { "up " } 0\np "" 1 1 "" { "up" } 0\nt "" 1 "" { 1 }\n')
    assert 'has other actions elsewhere: "up "' in refused(capsys, "check", str(file))


def test_an_exported_script_may_lose_its_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "tiger.py"
    assert main(["export", TIGER, "--to", "python", "--horizon", "1000", "--out", str(script)]) == 0
    child = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None and child.stderr is not None
    child.stdout.readline()
    child.stdout.close()
    assert child.stderr.read() == b"" and child.wait(timeout=60) == 0
    child.stderr.close()
