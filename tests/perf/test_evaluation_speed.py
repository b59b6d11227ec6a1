"""One whole evaluation of the starter suite's digits: sampling left out, every score in."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.chosen import choose_task
from ganbench.planning.plan import Selection, make_plan
from ganbench.running.task import load_data, make_scores, real_side
from ganbench.scoring.evaluation import Snapshot, measure
from ganbench_plugins.scores.kernels.neighbours import K_COVERAGE, K_PRECISION

from .kept import Ratios
from .race import race

pytestmark = [pytest.mark.perf, pytest.mark.usefixtures("one_thread")]


def test_all_scores_of_digits_against_two_of_the_references(benchmark: Any, ratios: Ratios) -> None:
    """Against torch-fidelity's distance and prdc's four numbers at both k, on pixels."""
    selection = Selection(variants=["dcgan"], tasks=["digits"], seeds=[0])
    catalogue = installed_catalogue()
    spec = make_plan(selection, catalogue).runs[0]
    task = spec.task
    chosen = choose_task(task, catalogue)
    data = load_data(chosen.data, catalogue)
    side = real_side(chosen, data, catalogue, torch.device("cpu"))
    scores = make_scores((*chosen.scores, *chosen.final_scores), catalogue)
    random = torch.Generator().manual_seed(0)
    fakes = torch.randint(256, (task.fakes, *data.info.shape), dtype=torch.uint8, generator=random)
    real, fake = (samples.flatten(1).float() for samples in (side.real, fakes))
    real_statistics = fid_features_to_statistics(real)

    def references() -> None:
        fid_statistics_to_metric(real_statistics, fid_features_to_statistics(fake), False)
        for k in (K_PRECISION, K_COVERAGE):
            compute_prdc(real.numpy(), fake.numpy(), nearest_k=k)

    def ours() -> None:
        measure(Snapshot(side, fakes), scores)

    ours()  # what is computed once
    ratio = race(benchmark, ours, references, 9)
    ratios.compare("seven scores of digits against two references", ratio)
