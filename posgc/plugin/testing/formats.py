"""The batteries for importers and exporters."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from posgc.language.diagnostics import InputError, LimitError, Source
from posgc.model.compare import same_arrays
from posgc.plugin.exporter import Exporter
from posgc.plugin.importer import Importer
from posgc.plugin.testing.games import battery_games

__all__ = ["check_exporter", "check_importer"]

FOREIGN = ("", "\ufeff", "game g { agents a, b; }", "{}", "\x00\x01", "1 2 3\n", "EFG 2 R", "<a/>")
"""Texts of nobody's format, or of somebody else's."""


def check_importer(importer: Importer, texts: Iterable[str], wrong: Iterable[str] = (), horizon: int = 3) -> int:
    """Read each of `texts` twice, and each of `wrong`; returns the number of texts read.  Raises AssertionError.

    The importer takes its own texts and refuses other formats with a reason, reads the same model twice, and answers a
    wrong text (one of its format that cannot be read) with InputError or LimitError, never with another exception.
    """
    assert importer.name and importer.summary and importer.suffixes, "an importer needs a name, a summary and suffixes"
    read = 0
    asked: dict[str, Any] = {"horizon": None if importer.own_horizon else horizon, "discount": None, "reward": None}
    for text in texts:
        source = Source(f"battery{importer.suffixes[0]}", text)
        assert importer.applies(source) is None, f"{importer.name} refuses a text of its own: {text:.60}"
        one, two = (importer.read(source, **asked).model for _ in range(2))
        assert one.digest == two.digest and same_arrays(one, two) is None, f"{importer.name}: two readings differ"
        assert one.horizon >= 1 and one.n_agents >= 1, f"{importer.name}: a model without steps or agents"
        read += 1
    for text in FOREIGN:
        reason = importer.applies(Source("battery", text))
        assert reason is None or reason.strip(), "a refusal needs a reason"
    for text in wrong:
        try:
            importer.read(Source(f"battery{importer.suffixes[0]}", text), **asked)
        except (InputError, LimitError):
            continue
        except Exception as error:
            raise AssertionError(f"{importer.name} breaks on a text that is wrong: {text:.60}: {error!r}") from error
        raise AssertionError(f"{importer.name} reads a text that is wrong: {text:.60}")
    assert read, "there was no text to read"
    return read


def check_exporter(exporter: Exporter, options: Any = None, importer: Importer | None = None) -> int:
    """Write every game of the battery that the format can hold; returns the number written.  Raises AssertionError.

    What is written is text, the same twice; where `importer` reads the format, it reads the same arrays back.
    """
    assert exporter.name and exporter.summary, "an exporter needs a name and a summary"
    options = exporter.options() if options is None else options
    written = 0
    for information, _ in battery_games():
        reason = exporter.applies(information)
        assert reason is None or reason.strip(), "a refusal needs a reason"
        if reason is not None:
            continue
        one, two = io.StringIO(), io.StringIO()
        exporter.export(information, options, one)
        exporter.export(information, options, two)
        assert one.getvalue() and one.getvalue() == two.getvalue(), f"{exporter.name}: two exports of one game differ"
        if importer is not None:
            model, source = information.model, Source("battery", one.getvalue())
            horizon = None if importer.own_horizon else model.horizon
            back = importer.read(source, horizon=horizon, discount=model.discount, reward=None).model
            difference = same_arrays(model, back)
            assert difference is None, f"{exporter.name}: {model.name} comes back changed: {difference}"
        written += 1
    assert written, "the exporter refused every game of the battery"
    return written
