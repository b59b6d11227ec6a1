"""Samples as files for other programs, read back by the readers of others."""

from __future__ import annotations

import csv
import io
import wave

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from ganbench import Categorical, DataInfo, split_pair
from ganbench.modalities import modality_of
from ganbench.modalities.media import Media

from . import samples


def read(files: dict[str, Media], info: DataInfo) -> Tensor:
    """The stored samples of images, sounds, points and tables."""
    media = list(files.values())
    match info.modality:
        case "image":
            return torch.stack([_pixels(one.content) for one in media])
        case "audio":
            return torch.stack([_sound(one.content, info) for one in media])
        case "points":
            _, *rows = csv.reader(io.StringIO(media[0].content.decode()))
            return torch.tensor([[float(cell) for cell in row] for row in rows])
        case _:
            assert info.schema is not None
            _, *rows = csv.reader(io.StringIO(media[0].content.decode()))
            return torch.tensor(
                [
                    [
                        column.categories.index(cell)
                        if isinstance(column, Categorical)
                        else float(cell)
                        for column, cell in zip(info.schema, row, strict=True)
                    ]
                    for row in rows
                ]
            )


def _pixels(content: bytes) -> Tensor:
    pixels = torch.from_numpy(np.array(Image.open(io.BytesIO(content))))
    return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)


def _sound(content: bytes, info: DataInfo) -> Tensor:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (info.rate, 2)
        played = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return torch.from_numpy(played.reshape(-1, file.getnchannels()).T.astype(np.int16))


without_texts = st.one_of(samples.images, samples.sounds, samples.points, samples.tables)


@given(without_texts, st.integers(0, 99))
def test_nothing_is_lost(info: DataInfo, seed: int) -> None:
    stored = samples.stored(info, seed)
    files = modality_of(info).files(stored, info)
    assert torch.equal(read(files, info), stored)
    assert list(files) == sorted(files)
    assert len(files) in (1, len(stored))


@given(samples.texts, st.integers(0, 99))
def test_texts_are_lines(info: DataInfo, seed: int) -> None:
    (media,) = modality_of(info).files(samples.stored(info, seed), info).values()
    assert media.suffix == ".txt"
    assert media.content.count(b"\n") == samples.COUNT


@given(without_texts, without_texts, st.integers(0, 99))
def test_halves_of_pairs_have_files_of_their_own(
    first: DataInfo, second: DataInfo, seed: int
) -> None:
    info = samples.pair_info(first, second)
    stored = samples.stored(info, seed)
    files = modality_of(info).files(stored, info)
    for place, (half, part) in enumerate(
        zip((first, second), split_pair(stored, info), strict=True), start=1
    ):
        own = {stem: one for stem, one in files.items() if stem.endswith(f"-{place}")}
        assert torch.equal(read(own, half), part)
