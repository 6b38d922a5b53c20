"""The header: agents, discount, values, states, start, actions, observations, once each.

A `.dpomdp` has them in this order; a `.pomdp` in any, without agents, and without start where it is uniform.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from posgc.plugin import LimitError
from posgc.plugin.complaints import Complaints, span_of
from posgc_dpomdp.dialects import DPOMDP, MDP, POMDP, Dialect
from posgc_dpomdp.labels import IDENTIFIER, Axis, Labels
from posgc_dpomdp.syntax import Document, Item, Word, words

__all__ = ["MAX_AGENTS", "MAX_CELLS", "Header", "read_header", "read_single_header", "reward_axes", "words_of"]

MAX_CELLS = 200_000_000  # cells of the tables of T and O together, or of R: 1.6 GB of float64
MAX_AGENTS = 15  # R has an axis per state and two per agent, and NumPy 1 arrays have at most 32
_HUGE = 10**300  # counts are whole numbers of any length; this one still prints as a float
ORDER = ("agents", "discount", "values", "states", "start", "actions", "observations")


@dataclass(frozen=True)
class Header:
    """What the header declares."""

    dialect: Dialect
    agents: tuple[str, ...]
    discount: float
    sign: float  # -1 for `values: cost`, else 1
    quoted: bool  # whether the text is of the SDMS dialect
    states: Axis
    actions: Axis
    observations: Axis
    start: Item | None

    @property
    def observed(self) -> bool:
        """Whether the state is observed: an MDP, whose observations are the states and are not in the file."""
        return self.dialect is MDP


def reward_axes(header: Header) -> tuple[Axis, ...]:
    """The fields of R: (ja, s, s', jo), without jo in an MDP."""
    fields = (header.actions, header.states, header.states, header.observations)
    return fields[:3] if header.observed else fields


def read_header(document: Document, complaints: Complaints) -> Header:
    """Read the header, and refuse a game whose tables would be too large.

    Raises InputError when the sizes by which to resolve the body are not known (other mistakes wait for
    those of the body), LimitError above MAX_AGENTS agents or MAX_CELLS cells of T and O.
    """
    items = _in_order(document, complaints)
    names = _agents(items.get("agents"), complaints)
    discount = _discount(items.get("discount"), complaints)
    sign, quoted = _values(items.get("values"), complaints)
    states = _states(items.get("states"), complaints)
    actions = _per_agent("actions", items.get("actions"), len(names), complaints)
    observations = _per_agent("observations", items.get("observations"), len(names), complaints)
    if states is None or not names or not len(actions) == len(observations) == len(names):
        complaints.settle()
    assert states is not None  # whatever left it out was an error
    header = Header(
        DPOMDP,
        names,
        discount,
        sign,
        quoted,
        Axis("state", (states,), joint=False),
        Axis("action", actions, joint=True),
        Axis("observation", observations, joint=True),
        items.get("start"),
    )
    _check_size(states.size, header.actions.size, header.observations.size, complaints)
    return header


def read_single_header(document: Document, complaints: Complaints) -> Header:
    """The header of a `.pomdp`: one agent, called 1; of an MDP where there are no observations.  Raises as
    `read_header` does."""
    seen = "preamble" in document.damaged or any(item.key == "observations" for item in document.items)
    mdp = not seen and not any(statement.head[0] == "O" for statement in document.statements)
    items = _in_any_order(document, complaints, {"agents", "start"} | ({"observations"} if mdp else set()))
    discount = _discount(items.get("discount"), complaints)
    sign, _ = _values(items.get("values"), complaints)
    found = {
        key: _labels(words_of(items.get(key), complaints), key, complaints)
        for key in ("states", "actions", "states" if mdp else "observations")
    }
    if None in found.values():
        complaints.settle()
    axes = [Axis(key[:-1], (labels,), joint=False) for key, labels in found.items() if labels]
    states, actions, observations = axes if not mdp else [*axes, axes[0]]
    _check_size(states.size, actions.size, observations.size, complaints)
    dialect = MDP if mdp else POMDP
    return Header(dialect, ("1",), discount, sign, False, states, actions, observations, items.get("start"))


def _in_any_order(document: Document, complaints: Complaints, optional: Collection[str]) -> dict[str, Item]:
    """The preamble of a `.pomdp` by key; I104 for what is missing and not `optional`, repeated or late."""
    found: dict[str, Item] = {}
    body = document.statements[0].head.start_pos or 0 if document.statements else math.inf
    for item in document.items:
        key, span = item.key.split()[0], span_of(item.token)
        if key in found:
            complaints.error("I104", f"`{key}` is given a second time", span, "once each")
        elif (item.token.start_pos or 0) > body:
            complaints.error("I104", f"`{key}` comes after the first statement", span, "the preamble comes first")
        found.setdefault(key, item)
    for key in ORDER:
        if key not in optional and key not in found and "preamble" not in document.damaged:
            complaints.error("I104", f"the preamble has no `{key}:`", None, f"add `{_EXAMPLE[key]}`")
    return found


def _check_size(states: int, actions: int, observations: int, complaints: Complaints) -> None:
    cells = actions * states * (states + observations)
    states, actions, observations, cells = (min(n, _HUGE) for n in (states, actions, observations, cells))
    if cells > MAX_CELLS:
        complaints.settle()
        sizes = f"{states:.3g} states, {actions:.3g} joint actions, {observations:.3g} joint observations"
        raise LimitError(
            f"the tables of T and O would have {cells:.3g} cells ({sizes}); the limit is {MAX_CELLS:.3g}: "
            "write a smaller game, or write it in the .posg language, which builds reachable states only"
        )


def _in_order(document: Document, complaints: Complaints) -> dict[str, Item]:
    """The header items by key (`start include` under `start`); I104 where the order is not the format's."""
    found: dict[str, Item] = {}
    body = document.statements[0].head.start_pos or 0 if document.statements else math.inf
    last = -1
    for item in document.items:
        key = item.key.split()[0]
        span = span_of(item.token)
        cure = "once each, in this order: " + ", ".join(ORDER)
        if key in found:
            complaints.error("I104", f"`{key}` is given a second time", span, cure)
            continue
        if ORDER.index(key) < last:
            complaints.error("I104", f"`{key}` comes after `{ORDER[last]}`", span, cure)
        elif (item.token.start_pos or 0) > body:
            complaints.error("I104", f"`{key}` comes after the first statement", span, cure)
        last = max(last, ORDER.index(key))
        found[key] = item
    if document.items or document.statements:
        for key in ORDER:
            if key not in found and key not in document.damaged:
                complaints.error("I104", f"the header has no `{key}:`", None, f"add `{_EXAMPLE[key]}`")
    return found


_EXAMPLE = {
    "agents": "agents: 2",
    "discount": "discount: 1",
    "values": "values: reward",
    "states": "states: 2",
    "start": "start: 0",
    "actions": "actions:",
    "observations": "observations:",
}


def words_of(item: Item | None, complaints: Complaints) -> list[Word]:
    """The words of a one-line item; they may stand on the next line, with a note."""
    if item is None:
        return []
    found = [word for line in item.lines for word in words(line)]
    if not found:
        cure = f"as in `{_EXAMPLE[item.key.split()[0]]}`"
        complaints.error("I101", f"`{item.key}:` is followed by nothing that can be read", span_of(item.token), cure)
    elif found[-1].line != item.token.line and item.key != "start":
        complaints.note("N109", "values on another line than MADP expects", found[-1].span)
    return found


def _count(word: Word, what: str, complaints: Complaints) -> int | None:
    """A count of at least 1; None, with I105, if it is not."""
    digits = word.text.lstrip("0")
    if word.text.isdecimal() and 0 < len(digits) <= 18:
        return int(digits)
    shown = word.text if len(word.text) < 20 else word.text[:12] + "…"
    complaints.error("I105", f"{shown} is not a number of {what}", word.span, "a count is a whole number from 1")
    return None


def _labels(found: list[Word], what: str, complaints: Complaints) -> Labels | None:
    """A count, or names that are identifiers and distinct; None, with an error, if neither."""
    if len(found) == 1 and not found[0].text[:1].isalpha():
        count = _count(found[0], what, complaints)
        return Labels(count) if count else None
    seen: set[str] = set()
    for word in found:
        if not IDENTIFIER.fullmatch(word.text):
            complaints.error(
                "I101",
                f"`{word.text}` is not a name",
                word.span,
                "a name is a letter, then letters, digits, `-` and `_`",
            )
        elif word.text in seen:
            complaints.error("I101", f"`{word.text}` is named twice among the {what}", word.span, "rename one")
        seen.add(word.text)
    return Labels(len(found), tuple(word.text for word in found)) if found else None


def _agents(item: Item | None, complaints: Complaints) -> tuple[str, ...]:
    labels = _labels(words_of(item, complaints), "agents", complaints)
    if labels is None:
        return ()
    if labels.size > MAX_AGENTS:
        raise LimitError(f"{labels.size} agents; this reader keeps one axis an agent and takes at most {MAX_AGENTS}")
    return labels.names or tuple(str(i + 1) for i in range(labels.size))


def _discount(item: Item | None, complaints: Complaints) -> float:
    found = words_of(item, complaints)
    if not found:
        return 1.0
    try:
        value = float(found[0].text.replace("_", "?")) if len(found) == 1 else None
    except ValueError:
        value = None
    if value is None:
        complaints.error("I101", "`discount:` takes one number", found[0].span, "as in `discount: 0.9`")
    elif not 0 <= value <= 1:
        complaints.error(
            "I105", f"the discount {found[0].text} is not in [0, 1]", found[0].span, "as in `discount: 0.9`"
        )
    else:
        return value
    return 1.0


def _values(item: Item | None, complaints: Complaints) -> tuple[float, bool]:
    found = words_of(item, complaints)
    if not found:
        return 1.0, False
    if len(found) > 1 or found[0].text not in ("reward", "cost"):
        complaints.error("I101", "`values:` is `reward` or `cost`", found[0].span, "as in `values: reward`")
    if found[0].text == "cost":
        complaints.note("N105", "costs are read as negative rewards; MADP refuses them", found[0].span)
    if found[0].quoted:
        complaints.note("N107", "names in quotes: the dialect of SDMS, which MADP does not read", found[0].span)
    return (-1.0 if found[0].text == "cost" else 1.0), found[0].quoted


def _states(item: Item | None, complaints: Complaints) -> Labels | None:
    return _labels(words_of(item, complaints), "states", complaints)


def _per_agent(key: str, item: Item | None, agents: int, complaints: Complaints) -> tuple[Labels, ...]:
    """One line an agent, each a count or names."""
    if item is None or not agents:
        return ()
    if len(item.lines) != agents:
        complaints.error(
            "I104",
            f"`{key}:` is followed by {len(item.lines)} line(s) for {agents} agent(s)",
            span_of(item.token),
            "one line an agent: a count, or names",
        )
        return ()
    found = [_labels(list(words(line)), f"{key} of agent {i + 1}", complaints) for i, line in enumerate(item.lines)]
    return tuple(labels for labels in found if labels)
