"""Stacks of K small networks of the same shape, computed together: every array has K as its first axis.

Weights are drawn by NumPy, uniformly within 1 / sqrt(inputs), so that a seed means the same on every device.  A
`Memory` network reads one token a step and keeps a state [K, rows, S] of floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch

__all__ = ["Memory", "Recurrent", "Windowed", "layers", "through"]

Tensor = Any  # torch.Tensor, of which the type checker knows nothing where PyTorch is not installed


class Memory(Protocol):
    """Values of actions from what an agent has met so far."""

    def parameters(self, streams: Sequence[np.random.Generator], token: int, actions: int) -> list[Tensor]:
        """Weights for tokens of `token` numbers and values of `actions` actions, one network for each stream."""

    def start(self, copies: int, rows: int, token: int) -> Tensor:
        """The state before the first token."""

    def step(self, parameters: list[Tensor], state: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
        """The state after a token [K, rows, T], and the values of the actions then, [K, rows, A]."""


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
        out, cell = state.split(self.hidden, dim=-1)
        gates = through(parameters[:2], torch.cat((token, out), dim=-1))
        let_in, forget, new, let_out = gates.split(self.hidden, dim=-1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(let_in) * torch.tanh(new)
        out = torch.sigmoid(let_out) * torch.tanh(cell)
        return torch.cat((out, cell), dim=-1), through(parameters[2:], out)


def layers(streams: Sequence[np.random.Generator], widths: Sequence[int]) -> list[Tensor]:
    """Weights [K, in, out] and biases [K, 1, out] of every layer, one network for each stream."""
    found = []
    for inputs, outputs in pairwise(widths):
        bound = inputs**-0.5
        for shape in ((inputs, outputs), (1, outputs)):
            drawn = np.stack([stream.uniform(-bound, bound, shape) for stream in streams])
            found.append(torch.tensor(drawn, dtype=torch.float32))
    return found


def through(parameters: list[Tensor], x: Tensor) -> Tensor:
    """What linear layers with rectifiers between them make of x [K, rows, in]."""
    for k in range(0, len(parameters), 2):
        x = torch.baddbmm(parameters[k + 1], torch.relu(x) if k else x, parameters[k])
    return x
