"""Exported generators, loaded back by torch and safetensors alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import ganbench
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.catalogue.plugin_files import NO_CHOICE, plugin_files
from ganbench.inference.export import ONNX, export_generator
from ganbench.inference.kept import KeptRun, find_kept
from ganbench.inference.programs import read_program
from ganbench.results.store import RunStore
from ganbench.running.contestant import Contestant
from ganbench.running.evaluator import EVALUATION_SEED

from .conftest import ACGAN

Cli = Callable[..., "CompletedProcess[str]"]

CPU = torch.device("cpu")


def contestant(runs: Path, begin: str) -> Contestant:
    catalogue = installed_catalogue(NO_CHOICE.plus(files=plugin_files([ACGAN])))
    return find_kept(begin, runs, catalogue, print).contestant(CPU)


@pytest.mark.parametrize(("begin", "conditional"), [("vanilla", False), ("acgan", True)])
def test_weights_and_program_give_what_the_generator_gives(
    runs: Path, tmp_path: Path, begin: str, conditional: bool
) -> None:
    out = tmp_path / "gen.safetensors"
    files = ganbench.export(begin, out, runs=runs, plugins=[ACGAN])
    assert [path.name for path in files] == ["gen.safetensors", "gen.json", "gen.pt2"]
    own = contestant(runs, begin).generator.eval()
    weights = load_file(out)
    assert weights.keys() == own.state_dict().keys()
    for name, weight in own.state_dict().items():
        assert torch.equal(weight, weights[name])
    card = json.loads(files[1].read_text())
    (latent,) = card["input"]["latents"]
    inputs = [torch.randn(33, latent["size"], generator=torch.Generator().manual_seed(1))]
    assert latent["law"] == "normal"
    assert card["input"]["classes"] == (10 if conditional else None)
    if conditional:
        inputs.append(torch.arange(33) % 10)
    with torch.no_grad():
        found = torch.export.load(files[2]).module()(*inputs)
        wanted = own(*inputs)
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert list(found.shape[1:]) == card["output"]["shape"]


def test_a_program_is_asked_for_the_classes_that_its_run_was_asked_for(
    runs: Path, tmp_path: Path
) -> None:
    """Whose shares differ by a few samples of a class here, and by much with a long tail."""
    ganbench.export("acgan", tmp_path / "g.safetensors", runs=runs, plugins=[ACGAN])
    own = contestant(runs, "acgan")
    program = read_program(tmp_path / "g.pt2")
    _, labels = program.generate(2000, EVALUATION_SEED, own.info)
    _, wanted = own.sample(2000, EVALUATION_SEED)
    assert labels is not None
    assert wanted is not None
    assert torch.equal(labels, wanted)


def test_the_card_tells_of_the_run_and_of_the_files(runs: Path, tmp_path: Path) -> None:
    weights, card, program = ganbench.export("vanilla", tmp_path / "a" / "g.safetensors", runs=runs)
    told, record = json.loads(card.read_text()), RunStore(runs).read("vanilla")
    assert told["run_id"] == record["run_id"]
    assert (told["variant"], told["task"], told["seed"]) == ("vanilla", "ring8", 0)
    assert sorted(told["scores"].values()) == sorted(record["points"][-1]["scores"].values())
    assert told["files"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (weights, program)
    }
    assert told["output"]["modality"] == "points"
    assert told["versions"]["torch"] == torch.__version__


@pytest.mark.whole
def test_the_program_needs_torch_alone(runs: Path, tmp_path: Path, ganbench_cli: Cli) -> None:
    done = ganbench_cli("export", "vanilla", "--out", "g.safetensors", "--runs", str(runs))
    assert done.stdout.splitlines() == ["g.safetensors", "g.json", "g.pt2"]
    script = (
        "import json, sys, torch\n"
        "size = json.load(open('g.json'))['input']['latents'][0]['size']\n"
        "print(*torch.export.load('g.pt2').module()(torch.zeros(3, size)).shape)\n"
        "assert not [name for name in sys.modules if name.startswith('ganbench')]\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "3 2\n", ran.stderr


class Unfollowed(nn.Module):
    """What it does depends on the numbers that it gets."""

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return latents[:, :2] if float(latents.sum()) > 0 else latents[:, 2:4]


def test_what_torch_cannot_follow_has_weights_and_a_card_and_the_reason_is_said(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = contestant(runs, "vanilla")
    own.generator = Unfollowed()
    monkeypatch.setattr(KeptRun, "contestant", lambda self, device: own)
    kept = find_kept("vanilla", runs, installed_catalogue(), print)
    said: list[str] = []
    (tmp_path / "g.pt2").write_text("of another generator")
    files = export_generator(kept, tmp_path / "g.safetensors", said.append)
    assert [path.name for path in files] == ["g.safetensors", "g.json"]
    assert not (tmp_path / "g.pt2").exists()
    assert said[0].startswith("no .pt2 program was written: ")


def test_another_suffix_is_refused(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ganbench.UsageError, match=r"does not end in .safetensors; --out .*gen.saf"):
        ganbench.export("vanilla", tmp_path / "gen.pt", runs=runs)


@pytest.mark.filterwarnings("ignore")  # of torch's exporter and onnxscript
@pytest.mark.parametrize(("begin", "conditional"), [("vanilla", False), ("acgan", True)])
def test_an_onnx_program_gives_what_the_generator_gives(
    runs: Path, tmp_path: Path, begin: str, conditional: bool
) -> None:
    for library in ONNX:
        pytest.importorskip(library)
    import onnxruntime

    out = tmp_path / "gen.safetensors"
    files = ganbench.export(begin, out, onnx=True, runs=runs, plugins=[ACGAN])
    program = files[-1]
    assert program.name == "gen.onnx"
    card = json.loads(files[1].read_text())
    assert card["files"]["gen.onnx"] == hashlib.sha256(program.read_bytes()).hexdigest()
    (latent,) = card["input"]["latents"]
    inputs = {"latents": torch.randn(5, latent["size"])}
    if conditional:
        inputs["classes"] = torch.arange(5)
    with torch.no_grad():
        wanted = contestant(runs, begin).generator.eval()(*inputs.values())
    session = onnxruntime.InferenceSession(program, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {name: one.numpy() for name, one in inputs.items()})
    assert torch.allclose(torch.from_numpy(found), wanted, rtol=1e-4, atol=1e-5)


def test_onnx_without_its_libraries_is_told(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganbench.inference.export.ONNX", ("no_such_library",))
    with pytest.raises(ganbench.UsageError, match="no_such_library not installed"):
        ganbench.export("vanilla", tmp_path / "gen.safetensors", onnx=True, runs=runs)
