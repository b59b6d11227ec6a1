"""The generator that a run leaves: its weights as a sealed file, which can run no code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from ganbench.api.errors import InvalidResults, one_line
from ganbench.storage.reading import read_file
from ganbench.storage.sealed import read_sealed, write_sealed


def keep_generator(generator: nn.Module, path: Path, remark: Callable[[str], None]) -> str | None:
    """Write a generator's weights; a run is not lost for want of them.

    Args:
        generator: the one that gets evaluated.
        path: of the file; it appears whole or not at all.
        remark: told why there is no file, if there is none.

    Returns:
        The file's SHA-256, or None where the weights could not be kept.
    """
    state = generator.state_dict()
    odd = sorted(name for name, value in state.items() if not isinstance(value, Tensor))
    if odd:
        remark(f"the generator is not kept: its state holds more than tensors: {', '.join(odd)}")
        return None
    try:
        write_sealed(path, "generator", state, durable=True)  # as the record is, which names it
        return _digest(path)
    except OSError as error:
        remark(f"the generator is not kept: {error}")
        return None


def load_generator(generator: nn.Module, path: Path, digest: str | None = None) -> None:
    """Give a generator the weights that `keep_generator` wrote.

    Args:
        generator: of the same architecture.
        path: of the file.
        digest: the SHA-256 that it must have, where that is known.

    Raises:
        InvalidResults: there is no such file, or it holds other weights.
    """
    try:
        if digest is not None and _digest(path) != digest:
            raise InvalidResults(
                f"{path} is not the generator that the run has left: its SHA-256 is another one",
                "`ganbench verify RUN --retrain` needs no weights",
            )
        _, weights = read_sealed(path)
    except OSError as error:
        raise InvalidResults(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise InvalidResults(f"{path} cannot be used: {error}") from None
    try:
        if any(not bool(torch.isfinite(weight).all()) for weight in weights.values()):
            raise ValueError("its weights are not finite")
        generator.load_state_dict(weights)
    except (ValueError, RuntimeError) as error:
        reason = one_line(error)
        raise InvalidResults(f"{path} does not fit the run's generator: {reason}") from None


def _digest(path: Path) -> str:
    return hashlib.sha256(read_file(path)).hexdigest()
