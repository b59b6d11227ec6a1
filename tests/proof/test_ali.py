"""ALI: a discriminator of pairs and an encoder, declared, refused elsewhere, scored and trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from ganbench import GanbenchError, PluginNotUsable
from ganbench.training.loop import Eager

from ..conftest import RunCli
from .proofs import advance, catalogue_with, data_of, execute, file_of, spec_of, trainer_of

CATALOGUE = catalogue_with("ali")

SUITE = """
name = "pairs"
seeds = "0"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "12steps"
evaluations = 2
fakes = 100
scores = ["reconstruction"]
"""


def test_both_losses_by_hand() -> None:
    trainer = trainer_of("ali-mlp+ali", data_of("ring8"), CATALOGUE)
    D, E = trainer.networks.discriminator, trainer.extra["encoder"]
    trainer.differentiate("discriminator")
    step, loss = trainer.last["discriminator"]
    expected = F.softplus(-D(step.real, E(step.real))).mean()
    expected = expected + F.softplus(D(step.fake, step.latent)).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert all(one.grad is None for one in E.parameters())
    trainer.update("discriminator")

    trainer.differentiate("generator")
    step, loss = trainer.last["generator"]
    expected = F.softplus(D(step.real, E(step.real))).mean()
    expected = expected + F.softplus(-D(step.fake, step.latent)).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    wanted = torch.autograd.grad(
        F.softplus(D(step.real, E(step.real))).mean(), list(E.parameters())
    )
    for one, gradient in zip(E.parameters(), wanted, strict=True):
        torch.testing.assert_close(one.grad, gradient)


def test_encoder_and_generator_are_trained_together_and_by_one_optimiser() -> None:
    trainer = trainer_of("ali-mlp+ali", data_of("ring8"), CATALOGUE)
    E = trainer.extra["encoder"]
    ours = [*trainer.networks.generator.parameters(), *E.parameters()]
    assert list(map(id, trainer.trained["generator"])) == list(map(id, ours))
    assert set(trainer.optimisers) == {"generator", "discriminator"}
    before = [one.detach().clone() for one in ours]
    Eager(trainer).discriminator_step()
    assert all(map(torch.equal, before, ours))
    Eager(trainer).generator_step()
    assert not any(map(torch.equal, before, ours))


def test_both_players_go_the_way_of_their_losses() -> None:
    """Generator and encoder make pairs alike for a judge that stands still, which then learns."""
    trainer = trainer_of("ali-mlp+ali", data_of("ring8"), CATALOGUE)
    advance(trainer, 5)
    D, G, E = trainer.networks.discriminator, trainer.networks.generator, trainer.extra["encoder"]
    step = trainer.draw("generator")

    def apart() -> float:
        with torch.no_grad():
            real, fake = D(step.real, E(step.real)), D(G(step.latent), step.latent)
            return float(real.mean() - fake.mean())

    before, engine = apart(), Eager(trainer)
    for _ in range(30):
        engine.generator_step()
    alike = apart()
    assert alike < before
    for _ in range(60):
        engine.discriminator_step()
    assert apart() > alike


def test_a_run_scores_the_encoder_and_resumes(tmp_path: Path) -> None:
    (tmp_path / "pairs.toml").write_text(SUITE)
    spec = spec_of("ali-mlp+ali", CATALOGUE, suite=str(tmp_path / "pairs.toml"), steps=12)
    straight, _ = execute(spec, CATALOGUE, tmp_path / "straight")
    broken, _ = execute(spec, CATALOGUE, tmp_path / "broken", stops=(5,))
    assert (straight["status"], straight["failure"]) == ("ok", None)
    assert straight["generator_sha256"] == broken["generator_sha256"]
    curves = [[one["scores"] for one in record["points"]] for record in (straight, broken)]
    assert curves[0] == curves[1]
    assert set(curves[0][0]) == {"ali/reconstruction"}
    # A judge of pairs has no opinion of a sample alone.
    rows = [
        json.loads(line) for line in (tmp_path / "straight/history.jsonl").read_text().splitlines()
    ]
    assert all(row["real_logit"] is None and row["fake_logit"] is None for row in rows)
    assert all(row["generator_gradient_norm"] > 0 for row in rows)


def test_another_model_is_refused_when_planned() -> None:
    with pytest.raises(GanbenchError) as caught:
        spec_of("mlp+ali", CATALOGUE)
    reason = "its loss ali needs 'encoder', which its model mlp does not provide"
    assert reason in str(caught.value)


def test_the_command_says_why(ganbench_cli: RunCli) -> None:
    file = ("-P", str(file_of("ali")))
    done = ganbench_cli("plan", "mlp+ali", "--task", "ring8", *file)
    assert done.returncode != 0
    assert "its loss ali needs 'encoder', which its model mlp does not provide" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_does_not_build_what_it_provides_is_named(tmp_path: Path) -> None:
    liar = tmp_path / "liar.py"
    told = file_of("ali").read_text().replace('"encoder", "joint"', '"encoder", "decoder"')
    liar.write_text(told)
    with pytest.raises(PluginNotUsable, match="says that it provides 'decoder'"):
        trainer_of("ali-mlp+non-saturating", data_of("ring8"), catalogue_with(str(liar)))
