"""A third party's executor, shaped as one for Kubernetes is: each job is a pod of its own.

All that it needs of ganbench is what a job says of itself: a name, a folder that every pod sees,
the threads that it computes on, and the command that does it, `ganbench work FOLDER`. The cluster
holds the pod to its limits and says how it has ended. Here a stand-in takes its place, which does
the same on this machine (`ganbench_pods_cluster.py`); with a real one, the three methods that are
called are `create_namespaced_pod`, `list_namespaced_pod` and `delete_collection_namespaced_pod` of
`kubernetes.client.CoreV1Api`.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import signal
import threading
from concurrent.futures import Future, wait
from typing import Any

from ganbench_pods_cluster import Cluster

from ganbench import (
    Breach,
    Ending,
    Executor,
    ExecutorSpec,
    JobHandle,
    Parameter,
    Resources,
    hookimpl,
)

LOOK_SECONDS = 0.1
"""Between two looks at all pods; of a real cluster, which is asked over a network, rather 5 s."""
ASKED_TO_STOP = 128 + signal.SIGTERM
"""A worker leaves with it by itself, and keeps its state."""


class PodExecutor:
    """Runs jobs as pods.

    Args:
        resources: what they are given.
        image: that has the same ganbench and plugins as this process.
    """

    def __init__(self, resources: Resources, image: str) -> None:
        self.slots = resources.jobs or 8
        self._resources = resources
        self._image = image
        self._plan = f"ganbench-{secrets.token_hex(4)}"  # a label of all its pods
        self._cluster = Cluster()
        self._endings: dict[str, Future[Ending]] = {}
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def start(self, job: JobHandle) -> Future[Ending]:
        """Create a pod for it."""
        manifest = self._manifest(job)
        ending = self._endings[manifest["metadata"]["name"]] = Future()
        self._cluster.create(manifest)
        return ending

    def stop(self, grace: float) -> None:
        """Delete all pods: the cluster asks them to leave, waits, and kills those that do not."""
        left = list(self._endings.values())
        if left:
            self._cluster.delete(self._plan, grace)
            wait(left)
        self._over.set()
        self._watcher.join()

    def _manifest(self, job: JobHandle) -> dict[str, Any]:
        limits = self._resources.limits
        asked: dict[str, Any] = {"cpu": job.threads, "ephemeral-storage": limits.output_bytes}
        if limits.host_bytes is not None:
            asked["memory"] = limits.host_bytes
        if self._resources.device == "cuda":
            asked["nvidia.com/gpu"] = 1
        container = {
            "name": "run",
            "image": self._image,
            "command": job.command,
            "resources": {"limits": asked, "requests": asked},
            "volumeMounts": [{"name": "runs", "mountPath": str(job.folder.parent)}],
        }
        # Names of runs have signs in them that Kubernetes does not allow, and are tried again.
        digest = hashlib.sha256(job.name.encode()).hexdigest()[:12]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"run-{digest}-{secrets.token_hex(3)}",
                "labels": {"plan": self._plan},
                "annotations": {"ganbench/run": job.name},
            },
            "spec": {
                "restartPolicy": "Never",  # whether it is tried again is for ganbench to say
                "activeDeadlineSeconds": math.ceil(limits.seconds),
                "containers": [container],
                "volumes": [{"name": "runs", "persistentVolumeClaim": {"claimName": "runs"}}],
            },
        }

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            waited_for = set(self._endings)  # before the question: a pod that is created now is new
            pods = {pod["metadata"]["name"]: pod for pod in self._cluster.list(self._plan)}
            for name in waited_for:
                if name not in pods:  # its node has gone, or somebody has deleted it
                    self._endings.pop(name).set_result(Ending())
                elif pods[name]["status"]["phase"] in ("Succeeded", "Failed"):
                    self._endings.pop(name).set_result(ending_of(pods[name]["status"]))


def ending_of(status: dict[str, Any]) -> Ending:
    """How a pod has ended, by its status."""
    containers = status.get("containerStatuses")  # of a pod that was evicted there may be none
    terminated = containers[0]["state"]["terminated"] if containers else {}
    breach = None
    if status.get("reason") == "DeadlineExceeded":
        breach = Breach("time", "its pod was over its deadline; --limit sets it")
    elif status.get("reason") == "Evicted":
        breach = Breach("output", f"its pod was evicted: {status['message']}")
    elif terminated.get("reason") == "OOMKilled":
        breach = Breach("memory", "its pod used more than its memory; --host-memory sets it")
    code = terminated.get("exitCode")
    if code is None:
        return Ending(breach=breach)
    # As shells do, Kubernetes adds 128 to the number of a signal.
    if code > 128 and code != ASKED_TO_STOP:
        return Ending(signal=code - 128, breach=breach)
    return Ending(exit_code=code, breach=breach)


def build(resources: Resources, image: str) -> Executor:
    return PodExecutor(resources, image)


@hookimpl
def ganbench_executors() -> list[ExecutorSpec]:
    return [
        ExecutorSpec(
            name="pods",
            description="a pod for each run",
            build=build,
            parameters={"image": Parameter(default="ganbench", help="with ganbench and plugins")},
            argument="image",
            remote=True,
        )
    ]
