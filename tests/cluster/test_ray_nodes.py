"""Nodes of a real Ray cluster are held to what is installed where the plan was made."""

from __future__ import annotations

import re

import pytest

from ganbench.api.errors import GanbenchError
from ganbench.execution.conditions import Conditions
from ganbench.execution.executors import order
from ganbench.machine.versions import installed_versions

from .conftest import Cluster

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("cluster", ["ray"], indirect=True)
def test_a_node_with_another_torch_is_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganbench.execution.executors.ray import RayExecutor

    here = installed_versions()
    monkeypatch.setattr(order, "installed_versions", lambda: {**here, "torch": "1.0"})
    address = cluster.executor.partition(":")[2]
    said = rf"the Ray node \S+ has torch {re.escape(here['torch'])} \(here: 1\.0\)"
    with pytest.raises(GanbenchError, match=said):
        RayExecutor(Conditions().resources("cpu", 1), address)
    import ray

    assert not ray.is_initialized()
