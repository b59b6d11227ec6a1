"""Log-mel pictures: the mel matrix against librosa's, and pictures against a transform by hand."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench import DataInfo
from ganbench_plugins.extractors.log_mel import (
    DEVIATIONS,
    FLOOR,
    SIDE,
    Pictures,
    log_mel,
    mel_matrix,
    to_hertz,
    to_mel,
)

RATE = 8_000
INFO = DataInfo(name="sounds", modality="audio", shape=(1, 4_096), rate=RATE)


def noise(count: int, samples: int = 4_096, seed: int = 0) -> Tensor:
    drawn = np.random.RandomState(seed).normal(0, 4000, (count, 1, samples))
    return torch.from_numpy(drawn.astype(np.int16))


@pytest.mark.skipif(find_spec("librosa") is None, reason="needs: pip install librosa")
@pytest.mark.parametrize(
    ("rate", "size", "bands", "low", "high"),
    [(8_000, 512, 32, 40, 3_920), (16_000, 1_024, 64, 40, 7_840), (22_050, 2_048, 128, 0, 11_025)],
)
def test_mel_matrix_is_librosas(rate: int, size: int, bands: int, low: float, high: float) -> None:
    librosa = pytest.importorskip("librosa")
    expected = librosa.filters.mel(
        sr=rate, n_fft=size, n_mels=bands, fmin=low, fmax=high, dtype=np.float64
    )
    found = mel_matrix(rate, size, bands, low, high).numpy()
    assert np.abs(found - expected).max() < 1e-12


def test_the_scale_is_slaneys() -> None:
    hertz = torch.tensor([0.0, 200 / 3, 1000.0, 6400.0], dtype=torch.float64)
    assert to_mel(hertz).tolist() == pytest.approx([0, 1, 15, 42])
    assert to_hertz(to_mel(hertz)).tolist() == pytest.approx(hertz.tolist())


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_no_band_is_empty(rate: int) -> None:
    size = 2 * 2 ** round(np.log2(0.032 * rate))
    assert bool((mel_matrix(rate, size, SIDE, 40, 0.49 * rate).sum(dim=1) > 0).all())


@pytest.mark.parametrize("samples", [256, 1_000, 4_096, 16_384])
def test_energies_are_those_of_numpys_transform(samples: int) -> None:
    clips = noise(2, samples)
    hop = -(-samples // SIDE)
    sound = np.pad(clips[:, 0].double().numpy() / 32_768, ((0, 0), (256, 256 + SIDE * hop)))
    window = np.zeros(512)
    window[128:384] = np.hanning(257)[:256]
    frames = [sound[:, place * hop : place * hop + 512] * window for place in range(SIDE)]
    energies = np.abs(np.fft.rfft(np.stack(frames, axis=2), axis=1)) ** 2
    bands = mel_matrix(RATE, 512, SIDE, 40, 0.49 * RATE).numpy()
    expected = np.log(bands @ energies + FLOOR)
    assert np.abs(log_mel(clips, RATE).numpy() - expected).max() < 1e-9


def test_grey_levels_are_deviations_of_the_train_split() -> None:
    pictures = Pictures.of(noise(50), INFO)
    shown = pictures(noise(50))
    assert (shown.shape, shown.dtype) == ((50, 1, SIDE, SIDE), torch.uint8)
    by_band = (shown.double()[:, 0] - 128).transpose(0, 1).flatten(1) / 127.5 * DEVIATIONS
    assert by_band.mean(dim=1).abs().max() < 0.05
    assert (by_band.std(dim=1) - 1).abs().max() < 0.1


def test_a_picture_is_the_same_whatever_stands_beside_it() -> None:
    pictures, clips = Pictures.of(noise(20), INFO), noise(8, seed=3)
    alone = torch.cat([pictures(one[None]) for one in clips])
    assert torch.equal(pictures(clips), alone)


def test_silence_has_pictures() -> None:
    silence = torch.zeros(4, 1, 4_096, dtype=torch.int16)
    assert bool((Pictures.of(silence, INFO)(silence) == 128).all())


def test_channels_are_mixed_down() -> None:
    left, right = noise(3), noise(3, seed=1)
    stereo = torch.cat([left, right], dim=1)
    mono = ((left.double() + right.double()) / 2).float()
    expected = log_mel(mono.round().short(), RATE)
    assert (log_mel(stereo, RATE) - expected).abs().max() < 0.1
