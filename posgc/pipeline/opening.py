"""A policy made ready for its game: checked that it fits, and an opaque player made again by its back-end."""

from __future__ import annotations

from dataclasses import replace

from posgc.information.items import Information
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.plugin.registry import registry
from posgc.policy.artefact import Policy
from posgc.policy.compatibility import require_compatible
from posgc.policy.opaque import Opaque, StoredPlayer

__all__ = ["opened"]


def opened(information: Information, policy: Policy) -> Policy:
    """The policy with a player that can be asked.

    Raises InputError: E610 where it does not belong to the game; E602 where the back-end that made its player is not
    installed; E609 where that makes no player of what the file holds.
    """
    require_compatible(information, policy)
    strategy, name = policy.strategy, policy.header.backend
    if not isinstance(strategy, Opaque) or not isinstance(strategy.player, StoredPlayer):
        return policy
    backend = registry().backends.get(name)
    make = getattr(backend, "player", None)
    if make is None:
        why = "it is not installed" if backend is None else "the installed one loads no players"
        what, cure = f"only back-end {name} can play this policy, and {why}", f"install the plug-in that offers {name}"
        raise InputError([Diagnostic("E602", what, help=cure)])
    stored = strategy.player
    try:
        player = make(stored.stored, stored.info, information.structure)
    except Exception as error:  # a plug-in may raise anything at all on what a stranger's file holds
        what = f"back-end {name} makes no player of this file: {type(error).__name__}: {error}"
        raise InputError([Diagnostic("E609", what, help="give a file that this back-end has written")]) from error
    return replace(policy, strategy=Opaque(player))
