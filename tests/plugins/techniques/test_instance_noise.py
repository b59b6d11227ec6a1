"""Instance noise that fades: a technique knows how much of the budget is spent, in its wrapper."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.loop import Eager, train
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

from ...conftest import RunCli
from ...proof.proofs import (
    CPU,
    advance,
    catalogue_with,
    data_of,
    execute,
    same,
    spec_of,
    state,
    trainer_of,
)

CATALOGUE = catalogue_with()


def watched(trainer: Trainer) -> list[tuple[Tensor, Tensor]]:
    """What the wrapper gets, and what it shows, filled as training goes on."""
    seen: list[tuple[Tensor, Tensor]] = []
    outer = trainer.networks.discriminator
    given: list[Tensor] = []
    outer.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0].detach().clone()))
    inner = outer.wrapped
    assert isinstance(inner, nn.Module)
    inner.register_forward_pre_hook(
        lambda _, inputs: seen.append((given[-1], inputs[0].detach().clone()))
    )
    return seen


@pytest.mark.parametrize("kind", ["steps", "images", "flops"])
def test_it_fades_linearly_over_whatever_the_budget_counts(kind: str, tmp_path: Path) -> None:
    trainer = trainer_of("vanilla+instance-noise:0.5", data_of("ring8"), CATALOGUE)
    steps, batch = 50, trainer.training.batch_size
    engine = Eager(trainer_of("vanilla+instance-noise:0.5", data_of("ring8"), CATALOGUE))
    engine.step(0, 0.0, count=True)
    cost = {"steps": 1.0, "images": float(batch), "flops": engine.cost(1)[1]}[kind]
    seen = watched(trainer)
    clock = BudgetClock(Budget(kind, steps * cost), CPU, marks=2)  # type: ignore[arg-type]
    train(Eager(trainer), clock, Telemetry(tmp_path / "history.jsonl"), lambda: None)
    assert clock.steps == steps
    assert len(seen) == 3 * steps  # real and fake of the critic's step, fake of the generator's
    noise = [(shown - given).flatten() for given, shown in seen]
    expected = [0.5 * (1 - number // 3 / steps) for number in range(3 * steps)]
    scaled = torch.cat([one / std for one, std in zip(noise, expected, strict=True)])
    # 30,000 numbers: a standard deviation is within 4 of its own, 1 / sqrt(2 n).
    assert scaled.std().item() == pytest.approx(1.0, abs=4 / (2 * len(scaled)) ** 0.5)
    early, late = (torch.cat(noise[part]).std() for part in (slice(30), slice(-30, None)))
    assert early > 5 * late > 0
    assert len(scaled.unique()) > 0.99 * len(scaled)  # fresh for every number


def test_what_is_evaluated_is_not_touched() -> None:
    trainer = trainer_of("vanilla+instance-noise", data_of("ring8"), CATALOGUE)
    samples = data_of("ring8").train[:64]
    inner = trainer.networks.discriminator.wrapped
    assert isinstance(inner, nn.Module)
    with torch.no_grad():
        assert torch.equal(trainer.logits(samples), inner(samples).view(-1))
        assert not torch.equal(
            trainer.networks.discriminator(samples).view(-1), inner(samples).view(-1)
        )


def test_without_a_standard_deviation_the_bits_are_those_without() -> None:
    trainers = [
        trainer_of(name, data_of("ring8"), CATALOGUE)
        for name in ("vanilla+instance-noise:0", "vanilla")
    ]
    for trainer in trainers:
        advance(trainer, 5, budget=5)
    noisy, plain = map(state, trainers)
    assert same({name.replace("wrapped.", ""): one for name, one in noisy.items()}, plain)


def test_penalties_are_taken_at_the_samples_themselves() -> None:
    """With D within linear, the slope is its weight, whatever the noise."""
    trainer = trainer_of("vanilla+instance-noise:0.3+r1:2", data_of("ring8"), CATALOGUE)
    w = torch.tensor([[3.0, -4.0]])
    linear = nn.Linear(2, 1)
    linear.weight.data.copy_(w)
    step = trainer.draw("discriminator").judged_by(type(trainer.networks.discriminator)(linear))
    assert torch.equal(step.real_slopes, w.expand(len(step.real), 2))


def test_a_resumed_run_goes_on_with_the_noise_of_its_step(tmp_path: Path) -> None:
    spec = spec_of("vanilla+instance-noise:0.5", CATALOGUE, steps=20)
    straight, _ = execute(spec, CATALOGUE, tmp_path / "straight")
    broken, _ = execute(spec, CATALOGUE, tmp_path / "broken", stops=(9,))
    assert (straight["status"], straight["failure"]) == ("ok", None)
    assert straight["generator_sha256"] == broken["generator_sha256"]


@pytest.mark.whole
def test_the_command_runs_it(ganbench_cli: RunCli) -> None:
    done = ganbench_cli(
        "run", "dcgan+hinge+instance-noise:0.1", "--task", "digits", "--seeds", "0",
        "--budget", "2steps",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
