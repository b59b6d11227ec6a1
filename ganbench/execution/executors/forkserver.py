"""The fork server: one process that has imported torch, from which isolated workers start at once.

Spawning pays for importing torch in every run (3 to 7 s); forking from the harness itself would
inherit its threads. A fork server that has only imported modules does neither.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from types import ModuleType
from typing import Any

import psutil

from ganbench.execution.executors.processes import end_orphans
from ganbench.machine.threads import single_threaded_libraries

PRELOADED = (
    "ganbench.execution.executors.server",  # first: it prepares the server itself
    "torch",
    "torch._dynamo",  # imported by the first optimiser that is built: 1.5 s
    "torch.utils.flop_counter",
    "torch_fidelity",
    "safetensors.torch",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",  # 0.2 s of every run that ends with a sheet
    "scipy.optimize",
    "sklearn.datasets",
    "ganbench.running.run",
    "ganbench.execution.executors.child",
)

SERVER_GONE = 255
"""Exit code of a process whose fork server has been killed: nobody else knows how it ended."""

_STARTS = 5
_SERVER_SECONDS = 0.2

_server = forkserver.ForkServer()
_starting = threading.Lock()
_workers: dict[int, int] = {}
"""Process ids of workers, and of the server that each is a child of."""


def start_process(target: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """A running process, forked from the server. The first call starts the server.

    Args:
        target: a function importable by name.
        arguments: picklable.

    Raises:
        OSError: there is no server, and none can be started.
    """
    context = multiprocessing.get_context("forkserver")
    with _starting:
        _server.set_forkserver_preload(list(PRELOADED))
        # The server loads the libraries for all of its workers.
        with single_threaded_libraries(), _main_module_hidden(), _served_by_ours():
            for starts_left in range(_STARTS - 1, -1, -1):
                process = context.Process(target=target, args=arguments, daemon=False)
                try:
                    process.start()
                except (ConnectionError, EOFError) as error:  # the server has just been killed
                    if not starts_left:
                        raise OSError(f"the fork server does not answer: {error}") from error
                    time.sleep(_SERVER_SECONDS)
                else:
                    break
        assert process.pid is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            _workers[process.pid] = psutil.Process(process.pid).ppid()
    return process


def end_left_behind(process: ForkServerProcess) -> None:
    """End what a process that has ended has started and left running."""
    assert process.pid is not None
    with _starting:  # a worker that is just being started is no orphan
        server = _workers.pop(process.pid, None)
        if server is not None:
            end_orphans(server, _workers.keys())


@contextlib.contextmanager
def _served_by_ours() -> Iterator[None]:
    """Processes that this thread starts are our server's. Python has one for all: the caller's own
    processes would be ours, which are mute and leave no request to end to their server."""
    before, starter = forkserver.connect_to_new_process, threading.get_ident()

    def connect(descriptors: Any) -> Any:
        is_ours = threading.get_ident() == starter
        return (_server.connect_to_new_process if is_ours else before)(descriptors)

    vars(forkserver)["connect_to_new_process"] = connect
    try:
        yield
    finally:
        vars(forkserver)["connect_to_new_process"] = before


@contextlib.contextmanager
def _main_module_hidden() -> Iterator[None]:
    """Keep the server from importing the caller's script again, in every worker.

    Workers run functions importable by name; a user's script that calls `ganbench.run` without an
    `if __name__ == "__main__"` guard would otherwise start itself anew.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
