"""A finished run of a runs folder, with the generator that it has kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from ganbench.api.data import Data
from ganbench.api.errors import InvalidResults, UsageError
from ganbench.api.version import PROTOCOL_VERSION
from ganbench.catalogue.catalogue import Catalogue
from ganbench.execution.pins import require_same_code
from ganbench.planning.runspec import RunSpec, read_spec
from ganbench.results.mirrors import open_runs
from ganbench.results.parts import Part
from ganbench.results.record import Record
from ganbench.results.store import GENERATOR_FILE
from ganbench.running.contestant import Contestant
from ganbench.running.kept import kept_contestant
from ganbench.running.opened import OpenedSpec


@dataclass(frozen=True)
class KeptRun:
    """A finished run whose generator lies in its folder; what is costly is done when asked for.

    Args:
        record: of the run.
        weights: the generator's file.
        opened: what it was run from, with the run's own code.
    """

    record: Record
    weights: Path
    opened: OpenedSpec

    @property
    def run_id(self) -> str:
        """The run's."""
        return self.record["run_id"]

    @property
    def spec(self) -> RunSpec:
        """What it was run from."""
        return self.opened.spec

    @property
    def data(self) -> Data:
        """What it was trained on.

        Raises:
            MissingData: it is not on this machine.
            UsageError: the files of its data set have changed.
        """
        return self.opened.data

    def contestant(self, device: torch.device) -> Contestant:
        """Its generator.

        Raises:
            InvalidResults: the file does not hold the weights that the run has left.
        """
        digest = self.record.get("generator_sha256")
        return kept_contestant(self.opened, device, self.weights, digest)


def find_kept(
    text: str, runs: Path, catalogue: Catalogue, remark: Callable[[str], None]
) -> KeptRun:
    """The run of that id, or of the only id that begins so.

    Raises:
        UsageError: there is none, it has not ended, or it has kept no generator.
        InvalidResults: its record is damaged, or of another protocol.
        PluginNotUsable: the code that is installed is not the code that was run.
    """
    store = open_runs(runs)
    record = store.read(text)
    run_id = record["run_id"]
    store.fetch([run_id], Part.GENERATOR)
    weights = store.folder(run_id) / GENERATOR_FILE
    if not weights.is_file():
        raise UsageError(
            f"run {run_id} has kept no generator: it ended as {record['status']}",
            "name a run whose folder holds " + GENERATOR_FILE,
        )
    if record["protocol"] != PROTOCOL_VERSION:
        raise InvalidResults(
            f"{run_id} ran under protocol {record['protocol']}, this ganbench has "
            f"{PROTOCOL_VERSION}: its generator would be read and sampled otherwise",
            "use the ganbench that ran it",
        )
    spec = read_spec(record["spec"])
    require_same_code(spec, catalogue)
    return KeptRun(record, weights, OpenedSpec(spec, catalogue, remark))
