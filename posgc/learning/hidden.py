"""Learning by fitting a game of hidden states: rounds of episodes, a fit, and the policy that is planned in it.

With a checkpoint, a run that was left goes on where it was, to the same policy: episodes depend on the seed, their
number and their player alone, fits on the seed and the episodes (`posgc.learning.fits`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy.typing as npt

from posgc.coordination.limits import Limits
from posgc.information.items import Structure
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.language.diagnostics import InputError, LimitError
from posgc.learning.exploring import Wandering
from posgc.learning.fits import ALL, REST, Fits, Fitter, Judge, Underway
from posgc.learning.fitted import fitted_information, kinds_of_steps, planned_in
from posgc.learning.hidden_stored import FoundHidden, Reached, content_of, reached_of
from posgc.learning.latent import Fit
from posgc.learning.sampling import collect, joined, require_budget
from posgc.learning.states import Chosen, chosen_states, likeliest_so_far
from posgc.learning.symbols import Symbols
from posgc.model.rewards import RewardKind
from posgc.play.environment import CountedEnvironment
from posgc.play.kinds import player_of
from posgc.play.players import Player, UniformPlayer
from posgc.policy.checkpoint import Checkpoint, Content, Facts
from posgc.workers import ALONE, Alone, Crew, Workers, in_order

__all__ = ["Fitting", "HiddenTask", "LearnedHidden", "learned_hidden"]

Array = npt.NDArray[Any]
Progress = Callable[[str, int, int], None]

MOST_NUMBERS = 50_000_000
"""Numbers of the largest table of a fitted game (400 MB)."""
MOST_PAIRS = 200_000
"""Pairs of node and belief, or information states, on which a policy is judged in a refitted game."""


@dataclass(frozen=True)
class Fitting:
    """How a game is fitted, and how episodes for it are gathered."""

    states: int  # 0: the likeliest number up to `most_states`
    most_states: int
    restarts: int
    steps: int
    rounds: int
    wander: float
    bootstrap: int  # refits to resampled episodes; 0: none


@dataclass(frozen=True)
class HiddenTask:
    """What is to be learned, in what, and how it is planned."""

    environment: CountedEnvironment
    structure: Structure
    concept: ConceptName
    kind: RewardKind
    seed: int
    select: str
    tolerance: float
    max_nodes: int
    seconds: float
    progress: Progress
    limits: Limits  # asked now and then whether to stop with what there is
    workers: Workers = ALONE  # who fit


@dataclass(frozen=True)
class LearnedHidden:
    """A policy, what it was planned in, and what agents gain by deviating from it in refitted games."""

    found: FoundHidden
    gains: tuple[tuple[float, ...] | None, ...]  # of each refit; None: the policy was too large to judge
    left: int  # episodes that were not played
    during: str | None  # what the run was at when it was stopped; None: it was not


def learned_hidden(task: HiddenTask, asked: Fitting, checkpoint: Checkpoint | None = None) -> LearnedHidden:
    """Spend the budget of the environment; the policy of the last round's fit.

    Raises InputError where the budget or the environment is at fault (E640, E641), or the checkpoint (E615, E642,
    E643), LimitError where a model is too large.
    """
    require_budget(task.environment, task.structure.horizon)
    _require_size(task.structure, asked.states or asked.most_states)
    return _Run(task, asked, checkpoint).run()


def _require_size(structure: Structure, states: int) -> None:
    """Raises LimitError where the tables of the games that are fitted would be too large."""
    actions, observations = (prod(s) for s in (structure.signature.action_sizes, structure.signature.observation_sizes))
    if actions * observations * states**2 > MOST_NUMBERS:
        raise LimitError(
            f"games of {states} hidden states, {actions:,} joint actions and {observations:,} joint observations have "
            f"tables of {actions * observations * states**2:,} numbers (limit {MOST_NUMBERS:,}); take fewer states, by "
            "the options states or most-states, or coarser observations"
        )


class _Run:
    """Where a run is, and how it goes on."""

    def __init__(self, task: HiddenTask, asked: Fitting, checkpoint: Checkpoint | None) -> None:
        self._task, self._asked, self._checkpoint = task, asked, checkpoint
        self._episodes = task.environment.left // task.structure.horizon
        self._reached = Reached()
        self._cut_short: FoundHidden | None = None  # what a search had when Ctrl-C ended it
        self._open = ExitStack()  # what ends with the run
        self._crew: Crew | None = None  # from the first fit on

    def run(self) -> LearnedHidden:
        """As `learned_hidden`."""
        with self._open:
            return self._run()

    def _run(self) -> LearnedHidden:
        checkpoint = self._checkpoint
        if checkpoint is not None and not checkpoint.restore(self._accept):
            checkpoint.save(self._content)  # where it cannot be written, that is known before anything is played
        try:
            during = self._go_on()
        except InputError:  # of the environment: what was played before is kept
            self._save()
            raise
        self._save()
        found = self._cut_short or self._reached.found or self._found_so_far()
        left = self._episodes - self._reached.episodes
        return LearnedHidden(found, tuple(self._reached.underway.gains), left, during)

    def _go_on(self) -> str | None:
        """Go on to the end, or until it is time to stop; what the run was at then."""
        for k in range(self._reached.round, self._asked.rounds):
            if not self._play():
                return "playing"
            if self._reached.episodes > self._bound(k - 1):
                found = self._fitted()
                if found is None:
                    return "fitting"
                self._reached = replace(self._reached, found=found)
            self._reached = replace(self._reached, round=k + 1, underway=Underway())
            self._save()
        return None if self._refitted() else "refitting"

    def _bound(self, k: int) -> int:
        """Episodes up to the end of round k, from 0: rounds are as equal as whole numbers allow."""
        return self._episodes * (k + 1) // self._asked.rounds

    def _play(self) -> bool:
        """Play what is left of the round that is begun; whether that is all of it."""
        task = self._task
        for player, end in self._players():
            first = self._reached.episodes
            for batch in collect(task.environment, task.structure, player, max(0, end - first), task.seed, first):
                self._reached = self._reached.played(batch)
                samples = task.environment.samples
                if self._pause("play", samples, samples + task.environment.left) and self._left:
                    return False
        return True

    @property
    def _left(self) -> int:
        """Episodes that were not played."""
        return self._episodes - self._reached.episodes

    def _players(self) -> Iterator[tuple[Player, int]]:
        """Who plays the round that is begun, and up to which episode: uniform draws, and half of it the policy so far
        where there is one."""
        task, found, k = self._task, self._reached.found, self._reached.round
        begin, end = self._bound(k - 1), self._bound(k)
        half = 0 if found is None else (end - begin) // 2
        yield UniformPlayer(task.structure), end - half
        if found is not None:
            yield Wandering(player_of(task.structure, found.strategy), task.structure, self._asked.wander), end

    def _fitter(self) -> Fitter:
        """Who fits to the episodes so far."""
        task, signature = self._task, self._task.structure.signature
        actions, observations = (prod(sizes) for sizes in (signature.action_sizes, signature.observation_sizes))
        symbols = Symbols.of(joined(self._reached.batches), actions, observations, kinds_of_steps(task.structure))
        return Fitter(symbols, task.seed, self._reached.round, task.structure, task.environment.discount, task.kind)

    def _fits(self) -> Fits:
        """The fits of the round that is begun."""
        fitter = self._fitter()
        if self._crew is None:
            self._crew = self._open.enter_context(closing(self._task.workers.crew(fitter)))
        else:
            self._crew.take(fitter)
        return Fits(fitter, self._crew, self._asked.restarts, self._reached.underway, self._pause)

    def _fitted(self) -> FoundHidden | None:
        """The round's policy; None where it is time to stop before it is known."""
        fits = self._fits()
        chosen = self._chosen(fits)
        if chosen is None or not fits.bring([(ALL, chosen.states)], self._asked.steps, "fit"):
            return None
        fit = fits.underway.chains[ALL, chosen.states].fit
        found, cut_short = self._planned(fit, None if self._asked.states else chosen)
        if cut_short:  # the run would find another policy, so this one is not kept for it
            self._task.limits.reason, self._cut_short = "interrupted", found
            return None
        return found

    def _chosen(self, fits: Fits) -> Chosen | None:
        if self._asked.states:
            return Chosen(self._asked.states, ())
        return chosen_states(fits, self._asked.most_states)

    def _found_so_far(self) -> FoundHidden:
        """A policy of a run that was stopped before its first fit was there: for the likeliest game so far."""
        fitter, underway = self._fitter(), self._reached.underway
        chains = dict(underway.chains)  # what is made of them here, the run does without
        fits = Fits(fitter, Alone(fitter), 1, Underway(underway.tried, chains), lambda what, done, total: True)
        states = self._asked.states or likeliest_so_far(fits)
        if (ALL, states) not in chains and (REST, states) in chains:
            return self._planned(chains[REST, states].fit, None)[0]
        fits.bring([(ALL, states)], self._asked.steps, "fit")  # one task
        return self._planned(chains[ALL, states].fit, None)[0]

    def _planned(self, fit: Fit, chosen: Chosen | None) -> tuple[FoundHidden, bool]:
        """The policy for the game that is fitted to the episodes, and whether Ctrl-C ended the search for it."""
        task = self._task
        information = fitted_information(fit.latent, task.structure, task.environment.discount, task.kind)
        strategy, how, cut_short = planned_in(
            information,
            task.kind,
            task.concept,
            task.seed,
            task.select,
            task.tolerance,
            task.max_nodes,
            task.seconds,
            task.progress,
        )
        states = fit.latent.n_states
        return FoundHidden(strategy, how, states, fit.log_likelihood, fit.steps, fit.settled, chosen), cut_short

    def _refitted(self) -> bool:
        """Judge the policy in games that are fitted to resampled episodes; whether that was done in all."""
        found, asked, underway = self._reached.found, self._asked, self._reached.underway
        if len(underway.gains) == asked.bootstrap:
            return True
        assert found is not None
        against, fits = CONCEPTS[self._task.concept].against[0], self._fits()
        while (done := len(underway.gains)) < asked.bootstrap:
            keys = [(b, found.states) for b in range(done + 1, min(asked.bootstrap, done + fits.crew.size) + 1)]
            if not fits.bring(keys, asked.steps, "refit"):
                return False
            latents = [underway.chains[key].fit.latent for key in keys]
            tasks = [Judge(one, found.strategy, against, self._task.tolerance, MOST_PAIRS) for one in latents]
            for key, gains in zip(keys, in_order(fits.crew, tasks), strict=True):
                del underway.chains[key]
                underway.gains.append(gains)
            if self._pause("judge", len(underway.gains), asked.bootstrap) and len(underway.gains) < asked.bootstrap:
                return False
        return True

    def _pause(self, what: str, done: int, total: int) -> bool:
        """Tell the progress, save now and then; whether it is time to stop."""
        self._task.progress(what, done, total)
        if self._checkpoint is not None and self._checkpoint.due:
            self._save()
        return self._task.limits()

    def _save(self) -> None:
        if self._checkpoint is not None:
            self._checkpoint.save(self._content)

    def _content(self) -> Content:
        return content_of(self._reached)

    def _accept(self, facts: Facts, arrays: dict[str, Array]) -> None:
        """Go on from a checkpoint.  Raises ValueError, TypeError or KeyError where it does not hold this run."""
        task, asked = self._task, self._asked
        reached = reached_of(facts, arrays, task.structure, asked.rounds, asked.bootstrap)
        k, episodes = reached.round, reached.episodes
        whole = episodes == self._bound(min(k, asked.rounds - 1))
        if not self._bound(k - 1) <= episodes <= self._bound(min(k, asked.rounds - 1)):
            raise ValueError("it holds other episodes than this run has by then")
        if not whole and (reached.underway.chains or reached.underway.tried):
            raise ValueError("it fits before all episodes of the round are there")
        task.environment.spend(episodes * task.structure.horizon)
        self._reached = reached
