"""FM-E and RNN-E from a budget to policies; several networks can be taught at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.coordination.limits import Limits
from posgc.information.items import Structure
from posgc.play.environment import CountedEnvironment
from posgc.policy.controllers import Controllers
from posgc_neural.curves import Curve
from posgc_neural.local import Local, Tokens, Values, streams_of
from posgc_neural.loop import Progress, Schedule, described, device_of, one_thread, trained
from posgc_neural.networks import ROWS, Memory, Recurrent, Windowed, require_numbers
from posgc_neural.options import BaselineOptions, FmOptions
from posgc_neural.written_out import written_out

__all__ = ["Baseline", "learned_baseline"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """What was learned."""

    policies: list[Controllers]  # of each network
    curve: Curve
    episodes: int  # that each network played
    left: int  # that were not played, as a limit was reached
    together: int  # of each network, at a time
    machine: str  # what PyTorch ran on


def learned_baseline(
    environment: CountedEnvironment,
    structure: Structure,
    o: BaselineOptions,
    seed: int,
    copies: int,
    progress: Progress,
    limits: Limits,
) -> Baseline:
    """Teach `copies` networks at once, each on its own episodes and from its own random numbers, with at most an equal
    part of the budget each, as far as `limits` let it come.  Raises as `collect` and `written_out`."""
    horizon = structure.horizon
    episodes = min(o.episodes, environment.left // horizon // copies)
    together = min(o.together, episodes, environment.largest_batch or o.together)
    schedule = Schedule(
        episodes,
        together,
        together,
        max(together, o.replay // horizon),
        max(1, o.batch // horizon),
        o.rate,
        o.sync,
        (o.explore_from, o.explore_to),
    )
    memory: Memory = Windowed(o.memory, o.hidden) if isinstance(o, FmOptions) else Recurrent(o.hidden)
    values, streams = Values(Tokens(structure), memory), streams_of(seed, copies)
    tokens = copies * structure.n_agents * max(schedule.batch * horizon, together)
    require_numbers(tokens * o.hidden, "layers of a gradient step", ROWS, "lower --option hidden, batch or together")
    device = device_of(o.device)
    with one_thread(device):
        begin = memory.parameters(streams, values.tokens.size, values.tokens.actions)
        learner = Local(values, environment, copies, o.bootstrap, seed)
        parameters, rows = trained(learner, begin, schedule, streams, progress, limits)
        policies = written_out(values, parameters)
    played = int(rows[-1, 0])
    rows[:, 0] *= horizon
    return Baseline(policies, Curve(rows, "environment"), played, episodes - played, together, described(device))
