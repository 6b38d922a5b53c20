"""Whether a policy belongs to a game: the same model, the same protocol, tables that fit its choices."""

from __future__ import annotations

from posgc.information.items import Information
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.numerals import plural
from posgc.policy.artefact import Policy

__all__ = ["require_compatible"]


def require_compatible(information: Information, policy: Policy) -> None:
    """Raises InputError (E610) naming what differs."""
    model, protocol, header = information.model, information.protocol, policy.header
    lags = (protocol.action_lags, protocol.observation_lags, protocol.forget)
    defects = [
        (
            header.agents != model.signature.agents,
            f"it is for agents {', '.join(map(str, header.agents))}",
            "verify it against its own game",
        ),
        (
            header.horizon != model.horizon,
            f"it has {plural(header.horizon, 'step')}, the game {model.horizon}",
            f"add --horizon {header.horizon}",
        ),
        (header.game != model.name, f"it was made for another game, {header.game}", "verify it against its own game"),
        (
            header.lags != lags,
            f"it was made under protocol {header.protocol}, not {protocol.name}",
            f"add --share '{header.protocol}'",
        ),
        (
            header.digest != model.digest,
            f"it was made for another game ({header.game}) or other parameters",
            "give the same file, --set, --horizon and --discount as when it was made",
        ),
        (header.dropped != tuple(sorted(information.dropped)), "it remembers other own actions", ""),
    ]
    for wrong, message, cure in defects:
        if wrong:
            raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {message}", help=cure)])
    for h, step in enumerate(policy.strategy.steps, start=1):
        for i, table in enumerate(step.tables):
            choices = len(model.choices(i, h))
            top = (
                table.shape[2] == choices
                if table.ndim == 3
                else not table.size or (int(table.min()) >= 0 and int(table.max()) < choices)
            )
            if not top:
                raise InputError(
                    [Diagnostic("E610", f"step {h} prescribes actions that {header.agents[i]} does not have")]
                )
