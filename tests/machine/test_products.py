"""Products by wide kernels: float32's, whoever is beside them, and nowhere else rounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganbench.machine import products
from ganbench.machine.products import PAYS, TAKEN, gains, has_wider, wide_products

WIDE = {"avx512_f": True}


def onednn() -> Any:
    backend: Any = torch.backends.mkldnn
    return backend.matmul


def interrupted() -> None:
    with wide_products(True):
        assert onednn().fp32_precision == "bf16"
        raise ZeroDivisionError


@pytest.fixture
def measured_anew() -> Iterator[None]:
    has_wider.cache_clear()
    yield
    has_wider.cache_clear()


def machine(monkeypatch: pytest.MonkeyPatch, vendor: str | None, **can: bool) -> None:
    monkeypatch.setattr(products, "cpu_vendor", lambda: vendor)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can)


def test_leave_to_round_is_taken_back() -> None:
    before = onednn().fp32_precision
    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert onednn().fp32_precision == before
    with wide_products(False):
        assert onednn().fp32_precision == before


@pytest.mark.usefixtures("measured_anew")
@pytest.mark.parametrize(
    ("vendor", "can"),
    [
        ("GenuineIntel", WIDE),
        (None, WIDE),
        ("AuthenticAMD", {}),
        *(("AuthenticAMD", {**WIDE, f"amx_{kind}": True}) for kind in ("tile", "bf16", "fp16")),
    ],
)
def test_nothing_is_gained_or_risked_elsewhere(
    monkeypatch: pytest.MonkeyPatch, vendor: str | None, can: dict[str, bool]
) -> None:
    machine(monkeypatch, vendor, **can)
    assert not has_wider()
    assert not gains([PAYS, PAYS])


@pytest.mark.usefixtures("measured_anew")
@pytest.mark.parametrize("lacking", ["get_capabilities", "matmul"])
def test_a_torch_that_cannot_ask_multiplies_as_ever(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    machine(monkeypatch, "AuthenticAMD", **WIDE)
    if lacking == "matmul":
        monkeypatch.setattr(products, "_onednn", lambda: object())
    else:
        monkeypatch.delattr(torch.cpu, lacking)
    assert not has_wider()


@pytest.mark.usefixtures("measured_anew")
def test_kernels_that_round_factors_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, "AuthenticAMD", **WIDE)
    multiply = torch.Tensor.__matmul__

    def rounding(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        if one.dtype == torch.float32:
            return multiply(one.bfloat16().float(), other.bfloat16().float())
        return multiply(one, other)

    monkeypatch.setattr(torch.Tensor, "__matmul__", rounding)
    assert not has_wider()


def test_a_step_gains_by_its_largest_product_unless_one_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(products, "has_wider", lambda: True)
    assert gains([TAKEN, PAYS])
    assert not gains([TAKEN - 1, PAYS])  # with more seeds beside it torch would have given it away
    assert not gains([TAKEN, PAYS - 1])
    assert not gains([])


needs_wider = pytest.mark.skipif(not has_wider(), reason="MKL's kernels are as wide here")
sizes = st.sampled_from([1, 2, 3, 17, 64, 100, 128, 200])


@needs_wider
@given(sizes.filter(lambda size: size > 3), sizes, sizes, st.data())
def test_products_are_float32s_whoever_is_beside_them(
    rows: int, size: int, columns: int, data: st.DataObject
) -> None:
    if rows * size * columns < TAKEN:
        return
    random = torch.Generator().manual_seed(rows + size + columns)
    left = torch.randn(5, rows, size, generator=random)
    right = torch.randn(5, columns, size, generator=random).transpose(1, 2)
    first = data.draw(st.integers(0, 3))
    some = slice(first, data.draw(st.integers(first + 2, 5)))
    with wide_products(True):
        every, few = left @ right, left[some] @ right[some]
        turned = right.mT @ left.mT
    exact = left.double() @ right.double()
    assert torch.equal(every[some], few)
    for found in (every, turned.mT):
        assert (found - exact).abs().max() < 2e-6 * max(1, size**0.5) * exact.abs().max()
