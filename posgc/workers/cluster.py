"""A Ray cluster whose processes work on tasks (https://docs.ray.io).

A process of its own connects to it, hands over tasks and hears of answers: what Ray prints, and how it ends where a
cluster is lost, stays there.  Tasks carry all that they need; machines of the cluster need nothing but the same posgc.
"""

from __future__ import annotations

import os
import pickle
import socket
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.workers.crew import Died
from posgc.workers.fresh import SCRIPT, begin
from posgc.workers.processes import in_words
from posgc.workers.versions import versions

__all__ = ["Cluster"]

PATIENCE = 120.0
"""Seconds that connecting may take, with the start of a cluster of this machine's own."""
TRYING = 10.0
"""Seconds for which nobody may listen at an address."""
ENDING = 10.0
"""Seconds that leaving the cluster may take."""


class Cluster:
    """The cluster at an address, which does `work` as often at a time as it has processors, or as `size` says.  As
    `Crew`; where the cluster is lost, so are its tasks (`Died`).

    Raises InputError where there is no such cluster (E663), or no Ray (E636).
    """

    def __init__(self, work: Callable[[Any], Any], address: str, size: int | None = None) -> None:
        if find_spec("ray") is None:
            raise InputError([Diagnostic("E636", "Ray is not installed", help="pip install 'posgc[ray]'")])
        self._address = address
        self._asked: list[int] = []
        try:
            _require_listener(address)
        except (OSError, ValueError) as error:
            raise self._refused(_line(error)) from None
        self._pipe, self._process = begin(_drive, dict(os.environ), address, size)
        try:
            answered = self._pipe.poll(PATIENCE)
            told = self._pipe.recv() if answered else f"no answer within {PATIENCE:g} seconds"
            if not isinstance(told, int):
                raise self._refused(told)
            self.size = told
            self.take(work)
        except (EOFError, OSError):
            raise self._refused(f"Ray could not connect; {self._ended()}") from None
        except BaseException:
            self.close()
            raise

    def take(self, work: Callable[[Any], Any]) -> None:
        """As `Crew.take`.  Raises InputError (E641) for what the main script defines, which no machine of the cluster
        has, else whatever sending the work to another process raises."""
        told = bytes(ForkingPickler.dumps(work))
        if SCRIPT in told:
            what = "what the main script defines cannot be sent to a cluster"
            raise InputError([Diagnostic("E641", what, help="put it into a module that all its machines have")])
        self._pipe.send((None, told))

    def submit(self, number: int, task: Any) -> None:
        """As `Crew.submit`."""
        self._asked.append(number)
        try:
            self._pipe.send((number, task))
        except OSError:
            return  # found out when its answer is read

    def next(self) -> tuple[int, Any]:
        """As `Crew.next`."""
        try:
            number, kind, found = self._pipe.recv()
        except (EOFError, OSError):
            return self._asked.pop(0), Died(f"the Ray cluster was lost; {self._ended()}")
        if kind == "raised":
            raise found
        if kind == "foreign":
            raise self._refused(found)
        self._asked.remove(number)
        return number, found

    def close(self) -> None:
        """As `Crew.close`."""
        self._pipe.close()
        for end in (self._process.terminate, self._process.kill):
            self._process.join(ENDING)
            end()
        self._process.join()

    def _ended(self) -> str:
        self._process.join(ENDING)
        return in_words(self._process.exitcode)

    def _refused(self, why: str) -> InputError:
        cure = "auto, local, HOST:PORT or ray://HOST:PORT of a cluster that has the same Python, Ray and posgc"
        return InputError([Diagnostic("E663", f"cannot use the Ray cluster {self._address}: {why}", help=cure)])


def _drive(pipe: Connection, environment: dict[str, str], address: str, size: int | None) -> None:
    """The process that is connected: hands over what comes through the pipe, until that is closed."""
    os.environ.update(environment)  # what is set for Ray may be newer than the server that this process comes from
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (what Ray prints is not ours to print)
    ray = None
    try:
        try:
            ray, size = _connected(address, size)
        except Exception as error:  # of whatever kind Ray makes it
            pipe.send(_line(error))
            return
        pipe.send(size)
        _hand_over(ray, pipe)
    except (EOFError, OSError):
        return  # the process that asks has heard enough
    finally:
        if ray is not None:
            ray.shutdown()


def _connected(address: str, size: int | None) -> tuple[Any, int]:
    """Ray, connected, and how many tasks it is given at a time."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of our own tells nobody that it is there
    import logging

    import ray

    own: dict[str, Any] = {}
    if address == "local":  # on this machine what can be imported here can be imported there
        modules = {"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}}
        own = {"num_cpus": size, "include_dashboard": False, "runtime_env": modules}
    ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, **own)
    return ray, size or max(1, int(ray.cluster_resources().get("CPU", 1)))


def _require_listener(address: str) -> None:
    """Raises ValueError for what is no address, OSError where nobody listens: Ray itself would try for minutes."""
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or address
    if address in ("auto", "local"):
        return
    parts = urlsplit(address if "//" in address else f"//{address}")
    if parts.scheme not in ("", "ray") or not parts.hostname or not parts.port:
        raise ValueError("this is no address")
    socket.create_connection((parts.hostname, parts.port), TRYING).close()


def _hand_over(ray: Any, pipe: Connection) -> None:
    """Tasks to the cluster, and answers back.  Raises EOFError or OSError when the pipe is closed."""
    task = ray.remote(num_cpus=1, max_retries=0)(_task)
    work, own, speaking, asked = None, versions(), Lock(), dict[int, Any]()

    def tell(number: int, future: Any) -> None:
        """It runs in one of Ray's threads."""
        with speaking:
            if asked.pop(number, None) is not None:
                pipe.send((number, *_outcome(ray, future)))

    try:
        while True:
            number, given = pipe.recv()
            if number is None:
                work = ray.put(given)
                continue
            asked[number] = task.remote([work], given, own)
            asked[number].future().add_done_callback(lambda future, number=number: tell(number, future))
    finally:
        with speaking:
            for reference in asked.values():
                ray.cancel(reference, force=True)
            asked.clear()


def _outcome(ray: Any, future: Any) -> tuple[str, Any]:
    """What kind of answer came, and the answer."""
    error = future.exception()
    if error is None:
        kind, found = future.result()
        return kind, found
    if isinstance(error, ray.exceptions.RayTaskError):  # of what is raised by the work, `_task` says itself
        return "foreign", f"a machine of it cannot work on tasks: {_line(error)}"
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "answer", Died("its process on the cluster was killed for want of memory")
    return "answer", Died(f"its process on the cluster ended before its time ({type(error).__name__})")


def _task(held: Sequence[Any], task: Any, own: dict[str, str]) -> tuple[str, Any]:
    """On the cluster: a kind of answer, and the answer."""
    there = versions()
    if there != own:
        return "foreign", _difference(own, there)
    work = _work(held[0])
    try:
        return "answer", work(task)
    except Exception as error:  # whatever it is, it belongs to who asked
        return "raised", error


@lru_cache(maxsize=1)
def _work(reference: Any) -> Callable[[Any], Any]:
    """What is to be done, fetched once for a process."""
    import ray

    work: Callable[[Any], Any] = pickle.loads(ray.get(reference))
    return work


def _difference(own: dict[str, str], there: dict[str, str]) -> str:
    differ = sorted(name for name in own.keys() | there.keys() if own.get(name) != there.get(name))
    name, more = differ[0], len(differ) - 1
    said = f"here {name} is {own.get(name, 'missing')}, on a machine of it {there.get(name, 'missing')}"
    return f"{said}; {more} more differ" if more else said


def _line(error: BaseException) -> str:
    """What an error says, in a line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
