"""What a data set tells about its shape."""

from __future__ import annotations

import pytest

from ganbench import DataInfo
from ganbench.api.errors import UsageError


def test_an_image() -> None:
    info = DataInfo(name="mnist", modality="image", shape=(1, 28, 28), classes=10)
    assert (info.channels, info.side, info.features) == (1, 28, 784)


@pytest.mark.parametrize(
    "info",
    [
        DataInfo(name="ring8", modality="points", shape=(2,)),
        DataInfo(name="wide", modality="image", shape=(3, 32, 48)),
        DataInfo(name="flat", modality="image", shape=(32, 32)),
    ],
)
@pytest.mark.parametrize("name", ["channels", "side"])
def test_what_is_no_square_image_has_no_side(info: DataInfo, name: str) -> None:
    with pytest.raises(UsageError, match=f"{info.name} holds no square images"):
        getattr(info, name)


def test_points_have_features() -> None:
    assert DataInfo(name="ring8", modality="points", shape=(2,)).features == 2
