"""Ways of training that recipes ask for, against loops by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import GanbenchError
from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.loop import Eager, train
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

from ..conftest import RunCli
from .proofs import CPU, advance, catalogue_with, data_of, execute, file_of, spec_of, trainer_of

pytestmark = pytest.mark.whole

CATALOGUE = catalogue_with("ways")
STEPS = 16
OF_GENERATOR = ("generator_loss", "generator_gradient_norm")


def run(trainer: Trainer, folder: Path) -> BudgetClock:
    clock = BudgetClock(Budget("steps", STEPS), CPU, marks=1)
    train(Eager(trainer), clock, Telemetry(folder / "history.jsonl"), lambda: None)
    return clock


def non_saturating(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-D(real)).mean() + F.softplus(D(fake)).mean()


def weights(module: nn.Module) -> list[Tensor]:
    return [one.detach().clone() for one in module.parameters()]


def same(ours: nn.Module, theirs: nn.Module) -> bool:
    return all(map(torch.equal, weights(ours), weights(theirs)))


def test_warm_up_cosine_clipping_time_scales_and_a_half_life(tmp_path: Path) -> None:
    trainer, twin = (trainer_of("careful", data_of("ring8"), CATALOGUE) for _ in range(2))
    G, D = twin.networks.generator, twin.networks.discriminator
    own: dict[str, Any] = {"betas": (0.5, 0.99), "weight_decay": 0.01, "fused": True}
    g_adam = torch.optim.AdamW(G.parameters(), lr=1e-3, **own)
    d_adam = torch.optim.AdamW(D.parameters(), lr=4e-3, **own)
    average, keep = weights(G), 0.5 ** (32 / 320)
    clipped = 0
    for number in range(STEPS):
        spent = number / STEPS
        warm = spent < 0.25
        factor = spent / 0.25 if warm else (1 + math.cos(math.pi * (spent - 0.25) / 0.75)) / 2
        d_adam.param_groups[0]["lr"], g_adam.param_groups[0]["lr"] = 4e-3 * factor, 1e-3 * factor
        with torch.no_grad():
            fake = G(twin.latents.draw(32))
        d_adam.zero_grad()
        # Real samples are drawn after latents.
        non_saturating(D, twin.real.draw(32)[0], fake).backward()
        clipped += bool(nn.utils.clip_grad_norm_(D.parameters(), 0.1) > 0.1)
        d_adam.step()
        g_adam.zero_grad()
        F.softplus(-D(G(twin.latents.draw(32)))).mean().backward(inputs=list(G.parameters()))
        clipped += bool(nn.utils.clip_grad_norm_(G.parameters(), 0.1) > 0.1)
        g_adam.step()
        average = [
            mean + (1 - keep) * (weight - mean)
            for mean, weight in zip(average, weights(G), strict=True)
        ]
    run(trainer, tmp_path)
    assert 0 < clipped < 2 * STEPS
    assert same(trainer.networks.generator, G)
    assert same(trainer.networks.discriminator, D)
    for ours, mean in zip(weights(trainer.evaluated), average, strict=True):
        torch.testing.assert_close(ours, mean)


def test_an_optimiser_from_elsewhere_and_two_generator_steps_to_one(tmp_path: Path) -> None:
    trainer, twin = (trainer_of("hasty", data_of("ring8"), CATALOGUE) for _ in range(2))
    G, D = twin.networks.generator, twin.networks.discriminator
    g_adam, d_adam = (
        torch.optim.NAdam(one.parameters(), lr=1e-3, momentum_decay=0.01) for one in (G, D)
    )
    for number in range(STEPS):
        if number % 2 == 0:
            with torch.no_grad():
                fake = G(twin.latents.draw(32))
            d_adam.zero_grad()
            non_saturating(D, twin.real.draw(32)[0], fake).backward()
            d_adam.step()
        g_adam.zero_grad()
        F.softplus(-D(G(twin.latents.draw(32)))).mean().backward(inputs=list(G.parameters()))
        g_adam.step()
    clock = run(trainer, tmp_path)
    assert same(trainer.networks.generator, G)
    assert same(trainer.networks.discriminator, D)
    critic, own = (trainer.costs.known(side)[1] for side in ("discriminator", "generator"))
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    for row in rows:  # what has not happened in a step is not in its row
        of_critic = {name: one for name, one in row.items() if name not in ("step", *OF_GENERATOR)}
        assert all((one is None) == (row["step"] % 2 == 1) for one in of_critic.values())
        assert all(row[name] is not None for name in OF_GENERATOR)
    assert clock.images == STEPS // 2 * 32
    assert clock.flops == STEPS // 2 * critic + STEPS * own


def test_a_loss_with_a_parameter_and_a_module_with_its_own_optimiser() -> None:
    trainer = trainer_of("asked", data_of("ring8"), CATALOGUE)
    loss, critic = trainer.objective.loss.does, trainer.extra["critic"]
    temperature = loss.temperature
    assert {name: type(one).__name__ for name, one in trainer.optimisers.items()} == {
        "generator": "Adam", "discriminator": "Adam", "extra critic": "SGD",
    }  # fmt: skip
    adam = {id(one) for one in trainer.optimisers["discriminator"].param_groups[0]["params"]}
    assert id(temperature) in adam
    assert not adam & {id(one) for one in critic.parameters()}

    before, rest = weights(critic), temperature.item()
    trainer.differentiate("discriminator")
    gradients = [one.grad.clone() for one in critic.parameters() if one.grad is not None]
    pull = temperature.grad.item()
    trainer.update("discriminator")
    expected = [one - 0.1 * slope for one, slope in zip(before, gradients, strict=True)]
    for one, other in zip(weights(critic), expected, strict=True):
        torch.testing.assert_close(one, other)
    # Adam's first step is its rate, whatever the gradient's size.
    assert temperature.item() == pytest.approx(rest - math.copysign(1e-3, pull), rel=1e-4)

    kept = weights(critic), temperature.item()
    Eager(trainer).generator_step()
    assert all(map(torch.equal, kept[0], weights(critic)))
    assert temperature.item() == kept[1]


def test_the_schedule_holds_for_a_module_with_its_own_optimiser_as_well() -> None:
    trainer = trainer_of("asked+policy:linear", data_of("ring8"), CATALOGUE)
    Eager(trainer).step(0, 0.25)
    rates = {name: one.param_groups[0]["lr"] for name, one in trainer.optimisers.items()}
    assert rates == pytest.approx(
        {"generator": 7.5e-4, "discriminator": 7.5e-4, "extra critic": 0.075}
    )


@pytest.mark.parametrize("variant", ["careful", "hasty", "asked"])
def test_a_run_that_is_stopped_goes_on_to_the_same_bits(variant: str, tmp_path: Path) -> None:
    """Moments, averages, rates, and the parameter of a loss."""
    spec = spec_of(variant, CATALOGUE, steps=12)
    straight, run = execute(spec, CATALOGUE, tmp_path / "straight")
    broken, again = execute(spec, CATALOGUE, tmp_path / "broken", stops=(3, 8))
    assert (straight["status"], straight["failure"]) == ("ok", None)
    assert broken["resumed"] == 2
    assert straight["generator_sha256"] == broken["generator_sha256"]
    histories = [(tmp_path / name / "history.jsonl").read_text() for name in ("straight", "broken")]
    assert histories[0] == histories[1]
    assert run is not again


def test_looking_ahead_through_an_optimiser_from_elsewhere_is_refused_when_planned() -> None:
    with pytest.raises(GanbenchError) as caught:
        spec_of("hasty+unrolled", CATALOGUE)
    assert "and the discriminator has torch.optim:NAdam" in str(caught.value)


def test_the_command_runs_them(ganbench_cli: RunCli) -> None:
    done = ganbench_cli(
        "run", "careful", "hasty", "asked", "--task", "ring8", "--seeds", "0",
        "--budget", "4steps", "-P", str(file_of("ways")),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3 runs (3 new)" in done.stderr


def test_steps_without_a_critic_leave_the_discriminator_alone() -> None:
    trainer = trainer_of("hasty", data_of("ring8"), CATALOGUE)
    advance(trainer, 1)
    before = weights(trainer.networks.discriminator)
    advance(trainer, 1, first=1)
    assert all(map(torch.equal, before, weights(trainer.networks.discriminator)))
    advance(trainer, 1, first=2)
    assert not any(map(torch.equal, before, weights(trainer.networks.discriminator)))
