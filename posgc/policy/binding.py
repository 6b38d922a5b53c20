"""A result bound to the game that it was made for."""

from __future__ import annotations

from dataclasses import fields
from importlib.metadata import version
from typing import Any

from posgc.information.items import Information
from posgc.language.concepts import CONCEPTS, ConceptName
from posgc.policy.artefact import Header, Origin, Policy, Result

__all__ = ["bound_to", "recorded"]


def bound_to(
    information: Information,
    result: Result,
    concept: ConceptName,
    backend: str,
    options: Any,
    compression: str | None = None,
    origin: Origin | None = None,
) -> Policy:
    """The policy with the game, the protocol and the versions written beside it; `options` is a dataclass instance."""
    model, protocol = information.model, information.protocol
    header = Header(
        game=model.name,
        digest=model.digest,
        protocol=protocol.name,
        lags=protocol.content,
        dropped=tuple(sorted(information.dropped)),
        agents=model.signature.agents,
        horizon=model.horizon,
        concept=concept,
        backend=backend,
        options=recorded(options),
        against=result.claim.against or CONCEPTS[concept].against[0],
        versions={name: version(name) for name in ("posgc", "numpy", "scipy")},
        compression=compression,
    )
    return Policy(header, result.claim, result.strategy, origin)


def recorded(options: Any) -> dict[str, Any]:
    """The options by name, without those that say how to run and not what to find (metadata `"recorded": False`)."""
    return {f.name: getattr(options, f.name) for f in fields(options) if f.metadata.get("recorded", True)}
