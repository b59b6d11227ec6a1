"""Precisions are refused where they are slower, and where a device knows none of the name."""

from __future__ import annotations

from typing import Any

import pytest

from ganbench.api.errors import UsageError
from ganbench.execution import fast_paths as paths
from ganbench.execution.fast_paths import require_fast_path


@pytest.fixture
def ratio(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is measured, and of what."""
    found: dict[str, Any] = {"is": 1.0}

    def measured(*asked: Any) -> float:
        found["of"] = asked
        return float(found["is"])

    monkeypatch.setattr(paths, "measured_ratio", measured)
    return found


def test_float32_needs_no_measurement(ratio: dict[str, Any]) -> None:
    require_fast_path("float32", "cpu", 1)
    assert "of" not in ratio


@pytest.mark.parametrize("faster", [1.0, 3.7])
def test_what_is_no_slower_is_granted(ratio: dict[str, Any], faster: float) -> None:
    ratio["is"] = faster
    require_fast_path("bf16", "cpu", 2)
    assert ratio["of"] == ("bf16", "cpu", 2)


def test_what_is_slower_is_refused_with_the_measured_ratio(ratio: dict[str, Any]) -> None:
    ratio["is"] = 0.412
    with pytest.raises(UsageError, match=r"bf16: products are 0.41 times as fast as in float32"):
        require_fast_path("bf16", "cpu", 1)


def test_a_cpu_has_no_tf32(ratio: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="tf32: not available on a CPU") as refused:
        require_fast_path("tf32", "cpu", 1)
    assert "float32" in str(refused.value.hint)
    assert "of" not in ratio
