"""The item `start:` of the header as the law of the first state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from lark import Token

from posgc.plugin.complaints import Complaints, span_of
from posgc_dpomdp.dialects import DPOMDP
from posgc_dpomdp.header import Header, words_of
from posgc_dpomdp.labels import Labels
from posgc_dpomdp.syntax import Word

__all__ = ["EXACT", "ROUNDED", "start_law"]

Floats = npt.NDArray[np.float64]
EXACT = 1e-9  # absolute: a sum this close to 1 is made 1 without a note
ROUNDED = 1e-5  # absolute: one this close is taken for rounded and made 1 with a note; others are refused


def start_law(header: Header, complaints: Complaints) -> Floats:
    """The law of the first state, [S], summing to 1; zeros where the item is wrong."""
    item, states = header.start, header.states.parts[0]
    found = words_of(item, complaints)
    law = np.zeros(states.size)
    if item is None and header.dialect is not DPOMDP:
        return np.full(states.size, 1.0 / states.size)
    if not found:
        return law
    assert item is not None  # it has words
    if item.key == "start" and not (len(found) == 1 and _is_state(found[0], states, item.token)):
        return _row(found, item.token, states, complaints)
    chosen = []
    for word in found:
        index = states.find(word.text)
        if index is None:
            message, cure = states.why_not(word.text, "state")
            complaints.error("I102", message, word.span, cure)
        else:
            chosen.append(index)
    if item.key == "start" and found[0].line != item.token.line:
        complaints.note("N104", "a state on the line after `start:`", found[0].span, f"`start: {found[0].text}`")
    law[chosen] = 1.0
    if item.key == "start exclude":
        law = 1.0 - law
        if not law.any():
            complaints.error("I105", "`start exclude:` leaves no state", span_of(item.token), "exclude fewer")
    law /= max(float(law.sum()), 1.0)
    return law


def _is_state(word: Word, states: Labels, head: Token) -> bool:
    """Whether the only word of `start:` means a state; with one state a number on the next line is a row."""
    if word.text in states.names:
        return True
    if word.text == "uniform":
        return False
    return not _numbers([word]) or (word.text.isdecimal() and not (states.size == 1 and word.line != head.line))


def _numbers(found: list[Word]) -> list[float]:
    """The words as numbers; empty if one is not a number."""
    try:
        return [float(word.text.replace("_", "?")) for word in found]
    except ValueError:
        return []


def _row(found: list[Word], head: Token, states: Labels, complaints: Complaints) -> Floats:
    """`uniform` or |S| probabilities, as they stand or on the same line."""
    if found[0].line == head.line:
        complaints.note("N104", "what MADP wants on the line after `start:` stands on the same line", found[0].span)
    if [word.text for word in found] == ["uniform"]:
        return np.full(states.size, 1.0 / states.size)
    values = _numbers(found)
    if not values:
        complaints.error(
            "I101",
            "`start:` takes probabilities, `uniform`, or one state",
            found[0].span,
            "for several states write `start include:`",
        )
    elif len(values) != states.size:
        complaints.error(
            "I101",
            f"`start:` gives {len(values)} numbers for {states.size} states",
            found[0].span,
            "one probability a state, in the order of the states",
        )
    for word, value in zip(found, values, strict=False):
        if not 0 <= value <= 1 + ROUNDED:
            complaints.error("I105", f"the probability {word.text} is not in [0, 1]", word.span, "correct it")
            values = []
    if len(values) != states.size:
        return np.zeros(states.size)
    law = np.array(values)
    total = float(law.sum())
    if abs(total - 1) > ROUNDED:
        complaints.error("I103", f"the start probabilities sum to {total:.12g}", found[0].span, "make them sum to 1")
        return law
    if abs(total - 1) > EXACT:
        complaints.note("N106", f"the start probabilities sum to {total:.12g} and were renormalised", found[0].span)
    return law / total
