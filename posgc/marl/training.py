"""BenchMARL's MAPPO and IPPO (Bettini et al. 2024) on a shared environment.

Settings are those of Yu et al. (2022) for these environments where BenchMARL has them: Adam 7e-4, 3,200 joint steps a
batch, two hidden layers of 64, discount 0.99, GAE 0.95, entropy 0.01, clipping at 0.2, a Huber loss of the critic.
Ours are 5 passes in gradient steps of 400 joint steps, in place of 10 or more in one of 3,200.  Their normalisation of
values is not there, and agents have no recurrent memory: they read what arrives at the step, and nothing else.
"""

from __future__ import annotations

import io
import logging
import math
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from typing import Any

import numpy as np
from benchmarl.algorithms import IppoConfig, MappoConfig
from benchmarl.environments.common import TaskClass
from benchmarl.experiment import Callback, Experiment, ExperimentConfig
from benchmarl.models.mlp import MlpConfig
from torch import nn
from torchrl.data import Composite
from torchrl.envs import EnvBase

from posgc.coordination.limits import Limits
from posgc.learn.shared import Shared
from posgc.marl.algorithms import BATCH, AlgorithmName
from posgc.marl.batch import Batch
from posgc.marl.results import Run

__all__ = ["trained_run"]

COPIES = 64
"""Episodes that are played side by side."""

PASSES, MINIBATCH = 5, 400
"""How often a batch is gone through, and joint steps of a gradient step."""


def trained_run(
    shared: Shared, algorithm: AlgorithmName, batches: int, seed: int, progress: Callable[[int], None]
) -> Run:
    """One seed's learning; what there is where Ctrl-C came before its end.  Raises InputError (E641)."""
    limits, begun = Limits(None), time.monotonic()
    curve = _Curve(progress, limits)
    logging.getLogger("torchrl").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the libraries say of each other, and of batches in which no episode ends
        with limits.interruptible(), suppress(KeyboardInterrupt):
            _experiment(shared, algorithm, batches, seed, folder, curve).run()
    points = np.array(curve.points, np.float64).reshape(-1, 2)
    return Run(seed, points[:, 0].astype(np.int64), points[:, 1], time.monotonic() - begun, limits.reason is not None)


def _experiment(
    shared: Shared, algorithm: AlgorithmName, batches: int, seed: int, folder: str, curve: Callback
) -> Experiment:
    together = algorithm == "mappo"
    config = ExperimentConfig.get_from_yaml()
    config.share_policy_params, config.prefer_continuous_actions = together, False
    config.gamma, config.lr, config.adam_eps, config.clip_grad_val = 0.99, 7e-4, 1e-5, 10.0
    config.max_n_frames, config.max_n_iters = None, batches
    config.on_policy_collected_frames_per_batch, config.on_policy_n_envs_per_worker = BATCH, COPIES
    config.on_policy_n_minibatch_iters, config.on_policy_minibatch_size = PASSES, MINIBATCH
    config.evaluation, config.evaluation_episodes, config.render = False, 1, False
    config.loggers, config.create_json, config.save_folder = [], False, folder
    settings = (MappoConfig if together else IppoConfig).get_from_yaml()
    settings.share_param_critic, settings.entropy_coef, settings.lmbda = together, 0.01, 0.95
    settings.loss_critic_type = "smooth_l1"
    network = MlpConfig(num_cells=[64, 64], layer_class=nn.Linear, activation_class=nn.Tanh)
    return Experiment(_Task(shared), settings, network, seed, config, callbacks=[curve])


class _Curve(Callback):
    """Takes down what was earned in each batch, and ends training once it is to stop."""

    def __init__(self, progress: Callable[[int], None], limits: Limits) -> None:
        super().__init__()
        self.points: list[tuple[int, float]] = []
        self._progress, self._limits = progress, limits

    def on_batch_collected(self, batch: Any) -> None:
        """`mean_return` is that of the episodes that ended in the batch, and not a number where none did."""
        if math.isfinite(self.experiment.mean_return):
            self.points.append((self.experiment.total_frames, self.experiment.mean_return))
        self._progress(self.experiment.total_frames)
        self._go_on()

    def on_train_step(self, batch: Any, group: str) -> None:
        """After each gradient step of a group of agents."""
        self._go_on()

    def _go_on(self) -> None:
        """Raises KeyboardInterrupt, here alone: of one that comes at any moment the libraries make other errors."""
        if self._limits():
            raise KeyboardInterrupt

    def __getstate__(self) -> dict[str, Any]:
        return {}  # BenchMARL pickles this beside its logs, which are thrown away


class _Task(TaskClass):
    """A shared environment as BenchMARL wants to have it."""

    def __init__(self, shared: Shared) -> None:
        super().__init__("shared", {})
        self._shared = shared

    def __getstate__(self) -> dict[str, Any]:
        return {}  # as above

    def get_env_fun(
        self, num_envs: int, continuous_actions: bool, seed: int | None, device: Any
    ) -> Callable[[], EnvBase]:
        return lambda: Batch(self._shared, num_envs, seed or 0)

    def supports_continuous_actions(self) -> bool:
        return False

    def supports_discrete_actions(self) -> bool:
        return True

    def max_steps(self, env: EnvBase) -> int:
        return self._shared.horizon

    def has_render(self, env: EnvBase) -> bool:
        return False

    def group_map(self, env: EnvBase) -> dict[str, list[str]]:
        return dict(env.group_map)

    def observation_spec(self, env: EnvBase) -> Composite:
        spec = env.full_observation_spec_unbatched.clone()
        del spec["state"]
        return spec

    def info_spec(self, env: EnvBase) -> None:
        return None

    def state_spec(self, env: EnvBase) -> Composite:
        return Composite({"state": env.full_observation_spec_unbatched["state"].clone()})

    def action_spec(self, env: EnvBase) -> Composite:
        return env.full_action_spec_unbatched

    def action_mask_spec(self, env: EnvBase) -> None:
        return None

    @staticmethod
    def env_name() -> str:
        return "posgc"
