"""Mutated games against the front end: no traceback, no hang, memory within its bound.

    python benchmarks/fuzz_language.py --cases 1000000 --processes 2 --first 0

Case k is made from the seed k alone: a shipped game or a file of tests/diagnostics with one to eight mutations of
bytes, words, or lines.  It is analysed as the commands do (all mistakes, those of value included), its diagnostics are
rendered, and where it is right it is laid out and tabulated within small limits.  What goes wrong is written to
`--finds`, a line of JSON each with its seed; the exit status is 1 where there is any.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from posgc.language import Analysis, InputError, LimitError, analyse, decode, format_source, render
from posgc.model import tabulate
from posgc.model.lint.warn import table_warnings
from posgc.model.mistakes_of_value import with_values

ROOT = Path(__file__).parents[1]
FILES = [*sorted((ROOT / "games").glob("*.posg")), *sorted((ROOT / "tests" / "diagnostics").rglob("*.posg"))]
SECONDS = 5.0
"""Seconds of processor time that a text of at most 100 kB may take before it counts as a hang."""
GIVEN_UP = 600
"""Seconds after which a case is broken off, on however busy a machine."""
MEMORY = 3 << 30
"""Bytes of address space that a process may take."""
MAX_STATES, MAX_ENTRIES = 5_000, 200_000
"""Limits of tabulation, which has tests of its own."""

_WORDS = re.compile(rb"\w+|\s+|[^\w\s]")
_PIECES = [
    *(b"' ; { } ( ) [ ] , : ~ = == => -> .. . \" # ^ / * - + | & ! ? _ ` @ $ % \\ < > <= >= != -- //".split()),
    *(b"if then else match uniform all any sum count argmax min max clip noisy bernoulli step horizon agent".split()),
    *(b"share after to every from forget acknowledged chance along edges per hop never geometric expect".split()),
    *(b"game use param discount agents type state action observation let init next observe reward terminal".split()),
    *(b"zero_sum team in and or not mod true false bool int real i j 0 1 2 3 0.5 .5 1. 1e9 -1 10^9 0..3 3..0".split()),
    *(s.encode() for s in ("“", "”", "é", "\u2028", "\0", "\ufeff", "≤", "½", "９", "\t", "\r", "\n", " ")),
    b"9" * 40,
    b"(" * 300,
    b"if true then 1 else " * 60,
    b"\xff\xfe",
]


@cache
def _text(path: Path) -> bytes:
    return path.read_bytes()


def _short(text: bytes, rng: random.Random) -> bytes:
    """The lines of a text as far as that of the agents, a few of the others, and its end."""
    lines = text.split(b"\n")
    head = next((k + 1 for k, line in enumerate(lines) if line.lstrip().startswith(b"agents")), 3)
    rest = lines[head:]
    kept = sorted(rng.sample(range(len(rest)), min(len(rest), rng.choice((2, 3, 4, 6)))))
    return b"\n".join([*(line for line in lines[:head] if not line.startswith(b"#")), *(rest[k] for k in kept), b"}"])


def mutant(seed: int, short: bool = False) -> bytes:
    """The text of a seed; `short` ones are made of a few statements of a file."""
    rng = random.Random(seed)
    texts = [_text(path) for path in rng.sample(FILES, 2)]
    text = _short(texts[0], rng) if short else texts[0]
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        text = rng.choice((_of_bytes, _of_words, _of_words, _of_lines))(text, texts[1], rng)
    return text[:100_000]


def _of_bytes(text: bytes, other: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(text) + 1)
    end = min(len(text), at + rng.choice((0, 1, 1, 1, 2, 5, 40)))
    piece = rng.choice((b"", bytes([rng.randrange(256)]), text[end : end + 1] + text[at:end], rng.choice(_PIECES)))
    return text[:at] + piece + text[end:]


def _of_words(text: bytes, other: bytes, rng: random.Random) -> bytes:
    words = _WORDS.findall(text) or [b""]
    k, m = rng.randrange(len(words)), rng.randrange(len(words))
    match rng.randrange(6):
        case 0:
            words[k] = b""
        case 1:
            words[k] += b" " + words[k]
        case 2:
            words[k], words[m] = words[m], words[k]
        case 3:
            words[k] = rng.choice(_WORDS.findall(other) or [b""])
        case 4:
            words[k] = rng.choice(_PIECES)
        case 5:
            words[k] += b" " + rng.choice(_PIECES) + b" "
    return b"".join(words)


def _of_lines(text: bytes, other: bytes, rng: random.Random) -> bytes:
    lines, others = text.split(b"\n"), other.split(b"\n")
    k, m = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            lines[k] = b""
        case 1:
            lines.insert(m, lines[k])
        case 2:
            lines[k], lines[m] = lines[m], lines[k]
        case 3:
            lines.insert(k, rng.choice(others))
        case 4:
            lines[k] = lines[k][: rng.randrange(len(lines[k]) + 1)]
        case 5:
            lines[k : k + 2] = [b"".join(lines[k : k + 2])]
    return b"\n".join(lines)


def examine(data: bytes) -> None:
    """Everything that the front end does with a text.  Raises what a user would see as a traceback."""
    try:
        source = decode("fuzz", data)
    except InputError as error:
        assert str(error)
        return
    found = analyse(source)
    diagnostics = found.diagnostics if found.failure is None else with_values(found).diagnostics
    for d in diagnostics:
        assert render(d, source), d.code
        assert all(source.text[r.span.start : r.span.end] != r.text for r in d.replacements), d.code
    assert isinstance(found.names, tuple)
    if found.failure is None:
        _right(found)


def _right(found: Analysis) -> None:
    once = format_source(found.source.text)
    assert format_source(once) == once, "layout is not stable"
    game = found.required()
    try:
        table_warnings(game, tabulate(game, MAX_STATES, MAX_ENTRIES), game.protocols, own_horizon=True)
    except (InputError, LimitError) as error:
        assert str(error)


class _Hang(BaseException):
    """Not an Exception, so that nobody catches it on the way."""


def _give_up(*_: Any) -> None:
    raise _Hang


def case(seed: int, run: Callable[[bytes], None] = examine, short: bool = False) -> dict[str, Any] | None:
    """What goes wrong with the text of a seed; None where nothing does."""
    data = mutant(seed, short)
    began = time.process_time()
    signal.alarm(GIVEN_UP)
    try:
        run(data)
        wrong = ""
    except _Hang:
        wrong = "hang"
    except Exception:  # what the search is for
        wrong = traceback.format_exc()
    finally:
        signal.alarm(0)
    seconds = time.process_time() - began
    if not wrong and seconds <= SECONDS:
        return None
    return {"seed": seed, "seconds": round(seconds, 2), "wrong": wrong or "slow"}


def _work(seeds: Sequence[int], short: bool) -> tuple[int, list[dict[str, Any]]]:
    return len(seeds), [found for found in (case(seed, examine, short) for seed in seeds) if found is not None]


def _prepare() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _give_up)


def _batches(first: int, cases: int, size: int = 200) -> Iterator[range]:
    for start in range(first, first + cases, size):
        yield range(start, min(start + size, first + cases))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--short", action="store_true", help="mutants of a few statements, seven times as many a second"
    )
    parser.add_argument("--finds", type=Path, default=Path("fuzz-finds.jsonl"))
    parser.add_argument("--show", type=int, help="print the text of this seed, and stop")
    asked = parser.parse_args()
    if asked.show is not None:
        sys.stdout.buffer.write(mutant(asked.show, asked.short))
        return 0
    done, bad, began = 0, 0, time.monotonic()
    with multiprocessing.Pool(asked.processes, _prepare) as pool, asked.finds.open("a", encoding="utf-8") as log:
        work = partial(_work, short=asked.short)
        for count, finds in pool.imap_unordered(work, _batches(asked.first, asked.cases)):
            done, bad = done + count, bad + len(finds)
            for found in finds:
                print(json.dumps(found), file=log, flush=True)
            print(f"{done} cases, {bad} finds, {done / (time.monotonic() - began):.0f} a second", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
