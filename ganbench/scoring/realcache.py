"""What determines the real side of scores: the keys under which runs share it.

Names determine nothing: the same name may stand for other data, other weights or other code
tomorrow. A key holds hashes of contents, of the extractor's source and of ganbench's, and the
versions of the libraries that compute; if any of them changes, the key does.

What pays, in seconds on two cores, as `pytest -m perf tests/perf/test_cache_speed.py` measures it
for 10,000 x 2,048 features, computed and then read: Gaussian statistics 3.1 and 0.14, floor of the
Fréchet distance 13 and 0.1, null of precision 14 and 0.1, neighbours 6.7 and 0.8, kernel 6.7 and
0.2, Vendi score 6.6 and 0.2, near train 11 and 0.9, k-means cells 11 and 1.0. For 1,000 x 64 most
take a tenth of a second and are not kept: see `ganbench.storage.tensorcache.pays`.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import torch
from torch import Tensor

from ganbench.api.scores import Extractor
from ganbench.catalogue.plugin import BUILT_IN, source_hash
from ganbench.storage.sealed import content_hash
from ganbench.storage.tensorcache import TensorCache, Tensors

FOR_FEATURES = ("numpy", "torch", "torch-fidelity", "torchvision")
FOR_STATISTICS = ("numpy", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which code makes an extractor, and what it is told.

    Args:
        name: the extractor's.
        parameters: all of them, defaults included.
        distribution, version: who provides it.
        source: hash of its package, see `ganbench.catalogue.plugin.Plugin.source_hash`.
    """

    name: str
    parameters: Mapping[str, Any]
    distribution: str
    version: str
    source: str


class RealCache:
    """Features of real samples and what is computed from them, shared by runs.

    What cannot be identified is computed every time: features of an extractor whose id holds no
    hash of its contents, and results of code without source files.

    Args:
        origin: tells where the extractor of a reference is from.
        device: where everything is computed, and returned.
        cache: where it is kept.
    """

    def __init__(
        self,
        origin: Callable[[str], Origin],
        device: torch.device,
        cache: TensorCache,
    ) -> None:
        self._origin = origin
        self._device = device
        self._cache = cache

    def features(
        self, reference: str, extractor: Extractor, split: str, samples: Tensor, digest: str
    ) -> Tensor:
        """(N, d) features of samples (N, *shape).

        Args:
            reference: to the extractor.
            extractor: computes them.
            split: which one the samples are.
            samples: what they are of.
            digest: hash of the samples, see `ganbench.storage.sealed.content_hash`.
        """
        origin = self._origin(reference)
        if "@" not in extractor.id or not origin.source:
            return extractor(samples)
        key = {
            "what": "features",
            "extractor": {"id": extractor.id, "layer": extractor.layer, **asdict(origin)},
            "samples": {"split": split, **_description(samples, digest)},
            "libraries": _versions(*FOR_FEATURES, *_requirements(origin.distribution)),
        }
        (features,) = self._tensors(key, lambda: (extractor(samples),))
        return features

    def cached(
        self, name: str, inputs: Sequence[Tensor], compute: Callable[[], Tensors]
    ) -> Tensors:
        """The result of `compute`, see `ganbench.api.scores.Evaluation.cached`."""
        source = _source(compute)
        if not source:
            return compute()
        key = {
            "what": name,
            "source": source,
            "inputs": [_description(one, content_hash({"": one})) for one in inputs],
            "libraries": _versions(*FOR_STATISTICS),
        }
        return self._tensors(key, compute)

    def _tensors(self, key: Mapping[str, Any], compute: Callable[[], Tensors]) -> Tensors:
        everywhere = {
            "ganbench": _source(_source),
            "device": _device(self._device),
            "threads": torch.get_num_threads(),  # of this run: what it finds is what it would get
        }
        tensors = self._cache.tensors({**key, **everywhere}, compute)
        return tuple(one.to(self._device) for one in tensors)


def _description(tensor: Tensor, digest: str) -> dict[str, Any]:
    return {"sha256": digest, "shape": list(tensor.shape), "dtype": str(tensor.dtype)}


def _source(function: Callable[..., object]) -> str:
    """Hash of the package that a function is from; empty where its source cannot be told."""
    function = inspect.unwrap(function)  # what it wraps has more to say on the result
    if not inspect.isfunction(function) or function.__module__ in (None, "__main__"):
        return ""
    module = sys.modules.get(function.__module__)
    return source_hash(function.__module__, getattr(module, "__file__", None) or "")


def _versions(*libraries: str) -> dict[str, str]:
    return {name: _version(name) for name in libraries}


@functools.lru_cache(maxsize=256)
def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _requirements(distribution: str) -> list[str]:
    """What a distribution of other extractors says that it needs. Ours needs much to print tables,
    which moves no feature; a local file belongs to none."""
    if distribution in (BUILT_IN, ""):
        return []
    try:
        lines = requires(distribution) or []
    except PackageNotFoundError:
        return []
    return [found[0] for line in lines if (found := re.match(r"[\w.-]+", line))]


def _device(device: torch.device) -> dict[str, Any]:
    """Processors round differently. CPUs of one kind or another count as the same."""
    if device.type != "cuda":
        return {"type": device.type}
    name = torch.cuda.get_device_name(device)
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return {"type": device.type, "name": name, "cuda": torch.version.cuda, "cudnn": cudnn}
