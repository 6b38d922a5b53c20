"""A model from dense arrays with one axis for each agent, as NumPy users have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.model import Model
from posgc.model.build import from_arrays

__all__ = ["model_of_arrays"]

Floats = npt.NDArray[np.float64]

ENTRIES = 1 << 27
"""Numbers of the joint law of observations and states, [A, S, O, S], that are made (a GiB)."""


def model_of_arrays(
    T: npt.ArrayLike,
    O: npt.ArrayLike,
    R: npt.ArrayLike,
    initial: npt.ArrayLike,
    discount: float,
    agents: Sequence[str] | None,
    name: str,
) -> Callable[[int], Model]:
    """The model for each horizon; shapes as in `posgc.from_arrays`.  Raises InputError (E634), LimitError."""
    transition, emission, reward, start = _real("T", T), _real("O", O), _real("R", R), _real("initial", initial)
    n = transition.ndim - 2
    if n < 1:
        raise _wrong(f"T has shape {transition.shape}", "one axis for each agent's actions, then [S, S']")
    actions, states = transition.shape[:n], transition.shape[-1]
    if reward.ndim == n + 1:
        reward = np.broadcast_to(reward, (n, *reward.shape))
    observations = emission.shape[n + 1 :]
    for what, shape, expected in (
        ("T", transition.shape, (*actions, states, states)),
        ("O", emission.shape, (*actions, states, *observations)),
        ("R", reward.shape, (n, *actions, states)),
        ("initial", start.shape, (states,)),
    ):
        if shape != expected:
            raise _wrong(f"{what} has shape {shape}, expected {expected}", "see help(posgc.from_arrays)")
    if len(observations) != n:
        raise _wrong(f"O has shape {emission.shape}", f"after [{n} action axes, S'] one axis for each agent")
    if 0 in (*actions, states, *observations):
        raise _wrong("an axis is empty", "every agent needs an action and an observation, be it the only one")
    joint, seen = int(np.prod(actions)), int(np.prod(observations))
    if joint * states * seen * states > ENTRIES:
        raise LimitError(
            f"the joint law would hold {joint * states * seen * states} numbers (limit {ENTRIES}); write "
            "the game in the language, which keeps what is not zero"
        )
    for what, table in (("T", transition), ("O", emission.reshape(*actions, states, seen)), ("initial", start)):
        _require_laws(what, table)
    _require_names(agents, n)
    return lambda horizon: from_arrays(
        transition=transition.reshape(joint, states, states),
        emission=emission.reshape(joint, states, seen),
        reward=reward.reshape(n, joint, states),
        initial=start,
        action_sizes=actions,
        observation_sizes=observations,
        horizon=horizon,
        discount=discount,
        name=name,
        agents=agents,
    )


def _real(what: str, array: npt.ArrayLike) -> Floats:
    try:
        found = np.array(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _wrong(f"{what} is not an array of numbers: {error}", "see help(posgc.from_arrays)") from None
    if not np.isfinite(found).all():
        raise _wrong(f"{what} holds a number that is not finite", "give finite numbers")
    return found


def _require_laws(what: str, table: Floats) -> None:
    sums = table.sum(axis=-1)
    bad = np.argwhere((table.min(axis=-1) < 0) | (np.abs(sums - 1) > 1e-9))
    if len(bad):
        row = tuple(bad[0].tolist())
        place = f"{what}[{', '.join(map(str, row))}]" if row else what
        raise _wrong(
            f"{place} is not a probability distribution: it adds up to {sums[row]:.12g}, its least entry is "
            f"{table[row].min():.3g}",
            "divide every row by its sum",
        )


def _require_names(agents: Sequence[str] | None, n: int) -> None:
    names = None if agents is None else list(agents)
    if names is None or (len(set(names)) == n == len(names) and all(isinstance(x, str) and x for x in names)):
        return
    raise _wrong(f"agents is {names!r}", f"{n} different names, as T has {n} action axes")


def _wrong(what: str, cure: str) -> InputError:
    return InputError([Diagnostic("E634", what, help=cure)])
