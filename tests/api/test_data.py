"""What a data set tells about its shape."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganbench import Data, DataInfo
from ganbench.api.errors import UsageError


def test_an_image() -> None:
    info = DataInfo(name="mnist", modality="image", shape=(1, 28, 28), classes=10)
    assert (info.channels, info.height, info.width, info.side) == (1, 28, 28, 28)
    assert info.features == 784


def test_an_oblong_image_has_height_and_width_and_no_side() -> None:
    info = DataInfo(name="wide", modality="image", shape=(3, 32, 48))
    assert (info.channels, info.height, info.width) == (3, 32, 48)
    with pytest.raises(UsageError, match="wide holds no square images"):
        _ = info.side


@pytest.mark.parametrize("name", ["channels", "height", "width", "side"])
def test_what_is_no_image_has_no_sides(name: str) -> None:
    with pytest.raises(UsageError, match=r"ring8 holds no images: points \(2,\)"):
        getattr(DataInfo(name="ring8", modality="points", shape=(2,)), name)


def test_lists_become_tuples() -> None:
    listed: Any = [1, 8, 8]
    info = DataInfo(name="x", modality="image", shape=listed)
    assert info == DataInfo(name="x", modality="image", shape=(1, 8, 8))
    assert hash(info)


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("rate", 8000.0, "an integer or None"),
        ("vocabulary", ("a", "b"), "a Vocabulary or None"),
        ("schema", ("a",), "a tuple, each item a Numeric or a Categorical or None"),
        ("halves", (1, 2), "a tuple of a DataInfo and a DataInfo or None"),
    ],
)
def test_fields_of_another_type_are_refused(field: str, value: object, wanted: str) -> None:
    given: Any = {field: value}
    with pytest.raises(TypeError, match=f"DataInfo: {field} must be {wanted}, it is"):
        DataInfo(name="x", modality="points", shape=(2,), **given)


def test_points_have_features() -> None:
    assert DataInfo(name="ring8", modality="points", shape=(2,)).features == 2


def sorted_points(exchangeable: bool) -> Data:
    info = DataInfo(name="line", modality="points", shape=(1,))
    points = torch.arange(1000.0)[:, None]
    return Data(info=info, train=points, heldout=points, exchangeable=exchangeable)


def test_some_of_samples_that_may_be_sorted_stand_for_all() -> None:
    data = sorted_points(False)
    some = data.some(data.heldout, 300)
    assert len(some.unique()) == 300
    assert abs(some.mean() - 499.5) < 4 * 289 / 300**0.5  # the first 300 have a mean of 149.5
    assert torch.equal(some, data.some(data.heldout, 300))
    assert torch.equal(2 * some, data.some(2 * data.heldout, 300))  # of features the same ones
    assert torch.equal(data.some(data.heldout, 1000), data.heldout)


def test_some_of_samples_in_no_order_are_the_first() -> None:
    data = sorted_points(True)
    assert torch.equal(data.some(data.heldout, 300), data.heldout[:300])
