"""What `posgc marl` says: the table, the JSON object and the rows of the file."""

from __future__ import annotations

import csv
import io
from typing import Any

from rich.table import Table

from posgc.marl.results import CONFIDENCE, Trained
from posgc.report.console import say, standard_output

__all__ = ["COLUMNS", "document", "rows", "text"]

COLUMNS = "environment", "protocol", "algorithm", "steps", "seed", "frames", "return", "seconds"


def text(trained: Trained, written: list[str]) -> None:
    """The table, and the files that were `written`."""
    console = standard_output()
    say(console, f"{trained.environment}, {trained.algorithm}, sharing: {trained.protocol}")
    say(console)
    table = Table("seed", "frames", "return", "seconds", "", box=None, pad_edge=False)
    for run in trained.runs:
        frames = f"{run.frames[-1]:,}" if len(run.frames) else "0"
        shown = "none" if run.final is None else f"{run.final:z.4g}"
        table.add_row(str(run.seed), frames, shown, f"{run.seconds:.0f}", "stopped" if run.stopped else "")
    console.print(table)
    say(console)
    say(console, _summary(trained))
    say(console, "a return is the team's in an episode, mean over the last tenth of the batches, exploration included")
    for path in written:
        say(console, f"written to {path}")


def _summary(trained: Trained) -> str:
    mean, half, n = trained.mean, trained.half, len(trained.finals)
    if mean is None:
        return "no seed came to its end"
    if half is None:
        return f"mean of one seed: {mean:z.4g}; an interval needs two"
    interval = f"{mean - half:z.4g} to {mean + half:z.4g}"
    return f"mean of {n} seeds: {mean:z.4g}, {CONFIDENCE:.0%} interval {interval} (Student's t)"


def document(trained: Trained, out: str | None, picture: str | None) -> dict[str, Any]:
    """The object of `posgc marl --json`."""
    mean, half = trained.mean, trained.half
    return {
        "environment": trained.environment,
        "protocol": trained.protocol,
        "algorithm": trained.algorithm,
        "steps": trained.steps,
        "runs": [
            {
                "seed": run.seed,
                "final": run.final,
                "frames": run.frames.tolist(),
                "returns": run.returns.tolist(),
                "seconds": run.seconds,
                "stopped": run.stopped,
            }
            for run in trained.runs
        ],
        "mean": mean,
        "interval": None if mean is None or half is None else [mean - half, mean + half],
        "confidence": {"level": CONFIDENCE, "kind": "t"},
        "out": out,
        "picture": picture,
    }


def rows(found: list[Trained]) -> bytes:
    """A CSV file with a row for each batch of each seed; its columns are `COLUMNS`, its times in seconds a seed."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for trained in found:
        cell = trained.environment, trained.protocol, trained.algorithm, trained.steps
        for run in trained.runs:
            points = zip(run.frames.tolist(), run.returns.tolist(), strict=True)
            writer.writerows([*cell, run.seed, frames, earned, f"{run.seconds:.0f}"] for frames, earned in points)
    return file.getvalue().encode()
