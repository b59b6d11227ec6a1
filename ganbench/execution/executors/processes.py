"""Processes that a run has started: finding all of them, and ending them with it.

A process group is not enough: whoever calls `setsid` leaves it, and a process whose parent has died
is nobody's child. On Linux a process can declare that such orphans among its descendants become its
own children (`PR_SET_CHILD_SUBREAPER`): every worker does, and the fork server for those of workers
that died. Where there is no such call, as on macOS, the process group has to do.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection, Iterable

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_ROUNDS = 100
"""How often the tree is searched: a process may fork while its siblings are being ended."""


def adopt_orphans() -> None:
    """Make orphaned descendants of this process its children."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid: int) -> list[psutil.Process]:
    """All living descendants of a process; none if it is gone."""
    try:
        return [one for one in psutil.Process(pid).children(recursive=True) if _lives(one)]
    except psutil.NoSuchProcess:
        return []


def end_descendants(pid: int) -> None:
    """End all that a process has started, and not the process."""
    for _ in range(_ROUNDS):
        found = descendants(pid)
        if not found:
            return
        _kill(found)


def end_tree(pid: int) -> None:
    """End a process with all that it has started, and the rest of its process group.

    It goes first, so that it cannot start more. To stop it for that (SIGSTOP) would leave it
    stopped, and its folder held, for ever, if this process were killed before the next line.
    """
    found = descendants(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
    _kill(found)
    end_group(pid)


def end_group(pid: int) -> None:
    """End what is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_orphans(server: int, workers: Collection[int]) -> None:
    """End what runs have left behind: children of the fork server that it has not started.

    Those that it has started for others share its session; a worker leads its own, and so its
    descendants have another one than the server.

    Args:
        server: the fork server.
        workers: its children that are still at work.
    """
    for _ in range(_ROUNDS):
        found = [
            one
            for child in _children(server)
            if child.pid not in workers and _session(child.pid) != _session(server)
            for one in (child, *descendants(child.pid))
        ]
        if not found:
            return
        _kill(found)


def memory(pid: int, enough: int) -> tuple[int, int]:
    """Bytes of main memory that a process and its descendants use, and how many these are.

    What several of them share counts once where the system tells. To find out takes long, so it is
    left out as long as their sum, with what is shared in each, stays within `enough`.
    """
    try:
        tree = [psutil.Process(pid), *descendants(pid)]
    except psutil.NoSuchProcess:
        return 0, 0
    used = sum(_resident(one) for one in tree)
    return used if used <= enough else sum(_proportional(one) for one in tree), len(tree)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _proportional(process: psutil.Process) -> int:
    """Its own memory and its part of what it shares (PSS)."""
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except (psutil.Error, OSError):
        return _resident(process)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return [one for one in psutil.Process(pid).children() if _lives(one)]
    except psutil.NoSuchProcess:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(list(processes), timeout=0.05)
