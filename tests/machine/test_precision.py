"""Speeds of products on a clock of the test's own; torch's settings are as they were afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganbench.machine import precision
from ganbench.machine.precision import product_speed, speed_ratio, tf32_products
from ganbench.machine.threads import computing_on

CPU = torch.device("cpu")


class Factors:
    """Multiplied in so many seconds of a clock, and half as many more each time."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    def __matmul__(self, other: Any) -> None:
        self.clock[0] += self.seconds * (1 + self.clock[0])


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Of a product in each precision; the machine becomes slower and slower."""
    clock, found = [0.0], {"float32": 0.08, "bf16": 0.02, "tf32": 0.16}

    def factors(one: str, side: int, device: torch.device) -> tuple[Factors, Factors]:
        return Factors(clock, found[one]), Factors(clock, found[one])

    monkeypatch.setattr(precision, "_factors", factors)
    monkeypatch.setattr(precision, "stopwatch", lambda device, threads: lambda: clock[0])
    return found


def test_a_ratio_compares_neighbours_in_time(seconds: dict[str, float]) -> None:
    assert speed_ratio("bf16", CPU) == pytest.approx(4, rel=0.1)
    assert speed_ratio("tf32", CPU) == pytest.approx(0.5, rel=0.2)


def test_a_limit_is_the_best_of_a_few(seconds: dict[str, float]) -> None:
    first = 2 * precision.SIDE["cpu"] ** 3 / (0.08 * 1.08)  # the one before warmed up
    assert product_speed("float32", CPU) == pytest.approx(first)


def test_real_products_are_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(precision.SIDE, "cpu", 64)  # type: ignore[misc]
    monkeypatch.setattr(precision, "ROUNDS", 1)
    ticks = iter(range(1000))
    monkeypatch.setattr(precision, "stopwatch", lambda device, threads: lambda: float(next(ticks)))
    assert product_speed("bf16", CPU) == 2 * 64**3
    assert speed_ratio("bf16", CPU) == 1


def settings() -> tuple[str, bool]:
    return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize(("allowed", "inside"), [(True, "high"), (False, "highest")])
def test_tf32_is_allowed_for_as_long_as_it_lasts(allowed: bool, inside: str) -> None:
    before = settings()
    with tf32_products(allowed):
        assert settings() == (inside, allowed)
    with pytest.raises(ZeroDivisionError), tf32_products(allowed):
        raise ZeroDivisionError
    assert settings() == before


def test_float32_is_float32_wherever_ganbench_computes() -> None:
    """torch leaves the factors of convolutions to cuDNN, which rounds them to TF32."""
    with computing_on(1):
        assert settings() == ("highest", False)
