"""The one training loop: play a few episodes, keep them, take gradient steps, copy the target network now and then.

This is deep Q-learning (Mnih et al. 2015) for K networks at once, each with its own episodes.  What is played, and what
the loss of a batch is, a `Learner` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from posgc.coordination.limits import Limits
from posgc.plugin import Diagnostic, InputError
from posgc_neural.networks import require_finite, require_numbers

__all__ = ["Learner", "Schedule", "cool", "described", "device_of", "one_thread", "trained"]

Tensor = Any
Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]
POINTS = 200
"""Points of a curve at most."""


@dataclass(frozen=True)
class Schedule:
    """How much is played and how it is learned from."""

    episodes: int  # of each network
    together: int  # that are played at a time
    gradients: int  # gradient steps after each time
    replay: int  # latest episodes that are kept
    batch: int  # episodes of a gradient step
    rate: float  # of Adam
    sync: int  # episodes after which the target network becomes a copy
    explore: tuple[float, float]  # share of random actions at the beginning and at the end, linear between them
    cools: bool = False  # whether the rate falls to 0 along a cosine


class Learner(Protocol):
    """What is learned."""

    def play(self, parameters: list[Tensor], epsilon: float, size: int, first: int) -> tuple[dict[str, Tensor], Floats]:
        """`size` episodes of each network, [K, H, size, ..] of each name, and what each earned, [K, size]; `first` of
        each have been played before."""

    def loss(self, parameters: list[Tensor], target: list[Tensor], batch: dict[str, Tensor]) -> Tensor:
        """The sum over the networks of their losses on episodes [K, H, B, ..]."""


def trained(
    learner: Learner,
    parameters: list[Tensor],
    schedule: Schedule,
    streams: Sequence[np.random.Generator],
    progress: Progress,
    limits: Limits,
) -> tuple[list[Tensor], Floats]:
    """The weights that were learned, and a curve: rows of (episodes of each network, mean return of each of the K
    networks since the row before, exploration included), [points, 1 + K].  Where a limit is reached, the episodes that
    are being played are the last, and the last row tells how many there were.

    `streams`: of each network, which draw what batches are made of.  Raises InputError (E612) where the weights become
    infinite, LimitError where more is to be replayed than can be held.
    """
    learned = [p.clone().requires_grad_() for p in parameters]
    target = [p.detach().clone() for p in learned]
    adam = torch.optim.Adam(learned, lr=schedule.rate, fused=True)
    replay, curve, since, synced = _Replay(min(schedule.replay, schedule.episodes)), list[Floats](), list[Floats](), 0
    done, over = 0, False
    while not over:
        size = min(schedule.together, schedule.episodes - done)
        begin, end = schedule.explore
        epsilon = begin + (end - begin) * done / schedule.episodes
        with torch.no_grad():
            played, earned = learner.play(learned, epsilon, size, done)
        replay.add(played)
        done += size
        since.append(earned)
        if schedule.cools:
            cool(adam, schedule.rate, done / schedule.episodes)
        for batch in replay.samples(streams, -(-schedule.gradients * size // schedule.together), schedule.batch):
            adam.zero_grad()
            loss = learner.loss(learned, target, batch)
            loss.backward()
            adam.step()
        if done - synced >= schedule.sync:
            target, synced = [p.detach().clone() for p in learned], done
        over = done == schedule.episodes or limits()
        if done * POINTS // schedule.episodes > len(curve) or over:
            curve.append(np.concatenate(([done], np.concatenate(since, axis=1).mean(axis=1))))
            since = []
            require_finite([*learned, loss], "rate")
            progress("train", done, schedule.episodes)
    return [p.detach() for p in learned], np.stack(curve)


def cool(adam: Any, rate: float, done: float) -> None:
    """Set the rate of Adam: from `rate` to 0 along a cosine, as `done` goes from 0 to 1."""
    for group in adam.param_groups:
        group["lr"] = rate * (1 + np.cos(np.pi * done)) / 2


class _Replay:
    """The latest episodes."""

    def __init__(self, capacity: int) -> None:
        self._capacity, self._size, self._next = capacity, 0, 0
        self._kept: dict[str, Tensor] = {}

    def add(self, played: dict[str, Tensor]) -> None:
        """Keep episodes [K, H, E, ..], in place of the oldest ones."""
        size = next(iter(played.values())).shape[2]
        place = (self._next + np.arange(size)) % self._capacity
        for name, one in played.items():
            if name not in self._kept:
                require_numbers(one[:, :, :1].numel() * self._capacity, "replay")
                self._kept[name] = one.new_zeros((*one.shape[:2], self._capacity, *one.shape[3:]))
            self._kept[name][:, :, place] = one
        self._next = int(place[-1] + 1) % self._capacity
        self._size = min(self._capacity, self._size + size)

    def samples(self, streams: Sequence[np.random.Generator], times: int, size: int) -> Iterator[dict[str, Tensor]]:
        """Episodes [K, H, size, ..], as often as is said, drawn with replacement by each network's own stream."""
        copies, horizon = next(iter(self._kept.values())).shape[:2]
        widest = max(one[0, 0, 0].numel() for one in self._kept.values())
        require_numbers(copies * horizon * size * max(times, widest), "batches")
        drawn = np.stack([stream.integers(self._size, size=(times, 1, size)) for stream in streams], axis=1)
        first = self._capacity * np.arange(copies * horizon).reshape(copies, horizon, 1)
        rows = {name: one.flatten(0, 2) for name, one in self._kept.items()}  # of all networks and steps, in a row
        for at in torch.tensor(first + drawn):
            yield {name: one.index_select(0, at.flatten()).unflatten(0, at.shape) for name, one in rows.items()}


def device_of(asked: str) -> str:
    """The device that is meant: `auto` is a GPU where PyTorch finds one.  Raises InputError (E612) without it."""
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        what = "option device: PyTorch finds no such device as cuda here"
        raise InputError([Diagnostic("E612", what, help="--option device=auto takes a GPU where there is one")])
    return "cuda" if there and asked != "cpu" else "cpu"


@contextmanager
def one_thread(device: str) -> Iterator[None]:
    """One thread, with which small networks are fastest and sums always come out alike; new tensors on the device."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # the context that makes new tensors elsewhere is asked at every call, which doubles the time of small networks
        with nullcontext() if device == "cpu" else torch.device(device):
            yield
    except RuntimeError as error:
        if isinstance(error, torch.cuda.OutOfMemoryError) or "allocate memory" in str(error):
            raise MemoryError(str(error)) from error
        raise
    finally:
        torch.set_num_threads(before)


def described(device: str) -> str:
    """What networks ran on, as a sentence for the notes."""
    name = f"GPU {torch.cuda.get_device_name()}" if device == "cuda" else "CPU, one thread"
    return f"networks by PyTorch {torch.__version__} on {name}"
