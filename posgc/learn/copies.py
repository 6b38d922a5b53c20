"""Episodes of a PettingZoo parallel environment side by side, each in an environment of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.learn.spaces import Space
from posgc.model.rewards import REWARD_LIMIT

__all__ = ["Copies", "asked", "five", "paid_to", "playing", "shown_at_reset", "unfit"]

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
            made = asked("it cannot be made or copied", self._make)
            if made is self._all[0]:  # episodes that are played side by side would disturb each other
                raise unfit("the function that makes it returns the same one again", "have it make a new one each time")
            self._all.append(made)
        self._live = self._all[:batch]
        seen = []
        for k, env in enumerate(self._live):
            told = asked("reset failed", partial(env.reset, seed=self._seed + first + k))
            seen.append(self._seen(env, shown_at_reset(env, told)))
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
            seen.append(self._seen(env, shown))
            paid.append(paid_to(self._names, list(chosen), rewards))
        return np.array(seen, np.int64).T, np.array(paid, np.float64).T

    def _seen(self, env: Any, shown: Mapping[Any, Any]) -> list[int]:
        """Each agent's observation as a number; one more than all of its space for an agent that is done."""
        numbers, still = [], playing(env, self._names, shown)
        for name, space in zip(self._names, self._observations, strict=True):
            number = space.number(shown[name]) if name in still else space.size
            if number is None:
                raise unfit(f"it shows {name} an observation outside of its space: {shown[name]!r}")
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


def shown_at_reset(env: Any, told: Any) -> Mapping[Any, Any]:
    """The observations that a reset returns.  Raises InputError (E641) where these are none, or nobody plays."""
    shown = told[0] if isinstance(told, tuple) and told else told
    if not isinstance(shown, Mapping):
        raise unfit("reset returns something other than dictionaries of observations and infos")
    if not _agents(env):
        raise unfit("after reset it has no agents that play")
    return shown


def playing(env: Any, possible: Sequence[Any], shown: Mapping[Any, Any]) -> list[Any]:
    """The agents that go on, who are shown something.  Raises InputError (E641) where one is not among the possible
    ones, or is shown nothing."""
    agents = _agents(env)
    for name in agents:
        if name not in possible:
            raise unfit(f"{name!r} plays, who is not among its possible_agents")
        if name not in shown:
            raise unfit(f"{name} plays and is shown no observation")
    return agents


def _agents(env: Any) -> list[Any]:
    return asked("it names no agents", lambda: list(env.agents))


def paid_to(agents: Sequence[Any], played: Collection[Any], rewards: Mapping[Any, Any]) -> list[float]:
    """Each agent's reward, 0 for those who have not played.  Raises InputError (E641) where one who has played gets
    none, or none that is a finite number."""
    missing = [name for name in played if name not in rewards]
    if missing:
        raise unfit(f"it pays {missing[0]}, who has played, no reward, not even 0")
    paid = asked(
        "its rewards are not numbers", lambda: [float(rewards[name]) if name in played else 0.0 for name in agents]
    )
    for name, amount in zip(agents, paid, strict=True):
        if not math.isfinite(amount):
            raise unfit(f"it pays {name} {amount}, which is not a finite number")
        if abs(amount) > REWARD_LIMIT:
            raise unfit(f"it pays {name} {amount:g} (limit {REWARD_LIMIT:g})", "let it pay in a larger unit")
    return paid


def unfit(why: str, cure: str = "mend the environment, or wrap it") -> InputError:
    return InputError([Diagnostic("E641", f"the environment cannot be learned in: {why}", help=cure)])
