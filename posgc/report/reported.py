"""What `posgc report` prints beside its page."""

from __future__ import annotations

import sys

from posgc.pipeline import Findings
from posgc.report.compared import complaints
from posgc.report.console import heading, say, standard_output
from posgc.report.page.summary import summary

__all__ = ["text"]


def text(found: Findings, path: str | None) -> None:
    """The heading and the summary of the page; `path` is the file that was written."""
    console = standard_output()
    heading(console, found.compiled)
    say(console)
    for name, said in summary(found):
        say(console, f"{name}: {said}")
    if path is not None:
        say(console, f"page written to {path}")
    if found.comparison is not None:
        complaints(found.comparison)
        unsolved = [row.point.protocol for row in found.comparison.rows if not row.solved]
        if unsolved:
            print(f"limit: not solved under {', '.join(unsolved)}; the page says why", file=sys.stderr)
    elif found.why:
        print("limit: not all is known; the page says why", file=sys.stderr)
