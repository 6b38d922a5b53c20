"""A coverage-guided search for texts that break the front end, with Atheris (`pip install atheris`).

    python benchmarks/fuzz_coverage.py -max_total_time=1800 -max_len=20000 CORPUS

Flags and folders are those of libFuzzer.  CORPUS is filled with the shipped games first; a text that breaks something
is written to the working folder, and `examine` of fuzz_language.py shows what.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["posgc.language", "posgc.model", "lark"]):
    import fuzz_language


def main() -> None:
    for folder in (Path(word) for word in sys.argv[1:] if not word.startswith("-")):
        folder.mkdir(parents=True, exist_ok=True)
        for path in fuzz_language.FILES:
            (folder / path.stem).write_bytes(path.read_bytes())
    atheris.Setup(sys.argv, fuzz_language.examine)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
