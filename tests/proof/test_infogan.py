"""InfoGAN: a latent of three parts, one of them a class, and a term that finds it again."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from ganbench import GanbenchError
from ganbench.training.feed import LatentFeed
from ganbench.training.loop import Eager

from .proofs import CPU, advance, catalogue_with, data_of, execute, same, spec_of, state, trainer_of

CATALOGUE = catalogue_with("infogan")


def test_the_parts_of_the_latent_have_their_laws() -> None:
    networks = trainer_of("infogan-mlp+hinge", data_of("digits"), CATALOGUE).networks
    latents = LatentFeed(networks.latents, CPU, seed=1).draw(5000)
    noise, kind, codes = latents.split([16, 10, 2], dim=1)
    assert noise.std().item() == pytest.approx(1.0, abs=0.02)
    assert torch.equal(kind.sort(dim=1).values, F.one_hot(torch.full((5000,), 9), 10).float())
    assert ((kind.mean(dim=0) - 0.1).abs() < 5 * (0.09 / 5000) ** 0.5).all()
    assert codes.abs().max() <= 1
    assert codes.var().item() == pytest.approx(1 / 3, abs=0.02)


def test_the_term_by_hand() -> None:
    trainer = trainer_of("infogan-mlp+wasserstein+info:0.5", data_of("digits"), CATALOGUE)
    D, finder = trainer.networks.discriminator, trainer.extra["finder"]
    trainer.differentiate("generator")
    step, loss = trainer.last["generator"]
    found = finder(D[:-1](step.fake))  # type: ignore[index]
    kind = step.latent[:, 16:26].argmax(dim=1)
    class_term = F.cross_entropy(found[:, :10], kind)
    code_term = (found[:, 10:] - step.latent[:, 26:]).square().mean() / 2
    expected = -D(step.fake).mean() + 0.5 * (class_term + code_term)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert float(step.logged["info_class"]) == pytest.approx(class_term.item(), rel=1e-5)
    assert all(one.grad is not None for one in finder.parameters())
    assert all(one.grad is None for one in D.parameters())


def test_the_class_can_be_found_after_some_steps() -> None:
    """At first it costs log 10 = 2.3; generator and finder learn to agree on it."""
    trainer = trainer_of("infogan-mlp+hinge+info:5[lr_scale=10]", data_of("digits"), CATALOGUE)
    engine = Eager(trainer)
    costs = []
    for _ in range(200):
        step, _ = engine.generator_step()
        costs.append(float(step.logged["info_class"]))
    assert costs[0] == pytest.approx(math.log(10), abs=0.3)
    assert costs[-1] < costs[0] / 2


def test_with_weight_0_the_networks_are_trained_as_without() -> None:
    trainers = [
        trainer_of(name, data_of("digits"), CATALOGUE)
        for name in ("infogan-mlp+hinge+info:0", "infogan-mlp+hinge")
    ]
    for trainer in trainers:
        advance(trainer, 3)
    assert same(*map(state, trainers))


def test_a_run_logs_and_resumes(tmp_path: Path) -> None:
    spec = spec_of("infogan-mlp+hinge+info", CATALOGUE, task="digits", steps=8)
    straight, _ = execute(spec, CATALOGUE, tmp_path / "straight")
    broken, _ = execute(spec, CATALOGUE, tmp_path / "broken", stops=(4,))
    assert (straight["status"], straight["failure"]) == ("ok", None)
    assert straight["generator_sha256"] == broken["generator_sha256"]
    rows = (tmp_path / "straight" / "history.jsonl").read_text().splitlines()
    assert all(json.loads(row)["logged"]["info_class"] > 0 for row in rows)


def test_another_model_has_no_finder() -> None:
    with pytest.raises(GanbenchError, match="does not provide"):
        spec_of("mlp+hinge+info", CATALOGUE, task="digits")
