"""Environments: what a learner plays in.

A compiled game is one (`posgc.play.simulator.Simulator`), somebody else's simulator another; whatever has these members
will do.  `CountedEnvironment` counts what is played and refuses to play past the budget; `RemoteEnvironment` plays in
another process, so that nothing of the game is within reach of who plays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from numbers import Integral
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import LimitError
from posgc.workers.fresh import SCRIPT, begin, unguarded

if TYPE_CHECKING:
    from posgc.play.simulator import Step

__all__ = ["Budget", "CountedEnvironment", "Environment", "RemoteEnvironment"]

Ints = npt.NDArray[np.int64]
MEMBERS = ("agents", "horizon", "discount", "action_sizes", "observation_sizes")


class Environment(Protocol):
    """A batch of episodes at a time, a joint action at a time, seeded: the same seed and number, the same episode."""

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the n agents, in the order of every axis [n]."""
        ...

    @property
    def horizon(self) -> int:
        """H, the decisions of an episode."""
        ...

    @property
    def discount(self) -> float:
        """What a reward is worth a step later."""
        ...

    @property
    def action_sizes(self) -> tuple[int, ...]:
        """How many own actions each agent has."""
        ...

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """How many own observations each agent can make."""
        ...

    def reset(self, batch: int, first: int = 0) -> Step:
        """Begin episodes `first` to `first + batch - 1`."""
        ...

    def step(self, actions: Ints) -> Step:
        """Play each agent's own actions, [n, B]."""
        ...


@dataclass(frozen=True)
class Budget:
    """What a learner may spend."""

    samples: int  # joint steps of the environment: a batch of B episodes of H decisions costs B * H
    seconds: float | None = None  # wall-clock time after which it should stop with what it has

    def __post_init__(self) -> None:
        """Raises TypeError for samples that are no whole number."""
        if not isinstance(self.samples, Integral) or isinstance(self.samples, bool):
            raise TypeError(f"samples is a whole number of joint steps, not {self.samples!r}")


class CountedEnvironment:
    """An environment that counts its joint steps and refuses the one past the budget."""

    def __init__(self, environment: Environment, budget: Budget) -> None:
        self._environment, self._budget = environment, budget
        self._batch = 0
        self.samples = 0
        self.agents, self.horizon, self.discount = environment.agents, environment.horizon, environment.discount
        self.action_sizes, self.observation_sizes = environment.action_sizes, environment.observation_sizes
        # how many episodes it plays at a time at most, where it says so
        self.largest_batch: int | None = getattr(environment, "largest_batch", None)

    @property
    def left(self) -> int:
        """Joint steps that may still be played."""
        return self._budget.samples - self.samples

    def reset(self, batch: int, first: int = 0) -> Step:
        """As `Environment.reset`; beginning is free."""
        self._batch = batch
        return self._environment.reset(batch, first)

    def step(self, actions: Ints) -> Step:
        """As `Environment.step`.  Raises LimitError where the budget does not allow for it."""
        self.spend(self._batch)
        return self._environment.step(actions)

    def spend(self, samples: int) -> None:
        """Count joint steps that are played now, or were elsewhere.  Raises LimitError where the budget does not allow
        for them."""
        if samples > self.left:
            raise LimitError(
                f"the budget of {self._budget.samples:,} samples is spent: {self.left:,} are left, and these "
                f"{samples:,} joint steps are more; raise --samples"
            )
        self.samples += samples


class RemoteEnvironment:
    """An environment that `make(*arguments)` builds and plays in another process; only steps travel.

    Use it in a `with` block.  An error over there is raised here, as the same type where it is ValueError or
    LimitError, else as RuntimeError.
    """

    def __init__(self, make: Callable[..., Environment], *arguments: Any) -> None:
        script = SCRIPT in bytes(ForkingPickler.dumps((make, arguments)))
        self._pipe, self._process = begin(_serve, make, arguments, main=script)
        said = self._receive()
        self.agents, self.horizon, self.discount, self.action_sizes, self.observation_sizes = said

    def reset(self, batch: int, first: int = 0) -> Step:
        """As `Environment.reset`."""
        step: Step = self._ask("reset", batch, first)
        return step

    def step(self, actions: Ints) -> Step:
        """As `Environment.step`."""
        step: Step = self._ask("step", actions)
        return step

    def __enter__(self) -> RemoteEnvironment:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pipe.close()
        self._process.join(5)
        self._process.terminate()

    def _ask(self, name: str, *arguments: Any) -> Any:
        self._pipe.send((name, arguments))
        return self._receive()

    def _receive(self) -> Any:
        try:
            good, said = self._pipe.recv()
        except EOFError:
            self._process.join()
            ended = RuntimeError("the process of the environment ended")
            raise unguarded(self._process.exitcode) or ended from None
        if good:
            return said
        kind, text = said
        raise {"ValueError": ValueError, "LimitError": LimitError}.get(kind, RuntimeError)(text)


def _serve(pipe: Any, make: Callable[..., Environment], arguments: tuple[Any, ...]) -> None:
    """The other process: builds the environment and answers until the pipe is closed."""
    environment: Environment | None = None
    while True:
        try:
            if environment is None:
                environment = make(*arguments)
                answer: Any = tuple(getattr(environment, name) for name in MEMBERS)
            else:
                name, given = pipe.recv()
                answer = getattr(environment, name)(*given)
        except EOFError:
            return
        except Exception as error:  # whatever it is, it belongs to who asked
            pipe.send((False, (type(error).__name__, str(error))))
            if environment is None:
                return
        else:
            pipe.send((True, answer))
