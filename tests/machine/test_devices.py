"""Which GPUs may be used, with the driver's answer given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ganbench.api.errors import UsageError
from ganbench.machine import devices

Machine = Callable[..., None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine with so many GPUs and this value of CUDA_VISIBLE_DEVICES."""

    def machine(count: int, visible: str | None = None) -> None:
        monkeypatch.setattr(devices, "_driver_count", lambda: count)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        devices.cuda_devices.cache_clear()

    yield machine
    devices.cuda_devices.cache_clear()


@pytest.mark.parametrize(
    ("count", "visible", "usable"),
    [
        (0, None, ()),
        (2, None, ("0", "1")),
        (4, "2,3", ("2", "3")),
        (4, " 3 , 1 ", ("3", "1")),
        (2, "", ()),
        (2, "-1", ()),
        (4, "0,-1,1", ("0",)),
        (2, "0,5,1", ("0",)),
        (2, "7", ()),
        (0, "0", ()),
        (0, "GPU-8932f937", ()),
        (2, "GPU-8932f937", ("GPU-8932f937",)),
        (1, "MIG-a,MIG-b", ("MIG-a", "MIG-b")),
    ],
)
def test_what_the_environment_hides_stays_hidden(
    machine: Machine, count: int, visible: str | None, usable: tuple[str, ...]
) -> None:
    machine(count, visible)
    assert devices.cuda_devices() == usable
    assert devices.has_cuda() == bool(usable)


@pytest.mark.parametrize(
    ("count", "visible", "requested", "gpus"),
    [
        (4, None, "cuda", ("0", "1", "2", "3")),
        (4, None, "cuda:1", ("1",)),
        (4, None, "cuda:0,2", ("0", "2")),
        (4, "3,1", "cuda:1", ("1",)),
        (4, "3,1", "cuda:0,0", ("3",)),
        (4, None, "auto", ("0", "1", "2", "3")),
        (4, None, "cpu", ()),
    ],
)
def test_gpus_are_chosen_among_the_usable_ones(
    machine: Machine, count: int, visible: str | None, requested: str, gpus: tuple[str, ...]
) -> None:
    machine(count, visible)
    assert devices.chosen_gpus(devices.check_device(requested)) == gpus


@pytest.mark.parametrize(
    ("requested", "reason"),
    [
        ("cuda:2", "there is no GPU 2, usable are 0 to 1"),
        ("cuda:a", "not of the form"),
        ("cpu:0", "not of the form"),
        ("cdua", "did you mean cuda"),
        ("mps", "untested"),
    ],
)
def test_a_device_that_is_none_is_told(machine: Machine, requested: str, reason: str) -> None:
    machine(2)
    with pytest.raises(UsageError) as raised:
        devices.resolve_device(requested)
    assert reason in f"{raised.value} {raised.value.hint}"


def test_one_device_is_named_as_torch_names_it(machine: Machine) -> None:
    machine(2)
    found = [devices.torch_device(one) for one in ("auto", "cuda", "cuda:1", "cpu")]
    assert found == ["cuda", "cuda", "cuda:1", "cpu"]
    with pytest.raises(UsageError, match="names several"):
        devices.torch_device("cuda:0,1")


@pytest.mark.parametrize(
    ("count", "requested", "device"),
    [(1, "auto", "cuda"), (0, "auto", "cpu"), (1, "cpu", "cpu"), (1, "cuda", "cuda")],
)
def test_resolve_device(machine: Machine, count: int, requested: str, device: str) -> None:
    machine(count)
    assert devices.resolve_device(requested) == device


@pytest.mark.parametrize(("count", "visible"), [(0, None), (2, "")])
def test_cuda_without_a_gpu_is_a_usage_error(
    machine: Machine, count: int, visible: str | None
) -> None:
    machine(count, visible)
    with pytest.raises(UsageError, match="no usable GPU") as caught:
        devices.resolve_device("cuda")
    assert caught.value.hint is not None
    assert "--device cpu" in caught.value.hint


def test_without_a_driver_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(devices.ctypes, "CDLL", missing)
    assert devices._driver_count() == 0


@pytest.mark.parametrize(("initialised", "counted", "count"), [(0, 0, 3), (1, 0, 0), (0, 1, 0)])
def test_the_drivers_answer(
    monkeypatch: pytest.MonkeyPatch, initialised: int, counted: int, count: int
) -> None:
    class Nvml:
        def nvmlInit_v2(self) -> int:  # noqa: N802
            return initialised

        def nvmlDeviceGetCount_v2(self, pointer: object) -> int:  # noqa: N802
            pointer._obj.value = 3  # type: ignore[attr-defined]
            return counted

        def nvmlShutdown(self) -> int:  # noqa: N802
            return 0

    monkeypatch.setattr(devices.ctypes, "CDLL", lambda name: Nvml())
    assert devices._driver_count() == count


@pytest.mark.parametrize(
    ("visible", "found", "name"),
    [
        (None, 0, "GPU 0"),
        ("1", 0, "GPU 1"),
        ("0", 1, None),
        ("GPU-1", 0, "GPU 1"),
        ("GPU-1", 1, None),
        ("0,0", 0, None),
        ("NoDevFiles", 0, None),
    ],
)
def test_the_name_of_the_first_visible_gpu(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    visible: str | None,
    found: int,
    name: str | None,
) -> None:
    class Nvml:
        def nvmlInit_v2(self) -> int:  # noqa: N802
            return 0

        def nvmlDeviceGetHandleByIndex_v2(self, index: int, handle: object) -> int:  # noqa: N802
            handle._obj.value = 100 + index  # type: ignore[attr-defined]
            return found

        def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle: object) -> int:  # noqa: N802
            return self.nvmlDeviceGetHandleByIndex_v2(int(uuid.removeprefix(b"GPU-")), handle)

        def nvmlDeviceGetName(self, handle: object, name: object, size: object) -> int:  # noqa: N802
            name.value = f"GPU {handle.value - 100}".encode()  # type: ignore[attr-defined]
            return 0

        def nvmlShutdown(self) -> int:  # noqa: N802
            return 0

    machine(2, visible)
    monkeypatch.setattr(devices.ctypes, "CDLL", lambda name: Nvml())
    assert devices.device_name("cuda") == name
    if visible is None:
        assert devices.device_name("cuda:1") == "GPU 1"
        assert devices.device_name("cuda:2") is None


CPUINFO = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
stepping\t: 1

processor\t: 1
cpu family\t: 6
model\t\t: 143
model name\t: another
stepping\t: 8
"""


def test_processors_of_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.Path, "read_text", lambda path, encoding: CPUINFO)
    assert devices.cpu_name() == "AMD EPYC"
    assert devices.cpu_kind() == "25-17-1"


def test_where_nobody_tells_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, encoding: str) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(devices.Path, "read_text", refuse)
    assert devices.cpu_name()
    assert devices.cpu_kind() is None


def test_the_name_of_a_cpu_and_of_no_gpu(machine: Machine) -> None:
    machine(0)
    assert devices.device_name("cpu") == devices.cpu_name()
    assert devices.device_name("cpu")
    assert devices.device_name("cuda") is None
