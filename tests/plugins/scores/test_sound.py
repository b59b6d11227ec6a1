"""Loudness: a closed form, and the failures that it is there for. Whether two judges agree."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo, EvaluationInfo
from ganbench.api.errors import UsageError
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.extractors.audio_classifier import build_log_mel
from ganbench_plugins.extractors.frozen import FrozenClassifier
from ganbench_plugins.scores.sound import elected, loudness, recognised, root_mean_square
from ganbench_plugins.scores.specs import ganbench_scores


def clips(levels: Tensor, samples: int = 64) -> Tensor:
    """(N, 1, samples) of square waves: their root mean square is their level."""
    signs = torch.tensor([1.0, -1.0]).repeat(samples // 2)
    return (levels[:, None, None] * signs).round().short()


def measured(real: Tensor, fakes: Tensor) -> Any:
    (found,) = loudness(SimpleNamespace(real=real, fakes=fakes, split="heldout"))  # type: ignore[arg-type]
    return found


REAL = clips(torch.linspace(1000, 20_000, 1001))


def test_the_level_of_a_square_wave_is_its_height() -> None:
    found = root_mean_square(clips(torch.tensor([8192.0, 16_384.0, -32_768.0])))
    assert found.tolist() == [0.25, 0.5, 1.0]


def test_real_sounds_against_themselves() -> None:
    found = measured(REAL, REAL)
    assert found.value == found.null == pytest.approx(0.98, abs=0.002)


@pytest.mark.parametrize("level", [0.0, 1.0, 32_767.0])
def test_silence_and_clipping_are_never_as_loud(level: float) -> None:
    assert measured(REAL, clips(torch.full((50,), level))).value == 0


def test_shares() -> None:
    fakes = clips(torch.tensor([0.0, 5000.0, 10_000.0, 32_767.0]))
    assert measured(REAL, fakes).value == 0.5


CPU = torch.device("cpu")
RATE = 8_000
PITCHES = (500, 1_000, 2_000)
"""Hertz of each class."""

Says = tuple[int, int, int]
RIGHT: Says = (0, 1, 2)


def tones(labels: Tensor, seed: int) -> Tensor:
    """(N, 1, 512) tones of the pitch of their class, each of a phase and a level of its own."""
    random = torch.Generator().manual_seed(seed)
    phase, level = torch.rand(2, len(labels), 1, generator=random).unbind()
    pitch = torch.tensor(PITCHES)[labels][:, None]
    turns = pitch * torch.arange(512) / RATE + phase
    return ((5_000 + 10_000 * level) * (2 * torch.pi * turns).sin()).short()[:, None]


def loudest_bin(clips: Tensor) -> Tensor:
    """(N, 1): where the spectrum of 512 samples is highest."""
    return torch.fft.rfft(clips[:, 0].float()).abs().argmax(dim=1, keepdim=True)


def classifier(says: Says) -> FrozenClassifier:
    """What it says of each pitch."""
    bins = torch.tensor([pitch * 512 / RATE for pitch in PITCHES])
    return FrozenClassifier(
        classes=3,
        channels=1,
        classify=lambda found: torch.tensor(says)[(found - bins).abs().argmin(dim=1)],
        id="pitch",
        layer="bin",
        features=loudest_bin,
        device=CPU,
        batch=64,
    )


LABELS = torch.arange(60) % 3
TONES = Data(
    info=DataInfo(name="tones", modality="audio", shape=(1, 512), classes=3, rate=RATE),
    train=tones(LABELS, 0),
    heldout=tones(LABELS, 1),
    train_labels=LABELS,
    heldout_labels=LABELS,
)


def told(fakes: Tensor, says: Says = RIGHT, data: Data = TONES) -> Any:
    side = RealSide(data, "heldout", CPU, lambda name: classifier(says))
    return recognised(Snapshot(side, fakes), extractor="pitch")


@pytest.mark.parametrize(
    ("says", "share"), [(RIGHT, 1.0), ((1, 2, 0), 0.0), ((0, 1, 1), 2 / 3), ((2, 1, 1), 1 / 3)]
)
def test_clips_count_where_the_classifier_says_what_neighbours_do(says: Says, share: float) -> None:
    found, _ = told(tones(LABELS, 2), says)
    assert found.value == found.null == pytest.approx(share)
    assert found.null_error == pytest.approx((share * (1 - share) / len(LABELS)) ** 0.5)


def test_a_collapse_onto_one_class_is_by_chance_alone() -> None:
    for labels, by_chance in ((LABELS, 1 / 3), (torch.zeros(20, dtype=torch.long), 1.0)):
        found, chance = told(tones(labels, 2))
        assert (found.value, chance.value) == (1, pytest.approx(by_chance))
        assert chance.null == pytest.approx(1 / 3)


def test_most_of_the_nearest_tell_the_class() -> None:
    known = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 90.0, 91.0, 92.0, 93.0, 94.0])[:, None]
    labels = torch.tensor([1, 0, 1, 0, 1, 2, 0, 2, 0, 0])
    assert elected(torch.tensor([[2.0], [92.0], [40.0]]), known, labels).tolist() == [1, 0, 1]


def test_without_classes_there_is_nothing_to_recognise() -> None:
    nameless = replace(TONES, train_labels=None, heldout_labels=None)
    with pytest.raises(UsageError, match="needs the classes of tones"):
        told(tones(LABELS, 2), data=nameless)


def test_clips_do_not_vote_on_themselves() -> None:
    side = RealSide(TONES, "train", CPU, lambda name: classifier(RIGHT))
    with pytest.raises(UsageError, match="in which each clip is the nearest to itself"):
        recognised(Snapshot(side, TONES.heldout), extractor="pitch")
    (spec,) = [one for one in ganbench_scores() if one.name == "recognised"]
    assert spec.check is not None
    sizes = EvaluationInfo(data=TONES.info, split="heldout", real=60, train=60, fakes=60)
    spec.check(sizes, extractor="pitch")
    with pytest.raises(UsageError, match="the real side here is the train split"):
        spec.check(replace(sizes, split="train"), extractor="pitch")


def test_fewer_training_clips_than_are_asked_are_refused() -> None:
    few = replace(TONES, train=TONES.train[:4], train_labels=LABELS[:4])
    with pytest.raises(UsageError, match="asks 5 training clips, tones has 4"):
        told(tones(LABELS, 2), data=few)


def test_an_extractor_that_tells_no_classes_is_refused() -> None:
    side = RealSide(TONES, "heldout", CPU, lambda name: build_log_mel(TONES, CPU))
    with pytest.raises(UsageError, match="needs a classifier, log-mel-tones only"):
        recognised(Snapshot(side, TONES.heldout), extractor="log-mel")
