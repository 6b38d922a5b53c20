"""LACI in its neural form: episodes by uniform draws, a model of windows fitted by networks, and Q-learning in it.

Q(window, u, a) is the return of a team that plays the joint action a at joint private information u and what it finds
best from then on; the value of a window is that of its best prescription (`posgc_neural.stages`).  Under full sharing u
is empty and this is deep Q-learning of a central planner.  In the model, u is what the play has brought about; at a
window it is weighed by the fitted P(u | window).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from posgc.coordination.limits import Limits
from posgc.information.codes import evolve, initial_codes
from posgc.information.items import Structure
from posgc.learning.sampling import Batch, collect, joined
from posgc.play.environment import CountedEnvironment
from posgc.play.players import UniformPlayer
from posgc.policy.machine import Machine
from posgc_neural.curves import Curve
from posgc_neural.fitted import Fitted, fit
from posgc_neural.local import streams_of
from posgc_neural.loop import Progress, Schedule, described, device_of, one_thread, trained
from posgc_neural.networks import ROWS, layers, require_numbers, through
from posgc_neural.options import LaciOptions
from posgc_neural.pursued import pursued
from posgc_neural.stages import Stage
from posgc_neural.windows import Windows

__all__ = ["Planned", "WindowLearner", "learned_windows"]

Tensor = Any
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
KEPT = ("window", "private", "weight", "action", "reward")
"""What is replayed of each step."""


@dataclass(frozen=True)
class Planned:
    """What was learned."""

    policy: Machine
    curve: Curve
    fit_steps: int
    episodes: int  # of the model
    left: int  # that were not played, as a limit was reached
    machine: str  # what PyTorch ran on


def learned_windows(
    environment: CountedEnvironment,
    structure: Structure,
    o: LaciOptions,
    seed: int,
    progress: Progress,
    limits: Limits,
) -> Planned:
    """Learn with all that the budget and the limits allow.  Raises as `collect`, `Stage.best` and `pursued`."""
    windows, (stream,) = Windows(structure, o.memory), streams_of(seed, 1)
    episodes = environment.left // structure.horizon
    together, actions = min(o.together, o.episodes), structure.signature.action_sizes
    read = windows.size + windows.private.size + sum(actions)  # numbers of (window, u, a)
    widest, played = max(read, o.hidden), episodes * structure.horizon
    cure = "lower --samples, or --option memory"
    require_numbers(played * read, "windows of the episodes", ROWS, cure)
    cure = "lower --option members, hidden, memory, fit-batch, batch or together"
    require_numbers(o.members * min(o.fit_batch, played) * widest, "layers while the model is fitted", cure=cure)
    require_numbers(o.members * together * widest, "layers while the model is played", cure=cure)
    require_numbers(o.batch * structure.horizon * widest, "layers of a gradient step", cure=cure)
    batches = list[Batch]()
    for one in collect(environment, structure, UniformPlayer(structure), episodes, seed):
        batches.append(one)
        if limits():
            break
    batch = joined(batches)
    progress("play", environment.samples, environment.samples + environment.left)
    schedule = Schedule(
        o.episodes,
        together,
        o.gradients,
        max(o.replay, o.together),
        o.batch,
        o.rate,
        o.sync,
        (o.explore_from, o.explore_to),
        cools=True,
    )
    device = device_of(o.device)
    with one_thread(device):

        def told(done: int, total: int) -> None:
            progress("fit", done, total)

        model = fit(batch, windows, o, stream, told, limits)
        learner = WindowLearner(model, environment.discount, stream)
        begin = layers([stream], [windows.size + windows.private.size, o.hidden, o.hidden, prod(actions)])
        parameters, rows = trained(learner, begin, schedule, [stream], progress, limits)
        policy = pursued(model, learner.prescribed(parameters), o.rare)
    planned = int(rows[-1, 0])
    rows[:, 0] *= structure.horizon
    return Planned(policy, Curve(rows, "model"), model.steps, planned, o.episodes - planned, described(device))


@dataclass(frozen=True)
class WindowLearner:
    """The learner of the training loop: one network, in the fitted model."""

    model: Fitted
    discount: float
    stream: np.random.Generator

    @cached_property
    def stages(self) -> list[Stage]:
        """Of every step."""
        structure = self.model.windows.structure
        return [Stage(structure, h, u) for h, u in enumerate(self.model.private, start=1)]

    @cached_property
    def _private(self) -> list[Tensor]:
        """[U_h, P] of every step: the joint private informations as networks read them."""
        return [torch.tensor(self.model.windows.private.of(s.h, s.u)) for s in self.stages]

    @cached_property
    def _allowed(self) -> list[Ints]:
        """The joint actions of every step."""
        sizes = self.model.windows.structure.signature.action_sizes
        return [np.ravel_multi_index(np.meshgrid(*s.choices, indexing="ij"), sizes).ravel() for s in self.stages]

    def values(self, parameters: list[Tensor], h: int, window: Tensor) -> Tensor:
        """Q(window, u, a) in units, [rows, U_h, A]."""
        private = self._private[h - 1]
        told = torch.cat(
            (
                window[:, None].expand(-1, len(private), -1),
                private.expand(len(window), -1, -1),
            ),
            dim=-1,
        )
        return through(parameters, told.flatten(0, 1)[None])[0].unflatten(0, told.shape[:2])

    def best(self, parameters: list[Tensor], h: int, window: Tensor) -> tuple[Tensor, Tensor]:
        """P(u | window), and the joint action that the best prescription plays at each u, both [rows, U_h]."""
        law = self.model.law_of_private(h, window)
        return law, self.stages[h - 1].best(self.values(parameters, h, window), law)[1]

    def prescribed(self, parameters: list[Tensor]) -> Any:
        """A function from (stage, windows) to the joint actions [rows, U_h]."""
        return lambda stage, window: self.best(parameters, stage.h, window)[1]

    def play(self, parameters: list[Tensor], epsilon: float, size: int, first: int) -> tuple[dict[str, Tensor], Floats]:
        """As `Learner.play`, in the model; returns are discounted and in the unit of the game."""
        model, stream, stages = self.model, self.stream, self.stages
        windows, structure = model.windows, model.windows.structure
        flat = [p[0][None] for p in parameters]
        z, u = initial_codes(structure, stream.choice(model.first[0], size=size, p=model.first[1]))
        window, rows, found = windows.first(z), np.arange(size), dict[str, list[Tensor]]()
        most = max(map(len, model.private))
        for stage in stages:
            h, now = stage.h, torch.tensor(window)
            held = _nearest(stage.u, u)
            weight, best = self.best(flat, h, now)
            action = best.cpu().numpy()[rows, held]
            wanders = stream.random(size) < epsilon
            action[wanders] = stream.choice(self._allowed[h - 1], size=int(wanders.sum()))
            private = self._private[h - 1][torch.tensor(held)]
            law, reward = model.outcomes(now, private, action)
            weight = torch.nn.functional.pad(weight, (0, most - len(stage.u)))
            for name, one in zip(KEPT, (now, private, weight, action, reward), strict=True):
                found.setdefault(name, []).append(torch.as_tensor(one))
            if h < structure.horizon:
                passed = law.double().cumsum(dim=-1).cpu().numpy()
                drawn = (passed < stream.random((size, 1)) * passed[:, -1:]).sum(axis=1)
                z, u = evolve(structure, h, stage.u[held], action, model.seen[drawn])
                window = windows.follow(h + 1, window, z)
        played = {name: torch.stack(parts)[None] for name, parts in found.items()}
        worth = model.unit * self.discount ** np.arange(structure.horizon)
        return played, worth @ played["reward"].double().cpu().numpy()

    def loss(self, parameters: list[Tensor], target: list[Tensor], batch: dict[str, Tensor]) -> Tensor:
        """As `Learner.loss`: the mean squared error over episodes and steps."""
        window, private, weight, action, reward = (batch[name][0] for name in KEPT)
        told = torch.cat((window, private), dim=-1).flatten(0, 1)
        values = through(parameters, told[None])[0].gather(1, action.flatten()[:, None])[:, 0]
        with torch.no_grad():
            wanted = reward.clone()
            for before, stage in enumerate(self.stages[1:]):
                after = self.values(target, stage.h, window[before + 1])
                law = weight[before + 1, :, : len(stage.u)]
                wanted[before] += self.discount * stage.worth(after, law)
        return (values - wanted.flatten()).square().mean()


def _nearest(known: Ints, codes: Ints) -> Ints:
    """Where the codes stand in an ascending list; what no episode showed, and the model thinks possible, is taken for a
    neighbour."""
    return np.minimum(np.searchsorted(known, codes), len(known) - 1)
