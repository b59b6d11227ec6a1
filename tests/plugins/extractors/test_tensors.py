from __future__ import annotations

import pickle
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from ganbench.api.errors import UsageError
from ganbench_plugins.extractors.tensors import fill, read_tensors


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same weights in every format."""
    folder = tmp_path_factory.mktemp("files")
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit
        torch.manual_seed(0)
        net = network()
        state = net.state_dict()
        torch.save(state, folder / "zip.pth")
        torch.save(state, folder / "legacy.pth", _use_new_zipfile_serialization=False)
        save_file(state, folder / "a.safetensors")
        torch.jit.save(torch.jit.script(net), str(folder / "archive.pt"))
    return [folder / name for name in ("zip.pth", "legacy.pth", "a.safetensors", "archive.pt")]


def test_every_format_gives_the_same(files: list[Path]) -> None:
    wanted = torch.load(files[0], weights_only=True)
    assert len(wanted) == 7
    for path in files:
        found = read_tensors(path)
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)
        assert read_tensors(path, "0.").keys() == {"0.weight", "0.bias"}


@pytest.mark.parametrize("name", ["evil.pth", "evil.pt", "evil.safetensors"])
@pytest.mark.parametrize("form", ["plain", "zip", "legacy", "archive"])
def test_code_in_a_file_is_not_run(evil: object, tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    if form == "plain":
        path.write_bytes(pickle.dumps(evil))
    elif form == "archive":
        with zipfile.ZipFile(path, "w") as file:
            for member in ("data.pkl", "constants.pkl"):
                file.writestr(f"evil/{member}", pickle.dumps(evil, protocol=2))
    else:
        torch.save({"a": evil}, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(UsageError, match=r"cannot read weights from .*evil\.p?") as error:
        read_tensors(path)
    assert not (tmp_path / "run").exists()
    assert "weights_only" not in str(error.value)
    assert "trust" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        [torch.zeros(1)],
        {"model": {"a": torch.zeros(1)}},
        {0: torch.zeros(1)},
        {"a": torch.zeros(1, device="meta")},
        {"a": torch.eye(2).to_sparse()},
    ],
    ids=["list", "nested", "unnamed", "empty", "sparse"],
)
def test_other_contents_are_no_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(UsageError, match="holds no state dict"):
        read_tensors(tmp_path / "a.pth")
    with pytest.raises(UsageError, match="cannot read"):
        read_tensors(tmp_path / "nowhere.pth")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damage_is_an_error_that_a_user_understands(
    files: list[Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut short, or with a few bytes changed anywhere: tensors or `UsageError`, nothing else."""
    source = data.draw(st.sampled_from(files))
    content = bytearray(source.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"damaged{source.suffix}"
    path.write_bytes(content)
    with suppress(UsageError):
        assert all(isinstance(tensor, Tensor) for tensor in read_tensors(path).values())


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damaged_pickles_in_whole_archives(
    files: list[Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """As above, past the zip's own checksums."""
    path = tmp_path_factory.getbasetemp() / "damaged.pt"
    with zipfile.ZipFile(files[-1]) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = bytearray(old.read(name))
            if name.endswith("/data.pkl"):
                for _ in range(data.draw(st.integers(1, 4))):
                    place = data.draw(st.integers(0, len(content) - 1))
                    content[place] = data.draw(st.integers(0, 255))
            new.writestr(name, bytes(content))
    with suppress(UsageError):
        assert all(isinstance(tensor, Tensor) for tensor in read_tensors(path).values())


def test_a_network_is_filled_in_float32(files: list[Path]) -> None:
    found = read_tensors(files[0])
    with torch.device("meta"):
        empty = network()
    empty[0].half()
    filled = fill(empty, found, files[0], "net").state_dict()
    assert filled.keys() == found.keys()
    assert torch.equal(filled["0.weight"], found["0.weight"].half().float())
    assert not torch.equal(filled["0.weight"], found["0.weight"])
    assert torch.equal(filled["1.weight"], found["1.weight"])
    assert filled["1.num_batches_tracked"].dtype == torch.int64


def test_weights_that_do_not_fit_are_refused(files: list[Path]) -> None:
    path, found = files[0], read_tensors(files[0])
    without = {name: tensor for name, tensor in found.items() if name != "0.bias"}
    for changed, reason in (
        (without, r"lacks 0\.bias of net"),
        ({**found, "0.bias": torch.zeros(4)}, r"has shape \(4,\), in net it has \(3,\)"),
        ({**found, "extra": torch.zeros(3)}, "holds extra, which net has not"),
    ):
        with torch.device("meta"):
            empty = network()
        with pytest.raises(UsageError, match=reason):
            fill(empty, changed, path, "net")
