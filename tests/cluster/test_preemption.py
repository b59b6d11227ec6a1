"""Runs that Slurm takes the place of, for a more important job, go on from their checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.results.store import RunStore

from ..clusters import CPUS, SlurmCluster
from ..steering import Gates, is_alive, until
from .conftest import Cluster
from .test_campaign import GATE, Campaign

pytestmark = pytest.mark.cluster

AT_A_TIME = 2 * CPUS


@pytest.mark.parametrize("cluster", ["slurm"], indirect=True)
def test_preempted_runs_go_on(cluster: Cluster, tmp_path: Path) -> None:
    """Without a single retry of ours."""
    assert isinstance(cluster, SlurmCluster)
    (tmp_path / "gates").mkdir()
    gates = Gates(tmp_path / "gates")
    campaign = Campaign(tmp_path, gates, seeds=f"0-{AT_A_TIME - 1}")
    gates.shut(GATE)
    command = campaign.start("slurm:low", AT_A_TIME, "--retries", "0")
    held = until(lambda: (found := gates.told(GATE))[AT_A_TIME - 1 :] and found, command)

    places = ("--nodes=2", "--ntasks-per-node=2", "--output=/dev/null", "--wrap=sleep infinity")
    important = cluster.call("sbatch", "--parsable", "--partition=high", *places).strip()
    until(lambda: not any(map(is_alive, held)), command)
    gates.open(GATE)
    cluster.call("scancel", important)
    _, stderr = command.communicate()
    assert command.returncode == 0, stderr
    records = RunStore(campaign.runs).read_all().records
    assert [(record["status"], record["resumed"]) for record in records] == [("ok", 1)] * AT_A_TIME
