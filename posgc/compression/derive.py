"""Deriving a compression from the game: the cheapest one whose certified gap meets what is asked.

Every compression lists candidates from coarse to fine, so that the models of one family grow.  The next candidate of
each family is built under a common limit of nodes, which is raised only when nothing fits under it; among the
models at hand the smallest is solved and judged, and the first that meets the target is the cheapest, up to families
whose sizes do not grow with their options.  A model is given up as soon as it outgrows the limit, so an exact graph
that would explode costs no more than the models it is compared with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from posgc.compression.contract import CompressedGame, Compression
from posgc.language.diagnostics import LimitError

__all__ = ["Attempt", "derive"]

T = TypeVar("T")

FIRST_LIMIT = 1000
"""Nodes that the first models may have."""

RAISE = 8
"""Factor by which the limit of nodes is raised."""


@dataclass(frozen=True)
class Attempt(Generic[T]):
    """One candidate and what came of it."""

    spec: str
    nodes: int | None  # of its model
    seconds: float
    compressed: CompressedGame | None  # the compressed game
    result: T | None  # None: not solved, and `note` says why
    note: str = ""


@dataclass
class _Family:
    """One compression: candidates still to come, and the one that is built and waits to be solved."""

    compression: Compression
    waiting: list[tuple[str, Any]]
    built: tuple[str, CompressedGame, float] | None = None
    solved: tuple[str, CompressedGame] | None = None


def derive(
    families: list[tuple[Compression, list[tuple[str, Any]]]],
    build: Callable[[Compression, Any, int], CompressedGame],
    judge: Callable[[str, CompressedGame], T],
    meets: Callable[[T], bool],
    max_nodes: int,
    seconds: float,
) -> Iterator[Attempt[T]]:
    """Attempts in the order in which they were made; the last one meets the target, or nothing does.  Where a lossless
    model was solved and does not, no other is tried.

    `build(compression, options, limit)` raises LimitError past `limit` nodes, `judge` past whatever limits a solver
    has.  No attempt is begun after `seconds`.
    """
    begun = time.monotonic()
    pending: list[_Family] = [_Family(compression, list(options)) for compression, options in families]
    limit = min(FIRST_LIMIT, max_nodes)
    while pending and time.monotonic() - begun < seconds:
        for family in pending:
            if family.built is None and family.waiting:
                _build(family, build, limit)
        ready = [family for family in pending if family.built is not None]
        if not ready:
            if limit == max_nodes:
                break
            # nothing fits: raise the limit for all families together, so that none is favoured
            limit = min(RAISE * limit, max_nodes)
            continue
        # the smallest model first: the first that meets the target is then the cheapest at hand
        family = min(ready, key=_size)
        assert family.built is not None
        spec, compressed, spent = family.built
        family.built = None
        # a finer option that gives the same model gives the same answer
        if family.solved is not None and _alike(compressed, family.solved[1]):
            yield Attempt(spec, sum(compressed.graph.sizes), spent, None, None, f"the same model as {family.solved[0]}")
            pending = [f for f in pending if f.built is not None or f.waiting]
            continue
        family.solved = spec, compressed
        start = time.monotonic()
        try:
            result, note = judge(spec, compressed), ""
        except LimitError as error:
            result, note = None, str(error)
        nodes = sum(compressed.graph.sizes)
        yield Attempt(spec, nodes, spent + time.monotonic() - start, compressed, result, note)
        lossless = compressed.certificate is not None and compressed.certificate.kind == "lossless"
        # a finer model than a lossless one cannot do better
        if result is not None and (meets(result) or lossless):
            return
        pending = [f for f in pending if f.built is not None or f.waiting]
    for family in pending:
        for spec, _ in family.waiting[:1] if family.built is None else [(family.built[0], None)]:
            why = "the time was up" if time.monotonic() - begun >= seconds else f"more than {max_nodes} nodes"
            yield Attempt(spec, None, 0.0, None, None, why)


def _alike(one: CompressedGame, two: CompressedGame) -> bool:
    """Whether two models of one compression have the same nodes and errors, layer by layer."""
    a, b = one.certificate, two.certificate
    if a is None or b is None or one.graph.sizes != two.graph.sizes:
        return False
    same = all(
        np.array_equal(x.belief.indices, y.belief.indices) and np.array_equal(x.belief.data, y.belief.data)
        for x, y in zip(one.graph.layers, two.graph.layers, strict=True)
    )
    return same and np.array_equal(a.distance, b.distance)


def _size(family: _Family) -> int:
    assert family.built is not None
    return sum(family.built[1].graph.sizes)


def _build(family: _Family, build: Callable[[Compression, Any, int], CompressedGame], limit: int) -> None:
    spec, options = family.waiting[0]
    start = time.monotonic()
    try:
        compressed = build(family.compression, options, limit)
    except LimitError:
        return
    family.built = spec, compressed, time.monotonic() - start
    family.waiting.pop(0)
