"""Trying what is on offer: every candidate solved, for a picture; or only built under small limits, for a list."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from posgc.compression.contract import CompressedGame, Compression
from posgc.compression.derive import Attempt
from posgc.language.diagnostics import LimitError

__all__ = ["Families", "Offer", "offers", "sweep"]

T = TypeVar("T")
Families = list[tuple[Compression, list[tuple[str, Any]]]]
Build = Callable[[Compression, Any], CompressedGame]

NOTHING = 1e-12
"""L1; an error that is rounding, so that a finer model would gain nothing."""


@dataclass(frozen=True)
class Offer:
    """A compression on offer."""

    spec: str
    nodes: int | None  # of its model
    error: float | None  # the largest distance that its certificate names (L1); None where it has none
    kind: str | None  # the certificate's
    reason: str = ""  # why it was not built


def sweep(
    families: Families, build: Build, judge: Callable[[str, CompressedGame], T], seconds: float
) -> Iterator[Attempt[T]]:
    """Every candidate built and judged, family by family; a family ends where a limit is met or the time is up."""
    end = time.monotonic() + seconds
    for compression, candidates in families:
        for spec, options in candidates:
            start = time.monotonic()
            if start >= end:
                yield Attempt(spec, None, 0.0, None, None, "the time was up")
                break
            compressed, result, note = None, None, ""
            try:
                compressed = build(compression, options)
                result = judge(spec, compressed)
            except LimitError as error:
                note = str(error)
            nodes = None if compressed is None else sum(compressed.graph.sizes)
            yield Attempt(spec, nodes, time.monotonic() - start, compressed, result, note)
            if result is None:
                break


def offers(families: Families, build: Build, limit: int, seconds: float) -> tuple[Offer, ...]:
    """Every candidate built within `limit` nodes, in turns, so that each family shows its coarse ones before the time
    is up.  Candidates finer than one that loses nothing are left out."""
    end = time.monotonic() + seconds
    found: list[list[Offer]] = [[] for _ in families]
    ended: set[int] = set()
    for turn in range(max((len(candidates) for _, candidates in families), default=0)):
        for family, (compression, candidates) in enumerate(families):
            if turn >= len(candidates) or family in ended:
                continue
            spec, options = candidates[turn]
            if time.monotonic() >= end:
                offer = Offer(spec, None, None, None, f"not tried: {seconds:g} s were up")
            else:
                offer = _offer(spec, compression, options, build, limit)
            found[family].append(offer)
            if offer.nodes is None or (offer.error is not None and offer.error <= NOTHING):
                ended.add(family)
    return tuple(offer for family in found for offer in family)


def _offer(spec: str, compression: Compression, options: Any, build: Build, limit: int) -> Offer:
    try:
        compressed = build(compression, options)
    except LimitError:
        return Offer(spec, None, None, None, f"not built within {limit} nodes; finer ones are not tried")
    certificate, nodes = compressed.certificate, sum(compressed.graph.sizes)
    if certificate is None:
        return Offer(spec, nodes, None, None, "no certificate within the limit")
    return Offer(spec, nodes, float(certificate.distance.max(initial=0.0)), certificate.kind)
