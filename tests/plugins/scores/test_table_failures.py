"""Generators of tables whose fault is known: what each score sees of it, and what it does not."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import hypergeom
from torch import Tensor

from ganbench import Data, Measurement, NonFiniteSamples, UsageError
from ganbench.results.references import NOISE, ONE, SHUFFLED
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench.scoring.references import reference_samples
from ganbench_plugins.datasets import mixed
from ganbench_plugins.datasets.columns import make_table
from ganbench_plugins.scores import tables
from ganbench_plugins.scores.kernels.learners import Efficacy

DOCUMENT = Path(__file__).parents[3] / "docs" / "tables.md"
N = 1_000
KINDS = {
    "law": "the law itself",
    "copies": "copies of training rows",
    "shuffled": "every column shuffled",
    "half": "half of the categories",
    "noise": "uniform noise",
    "collapse": "one row",
}


@dataclass(frozen=True)
class Panel:
    """What a table of fakes scores."""

    column_shapes: float
    pair_trends: float
    coverage: float
    tstr: float
    auc: float
    nearer_train: float


@pytest.fixture(scope="module")
def data() -> Data:
    return make_table("mixed", mixed.draw(2_250, seed=1), modes=0).data()


def of_law(count: int, seed: int) -> Tensor:
    return torch.from_numpy(make_table("mixed", mixed.draw(count, seed), modes=0).rows)


def fakes(kind: str, data: Data) -> Tensor:
    match kind:
        case "law":
            return of_law(N, 2)
        case "copies":
            return data.train[:N]
        case "half":  # of each column the first categories
            rows = of_law(20 * N, 2)
            kept = rows[(rows[:, 3] < 2) & (rows[:, 4] < 1) & (rows[:, 5] < 2)]
            return kept[:N]
    name = {"shuffled": SHUFFLED, "noise": NOISE, "collapse": ONE}[kind]
    return reference_samples(data, name, N, seed=1)


def snapshot(data: Data, samples: Tensor) -> Snapshot:
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: pytest.fail(name))
    return Snapshot(side, samples)


def measured(data: Data, samples: Tensor) -> dict[str, Measurement]:
    found = snapshot(data, samples)
    all_ = [
        *tables.column_shapes(found),
        *tables.pair_trends(found),
        *tables.coverage(found),
        *tables.train_on_synthetic(found, target="", draws=4),
        *tables.two_sample(found),
        *tables.nearer_train(found),
    ]
    return {one.key.partition("/")[0]: one for one in all_}


@pytest.fixture(scope="module")
def results(data: Data) -> dict[str, dict[str, Measurement]]:
    return {kind: measured(data, fakes(kind, data)) for kind in KINDS}


@pytest.fixture(scope="module")
def panels(results: dict[str, dict[str, Measurement]]) -> dict[str, Panel]:
    names = ("column_shapes", "pair_trends", "category_coverage", "tstr", "c2st", "nearer_train")
    return {kind: Panel(*(own[name].value for name in names)) for kind, own in results.items()}


def test_learners_see_halves_of_the_smaller_table(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spread over random halves is the standard error of the whole; over quarters it would be
    the root of three times that."""
    seen = []

    def efficacy(learnt: np.ndarray, *_: object, rows: int, draws: int) -> Efficacy:
        seen.append((len(learnt), rows))
        return Efficacy(0.5, 0.0)

    monkeypatch.setattr(tables, "efficacy", efficacy)
    tables.train_on_synthetic(snapshot(data, of_law(N, 3)), target="", draws=2)
    assert sorted(seen) == [(N, N // 2), (len(data.train), N // 2)]


def test_floors_go_with_the_root_of_both_sizes(data: Data) -> None:
    """Measured between halves of the reference, told for tables of its size and the fakes'."""
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: pytest.fail(name))
    told = tables.Tables(Snapshot(side, of_law(N, 2)))
    found = told.floor("alike", lambda *_: np.ones(1))
    half, sizes = len(data.heldout) // 2, 1 / len(data.heldout) + 1 / N
    assert (found.mean, found.spread) == (pytest.approx((sizes / (2 / half)) ** 0.5), 0)


@pytest.mark.whole
def test_a_perfect_generator_is_at_every_null(results: dict[str, dict[str, Measurement]]) -> None:
    for name, one in results["law"].items():
        if one.null is not None and one.null_error is not None:
            # Of the null's error that of the value is not a part, and both are as large.
            assert abs(one.value - one.null) < 4 * one.null_error + 0.01, name
    distance = results["law"]["pair_distance"]
    assert distance.floor is not None
    assert distance.value == pytest.approx(distance.floor, rel=0.25)
    assert distance.cap is not None
    assert distance.value < distance.cap / 5


def test_copies_are_told_by_their_nearest_rows_alone(panels: dict[str, Panel]) -> None:
    law, copies = panels["law"], panels["copies"]
    assert copies.nearer_train > 0.99
    assert law.nearer_train == pytest.approx(2 / 3, abs=0.08)
    assert copies.pair_trends == pytest.approx(law.pair_trends, abs=0.02)
    assert copies.tstr == pytest.approx(law.tstr, abs=0.05)
    assert copies.auc == pytest.approx(0.5, abs=0.1)


def test_shuffled_columns_are_perfect_one_by_one(panels: dict[str, Panel]) -> None:
    law, shuffled = panels["law"], panels["shuffled"]
    assert shuffled.column_shapes == pytest.approx(law.column_shapes, abs=0.02)
    assert shuffled.coverage == law.coverage
    assert shuffled.pair_trends < law.pair_trends - 0.15
    assert shuffled.tstr < 0.4
    assert shuffled.auc > 0.9


def test_half_of_the_categories_is_half_of_the_coverage(panels: dict[str, Panel]) -> None:
    assert panels["half"].coverage == pytest.approx(0.5, abs=0.01)
    assert panels["law"].coverage == 1
    assert panels["half"].column_shapes < panels["shuffled"].column_shapes - 0.1
    assert panels["half"].tstr < panels["law"].tstr - 0.2


def test_noise_has_every_category_and_nothing_else(panels: dict[str, Panel]) -> None:
    noise = panels["noise"]
    assert noise.coverage == 1
    assert noise.auc > 0.97
    assert noise.column_shapes < 0.9
    assert noise.pair_trends < panels["shuffled"].pair_trends


def test_collapse_is_the_worst_of_all_and_finite(panels: dict[str, Panel]) -> None:
    collapse = panels["collapse"]
    assert np.isfinite(astuple(collapse)).all()
    for name in ("column_shapes", "pair_trends", "coverage", "tstr"):
        assert getattr(collapse, name) == min(getattr(one, name) for one in panels.values()), name
    assert collapse.auc > 0.99


def test_no_two_faults_look_alike(panels: dict[str, Panel]) -> None:
    rows = {kind: np.array(astuple(panel)) for kind, panel in panels.items()}
    for kind, own in rows.items():
        for other, others in rows.items():
            assert kind == other or np.abs(own - others).max() > 0.15, (kind, other)


def test_the_documents_show_this_table(panels: dict[str, Panel]) -> None:
    _, _, rest = DOCUMENT.read_text("utf-8").partition("<!-- known failures of tables -->\n")
    _, _, *lines = rest.partition("\n\n")[0].splitlines()
    shown = {}
    for line in lines:
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        shown[name] = [float(cell) for cell in cells]
    computed = {KINDS[kind]: list(astuple(panel)) for kind, panel in panels.items()}
    told = "\n".join(
        f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |"
        for name, values in computed.items()
    )
    assert list(shown) == list(computed), told
    for name, values in computed.items():
        assert shown[name] == pytest.approx(values, abs=0.03), told


def test_fakes_that_are_not_finite_end_the_run(data: Data) -> None:
    wrong = data.train[:50].clone()
    wrong[3, 0] = torch.nan
    with pytest.raises(NonFiniteSamples):
        tables.column_shapes(snapshot(data, wrong))


def test_the_null_of_coverage_is_told_by_the_other_split() -> None:
    """Real rows chose the categories, and say that each is as frequent as it is among them."""
    kinds = [str(place % 60) for place in range(300)]
    columns = {"kind": kinds, "side": ["a", "b"] * 150}
    data = make_table("rare", columns, modes=0).data()
    fakes = data.train[:40]
    for split, others in (("heldout", data.train), ("train", data.heldout)):
        side = RealSide(data, split, torch.device("cpu"), lambda name: pytest.fail(name))
        (found,) = tables.coverage(Snapshot(side, fakes))
        expected = [
            hypergeom.sf(0, len(others), torch.bincount(column.long())[there], len(fakes)).mean()
            for column, there in (
                (others[:, place], side.real[:, place].unique().long()) for place in (0, 1)
            )
        ]
        assert found.null == pytest.approx(np.mean(expected))
    alone = replace(data, heldout=data.heldout[:0])
    (found,) = tables.coverage(snapshot(alone, fakes))
    assert found.null is None


def test_any_column_can_be_foretold(data: Data) -> None:
    mean, spread = tables.train_on_synthetic(snapshot(data, of_law(N, 3)), target="z", draws=3)
    assert mean.key.startswith("tstr/z/3/heldout/")
    assert mean.value == pytest.approx(mean.null, abs=0.05)
    assert spread.value < 0.05


def test_what_is_not_there_is_said_before(data: Data) -> None:
    with pytest.raises(UsageError, match="foretells column 'w'"):
        tables.train_on_synthetic(snapshot(data, data.train), target="w", draws=2)
    alone = replace(data, heldout=data.heldout[:0])
    for compute in (tables.nearer_train, partial(tables.train_on_synthetic, target="", draws=2)):
        with pytest.raises(UsageError, match="train split"):
            compute(snapshot(alone, data.train))
