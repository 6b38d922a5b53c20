"""Standard output, and what stands above every report."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from posgc.language.numerals import plural
from posgc.language.visible import visible
from posgc.model.rewards import reward_kind
from posgc.pipeline import Compiled
from posgc.report.colour import complain
from posgc.report.parts import Branch, Grid, Part

__all__ = ["heading", "put", "say", "standard_output"]


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line to end quietly."""
        raise BrokenPipeError

    def render_str(self, text: str, **how: Any) -> Text:
        """Names and titles may hold anything, and move no cursor."""
        return super().render_str(visible(text), **how)


def standard_output() -> Console:
    """Standard output; a pipe gets plain lines that are never wrapped or cut."""
    return _Console(highlight=False, width=None if sys.stdout.isatty() else 100_000)


def say(console: Console, line: str = "") -> None:
    console.print(escape(line), soft_wrap=True)


def put(console: Console, part: Part) -> None:
    """Print a line, a table or a tree."""
    if isinstance(part, str):
        say(console, part)
    elif isinstance(part, Grid):
        table = Table(*map(escape, part.columns), box=None, pad_edge=False)
        for row in part.rows:
            table.add_row(*map(escape, row))
        console.print(table)
    else:
        console.print(_tree(part))


def _tree(branch: Branch, into: Tree | None = None) -> Tree:
    tree = Tree(escape(branch.text)) if into is None else into.add(escape(branch.text))
    for child in branch.children:
        _tree(child, tree)
    return tree


def heading(console: Console, compiled: Compiled) -> None:
    model = compiled.model
    title = f" — {model.title}" if model.title else ""
    say(console, f"{model.name}{title}")
    sizes = model.signature
    say(
        console,
        f"  {plural(model.n_agents, 'agent')}: {', '.join(sizes.agents)}; {plural(model.n_states, 'state')}; "
        f"actions {' × '.join(map(str, sizes.action_sizes))}; observations "
        f"{' × '.join(map(str, sizes.observation_sizes))}; horizon {model.horizon}; "
        f"rewards: {reward_kind(model).replace('_', '-')}",
    )
    say(console, f"  sharing: {compiled.information.protocol.name}")
    for diagnostic in compiled.diagnostics:
        complain(diagnostic, compiled.source)
