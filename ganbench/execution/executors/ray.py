"""The Ray executor: one task per job, on any node of a Ray cluster.

Ray finds a place and tells when a node has died. All else is ours: a task does its job as the
local executor does, in a process forked from a server that has imported torch, which the task's
worker keeps for the tasks to come. Nothing of Ray is imported before it is asked for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, wait
from typing import Any

from ganbench.api.errors import GanbenchError, PluginNotUsable, one_line
from ganbench.api.executors import Ending, JobHandle, Resources
from ganbench.execution.executors.order import Order, Refusal
from ganbench.execution.executors.ray_task import Bell, do_task
from ganbench.machine.versions import installed_versions, require_same_versions
from ganbench.wording import memory_size

RAY_SECONDS = 1.0
"""For what Ray has to do itself when jobs are stopped; after it, their workers are killed."""
ANSWER_SECONDS = 60.0
"""For a node to say what is installed on it."""


class RayExecutor:
    """Runs jobs as tasks of a Ray cluster, whose nodes see the runs folder under the same path.

    Args:
        resources: what jobs are given: as many CPUs as they have threads, a GPU or a share of one,
            and main memory if that is limited. By default there are as many slots as the cluster
            has room for when the command starts.
        address: of the cluster. Without one it is that of RAY_ADDRESS, or of a cluster that runs on
            this machine; where there is none, one of this machine alone is started.

    Raises:
        PluginNotUsable: Ray is not installed.
        GanbenchError: the cluster cannot be reached, a node has other versions, or there is no room
            for a single job.
    """

    def __init__(self, resources: Resources, address: str = "") -> None:
        self._ray = ray = _import_ray()
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            _connect(ray, address)
        self._order = Order.here(resources)
        demand = {"CPU": float(resources.threads)}
        if resources.device == "cuda":
            demand["GPU"] = 1 / resources.runs_per_gpu
        if resources.limits.host_bytes is not None:
            demand["memory"] = float(resources.limits.host_bytes)
        try:
            _require_same_nodes(ray, self._order.versions)
            room = _room(ray, demand)  # without any, Ray would wait for ever
        except BaseException:
            self._leave()
            raise
        self.slots = resources.jobs or room
        # Whether a job is tried again is decided elsewhere. Workers are kept on GPUs too: what has
        # used one is their child, and has ended.
        self._do = ray.remote(
            max_retries=0,
            max_calls=0,
            num_cpus=resources.threads,
            num_gpus=demand.get("GPU", 0),
            memory=resources.limits.host_bytes,
        )(do_task)
        # It must not die with any other node than the command.
        beside = _on_node(ray.get_runtime_context().get_node_id())
        bell = ray.remote(num_cpus=0, max_restarts=-1, scheduling_strategy=beside)(Bell)
        self._bell = bell.options(max_concurrency=10**6).remote()
        self._lock = threading.Lock()
        self._running: dict[Future[Ending], Any] = {}
        self._is_over = False

    def start(self, job: JobHandle) -> Future[Ending]:
        """Hand a job to Ray. The future raises a `GanbenchError` if its node cannot do it."""
        task = self._do.options(name=job.name).remote(self._order, job.folder, self._bell)
        ending: Future[Ending] = Future()
        with self._lock:
            self._running[ending] = task
        task.future().add_done_callback(lambda told: self._settle(ending, told))
        return ending

    def _settle(self, ending: Future[Ending], told: Future[Ending | Refusal]) -> None:
        with self._lock:
            self._running.pop(ending, None)
        try:
            found = told.result()
        except self._ray.exceptions.RayTaskError as error:  # of ours: a bug
            ending.set_exception(error)
        except Exception:  # the worker or its node has died, or the task was taken back
            ending.set_result(Ending())
        else:
            if isinstance(found, Refusal):
                ending.set_exception(found.error)
            else:
                ending.set_result(found)

    def stop(self, grace: float) -> None:
        """Ask all jobs to leave, end those that have not after so many seconds, and return."""
        if self._is_over:
            return
        with self._lock:
            running = dict(self._running)
        if running:
            self._stop(running, grace)
        self._is_over = True
        self._leave()

    def _leave(self) -> None:
        if self._is_ours:
            self._ray.shutdown()

    def _stop(self, running: Mapping[Future[Ending], Any], grace: float) -> None:
        begun = {*self._ray.get(self._bell.ring.remote(grace))}
        for ending, task in running.items():
            if task.task_id().hex() not in begun and not ending.done():
                self._ray.cancel(task)  # it still waits for a place
        left = wait(running, grace + RAY_SECONDS).not_done
        for ending in left:
            self._ray.cancel(running[ending], force=True)  # the job ends with the task's worker
        wait(left, RAY_SECONDS)


def _import_ray() -> Any:
    try:
        with _signals_kept():
            import ray
    except ImportError as error:
        raise PluginNotUsable(
            f"the executor ray needs Ray, which cannot be imported: {one_line(error)}",
            "pip install 'ganbench[ray]'",
        ) from None
    return ray


def _connect(ray: Any, address: str) -> None:
    if address.startswith("ray://"):
        raise GanbenchError(
            f"{address} is for clients from outside of a cluster",
            "start ganbench on one of its machines, with --executor ray:HOST:PORT",
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # of a cluster that is started here
    try:
        with _signals_kept():
            ray.init(address=address or None, log_to_driver=False, logging_level="ERROR")
    except Exception as error:  # of many classes, RuntimeError for other versions of Ray among them
        where = f"the Ray cluster at {address}" if address else "a Ray cluster"
        raise GanbenchError(
            f"{where} cannot be used: {one_line(error)}",
            "`ray status` shows what there is, `ray start --head` starts one",
        ) from None


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes over SIGTERM, by which commands are asked to stop."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _require_same_nodes(ray: Any, versions: Mapping[str, str]) -> None:
    """Ask all nodes what is installed there; those that come later are asked with their first job.

    Raises:
        GanbenchError: it is something else, or a node does not answer.
    """
    ask = ray.remote(num_cpus=0, max_retries=0)(installed_versions)
    answers = {
        node["NodeManagerHostname"]: ask.options(
            scheduling_strategy=_on_node(node["NodeID"])
        ).remote()
        for node in ray.nodes()
        if node["Alive"]
    }
    for name, answer in answers.items():
        try:
            theirs = ray.get(answer, timeout=ANSWER_SECONDS)
        except ray.exceptions.RayError as error:
            raise GanbenchError(
                f"the Ray node {name} cannot run ganbench: {one_line(error)}",
                "ganbench must be installed on all nodes, in the Python that Ray runs in",
            ) from None
        require_same_versions(versions, theirs, f"the Ray node {name}")


def _on_node(name: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(name, soft=False)


def _room(ray: Any, demand: Mapping[str, float]) -> int:
    """How many jobs the cluster has room for.

    Raises:
        GanbenchError: not even for one.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    room = sum(
        min(int(node.get(name, 0.0) / amount + 1e-9) for name, amount in demand.items())
        for node in nodes
    )
    if not room:
        asked = ", ".join(
            f"{memory_size(int(amount))} of memory" if name == "memory" else f"{amount:g} {name}"
            for name, amount in demand.items()
        )
        raise GanbenchError(
            f"no node of the Ray cluster has what one run needs: {asked}",
            "`ray status` shows what there is; --host-memory and --threads set what a run needs",
        )
    return room
