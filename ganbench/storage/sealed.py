"""Tensors in a file that tells whether it is whole: safetensors with a SHA-256 over all of it.

A sealed file holds named tensors and one text. Reading one can fail; it can never run code, and
never give other bits than those that were written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ganbench.storage.reading import require_regular
from ganbench.storage.writing import replacing

SEAL = "ganbench"
"""The one key of the metadata: several would be written in any order, and no two files be equal."""


def write_sealed(path: Path, text: str, tensors: Mapping[str, Tensor], *, durable: bool) -> None:
    """Write or replace a sealed file at once.

    Args:
        path: the file; its folder must be there.
        text: whatever belongs to the tensors.
        tensors: of any device, layout and type.
        durable: as in `ganbench.storage.writing.replacing`.

    Raises:
        OSError: it cannot be written.
    """
    from safetensors.torch import save_file

    own = {name: plain(tensor) for name, tensor in tensors.items()}
    metadata = {SEAL: f"{content_hash(own, text)} {text}"}
    with replacing(path, durable=durable) as temporary:
        try:
            save_file(own, temporary, metadata)
        except Exception as error:  # safetensors wraps errors of the system in its own
            raise OSError(f"cannot write {path}: {error}") from error


def read_sealed(path: Path) -> tuple[str, dict[str, Tensor]]:
    """The text and the tensors of a sealed file, on the CPU.

    Raises:
        FileNotFoundError: there is none.
        OSError: it is no regular file, or cannot be read.
        ValueError: it is damaged, cut off, or no sealed file.
    """
    from safetensors import SafetensorError, safe_open

    require_regular(path)
    with path.open("rb"):  # to safetensors, a file that may not be opened is not there
        pass
    try:
        with safe_open(path, "pt") as file:
            seal = (file.metadata() or {}).get(SEAL, "")
            # Copies: a mapped file can change under its reader, and lies in memory as it happens
            # to, where products are rounded differently than in tensors that torch has aligned.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"it is damaged or no file of ganbench's ({error})") from None
    digest, _, text = seal.partition(" ")
    if not digest:
        raise ValueError("it has no checksum: ganbench did not write it")
    if digest != content_hash(tensors, text):
        raise ValueError("its content does not match its checksum")
    return text, tensors


def content_hash(tensors: Mapping[str, Tensor], salt: str = "") -> str:
    """Hexadecimal SHA-256 of names, types, shapes and bits.

    Args:
        tensors: by name, in any order, on any device.
        salt: whatever else is to make a difference.
    """
    digest = hashlib.sha256(salt.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def plain(tensor: Tensor) -> Tensor:
    """A copy as it will be read: contiguous, on the CPU, with no memory in common with others."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
