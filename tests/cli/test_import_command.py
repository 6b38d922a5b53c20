"""`posgc import`: every benchmark file, formatted and the same model again; refusals; nothing half written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from posgc.cli.main import main
from posgc.language import Source, compile_game, format_source
from posgc.model import tabulate
from posgc.model.compare import same_arrays, stretched
from posgc.model.rewards import reward_kind
from posgc.pipeline import Request, compile_request, translate

FILES = Path(__file__).parents[2].parent / "shared" / "benchmarks"
ENDINGS = {".dpomdp", ".pomdp", ".posg", ".zsposg"}
BENCHMARKS = sorted(p for p in FILES.rglob("*") if p.suffix in ENDINGS and p.name != "example.dpomdp")
LONG = {
    "boxPushingUAI07",
    "Grid3x3corners",
    "Mars",
    "fireFighting_2_3_3",
    "oneDoor_2_7_0.20_0.00_0_2",
    "wirelessWithOverhead",
}
GAMES = Path(__file__).parents[2] / "games"

GUARD = """discount: 0.9 values: cost states: here there actions: 2 observations: one
T: * reset
O: * uniform
R: 0 : here : * : * 3
"""


def test_there_are_benchmarks() -> None:
    if not FILES.is_dir():
        pytest.skip("the benchmark files are not at hand")
    assert {p.suffix for p in BENCHMARKS} == ENDINGS and len(BENCHMARKS) == 32


CASES = [pytest.param(p, marks=pytest.mark.slow if p.stem in LONG else ()) for p in BENCHMARKS]


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.name)
def test_every_benchmark_comes_back(path: Path) -> None:
    made = translate(Request(str(path)))
    assert format_source(made.text) == made.text
    assert path.name in made.text and "horizon" not in made.text
    horizon = made.model.n_states + 1
    again = tabulate(compile_game(Source("written", made.text), {}, horizon))
    assert same_arrays(stretched(made.model, horizon), again) is None
    if path.suffix == ".zsposg":
        assert reward_kind(again) == "zero_sum"


def test_the_ending_zsposg_means_zero_sum_for_every_command(tmp_path: Path) -> None:
    text = (
        'agents: 2\ndiscount: 1\nvalues: "reward"\nstates: 1\nstart: 0\nactions:\n2\n2\nobservations:\n1\n1\n'
        'T: "*" :\n"uniform"\nO: "*" :\n"uniform"\nR: 0 : 0 : 3\n'
    )
    path = tmp_path / "game.zsposg"
    path.write_text(text)

    def reward(name: str, reading: str | None) -> list[float]:
        (tmp_path / name).write_text(text)
        request = Request(str(tmp_path / name), share="none", horizon=1, reward=reading)  # type: ignore[arg-type]
        return compile_request(request).model.kernels[0].reward[:, 0, 0].tolist()

    assert reward("game.zsposg", None) == [3, -3] and reward("game.zsposg", "team") == [3, 3]
    assert reward("game.dpomdp", None) == [3, 3] and reward("game.dpomdp", "zero_sum") == [3, -3]


def test_out_and_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "guard.pomdp", tmp_path / "guard.posg"
    path.write_text(GUARD)
    assert main(["import", str(path), "--horizon", "4", "--discount", "1", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"wrote {out}: ") and said.err == ""
    text = out.read_text(encoding="utf-8")
    assert "horizon 4;" in text and "discount" not in text.replace("--discount 1", "") and "guard.pomdp" in text
    assert main(["fmt", "--check", str(out)]) == 0
    assert main(["import", str(path), "--horizon", "4", "--discount", "1"]) == 0
    assert capsys.readouterr().out == text
    model = compile_request(Request(str(out), share="none")).model
    direct = compile_request(Request(str(path), share="none", horizon=4, discount=1.0)).model
    assert same_arrays(direct, model) is None and np.isclose(model.kernels[0].reward.min(), -3)


def test_what_cannot_be_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kept.posg"
    out.write_text("as it was")
    wrong = tmp_path / "wrong.pomdp"
    wrong.write_text(GUARD.replace("reset", "0.5"))
    for arguments, code in (
        ([str(GAMES / "dectiger.posg")], "E620"),
        ([str(tmp_path / "absent.pomdp")], "E606"),
        ([str(wrong)], "I101"),
    ):
        assert main(["import", *arguments, "--out", str(out)]) == 2
        assert f"error[{code}]" in capsys.readouterr().err
    path = tmp_path / "guard.pomdp"
    path.write_text(GUARD)
    assert main(["import", str(path), "--out", str(path)]) == 2  # it is what is being read
    assert "E615" in capsys.readouterr().err and path.read_text() == GUARD
    assert out.read_text() == "as it was"


def test_limits_end_with_three(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "guard.pomdp"
    path.write_text(GUARD)
    monkeypatch.setattr("posgc.model.writing.writer.MAX_WRITTEN", 3)
    assert main(["import", str(path)]) == 3
    assert "use the file as it is" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr("posgc.pipeline.translating.same_arrays", lambda *_: "the transitions")
    assert main(["import", str(path)]) == 3
    assert "would not be the same (the transitions)" in capsys.readouterr().err


def test_from_a_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "posgc.cli.main", "import", "-"], input=GUARD, capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.startswith("game ") and done.stderr == ""
