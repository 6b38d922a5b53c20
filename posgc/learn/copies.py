"""Episodes of a PettingZoo parallel environment side by side, each in an environment of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.learn.spaces import Space

__all__ = ["Copies", "asked", "five", "paid_to", "unfit"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
T = TypeVar("T")


class Copies:
    """Episodes side by side, each in an environment of its own."""

    def __init__(
        self, make: Callable[[], Any], first: Any, actions: list[Space], observations: list[Space], seed: int
    ) -> None:
        self._make, self._all, self._seed = make, [first], seed
        self._actions, self._observations = actions, observations
        self._live: list[Any] = []
        self._names = list(first.possible_agents)

    def begin(self, batch: int, first: int) -> Ints:
        """Own observations [n, batch] of episodes from number `first` on."""
        while len(self._all) < batch:
            self._all.append(asked("it cannot be made or copied", self._make))
        self._live = self._all[:batch]
        seen = []
        for k, env in enumerate(self._live):
            told = asked("reset failed", partial(env.reset, seed=self._seed + first + k))
            seen.append(self._seen(told[0] if isinstance(told, tuple) else told))
        return np.array(seen, np.int64).T

    def play(self, actions: Ints) -> tuple[Ints, Floats]:
        """Own observations and rewards [n, batch] after own actions [n, batch]."""
        seen, paid = [], []
        for env, played in zip(self._live, actions.T.tolist(), strict=True):
            chosen = {
                name: space.value(a)
                for name, space, a in zip(self._names, self._actions, played, strict=True)
                if name in env.agents
            }
            if not chosen:
                seen.append([space.size for space in self._observations])
                paid.append([0.0] * len(self._names))
                continue
            shown, rewards, *_ = five(asked("step failed", partial(env.step, chosen)))
            seen.append(self._seen({name: shown.get(name) for name in env.agents}))
            paid.append(paid_to(self._names, rewards))
        return np.array(seen, np.int64).T, np.array(paid, np.float64).T

    def _seen(self, told: Mapping[Any, Any]) -> list[int]:
        """Each agent's observation as a number; one more than all of its space for an agent that is done."""
        numbers = []
        for name, space in zip(self._names, self._observations, strict=True):
            number = space.number(told[name]) if name in told else space.size
            if number is None:
                raise unfit(f"it shows {name} an observation outside of its space: {told[name]!r}")
            numbers.append(number)
        return numbers


def asked(failing: str, call: Callable[[], T]) -> T:
    """What somebody's environment answers.  Raises InputError (E641) where it raises."""
    try:
        return call()
    except Exception as error:  # it may raise anything at all
        raise unfit(f"{failing}: {type(error).__name__}: {error}") from error


def five(told: Any) -> tuple[Any, ...]:
    """What a step returns.  Raises InputError (E641) where these are not five dictionaries."""
    if not isinstance(told, tuple) or len(told) != 5 or not all(isinstance(one, Mapping) for one in told):
        raise unfit("step returns something other than the five dictionaries of the parallel interface")
    return told


def paid_to(agents: Sequence[Any], rewards: Mapping[Any, Any]) -> list[float]:
    """Each agent's reward, 0 where there is none.  Raises InputError (E641) where it is not a finite number."""
    paid = asked("its rewards are not numbers", lambda: [float(rewards.get(name, 0.0)) for name in agents])
    for name, amount in zip(agents, paid, strict=True):
        if not math.isfinite(amount):
            raise unfit(f"it pays {name} {amount}, which is not a finite number")
    return paid


def unfit(why: str, cure: str = "mend the environment, or wrap it") -> InputError:
    return InputError([Diagnostic("E641", f"the environment cannot be learned in: {why}", help=cure)])
