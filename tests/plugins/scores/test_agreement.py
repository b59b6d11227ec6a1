"""Agreement of halves: its closed forms, and what is seen of pairs with known faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ganbench import Data, join_pair, split_pair
from ganbench.api.errors import UsageError
from ganbench.modalities.pair import PAIR
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.pairs import load_names
from ganbench_plugins.extractors import classifier, halves
from ganbench_plugins.scores.agreement import agreeing, agreement, by_chance
from ganbench_plugins.scores.distances import frechet

CPU = torch.device("cpu")
DOCUMENT = Path(__file__).parents[3] / "docs" / "pairs.md"


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.randoms())
def test_agreement_and_chance_are_what_counting_gives(classes: list[int], random: object) -> None:
    others = [*classes]
    random.shuffle(others)  # type: ignore[attr-defined]
    shares = torch.zeros(6, 6, dtype=torch.float64)
    for one, other in zip(classes, others, strict=True):
        shares[one, other] += 1 / len(classes)
    same = sum(one == other for one, other in zip(classes, others, strict=True))
    assert agreeing(shares) == pytest.approx(same / len(classes))
    every = sum(one == other for one in classes for other in others)
    assert by_chance(shares) == pytest.approx(every / len(classes) ** 2)


@pytest.fixture(scope="module")
def side() -> RealSide:
    data = load_names()

    def extractor(name: str) -> object:
        return halves.build(data, CPU, of=name.partition("=")[2].strip("]") or "both")

    return RealSide(data, "heldout", CPU, extractor)  # type: ignore[arg-type]


def shuffled(data: Data, random: torch.Generator) -> Tensor:
    first, second = split_pair(data.train, data.info)
    return join_pair(first, second[torch.randperm(len(second), generator=random)])


def one_class(data: Data, random: torch.Generator) -> Tensor:
    assert data.train_labels is not None
    return data.train[data.train_labels == 7].repeat(10, 1)


def half_of_classes(data: Data, random: torch.Generator) -> Tensor:
    assert data.train_labels is not None
    return data.train[data.train_labels < 5].repeat(2, 1)


def one_pair(data: Data, random: torch.Generator) -> Tensor:
    return data.train[:1].repeat(800, 1)


def noise(data: Data, random: torch.Generator) -> Tensor:
    seen = torch.rand(800, *data.info.shape, generator=random) * 2 - 1
    return PAIR.decode(seen, data.info)


def noisy_images(data: Data, random: torch.Generator) -> Tensor:
    return join_pair(
        split_pair(noise(data, random)[: len(data.train)], data.info)[0],
        split_pair(data.train, data.info)[1],
    )


KINDS: Mapping[str, Callable[[Data, torch.Generator], Tensor]] = {
    "other real pairs": lambda data, random: data.train,
    "halves put together at random": shuffled,
    "half of the classes": half_of_classes,
    "one class": one_class,
    "one pair": one_pair,
    "noise for images": noisy_images,
    "noise": noise,
}
FIRST, SECOND, BOTH, SAME, CHANCE = range(5)


@pytest.fixture(scope="module")
def panels(side: RealSide) -> dict[str, list[float]]:
    """Of each kind of pairs: distances over their floors, agreement and chance."""
    found = {}
    for name, make in KINDS.items():
        snapshot = Snapshot(side, make(side.data, torch.Generator().manual_seed(3)))
        row = []
        for extractor in ("halves[of=first]", "halves[of=second]", "halves"):
            (one,) = frechet(snapshot, extractor=extractor)
            assert one.floor is not None
            row.append(one.value / one.floor)
        found[name] = row + [one.value for one in agreement(snapshot, extractor="halves")]
    return found


def test_real_pairs_agree_far_beyond_chance(panels: dict[str, list[float]], side: RealSide) -> None:
    row = panels["other real pairs"]
    assert row[SAME] > 0.95
    assert row[CHANCE] == pytest.approx(0.1, abs=0.01)
    real = Snapshot(side, side.real)
    for one in agreement(real, extractor="halves"):
        assert one.value == one.null


def test_shuffled_halves_lose_what_is_between_them_and_nothing_else(
    panels: dict[str, list[float]],
) -> None:
    real, row = panels["other real pairs"], panels["halves put together at random"]
    for half in (FIRST, SECOND):
        assert row[half] == pytest.approx(real[half], rel=1e-3)
    assert row[SAME] == pytest.approx(row[CHANCE], abs=0.04)
    assert row[BOTH] > 10 * real[BOTH]


def test_collapse_agrees_and_chance_tells_it(panels: dict[str, list[float]]) -> None:
    for name in ("one class", "one pair"):
        assert panels[name][SAME] > 0.9
        assert panels[name][CHANCE] > 0.9
    assert panels["half of the classes"][CHANCE] == pytest.approx(0.2, abs=0.02)
    real = panels["other real pairs"]
    for name in ("half of the classes", "one class", "one pair"):
        for distance in (FIRST, SECOND, BOTH):
            assert panels[name][distance] > 5 * real[distance]


def test_noise_agrees_as_chance_has_it(panels: dict[str, list[float]]) -> None:
    real = panels["other real pairs"]
    for name in ("noise", "noise for images"):
        assert abs(panels[name][SAME] - panels[name][CHANCE]) < 0.1
        assert panels[name][FIRST] > 20 * real[FIRST]
    assert panels["noise for images"][SECOND] == pytest.approx(real[SECOND], rel=1e-3)
    assert panels["noise"][SECOND] > 20 * real[SECOND]


def test_the_document_has_these_numbers(panels: dict[str, list[float]]) -> None:
    _, _, table = DOCUMENT.read_text("utf-8").partition("<!-- known failures -->\n")
    rows = [line.strip("|").split("|") for line in table.partition("\n\n")[0].splitlines()[2:]]
    told = {name.strip(): [float(cell) for cell in cells] for name, *cells in rows}
    assert told.keys() == panels.keys()
    for name, numbers in told.items():
        assert numbers == pytest.approx(panels[name], rel=0.06, abs=0.011), name


def test_an_extractor_of_one_thing_is_refused() -> None:
    data = load_digits()
    side = RealSide(data, "heldout", CPU, lambda name: classifier.build(data, CPU))
    with pytest.raises(UsageError, match="needs the classes of both halves"):
        agreement(Snapshot(side, data.train), extractor="classifier")
