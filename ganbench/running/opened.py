"""What a run's spec names, looked up, loaded and built once somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch

from ganbench.api.data import Data
from ganbench.api.recipe import Recipe
from ganbench.catalogue.catalogue import Catalogue
from ganbench.machine.precision import Precision
from ganbench.planning.chosen import ChosenTask, choose_task
from ganbench.planning.naming import choose_variant
from ganbench.planning.runspec import RunSpec
from ganbench.running.log import remark
from ganbench.running.players import Players
from ganbench.running.task import load_data, require_same_files


@dataclass(frozen=True)
class OpenedSpec:
    """A run's task, data and variant.

    Args:
        spec: of the run.
        catalogue: where its names are looked up.
        remark: takes lines of talk about its data.
    """

    spec: RunSpec
    catalogue: Catalogue
    remark: Callable[[str], object] = remark

    @cached_property
    def task(self) -> ChosenTask:
        """Its task, with the specs of what that names.

        Raises:
            UsageError: the files of its data set have changed.
        """
        task = choose_task(self.spec.task, self.catalogue, self.spec.folder)
        require_same_files(task.data, self.spec.dataset_fingerprint)
        for note in task.data.survey.notes:
            self.remark(note)
        return task

    @cached_property
    def data(self) -> Data:
        """What it is trained on.

        Raises:
            MissingData: it is not on this machine.
        """
        return load_data(self.task.data, self.catalogue)

    @cached_property
    def recipe(self) -> Recipe:
        """Its variant's, for these data."""
        variant = choose_variant(self.spec.variant, self.catalogue)
        return variant.recipe(self.catalogue, self.data.info)

    def players(self, device: torch.device, precision: Precision = "float32") -> Players:
        """Who builds its networks, loss and techniques there."""
        return Players(self.recipe, self.catalogue, device, precision)
