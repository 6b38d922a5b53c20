"""An own action that was dropped is nothing that a later one can be chosen on: dropping goes on in turn."""

from posgc.assumptions import strategy_independence
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.language import Source, compile_game
from posgc.language.sharing.requests import protocol
from posgc.model import tabulate

# An uncontrolled state; observations are shared one step late, actions never, and memory is one step long.
GAME = """game g { horizon 5; agents ann, bob; state s: {a, b}; action act[i]: {x, y}; observation o[i]: {a, b};
  init s ~ uniform; next s ~ noisy(s, 0.7); observe o[i] ~ noisy(s', 0.8);
  reward team = count(i: act[i] == x and s == a);
  share z { o after 1; forget after 1; } }"""


def test_every_own_action_is_dropped_under_forget():
    game = compile_game(Source("g", GAME))
    model = tabulate(game)
    information = drop_own_actions(Information(model, protocol(model.signature, None, game)))
    assert information.dropped == {(v, h) for v in (0, 1) for h in (1, 2, 3, 4)}
    assert strategy_independence(information).holds is True
