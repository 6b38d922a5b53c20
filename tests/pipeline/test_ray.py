"""Tasks on a Ray cluster: the same rows as here, and everything that can be wrong with a cluster."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import sys
import time
from functools import partial
from importlib.util import find_spec
from types import ModuleType

import pytest
from support.compared import GAME, coin, run

from posgc.language.diagnostics import InputError, Source
from posgc.pipeline import Choosable, Grid, Request, Row, Workers, compare, design
from posgc.workers import Died, cluster, each
from posgc.workers.versions import versions

__all__ = ["coin"]

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'posgc[ray]'")


THREE_WAYS = Workers(), Workers(2), Workers(2, "local")


def timeless(rows: list[Row]) -> list[Row]:
    return [dataclasses.replace(row, seconds=0.0) for row in rows]


@needs_ray
@pytest.mark.slow
def test_three_ways_find_the_same() -> None:
    """In this process, in two, and on a cluster, of a game that is in no file."""
    source = Source("nowhere.posg", GAME)
    grid = Grid(["none", "late", "full"], [range(1, 4)], {"q": ["0.7", "0.9"]})
    known = [compare(Request(source.name), grid, workers=w, source=source) for w in THREE_WAYS]
    rows = timeless(list(known[0].rows))
    assert len(rows) == 18 and all(row.solved for row in rows)
    assert [timeless(list(found.rows)) for found in known[1:]] == [rows, rows]
    assert known[0].orders == known[1].orders == known[2].orders and known[0].brackets == known[2].brackets
    offered = Choosable("hear = 1, call = 0.5")
    designs = [design(Request(source.name, horizon=2), offered, workers=w, source=source) for w in THREE_WAYS]
    fronts = [[(k.cost, k.value, k.best, k.block) for k in found.front] for found in designs]
    assert len(fronts[0]) > 1 and fronts == [fronts[0]] * 3
    assert {found.status for found in [*known, *designs]} == {0}


def deed(offset: int, task: int) -> int:
    if task == -9:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == -1:
        raise ValueError("no such task")
    return offset + task


@needs_ray
@pytest.mark.slow
def test_answers_mistakes_and_a_process_that_dies() -> None:
    """One process of the cluster is killed: its task comes back as what happened; what work raises is raised here."""
    said = "its process on the cluster ended before its time (WorkerCrashedError)"
    found = dict(each(partial(deed, 10), [1, -9, 2, 3], Workers(2, "local")))
    assert found == {0: 11, 1: Died(said), 2: 12, 3: 13}
    with pytest.raises(ValueError, match="no such task"):
        list(each(partial(deed, 0), [1, -1, 2], Workers(1, "local")))


@needs_ray
@pytest.mark.slow
def test_machines_that_lack_what_is_to_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody on the cluster finds a module that was made here."""
    module = ModuleType("made_here")
    exec("def deed(task): return task", module.__dict__)
    monkeypatch.setitem(sys.modules, "made_here", module)
    with pytest.raises(InputError, match=r"E663.*a machine of it cannot work on tasks: .*No module named 'made_here'"):
        list(each(module.deed, [1], Workers(1, "local")))


def pid(task: float) -> int:
    time.sleep(task)
    return os.getpid()


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@needs_ray
@pytest.mark.slow
def test_tasks_end_when_the_caller_stops_listening() -> None:
    """With one processor, the second task is worked on where the first one was."""
    answers = each(pid, [0.0, 600.0, 600.0], Workers(1, "local"))
    _, process = next(answers)
    assert isinstance(process, int) and process != os.getpid() and lives(process)
    answers.close()
    deadline = time.monotonic() + 30
    while lives(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not lives(process)


@needs_ray
@pytest.mark.slow
def test_a_cluster_that_is_lost_costs_what_is_not_answered() -> None:
    """What was answered is there; what comes afterwards fails at once."""
    crew = cluster.Cluster(partial(deed, 0), "local", 1)
    try:
        crew.submit(0, 1)
        assert crew.next() == (0, 1)
        crew._process.kill()
        how = "its process was killed (signal 9), perhaps for want of memory"
        for number in (1, 2):
            crew.submit(number, 1)
            assert crew.next() == (
                number,
                Died(f"the Ray cluster was lost; {how}"),
            )
    finally:
        crew.close()


def refused(address: str) -> str:
    with pytest.raises(InputError) as raised:
        list(each(str, [1], Workers(ray=address)))
    [diagnostic] = raised.value.diagnostics
    assert diagnostic.code == "E663" and diagnostic.message.startswith(f"cannot use the Ray cluster {address}: ")
    return diagnostic.message.partition(": ")[2]


def test_addresses_that_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked to wait until Ray gives up."""
    monkeypatch.setattr(cluster, "find_spec", lambda name: name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert refused(f"127.0.0.1:{free.getsockname()[1]}") == "Connection refused"
    assert refused("nonsense") == refused("http://here:1") == refused("[::1]") == "this is no address"


def test_without_ray(coin: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    for more in (("compare",), ("design", "--cost", "hear = 1")):
        status, out, err = run(capsys, coin, *more[1:], "--ray", "local", command=more[0])
        assert (status, out) == (2, "") and "error[E636]: Ray is not installed" in err and "posgc[ray]" in err


def test_other_versions_on_the_cluster() -> None:
    """A machine compares what it has with what asks."""
    own = versions()
    plugin = next(name for name in own if name != "posgc")
    less = {name: version for name, version in own.items() if name != plugin}
    assert cluster._task([], 1, {**own, "posgc": "0.0"}) == (
        "foreign",
        f"here posgc is 0.0, on a machine of it {own['posgc']}",
    )
    assert cluster._task([], 1, {**less, "posgc": "0.0"}) == (
        "foreign",
        f"here posgc is 0.0, on a machine of it {own['posgc']}; 1 more differ",
    )
    assert cluster._task([], 1, less) == ("foreign", f"here {plugin} is missing, on a machine of it {own[plugin]}")


@needs_ray
@pytest.mark.slow
def test_nothing_but_the_answer_is_printed(coin: str, capfd: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capfd, coin, "--share", "full", "--ray", "local", "--json", "--quiet")
    assert status == 0 and out.startswith("{") and err == ""
