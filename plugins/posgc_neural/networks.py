"""Stacks of K small networks of the same shape, computed together: every array has K as its first axis.

Weights are drawn by NumPy, uniformly within 1 / sqrt(inputs), so that a seed means the same on every device.  A
`Memory` network reads one token a step and keeps a state [K, rows, S] of floats.

Products are taken with rows last in memory, which for few features and many rows is several times as fast as with
features last; arrays with features last are then views.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch

from posgc.plugin import Diagnostic, InputError, LimitError

__all__ = ["ROWS", "Memory", "Recurrent", "Windowed", "layers", "require_finite", "require_numbers", "through"]

NUMBERS = 1 << 27
"""Numbers of one kind that are held at most (half a gigabyte)."""
ROWS = 1 << 29
"""Numbers of what is read at once, as windows of all episodes, at most (two gigabytes)."""

Tensor = Any  # torch.Tensor, of which the type checker knows nothing where PyTorch is not installed


class Memory(Protocol):
    """Values of actions from what an agent has met so far."""

    def parameters(self, streams: Sequence[np.random.Generator], token: int, actions: int) -> list[Tensor]:
        """Weights for tokens of `token` numbers and values of `actions` actions, one network for each stream."""

    def start(self, copies: int, rows: int, token: int) -> Tensor:
        """The state before the first token."""

    def step(self, parameters: list[Tensor], state: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
        """The state after a token [K, rows, T], and the values of the actions then, [K, rows, A]."""

    def kept(self, state: Tensor, token: Tensor) -> Tensor:
        """What `along` reads of a step: of the state after it and its token, that on which no weight has a say."""

    def along(self, parameters: list[Tensor], kept: Tensor) -> Tensor:
        """The values at all steps, [K, A, H, rows], from [K, H, rows, ..] of what is `kept`."""


@dataclass(frozen=True)
class Windowed:
    """A hidden layer on the last `length` tokens."""

    length: int
    hidden: int

    def parameters(self, streams: Sequence[np.random.Generator], token: int, actions: int) -> list[Tensor]:
        """As `Memory.parameters`."""
        return layers(streams, [self.length * token, self.hidden, actions])

    def start(self, copies: int, rows: int, token: int) -> Tensor:
        """As `Memory.start`: tokens of zeros."""
        return torch.zeros(copies, rows, self.length * token)

    def step(self, parameters: list[Tensor], state: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
        """As `Memory.step`."""
        state = torch.cat((state[..., token.shape[-1] :], token), dim=-1)
        return state, through(parameters, state)

    def kept(self, state: Tensor, token: Tensor) -> Tensor:
        """As `Memory.kept`: the window."""
        return state

    def along(self, parameters: list[Tensor], kept: Tensor) -> Tensor:
        """As `Memory.along`."""
        return through(parameters, kept.flatten(1, 2)).mT.unflatten(2, kept.shape[1:3])


@dataclass(frozen=True)
class Recurrent:
    """A cell of long short-term memory (Hochreiter & Schmidhuber 1997), and a linear layer on what it puts out.  The
    state holds what it puts out and its cell, [K, rows, 2 hidden]."""

    hidden: int

    def parameters(self, streams: Sequence[np.random.Generator], token: int, actions: int) -> list[Tensor]:
        """As `Memory.parameters`."""
        gates = layers(streams, [token + self.hidden, 4 * self.hidden])
        return gates + layers(streams, [self.hidden, actions])

    def start(self, copies: int, rows: int, token: int) -> Tensor:
        """As `Memory.start`: zeros."""
        return torch.zeros(copies, rows, 2 * self.hidden)

    def step(self, parameters: list[Tensor], state: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
        """As `Memory.step`."""
        out, cell = state.mT.split(self.hidden, dim=1)
        out, cell = _cell(_linear(parameters, torch.cat((token.mT, out), dim=1)), cell)
        return torch.cat((out, cell), dim=1).mT, _linear(parameters[2:], out).mT

    def kept(self, state: Tensor, token: Tensor) -> Tensor:
        """As `Memory.kept`: the token."""
        return token

    def along(self, parameters: list[Tensor], kept: Tensor) -> Tensor:
        """As `Memory.along`."""
        horizon, rows, size = kept.shape[1:]
        read, fed_back = parameters[0].split((size, self.hidden), dim=1)
        first, *later = _linear([read, parameters[1]], kept.flatten(1, 2).mT).split(rows, dim=2)
        out, cell = _cell(first, None)
        found = [out]
        for told in later:
            out, cell = _cell(torch.baddbmm(told, fed_back.mT, out), cell)
            found.append(out)
        return _linear(parameters[2:], torch.cat(found, dim=2)).unflatten(2, (horizon, rows))


def _cell(gates: Tensor, cell: Tensor | None) -> tuple[Tensor, Tensor]:
    """What the cell puts out, and what it holds then, [K, hidden, rows], from [K, 4 hidden, rows] and what it held;
    None is nothing."""
    let_in, forget, new, let_out = gates.chunk(4, dim=1)
    fresh = torch.sigmoid(let_in) * torch.tanh(new)
    cell = fresh if cell is None else torch.addcmul(fresh, torch.sigmoid(forget), cell)
    return torch.sigmoid(let_out) * torch.tanh(cell), cell


def require_numbers(
    numbers: int,
    what: str,
    most: int = NUMBERS,
    cure: str = "lower --option hidden, memory, members, replay, batch, gradients or together",
) -> None:
    """Raises LimitError for more than `most`."""
    if numbers > most:
        raise LimitError(f"networks: {numbers:,} numbers would be held as {what} (limit {most:,}); {cure}")


def require_finite(numbers: Sequence[Tensor], rate: str) -> None:
    """Raises InputError (E612) where weights or losses are infinite, or no numbers; `rate` is the option to blame."""
    if not all(bool(one.isfinite().all()) for one in numbers):
        what = "the weights of the networks, or their loss, are no longer finite numbers, so nothing is learned"
        cure = f"lower --option {rate}, or pay rewards in a larger unit"
        raise InputError([Diagnostic("E612", what, help=cure)])


def layers(streams: Sequence[np.random.Generator], widths: Sequence[int]) -> list[Tensor]:
    """Weights [K, in, out] and biases [K, 1, out] of every layer, one network for each stream.  Raises LimitError for
    more than `NUMBERS`."""
    require_numbers(len(streams) * sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths)), "weights")
    found = []
    for inputs, outputs in pairwise(widths):
        bound = inputs**-0.5
        for shape in ((inputs, outputs), (1, outputs)):
            drawn = np.stack([stream.uniform(-bound, bound, shape) for stream in streams])
            found.append(torch.tensor(drawn, dtype=torch.float32))
    return found


def through(parameters: list[Tensor], x: Tensor) -> Tensor:
    """What linear layers with rectifiers between them make of x [K, rows, in]."""
    x = x.mT
    for k in range(0, len(parameters), 2):
        x = _linear(parameters[k:], torch.relu(x) if k else x)
    return x.mT


def _linear(parameters: list[Tensor], x: Tensor) -> Tensor:
    """[K, out, rows], from the first weights and biases and x [K, in, rows]."""
    return torch.baddbmm(parameters[1].mT, parameters[0].mT, x)
