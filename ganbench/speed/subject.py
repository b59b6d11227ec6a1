"""What is measured: one variant on one task's data, built as a run builds it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from ganbench.api.data import Data
from ganbench.api.networks import Networks
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.runspec import RunSpec
from ganbench.running.opened import OpenedSpec
from ganbench.running.players import Players
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer


@dataclass(frozen=True)
class Subject:
    """Builds what is measured as often as it is asked for.

    Args:
        spec: of a run of it.
        catalogue: where its names are looked up.
        device: where it is trained.
    """

    spec: RunSpec
    catalogue: Catalogue
    device: torch.device

    @cached_property
    def opened(self) -> OpenedSpec:
        """Its task and data."""
        return OpenedSpec(self.spec, self.catalogue)

    @property
    def data(self) -> Data:
        """The task's samples."""
        return self.opened.data

    @cached_property
    def seen(self) -> Data:
        """The same, described as what the networks see of them."""
        return self.players.seen(self.data)

    @cached_property
    def players(self) -> Players:
        """Who builds networks, loss and techniques."""
        return self.opened.players(self.device, self.spec.precision)

    def trainer(self, seed: int = 0) -> Trainer:
        """A trainer, as a run with that seed has it before its first step."""
        data, players = self.data, self.players
        seed_everything(seed)
        return players.trainer(data, seed, self.spec.task.labels)

    def networks(self) -> Networks:
        """Networks of their own, with what techniques make of them."""
        seed_everything(0)
        return self.players.networks(self.seen.info)
