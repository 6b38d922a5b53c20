"""The model of a window, fitted by networks: who holds what in private, what is seen next, and what is earned.

    P(u_h | window)           among the joint private informations that were met at step h
    P(o_{h+1} | window, u, a) among the joint observations that were met
    r(window, u, a)           in units of the largest reward that was met

Each is the mean of several networks of two hidden layers, which errs less than one that is fitted as long: a policy
that is planned in a model looks for its errors.  The paper's App. F names networks in place of counts, and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from posgc.coordination.limits import Limits
from posgc.information.items import Structure
from posgc.learning.sampling import Batch
from posgc_neural.loop import cool
from posgc_neural.networks import layers, require_finite, through
from posgc_neural.options import LaciOptions
from posgc_neural.windows import Windows

__all__ = ["Fitted", "fit"]

Tensor = Any
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model."""

    windows: Windows
    first: tuple[Ints, Floats]  # joint observations o_1 that were met, and their shares
    private: list[Ints]  # of each step, the codes of u_h that were met, ascending
    seen: Ints  # joint observations that were met from step 2 on, ascending
    unit: float  # of rewards
    held: list[Tensor]  # weights: from windows to all private informations of the step that has most
    outcome: list[Tensor]  # weights: from (window, u, a) to all joint observations and a reward
    steps: int  # gradient steps

    def law_of_private(self, h: int, window: Tensor) -> Tensor:
        """P(u | window), [rows, U_h]."""
        if len(self.private[h - 1]) == 1:
            return torch.ones(len(window), 1)
        logits = through(self.held, window.expand(len(self.held[0]), -1, -1))
        return logits[..., : len(self.private[h - 1])].softmax(dim=-1).mean(dim=0)

    def outcomes(self, window: Tensor, private: Tensor, action: Ints) -> tuple[Tensor, Tensor]:
        """P(o | ..) [rows, O] and rewards in units [rows]; `private` [rows, P] as `Windows.private` has it, `action`
        [rows] joint."""
        told = torch.cat((window, private, actions_of(self.windows.structure, action)), dim=-1)
        found = through(self.outcome, told.expand(len(self.outcome[0]), -1, -1))
        return found[..., :-1].softmax(dim=-1).mean(dim=0), found[..., -1].mean(dim=0)


def actions_of(structure: Structure, action: Ints) -> Tensor:
    """Each agent's own action, one-hot side by side, of joint actions."""
    sizes = structure.signature.action_sizes
    own = np.unravel_index(action, sizes)
    return torch.cat([torch.eye(size)[torch.tensor(one)] for one, size in zip(own, sizes, strict=True)], dim=-1)


def fit(
    batch: Batch,
    windows: Windows,
    o: LaciOptions,
    stream: np.random.Generator,
    told: Callable[[int, int], None],
    limits: Limits,
) -> Fitted:
    """Fit the model to episodes; `told` is called with the gradient steps taken and all of them, and where a limit is
    reached there are no more.  Raises InputError
    (E612) where the weights become infinite, LimitError where there are too many."""
    passes, size, rate, members = o.passes, o.fit_batch, o.fit_rate, o.members
    structure, horizon = windows.structure, windows.structure.horizon
    window, codes = windows.along(batch)
    private = [np.unique(own) for own in codes]
    place = np.concatenate([np.searchsorted(known, own) for known, own in zip(private, codes, strict=True)])
    told_u = np.concatenate([windows.private.of(h, own) for h, own in enumerate(codes, start=1)])
    later = batch.observation[1:]
    seen = np.unique(np.concatenate(later)) if later else np.zeros(1, np.int64)
    following = np.concatenate([*(np.searchsorted(seen, own) for own in later), np.full(batch.size, -1)])
    paid = np.concatenate([own[0] for own in batch.reward])
    unit = float(np.abs(paid).max()) or 1.0
    x = torch.tensor(np.concatenate(window))
    xu = torch.cat((x, torch.tensor(told_u), actions_of(structure, np.concatenate(batch.action))), dim=-1)
    where, after = torch.tensor(place), torch.tensor(following)
    earned = torch.tensor(paid / unit, dtype=torch.float32)
    most = max(map(len, private))
    open_ = torch.tensor(np.stack([np.where(np.arange(most) < len(known), 0, -np.inf) for known in private])).float()
    step = torch.arange(horizon).repeat_interleave(batch.size)
    held = layers([stream] * members, [x.shape[1], o.hidden, o.hidden, most])
    outcome = layers([stream] * members, [xu.shape[1], o.hidden, o.hidden, len(seen) + 1])
    weights = [p.requires_grad_() for p in (*held, *outcome)]
    adam = torch.optim.AdamW(weights, lr=rate, weight_decay=o.decay, fused=True)
    rows = len(x)
    total, done = passes * -(-rows // size), 0
    for _ in range(passes):
        order = torch.tensor(stream.permutation(rows))
        for chosen in order.split(size):
            cool(adam, rate, done / total)
            adam.zero_grad()
            out = through(outcome, xu[chosen].expand(members, -1, -1))
            loss = members * ((out[..., -1] - earned[chosen]) ** 2).mean()
            loss = loss + _cross_entropy(out[..., :-1], after[chosen])
            if most > 1:
                logits = through(held, x[chosen].expand(members, -1, -1)) + open_[step[chosen]]
                loss = loss + _cross_entropy(logits, where[chosen])
            loss.backward()
            adam.step()
            done += 1
            if limits():
                break
        require_finite(weights, "fit-rate")
        told(done, total)
        if limits():
            break
    count = np.unique(batch.observation[0], return_counts=True)
    weights = [p.detach() for p in weights]
    cut = len(held)
    return Fitted(windows, (count[0], count[1] / batch.size), private, seen, unit, weights[:cut], weights[cut:], done)


def _cross_entropy(logits: Tensor, which: Tensor) -> Tensor:
    """The sum over the members of mean cross-entropies, from logits [members, rows, ..]; rows of -1 have nothing to
    say."""
    valid = which >= 0
    if not bool(valid.any()):
        return 0 * logits.sum()
    at = which[valid].expand(len(logits), -1)
    return -logits[:, valid].log_softmax(dim=-1).gather(-1, at[..., None]).mean(dim=(1, 2)).sum()
