"""From a weights file to a filled network, whatever the file's format and whoever made it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ganbench import UsageError
from ganbench_plugins.extractors.archive import is_archive, read_archive
from ganbench_plugins.extractors.weights import first_line

if TYPE_CHECKING:
    from pathlib import Path

Network = TypeVar("Network", bound=nn.Module)


def read_tensors(path: Path, prefix: str = "") -> dict[str, Tensor]:
    """The tensors in a file whose names begin with `prefix`. No code from the file is ever run.

    Args:
        path: `.safetensors`, a TorchScript archive, or a state dict as `torch.save` writes it.
        prefix: of the names that are wanted.

    Raises:
        UsageError: it is no such file, it is damaged, or it holds more than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        elif is_archive(path):
            found = read_archive(path, prefix)
        else:
            with warnings.catch_warnings(action="ignore"):  # advice to those who made the file
                found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # there is no line of a parser at which damage cannot end it
        reason = first_line(error)
        if reason.startswith("Weights only"):  # torch goes on to say how to run what is in there
            reason = "it is no state dict, or holds more than tensors"
        raise UsageError(f"cannot read weights from {path}: {reason}") from None
    if not isinstance(found, dict) or not all(map(_is_weight, found, found.values())):
        raise UsageError(f"cannot read weights from {path}: it holds no state dict")
    return {name: tensor for name, tensor in found.items() if name.startswith(prefix)}


def _is_weight(name: object, value: object) -> bool:
    """Whether an entry is a named tensor with all its numbers."""
    return (
        isinstance(name, str)
        and isinstance(value, Tensor)
        and (value.layout, value.device.type) == (torch.strided, "cpu")
        and not value.is_quantized
    )


def fill(network: Network, found: dict[str, Tensor], path: Path, title: str) -> Network:
    """The network with `found` for its weights, as float32.

    Args:
        network: on the meta device; rounded first to what is less than float32 in it.
        found: exactly its parameters and buffers.
        path: where they are from, for errors.
        title: what the network is called in errors.

    Raises:
        UsageError: a tensor is missing, has another shape, or is one too many.
    """
    weights = {}
    for name, wanted in network.state_dict().items():
        if name not in found:
            raise UsageError(f"{path} lacks {name} of {title}")
        if found[name].shape != wanted.shape:
            raise UsageError(
                f"{name} in {path} has shape {tuple(found[name].shape)}, "
                f"in {title} it has {tuple(wanted.shape)}"
            )
        rounded = found[name].to(wanted.dtype).contiguous()  # sums depend on the layout in memory
        weights[name] = rounded.float() if rounded.is_floating_point() else rounded
    if extra := found.keys() - weights.keys():
        raise UsageError(f"{path} holds {min(extra)}, which {title} has not")
    network.load_state_dict(weights, assign=True)
    return network
