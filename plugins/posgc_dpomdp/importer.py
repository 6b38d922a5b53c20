"""The importers: from the text of a `.dpomdp` or `.pomdp` file to a model, in the order of the reader's stages.

parse → header → start law → T, O, R (writes, then tables) → rows checked → reachable model.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import ClassVar

import numpy as np

from posgc.model import Signature, Variable
from posgc.model.arrays import Kernel, Model
from posgc.plugin import Imported, RewardReading, Source, require_sense
from posgc.plugin.complaints import Complaints
from posgc_dpomdp.body import Write, read_writes
from posgc_dpomdp.build import build_initial, build_kernel, reachable
from posgc_dpomdp.header import DPOMDP, Header, read_header, read_single_header, start_law
from posgc_dpomdp.labels import Axis
from posgc_dpomdp.pomdp_syntax import parse_pomdp
from posgc_dpomdp.rewards import read_rewards, warn_if_readers_differ
from posgc_dpomdp.syntax import Document, parse
from posgc_dpomdp.tables import Bools, Floats, check_rows, fill

__all__ = ["DpomdpImporter", "PomdpImporter"]

_AGENTS = re.compile(r"^[ \t\ufeff]*agents[ \t]*:", re.MULTILINE)
_OTHERS = re.compile(r"^[ \t]*(discount|values|states|start|actions|observations)[ \t]*:", re.MULTILINE)

_COMMENT = re.compile(r"#[^\n]*")
_PREAMBLE = re.compile(r"(?<![^\s\ufeff])(discount|values|states|actions|observations)\s*:")
_OURS = re.compile(r"[\s\ufeff]*(game|use)\b")

_MOOT = frozenset({"N102", "N103", "N104", "N105", "N109", "N110", "W101"})
"""Notes about MADP's reader, which has no say in a `.pomdp` file."""


@dataclass(frozen=True)
class DpomdpImporter:
    """Reads the `.dpomdp` format of the MADP toolbox (Oliehoek et al., JMLR 2017) and the dialects of SDMS."""

    name: ClassVar[str] = "dpomdp"
    summary: ClassVar[str] = "Dec-POMDPs of the MADP toolbox (.dpomdp), and the quoted dialects of SDMS"
    suffixes: ClassVar[tuple[str, ...]] = (".dpomdp", ".posg", ".zsposg", ".pomdp")
    own_horizon: ClassVar[bool] = False

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it lacks the header lines of a .dpomdp file"

    def _recognises(self, source: Source) -> bool:
        """Whether the text has the header lines of the format, whatever the file is called."""
        return bool(_AGENTS.search(source.text) and _OTHERS.search(source.text))

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model over the reachable states, with notes on what was leniently read.

        `discount` overrides the file's; `reward` is `team` (the same for all) or `zero_sum` (the first of two
        agents', the second gets the negative); None is `team` but for files that end in `.zsposg`.  Raises
        InputError with every mistake found, LimitError when the game is too large to tabulate.
        """
        require_sense(self, source, horizon, discount, reward)
        complaints = Complaints(source)
        document = parse(complaints)
        header = read_header(document, complaints)
        if reward == "zero_sum" and len(header.agents) != 2:
            message = f"a zero-sum reading needs two agents, and the file has {len(header.agents)}"
            complaints.error("I106", message, None, "--reward team")
        return _read(document, header, complaints, horizon or 1, discount, reward)


@dataclass(frozen=True)
class PomdpImporter:
    """Reads the `.pomdp` format of A. R. Cassandra's pomdp-solve, and its MDPs: one agent."""

    name: ClassVar[str] = "pomdp"
    summary: ClassVar[str] = "POMDPs and MDPs in Cassandra's format (.pomdp, .mdp), one agent"
    suffixes: ClassVar[tuple[str, ...]] = (".pomdp", ".mdp")
    own_horizon: ClassVar[bool] = False

    def applies(self, source: Source) -> str | None:
        """None for a text of this format; only its beginning and shape are looked at."""
        return None if self._recognises(source) else "it lacks the preamble of a .pomdp file"

    def _recognises(self, source: Source) -> bool:
        """Whether the text has at least three items of the preamble, no agents, and is no game of our language."""
        text = _COMMENT.sub("", source.text)
        words = {found.group(1) for found in _PREAMBLE.finditer(text)}
        return len(words) >= 3 and not _AGENTS.search(text) and not _OURS.match(text)

    def read(
        self, source: Source, *, horizon: int | None, discount: float | None, reward: RewardReading | None
    ) -> Imported:
        """The model over the reachable states; raises as `DpomdpImporter.read` does.

        A file without `observations:` is an MDP: the agent observes the state, the first one included.
        """
        require_sense(self, source, horizon, discount, reward)
        complaints = Complaints(source, _MOOT)
        document = parse_pomdp(complaints)
        header = read_single_header(document, complaints)
        if reward == "zero_sum":
            complaints.error("I106", "a zero-sum reading needs two agents, and the file has one", None, "leave it out")
        return _read(document, header, complaints, horizon or 1, discount, reward)


def _read(
    document: Document,
    header: Header,
    complaints: Complaints,
    steps: int,
    discount: float | None,
    reward: RewardReading | None,
) -> Imported:
    """From the text in parts to the model, the same for every dialect."""
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
