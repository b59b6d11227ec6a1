"""The classifier of sounds: it orders graded damage, and what it is blind to stays unseen."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfiltfilt
from torch import Tensor

from ganbench import Data, DataInfo, UsageError
from ganbench_plugins.datasets import spoken
from ganbench_plugins.extractors.audio_classifier import (
    build_classifier,
    build_log_mel,
    check_classifier,
    check_log_mel,
)
from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(
    find_spec("espeakng_loader") is None, reason="needs: pip install espeakng-loader"
)


@pytest.fixture(scope="module")
def data() -> Data:
    return spoken.load()


def cached(_: str, inputs: object, compute: object, /) -> tuple[Tensor, ...]:
    return compute()  # type: ignore[operator,no-any-return]


def with_noise(clips: Tensor, decibels: float) -> Tensor:
    """Clips with white noise, so many decibels below each one."""
    sounds = clips.double()
    levels = sounds.square().mean(dim=(1, 2), keepdim=True).sqrt() * 10 ** (-decibels / 20)
    drawn = torch.randn(sounds.shape, generator=torch.Generator().manual_seed(0))
    return (sounds + levels * drawn).round().clamp(-32_768, 32_767).short()


def low_passed(clips: Tensor, hertz: float) -> Tensor:
    sos = butter(6, hertz, fs=spoken.RATE, output="sos")
    found = sosfiltfilt(sos, clips.numpy().astype(np.float64), axis=-1)
    return torch.from_numpy(np.clip(np.rint(found), -32_768, 32_767).astype(np.int16))


def phases_lost(clips: Tensor) -> Tensor:
    """All phases turned by a quarter: a sound with the same magnitudes, which ears do not tell."""
    spectra = torch.fft.rfft(clips.double(), dim=2)
    return torch.fft.irfft(spectra * 1j, n=clips.shape[2], dim=2).round().short()


def test_damage_is_put_in_order(data: Data) -> None:
    extractor = build_classifier(data, CPU)
    assert data.heldout_labels is not None
    real = extractor(data.heldout)
    assert float((extractor.classify(real) == data.heldout_labels).double().mean()) > 0.98
    statistics = gaussian_statistics(real, cached)

    def distance(clips: Tensor) -> float:
        return frechet_distance(statistics, extractor(clips))

    other = distance(data.train[::4])
    light, strong = (distance(with_noise(data.heldout, decibels)) for decibels in (20, 0))
    assert other < light < strong
    assert (
        other
        < distance(low_passed(data.heldout, 2_500))
        < distance(low_passed(data.heldout, 1_000))
    )
    assert other < distance(data.heldout[data.heldout_labels < 5]) / 4
    assert other < distance(data.heldout.flip(2)) / 4
    assert distance(phases_lost(data.heldout)) < light  # the blind spot: phase


def test_the_same_identity_from_the_cache(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_classifier(data, CPU)
    name, _, digest = first.id.partition("@")
    assert (name, len(digest), first.layer) == ("audio-classifier-spoken-digits", 8, "embedding")
    monkeypatch.setattr("ganbench_plugins.extractors.classifier_recipe.train", None)
    assert build_classifier(data, CPU).id == first.id


def test_pictures_as_they_are(data: Data) -> None:
    extractor = build_log_mel(data, CPU)
    features = extractor(data.heldout[:5])
    assert features.shape == (5, 1024)
    assert -1 <= float(features.min()) < float(features.max()) <= 1
    louder = build_log_mel(replace(data, train=data.train * 2), CPU)
    assert louder.id != extractor.id


def test_other_data_are_refused() -> None:
    image = DataInfo(name="digits", modality="image", shape=(1, 8, 8), classes=10)
    with pytest.raises(UsageError, match="log-mel pictures are of sounds"):
        check_log_mel(image)
    with pytest.raises(UsageError, match="needs labels of at least two classes"):
        check_classifier(replace(spoken.INFO, classes=None))
