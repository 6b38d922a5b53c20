"""Private information and increments as integers: chi and xi on whole arrays.

The value of a list of items is coded as one mixed-radix integer, first item most significant.  With
`Codec` the maps z_{h+1} = chi(u_h, a_h, o_{h+1}) and u_{h+1} = xi(u_h, a_h, o_{h+1}) become digit
extraction, vectorised over any number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.information.items import InformationStructure, Item
from posgc.language.diagnostics import LimitError
from posgc.language.signature import Variable

__all__ = ["Codec", "decode", "evolve", "initial_codes", "project"]

Ints = npt.NDArray[np.int64]
CODE_LIMIT = 1 << 62


@dataclass(frozen=True)
class Codec:
    """Mixed-radix code of a list of items."""

    items: tuple[Item, ...]
    sizes: tuple[int, ...]  # number of values of each item
    strides: tuple[int, ...]  # the weight of each item's digit

    @staticmethod
    def of(information: InformationStructure, items: tuple[Item, ...]) -> Codec:
        """Raises LimitError where the values of the items cannot be numbered in 62 bits."""
        sizes = tuple(information.size(item) for item in items)
        strides: list[int] = []
        total = 1
        for size in reversed(sizes):
            strides.append(total)
            total *= size
        if total > CODE_LIMIT:
            raise LimitError(
                f"{len(items)} unshared items have more than 2^62 joint values; "
                "share more, add 'forget after k', or take a shorter horizon"
            )
        return Codec(items, sizes, tuple(reversed(strides)))

    def digit(self, code: Ints, item: Item) -> Ints:
        """The item's value index in each code."""
        k = self.items.index(item)
        return (code // self.strides[k]) % self.sizes[k]


def decode(codec: Codec, code: int) -> tuple[int, ...]:
    """The value index of every item of one code."""
    return tuple((code // stride) % size for stride, size in zip(codec.strides, codec.sizes, strict=True))


@dataclass(frozen=True)
class _Source:
    """Codes that digits are read from."""

    codes: Ints  # [rows]
    total: int  # more than any of the codes
    strides: tuple[int, ...]  # what each item or variable weighs

    @staticmethod
    def joint(codes: Ints, variables: tuple[Variable, ...]) -> _Source:
        """Joint action or observation indices."""
        sizes = [len(v.values) for v in variables]
        return _Source(codes, prod(sizes), tuple(prod(sizes[k + 1 :]) for k in range(len(sizes))))

    @staticmethod
    def of(codes: Ints, codec: Codec) -> _Source:
        """Codes of a list of items."""
        return _Source(codes, prod(codec.sizes), codec.strides)

    def digits(self, stride: int, size: int) -> Ints:
        """The digit, or the neighbouring digits as one number, of weight `stride` and `size` values."""
        high = self.codes // stride if stride > 1 else self.codes
        # the most significant digit needs no remainder
        return high % size if stride * size < self.total else high


def _assemble(codec: Codec, places: list[tuple[_Source, int]], rows: int) -> Ints:
    """Codes of a codec whose items are read from (source, position in it); what stands side by side in both is read
    at once, which saves most divisions."""
    runs: list[tuple[_Source, int, int, int]] = []
    for (source, k), size, weight in zip(places, codec.sizes, codec.strides, strict=True):
        stride = source.strides[k]
        # the item continues the run where the stride of the run's last item is this one's stride times its size
        if runs and runs[-1][0] is source and runs[-1][1] == stride * size:
            runs[-1] = (source, stride, runs[-1][2] * size, weight)
        else:
            runs.append((source, stride, size, weight))
    code = np.zeros(rows, dtype=np.int64)
    for source, stride, size, weight in runs:
        code += weight * source.digits(stride, size)
    return code


def _encode(information: InformationStructure, h: int, target: tuple[Item, ...], u: Ints, a: Ints, o: Ints) -> Ints:
    signature, codec = information.signature, Codec.of(information, information.private(h))
    old, played = _Source.of(u, codec), _Source.joint(a, signature.actions)
    seen = _Source.joint(o, signature.observations)
    places = [
        (seen, item.variable)
        if item.time == h + 1
        else (played, item.variable)
        if item.kind == "action" and item.time == h
        else (old, codec.items.index(item))
        for item in target
    ]
    return _assemble(Codec.of(information, target), places, len(u))


def evolve(information: InformationStructure, h: int, u: Ints, a: Ints, o: Ints) -> tuple[Ints, Ints]:
    """(z_{h+1}, u_{h+1}) row by row from codes u_h, joint actions a_h and joint observations o_{h+1}."""
    z = _encode(information, h, information.increment(h + 1), u, a, o)
    return z, _encode(information, h, information.private(h + 1), u, a, o)


def initial_codes(information: InformationStructure, o: Ints) -> tuple[Ints, Ints]:
    """(z_1, u_1) from joint observations o_1."""
    seen = _Source.joint(o, information.signature.observations)

    def code(items: tuple[Item, ...]) -> Ints:
        return _assemble(Codec.of(information, items), [(seen, item.variable) for item in items], len(o))

    return code(information.increment(1)), code(information.private(1))


def project(information: InformationStructure, h: int, u: Ints) -> Ints:
    """p_{i,h} codes of every agent, shape [n, len(u)], from codes u_h."""
    codec = Codec.of(information, information.private(h))
    old, rows = _Source.of(u, codec), np.zeros((information.n_agents, len(u)), dtype=np.int64)
    for i in range(information.n_agents):
        own = Codec.of(information, information.private_of(i, h))
        rows[i] = _assemble(own, [(old, codec.items.index(item)) for item in own.items], len(u))
    return rows
