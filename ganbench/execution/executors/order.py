"""How the jobs of one plan are done on the nodes of a cluster, whatever has brought them there."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ganbench.api.errors import GanbenchError
from ganbench.api.executors import Ending, Limits, Resources
from ganbench.execution.executors.attend import StopBy, attend
from ganbench.execution.executors.child import Place
from ganbench.machine.versions import installed_versions, require_same_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What all jobs of a plan have in common.

    Args:
        working_folder: of the command: where relative paths of data sets begin.
        limits: of each job.
        on_gpu: whether the cluster has chosen a device for the job, in CUDA_VISIBLE_DEVICES.
        versions: of what is installed where the plan was made.
        environment: variables that jobs need.
    """

    working_folder: str
    limits: Limits
    on_gpu: bool
    versions: Mapping[str, str]
    environment: Mapping[str, str]

    @classmethod
    def here(cls, resources: Resources) -> Order:
        """That of this process, for jobs that are given these resources."""
        return cls(
            working_folder=str(Path.cwd()),
            limits=resources.limits,
            on_gpu=resources.device == "cuda",
            versions=installed_versions(),
            environment={k: v for k, v in os.environ.items() if k.startswith("GANBENCH_")},
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a node cannot do a job, and what to do about it: a `GanbenchError` that can be sent."""

    message: str
    hint: str | None = None

    @property
    def error(self) -> GanbenchError:
        """To be raised where the plan was made."""
        return GanbenchError(self.message, self.hint)


def do_job(order: Order, folder: Path, stop_by: StopBy) -> Ending | Refusal:
    """Do the job in a folder on this node, to its end.

    Args:
        order: how.
        folder: of the run; this node must see it.
        stop_by: as of `attend`.
    """
    node = f"the node {platform.node()}"
    try:
        require_same_versions(order.versions, installed_versions(), node)
        for needed in (Path(order.working_folder), folder):
            if not needed.is_dir():
                raise GanbenchError(
                    f"{node} does not see the folder {needed}",
                    "start in, and keep runs on, a file system that all nodes share",
                )
        os.environ.update(order.environment)  # before the fork server starts, which hands it on
        os.chdir(order.working_folder)
        visible = os.environ.get("CUDA_VISIBLE_DEVICES") if order.on_gpu else None
        return attend(folder, Place(gpu=visible), order.limits, stop_by)
    except GanbenchError as error:
        return Refusal(error.message, error.hint)
    except OSError as error:
        return Refusal(f"{node} cannot start a process: {error}")
