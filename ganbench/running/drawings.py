"""Pictures of what scores have measured: how a generator moves, what a discriminator has learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import torch

from ganbench.api.errors import GanbenchError
from ganbench.catalogue.blame import told
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.chosen import ChosenScore
from ganbench.results.media import DRAWINGS_FOLDER
from ganbench.running.contracts import check_drawings, made
from ganbench.scoring.evaluation import NotThereError, Snapshot
from ganbench.storage.writing import write_file


def draw_scores(
    scores: Iterable[ChosenScore],
    catalogue: Catalogue,
    snapshot: Snapshot,
    folder: Path,
    remark: Callable[[str], None],
) -> None:
    """Write the pictures of those scores that draw. One that cannot be drawn is not worth a run.

    Args:
        scores: of the task.
        catalogue: where they are from.
        snapshot: of the last evaluation.
        folder: of the run.
        remark: takes lines for the run's log.
    """
    device = snapshot.fakes.device
    for score in scores:
        if score.spec.draw is None:
            continue
        try:
            with torch.random.fork_rng([device] if device.type == "cuda" else []):
                drawn = made(
                    catalogue, check_drawings, score.spec, score.spec.draw, snapshot,
                    **score.arguments,
                )  # fmt: skip
            for name, content in drawn.items():
                (folder / DRAWINGS_FOLDER).mkdir(exist_ok=True)
                write_file(folder / DRAWINGS_FOLDER / f"{name}.png", content, durable=False)
        except NotThereError:  # it has measured nothing, and the log says so
            continue
        except Exception as error:  # a plugin may raise anything, and the run has its numbers
            why = error if isinstance(error, GanbenchError) else told(error, catalogue.plugins)
            remark(f"pictures of score {score.text} are left out: {why}")
