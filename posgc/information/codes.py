"""Private information and increments as integers: chi and xi on whole arrays.

The value of a list of items is coded as one mixed-radix integer, first item most significant.  With
`Codec` the maps z_{h+1} = chi(u_h, a_h, o_{h+1}) and u_{h+1} = xi(u_h, a_h, o_{h+1}) become digit
extraction, vectorised over any number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.information.items import InformationStructure, Item
from posgc.language.diagnostics import LimitError
from posgc.language.signature import Variable

__all__ = ["Codec", "decode", "evolve", "first_news", "initial_codes", "kept", "learnt", "news_from", "project"]

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


Items = tuple[Item, ...]


def _encode(information: InformationStructure, h: int, held: Items, target: Items, u: Ints, a: Ints, o: Ints) -> Ints:
    """Codes of the target, whose items are among those held at step h (codes `u`), in a_h or in o_{h+1}."""
    signature, codec = information.signature, Codec.of(information, held)
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
    held = information.private(h)
    z = _encode(information, h, held, information.increment(h + 1), u, a, o)
    return z, _encode(information, h, held, information.private(h + 1), u, a, o)


def kept(information: InformationStructure, h: int, u: Ints, a: Ints, o: Ints) -> Ints:
    """Codes of the items pending at step h + 1, from codes `u` of those pending at step h, a_h and o_{h+1}."""
    return _encode(information, h, information.pending(h), information.pending(h + 1), u, a, o)


def learnt(information: InformationStructure, agent: int, h: int, held: Items, u: Ints, a: Ints, o: Ints) -> Ints:
    """Codes of the agent's news of step h + 1, from codes `u` of the items held at step h, a_h and o_{h+1}."""
    return _encode(information, h, held, information.news(agent, h + 1), u, a, o)


def first_news(information: InformationStructure, o: Ints) -> tuple[Ints, Ints]:
    """Codes of every agent's news of step 1, [n, rows], and of the items pending then, from joint observations o_1."""
    news = [news_from(information, information.news(i, 1), {}, {1: o}) for i in range(information.n_agents)]
    return np.stack(news), news_from(information, information.pending(1), {}, {1: o})


def news_from(
    information: InformationStructure, items: Items, actions: Mapping[int, Ints], observations: Mapping[int, Ints]
) -> Ints:
    """Codes of the items from the joint actions a_t and observations o_t of all steps t that they speak of."""
    signature = information.signature
    sources: dict[tuple[str, int], _Source] = {}
    for item in items:
        played = item.kind == "action"
        codes = (actions if played else observations)[item.time]
        variables = signature.actions if played else signature.observations
        sources.setdefault((item.kind, item.time), _Source.joint(codes, variables))
    rows = len(next(iter(observations.values())))
    places = [(sources[item.kind, item.time], item.variable) for item in items]
    return _assemble(Codec.of(information, items), places, rows)


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
