"""`posgc verify` under protocols in which Assumption 3 fails: policies made by hand, text, JSON, limits, statuses."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from support.policies import bound, one_node

from posgc.cli.main import main
from posgc.pipeline import Request, compile_request
from posgc.policy.file import save_policy


def written(folder: Path, game: str, share: str, product: bool = True, horizon: int | None = None) -> list[str]:
    """The arguments of `verify` for a random policy of the game."""
    information = compile_request(Request(game, share, horizon=horizon)).information
    strategy = one_node(np.random.default_rng(0), information, product)
    path = folder / "policy.npz"
    save_policy(bound(information, strategy, "nash" if product else "ce"), path)
    steps = [] if horizon is None else ["--horizon", str(horizon)]
    return ["verify", game, str(path), "--share", share, *steps, "--quiet"]


@pytest.mark.parametrize(
    ("game", "share"), [("games/dectiger.posg", "none"), ("games/kuhn.posg", "table"), ("games/dectiger.posg", "ears")]
)
def test_a_policy_is_judged_without_assumption_3(
    game: str, share: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = written(tmp_path, game, share)
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "NE gap in the true game: " in out and "at most" not in out.partition("merging")[0]
    assert "judged on" in out and "upper bounds" not in out
    assert main([*arguments, "--json", "--require-gap", "1e-9"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["gap"]["judged_on"] == "histories" and said["gap"]["exact"] is True
    assert said["pairs"] == [] and min(said["information_states"]) > 0
    assert main([*arguments, "--max-nodes", "3"]) == 3
    assert "information states" in capsys.readouterr().err


def test_what_is_a_bound_is_called_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = written(tmp_path, "games/dectiger.posg", "none", False)
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "CE gap in the true game: at most " in out and "gain by deviating, at most" in out
    assert "the gains are upper bounds" in out
    assert main([*arguments, "--form", "strategic"]) == 0
    assert "strategic-form CE gap in the true game: at most " in capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gap"]["exact"] is False
    assert main([*arguments, "--concept", "cce", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gap"]["exact"] is True
    assert main([*arguments, "--concept", "nash"]) == 2
    assert "E605" in capsys.readouterr().err


def test_under_forget_gains_are_upper_bounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiger.posg"
    text = Path("games/dectiger.posg").read_text(encoding="utf-8").rstrip().removesuffix("}")
    path.write_text(text + "share short { forget after 0; } }", encoding="utf-8")
    assert main(written(tmp_path, str(path), "short")) == 0
    out = capsys.readouterr().out
    assert "gap in the true game: at most " in out and "the gains are upper bounds" in out
    assert "same memory" not in out


def test_an_edge_that_is_missing_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    information = compile_request(Request("games/dectiger.posg", "ears")).information
    policy = one_node(np.random.default_rng(0), information, True)
    first, step, *rest = policy.steps  # what is heard at step 2 is common at step 3
    cut = dataclasses.replace(step, edge_indptr=np.array([0, 1]), edge_z=step.edge_z[:1], edge_to=step.edge_to[:1])
    path = tmp_path / "policy.npz"
    save_policy(bound(information, dataclasses.replace(policy, steps=(first, cut, *rest)), "nash"), path)
    assert main(["verify", "games/dectiger.posg", str(path), "--share", "ears", "--quiet"]) == 2
    assert "E610" in capsys.readouterr().err
