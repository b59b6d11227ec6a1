"""In the place of a Kubernetes cluster: pods are processes of this machine.

It keeps what the executor relies on: a pod runs once, is held to its limits, is asked to leave
before it is killed, and says in the words of Kubernetes how it has ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psutil

LOOK_SECONDS = 0.05


class Cluster:
    """Pods by name."""

    def __init__(self) -> None:
        self._pods: dict[str, Pod] = {}

    def create(self, manifest: dict[str, Any]) -> None:
        """Start a pod."""
        pod = self._pods[manifest["metadata"]["name"]] = Pod(manifest)
        threading.Thread(target=pod.run, daemon=True).start()

    def list(self, plan: str) -> list[dict[str, Any]]:
        """The pods with that label."""
        return [
            {**pod.manifest, "status": pod.status}
            for pod in tuple(self._pods.values())
            if pod.manifest["metadata"]["labels"]["plan"] == plan
        ]

    def delete(self, plan: str, grace: float) -> None:
        """Ask all with that label to leave, and kill those that have not after so many seconds."""
        for pod in tuple(self._pods.values()):
            if pod.manifest["metadata"]["labels"]["plan"] == plan:
                pod.stop_by = time.monotonic() + grace


class Pod:
    """One process, and who looks after it."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        self.status: dict[str, Any] = {"phase": "Pending"}
        self.stop_by: float | None = None

    def run(self) -> None:
        """From its start to its end."""
        spec = self.manifest["spec"]
        container = spec["containers"][0]
        command = container["command"]
        # What the API refuses, and what a pod would not find.
        assert isinstance(spec["activeDeadlineSeconds"], int)
        assert _folder(container).is_relative_to(container["volumeMounts"][0]["mountPath"])
        assert _folder(container) != Path(container["volumeMounts"][0]["mountPath"])
        self.status = {"phase": "Running"}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        began, asked, why = time.monotonic(), False, {}
        while process.poll() is None:
            if self.stop_by is not None and not asked:
                process.terminate()
                asked = True
            why = why or self._over_limit(process.pid, time.monotonic() - began)
            if why or (self.stop_by is not None and time.monotonic() > self.stop_by):
                _kill_group(process)
            time.sleep(LOOK_SECONDS)
        _kill_group(process)  # a pod's processes end with its first one
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        reason = why.pop("container", "Completed" if code == 0 else "Error")
        terminated = {"exitCode": code, "reason": reason}
        self.status = {"phase": "Failed" if code else "Succeeded", **why}
        if why.get("reason") != "Evicted":  # of such a pod it may not say how containers ended
            state = {"terminated": terminated}
            self.status["containerStatuses"] = [{"name": "run", "state": state}]

    def _over_limit(self, pid: int, seconds: float) -> dict[str, str]:
        spec = self.manifest["spec"]
        container = spec["containers"][0]
        limits = container["resources"]["limits"]
        if seconds > spec["activeDeadlineSeconds"]:
            return {"reason": "DeadlineExceeded"}
        if _memory(pid) > limits.get("memory", float("inf")):
            return {"container": "OOMKilled"}
        written = _written(_folder(container))
        if written > limits["ephemeral-storage"]:
            return {"reason": "Evicted", "message": f"it wrote {written} bytes"}
        return {}


def _folder(container: dict[str, Any]) -> Path:
    """Of the run, on the volume."""
    return Path(container["command"][-1])


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _memory(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in tree)
    except psutil.Error:
        return 0


def _written(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*") if file.is_file())
