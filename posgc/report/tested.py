"""What `posgc test` says: a line for each file, what fails with its place, the JSON object, and JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.ir import Expectation
from posgc.language.numerals import plural
from posgc.pipeline.claims import ClaimFile, Finding
from posgc.report.colour import complain
from posgc.report.console import say, standard_output
from posgc.report.documents import Json, mistakes

__all__ = ["Counts", "complaints", "counted", "document", "junit", "line", "summary"]

_UNSAYABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ANSWER = {True: "holds", False: "fails", None: "not decided"}


@dataclass(frozen=True)
class Counts:
    """How many claims came to what; `files` are those that are wrong themselves."""

    holding: int
    failing: int
    undecided: int
    mistaken: int  # claims whose protocol or horizon the game does not take
    unknown: int  # claims that were not looked at, as the run was stopped
    files: int

    @property
    def status(self) -> int:
        """The exit status: wrong input goes before a claim that fails, and that before one that is not decided."""
        return 2 if self.mistaken or self.files else 1 if self.failing else 3 if self.undecided else 0


def counted(files: Sequence[ClaimFile]) -> Counts:
    """The sums over all files."""
    findings = [finding for file in files for finding in file.findings]
    right = [finding.answer for finding in findings if finding.mistake is None]
    return Counts(
        right.count(True),
        right.count(False),
        right.count(None),
        len(findings) - len(right),
        sum(len(file.claims) for file in files) - len(findings),
        sum(file.mistake is not None for file in files),
    )


def line(file: ClaimFile, width: int) -> None:
    """`FILE ..F?`: a dot for a claim that holds, F for one that fails, ? for one that is not decided, E for wrong
    input."""
    marks = "".join("E" if f.mistake else {True: ".", False: "F", None: "?"}[f.answer] for f in file.findings)
    said = "wrong" if file.mistake else marks if file.claims else "claims nothing"
    say(standard_output(), f"{file.name.ljust(width)}  {said}")


def complaints(files: Sequence[ClaimFile]) -> None:
    """What is not as claimed, on standard error."""
    for file in files:
        if file.mistake is not None:
            complain(file.mistake)
        for finding in file.findings:
            if not finding.answer:
                complain(InputError([_diagnostic(finding)], file.source))


def summary(files: Sequence[ClaimFile], seconds: float, junit: str | None) -> None:
    """The sums."""
    console, sums = standard_output(), counted(files)
    claims = plural(sum(len(file.claims) for file in files), "claim")
    parts = (
        (sums.holding, "hold"),
        (sums.failing, "fail"),
        (sums.undecided, "not decided"),
        (sums.mistaken, "cannot be asked"),
        (sums.unknown, "not looked at"),
    )
    told = ", ".join(f"{number} {words}" for number, words in parts if number)
    say(console, f"{claims} of {plural(len(files), 'file')}" + (f": {told}" if told else ""))
    if sums.files:
        say(console, f"{plural(sums.files, 'file')} could not be read or compiled")
    say(console, f"seconds: {seconds:.2f}")
    if junit is not None:
        say(console, f"report written to {junit}")


def _diagnostic(finding: Finding) -> Diagnostic:
    """The finding at the place of its claim."""
    if finding.mistake is not None:
        first = finding.mistake.diagnostics[0]
        return Diagnostic(first.code, first.message, finding.claim.span, first.help)
    if finding.answer is None:
        return Diagnostic("E648", f"this claim is not decided: {finding.found}", finding.claim.span)
    return Diagnostic("E647", f"this claim fails: {finding.found}", finding.claim.span)


def document(files: Sequence[ClaimFile], seconds: float, junit: str | None, stopped: bool) -> Json:
    """The object of `posgc test --json`."""
    sums = counted(files)
    return {
        "files": [_file(file) for file in files],
        "holding": sums.holding,
        "failing": sums.failing,
        "undecided": sums.undecided,
        "mistaken": sums.mistaken,
        "unknown": sums.unknown,
        "wrong_files": sums.files,
        "stopped": stopped,
        "junit": junit,
        "seconds": seconds,
    }


def _file(file: ClaimFile) -> Json:
    claims: list[Json] = []
    for finding in file.findings:
        claim, place = finding.claim, finding.claim.span
        claims.append(
            {
                "claim": _text(file, claim),
                "line": place.line,
                "column": place.column,
                "answer": "wrong" if finding.mistake else ANSWER[finding.answer],
                "found": finding.found,
                "seconds": finding.seconds,
            }
        )
    wrong: list[Any] = mistakes(file.mistake)["diagnostics"] if file.mistake else []
    return {"file": file.name, "claims": claims, "diagnostics": wrong}


def _text(file: ClaimFile, claim: Expectation) -> str:
    return "" if file.source is None else file.source.text[claim.span.start : claim.span.end]


def junit(files: Sequence[ClaimFile], seconds: float) -> bytes:
    """The findings as JUnit XML: a suite for each file, a case for each claim.  A claim that is not decided is
    `skipped`, wrong input an `error`."""
    root = ElementTree.Element("testsuites", name="posgc", time=f"{seconds:.3f}")
    for file in files:
        sums = counted([file])
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=file.name,
            tests=str(len(file.findings) + sums.files),
            failures=str(sums.failing),
            errors=str(sums.mistaken + sums.files),
            skipped=str(sums.undecided),
            time=f"{sum(finding.seconds for finding in file.findings):.3f}",
        )
        if file.mistake is not None:
            case = ElementTree.SubElement(suite, "testcase", classname=file.name, name="the file", time="0")
            ElementTree.SubElement(case, "error", message="wrong input").text = _sayable(str(file.mistake))
        for finding in file.findings:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=file.name,
                name=_sayable(_text(file, finding.claim)),
                file=file.name,
                line=str(finding.claim.span.line),
                time=f"{finding.seconds:.3f}",
            )
            if finding.answer:
                continue
            kind = "error" if finding.mistake else "skipped" if finding.answer is None else "failure"
            said = str(InputError([_diagnostic(finding)], file.source))
            ElementTree.SubElement(case, kind, message=_sayable(finding.found)).text = _sayable(said)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _sayable(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _UNSAYABLE.sub("\ufffd", text)
