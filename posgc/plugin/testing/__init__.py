"""The batteries that any plug-in must pass, ours or a stranger's: one for every kind.

    from posgc.plugin.testing import check_backend

    def test_my_backend():
        check_backend(MyBackend())

Each raises AssertionError with what went wrong, and returns the number of games or texts that it tried.
"""

from posgc.plugin.testing.backends import check_backend
from posgc.plugin.testing.blocks import check_block
from posgc.plugin.testing.compressions import check_compression
from posgc.plugin.testing.formats import check_exporter, check_importer
from posgc.plugin.testing.games import battery_game, battery_games
from posgc.plugin.testing.learners import check_learner
from posgc.plugin.testing.referees import check_referee

__all__ = [
    "battery_game",
    "battery_games",
    "check_backend",
    "check_block",
    "check_compression",
    "check_exporter",
    "check_importer",
    "check_learner",
    "check_referee",
]
