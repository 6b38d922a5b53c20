"""How long the importer takes for each benchmark file.

`python benchmarks/bench_import.py [REPEATS]` prints the machine, the command, and for each file the median
and the range over REPEATS reads in one warm process (grammar built, file cached), then the same for whole
processes, Python's start included, on the largest file.  Last come random files of 30,000 entries: seconds of
processor time, once, of `posgc check` and of `posgc import` on them.
"""

from __future__ import annotations

import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
from posgc_dpomdp import DpomdpImporter, PomdpImporter

from posgc.language.diagnostics import InputError, Source

FILES = Path(__file__).parents[1].parent / "shared" / "benchmarks"
_WHOLE = (
    "import sys; from posgc_dpomdp import DpomdpImporter; from posgc.language.diagnostics import Source; "
    "DpomdpImporter().read(Source('f', open(sys.argv[1]).read()), horizon=2, discount=None, reward=None)"
)


def spread(action: Callable[[], object], repeats: int) -> str:
    """Median and range of the wall-clock time, in milliseconds."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        took.append(1e3 * (time.perf_counter() - began))
    return f"{statistics.median(took):9.1f} ms  [{min(took):.1f}, {max(took):.1f}]"


def large(joint: bool) -> str:
    """A random file with 30,000 entries of T and O, of five successors and five observations for each (a, s)."""
    rng = np.random.default_rng(1)
    n_states, n_actions, n_seen, colon = 300, 10, 20, " : " if joint else " "
    sizes = (("s", n_states), ("a", n_actions), ("o", n_seen))
    names = [" ".join(f"{letter}{k}" for k in range(n)) for letter, n in sizes]
    lines = ["discount: 0.95", "values: reward", f"states: {names[0]}"]
    if joint:
        lines = ["agents: 1", *lines, "start: s0", "actions:", names[1], "observations:", names[2]]
    else:
        lines += [f"actions: {names[1]}", f"observations: {names[2]}", "start: s0"]
    for a in range(n_actions):
        for s in range(n_states):
            for letter, to, size in (("T", "s", n_states), ("O", "o", n_seen)):
                at, law = rng.choice(size, 5, replace=False), rng.multinomial(10**6 - 5, np.full(5, 0.2)) + 1
                lines += [
                    f"{letter}: a{a} : s{s} : {to}{k}{colon}{p / 10**6:.6f}" for k, p in zip(at, law, strict=True)
                ]
    return "\n".join([*lines, ""])


def commands() -> None:
    """Processor seconds of `posgc check` and `posgc import` on a large file of each format."""
    for ending, joint in ((".pomdp", False), (".dpomdp", True)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"large{ending}"
            path.write_text(large(joint))
            took = []
            for extra in (
                ["check", "--share", "none", "--horizon", "2", "--quiet"],
                ["import", "--out", f"{path}.posg"],
            ):
                before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                command = [sys.executable, "-m", "posgc.cli.main", extra[0], str(path), *extra[1:]]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                took.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
            size = (Path(folder) / f"large{ending}.posg").stat().st_size / 1e3
            print(f"30,000 entries of a {ending} file: check {took[0]:.1f} s, import {took[1]:.1f} s ({size:.0f} kB)")


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"machine: {processor()}, {platform.system()}")
    print(f"python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"command: python benchmarks/bench_import.py {repeats}")
    files = sorted(p for p in FILES.rglob("*") if p.suffix in (".dpomdp", ".pomdp", ".posg", ".zsposg"))
    if not files:
        sys.exit(f"no benchmark files under {FILES}")
    for path in files:
        source = Source(str(path), path.read_text())
        importer = next(i for i in (DpomdpImporter(), PomdpImporter()) if i.applies(source) is None)

        def read(source: Source = source, importer: DpomdpImporter | PomdpImporter = importer) -> str:
            try:
                model = importer.read(source, horizon=2, discount=None, reward=None).model
            except InputError as error:
                return f"refused, {len(error.diagnostics)} diagnostics"
            return f"{model.n_states} states, {len(model.kernels[0].state)} entries"

        result = read()
        size = path.stat().st_size / 1e3
        print(f"{path.relative_to(FILES).as_posix():36} {size:6.0f} kB {spread(read, repeats)}  {result}")
    largest = max(files, key=lambda path: path.stat().st_size)

    def process() -> None:
        subprocess.run([sys.executable, "-c", _WHOLE, str(largest)], check=True)

    print(f"{'whole process, ' + largest.name:36} {largest.stat().st_size / 1e3:6.0f} kB {spread(process, repeats)}")
    commands()


if __name__ == "__main__":
    main()
