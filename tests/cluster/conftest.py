"""The two clusters, for one module of tests each."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ..clusters import RayCluster, SlurmCluster
from ..steering import GATES, HAZARDS, python_path

Cluster = RayCluster | SlurmCluster


@pytest.fixture(params=["ray", "slurm"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A new one for each test, since tests destroy them; `os.environ` is that of its users."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in python_path(HAZARDS, GATES).items():
            patch.setenv(name, value)
        found: Cluster
        if request.param == "ray":
            found = RayCluster(os.environ["PYTHONPATH"])
        else:
            found = SlurmCluster(tmp_path_factory.mktemp("slurm"))
            patch.setenv("SLURM_CONF", found.environment["SLURM_CONF"])
        yield found
        found.stop()
