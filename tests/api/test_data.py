"""What a data set tells about its shape."""

from __future__ import annotations

from typing import Any

import pytest

from ganbench import DataInfo
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
