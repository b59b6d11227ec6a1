"""Networks for images make sounds: composed, planned, trained, sampled, kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ganbench import Data, DataInfo, UsageError
from ganbench.modalities import modality_of, spectrogram
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import Prepared, prepare
from ganbench.running.contestant import contestant_of
from ganbench.running.players import Players
from ganbench.scoring.evaluation import RealSide
from ganbench.training.loop import Eager
from ganbench.training.seeds import seed_everything
from ganbench_plugins.scores import interpretability
from ganbench_plugins.techniques.spectrogram import view

from ...training.small import CPU, catalogue

SOUND = DataInfo(name="noise", modality="audio", shape=(1, 256), rate=8_000, classes=2)


def data() -> Data:
    clips = np.random.RandomState(0).normal(0, 3000, (64, 1, 256)).astype(np.int16)
    labels = torch.arange(64) % 2
    train = torch.from_numpy(clips)
    return Data(info=SOUND, train=train, heldout=train, train_labels=labels, heldout_labels=labels)


def test_frames_of_twice_the_side_that_overlap_by_half() -> None:
    seen = view(DataInfo(name="x", modality="audio", shape=(1, 4096), rate=8_000), side=64)
    assert (seen.modality, seen.shape, seen.rate) == ("image", (1, 64, 64), None)
    assert seen.spectrogram is not None
    assert (seen.spectrogram.size, seen.spectrogram.hop) == (128, 64)


@pytest.mark.parametrize("side", [8, 24, 48])
def test_other_sides_are_refused(side: int) -> None:
    with pytest.raises(UsageError, match=f"no images of {side}x{side}"):
        view(SOUND, side=side)


def test_levels_are_brought_to_a_device_once() -> None:
    """Each time would be a wait for it, at every batch."""
    modality = modality_of(view(SOUND, side=16))
    seen = modality.fit(view(SOUND, side=16), data().train)
    first, second = (spectrogram._levels(torch.zeros(1), seen) for _ in range(2))
    assert all(one is two for one, two in zip(first, second, strict=True))
    assert seen.spectrogram is not None
    lists = {name: list(getattr(seen.spectrogram, name)) for name in ("means", "deviations")}
    read = replace(seen, spectrogram=replace(seen.spectrogram, **lists))  # as a file has them
    assert modality.decode(torch.zeros(2, *seen.shape), read).shape == (2, 1, 256)


VARIANTS = (
    "dcgan+spectrogram:16",
    "vanilla+spectrogram:16",
    "sngan+hinge+sn+spectrogram:16",
    "dcgan+wgan-gp+spectrogram:16",
    "acgan+spectrogram:16",
    "specgan[side=16,d=4]",
)


@pytest.mark.parametrize("text", VARIANTS)
def test_networks_and_losses_for_images_make_sounds(text: str) -> None:
    made = data()
    variant = choose_variant(text, catalogue())
    assert isinstance(prepare(variant, SOUND, catalogue()), Prepared)
    players = Players(variant.recipe(catalogue(), SOUND), catalogue(), CPU)
    seed_everything(0)
    trainer = players.trainer(made, 0)
    assert trainer.real.shape == (1, 16, 16)
    Eager(trainer).step(0, 0.0)
    contestant = contestant_of(trainer, torch.tensor([0.5, 0.5]))
    raw, _ = contestant.sample(5, 0)
    assert raw.shape == (5, 1, 16, 16)
    fakes = contestant.as_stored(raw)
    assert (fakes.shape, fakes.dtype) == ((5, 1, 256), torch.int16)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dcgan", "does not handle audio data"),
        ("wavegan+spectrogram:16", "does not handle image data"),
        ("dcgan+spectrogram:48", "no images of 48x48"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(text: str, why: str) -> None:
    reason = prepare(choose_variant(text, catalogue()), SOUND, catalogue())
    assert isinstance(reason, str)
    assert why in reason


def test_images_have_no_spectrogram() -> None:
    image = DataInfo(name="digits", modality="image", shape=(1, 8, 8))
    reason = prepare(choose_variant("dcgan+spectrogram", catalogue()), image, catalogue())
    assert reason == "its technique spectrogram does not handle image data"


def test_scores_ask_the_discriminator_about_what_it_sees() -> None:
    made = data()
    players = Players(
        choose_variant("dcgan+spectrogram:16", catalogue()).recipe(catalogue(), SOUND),
        catalogue(),
        CPU,
    )
    seed_everything(0)
    contestant = contestant_of(players.trainer(made, 0))
    fakes = contestant.as_stored(contestant.sample(64, 0)[0])
    shot = contestant.snapshot(
        RealSide(made, "heldout", CPU, lambda name: pytest.fail(name)), fakes, None
    )
    found = interpretability.discriminator(shot, samples=64)
    assert {one.key for one in found} == {"d_overfitting@64", "d_auc@64"}
    assert (shot.seen.modality, shot.data.info.modality) == ("image", "audio")
