"""Linear programmes by HiGHS that can be stopped.

HiGHS hears no Ctrl-C before it is done, and looks at its clock between some of its steps only.  So a large programme is
solved by another process, which is ended where a stop is asked for.  A small one mostly takes less time than that
process takes to begin; where it does not, it is begun anew there.  The answer is the same.

Where payoffs differ by many orders of magnitude, HiGHS may go in circles, or give up, on what its presolve leaves of a
programme, and solve the programme itself.
"""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["solve"]

SMALL = 100_000
"""Entries of the constraints up to which HiGHS mostly takes less than a second."""
PATIENCE = 2.0
"""Seconds after which a small programme goes to another process."""
CIRCLES = 3
"""Iterations for each row and column after which the presolved programme is given up."""
SOLVED, OUT_OF_TIME = 0, 1
"""Of the answers of `linprog`."""
EVERY = 0.05
"""Seconds between two questions whether to stop."""


def solve(cost: Any, programme: dict[str, Any], stop: Callable[[], bool] = lambda: False) -> Any:
    """What `scipy.optimize.linprog(cost, method="highs", **programme)` returns, or None where `stop()` came first.

    `A_ub` and `A_eq` are sparse.  `stop()` is asked after `PATIENCE` seconds in a programme of at most `SMALL` entries.
    Raises MemoryError where the other process ended before its time.
    """
    if programme["A_ub"].nnz + programme["A_eq"].nnz <= SMALL:
        allowed = programme.get("options", {}).get("time_limit", math.inf)
        found = _solved(cost, programme, min(allowed, PATIENCE))
        if found.status != OUT_OF_TIME or allowed <= PATIENCE:
            return found
        if stop():
            return None
    # Ctrl-C in a terminal goes to a whole group of processes, and is for this one
    command = [sys.executable, "-P", __file__]
    with tempfile.TemporaryFile() as question:  # a pipe would have to be fed while the answer is waited for
        pickle.dump((cost, programme), question)
        question.seek(0)
        with subprocess.Popen(command, stdin=question, stdout=subprocess.PIPE, process_group=0) as process:
            try:
                answer = _answered(process, stop)
            finally:
                process.kill()
    if answer is None:
        return None
    if process.returncode:
        raise MemoryError("the process of a linear programme ended before its time")
    return pickle.loads(answer)


def _answered(process: subprocess.Popen[bytes], stop: Callable[[], bool]) -> bytes | None:
    """What the other process says, None where `stop()` came first."""
    while True:
        try:
            return process.communicate(timeout=EVERY)[0]
        except subprocess.TimeoutExpired:
            if stop():
                return None


def _solved(cost: Any, programme: dict[str, Any], seconds: float = math.inf) -> Any:
    """The presolved programme's solution, or where it has none, that of the programme itself."""
    from scipy.optimize import linprog

    options = programme.get("options", {})
    end = time.monotonic() + min(options.get("time_limit", math.inf), seconds)
    few = CIRCLES * sum(programme["A_ub"].shape)
    for choice in ({"maxiter": few}, {"presolve": False}):
        limit = max(end - time.monotonic(), 0.0)
        asked = {**options, **choice} | ({"time_limit": limit} if limit < math.inf else {})
        found = linprog(cost, method="highs", **{**programme, "options": asked})
        if found.status == SOLVED or time.monotonic() >= end:
            break
    return found


def _serve() -> None:
    """The other process.  It ends with the one that began it."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what HiGHS prints is no answer
        pickle.dump(_solved(*pickle.load(sys.stdin.buffer)), answers)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    _serve()
