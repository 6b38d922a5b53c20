"""Training, one seed after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from posgc.coordination.limits import uninterrupted
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.learn.shared import Shared
from posgc.marl.algorithms import BATCH, AlgorithmName
from posgc.marl.installed import require_marl
from posgc.marl.results import Trained
from posgc.plugin.backend import Progress

__all__ = ["train"]


def train(
    shared: Shared,
    name: str,
    algorithm: AlgorithmName,
    steps: int,
    seeds: int,
    progress: Progress = lambda stage, done, total: None,
    after: Callable[[Trained], None] = lambda trained: None,
) -> Trained:
    """Train on seeds 0 .. `seeds` - 1 with at most `steps` joint steps each, a whole number of batches.

    `name` is the environment's.  All agents are paid the mean of what the environment pays them: they are a team.
    `after` is told what there is when a seed is over.  Ctrl-C ends training; what there is until then is returned.
    Raises InputError: E636 without `posgc[marl]`, E640 for fewer steps than a batch, E641 where the environment is at
    fault, its actions are not `Discrete` or some agents are done before others.
    """
    if steps < BATCH:
        what = f"training takes at least one batch of {BATCH:,} joint steps, and the limit is {steps:,}"
        raise InputError([Diagnostic("E640", what, help=f"--steps {BATCH}, or some hundred thousand to see anything")])
    require_marl()
    with uninterrupted():
        from posgc.marl.training import trained_run

    trained = Trained(name, shared.structure.protocol.name, algorithm, steps, ())
    for seed in range(seeds):
        told = partial(_told, progress, seed, steps)
        run = trained_run(shared, algorithm, steps // BATCH, seed, told)
        trained = replace(trained, runs=(*trained.runs, run))
        after(trained)
        if run.stopped:
            break
    return trained


def _told(progress: Progress, seed: int, steps: int, done: int) -> None:
    progress(f"seed {seed}", done, steps)
