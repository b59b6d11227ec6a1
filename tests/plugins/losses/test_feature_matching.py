"""Feature matching as a loss: by hand, its truth on the Dirac-GAN, and its traps."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from ganbench_plugins.losses.feature_matching import FeatureMatching

from ...training.small import image, random_data, variant_trainer
from ..dirac.test_game import play
from ..techniques.test_feature_matching import hidden

STEP = 0.05


@pytest.mark.parametrize("distance", ["squared", "absolute"])
def test_by_hand(distance: str) -> None:
    name = f"mlp+feature-matching[loss.distance={distance}]"
    trainer = variant_trainer(name, random_data(image(8)))
    step = trainer.draw("generator")
    real, fake = (hidden(trainer, one).mean(dim=0) for one in (step.real, step.fake))
    apart = (fake - real).detach()
    expected = apart.square().sum() if distance == "squared" else apart.abs().mean()
    trainer.differentiate("generator", step)
    assert trainer.last["generator"][1].item() == pytest.approx(expected.item(), rel=1e-5)


def test_trap_it_replaces_the_generators_loss() -> None:
    """Where the mean features agree there is nothing left, whatever the logits are."""
    trainer = variant_trainer("mlp+feature-matching", random_data(image(8)))
    step = trainer.draw("generator")
    real = step.real_features
    loss = FeatureMatching()
    same = type("Same", (), {"real_features": real, "fake_features": real})()
    assert loss.generator_loss(same).item() == 0  # type: ignore[arg-type]


def test_trap_means_come_before_the_distance() -> None:
    """Two sets with the same mean match, however far their samples are from each other."""
    apart = type(
        "Apart",
        (),
        {
            "real_features": torch.tensor([[-1.0], [1.0]]),
            "fake_features": torch.tensor([[-5.0], [5.0]]),
        },
    )()
    assert FeatureMatching().generator_loss(apart).item() == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_the_truth_on_the_dirac_gan(updates: str, tmp_path: Path) -> None:
    """Theta shrinks by 1 - 2h a step; psi takes -h theta/2 a step, and stays at the sum of that."""
    record = play(f"dirac+feature-matching[model.updates={updates}]", tmp_path / "run")
    scores = record["points"][-1]["scores"]
    assert scores["dirac/radius"] == pytest.approx(1 / 4, rel=1e-3)
    assert scores["dirac/linear_growth"] == pytest.approx(0.0, abs=1e-6)
    steps = record["used"]["steps"]
    assert scores["dirac/growth"] == pytest.approx(math.log(1 / 4) / steps, rel=1e-3)
