"""States that only later steps can find: arrays hold what H steps can reach, and nothing follows a state elsewhere."""

import pytest
from support.optimum import Coordinator
from support.tree import Tree

from posgc.coordination.team import solve_team
from posgc.information.items import Information
from posgc.language.compile import compile_game
from posgc.language.diagnostics import Source
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.tabulation.tabulate import tabulate

NONE = LagTable("none", ((1, NEVER), (NEVER, 1)), ((0, NEVER), (NEVER, 0)))
HEAD = "game late { horizon LENGTH; agents ann, bob; action act[i]: {x, y}; observation o[i]: 0..1; share none { } "

GAMES = {
    "a count": """
        state s: 0..9;
        init s = 0;
        next s = s + (if act[ann] == act[bob] then 2 else 1);
        observe o[i] = s' mod 2;
        reward team = (3 * s) mod 4; }""",
    "a count that nobody sees": """
        state s: 0..9;
        init s ~ uniform {0, 1};
        next s ~ {s: 0.3, s + 1: 0.7};
        reward team = if (act[ann] == x) == (s mod 2 == 0) then s else if act[bob] == y then -1 else -2; }""",
    "a door that opens late": """
        state s: {out, waits, inside};
        init s = out;
        next s ~ if step == 1 then uniform {out, waits} else if step == 2 and s == waits then inside else s;
        observe o[i] ~ noisy(if s' == out then 0 else 1, 0.8);
        reward team = if act[ann] != act[bob] then 0 else if (act[ann] == x) == (s == inside) then 1 else -1; }""",
    "choices by turns": """
        state s: 0..9;
        init s = 0;
        next s = if step == 2 then s else s + (if act[ann] == x then 1 else 2);
        observe o[i] = if step == 1 then s' mod 2 else 0;
        reward team = if act[bob] == (if s mod 3 == 0 then x else y) then s else 0; }""",
}


@pytest.mark.parametrize(("name", "horizon"), [*((n, h) for n in GAMES for h in (2, 3)), ("a count", 4)])
def test_the_optimum_is_that_of_every_plan(name: str, horizon: int) -> None:
    text = HEAD.replace("LENGTH", str(horizon)) + GAMES[name]
    model = tabulate(compile_game(Source("late.posg", text)))
    found = solve_team(Information(model, NONE))
    assert found.stopped is None
    assert found.lower == pytest.approx(Coordinator(Tree(model, NONE)).value(), abs=1e-9)
    assert found.lower <= found.upper <= found.lower + 1e-9


@pytest.mark.parametrize("name", GAMES)
def test_longer_games_close(name: str) -> None:
    text = HEAD.replace("LENGTH", "6") + GAMES[name].replace("0..9", "0..20")
    found = solve_team(Information(tabulate(compile_game(Source("late.posg", text))), NONE))
    assert found.stopped is None and found.upper - found.lower <= 1e-9
