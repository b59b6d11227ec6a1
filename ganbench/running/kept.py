"""The generator that a finished run has kept, put in the place that it had in its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ganbench.running.contestant import Contestant
from ganbench.running.generator import load_generator
from ganbench.running.opened import OpenedSpec
from ganbench.scoring.evaluation import NotThereError
from ganbench.training.feed import class_shares


def _not_kept(*_: object) -> Any:
    raise NotThereError


class _NotKept(Mapping[str, nn.Module]):
    """Extra modules of which none was kept: nobody may be told that there were none."""

    def __getitem__(self, _: str) -> nn.Module:
        raise NotThereError

    def __iter__(self) -> Iterator[str]:
        raise NotThereError

    def __len__(self) -> int:
        raise NotThereError


def kept_contestant(
    opened: OpenedSpec, device: torch.device, weights: Path, digest: str | None = None
) -> Contestant:
    """A run's generator with the weights that it ended with, to be sampled and scored.

    Args:
        opened: of the run.
        device: where it goes.
        weights: its file.
        digest: the SHA-256 that the file must have, where that is known.

    Returns:
        A contestant of which scores may ask nothing but the generator: they get a `NotThereError`.

    Raises:
        InvalidResults: there is no such file, or it holds other weights.
        PluginNotUsable: the networks cannot be built.
    """
    data, players = opened.data, opened.players(device)
    seen = players.seen(data).info
    networks = players.networks(seen)
    load_generator(networks.generator, weights, digest)
    return Contestant(
        generator=networks.generator,
        info=seen,
        latents=networks.latents,
        device=device,
        shares=class_shares(data, opened.spec.task.labels) if networks.conditional else None,
        extra=_NotKept(),
        logits=_not_kept,
        training=opened.recipe.training,
        rehearse=_not_kept,
    )
