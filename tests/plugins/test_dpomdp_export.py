"""`.dpomdp` out and in again: equal arrays, equal values; what the format cannot hold is refused with the reason."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from posgc_dpomdp import DpomdpExporter, DpomdpImporter
from support.checks import solved
from support.games import Shape, random_game, shapes

from posgc.cli.main import main
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.judge.verify import verify
from posgc.language.diagnostics import Source
from posgc.pipeline import Request, compile_request, solve
from posgc.plugin import LimitError

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def written(information: Information) -> str:
    text = io.StringIO()
    DpomdpExporter().export(information, DpomdpExporter.options(), text)
    return text.getvalue()


@pytest.mark.parametrize("game", ["dectiger", "boxpushing", "recycling"])
def test_round_trip_of_the_shipped_team_games(game: str, tmp_path: Path) -> None:
    path = tmp_path / f"{game}.dpomdp"
    assert main(["export", f"games/{game}.posg", "--to", "dpomdp", "--out", str(path)]) == 0
    values = []
    for name in (f"games/{game}.posg", str(path)):
        compiled = compile_request(Request(name, "one_step", horizon=3))
        values.append(solve(compiled, "team").judgement.values[0])
        assert not compiled.diagnostics
    assert values[0] == pytest.approx(values[1], abs=1e-9)


@given(shapes(histories=300, structures=("full", "one_step"), rewards=("common",)))
@few
def test_round_trip_of_random_teams(shape: Shape) -> None:
    model, protocol = random_game(shape)
    information = drop_own_actions(Information(model, protocol))
    reason = DpomdpExporter().applies(information)
    if reason is not None:
        assert reason.startswith("the format has")
        return
    back = DpomdpImporter().read(
        Source("game.dpomdp", written(information)), horizon=model.horizon, discount=None, reward="team"
    )
    assert not back.diagnostics and back.model.discount == model.discount
    if shape.split:
        return  # several variables of an agent become one, and with them the items
    again = drop_own_actions(Information(back.model, protocol))
    values = [verify(i, solved(i, "team").strategy, "nash").values[0] for i in (information, again)]
    assert values[0] == pytest.approx(values[1], abs=1e-9)


@pytest.mark.parametrize(
    ("game", "reason"),
    [("competitive_tiger", "one reward"), ("aloha", "old state"), ("kuhn", "one reward")],
)
def test_what_the_format_cannot_hold(game: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["export", f"games/{game}.posg", "--to", "dpomdp"])
    streams = capsys.readouterr()
    assert status == 2 and streams.out == ""
    assert "E632" in streams.err and re.search(reason, streams.err)


def test_observations_of_the_old_state_are_refused() -> None:
    # with a dense random kernel P(s', o' | s, a) does not factor
    shape = Shape("one_step", 2, 3, 2, (2, 2), (2, 2), "common", "dense", False, False, False, 1.0, 1)
    assert "old state" in str(DpomdpExporter().applies(Information(*random_game(shape))))


def test_too_many_entries() -> None:
    information = compile_request(Request("games/dectiger.posg")).information
    with pytest.raises(LimitError, match="entries"):
        DpomdpExporter().export(information, DpomdpExporter.options(entries=5), io.StringIO())
    assert np.isclose(float(written(information).split("discount: ")[1].split()[0]), 1.0)
