"""Telemetry: which steps are kept, what the file holds, and that nothing is computed for it."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ganbench.training.step import Batch, TrainingStep
from ganbench.training.telemetry import COLUMNS, Telemetry, gradient_norm


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_which_steps_are_kept() -> None:
    kept = [step for step in range(2**17) if Telemetry.wants(step)]
    assert kept[:256] == list(range(256))
    for octave in range(8, 17):
        inside = [step for step in kept if 2**octave <= step < 2 ** (octave + 1)]
        assert inside == list(range(2**octave, 2 ** (octave + 1), 2 ** (octave - 7)))
        assert len(inside) == 128


def test_a_row_is_a_line_of_json(tmp_path: Path) -> None:
    telemetry = Telemetry(tmp_path / "history.jsonl")
    telemetry.flush()
    assert not (tmp_path / "history.jsonl").exists()
    telemetry.record(0, [torch.tensor(value) for value in (0.5, 1.0, -2.0, 3.0, 4.0, 5.0)])
    telemetry.record(7, [torch.tensor(value) for value in (6.0, 7.0, 8.0, 9.0, 10.0, 11.0)])
    telemetry.flush()
    telemetry.flush()
    telemetry.record(9, [torch.tensor(0.25)] * 6)
    telemetry.flush()
    found = rows(tmp_path / "history.jsonl")
    assert [tuple(row) for row in found] == [("step", *COLUMNS)] * 3
    assert list(found[0].values()) == [0, 0.5, 1, -2, 3, 4, 5]
    assert [row["step"] for row in found] == [0, 7, 9]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_null(tmp_path: Path, value: float) -> None:
    telemetry = Telemetry(tmp_path / "history.jsonl")
    telemetry.record(3, [torch.tensor(value), *[torch.tensor(1.0)] * 5])
    telemetry.flush()
    text = (tmp_path / "history.jsonl").read_text("utf-8")
    assert json.loads(text, parse_constant=pytest.fail)["discriminator_loss"] is None


def test_rows_are_snapshots_without_a_graph(tmp_path: Path) -> None:
    telemetry = Telemetry(tmp_path / "history.jsonl")
    weight = torch.ones((), requires_grad=True)
    telemetry.record(0, [weight * 2] * 6)
    ((_, _, row),) = telemetry._rows
    assert not row.requires_grad
    with torch.no_grad():
        weight.zero_()
    telemetry.flush()
    assert rows(tmp_path / "history.jsonl")[0]["generator_loss"] == 2


def test_gradient_norm_is_euclidean_over_all_parameters() -> None:
    parameters = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1, 1)), nn.Parameter()]
    parameters[0].grad = torch.tensor([2.0, 3.0])
    parameters[1].grad = torch.tensor([[6.0]])
    assert gradient_norm(parameters).item() == 7
    assert gradient_norm(parameters[2:]).item() == 0
    parameters[0].grad = torch.tensor([math.nan, 0.0])
    assert math.isnan(gradient_norm(parameters).item())


def test_mean_logits_are_those_that_the_loss_has_computed() -> None:
    calls = 0

    class Critic(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            nonlocal calls
            calls += 1
            return x

    fake, real = torch.tensor([[1.0], [2.0]]), torch.tensor([[5.0], [7.0]])
    batch = Batch(latent=fake, fake=fake, real=real)
    step = TrainingStep(nn.Identity(), Critic(), {}, batch)
    assert all(math.isnan(one.item()) for one in step.mean_logits())
    assert step.fake_logits.shape == (2,)
    real_mean, fake_mean = step.mean_logits()
    assert math.isnan(real_mean.item())
    assert fake_mean.item() == 1.5
    assert step.real_logits is step.real_logits
    assert [one.item() for one in step.mean_logits()] == [6, 1.5]
    assert calls == 2


def test_what_a_state_needs_is_forced_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[tuple[int, int]] = []

    def fsync(handle: int) -> None:
        found = os.fstat(handle)
        forced.append((found.st_ino, found.st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    telemetry = Telemetry(tmp_path / "history.jsonl")
    assert telemetry.state() == {"bytes": 0}
    telemetry.record(0, [torch.tensor(0.5)] * 6)
    telemetry.flush()
    assert forced == []  # which is done often
    telemetry.record(1, [torch.tensor(0.5)] * 6)
    size = telemetry.state()["bytes"]
    assert ((tmp_path / "history.jsonl").stat().st_ino, size) in forced
