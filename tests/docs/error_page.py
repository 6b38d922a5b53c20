"""docs/errors.md, made from the registry of diagnostic codes and from what the compiler says today."""

from __future__ import annotations

from posgc.language.diagnostics.code_table import game
from posgc.language.diagnostics.codes import CODES, Code
from posgc.language.diagnostics.examples import DPOMDP
from posgc.report.explained import explained_code

__all__ = ["error_page"]

_GROUPS = {
    "E1": ("Syntax", "The text does not follow the grammar."),
    "E2": ("Names", "What is declared, and what may be read."),
    "E3": ("Types", "What kind of value stands where."),
    "E4": ("Values", "Ranges, probabilities, arithmetic; for reachable states and taken branches only."),
    "E5": ("Sharing", "Who learns what, when."),
    "E6": ("Command line and files", "Flags, and files other than the game's text. E604 ends with status 1."),
    "W": ("Warnings", "They change neither result nor exit status."),
    "I": (
        "Imported files: errors",
        "Files of other [formats](formats.md) are refused, with mistakes and their lines. "
        f"The examples are lines of this file:\n\n```text\n{DPOMDP}```",
    ),
    "N": ("Imported files: notes", "What was leniently read, in lines of the same file."),
}
_INTRODUCTION = f"""# Diagnostics

<!-- made by tests/docs/refresh.py from posgc.language.diagnostics.codes -->

Every complaint has a code. Errors end a command with exit status 2, and all mistakes of a file are reported in
one run. The examples stand at `# here` in this game, unless a whole file is shown:

```posg
{game("# here").rstrip()}
```
"""


def error_page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for prefix, (title, about) in _GROUPS.items():
        parts.append(f"\n## {title}\n\n{about}\n")
        codes = [code for code in CODES.values() if code.code.startswith(prefix)]
        if any(code.wrong for code in codes):
            parts += [_section(code) for code in codes]
        else:
            rows = "".join(_row(code) for code in codes)
            parts.append(f"\n| code | defect | meaning | wrong | right |\n| --- | --- | --- | --- | --- |\n{rows}")
    return "".join(parts)


def _row(code: Code) -> str:
    explained = explained_code(code)
    pair = explained.wrong, explained.right
    cells = [f"`{text}`".replace("\n", "` ⏎ `").replace(" ⏎ `` ⏎ ", " ⏎ ⏎ ") if text else "" for text in pair]
    return f"| {code.code} | {code.title} | {code.explanation} | {cells[0]} | {cells[1]} |\n"


def _section(code: Code) -> str:
    text = f"\n### {code.code}: {code.title}\n\n{code.explanation}\n"
    explained = explained_code(code)
    if not explained.said:
        return text
    return text + (
        f"\nWrong:\n\n{_fence('posg', explained.wrong)}\n{_fence('text', explained.said)}\nRight:\n\n"
        f"{_fence('posg', explained.right)}"
    )


def _fence(kind: str, text: str) -> str:
    note = "<!-- example -->\n" if kind == "posg" else ""
    return f"{note}```{kind}\n{text}\n```\n"
