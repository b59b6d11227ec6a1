"""Reference generators are scored once, whatever a score makes of them, and leave no trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbench import Data, Measurement, UsageError
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.chosen import ChosenTask, choose_task
from ganbench.planning.suite import load_suite
from ganbench.results.references import (
    COPIES,
    GAUSSIAN,
    NOISE,
    ONE,
    REFERENCES,
    SHUFFLED,
    trivial_distance,
)
from ganbench.running import references
from ganbench.running.references import References, score_references
from ganbench.running.task import load_data, make_scores, real_side
from ganbench.scoring.evaluation import RealSide, Snapshot, measure
from ganbench.storage import tensorcache
from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics

CPU = torch.device("cpu")
Compute = Callable[[Any], list[Measurement]]


def ready(name: str) -> tuple[ChosenTask, RealSide, Data]:
    """A task of the starter suite."""
    catalogue = installed_catalogue()
    task = choose_task(load_suite("starter").task(name), catalogue)
    data = load_data(task.data, catalogue)
    return task, real_side(task, data, catalogue, CPU), data


def scored(task: ChosenTask, side: RealSide) -> References:
    return score_references(task, side, installed_catalogue())


def scored_by(monkeypatch: pytest.MonkeyPatch, *computes: Compute) -> References:
    """What a task with these scores alone would have on the ring, of which nothing is kept."""
    task, _, data = ready("ring8")
    monkeypatch.setattr(references, "make_scores", lambda *_: [(one, {}) for one in computes])
    monkeypatch.setattr(references, "_identity", lambda *_: "")
    return scored(task, RealSide(data, "heldout", CPU, lambda text: pytest.fail(text)))


def test_the_ring_is_scored_as_its_reference_generators_deserve() -> None:
    task, side, data = ready("ring8")
    found = scored(task, side)
    assert all(set(values) == set(REFERENCES) for values in found.values())
    (transport,) = (values for key, values in found.items() if key.startswith("sliced-w2"))
    # In the plane the mean over directions of the squared distance to a point is half of it.
    to_first = (side.real[:2500] - data.train[0]).square().sum(dim=1).mean() / 2
    assert transport[ONE] == pytest.approx(float(to_first), rel=0.05)
    assert transport[COPIES] < 0.01 < transport[SHUFFLED] < transport[NOISE] < transport[GAUSSIAN]
    quality = found["high_quality/8@2500"]
    assert quality[COPIES] == pytest.approx(0.989, abs=0.01)
    # Eight discs of three sigma in the square that the ring fills.
    side_length = float(data.train.max() - data.train.min())
    share = 8 * torch.pi * 0.03**2 / side_length**2
    assert quality[NOISE] == pytest.approx(share, abs=3 * (share / 2500) ** 0.5)
    assert found["modes/8@2500"][ONE] == 1
    assert found["tv/8@2500"][ONE] == 7 / 8


def test_the_digits_are_scored_by_every_score_of_the_task() -> None:
    task, side, data = ready("digits")
    found = scored(task, side)
    assert all(set(values) == set(REFERENCES) for values in found.values())
    names = {key.partition("/")[0]: values for key, values in found.items()}
    assert names["near_train"][COPIES] == 1
    assert names["near_train"][NOISE] == 0
    assert names["classes"][ONE] == 1
    statistics = gaussian_statistics(side.features("classifier"))
    features = side.extractor("classifier")(data.train[:1].expand(1000, 1, 8, 8))
    assert names["fd"][ONE] == pytest.approx(frechet_distance(statistics, features), rel=1e-6)
    assert names["fd"][COPIES] < names["fd"][GAUSSIAN] < names["fd"][SHUFFLED] < names["fd"][NOISE]


def test_what_a_score_cannot_judge_is_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def picky(evaluation: Any) -> list[Measurement]:
        if bool((evaluation.fakes == evaluation.fakes[:1]).all()):
            raise UsageError("all samples are the same")
        return [Measurement(key="picky/1", label="picky", value=float(evaluation.fakes.mean()))]

    def blunt(evaluation: Any) -> list[Measurement]:
        return [Measurement(key="blunt/1", label="blunt", value=float(len(evaluation.fakes)))]

    found = scored_by(monkeypatch, picky, blunt)
    assert set(found["picky/1"]) == set(REFERENCES) - {ONE}
    assert found["blunt/1"] == dict.fromkeys(REFERENCES, 2500.0)
    assert f"not scored: {ONE}: all samples are the same" in capsys.readouterr().out


def test_random_numbers_go_on_as_if_nothing_had_been(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(evaluation: Any) -> list[Measurement]:
        return [Measurement(key="greedy/1", label="greedy", value=float(torch.rand(3)[0]))]

    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    scored_by(monkeypatch, greedy)
    assert torch.rand(3).equal(expected)


@pytest.mark.whole
def test_a_second_run_reads_what_the_first_has_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tensorcache, "pays", lambda seconds, size: True)
    task, side, _ = ready("ring8")
    first = scored(task, side)
    monkeypatch.setattr(references, "reference_samples", lambda *_: pytest.fail("made again"))
    assert scored(task, ready("ring8")[1]) == first


def told() -> dict[str, list[float]]:
    """Task -> the numbers of its row in the document."""
    text = (Path(__file__).parents[2] / "docs" / "scores.md").read_text("utf-8")
    _, _, rest = text.partition("<!-- trivial generators -->\n")
    _, _, *lines = rest.partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: [float(one) for one in numbers] for name, *numbers in cells}


@pytest.mark.parametrize("name", ["ring8", "grid25", "digits"])
def test_the_documents_show_their_distances_and_where_utility_begins(name: str) -> None:
    task, side, _ = ready(name)
    primary, *_ = make_scores(task.scores, installed_catalogue())
    ((one, *_),) = measure(Snapshot(side, side.real[: task.task.fakes]), [primary])
    found = scored(task, side)
    key = next(key for key in found if key.partition("/")[0] == one.key.partition("/")[0])
    own = [found[key][reference] for reference in REFERENCES]
    zero = trivial_distance(one.floor, one.cap, found[key])
    assert told()[name] == pytest.approx([one.floor, *own, one.cap, zero], rel=0.03)
    assert zero == min(
        found[key][reference]
        for reference in (GAUSSIAN, SHUFFLED, NOISE)
        if (name, reference) != ("grid25", SHUFFLED)  # its coordinates are independent
    )
