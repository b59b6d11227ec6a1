"""Exported generators: a program of torch's with its card, as `ganbench export` leaves them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganbench.api.data import DataInfo
from ganbench.api.errors import InvalidResults, UsageError, one_line
from ganbench.api.networks import Latent
from ganbench.inference.cards import description
from ganbench.modalities import modality_of
from ganbench.storage.reading import read_file
from ganbench.training.feed import LabelFeed, LatentFeed
from ganbench.training.sampling import SAMPLING_BATCH, noise_of
from ganbench.training.seeds import stream_seed

PROGRAM = ".pt2"


@dataclass(frozen=True)
class Program:
    """An exported generator.

    Args:
        path: of the program.
        card: what lies beside it.
        output: what it generates, by its path.
    """

    path: Path
    card: dict[str, Any]
    output: DataInfo

    @torch.no_grad()
    def generate(self, count: int, seed: int, info: DataInfo) -> tuple[Tensor, Tensor | None]:
        """(count, *stored shape) samples, and their classes (count,), if any: of the shares that
        its run was asked for, or equal ones, where the card does not tell.

        Of the seed with which a run is evaluated, they are those that the run was scored by.

        Raises:
            UsageError: they are others than the real ones.
            InvalidResults: the program cannot be run, or its output is not finite.
        """
        own, given, modality = self.output, self.card["input"], modality_of(info)
        modality.require_kin(own, info)
        device = torch.device("cpu")  # where programs are made
        laws = tuple(Latent(size=one["size"], law=one["law"]) for one in given["latents"])
        inputs = [LatentFeed(laws, device, seed).draw(count)]
        try:
            if classes := given["classes"]:
                shares = torch.tensor(given.get("class_shares") or [1 / classes] * classes)
                inputs.append(LabelFeed(shares, device, stream_seed(seed, "labels")).draw(count))
            module = torch.export.load(str(self.path)).module()
            parts = zip(*(torch.split(one, SAMPLING_BATCH) for one in inputs), strict=True)
            with noise_of(seed, device):
                raw = torch.cat([module(*part) for part in parts])
        except (RuntimeError, ValueError, TypeError, KeyError) as error:
            raise InvalidResults(f"{self.path} cannot be run: {one_line(error)}") from None
        if not bool(torch.isfinite(raw).all()):
            raise InvalidResults(f"the output of {self.path} is not finite")
        stored = modality.translated(modality_of(own).decode(raw, own), own, info)
        return stored, inputs[1] if classes else None


def read_program(path: Path) -> Program:
    """The program in a file. Its card says which bytes it must have.

    Raises:
        UsageError: there is no such file, or no card beside it.
        InvalidResults: the card is none, or of another program.
    """
    card = path.with_suffix(".json")
    try:
        content, told = read_file(path), read_file(card)
    except OSError as error:
        raise UsageError(
            f"cannot read {error.filename or path}: {error.strerror}",
            "`ganbench export RUN --out FILE.safetensors` writes a program with its card",
        ) from None
    try:
        read = json.loads(told)
        latents, expected = read["input"]["latents"], read["files"][path.name]
        output = description({**read["output"], "name": str(path)})
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidResults(f"{card} is no card of a program: {one_line(error)}") from None
    if not latents or hashlib.sha256(content).hexdigest() != expected:
        raise InvalidResults(f"{path} is not the program that {card} describes")
    return Program(path, read, output)
