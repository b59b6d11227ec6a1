"""Whatever determines the real side is part of the key, and whatever is in the key is a content."""

from __future__ import annotations

import functools
import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo
from ganbench.machine.threads import computing_on
from ganbench.scoring import realcache
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench.scoring.realcache import Origin, RealCache
from ganbench.storage import tensorcache
from ganbench.storage.tensorcache import TensorCache
from ganbench_plugins.scores.kernels.caching import Tensors, number
from ganbench_plugins.scores.kernels.frechet import gaussian_statistics

CPU = torch.device("cpu")
ORIGIN = Origin(
    name="doubling",
    parameters={"layer": "top", "side": 299},
    distribution="ganbench",
    version="1",
    source="sha256:abc",
)


class Doubling:
    """An extractor that counts how often it is called."""

    def __init__(self, id: str = "doubling@12345678", layer: str = "top") -> None:  # noqa: A002
        self.id, self.layer = id, layer
        self.calls = 0

    def __call__(self, samples: Tensor) -> Tensor:
        self.calls += 1
        return 2 * samples.float()


class Recorder(TensorCache):
    """Keeps keys instead of files."""

    def __init__(self) -> None:
        super().__init__(remark=pytest.fail)
        self.keys: list[str] = []

    def tensors(self, parts: Mapping[str, Any], compute: Callable[[], Tensors]) -> Tensors:
        self.keys.append(json.dumps(parts, sort_keys=True))
        return compute()


def points(count: int = 6, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))


def data_of(train: Tensor, heldout: Tensor) -> Data:
    info = DataInfo(name="points", modality="points", shape=tuple(train.shape[1:]))
    return Data(info=info, train=train, heldout=heldout)


def side_of(
    cache: TensorCache,
    train: Tensor | None = None,
    heldout: Tensor | None = None,
    split: str = "heldout",
    extractor: Doubling | None = None,
    origin: Origin = ORIGIN,
) -> RealSide:
    data = data_of(
        points(seed=1) if train is None else train, points() if heldout is None else heldout
    )
    found = extractor or Doubling()
    shared = RealCache(lambda reference: origin, CPU, cache)
    return RealSide(data, split, CPU, lambda name: found, shared)


def features_key(**changes: Any) -> str:
    recorder = Recorder()
    side_of(recorder, **changes).features("doubling")
    (key,) = recorder.keys
    return key


def statistic_key(
    name: str = "gaussian", inputs: Sequence[Tensor] | None = None, device: torch.device = CPU
) -> str:
    recorder = Recorder()
    cache = RealCache(lambda reference: ORIGIN, device, recorder)
    cache.cached(name, [points()] if inputs is None else inputs, lambda: number(1.0))
    (key,) = recorder.keys
    return key


# Keys


def test_another_number_of_threads_rounds_otherwise() -> None:
    keys = set()
    for count in (1, 2, 1):
        with computing_on(count):
            keys.add((features_key(), statistic_key()))
    assert len(keys) == 2


def test_a_key_is_made_of_contents_alone() -> None:
    assert features_key() == features_key()
    assert statistic_key() == statistic_key()
    assert features_key(train=points(seed=9)) == features_key()  # it is not what they are of


@pytest.mark.parametrize(
    "changes",
    [
        {"heldout": points() + torch.eye(6, 3) * 1e-6},
        {"heldout": points(count=5)},
        {"heldout": points().view(6, 3, 1)},
        {"heldout": points().view(torch.int32)},
        {"split": "train", "train": points()},
        {"extractor": Doubling(id="doubling@12345679")},
        {"extractor": Doubling(layer="bottom")},
        {"origin": replace(ORIGIN, name="tripling")},
        {"origin": replace(ORIGIN, parameters={"layer": "top", "side": 224})},
        {"origin": replace(ORIGIN, parameters={"layer": "top"})},
        {"origin": replace(ORIGIN, distribution="other")},
        {"origin": replace(ORIGIN, version="2")},
        {"origin": replace(ORIGIN, source="sha256:abd")},
    ],
    ids=[
        *("data bytes", "n", "shape", "dtype", "split", "weights", "layer", "extractor"),
        *("preprocessing", "parameters", "distribution", "version", "code"),
    ],
)
def test_what_determines_features_changes_their_key(changes: dict[str, Any]) -> None:
    assert features_key(**changes) != features_key()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "kernel"},
        {"inputs": [points(seed=1)]},
        {"inputs": [points(), points()]},
        {"inputs": [points().view(3, 6)]},
        {"inputs": [points().view(torch.int32)]},
        {"device": torch.device("meta")},
    ],
    ids=["name", "input", "inputs", "shape", "dtype", "device"],
)
def test_what_determines_a_statistic_changes_its_key(changes: dict[str, Any]) -> None:
    assert statistic_key(**changes) != statistic_key()


@pytest.mark.parametrize(
    ("make", "libraries"),
    [
        (features_key, ["numpy", "torch", "torch-fidelity", "torchvision"]),
        (statistic_key, ["numpy", "scikit-learn", "scipy", "torch"]),
    ],
    ids=["features", "statistic"],
)
def test_versions_of_libraries_change_keys(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], str], libraries: list[str]
) -> None:
    before = make()
    for changed in libraries:
        with monkeypatch.context() as patch:
            patch.setattr(
                realcache,
                "_version",
                lambda name, of=realcache._version, changed=changed: (
                    "0.0.1" if name == changed else of(name)
                ),
            )
            assert make() != before, changed


def test_libraries_that_a_foreign_extractor_needs_are_part_of_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        realcache, "requires", lambda name: ["timm>=0.9 ; extra == 'x'", "click", "absent[all]"]
    )
    own, foreign = (
        json.loads(features_key(origin=replace(ORIGIN, distribution=name)))["libraries"]
        for name in ("ganbench", "other")
    )
    assert foreign.keys() - own.keys() == {"timm", "click", "absent"}
    assert foreign["click"]
    assert foreign["absent"] == ""


@pytest.mark.parametrize("make", [features_key, statistic_key], ids=["features", "statistic"])
def test_code_of_ganbench_is_part_of_keys(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], str]
) -> None:
    before = make()
    monkeypatch.setattr(realcache, "source_hash", lambda module, file: f"sha256:{module[:8]}")
    assert make() != before


def test_code_of_a_foreign_score_is_part_of_its_keys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "def compute():\n    return ()\n"
    recorder = Recorder()
    for package in ("one", "other"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "score.py").write_text(text)
        module = types.ModuleType(f"{package}.score")
        module.__file__ = str(tmp_path / package / "score.py")
        monkeypatch.setitem(realcache.sys.modules, module.__name__, module)
        exec(text, module.__dict__)  # noqa: S102
        RealCache(lambda reference: ORIGIN, CPU, recorder).cached("mine", [], module.compute)
    one, other = map(json.loads, recorder.keys)
    assert one.pop("source") != other.pop("source")
    assert one == other


def test_graphics_processors_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("A100", "H200"):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device, name=name: name)
        found.append(realcache._device(torch.device("cuda")))
    assert found[0] != found[1]
    assert found[0] != realcache._device(CPU)


# What cannot be identified is not kept


@pytest.mark.parametrize(
    "changes",
    [{"extractor": Doubling(id="raw")}, {"origin": replace(ORIGIN, source="")}],
    ids=["no hash of weights", "no source"],
)
def test_features_of_an_unidentified_extractor(changes: dict[str, Any]) -> None:
    recorder = Recorder()
    side = side_of(recorder, **changes)
    assert torch.equal(side.features("doubling"), 2 * side.real)
    assert recorder.keys == []


def from_nowhere() -> Tensors:
    return number(2.0)


from_nowhere.__module__ = "__main__"


@pytest.mark.parametrize(
    "compute", [from_nowhere, functools.partial(number, 2.0)], ids=["__main__", "partial"]
)
def test_results_of_unidentified_code(compute: Callable[[], Tensors]) -> None:
    recorder = Recorder()
    cache = RealCache(lambda reference: ORIGIN, CPU, recorder)
    assert cache.cached("mine", [], compute) == number(2.0)
    assert recorder.keys == []


def test_what_is_wrapped_counts_as_the_code_of_what_it_wraps() -> None:
    """As in `FeatureColumn.between_halves`: the comparison is the plugin's, the loop is ours."""
    recorder = Recorder()
    cache = RealCache(lambda reference: ORIGIN, CPU, recorder)

    def looped(compare: Callable[..., object]) -> None:
        cache.cached("halves", [], functools.wraps(compare)(lambda: number(3.0)))

    looped(from_nowhere)
    looped(functools.partial(number, 2.0))
    assert recorder.keys == []
    looped(number)
    looped(test_what_is_wrapped_counts_as_the_code_of_what_it_wraps)
    plugin, test = (json.loads(key)["source"] for key in recorder.keys)
    assert plugin != test


# On disk


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TensorCache:
    """A cache in which everything pays."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(tensorcache, "pays", lambda seconds, size: True)
    return TensorCache(pytest.fail)


def test_a_second_run_extracts_nothing(cache: TensorCache) -> None:
    first, second = Doubling(), Doubling()
    sides = side_of(cache, extractor=first), side_of(cache, extractor=second)
    for side in sides:
        assert torch.equal(side.features("doubling"), 2 * side.data.heldout)
        assert torch.equal(side.train_features("doubling"), 2 * side.data.train)
    assert (first.calls, second.calls) == (2, 0)


def test_lasting_fakes_are_extracted_once_and_others_each_time(cache: TensorCache) -> None:
    extractor = Doubling()
    for lasting, calls in ((False, 1), (False, 2), (True, 3), (True, 3), (False, 4)):
        side = side_of(cache, extractor=extractor)
        features = Snapshot(side, points(7, seed=3), lasting=lasting).fake_features("doubling")
        assert torch.equal(features, 2 * points(7, seed=3))
        assert extractor.calls == calls
    other = Snapshot(side_of(cache, extractor=extractor), points(7, seed=4), lasting=True)
    assert torch.equal(other.fake_features("doubling"), 2 * points(7, seed=4))


def test_other_data_behind_the_same_name_are_seen(cache: TensorCache) -> None:
    for seed in range(3):
        side = side_of(cache, heldout=points(seed=seed))
        assert torch.equal(side.features("doubling"), 2 * points(seed=seed))


def test_a_side_without_a_cache_computes(cache: TensorCache, tmp_path: Path) -> None:
    side = RealSide(data_of(points(), points(seed=1)), "heldout", CPU, lambda name: Doubling())
    assert torch.equal(side.features("doubling"), 2 * points(seed=1))
    assert Snapshot(side, points()).cached("mine", [], lambda: number(3.0)) == number(3.0)
    assert list(tmp_path.iterdir()) == []


def test_statistics_come_back_bit_by_bit(cache: TensorCache) -> None:
    features = torch.randn(40, 70, generator=torch.Generator().manual_seed(0))
    side = side_of(cache)
    cold, warm = (gaussian_statistics(features, side.cached) for _ in range(2))
    plain = gaussian_statistics(features)
    for name in ("mean", "root", "eigenvalues"):
        assert torch.equal(getattr(cold, name), getattr(warm, name))
        assert torch.equal(getattr(cold, name), getattr(plain, name))
        assert getattr(cold, name).stride() == getattr(warm, name).stride()
