"""Feature matching as the generator's whole loss."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .proofs import catalogue_with, data_of, execute, spec_of, trainer_of

CATALOGUE = catalogue_with("feature_matching")


def test_both_losses_by_hand() -> None:
    trainer = trainer_of("mlp+mean-matching", data_of("digits"), CATALOGUE)
    discriminator = trainer.networks.discriminator
    assert isinstance(discriminator, nn.Sequential)
    body, last = discriminator[:-1], discriminator[-1]
    trainer.differentiate("discriminator")
    step, loss = trainer.last["discriminator"]
    expected = F.softplus(-discriminator(step.real)).mean()
    expected = expected + F.softplus(discriminator(step.fake)).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)

    step = trainer.draw("generator")
    fakes = step.fake.detach().requires_grad_()
    expected = (body(step.real).mean(dim=0).detach() - body(fakes).mean(dim=0)).square().sum()
    (slope,) = torch.autograd.grad(expected, fakes)
    seen: list[Tensor] = []
    step.fake.register_hook(lambda gradient: seen.append(gradient))
    trainer.differentiate("generator", step)
    assert trainer.last["generator"][1].item() == pytest.approx(expected.item(), rel=1e-6)
    torch.testing.assert_close(seen[0], slope)
    assert isinstance(last, nn.Linear)


def test_logits_that_come_by_with_features_are_in_the_history(tmp_path: Path) -> None:
    spec = spec_of("mlp+mean-matching+sn", CATALOGUE, steps=12)
    record, _ = execute(spec, CATALOGUE, tmp_path)
    assert (record["status"], record["failure"]) == ("ok", None)
    assert "null" not in (tmp_path / "history.jsonl").read_text()
