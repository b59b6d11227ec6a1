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
    PLAIN_RECIPE,
    RECIPE,
    SIDE,
    Pictures,
    log_mel,
    mel_matrix,
    recipe,
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
    moment = -(-samples // SIDE)
    parts = -(-moment // 128)
    hop = -(-moment // parts)
    count = SIDE * parts
    sound = np.pad(clips[:, 0].double().numpy() / 32_768, ((0, 0), (256, 256 + count * hop)))
    window = np.zeros(512)
    window[128:384] = np.hanning(257)[:256]
    frames = [sound[:, place * hop : place * hop + 512] * window for place in range(count)]
    spectra = np.abs(np.fft.rfft(np.stack(frames, axis=2), axis=1)) ** 2
    energies = spectra.reshape(2, 257, SIDE, parts).mean(axis=3)
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


@pytest.mark.parametrize(
    ("rate", "samples"), [(8_000, 4_096), (8_000, 16_384), (16_000, 16_384), (16_000, 65_536)]
)
def test_every_sample_is_heard(rate: int, samples: int) -> None:
    """A click anywhere, but in the last 8 ms, is louder than the floor by a factor of e or more."""
    last = samples - 8 * rate // 1_000
    places = [0, last, *np.random.RandomState(0).randint(last, size=62).tolist()]
    clicks = torch.zeros(len(places), 1, samples, dtype=torch.int16)
    clicks[torch.arange(len(places)), 0, places] = 32_767
    loudest = log_mel(clicks, rate).flatten(1).amax(dim=1)
    assert float(loudest.min()) > np.log(FLOOR) + 1


@pytest.mark.parametrize("samples", [256, 1_000, 4_096])
def test_clips_of_one_window_a_moment_are_what_they_were(samples: int) -> None:
    """To the bit, under the recipe that was then."""
    clips, hop = noise(3, samples), -(-samples // SIDE)
    mono = clips.double().mean(dim=1) / 32_768
    spectra = torch.stft(
        torch.nn.functional.pad(mono, (0, hop * SIDE - samples)),
        n_fft=512,
        win_length=256,
        hop_length=hop,
        window=torch.hann_window(256, dtype=torch.float64),
        pad_mode="constant",
        return_complex=True,
    )[..., :SIDE]
    bands = mel_matrix(RATE, 512, SIDE, 40, 0.49 * RATE)
    assert torch.equal(log_mel(clips, RATE), (bands @ spectra.abs().square() + FLOOR).log())
    assert recipe((1, samples), RATE) == PLAIN_RECIPE


@pytest.mark.parametrize("shape", [(2, 4_096), (1, 4_097), (1, 16_384)])
def test_others_have_a_recipe_of_their_own(shape: tuple[int, int]) -> None:
    assert recipe(shape, RATE) == RECIPE


def test_energies_are_means_over_channels() -> None:
    left, right = noise(3), noise(3, seed=1)
    both = (log_mel(left, RATE).exp() + log_mel(right, RATE).exp()) / 2
    found = log_mel(torch.cat([left, right], dim=1), RATE)
    assert (found - both.log()).abs().max() < 1e-9


def test_channels_of_opposite_phase_are_heard() -> None:
    sound = noise(3)
    opposite = torch.cat([sound, -sound], dim=1)
    assert (log_mel(opposite, RATE) - log_mel(sound, RATE)).abs().max() < 1e-9
