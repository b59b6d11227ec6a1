"""Sounds that networks see as images: what they see, and what becomes of what they emit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.signal import stft
from torch import Tensor

from ganbench import DataInfo, PluginNotUsable, Spectrogram, UsageError
from ganbench.modalities import MODALITIES, modality_of
from ganbench.modalities.spectrogram import DEVIATIONS, FLOOR, SPECTROGRAM, fit

RATE, SAMPLES, SIDE = 8_000, 4_096, 64
INFO = DataInfo(
    name="tones",
    modality="image",
    shape=(1, SIDE, SIDE),
    spectrogram=Spectrogram(samples=SAMPLES, size=128, hop=64),
)


def tones(count: int, seed: int = 0) -> Tensor:
    """(N, 1, SAMPLES) int16 of pitches that glide, in a little noise."""
    rng = np.random.RandomState(seed)
    seconds = np.arange(SAMPLES) / RATE
    start, slide = rng.uniform(200, 1500, (count, 1)), rng.uniform(-1500, 1500, (count, 1))
    waves = np.sin(2 * np.pi * (start + slide * seconds) * seconds)
    found = 0.4 * waves + 0.01 * rng.standard_normal((count, SAMPLES))
    return torch.from_numpy((found * 32_767).astype(np.int16))[:, None]


@pytest.fixture(scope="module")
def info() -> DataInfo:
    return fit(INFO, tones(200))


def test_it_stands_beside_the_modalities_and_is_none() -> None:
    assert modality_of(INFO) is SPECTROGRAM
    assert SPECTROGRAM not in MODALITIES.values()
    SPECTROGRAM.check_info(INFO)
    with pytest.raises(PluginNotUsable, match="must not have spectrogram"):
        MODALITIES["image"].check_info(INFO)


def test_logarithms_are_those_of_scipys_transform(info: DataInfo) -> None:
    clips = tones(3, seed=5)
    assert info.spectrogram is not None
    _, _, found = stft(
        clips[:, 0].numpy() / 32_768, window="hann", nperseg=128, noverlap=64, padded=False
    )
    logs = np.log(np.abs(found[:, :64, :64]) * 64 + FLOOR)  # scipy divides by the window's sum
    means, deviations = info.spectrogram.means, info.spectrogram.deviations
    expected = (logs - np.array(means)[:, None]) / (DEVIATIONS * np.array(deviations)[:, None])
    seen = SPECTROGRAM.encode(clips, info)
    assert seen.shape == (3, 1, 64, 64)
    assert torch.allclose(seen[:, 0].double(), torch.from_numpy(expected).clamp(-1, 1), atol=1e-3)


def test_every_bin_of_the_train_split_is_centred_and_a_third_wide(info: DataInfo) -> None:
    seen = SPECTROGRAM.encode(tones(200), info)
    assert SPECTROGRAM.range_fault(seen, info) == ""
    by_bin = seen[:, 0].transpose(0, 1).flatten(1)
    assert by_bin.mean(dim=1).abs().max() < 0.02
    assert (by_bin.std(dim=1) - 1 / 3).abs().max() < 0.07  # what is clipped is missing


def test_griffin_and_lim_keep_what_is_seen(info: DataInfo) -> None:
    clips = tones(20, seed=9)
    seen = SPECTROGRAM.encode(clips, info)
    back = SPECTROGRAM.decode(seen, info)
    assert back.shape == clips.shape
    assert back.dtype == torch.int16
    again = SPECTROGRAM.encode(back, info)
    assert (again - seen).abs().mean() < 0.1
    loudness = [one.double().square().mean().sqrt() for one in (clips, back)]
    assert loudness[0] == pytest.approx(float(loudness[1]), rel=0.3)


def test_a_sound_is_the_same_whatever_stands_beside_it(info: DataInfo) -> None:
    seen = SPECTROGRAM.encode(tones(6), info)
    alone = SPECTROGRAM.decode(seen[2:3], info).int()
    assert (alone - SPECTROGRAM.decode(seen, info)[2:3].int()).abs().max() <= 1


def test_two_channels_are_two_sounds() -> None:
    stereo = torch.cat([tones(50), tones(50, seed=1)], dim=1)
    info = fit(replace(INFO, shape=(2, SIDE, SIDE)), stereo)
    assert SPECTROGRAM.decode(SPECTROGRAM.encode(stereo, info), info).shape == stereo.shape


def test_silence_has_a_scale_too() -> None:
    silence = torch.zeros(4, 1, SAMPLES, dtype=torch.int16)
    info = fit(INFO, silence)
    assert not SPECTROGRAM.decode(SPECTROGRAM.encode(silence, info), info).any()


@pytest.mark.parametrize(
    ("size", "hop", "samples"), [(128, 65, 4096), (128, 0, 4096), (129, 64, 4096), (128, 64, 4100)]
)
def test_frames_must_overlap_and_fill_the_clip(size: int, hop: int, samples: int) -> None:
    with pytest.raises(UsageError, match="Spectrogram: "):
        Spectrogram(samples=samples, size=size, hop=hop)


def test_the_image_has_a_row_for_each_bin() -> None:
    assert "64 bins and 64 frames" in SPECTROGRAM.info_fault(replace(INFO, shape=(1, 32, 64)))
