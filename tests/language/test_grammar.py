"""The grammar is LALR(1) without conflicts, and small to load."""

from __future__ import annotations

import logging

import pytest
from lark import Lark, logger


def test_no_conflict_is_resolved_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    logger.setLevel(logging.DEBUG)
    logger.propagate = True
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark.open_from_package(
                "posgc_grammars",
                "posg.lark",
                parser="lalr",
                debug=True,
                start=["start", "request"],
                propagate_positions=True,
                maybe_placeholders=True,
            )
    finally:
        logger.setLevel(logging.CRITICAL)
    assert not [r.message for r in caplog.records if "conflict" in r.message.lower()]


def test_the_debug_log_would_tell_of_a_conflict(caplog: pytest.LogCaptureFixture) -> None:
    ambiguous = 'start: e\ne: e "+" e | "x"\nf: "x"'
    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(ambiguous, parser="lalr", debug=True)
    finally:
        logger.setLevel(logging.CRITICAL)
    assert [r for r in caplog.records if "conflict" in r.message.lower()]
