"""One whole evaluation of the starter suite's digits: sampling left out, every score in."""

from __future__ import annotations

import pytest
import torch

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.chosen import choose_task
from ganbench.planning.plan import Selection, make_plan
from ganbench.running.task import load_data, make_scores, real_side
from ganbench.scoring.evaluation import Snapshot, measure

pytestmark = pytest.mark.perf


def test_all_scores_of_digits_take_less_than_a_second(benchmark) -> None:
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

    benchmark.pedantic(lambda: measure(Snapshot(side, fakes), scores), rounds=5, warmup_rounds=1)
    print(f"\n{len(scores)} scores of {task.fakes} digits: {benchmark.stats.stats.median:.3f} s")
    assert benchmark.stats.stats.median < 1
