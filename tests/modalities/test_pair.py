"""Pairs: two halves, each as its own modality has it."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image
from torch import Tensor

from ganbench import Categorical, DataInfo, Numeric, join_pair, split_pair
from ganbench.api.errors import PluginNotUsable
from ganbench.modalities import modality_of
from ganbench.modalities.pair import PAIR

from .samples import pair_info, stored, table_info, text_info

IMAGE = DataInfo(name="digits", modality="image", shape=(1, 4, 5))
SOUND = DataInfo(name="voices", modality="audio", shape=(1, 64), rate=8000)
TEXT = text_info(3, ("", "a", "b"))
SEEN_AND_HEARD = pair_info(IMAGE, SOUND)
SEEN_AND_READ = pair_info(IMAGE, TEXT)


def test_halves_come_back_in_their_own_form() -> None:
    images, sounds = stored(IMAGE, 0), stored(SOUND, 1)
    pairs = join_pair(images, sounds)
    assert pairs.dtype == torch.float32
    assert pairs.shape == (6, 20 + 64)
    first, second = split_pair(pairs, SEEN_AND_HEARD)
    assert torch.equal(first, images)
    assert torch.equal(second, sounds)
    assert (first.dtype, second.dtype) == (torch.uint8, torch.int16)


def test_networks_see_both_halves_as_they_would_alone() -> None:
    images, texts = stored(IMAGE, 0), stored(TEXT, 1)
    seen = PAIR.encode(join_pair(images, texts), SEEN_AND_READ)
    assert torch.equal(seen[:, :20], modality_of(IMAGE).encode(images, IMAGE).flatten(1))
    assert torch.equal(seen[:, 20:], modality_of(TEXT).encode(texts, TEXT).flatten(1))


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (0, 256.0, "must hold torch.uint8 and torch.int64, it holds numbers that these cannot be"),
        (0, 0.5, "must hold torch.uint8 and torch.int64"),
        (20, 1.5, "must hold torch.uint8 and torch.int64"),
        (20, 3.0, r"in its half texts must hold tokens 0\.\.2"),
    ],
)
def test_wrong_halves_are_told(place: int, value: float, told: str) -> None:
    pairs = join_pair(stored(IMAGE, 0), stored(TEXT, 1))
    pairs[0, place] = value
    with pytest.raises(PluginNotUsable, match=f"train {told}"):
        PAIR.check("train", pairs, SEEN_AND_READ)


def test_a_half_that_nobody_learns_from_may_leave_the_range_that_networks_are_told() -> None:
    table = table_info(Numeric(name="x", low=0, high=1), Categorical(name="y", categories=("a",)))
    both = pair_info(IMAGE, table)

    def pairs(*row: float) -> Tensor:
        return join_pair(stored(IMAGE, 0)[:1], torch.tensor([row]))

    PAIR.check("heldout", pairs(9.0, 0), both, scored=True)
    with pytest.raises(PluginNotUsable, match=r"train in its half rows must hold 0\.\.1 in column"):
        PAIR.check("train", pairs(9.0, 0), both)
    for wrong, told in (
        (pairs(9.0, 1), "in its half rows must hold"),
        (pairs(0, 0) + 0.5, "torch"),
    ):
        with pytest.raises(PluginNotUsable, match=told):
            PAIR.check("heldout", wrong, both, scored=True)


def test_the_range_of_either_half_is_told() -> None:
    good = PAIR.encode(join_pair(stored(IMAGE, 0), stored(TEXT, 1)), SEEN_AND_READ)
    assert PAIR.range_fault(good, SEEN_AND_READ) == ""
    first, second = good.clone(), good.clone()
    first[:, 0], second[:, -1] = 2, 2
    assert PAIR.range_fault(first, SEEN_AND_READ).startswith("in its half digits lie in [")
    assert PAIR.range_fault(second, SEEN_AND_READ).startswith("in its half texts are at least")


def test_dark_images_are_doubted() -> None:
    pairs = join_pair(torch.ones_like(stored(IMAGE, 0)), stored(TEXT, 1))
    assert PAIR.doubt(pairs, SEEN_AND_READ) == "in its half digits lie in 0..1, not in 0..255"


def test_both_halves_are_shown_place_by_place() -> None:
    images, texts = stored(IMAGE, 0), stored(TEXT, 1)
    pairs = join_pair(images, texts)
    picture, written = PAIR.sheet(pairs, pairs, "a title", SEEN_AND_READ)
    assert (picture.suffix, written.suffix) == (".png", ".txt")
    assert picture == modality_of(IMAGE).sheet(images, images, "", IMAGE)[0]
    assert written == modality_of(TEXT).sheet(texts, texts, "a title", TEXT)[0]
    assert Image.open(io.BytesIO(picture.content)).mode == "L"
    frame = PAIR.frame(pairs, pairs, SEEN_AND_READ)
    assert [media.suffix for media in frame] == [".webp", ".txt"]


def test_sounds_bring_their_spectrogram_along() -> None:
    pairs = join_pair(stored(IMAGE, 0), stored(SOUND, 1))
    sheet = PAIR.sheet(pairs, pairs, "", SEEN_AND_HEARD)
    assert [media.suffix for media in sheet] == [".png", ".png", ".wav"]
