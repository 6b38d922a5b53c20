"""What `--select` names among equilibria."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language.diagnostics import Diagnostic, InputError

__all__ = ["selection_of"]


def selection_of(agents: Sequence[str], select: str, offered: Sequence[str]) -> str:
    """`select`, which is one of `offered` or `max:AGENT`; that with the agent's index in place of its name or number.

    Raises InputError (E612) for anything else."""
    kind, _, agent = select.partition(":")
    if kind == "max" and agent in agents:
        return f"max:{list(agents).index(agent)}"
    if kind == "max" and agent.isdecimal() and 1 <= int(agent) <= len(agents):
        return f"max:{int(agent) - 1}"
    if select in offered:
        return select
    names = ", ".join(f"max:{name}" for name in agents)
    first, second, *others = offered
    cure = f"one of {', '.join((first, second, names, *others))}"
    raise InputError([Diagnostic("E612", f"nothing is selected by {select!r}", help=cure)])
