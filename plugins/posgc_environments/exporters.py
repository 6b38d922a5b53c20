"""Python files that stand alone: the simulator's source, an adapter's source, and the game as JSON.

Names and labels of a game appear in the JSON only, never in code: the file that is written runs nothing that the
game's author wrote.  Importing it needs NumPy, and the library that the adapter is for; it does not need posgc.
"""

from __future__ import annotations

import ast
import json
import textwrap
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, ClassVar, TextIO

from posgc.information.items import Information
from posgc.plugin import LimitError
from posgc_environments.tables import size_of, tables_of

__all__ = ["GymnasiumExporter", "OpenSpielExporter", "PettingZooExporter", "PythonExporter"]

HEAD = '''"""A partially observable stochastic game, written by posgc: {what}.

{usage}
"""
'''


@dataclass(frozen=True)
class TableOptions:
    """`numbers`: the most numbers that are written into the file; each takes about 8 bytes."""

    numbers: int = 5_000_000


class _Script:
    """Simulator, adapter, tables, tail."""

    name: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[type] = TableOptions
    conditional_moves: ClassVar[bool] = True
    adapter: ClassVar[str | None] = None
    usage: ClassVar[str]
    tail: ClassVar[str]

    def applies(self, information: Information) -> str | None:
        """Every game can be simulated."""
        return None

    def export(self, information: Information, options: Any, target: TextIO) -> None:
        """Raises LimitError where the tables are larger than the option allows."""
        _require_room(information, options)
        target.write(HEAD.format(what=self.summary, usage=self.usage))
        target.write("\nfrom __future__ import annotations\n\nimport json\n")
        for module in ("simulator", self.adapter):
            if module is not None:
                target.write(_body(module))
        # in JSON an apostrophe stands only inside a text, where it may be written by its number
        text = json.dumps(tables_of(information)).replace("'", "\\u0027")
        target.write(f"\n\nGAME = Game(json.loads(r'''{text}'''))\n{self.tail}")


def _require_room(information: Information, options: Any) -> None:
    size = size_of(information)
    if size > options.numbers:
        limit = f"(limit {options.numbers}); raise --option numbers=N"
        raise LimitError(f"the tables hold about {size} numbers {limit}")


def _body(module: str) -> str:
    """A module's source without its docstring, its `__all__`, and what is written only once."""
    source = files("posgc_environments").joinpath(f"{module}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    lines: list[str | None] = list(source.splitlines())
    for node in tree.body:
        first = node.lineno - 1
        once = isinstance(node, ast.ImportFrom) and node.module in ("__future__", "posgc_environments.simulator")
        named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if once or named or (node is tree.body[0] and isinstance(node, ast.Expr)):
            lines[first : node.end_lineno] = [None] * ((node.end_lineno or node.lineno) - first)
    return "\n".join(line for line in lines if line is not None) + "\n"


@dataclass(frozen=True)
class PythonExporter(_Script):
    """NumPy only."""

    name: ClassVar[str] = "python"
    summary: ClassVar[str] = "a simulator that needs NumPy only"
    usage: ClassVar[str] = "Run it for a random episode, or import GAME, Episode and random_episode from it."
    tail: ClassVar[str] = textwrap.dedent("""

        if __name__ == "__main__":
            import os
            import sys

            try:
                print("returns:", random_episode(GAME, int(sys.argv[1]) if len(sys.argv) > 1 else 0), flush=True)
            except BrokenPipeError:  # the reader of a pipe went away (`| head`)
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        """)


@dataclass(frozen=True)
class PettingZooExporter(_Script):
    """`parallel_env` and `env`, as PettingZoo's own modules have them."""

    name: ClassVar[str] = "pettingzoo"
    summary: ClassVar[str] = "PettingZoo environments, parallel and one agent after the other"
    adapter: ClassVar[str | None] = "pettingzoo_env"
    usage: ClassVar[str] = "parallel_env() and env() make environments; both take view= and render_mode=."
    tail: ClassVar[str] = textwrap.dedent('''

        def parallel_env(**options: Any) -> ParallelGame:
            """All agents at once."""
            return ParallelGame(GAME, **options)


        def env(**options: Any) -> AECEnv:
            """One agent after the other."""
            return aec_env(GAME, **options)
        ''')

    def ready(self) -> str | None:
        """Both PettingZoo and Gymnasium are needed."""
        there = find_spec("pettingzoo") is not None and find_spec("gymnasium") is not None
        return None if there else "pip install 'posgc[pettingzoo]'"

    def make(self, information: Information, options: Any, **settings: Any) -> Any:
        """A `ParallelGame`; `settings` are `view` and `render_mode`."""
        _require_room(information, options)
        from posgc_environments.pettingzoo_env import ParallelGame
        from posgc_environments.simulator import Game

        return ParallelGame(Game(tables_of(information)), **settings)


@dataclass(frozen=True)
class GymnasiumExporter(_Script):
    """One agent only."""

    name: ClassVar[str] = "gymnasium"
    summary: ClassVar[str] = "Gymnasium environment of a game of one agent"
    adapter: ClassVar[str | None] = "gymnasium_env"
    usage: ClassVar[str] = "env() makes an environment; it takes view= and render_mode=."
    tail: ClassVar[str] = textwrap.dedent('''

        def env(**options: Any) -> SingleGame:
            """The environment."""
            return SingleGame(GAME, **options)
        ''')

    def applies(self, information: Information) -> str | None:
        """One agent."""
        n = information.n_agents
        return None if n == 1 else f"Gymnasium is for one agent, this game has {n}; write it for pettingzoo"


@dataclass(frozen=True)
class OpenSpielExporter(_Script):
    """Importing the file registers the game."""

    name: ClassVar[str] = "openspiel"
    summary: ClassVar[str] = "OpenSpiel game in Python, registered with pyspiel"
    adapter: ClassVar[str | None] = "openspiel_game"
    usage: ClassVar[str] = "Importing it registers the game: pyspiel.load_game(SHORT_NAME)."
    tail: ClassVar[str] = textwrap.dedent("""
        SHORT_NAME = "posg_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in GAME.name)
        SPIEL_GAME = register(GAME, SHORT_NAME)
        """)
