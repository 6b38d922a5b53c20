"""From the text of a `.dpomdp` or `.pomdp` file, split into statements, to a model; the same for every dialect.

Header → start law → T, O, R (writes, then tables) → rows checked → reachable model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

import numpy as np

from posgc.model import Signature, Variable
from posgc.model.arrays import Kernel, Model
from posgc.plugin import Imported, RewardReading
from posgc.plugin.complaints import Complaints
from posgc_dpomdp.body import Write, read_writes
from posgc_dpomdp.build import build_initial, build_kernel, reachable
from posgc_dpomdp.dialects import DPOMDP
from posgc_dpomdp.header import Header
from posgc_dpomdp.labels import Axis
from posgc_dpomdp.rewards import read_rewards, warn_if_readers_differ
from posgc_dpomdp.start import start_law
from posgc_dpomdp.syntax import Document
from posgc_dpomdp.tables import Bools, Floats, check_rows, fill

__all__ = ["read_model"]


def read_model(
    document: Document,
    header: Header,
    complaints: Complaints,
    steps: int,
    discount: float | None,
    reward: RewardReading | None,
) -> Imported:
    """The model over the reachable states, with notes.

    Raises InputError with every mistake found, LimitError where the game is too large to tabulate.
    """
    start = start_law(header, complaints)
    transition, observation, writes = _laws(document, header, complaints, start)
    complaints.settle()
    rewards = read_rewards(writes, header, complaints)
    kept = reachable(start, transition)
    kernel = build_kernel(transition, observation, rewards, kept)
    if len(kernel.reward) == 1 and "W101" not in complaints.moot:
        last_law = max((s.head.start_pos or 0 for s in document.statements if s.head[0] != "R"), default=0)
        laws = transition, observation
        warn_if_readers_differ(writes, header, laws, kernel.reward[0], kept, last_law, complaints)
    kernel = _share(kernel, header, reward, complaints)
    n = len(header.agents)
    observed = np.ones((steps + 1, n), dtype=np.bool_)
    observed[0] = header.observed
    model = Model(
        name=PurePath(complaints.source.name).stem,
        title="",
        signature=_signature(header),
        horizon=steps,
        discount=header.discount if discount is None else discount,
        state_names=("state",),
        state_labels=(header.states.parts[0].labels(),),
        state_values=kept[:, None],
        initial=build_initial(start, kept, header.observed),
        kernels=(kernel,),
        kernel_of_step=(0,) * steps,
        active=np.ones((steps, n), dtype=np.bool_),
        observed=observed,
    )
    return Imported(model, complaints.notes())


def _laws(
    document: Document, header: Header, complaints: Complaints, start: Floats
) -> tuple[Floats, Floats, list[Write]]:
    """T as [A, S, S], O as [A, S, O], and the writes of R.

    A malformed line makes every row of its letter suspect: their sums would only repeat its mistake.  Rows that no
    play uses need not be there: of T at states that are not reached, of O where (ja, s') does not occur.
    """
    states, actions = header.states, header.actions
    reset = start if header.dialect is not DPOMDP else None

    def law(letter: str, axis: Axis, used: Callable[[Floats], Bools]) -> Floats:
        writes, suspect = read_writes(letter, document.statements, header, complaints, reset)
        table = fill((*actions.shape, states.size, *axis.shape), writes, len(actions.shape) + 1)
        if letter in document.damaged:
            suspect = [()]
        here = used(table.values.reshape(actions.size, states.size, -1))
        return check_rows(letter, table, (actions, states), writes, suspect, complaints, here)

    def reached(table: Floats) -> Bools:
        at: Bools = np.zeros((actions.size, states.size), dtype=np.bool_)
        # without a first state, which is a mistake, every row counts
        at[:, reachable(start, table) if start.any() else slice(None)] = True
        return at

    transition = law("T", states, reached)
    # [ja, s']: whether s' can follow ja
    occurs: Bools = np.any(transition[:, reached(transition)[0]] > 0, axis=1)
    if header.observed:
        observation: Floats = np.broadcast_to(np.eye(states.size), transition.shape)
    else:
        observation = law("O", header.observations, lambda _: occurs)
    return transition, observation, read_writes("R", document.statements, header, complaints)[0]


def _share(kernel: Kernel, header: Header, reward: RewardReading | None, complaints: Complaints) -> Kernel:
    """The kernel with a reward row for each agent: as the file gives them, or by the reading asked for."""
    agents = len(header.agents)
    if len(kernel.reward) == agents and agents > 1:
        if reward is not None:
            complaints.error("I106", "the file gives every agent a reward of its own", None, "leave --reward out")
            complaints.settle()
        return kernel
    if reward is None and agents == 2 and complaints.source.name.endswith(".zsposg"):
        complaints.note(
            "N112",
            "zero-sum: the rewards are the first agent's, the second gets the negative",
            None,
            "--reward team reads them as everybody's",
        )
        reward = "zero_sum"
    signs = np.ones((agents, 1))
    if reward == "zero_sum":
        signs[1] = -1.0
    sample = None if kernel.sample_reward is None else signs * kernel.sample_reward
    return replace(kernel, reward=signs[:, :, None] * kernel.reward, sample_reward=sample)


def _signature(header: Header) -> Signature:
    def variables(name: str, axis: Axis) -> tuple[Variable, ...]:
        return tuple(Variable(name, i, labels.labels()) for i, labels in enumerate(axis.parts))

    return Signature(header.agents, variables("act", header.actions), variables("obs", header.observations))
