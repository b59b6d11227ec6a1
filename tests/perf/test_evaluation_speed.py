"""One whole evaluation of the starter suite's digits: sampling left out, every score in."""

from __future__ import annotations

import pytest
import torch

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.plan import Selection, make_plan
from ganbench.running.build import Builder
from ganbench.scoring.evaluation import Snapshot, measure

pytestmark = pytest.mark.perf


def test_all_scores_of_digits_take_less_than_a_second(benchmark) -> None:
    selection = Selection(variants=["dcgan"], tasks=["digits"], seeds=[0])
    catalogue = installed_catalogue()
    builder = Builder(make_plan(selection, catalogue).runs[0], catalogue, torch.device("cpu"))
    data = builder.data()
    side = builder.real_side(data)
    task = builder.spec.task
    scores = builder.scores((*task.scores, *task.final_scores))
    random = torch.Generator().manual_seed(0)
    fakes = torch.randint(256, (task.fakes, *data.info.shape), dtype=torch.uint8, generator=random)

    benchmark.pedantic(lambda: measure(Snapshot(side, fakes), scores), rounds=5, warmup_rounds=1)
    print(f"\n{len(scores)} scores of {task.fakes} digits: {benchmark.stats.stats.median:.3f} s")
    assert benchmark.stats.stats.median < 1
