"""What a notebook shows of results beside their facts: pictures, verdicts, tables and trees, as a report does.

Whoever lacks the libraries for it is told what to install, and sees the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from posgc.language.diagnostics import InputError, LimitError
from posgc.language.display import more_html
from posgc.pipeline import Comparison, Compiled, Report, Solution, opened
from posgc.report.compared import table
from posgc.report.page.assumptions import assumptions_section
from posgc.report.page.blocks import Block, Bullets, Fold
from posgc.report.page.cutting import cut_tree
from posgc.report.page.figures import flow_figure, worth_figure
from posgc.report.page.rendering import fragment, require_pages
from posgc.report.strategies import grown
from posgc.report.text import solved

__all__ = ["html_of_game"]

WIDTH, DEPTH, BRANCHES = 3, 3, 300
"""What is shown of the tree of a policy: continuations of a history, steps, and lines."""


def html_of_game(compiled: Compiled) -> str:
    """Who learns what when, as a picture."""
    return _html(lambda: [flow_figure(compiled)])


@more_html.register
def _report(shown: Report) -> str:
    return _html(lambda: assumptions_section(shown).blocks)


@more_html.register
def _solution(shown: Solution) -> str:
    certified = [part for part in solved(shown) if part]
    return _html(lambda: [Fold("the certificate", certified), Fold("the policy", _tree(shown))])


@more_html.register
def _comparison(shown: Comparison) -> str:
    def blocks() -> list[Block]:
        rows, *lines = table(shown)
        return [rows, worth_figure(shown), Bullets([line for line in lines if isinstance(line, str) and line])]

    return _html(blocks)


def _tree(shown: Solution) -> Sequence[Block]:
    information, limit = shown.compiled.information, shown.compiled.request.max_nodes
    try:
        tree = grown(information, opened(information, shown.policy).strategy, WIDTH, DEPTH, limit)
    except LimitError as error:
        return [f"it is not shown: {error}"]
    return cut_tree(tree, BRANCHES, "save the policy, and `posgc show` prints them")


def _html(blocks: Callable[[], Sequence[Block]]) -> str:
    try:
        require_pages()
    except InputError as error:
        said = error.diagnostics[0]
        return f"<p>{escape(f'{said.message}: {said.help}')}</p>"
    return fragment(blocks())
