"""What holds of every modality, and how wrong descriptions and samples are told."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganbench import Categorical, DataInfo, Numeric, Vocabulary, output_layer
from ganbench.api.data import MODALITY_NAMES
from ganbench.api.errors import PluginNotUsable
from ganbench.modalities import MODALITIES, modality_of
from ganbench.modalities.media import SUFFIXES, Media

from . import samples

EXAMPLES = [info for modality in MODALITIES.values() for info in modality.examples]
any_info = st.one_of(samples.singles, samples.pairs)


def named(info: DataInfo) -> str:
    return info.name.replace(" ", "-")


def test_every_name_has_its_modality_in_that_order() -> None:
    assert tuple(MODALITIES) == MODALITY_NAMES
    assert [one.name for one in MODALITIES.values()] == list(MODALITY_NAMES)


@given(any_info, st.integers(0, 99))
def test_stored_samples_come_back(info: DataInfo, seed: int) -> None:
    modality, stored = modality_of(info), samples.stored(info, seed)
    modality.check_info(info)
    modality.check("train", stored, info)
    before = stored.clone()
    seen = modality.encode(stored, info)
    assert seen.dtype == torch.float32
    assert seen.shape == (len(stored), *info.shape)
    again = modality.decode(seen, info)
    assert again.dtype == stored.dtype
    assert again.shape == stored.shape
    missed = (again.double() - stored.double()).abs().flatten(1)
    assert bool((missed <= samples.tolerance(info)).all())
    assert torch.equal(stored, before)


@given(any_info, st.integers(0, 99))
def test_real_samples_lie_in_the_range_that_generators_are_held_to(
    info: DataInfo, seed: int
) -> None:
    modality = modality_of(info)
    assert modality.range_fault(modality.encode(samples.stored(info, seed), info), info) == ""


@given(any_info, st.floats(0.1, 1e4), st.integers(0, 99))
def test_whatever_is_emitted_becomes_samples_that_could_be_stored(
    info: DataInfo, scale: float, seed: int
) -> None:
    modality = modality_of(info)
    raw = scale * torch.randn(5, *info.shape, generator=torch.Generator().manual_seed(seed))
    before = raw.clone()
    modality.check("fakes", modality.decode(raw, info), info)
    assert modality.range_fault(output_layer(info)(raw), info) == ""
    assert torch.equal(raw, before)


@pytest.mark.parametrize("info", EXAMPLES, ids=named)
def test_examples_are_drawn(info: DataInfo) -> None:
    modality = modality_of(info)
    modality.check_info(info)
    fakes, real = (
        modality.decode(torch.randn(40, *info.shape, generator=torch.Generator().manual_seed(seed)),
                        info)
        for seed in (0, 1)
    )  # fmt: skip
    sheet, frame = modality.sheet(fakes, real, "title", info), modality.frame(fakes, real, info)
    assert len(sheet) == len(frame)
    assert bool(sheet) == (info.modality != "points" or info.features <= 2)
    assert modality.sheet(fakes, real, "title", info) == sheet
    assert sum(len(media.content) for media in frame) < 50_000


@pytest.mark.parametrize("info", EXAMPLES, ids=named)
def test_output_layers_have_gradients_and_no_weights(info: DataInfo) -> None:
    layer = output_layer(info)
    assert not list(layer.parameters()) + list(layer.buffers())
    raw = torch.randn(3, *info.shape, requires_grad=True)
    layer(raw).square().sum().backward()  # type: ignore[no-untyped-call]
    assert raw.grad is not None
    assert bool((raw.grad != 0).any(dim=0).float().mean() > 0.9)


def test_the_most_usual_examples_are_named_for_people() -> None:
    assert [modality.examples[0].name for modality in MODALITIES.values()] == [
        "2-D points",
        "32 px colour images",
        "0.51 s of sound at 8,000 Hz",
        "16 characters of text",
        "rows of 3 columns",
        "8 px grey images with 16 characters of text",
    ]


VOCABULARY = Vocabulary(tokens=("", "a", "b"))
ROW = (Numeric(name="x", low=0, high=1), Categorical(name="y", categories=("a", "b")))
POINT = DataInfo(name="p", modality="points", shape=(2,))


@pytest.mark.parametrize(
    ("modality", "shape", "extra", "told"),
    [
        ("points", (2, 2), {}, r"its shape must be \(coordinates\), it is \(2, 2\)"),
        ("points", (0,), {}, r"its shape must be \(coordinates\), it is \(0,\)"),
        ("points", (2,), {"rate": 8}, "it must not have rate"),
        ("image", (28, 28), {}, r"its shape must be \(channels, height, width\), it is \(28, 28\)"),
        (
            "image",
            (28, 28, 1),
            {},
            r"channels come first, its shape is \(channels, height, width\), not \(28, 28, 1\)",
        ),
        ("image", (7, 28, 28), {}, r"must have 1 to 4 channels, it has 7: \(7, 28, 28\)"),
        ("audio", (1, 4096), {}, "it must have rate"),
        ("audio", (1, 4096), {"rate": 0}, "rate must be at least one sample per second, it is 0"),
        (
            "audio",
            (4096, 1),
            {"rate": 8000},
            r"channels come first, its shape is \(channels, samples\), not \(4096, 1\)",
        ),
        ("audio", (99, 4096), {"rate": 8000}, "must have 1 to 8 channels, it has 99"),
        ("text", (16, 3), {}, "it must have vocabulary"),
        (
            "text",
            (3, 16),
            {"vocabulary": VOCABULARY},
            r"positions come first, its shape is \(positions, tokens\), not \(3, 16\)",
        ),
        ("text", (8, 9), {"vocabulary": VOCABULARY}, "shape tells 9 tokens, its vocabulary has 3"),
        ("tabular", (3,), {}, "it must have schema"),
        ("tabular", (2,), {"schema": ROW}, r"must be \(3,\), as wide as its columns, it is \(2,\)"),
        ("tabular", (2,), {"schema": ROW[:1] * 2}, "no two of one name: x, x"),
        ("tabular", (1,), {"schema": ()}, "columns must be there"),
        ("pair", (4,), {}, "it must have halves"),
        ("pair", (5,), {"halves": (POINT, POINT)}, r"must be \(4,\), as wide as its halves"),
        (
            "pair",
            (5,),
            {"halves": (POINT, replace(POINT, shape=(3, 1)))},
            r"its second half, p: its shape must be \(coordinates\)",
        ),
    ],
)
def test_wrong_descriptions_are_told(
    modality: Any, shape: tuple[int, ...], extra: Any, told: str
) -> None:
    info = DataInfo(name="mine", modality=modality, shape=shape, **extra)
    with pytest.raises(PluginNotUsable, match=f"data set mine .*{told}"):
        modality_of(info).check_info(info)


def test_a_pair_of_pairs_is_refused() -> None:
    pair = samples.pair_info(POINT, POINT)
    nested = samples.pair_info(pair, POINT)
    with pytest.raises(PluginNotUsable, match=r"its first half must be points, image, .* not pair"):
        modality_of(nested).check_info(nested)


@pytest.mark.parametrize(
    ("info", "shape", "told"),
    [
        (
            DataInfo(name="x", modality="image", shape=(1, 8, 16)),
            (5, 8, 16, 1),
            r"\(N, 1, 8, 16\), it is a tensor of shape \(5, 8, 16, 1\): channels come first, then "
            "height, width",
        ),
        (
            DataInfo(name="x", modality="image", shape=(1, 8, 16)),
            (5, 1, 16, 8),
            "channels come first, then height, width",
        ),
        (
            DataInfo(name="x", modality="audio", shape=(2, 100), rate=8000),
            (5, 100, 2),
            "channels come first, then samples",
        ),
        (DataInfo(name="x", modality="points", shape=(2,)), (5, 3), r"\(5, 3\)$"),
    ],
)
def test_samples_in_another_order_are_told(
    info: DataInfo, shape: tuple[int, ...], told: str
) -> None:
    modality = modality_of(info)
    wrong = torch.zeros(shape, dtype=getattr(torch, modality.stored))
    with pytest.raises(PluginNotUsable, match=f"train must be of shape .*{told}"):
        modality.check("train", wrong, info)


@pytest.mark.parametrize("info", EXAMPLES, ids=named)
def test_another_type_of_number_is_told(info: DataInfo) -> None:
    modality = modality_of(info)
    good = modality.decode(torch.randn(5, *info.shape), info)
    with pytest.raises(PluginNotUsable, match=rf"must be torch.{modality.stored}, it is torch.f"):
        modality.check("train", good.half(), info)
    assert not len(good[:0])
    modality.check("heldout", good[:0], info)  # a data set may have none


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["points", "tabular", "pair"])
def test_floats_that_are_not_finite_are_told(name: Any, value: float) -> None:
    modality = MODALITIES[name]
    info = modality.examples[0]
    stored = modality.decode(torch.randn(5, *info.shape), info)
    stored[3, 1] = value
    with pytest.raises(PluginNotUsable, match="train must be finite"):
        modality.check("train", stored, info)


def test_media_have_a_suffix_that_a_report_shows() -> None:
    assert [Media(b"", suffix).suffix for suffix in SUFFIXES] == list(SUFFIXES)
    with pytest.raises(ValueError, match=r"'\.gif' is none of \.png"):
        Media(b"", ".gif")
