"""Long things made short, with the number of what is left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from posgc.report.parts import Branch

__all__ = ["cut", "cut_text", "cut_tree"]


def cut(items: Sequence[str], most: int, what: str, where: str) -> list[str]:
    """The first `most` items, then how many more there are and where they stand."""
    left = len(items) - most
    return list(items) if left <= 0 else [*items[:most], f"… {left:,} more {what}{where and f': {where}'}"]


def cut_text(text: str, lines: int, characters: int, where: str) -> tuple[str, str]:
    """The first so many lines and characters of a text, and in words what is left out ("" where nothing is)."""
    kept = "\n".join(text.splitlines()[:lines])[:characters]
    left = len(text.rstrip("\n")) - len(kept)
    if left <= 0:
        return kept, ""
    more = text.count("\n") - kept.count("\n")
    return kept, f"… {left:,} more characters in {more:,} more lines: {where}"


def cut_tree(branches: tuple[Branch, ...], most: int, where: str) -> tuple[Branch, ...]:
    """The `most` lines that are nearest to the root, and under each line how many below it are left out."""
    kept: set[int] = set()
    waiting = deque(branches)
    while waiting and len(kept) < most:
        branch = waiting.popleft()
        kept.add(id(branch))
        waiting.extend(branch.children)
    return _kept(branches, kept, where) if waiting else branches


def _kept(branches: tuple[Branch, ...], kept: set[int], where: str) -> tuple[Branch, ...]:
    found = [Branch(b.text, _kept(b.children, kept, where)) for b in branches if id(b) in kept]
    left = sum(_lines(b) for b in branches if id(b) not in kept)
    return (*found, Branch(f"… {left:,} more {'line' if left == 1 else 'lines'}: {where}")) if left else tuple(found)


def _lines(branch: Branch) -> int:
    return 1 + sum(map(_lines, branch.children))
