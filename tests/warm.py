"""Commands that start at once: forked from a process that has imported what they import.

A command that trains spends four seconds of a core on imports: its own, and those of the server
that its workers are forked from. Tests call hundreds. Here each is still a process of its own, with
its own folder, environment, descriptors and exit code, and its server is still its child; only the
imports are shared. Environments that a program reads while it starts are another program's: these
start cold, and so do all tests of signals, of what is imported when, and of how long that takes.

Run as a script, this is that process (``serve DESCRIPTOR``, of a listening socket), or somebody who
has a command forked from it (``ask ADDRESS ARGUMENT...``).
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import re
import runpy
import select
import signal
import site
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from multiprocessing import util
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, NoReturn

NOT_READ_AT_START = re.compile(
    "COLUMNS|LINES|NO_COLOR|SHELL|PATH|PWD|PYTHONPATH|PYTEST_.*|GANBENCH_.*|XDG_.*"
    "|CUDA_VISIBLE_DEVICES|TORCH_HOME"
    # Which libraries set in the process of the tests, and here alike.
    "|KMP_.*|TORCHINDUCTOR_.*|KERAS_BACKEND|TF_FORCE_GPU_ALLOW_GROWTH"
)
"""Variables that nothing reads while modules are imported; `PYTHONPATH` is followed here."""

FAR = 100
"""Descriptors from here on are in nobody's way."""


class Warm:
    """The process that commands are forked from; it ends when it is closed, or with this process.

    Args:
        python: the interpreter, whose packages commands see.
        environment: in which it is started.
    """

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._folder = TemporaryDirectory(prefix="warm-")
        self.address = str(Path(self._folder.name) / "socket")
        self._environment = dict(environment)
        with socket.create_server(self.address, family=socket.AF_UNIX) as listener:
            number = listener.fileno()
            self._process = subprocess.Popen(
                [python, "-P", __file__, "serve", str(number)],
                env=self._environment,
                stdin=subprocess.PIPE,  # tells it when to end
                stdout=subprocess.DEVNULL,
                pass_fds=[number],
            )

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()  # it may still be busy with its imports
        self._process.wait()
        self._folder.cleanup()

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether a command in that environment may be forked from it."""
        return _read_at_start(environment) == _read_at_start(self._environment)

    def run(
        self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """What `python -m ganbench` does with these arguments; its output is captured as text."""
        with (
            open(os.devnull, "rb") as nothing,  # noqa: PTH123
            TemporaryFile("w+") as out,
            TemporaryFile("w+") as err,
        ):
            descriptors = [nothing.fileno(), out.fileno(), err.fileno()]
            code = _ask(self.address, arguments, cwd, env, descriptors)
            said = [(one.seek(0), one.read())[1] for one in (out, err)]
        return subprocess.CompletedProcess(["ganbench", *arguments], code, *said)


def _ask(
    address: str,
    arguments: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    descriptors: Sequence[int],
) -> int:
    """Have a command forked that has these descriptors as its first ones; its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
        _send(connection, request, descriptors)
        code = connection.makefile().read()
    assert code, "the process that commands are forked from has ended"
    return int(code)


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environment.items() if not NOT_READ_AT_START.fullmatch(name)
    }


def _send(to: socket.socket, message: Any, descriptors: Sequence[int]) -> None:
    encoded = json.dumps(message).encode()
    socket.send_fds(to, [len(encoded).to_bytes(8, "big")], list(descriptors))
    to.sendall(encoded)


def _receive(source: socket.socket) -> tuple[Any, list[int]]:
    """A message with its descriptors, all of them far; None: nothing was sent."""
    head, descriptors, *_ = socket.recv_fds(source, 8, 16)
    if not head:
        return None, []
    length, encoded = int.from_bytes(head, "big"), b""
    while len(encoded) < length:
        part = source.recv(length - len(encoded))
        if not part:
            raise EOFError("whoever asked is gone")
        encoded += part
    far = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, FAR) for one in descriptors]
    for one in descriptors:
        os.close(one)
    return json.loads(encoded), far


def _serve(listener: socket.socket) -> None:
    """Fork a command for every connection, and tell how it ended, until the standard input ends."""
    _import_everything()
    gc.collect()
    gc.freeze()  # else the first collection of a child copies all pages
    ended, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses Ctrl-C means the tests, which end it
    asked: dict[int, socket.socket] = {}
    while 0 not in (ready := select.select([listener, ended, 0], [], [])[0]):
        if ended in ready:
            ended.recv(4096)
            _tell(asked)
        if listener in ready:
            connection, _ = listener.accept()
            command = os.fork()
            if not command:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                _follow(connection)
            asked[command] = connection


def _tell(asked: dict[int, socket.socket]) -> None:
    """Send the exit codes of commands that have ended to those who have asked for them."""
    with contextlib.suppress(ChildProcessError):  # there is none left
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            with asked.pop(found[0]) as connection, contextlib.suppress(BrokenPipeError):
                connection.sendall(str(os.waitstatus_to_exitcode(found[1])).encode())


def _import_everything() -> None:
    """What commands, their servers and plugins import. What does something when it is imported is
    left to those who want that."""
    from ganbench.api.hooks import ENTRY_POINT_GROUP
    from ganbench.cli.main import VERBS
    from ganbench.execution.executors.forkserver import PRELOADED

    names = [f"ganbench.cli.verbs.{verb}" for verb in VERBS]
    names += [name for name in PRELOADED if not name.endswith(".server")]
    names += ["ganbench.authoring.conformance.subject"]
    for name in names:
        importlib.import_module(name)
    for found in entry_points(group=ENTRY_POINT_GROUP):
        if found.dist is not None and found.dist.name == "ganbench":
            importlib.import_module(found.module)


def _follow(connection: socket.socket) -> NoReturn:
    """Do what is asked for, with the descriptors of whoever asks."""
    with connection:
        request, descriptors = _receive(connection)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    _become(**request)


def _become(arguments: Sequence[str], cwd: str, env: dict[str, str]) -> NoReturn:
    """Be `python -m ganbench`, and leave as it does."""
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    _set_environment(env)
    os.chdir(cwd)
    own = [one for one in env.get("PYTHONPATH", "").split(os.pathsep) if one]
    sys.path[:] = [cwd, *own, *(one for one in sys.path if one not in before)]
    for packages in site.getsitepackages():
        site.addsitedir(packages)  # of what has been installed since
    sys.argv[1:] = arguments
    if "run" in arguments:
        _fork_server_early()
    code: object = 0
    try:
        runpy.run_module("ganbench", run_name="__main__", alter_sys=True)
    except SystemExit as left:
        code = left.code
    except BaseException:
        traceback.print_exc()
        code = 1
    _leave(code)


def _leave(code: object) -> NoReturn:
    """As the interpreter does, but without taking torch apart."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code or 0)


def _set_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _fork_server_early() -> None:
    """Let this process's fork server be a child that is forked here, before there are threads.

    It waits to be needed, and then does what the interpreter that would have been started does.
    """
    ours, its = socket.socketpair()
    server = os.fork()
    if not server:
        ours.close()
        _await_orders(its)
    its.close()
    start = util.spawnv_passfds

    def hand_over(path: bytes, arguments: Sequence[str], descriptors: Sequence[int]) -> int:
        program = arguments[-1]
        if "multiprocessing.forkserver" not in program or ours.fileno() < 0:
            return start(path, arguments, descriptors)
        message = {"program": program, "env": dict(os.environ), "numbers": list(descriptors)}
        with ours:
            _send(ours, message, descriptors)
        return server

    util.spawnv_passfds = hand_over


def _await_orders(source: socket.socket) -> NoReturn:
    order, descriptors = _receive(source)
    source.close()
    if order is None:  # there was nothing to serve
        os._exit(0)
    for descriptor, number in zip(descriptors, order["numbers"], strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    _set_environment(order["env"])
    try:
        exec(order["program"], {"__name__": "__main__"})  # noqa: S102
    except SystemExit:
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    os._exit(1)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", number]:
            sys.argv[1:] = []
            _serve(socket.socket(fileno=int(number)))
        case ["ask", address, *arguments]:
            sys.exit(_ask(address, arguments, Path.cwd(), os.environ, [0, 1, 2]))
