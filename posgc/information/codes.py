"""Private information and increments as integers: chi and xi on whole arrays.

The value of a list of items is coded as one mixed-radix integer, first item most significant.  With
`Codec` the maps z_{h+1} = chi(u_h, a_h, o_{h+1}) and u_{h+1} = xi(u_h, a_h, o_{h+1}) become digit
extraction, vectorised over any number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.items import Information, Item
from posgc.language.diagnostics import LimitError

__all__ = ["Codec", "decode", "evolve", "initial_codes", "project"]

Ints = npt.NDArray[np.int64]
CODE_LIMIT = 1 << 62


@dataclass(frozen=True)
class Codec:
    """Mixed-radix code of a list of items; `strides[k]` is the weight of item k's digit."""

    items: tuple[Item, ...]
    sizes: tuple[int, ...]
    strides: tuple[int, ...]

    @staticmethod
    def of(information: Information, items: tuple[Item, ...]) -> Codec:
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


def _joint_digit(information: Information, kind: str, variable: int, joint: Ints) -> Ints:
    """Digit of one variable in joint action or observation indices."""
    signature = information.model.signature
    variables = signature.actions if kind == "action" else signature.observations
    stride = 1
    for v in variables[variable + 1 :]:
        stride *= len(v.values)
    return (joint // stride) % len(variables[variable].values)


def _encode(information: Information, h: int, target: tuple[Item, ...], u: Ints, a: Ints, o: Ints) -> Ints:
    source = Codec.of(information, information.private(h))
    codec = Codec.of(information, target)
    code = np.zeros(len(u), dtype=np.int64)
    for item, stride in zip(target, codec.strides, strict=True):
        if item.time == h + 1:
            digit = _joint_digit(information, "observation", item.variable, o)
        elif item.kind == "action" and item.time == h:
            digit = _joint_digit(information, "action", item.variable, a)
        else:
            digit = source.digit(u, item)
        code += stride * digit
    return code


def evolve(information: Information, h: int, u: Ints, a: Ints, o: Ints) -> tuple[Ints, Ints]:
    """(z_{h+1}, u_{h+1}) row by row from codes u_h, joint actions a_h and joint observations o_{h+1}."""
    z = _encode(information, h, information.increment(h + 1), u, a, o)
    return z, _encode(information, h, information.private(h + 1), u, a, o)


def initial_codes(information: Information, o: Ints) -> tuple[Ints, Ints]:
    """(z_1, u_1) from joint observations o_1."""

    def code(items: tuple[Item, ...]) -> Ints:
        codec = Codec.of(information, items)
        total = np.zeros(len(o), dtype=np.int64)
        for item, stride in zip(items, codec.strides, strict=True):
            total += stride * _joint_digit(information, "observation", item.variable, o)
        return total

    return code(information.increment(1)), code(information.private(1))


def project(information: Information, h: int, u: Ints) -> Ints:
    """p_{i,h} codes of every agent, shape [n, len(u)], from codes u_h."""
    source = Codec.of(information, information.private(h))
    rows = np.zeros((information.n_agents, len(u)), dtype=np.int64)
    for i in range(information.n_agents):
        own = Codec.of(information, information.private_of(i, h))
        for item, stride in zip(own.items, own.strides, strict=True):
            rows[i] += stride * source.digit(u, item)
    return rows
