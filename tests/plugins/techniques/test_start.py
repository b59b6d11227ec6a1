"""Given weights: those that training starts from, named by their hash, in a row of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch
from safetensors.torch import load_file, save_file

from ganbench.api.errors import UsageError
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.naming import choose_variant
from ganbench.results.store import RunStore

Cli = Callable[..., "CompletedProcess[str]"]


@pytest.mark.whole
def test_a_run_starts_from_the_weights_of_another(ganbench_cli: Cli, tmp_path: Path) -> None:
    common = ("--task", "ring8", "--seeds", "0", "--runs", "runs")
    assert ganbench_cli("run", "vanilla", *common, "--budget", "20steps").returncode == 0
    (first,) = RunStore(tmp_path / "runs").read_all().records
    weights = tmp_path / "runs" / first["run_id"] / "generator.safetensors"
    name = hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
    # Learning rates so small that single precision leaves the weights where they were.
    still = f"vanilla+start:{weights}"
    done = ganbench_cli(
        "run", still, *common, "--budget", "2steps", "--set", "vanilla+start.lr_scale=1e-6"
    )
    assert done.returncode == 0, done.stderr
    second = next(one for one in RunStore(tmp_path / "runs").read_all().records if one != first)
    assert second["spec"]["parameters"]["start.weights"] == name
    assert second["spec"]["variant"] == f"vanilla+start:{name}[lr_scale=1e-06]"
    assert str(tmp_path) not in str(second["spec"])
    ended = load_file(tmp_path / "runs" / second["run_id"] / "generator.safetensors")
    begun = load_file(weights)
    for key, value in begun.items():
        torch.testing.assert_close(ended[key], value, rtol=0, atol=1e-4)
    drawn = second["points"][0]["scores"], first["points"][0]["scores"]
    assert drawn[0] != drawn[1]
    assert f"vanilla+start:{name}" in done.stdout  # a row of its own


def test_the_hash_names_the_weights_wherever_they_lie(tmp_path: Path) -> None:
    catalogue = installed_catalogue()
    for place in ("a", "b+c,d"):
        (tmp_path / place).mkdir()
        save_file({"weight": torch.ones(3)}, tmp_path / place / "weights.safetensors")
    names = {
        choose_variant(f'vanilla+start:"{tmp_path / place}/weights.safetensors"', catalogue).display
        for place in ("a", "b+c,d")
    }
    (name,) = names
    assert choose_variant(name, catalogue).display == name
    assert choose_variant("vanilla+start", catalogue).display == "vanilla+start"
    with pytest.raises(UsageError, match=r"cannot read the weights .*nowhere: No such file"):
        choose_variant(f"vanilla+start:{tmp_path}/nowhere", catalogue)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    from ganbench import Latent, Networks
    from ganbench_plugins.techniques.start import Start, by_hash

    save_file({"weight": torch.ones(3)}, tmp_path / "weights.safetensors")
    settled = by_hash(str(tmp_path / "weights.safetensors"))
    networks = Networks(
        generator=torch.nn.Linear(2, 2), discriminator=torch.nn.Linear(2, 1), latent=Latent(size=2)
    )
    with pytest.raises(UsageError, match="do not fit"):
        Start(**settled).networks(networks)
