"""The modules run side by side from the initial state, a layer of states at a time.

A choice of a label is one enabled command of each module that takes part, and its outcomes are the products of their
updates.  All choices of a part of a layer are made at once: each module makes the rows longer by its commands, then
each makes the outcomes longer by its updates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.plugin import LimitError, Span
from posgc.plugin.complaints import Complaints
from posgc_prism.expressions import Expr, Values
from posgc_prism.system import Command, Label, System

__all__ = ["MAX_CELLS", "MAX_ENTRIES", "MAX_WORK", "Reached", "explore"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
MAX_ENTRIES = 2_000_000  # outcomes of all choices together: some ten seconds
MAX_CELLS = 20_000_000  # outcomes times variables of one part of a layer
MAX_WORK = 20_000_000  # parts of expressions times layers: less than a minute
_LAYER = 1000  # parts that cost what a layer does by itself
_PART = 4096  # states
_EXACT, _ROUNDED = 1e-9, 1e-5  # absolute: sums this close to 1 are exact, or rounded; the rest is refused


@dataclass(frozen=True)
class Reached:
    """The reachable states; choices by their state, then by label and rank; outcomes by their choice."""

    states: Ints  # [S, variables], ascending
    first: int  # number of the initial state
    state: Ints  # [choices]
    label: Ints  # [choices]
    rank: Ints  # [choices], number among the choices of one label at one state
    reward: Floats  # [choices], what the action pays
    paid: Floats  # [S], what the state pays
    choice: Ints  # [outcomes]
    target: Ints  # [outcomes], the new state
    chance: Floats  # [outcomes]


class _Part:
    """Some states of a layer, and what can happen there."""

    def __init__(self, explorer: _Explorer, rows: Ints) -> None:
        self.explorer, self.rows = explorer, rows
        self.complaints = explorer.complaints
        self.values = Values(rows, explorer.complaints)

    def choices(self, label: Label) -> tuple[Ints, Ints]:
        """The rows at which the choices are, ascending, and the command of each module: [choices, modules]."""
        at, commands = np.arange(len(self.rows)), np.zeros((len(self.rows), 0), dtype=np.int64)
        for own in label.commands:
            # one enabled command of each module that takes part: each module multiplies the rows by its enabled
            # commands
            enabled = [self.values.truth(command.guard)[at] for command in own]
            self.explorer.within(sum(int(each.sum()) for each in enabled), len(label.commands))
            old = np.concatenate([np.flatnonzero(each) for each in enabled])
            new = np.repeat(np.arange(len(own)), [int(each.sum()) for each in enabled])
            order = np.argsort(old, kind="stable")
            old, new = old[order], new[order]
            at, commands = at[old], np.column_stack([commands[old], new])
        return at, commands

    def outcomes(self, label: Label, at: Ints, commands: Ints) -> tuple[Ints, Floats, Ints]:
        """Choice, probability and new values of every outcome of positive probability."""
        choice, chance, values = np.arange(len(at)), np.ones(len(at)), self.rows[at]
        for k, own in enumerate(label.commands):
            parts = list[tuple[Ints, Floats, Ints]]()
            for number, command in enumerate(own):
                rows = np.flatnonzero(commands[choice, k] == number)
                if len(rows):
                    parts += self._extended(command, rows, at, (choice, chance, values))
            choice, chance, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        return choice, chance, values

    def _extended(
        self, command: Command, rows: Ints, at: Ints, so_far: tuple[Ints, Floats, Ints]
    ) -> Iterator[tuple[Ints, Floats, Ints]]:
        """The outcomes of some rows, once for each update."""
        choice, chance, values = so_far
        # probabilities read the state alone: once for each state, not for each outcome so far
        where, back = np.unique(at[choice[rows]], return_inverse=True)
        laws = self._laws(command, where)
        self.explorer.within(int((laws[:, back] > 0).sum()), values.shape[1])
        for update, law in zip(command.updates, laws, strict=True):
            likely = law > 0
            place = np.cumsum(likely) - 1  # among the rows at which the update can happen
            keep = likely[back]
            source = rows[keep]
            changed = values[source]
            for column, expr in update.writes:
                # all updates read the old state (PRISM's semantics), so that their order does not matter
                changed[:, column] = self._written(column, expr, where[likely])[place[back[keep]]]
            yield choice[source], chance[source] * law[back[keep]], changed

    def _laws(self, command: Command, where: Ints) -> Floats:
        """The probabilities of the updates [updates, rows], which sum to 1: I105, I103, N106."""
        values = Values(self.rows[where], self.complaints)
        laws = np.ones((len(command.updates), len(where)))
        for k, update in enumerate(command.updates):
            if update.probability is not None:
                law = laws[k] = values.number(update.probability)
                span = update.probability.span
                self.require((law >= 0) & (law <= 1 + _ROUNDED), where, law, span, "I105", "this probability is {}")
        sums = laws.sum(axis=0)
        last = command.updates[-1].probability
        off = np.abs(sums - 1)
        span = command.span if last is None else last.span
        self.require(off <= _ROUNDED, where, sums, span, "I103", "the probabilities of this command sum to {}, not 1,")
        if len(off) and _EXACT < off.max() <= _ROUNDED:
            said = f"probabilities that sum to 1 only within {off.max():.1e} were renormalised"
            self.complaints.note("N106", said, span)
        self.complaints.settle()
        normalised: Floats = laws / sums
        return normalised

    def _written(self, column: int, expr: Expr, where: Ints) -> Ints:
        variable = self.explorer.system.variables[column]
        values = Values(self.rows[where], self.complaints)
        if variable.kind == "bool":
            return values.truth(expr).astype(np.int64)
        found = values.number(expr)
        good = (found >= variable.low) & (found <= variable.high)
        wrong = f"`{variable.name}`, which ranges from {variable.low} to {variable.high}, becomes {{}}"
        self.require(good, where, found, expr.span, "I105", wrong)
        self.complaints.settle()
        return found.astype(np.int64)

    def require(self, good: Bools, where: Ints, found: Floats, span: Span, code: str, message: str) -> None:
        """An error that names the first state at which something is not good."""
        if not good.all():
            k = int(np.argmin(good))
            said = f"{message.format(f'{found[k]:.12g}')} at {self.explorer.shown(self.rows[where[k]])}"
            self.complaints.error(code, said, span, "see the values there")

    def paid(self, action: str | None, at: Ints) -> Floats:
        """What some rows pay for an action, without one for being there."""
        total = np.zeros(len(self.rows))
        for reward in self.explorer.system.rewards:
            if reward.action == action:
                where = np.unique(at)
                where = where[self.values.truth(reward.guard)[where]]
                value = Values(self.rows[where], self.complaints).number(reward.value)
                self.require(np.isfinite(value), where, value, reward.value.span, "I105", "this reward is {}")
                total[where] += value
        self.complaints.settle()
        return total[at]


class _Explorer:
    def __init__(self, system: System, complaints: Complaints) -> None:
        self.system, self.complaints = system, complaints
        sizes = [v.high - v.low + 1 for v in system.variables]
        if prod(sizes) >= 1 << 62:
            raise LimitError(
                f"{prod(sizes):.3g} combinations of values; the limit is {1 << 62:.3g}: give the "
                "variables smaller ranges"
            )
        self.low = np.array([v.low for v in system.variables], dtype=np.int64)
        self.weight = np.array([prod(sizes[k + 1 :]) for k in range(len(sizes))], dtype=np.int64)
        self.sizes = np.array(sizes, dtype=np.int64)
        self.n_choices = self.n_outcomes = 0
        self.choices: list[tuple[Ints, Ints, Ints, Floats]] = []  # state, label, rank, reward
        self.outcomes: list[tuple[Ints, Ints, Floats]] = []  # choice, target, chance
        self.paid: list[tuple[Ints, Floats]] = []  # state, reward

    def within(self, rows: int, width: int) -> None:
        if rows * max(1, width) > MAX_CELLS or self.n_outcomes + rows > MAX_ENTRIES:
            raise LimitError(
                f"more than {MAX_ENTRIES:.3g} outcomes can be reached, or {MAX_CELLS:.3g} values "
                "at once: write a smaller model"
            )

    def shown(self, row: Ints) -> str:
        return ", ".join(f"{v.name}={v.label(int(value))}" for v, value in zip(self.system.variables, row, strict=True))

    def codes(self, rows: Ints) -> Ints:
        """One number for each state, in the order of the rows."""
        found: Ints = (rows - self.low) @ self.weight
        return found

    def rows(self, codes: Ints) -> Ints:
        return codes[:, None] // self.weight % self.sizes + self.low

    def run(self) -> Reached:
        first = self.codes(self.system.initial[None])
        seen = fresh = first
        layers = 0
        while len(fresh):
            layers += 1
            # a long chain of tiny layers costs time without ever having many states
            if layers * (self.system.parts + _LAYER) > MAX_WORK:
                raise LimitError(
                    f"states that are more than {layers:,} steps away, of expressions with "
                    f"{self.system.parts:,} parts, take too long: write a smaller model"
                )
            after = [np.zeros(0, dtype=np.int64)]
            for start in range(0, len(fresh), _PART):
                after.append(self._part(fresh[start : start + _PART]))
            new = np.unique(np.concatenate(after))
            fresh = np.setdiff1d(new, seen, assume_unique=True)
            seen = np.union1d(seen, fresh)
        return self._joined(seen, int(np.searchsorted(seen, first[0])))

    def _part(self, codes: Ints) -> Ints:
        """Takes in what can happen at some states, and returns the states that follow."""
        part = _Part(self, self.rows(codes))
        targets = [np.zeros(0, dtype=np.int64)]
        self.paid.append((codes, part.paid(None, np.arange(len(codes)))))
        for k, label in enumerate(self.system.labels):
            at, commands = part.choices(label)
            if not len(at):
                continue
            choice, chance, values = part.outcomes(label, at, commands)
            # `at` ascends: the distance to the first of the same state
            rank = np.arange(len(at)) - np.searchsorted(at, at)
            reward = part.paid(label.action or "", at)
            self.choices.append((codes[at], np.full(len(at), k), rank, reward))
            targets.append(self.codes(values))
            self.outcomes.append((choice + self.n_choices, targets[-1], chance))
            self.n_choices += len(at)
            self.n_outcomes += len(choice)
        return np.unique(np.concatenate(targets))

    def _joined(self, seen: Ints, first: int) -> Reached:
        """Everything that was taken in, with states by their place among those seen."""
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        choices, outcomes = [(none, none, none, nothing), *self.choices], [(none, none, nothing), *self.outcomes]
        state, label, rank, reward = (np.concatenate(column) for column in zip(*choices, strict=True))
        choice, target, chance = (np.concatenate(column) for column in zip(*outcomes, strict=True))
        codes, paid = (np.concatenate(column) for column in zip(*self.paid, strict=True))
        return Reached(
            self.rows(seen),
            first,
            np.searchsorted(seen, state),
            label,
            rank,
            reward,
            paid[np.argsort(codes)],
            choice,
            np.searchsorted(seen, target),
            chance,
        )


def explore(system: System, complaints: Complaints) -> Reached:
    """What can be reached.  Raises InputError where something goes wrong at a state that is reached (I103, I105),
    LimitError past MAX_ENTRIES outcomes, MAX_CELLS values at once, or MAX_WORK."""
    return _Explorer(system, complaints).run()
