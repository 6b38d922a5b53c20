"""The front door for Python: a game from a file, a text or arrays, and everything that can be asked of it.

A thin layer over `posgc.pipeline`, of which the command line is another user.  `import posgc` offers its names.
"""

from posgc.api.choices import compression_asked, options_asked
from posgc.api.comparing import compare
from posgc.api.designing import design
from posgc.api.game import Game
from posgc.api.info import Info
from posgc.api.progress import progress_bar
from posgc.api.reading import from_arrays, load, loads
from posgc.language.display import SHOWN_BY

__all__ = [
    "Game",
    "Info",
    "compare",
    "compression_asked",
    "design",
    "from_arrays",
    "load",
    "loads",
    "options_asked",
    "progress_bar",
]

SHOWN_BY.append("posgc.report.notebook")
