"""Sounds: 16 bits, clips that any player plays, and spectrograms that show their pitch."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import wavfile
from torch import Tensor

from ganbench import DataInfo
from ganbench.modalities.audio import AUDIO, BINS, COLUMNS, spectrograms

RATE = 8000


def info(samples: int, channels: int = 1, rate: int = RATE) -> DataInfo:
    return DataInfo(name="sounds", modality="audio", shape=(channels, samples), rate=rate)


def tones(*hertz: float, samples: int = 2048, loudness: float = 0.5) -> Tensor:
    """(N, 1, samples) a clip of each pitch."""
    seconds = torch.arange(samples) / RATE
    waves = torch.tensor(hertz)[:, None] * seconds * 2 * torch.pi
    return (loudness * 32767 * waves.sin()).short()[:, None]


@pytest.mark.parametrize(
    ("value", "number"),
    [(-1.0, -32768), (0.0, 0), (1.0, 32767), (-3.0, -32768), (2.0, 32767), (0.5, 16384)],
)
def test_what_is_too_loud_is_clipped(value: float, number: int) -> None:
    assert AUDIO.decode(torch.full((1, 1, 1), value), info(1)).item() == number


def test_sixteen_bits_come_back_one_by_one() -> None:
    every = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(1, 1, -1)
    seen = AUDIO.encode(every, info(2**16))
    assert (seen.min(), seen.max()) == (-1, 1 - 2**-15)
    assert torch.equal(AUDIO.decode(seen, info(2**16)), every)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sheet_plays_every_clip_with_pauses_between_them(channels: int) -> None:
    clips = tones(*range(300, 320)).repeat(1, channels, 1)
    clips[:, -1] //= 2  # channels are told apart
    _, media = AUDIO.sheet(clips, clips, "", info(2048, channels))
    assert media.suffix == ".wav"
    rate, played = wavfile.read(io.BytesIO(media.content))
    assert rate == RATE
    assert played.dtype == np.int16
    played = torch.from_numpy(played.copy()).reshape(len(played), channels).T
    assert played.shape[1] == 16 * 2048 + 15 * 800
    assert torch.equal(played[:, :2048], clips[0])
    assert not played[:, 2048:2848].any()
    assert torch.equal(played[:, 2848 : 2848 + 2048], clips[1])


def test_a_frame_plays_four_clips_in_eight_bits() -> None:
    clips = tones(200, 400, 800, 1600, 3200)
    picture, media = AUDIO.frame(clips, clips, info(2048))
    assert (picture.suffix, media.suffix) == (".webp", ".wav")
    rate, played = wavfile.read(io.BytesIO(media.content))
    assert (rate, played.dtype) == (RATE, np.uint8)
    assert len(played) == 4 * 2048 + 3 * 800
    error = (played[:2048].astype(float) - 128) * 256 - clips[0, 0].numpy()
    assert np.abs(error).max() <= 256
    assert len(picture.content) + len(media.content) < 20_000


def test_clips_that_are_too_long_are_fewer_and_cut() -> None:
    long = torch.zeros(3, 1, 300_000, dtype=torch.int16)
    _, sheet = AUDIO.sheet(long, long, "", info(300_000))
    assert len(wavfile.read(io.BytesIO(sheet.content))[1]) == 300_000
    _, frame = AUDIO.frame(long, long, info(300_000))
    assert len(wavfile.read(io.BytesIO(frame.content))[1]) == 2**15


@pytest.mark.parametrize("hertz", [500.0, 1000.0, 3000.0])
def test_a_tone_is_a_line_at_its_height(hertz: float) -> None:
    clips = tones(hertz)
    (picture,) = spectrograms(clips, clips)
    assert picture.shape[0] == 1
    assert picture.shape[1] == BINS
    assert picture.shape[2] == pytest.approx(COLUMNS, abs=2)
    rows = picture[0, :, 5:-5].float().mean(dim=1)
    assert BINS - 1 - int(rows.argmax()) == pytest.approx(hertz / (RATE / 2) * BINS, abs=1)
    assert int(picture.max()) == 255


def test_loudness_is_seen_against_the_real_clips() -> None:
    loud = tones(1000)
    assert int(spectrograms(loud // 10, loud).max()) == pytest.approx(255 * (1 - 20 / 80), abs=3)
    assert not spectrograms(torch.zeros_like(loud), loud).any()
    assert not spectrograms(torch.zeros_like(loud), torch.zeros_like(loud)).any()


def test_clips_of_one_sample_are_drawn_as_well() -> None:
    short = torch.full((3, 1, 1), 1000, dtype=torch.int16)
    assert [media.suffix for media in AUDIO.sheet(short, short, "", info(1))] == [".png", ".wav"]


def test_a_sheet_shows_sixteen_spectrograms() -> None:
    clips = tones(*[1000.0] * 20)
    picture, _ = AUDIO.sheet(clips, clips, "", info(2048))
    image = Image.open(io.BytesIO(picture.content))
    width = spectrograms(clips[:1], clips).shape[3]
    factor = 512 // (4 * (width + 1) - 1)
    assert image.size == (factor * (4 * (width + 1) - 1), factor * (4 * (BINS + 1) - 1))


def test_floats_that_were_cut_are_doubted() -> None:
    quiet = torch.tensor([[[-1, 0, 1]]], dtype=torch.int16)
    assert AUDIO.doubt(quiet, info(3)) == "lie in -1..1, not in -32,768..32,767"
    assert AUDIO.doubt(tones(500), info(2048)) == ""
    assert AUDIO.doubt(torch.full((1, 1, 1), -(2**15), dtype=torch.int16), info(1)) == ""
