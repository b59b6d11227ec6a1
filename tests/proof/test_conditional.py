"""Conditional GANs on digits: projection and AC-GAN, by hand, as runs, and the law of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import Data, GanbenchError

from ..conftest import RunCli
from .proofs import (
    advance,
    catalogue_with,
    data_of,
    execute,
    file_of,
    same,
    spec_of,
    state,
    trainer_of,
)

CATALOGUE = catalogue_with("projection", "acgan")

SUITE = """
name = "classes"
seeds = "0"

[[tasks]]
name = "digits"
dataset = "digits"
budget = "6steps"
evaluations = 2
fakes = 400
labels = "{law}"
scores = ["intended"]
"""


def long_tail() -> Data:
    """Digits of which all but zeros are rare."""
    data = data_of("digits")
    labels = data.train_labels
    assert labels is not None
    kept = torch.cat([(labels == 0).nonzero().flatten(), (labels != 0).nonzero().flatten()[:36]])
    return Data(
        info=data.info,
        train=data.train[kept],
        heldout=data.heldout,
        train_labels=labels[kept],
        heldout_labels=data.heldout_labels,
    )


def test_projection_by_hand() -> None:
    """D(x, y) = psi(phi(x)) + <v_y, phi(x)>; the classes of fakes are those of the real batch."""
    trainer = trainer_of("projection-mlp+hinge", data_of("digits"), CATALOGUE)
    D: Any = trainer.networks.discriminator
    trainer.differentiate("discriminator")
    step, loss = trainer.last["discriminator"]
    assert torch.equal(step.labels, step.fake_labels)
    assert len(step.labels.unique()) == 10

    def judged(samples: Tensor, classes: Tensor) -> Tensor:
        features = D.body(samples)
        rows = [
            D.classes.weight[one] @ feature for one, feature in zip(classes, features, strict=True)
        ]
        return D.head(features).view(-1) + torch.stack(rows)

    real, fake = judged(step.real, step.labels), judged(step.fake, step.fake_labels)
    torch.testing.assert_close(step.real_logits, real)
    torch.testing.assert_close(step.fake_logits, fake)
    expected = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    rng = torch.get_rng_state()
    assert torch.equal(step.discriminator(step.fake), step.fake_logits)  # the classes are bound
    assert torch.equal(torch.get_rng_state(), rng)


def test_labels_go_with_the_samples_that_they_are_of() -> None:
    data = data_of("digits")
    trainer = trainer_of("projection-mlp+hinge", data, CATALOGUE)
    step = trainer.draw("discriminator")
    images = (step.real * 127.5 + 127.5).round().to(torch.uint8)
    assert data.train_labels is not None
    for one, label in zip(images, step.labels, strict=True):
        same_image = (data.train == one).flatten(1).all(dim=1)
        assert label in data.train_labels[same_image]


def test_conditional_batch_norm_by_hand() -> None:
    trainer = trainer_of("projection-mlp+hinge", data_of("digits"), CATALOGUE)
    G: Any = trainer.networks.generator
    with torch.no_grad():
        G.norms[0].gain.weight.normal_()
        G.norms[0].bias.weight.normal_()
    latents, classes = torch.randn(20, 32), torch.arange(20) % 10
    hidden = G.layers[0](latents)
    normed = (hidden - hidden.mean(dim=0)) / (hidden.var(dim=0, correction=0) + 1e-5).sqrt()
    for index, one in enumerate(classes):
        expected = G.norms[0].gain.weight[one] * normed[index] + G.norms[0].bias.weight[one]
        torch.testing.assert_close(
            G.norms[0](hidden, classes)[index], expected, rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("law", ["train", "balanced"])
def test_a_generator_step_asks_for_classes_by_the_tasks_law(law: str) -> None:
    data = long_tail()
    assert data.train_labels is not None
    shares = torch.bincount(data.train_labels, minlength=10) / len(data.train_labels)
    assert shares[0] > 0.6
    trainer = trainer_of("projection-mlp+hinge", data, CATALOGUE, label_law=law)
    drawn = torch.cat([trainer.draw("generator").fake_labels for _ in range(100)])
    expected = shares if law == "train" else torch.full((10,), 0.1)
    found = torch.bincount(drawn, minlength=10) / len(drawn)
    # 6,400 classes: each share is within 5 standard deviations of its own.
    assert ((found - expected).abs() < 5 * (expected / len(drawn)).sqrt() + 1e-9).all()


@pytest.mark.parametrize("law", ["train", "balanced"])
def test_a_generator_step_compares_fakes_with_real_samples_of_their_class(law: str) -> None:
    """The discriminator's step does, so that what it adds to all logits of a class is nobody's
    loss; beside real samples of another class it would be the generator's."""
    data = long_tail()
    assert data.train_labels is not None
    shares = torch.bincount(data.train_labels, minlength=10) / len(data.train_labels)
    trainer = trainer_of("projection-mlp+rp", data, CATALOGUE, label_law=law)
    steps = [trainer.draw("generator") for _ in range(100)]
    labels = torch.cat([step.labels for step in steps])
    assert torch.equal(labels, torch.cat([step.fake_labels for step in steps]))
    expected = shares if law == "train" else torch.full((10,), 0.1)
    found = torch.bincount(labels, minlength=10) / len(labels)
    assert ((found - expected).abs() < 5 * (expected / len(labels)).sqrt() + 1e-9).all()
    images = {
        one.numpy().tobytes(): int(y) for one, y in zip(*trainer.real.first(999), strict=True)
    }
    for one, label in zip(steps[0].real, steps[0].labels, strict=True):
        assert images[one.numpy().tobytes()] == label
    D, offsets = trainer.networks.discriminator, torch.randn(10)

    class Offset(nn.Module):
        def forward(self, x: Tensor, classes: Tensor) -> Tensor:
            logits: Tensor = D(x, classes)
            return logits.view(-1) + offsets[classes]

    losses = [
        trainer.objective.total("generator", one)
        for one in (steps[0], steps[0].judged_by(Offset()))
    ]
    torch.testing.assert_close(*losses)


def test_with_a_zero_embedding_projection_is_the_unconditional_discriminator() -> None:
    trainer = trainer_of("projection-mlp+hinge", data_of("digits"), CATALOGUE)
    D: Any = trainer.networks.discriminator
    with torch.no_grad():
        D.classes.weight.zero_()
    step = trainer.draw("discriminator")
    torch.testing.assert_close(step.real_logits, D.head(D.body(step.real)).view(-1))


def test_spectral_norm_covers_the_embedding() -> None:
    trainer = trainer_of("projection-mlp+hinge+sn", data_of("digits"), CATALOGUE)
    names = dict(trainer.networks.discriminator.named_parameters())
    assert "classes.parametrizations.weight.original" in names


@pytest.mark.parametrize(
    "variant",
    [
        "projection-mlp+hinge+r1:1+diffaug[diffaug.policy=color+translation]",
        "projection-mlp+wasserstein+gp+sn",
        "projection-mlp+non-saturating+unrolled:2+fm",
    ],
)
def test_losses_and_techniques_need_not_know_of_classes(variant: str) -> None:
    trainer = trainer_of(variant, data_of("digits"), CATALOGUE)
    before = state(trainer)
    advance(trainer, 2)
    after = state(trainer)
    assert all(bool(one.isfinite().all()) for one in after.values())
    assert not same(before, after)


def test_slopes_are_those_with_the_samples_own_classes() -> None:
    trainer = trainer_of("projection-mlp+hinge+r1:1+gp", data_of("digits"), CATALOGUE)
    D = trainer.networks.discriminator
    step = trainer.draw("discriminator")
    real = step.real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(D(real, step.labels).sum(), real)
    torch.testing.assert_close(step.real_slopes, slope.flatten(1))
    samples = torch.lerp(step.fake, step.real.detach(), 0.3).requires_grad_()
    (slope,) = torch.autograd.grad(D(samples, step.labels).sum(), samples)
    torch.testing.assert_close(step.slopes(samples), slope.flatten(1))


def test_auxiliary_classifier_by_hand() -> None:
    trainer = trainer_of("acgan-mlp+acgan", data_of("digits"), CATALOGUE)
    D: Any = trainer.networks.discriminator
    classify = trainer.extra["classifier"]
    trainer.differentiate("discriminator")
    step, loss = trainer.last["discriminator"]
    real, fake = D.body(step.real), D.body(step.fake)
    source = F.softplus(-D.head(real)).mean() + F.softplus(D.head(fake)).mean()
    expected = source + F.cross_entropy(classify(real), step.labels)
    expected = expected + F.cross_entropy(classify(fake), step.fake_labels)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert all(one.grad is not None for one in classify.parameters())
    trainer.update("discriminator")
    kept = [one.grad.clone() for one in classify.parameters()]

    trainer.differentiate("generator")
    step, loss = trainer.last["generator"]
    fake = D.body(step.fake)
    expected = F.softplus(-D.head(fake)).mean()
    expected = expected + F.cross_entropy(classify(fake), step.fake_labels)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert all(torch.equal(a, b.grad) for a, b in zip(kept, classify.parameters(), strict=True))


@pytest.mark.parametrize("law", ["train", "balanced"])
@pytest.mark.parametrize("variant", ["projection-mlp+hinge", "acgan-mlp+acgan"])
def test_runs_score_the_class_that_was_asked_for(variant: str, law: str, tmp_path: Path) -> None:
    (tmp_path / "classes.toml").write_text(SUITE.format(law=law))
    suite = str(tmp_path / "classes.toml")
    spec = spec_of(variant, CATALOGUE, suite=suite, task="digits", steps=6)
    record, run = execute(spec, CATALOGUE, tmp_path / "run")
    assert (record["status"], record["failure"]) == ("ok", None)
    assert run.evaluator is not None
    labels = run.evaluator.fake_labels
    assert labels is not None
    assert len(labels) == 400
    (key,) = record["points"][-1]["scores"]
    classifier = run.evaluator._side.extractor("classifier")
    found = classifier.classify(classifier(run.evaluator.fakes))  # type: ignore[attr-defined]
    share = float((found.cpu() == labels.cpu()).float().mean())
    assert record["points"][-1]["scores"][key] == pytest.approx(share)


def test_a_conditional_run_that_is_stopped_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    spec = spec_of("acgan-mlp+acgan", CATALOGUE, task="digits", steps=8)
    straight, _ = execute(spec, CATALOGUE, tmp_path / "straight")
    broken, _ = execute(spec, CATALOGUE, tmp_path / "broken", stops=(3,))
    assert broken["resumed"] == 1
    assert straight["generator_sha256"] == broken["generator_sha256"]


@pytest.mark.parametrize(
    ("variant", "task", "reason"),
    [
        ("mlp+acgan", "digits", "its loss acgan needs 'classifier', which its model mlp does not"),
        ("projection-mlp+hinge+pac:2", "digits", "takes classes, and pac cannot"),
        ("projection-mlp+hinge", "ring8", "does not handle points data"),
    ],
)
def test_what_cannot_be_conditional_is_refused_when_planned(
    variant: str, task: str, reason: str
) -> None:
    with pytest.raises(GanbenchError) as caught:
        spec_of(variant, CATALOGUE, task=task)
    assert reason in str(caught.value)


def test_the_command_runs_one_by_a_balanced_law(ganbench_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "classes.toml").write_text(SUITE.format(law="balanced"))
    done = ganbench_cli(
        "run", "projection-mlp+hinge", "--suite", "classes.toml", "-P", str(file_of("projection"))
    )
    assert done.returncode == 0, done.stderr
