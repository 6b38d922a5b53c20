"""The spaces of an environment's agents, asked for by name; what is wrong with one says whose it is."""

from __future__ import annotations

from typing import Any

from posgc.language.sharing.lag_table import Kind
from posgc.learn.copies import asked, unfit
from posgc.learn.spaces import Space, numbered
from posgc.learn.vectors import TooWide, Vector, vector

__all__ = ["codes_of", "labels_of", "space_of", "vector_of"]

LARGEST_SPACE = 1 << 16
"""Values of one agent's space."""


def space_of(env: Any, kind: Kind, name: Any) -> Any:
    """The agent's space.  Raises InputError (E641) where there is none."""
    return asked(f"it has no {kind}_space of {name}", lambda: getattr(env, f"{kind}_space")(name))


def labels_of(space: Any) -> tuple[str, ...]:
    """The numbers of a space's values; none where it is not finite, or too large."""
    found = numbered(space)
    return tuple(map(str, range(found.size))) if found is not None and found.size <= LARGEST_SPACE else ()


def vector_of(kind: Kind, name: str, space: Any) -> Vector:
    """The agent's space as arrays.  Raises InputError (E641) where its kind is not known, or it is too large."""
    try:
        found = vector(space)
    except TooWide as error:
        raise unfit(f"the {kind}_space of {name} {error}", "wrap it in a coarser one") from None
    if found is None:
        what = f"the {kind}_space of {name} is of kind {type(space).__name__}, which is not known, or holds such a one"
        raise unfit(what, "wrap it so that it is Box or Discrete")
    return found


def codes_of(kind: Kind, name: str, space: Any) -> Space:
    """The agent's space as numbers.  Raises InputError (E641) where it is not finite, or too large."""
    found = numbered(space)
    if found is None:
        what = f"the {kind}_space of {name} is of kind {type(space).__name__}, which is not finite"
        raise unfit(what, "wrap it so that it is Discrete, or learn with networks in shared.parallel()")
    if found.size > LARGEST_SPACE:
        what = f"the {kind}_space of {name} has {found.size:,} values (limit {LARGEST_SPACE:,})"
        raise unfit(what, "wrap it in a coarser one")
    return found
