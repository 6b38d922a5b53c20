"""The law of one variable on all rows of a table, kept sparse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from posgc.model.tabulation.evaluate import Domain
from posgc.model.tabulation.table import Array, groups

__all__ = ["TOLERANCE", "Law", "RowLimitReached", "Target", "dense", "gathered", "scaled"]

TOLERANCE = 1e-9
"""Absolute: how far a probability may leave [0, 1], and a sum of probabilities may be from 1."""


class RowLimitReached(Exception):
    """A draw would make more rows than the limit allows; `count` is a lower bound on their number."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


@dataclass(frozen=True)
class Target:
    """The variable that is drawn."""

    name: str
    domain: Domain


@dataclass(frozen=True)
class Law:
    """The law of one variable on every row of a table; entries of rows with a fault mean nothing."""

    digit: Array  # int32 [entries], sorted by (row, digit) and distinct; or [] with `row` None
    row: Array | None  # [entries]; None together with `weight`: exactly one outcome on every row
    weight: Array | None  # [entries], positive; those of a sound row sum to 1
    faults: Array | None  # int32 [rows]


def scaled(law: Law, share: Array) -> Law:
    """The law with its rows' weights multiplied by `share` [rows]."""
    rows = np.arange(len(share)) if law.row is None else law.row
    weight = share if law.weight is None else law.weight * share[rows]
    return Law(np.broadcast_to(law.digit, rows.shape), rows, weight, law.faults)


def dense(block: Array, faults: Array | None) -> Law:
    """The law whose probabilities are given as [rows, values]."""
    row, digit = np.nonzero(block > 0)
    return Law(digit.astype(np.int32), row, block[row, digit], faults)


def gathered(rows: list[Array], digits: list[Array], weights: list[Array], size: int, faults: Array | None) -> Law:
    row, digit, weight = np.concatenate(rows), np.concatenate(digits), np.concatenate(weights)
    key = row * size + digit
    order, starts = groups(key)
    if order is not None:
        row, digit, weight = row[order], digit[order], weight[order]
    if starts is not None:
        row, digit, weight = row[starts], digit[starts], np.add.reduceat(weight, starts)
    return Law(digit.astype(np.int32, copy=False), row, weight, faults)
