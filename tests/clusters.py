"""Real clusters of two nodes on this machine, for tests: Ray's own emulation, and Slurm's daemons.

Both say why they cannot be had where they are not installed.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from .steering import until

SLURM = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
CPUS = 2
"""Of each node: as many runs as it takes at a time."""


class RayCluster:
    """Two nodes, the second of which can be lost.

    Args:
        python_path: what its processes find modules by.
    """

    ends_jobs_with_their_command = True

    def __init__(self, python_path: str) -> None:
        if find_spec("ray") is None:
            pytest.skip("needs: pip install 'ganbench[ray]'")
        from ray.cluster_utils import Cluster

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", python_path)
            patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
            self._cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": CPUS})
            self._second = self._cluster.add_node(num_cpus=CPUS)
        self.executor = f"ray:{self._cluster.address}"

    def lose_node(self) -> None:
        """The second node dies with all that runs on it."""
        self._cluster.remove_node(self._second, allow_graceful=False)

    def stop(self) -> None:
        """End it."""
        self._cluster.shutdown()


class SlurmCluster:
    """A controller and two nodes, with accounting as on most test clusters: none.

    Args:
        folder: for its files.
    """

    ends_jobs_with_their_command = False

    def __init__(self, folder: Path) -> None:
        if missing := [command for command in SLURM if shutil.which(command) is None]:
            pytest.skip(f"needs: apt install slurm-wlm munge ({missing[0]} is not here)")
        self.executor = "slurm"
        self._nodes = [f"{secrets.token_hex(3)}-n{number}" for number in (1, 2)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.conf = folder / "slurm.conf"
        self.conf.write_text(_configuration(folder, self._nodes))
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        files = {"socket": "munge.socket", "pid-file": "munge.pid", "log-file": "munge.log"}
        files |= {"key-file": "munge.key", "seed-file": "munge.seed"}
        munge = [f"--{option}={folder / name}" for option, name in files.items()]
        self._begin("munged", "--foreground", "--force", *munge)
        until((folder / "munge.socket").exists, *self._processes)
        self._begin("slurmctld", "-D", "-f", str(self.conf))
        for node in self._nodes:
            (folder / node).mkdir()
            self._begin("slurmd", "-D", "-f", str(self.conf), "-N", node)
        until(lambda: self.call("sinfo", "-h", "-t", "idle", "-o", "%D").strip() == "2")

    @property
    def environment(self) -> dict[str, str]:
        """What makes Slurm's commands ask this one."""
        return {"SLURM_CONF": str(self.conf)}

    def call(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        env = os.environ | self.environment
        return subprocess.run(command, env=env, capture_output=True, text=True).stdout

    def lose_node(self) -> None:
        """The second node dies with all that runs on it."""
        self._processes[-1].kill()
        self._kill_jobs(self._nodes[1])

    def stop(self) -> None:
        """End it."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        for node in self._nodes:
            self._kill_jobs(node)

    def _begin(self, *command: str) -> None:
        with (self.conf.parent / "output").open("ab") as output:
            self._processes.append(subprocess.Popen(command, stdout=output, stderr=output))

    def _kill_jobs(self, node: str) -> None:
        """Jobs, and who looks after them: `slurmd` does not take them with it."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("SLURMD_NODENAME") == node:
                    keeper = process.parent()
                    if keeper is not None and "slurmstepd" in keeper.name():
                        keeper.send_signal(signal.SIGKILL)
                    process.kill()


def _configuration(folder: Path, nodes: list[str]) -> str:
    """Quick to start jobs, and to give up a node."""
    host, user = socket.gethostname(), getpass.getuser()
    controller, *ports = _free_ports(3)
    lines = [
        "ClusterName=test",
        f"SlurmctldHost={host}(127.0.0.1)",
        f"SlurmctldPort={controller}",
        f"SlurmUser={user}",
        f"SlurmdUser={user}",
        "AuthType=auth/munge",
        f"AuthInfo=socket={folder}/munge.socket",
        "CredType=cred/munge",
        f"StateSaveLocation={folder}",
        f"SlurmdSpoolDir={folder}/%n",
        f"SlurmctldPidFile={folder}/slurmctld.pid",
        f"SlurmdPidFile={folder}/%n.pid",
        f"SlurmctldLogFile={folder}/slurmctld.log",
        f"SlurmdLogFile={folder}/%n.log",
        "ProctrackType=proctrack/linuxproc",
        "TaskPlugin=task/none",
        "SelectType=select/cons_tres",
        "SelectTypeParameters=CR_CPU",
        "MpiDefault=none",
        "SwitchType=switch/none",
        "AccountingStorageType=accounting_storage/none",
        "JobAcctGatherType=jobacct_gather/none",
        "ReturnToService=2",
        "SlurmdTimeout=5",
        "KillWait=5",
        "PreemptType=preempt/partition_prio",
        "PreemptMode=REQUEUE",
        "SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=100000",
    ]
    for node, port in zip(nodes, ports, strict=True):
        where = f"NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
        lines.append(f"NodeName={node} {where} CPUs={CPUS} RealMemory=8000")
    for partition, rank in (("low", 1), ("high", 2)):
        lines.append(
            f"PartitionName={partition} Nodes={','.join(nodes)} State=UP PriorityTier={rank}"
            f" PreemptMode={'REQUEUE' if partition == 'low' else 'OFF'}"
            f" Default={'YES' if partition == 'low' else 'NO'}"
        )
    return "\n".join([*lines, ""])


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
