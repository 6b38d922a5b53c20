"""`posgc test FILES…`: whether the claims hold that files make about themselves (`expect`)."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from posgc.cli.flags import positive, unwritten
from posgc.language.diagnostics import Diagnostic, InputError, LimitError
from posgc.language.files import replace_file, require_writable
from posgc.pipeline import read_source
from posgc.pipeline.claims import ClaimFile, Finding, claims_of, examine_all
from posgc.report import tested as report
from posgc.report.documents import written

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `test`."""
    parser.add_argument("files", metavar="FILE", nargs="+", help=".posg files, folders of them, or -")
    parser.add_argument(
        "-j", "--workers", metavar="N", type=positive, default=_cores(), help="processes (default: as many as cores)"
    )
    parser.add_argument("--junit", metavar="FILE", help="write the findings there as JUnit XML")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("-q", "--quiet", action="store_true", help="no line for files of which every claim holds")


def run(arguments: argparse.Namespace) -> int:
    """0 when every claim holds; 1 when one fails, 3 when one is not decided, 2 for wrong input; 130 after Ctrl-C, when
    what is known is reported."""
    started = time.monotonic()
    paths = _files(arguments.files)
    if arguments.junit:
        require_writable(arguments.junit, *paths)
    files = [_read(path) for path in paths]
    width = max(len(file.name) for file in files)
    found: list[dict[int, Finding]] = [{} for _ in files]
    stopped, limit, shown = False, None, 0

    def done() -> list[ClaimFile]:
        return [_with(file, findings) for file, findings in zip(files, found, strict=True)]

    def show(whole: bool) -> int:
        """Print the lines of the files that are done, up to the first that is not."""
        last = shown
        for file in done()[shown:]:
            if len(file.findings) < len(file.claims) and not whole:
                break
            last += 1
            fine = file.mistake is None and all(f.answer for f in file.findings)
            begun = bool(file.findings) or len(file.claims) == 0
            if begun and not (arguments.json or (arguments.quiet and fine)):
                report.line(file, width)
                sys.stdout.flush()
        return last

    try:
        shown = show(False)
        for n, finding in examine_all(files, arguments.workers):
            found[n][finding.claim.span.start] = finding
            shown = show(False)
    except KeyboardInterrupt:
        stopped = True
    except LimitError as error:
        limit = error
    shown = show(True)
    outcome, seconds = done(), time.monotonic() - started
    lost = 0
    if arguments.junit:
        xml = report.junit(outcome, seconds)
        lost = unwritten(lambda: replace_file(arguments.junit, lambda file: file.write(xml), *paths))
    kept = None if lost else arguments.junit
    if arguments.json:
        print(written(report.document(outcome, seconds, kept, stopped)))
    report.complaints(outcome)
    if not arguments.json:
        report.summary(outcome, seconds, kept)
    if limit is not None:
        raise limit
    return 130 if stopped else lost or report.counted(outcome).status


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _files(words: list[str]) -> list[str]:
    """The files that are named and those of the folders that are, each once.  Raises InputError (E646)."""
    found: dict[str, None] = {}
    for word in words:
        inside = sorted(map(str, Path(word).rglob("*.posg"))) if os.path.isdir(word) else [word]
        if not inside:
            raise InputError([Diagnostic("E646", f"there is no .posg file in {word}", help="name files or folders")])
        found.update(dict.fromkeys(inside))
    return list(found)


def _read(path: str) -> ClaimFile:
    try:
        source = read_source(path)
    except InputError as error:
        return ClaimFile(path, None, mistake=error)
    try:
        return ClaimFile(path, source, claims_of(source))
    except InputError as error:
        return ClaimFile(path, source, mistake=InputError(error.diagnostics, source))


def _with(file: ClaimFile, findings: dict[int, Finding]) -> ClaimFile:
    known = tuple(f for claim in file.claims if (f := findings.get(claim.span.start)) is not None)
    return ClaimFile(file.name, file.source, file.claims, known, file.mistake)
