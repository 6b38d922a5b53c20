"""A model and its protocol as the plain data that `simulator.Game` is made of."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from posgc.information.items import Information
from posgc.model.arrays import Kernel

__all__ = ["size_of", "tables_of"]


def tables_of(information: Information) -> dict[str, Any]:
    """Lists, numbers and texts only: it can be written as JSON."""
    model, protocol = information.model, information.protocol
    signature, initial = model.signature, model.initial
    return {
        "name": model.name,
        "title": model.title,
        "protocol": protocol.name,
        "agents": list(signature.agents),
        "horizon": model.horizon,
        "discount": model.discount,
        "actions": [{"name": v.name, "agent": v.agent, "values": list(v.values)} for v in signature.actions],
        "observations": [{"name": v.name, "agent": v.agent, "values": list(v.values)} for v in signature.observations],
        "active": model.active.astype(int).tolist(),
        "observed": model.observed.astype(int).tolist(),
        "states": [model.state_label(s) for s in range(model.n_states)],
        "state_sizes": [len(labels) for labels in model.state_labels],
        "state_values": model.state_values.tolist(),
        "action_lags": [list(row) for row in protocol.action_lags],
        "observation_lags": [list(row) for row in protocol.observation_lags],
        "exchanges": [asdict(exchange) for exchange in protocol.exchanges],
        "forget": protocol.forget,
        "initial": {
            "state": initial.state.tolist(),
            "observation": initial.observation.tolist(),
            "probability": initial.probability.tolist(),
        },
        "kernels": [_kernel(kernel) for kernel in model.kernels],
        "kernel_of_step": list(model.kernel_of_step),
    }


def _kernel(kernel: Kernel) -> dict[str, Any]:
    table = {
        "indptr": kernel.indptr.tolist(),
        "observation": kernel.observation.tolist(),
        "state": kernel.state.tolist(),
        "probability": kernel.probability.tolist(),
    }
    if kernel.played is not None:
        table["played"] = kernel.played.ravel().tolist()
    if kernel.sample_reward is not None:
        return {**table, "sample_reward": kernel.sample_reward.tolist()}
    return {**table, "reward": kernel.reward.reshape(len(kernel.reward), -1).tolist()}


def size_of(information: Information) -> int:
    """How many numbers the tables hold, about."""
    model = information.model
    kernels = sum(
        3 * len(k.state)
        + k.indptr.size
        + (0 if k.played is None else k.played.size)
        + (k.reward if k.sample_reward is None else k.sample_reward).size
        for k in model.kernels
    )
    slots = (model.horizon + 1) * (len(model.signature.actions) + len(model.signature.observations))
    return int(kernels + model.state_values.size + 3 * len(model.initial.state) + slots)
