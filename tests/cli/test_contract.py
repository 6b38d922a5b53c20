"""The command line's contract: JSON documents, exit statuses, and what a hostile user gets to see."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from posgc.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
GAMES = ROOT / "games"
BENCHMARKS = ROOT.parent / "shared" / "benchmarks"
DECTIGER = str(GAMES / "dectiger.posg")


def run(capsys, *words):
    """(exit status, standard output, standard error) of one command, in this process."""
    try:
        status = main([str(w) for w in words])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def solved(capsys, *words):
    status, out, _ = run(capsys, "solve", *words, "--json")
    assert status == 0
    return json.loads(out)


# MATH: optimal values of DecTiger (one-step delay and full sharing), to the digits given there
ONE_STEP = {2: -4, 3: 8.815, 4: 11.015488, 5: 10.676063, 6: 19.124571, 7: 22.918304}
FULL = {3: 13.015488, 4: 22.701124, 5: 26.810325, 6: 35.073971, 7: 40.242555}


@pytest.mark.parametrize("source", ["games/dectiger.posg", "dectiger.dpomdp"])
@pytest.mark.parametrize(("share", "values"), [("one_step", ONE_STEP), ("full", FULL)])
def test_dectiger_rows(capsys, source, share, values):
    path = ROOT / source if source.startswith("games") else BENCHMARKS / source
    if not path.exists():
        pytest.skip("the shared benchmark files are absent")
    for horizon, value in values.items():
        found = solved(capsys, path, "--concept", "team", "--share", share, "--horizon", horizon, "--discount", 1)
        assert all(abs(v - value) < 6e-7 for v in found["values"].values())
        assert found["gap"]["value"] < 1e-9
        assert found["bounds"]["upper"] - found["bounds"]["lower"] < 1e-9


def test_dectiger_default(capsys):
    found = solved(capsys, DECTIGER, "--concept", "team")
    assert found["values"] == pytest.approx({"ann": 8.815, "bob": 8.815}, abs=1e-12)  # MATH
    assert found["gap"]["value"] < 1e-9
    assert found["protocol"] == "one_step" and found["backend"] == "value-iteration" and found["policy"] is None
    keys = {
        "game",
        "protocol",
        "concept",
        "backend",
        "options",
        "values",
        "gap",
        "bounds",
        "layers",
        "seconds",
        "peak_nodes",
        "policy",
    }
    assert keys <= found.keys() and {"kind", "value", "exact"} <= found["gap"].keys()


# MATH: sdms/adversarial_tiger, reward the first agent's
@pytest.mark.parametrize(
    ("share", "horizon", "value"),
    [
        ("one_step", 2, -1.6),
        ("one_step", 3, -1.4),
        ("full", 2, 0),
        ("full", 3, 0.8),
    ],
)
def test_adversarial_tiger(capsys, share, horizon, value):
    path = BENCHMARKS / "sdms" / "adversarial_tiger.dpomdp"
    if not path.exists():
        pytest.skip("the shared benchmark files are absent")
    found = solved(
        capsys,
        path,
        "--reward",
        "zero_sum",
        "--concept",
        "nash",
        "--share",
        share,
        "--horizon",
        horizon,
        "--discount",
        1,
    )
    assert found["values"]["1"] == pytest.approx(value, abs=1e-9)
    assert found["gap"]["value"] < 1e-7


@pytest.mark.parametrize("share", ["full", "one_step"])
@pytest.mark.parametrize("horizon", [2, 3, 4, 5])
def test_box_pushing_from_both_sources(capsys, share, horizon):
    path = BENCHMARKS / "boxPushingUAI07.dpomdp"
    if not path.exists():
        pytest.skip("the shared benchmark files are absent")
    flags = ("--concept", "team", "--share", share, "--horizon", horizon, "--discount", 1)
    ours, theirs = solved(capsys, GAMES / "boxpushing.posg", *flags), solved(capsys, path, *flags)
    assert list(ours["values"].values()) == pytest.approx(list(theirs["values"].values()), abs=1e-9)


def test_check_document(capsys):
    status, out, _ = run(capsys, "check", DECTIGER, "--json")
    found = json.loads(out)
    assert status == 0
    assert {
        "game",
        "protocol",
        "agents",
        "sizes",
        "assumptions",
        "layers",
        "compressions",
        "backends",
        "diagnostics",
    } <= found.keys()
    assert found["sizes"] == {"states": 2, "actions": [3, 3], "observations": [2, 2], "horizon": 3}
    assert found["assumptions"]["1"]["holds"] is True
    assert found["assumptions"]["3"] == found["assumptions"]["3"] | {
        "holds": True,
        "method": "structural, every horizon",
        "witness": None,
    }
    assert found["assumptions"]["2"]["gamma"] == {"lower": 0.0, "upper": 0.0}  # opening a door: MATH, section 5
    assert found["layers"] == [1, 2, 4]  # MATH: 2(h - 1) nodes
    assert found["backends"][0] == found["backends"][0] | {"name": "value-iteration", "applies": True}


def test_a_failing_check_replays(capsys, tmp_path):
    witness, report = tmp_path / "witness.json", tmp_path / "report.json"
    status, out, _ = run(capsys, "check", DECTIGER, "--share", "none", "--witness", witness, "--json")
    assert status == 1
    report.write_text(out)
    for file in (witness, report):
        status, out, _ = run(capsys, "check", DECTIGER, "--share", "none", "--replay", file, "--json")
        assert status == 0 and json.loads(out)["confirmed"]
    content = json.loads(witness.read_text())
    content["prescriptions"][1] = content["prescriptions"][0]
    witness.write_text(json.dumps(content))
    assert run(capsys, "check", DECTIGER, "--share", "none", "--replay", witness)[0] == 1
    witness.write_text('{"step": 1}')
    assert run(capsys, "check", DECTIGER, "--share", "none", "--replay", witness)[0] == 2


@pytest.mark.parametrize(("require", "status"), [("1", 0), ("2", 1), ("3", 0), ("1,2,3", 1), ("gamma>=0.2", 1)])
def test_require(capsys, require, status):
    assert run(capsys, "check", DECTIGER, "--require", require)[0] == status


def test_policy_files(capsys, tmp_path):
    path = tmp_path / "policy.npz"
    found = solved(capsys, DECTIGER, "--concept", "team", "--out", path)
    assert found["policy"] == str(path)
    status, out, _ = run(capsys, "verify", DECTIGER, path, "--json")
    again = json.loads(out)
    assert status == 0 and again["values"] == found["values"] and again["gap"] == found["gap"]
    assert run(capsys, "verify", DECTIGER, path, "--concept", "ce")[0] == 0
    status, out, _ = run(capsys, "show", path)
    assert status == 0 and "ann when hear[ann]@2=left: listen" in out
    for words in (
        ("verify", DECTIGER, path, "--share", "full"),
        ("verify", DECTIGER, path, "--horizon", 4),
        ("verify", DECTIGER, path, "--set", "accuracy=0.9"),
        ("verify", GAMES / "broadcast.posg", path),
        ("verify", DECTIGER, DECTIGER),
        ("verify", DECTIGER, tmp_path / "absent.npz"),
        ("show", DECTIGER),
    ):
        status, out, err = run(capsys, *words)
        assert status == 2 and out == "" and "error[" in err, words


def test_a_gap_that_exceeds_the_one_asked_for(capsys):
    assert run(capsys, "solve", DECTIGER, "--concept", "team", "--require-gap", "1e-9")[0] == 0
    assert run(capsys, "solve", DECTIGER, "--concept", "team", "--require-gap", "-1")[0] == 1


def test_limits_exit_with_3(capsys):
    status, _, err = run(capsys, "solve", DECTIGER, "--concept", "team", "--max-nodes", 5)
    assert status == 3 and "--max-nodes" in err


def test_no_backend_serves(capsys):
    words = ("--concept", "nash", "--share", "none", "--backend", "value-iteration")
    status, out, err = run(capsys, "solve", DECTIGER, *words)
    assert status == 1 and out == "" and "Assumption 3" in err and "at step 1" in err
    assert run(capsys, "solve", GAMES / "vendors.posg", "--concept", "team")[0] == 2  # not for lack of an assumption


BASE = "game g { horizon 2; agents a, b; state s: {x, y}; action act[i]: {l, r}; observation o[i]: {x, y};\n"
REST = "init s ~ uniform; next s = s; observe o[i] ~ noisy(s', 0.8); reward team = count(i: act[i] == l);\n"


MANY_STATES = "".join(f"state z{k}: bool; init z{k} ~ uniform;" for k in range(40))  # 10^12 states


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (BASE + REST.replace("noisy(s'", "noisy(t'") + "share full; }", "E2", ()),  # unknown name
        (BASE + REST.replace("count(i: act[i] == l)", "abs(1, 2)") + "share full; }", "E", ()),  # wrong arity
        (BASE + REST.replace("~ uniform", "~ {x: 0.5, y: 0.500001}") + "share full; }", "E403", ()),
        (BASE.replace("agents a, b", "agents ") + REST + "share full; }", "E1", ()),  # an empty agent list
        (BASE + MANY_STATES + REST + "share full; }", "limit", ()),
        (BASE + REST + "share p { o after 0; } share p { o after 1; } }", "E5", ()),
        (BASE + REST + "share p { act after 0; } }", "E5", ()),
        (BASE.replace("{ ", "{ param q = 0.5 in [0, 1]; ", 1) + REST + "share full; }", "E6", ("--set", "q=2")),
        ("", "E1", ()),
        ("game", "E1", ()),
        (BASE + REST + "}", "E5", ()),  # no protocol
    ],
)
def test_hostile_games(capsys, tmp_path, text, code, words):
    path = tmp_path / "game.posg"
    path.write_text(text)
    for command in (("check",), ("solve", "--concept", "cce")):
        status, out, err = run(capsys, command[0], path, *command[1:], *words)
        assert status == (3 if code == "limit" else 2), err
        assert out == "" and (code if code == "limit" else f"error[{code}") in err


def test_hostile_files(capsys, tmp_path):
    large, binary = tmp_path / "large.posg", tmp_path / "binary.posg"
    large.write_text("# " + "x" * 50_000_000)
    binary.write_bytes(bytes(range(256)) * 100)
    for path in (large, binary, tmp_path / "absent.posg", tmp_path):
        status, out, err = run(capsys, "check", path)
        assert status == 2 and out == "" and "error[" in err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("solve", DECTIGER),
        ("solve", DECTIGER, "--concept", "peace"),
        ("frobnicate",),
        ("check",),
        ("solve", DECTIGER, "--concept", "team", "--horizon", "0"),
        ("solve", DECTIGER, "--concept", "team", "--set", "x"),
        ("solve", DECTIGER, "--concept", "team", "--backend", "none-such"),
        ("check", DECTIGER, "--require", "4"),
        ("solve", DECTIGER, "--concept", "team", "--option", "x=1"),
        ("check", DECTIGER, "--reward", "zero_sum"),
        ("solve", DECTIGER, "--concept", "team", "--out", "/nowhere/at/all.npz"),
    ],
)
def test_wrong_flags_exit_with_2(capsys, words):
    assert run(capsys, *words)[0] == 2


def test_standard_input_and_pipes():
    command = [sys.executable, "-m", "posgc.cli.main", "check", "-", "--json"]
    text = Path(DECTIGER).read_bytes()
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["game"] == "dectiger"


def test_ctrl_c_ends_cleanly(tmp_path):
    path = tmp_path / "policy.npz"
    words = ["solve", str(GAMES / "boxpushing.posg"), "--concept", "team", "--share", "full", "--horizon", "10"]
    # Before `main` runs, Python itself answers to Ctrl-C; how long that is depends on the machine.
    program = "import sys; from posgc.cli.main import main; print(flush=True); sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *words, "--out", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"\n"
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        # A library may catch everything while it is imported, on a slow machine about once in a hundred times.
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
    assert process.returncode == 130 and out == b"" and b"Traceback" not in err and b"stopped" in err
    assert list(tmp_path.iterdir()) == []


def test_before_main_answers_to_ctrl_c_next_to_nothing_is_imported():
    code = "import sys, posgc.cli.main; print(*[m for m in sys.modules if m == 'numpy' or m.startswith('posgc.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"posgc.cli", "posgc.cli.main", "posgc.cli.parsing"}


def posgc(*words, **streams):
    command = [sys.executable, "-m", "posgc.cli.main", *map(str, words)]
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, timeout=60, **streams)


def test_broken_streams():
    with open("/dev/full", "w") as full:
        for words in (("check", DECTIGER, "--json"), ("info", DECTIGER), ("check", DECTIGER)):
            done = posgc(*words, stdout=full)
            assert done.returncode == 2 and b"Traceback" not in done.stderr and b"cannot write" in done.stderr
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m posgc.cli.main check {DECTIGER} >&-"], stderr=subprocess.PIPE, check=False
    )
    assert closed.returncode == 0 and closed.stderr == b""
    piped = f"{sys.executable} -m posgc.cli.main check {DECTIGER} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", piped], capture_output=True, check=False)
    assert done.stdout == b"0\n" and done.stderr == b""


def test_no_bound_is_not_a_number(capsys):
    assert run(capsys, "solve", DECTIGER, "--concept", "team", "--require-gap", "nan")[0] == 2


def test_many_agents_are_a_limit(capsys, tmp_path):
    path = tmp_path / "many.posg"
    path.write_text("game g { horizon 1; agents r[64]; state s: {u}; init s = u; reward team = 1; share full; }")
    assert run(capsys, "solve", path, "--concept", "team")[0] == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--concept", "team", "--select", "welfare"),
        ("--concept", "ce", "--option", "way=regret"),
        ("--concept", "nash", "--option", "form=strategic"),
        ("--concept", "cce", "--option", "form=agent"),
    ],
)
def test_options_that_would_do_nothing(capsys, words):
    """Whether or not the value is the default."""
    assert run(capsys, "solve", DECTIGER, *words)[0] == 2


@pytest.mark.parametrize("concept", ["team", "nash", "ce", "cce"])
def test_epsilon_serves_every_concept(capsys, concept):
    found = solved(capsys, DECTIGER, "--concept", concept, "--epsilon", "0.5")
    assert found["options"]["epsilon"] == 0.5
    assert found["gap"]["value"] <= found["stage_gap"]["end_to_end_bound"] + 1e-9
    for wrong in ("nan", "inf", "-1", "1e999", "x", ""):
        assert run(capsys, "solve", DECTIGER, "--concept", concept, f"--epsilon={wrong}")[0] == 2


def test_the_form_of_a_correlated_equilibrium(capsys, tmp_path):
    game, path = GAMES / "vendors.posg", tmp_path / "p.npz"
    kind = solved(capsys, game, "--concept", "ce", "--option", "form=strategic", "--out", path)["gap"]["kind"]
    assert kind == "ce_strategic"

    def gap(*words):
        status, out, _ = run(capsys, "verify", game, path, "--json", *words)
        return (status, json.loads(out)["gap"]["kind"]) if status == 0 else (status, None)

    assert gap() == gap("--concept", "ce") == gap("--form", "strategic") == (0, "ce_strategic")
    assert gap("--form", "agent") == (0, "ce")
    assert gap("--concept", "cce") == (0, "cce")
    assert gap("--concept", "cce", "--form", "strategic") == (0, "nfcce")
    assert gap("--concept", "cce", "--form", "extensive") == (0, "efcce")
    assert gap("--form", "extensive") == (0, "efce")
    assert gap("--concept", "cce", "--form", "agent")[0] == 2
    assert "strategic-form CE gap in the true game: " in run(capsys, "verify", game, path)[1]


@pytest.mark.parametrize("seed", ["-1", "1.5", "x"])
def test_a_seed_is_a_whole_number_from_0(capsys, seed):
    assert run(capsys, "solve", DECTIGER, "--concept", "team", f"--seed={seed}")[0] == 2


def test_every_command_has_help(capsys):
    for command in COMMANDS:
        status, out, _ = run(capsys, command, "--help")
        assert status == 0 and command in out


def test_version(capsys):
    status, out, _ = run(capsys, "--version")
    assert status == 0 and out.startswith("posgc ")


def test_plugins(capsys):
    status, out, _ = run(capsys, "plugins", "--json")
    found = json.loads(out)
    assert status == 0
    assert {p["name"] for p in found["plugins"]} >= {"value-iteration", "dpomdp"}
