"""Techniques compose: every pair in either order, whole suites of combinations, and true costs."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.flops import StepFlops
from ganbench.training.loop import Eager, train
from ganbench.training.telemetry import Telemetry
from ganbench.training.wrapped import samples_per_judgement

from ..conftest import RunCli
from .proofs import CPU, advance, catalogue_with, data_of, same, state, trainer_of

FOUR = ("pac:2", "sn", "r1:1", "diffaug")
BASE = "dcgan+hinge"
CATALOGUE = catalogue_with()


@pytest.mark.parametrize("pair", [*itertools.permutations(FOUR, 2)], ids="+".join)
def test_every_pair_trains_in_either_order(pair: tuple[str, str]) -> None:
    trainer = trainer_of("+".join((BASE, *pair)), data_of("digits"), CATALOGUE)
    before = state(trainer)
    advance(trainer, 1)
    after = state(trainer)
    assert all(bool(one.isfinite().all()) for one in after.values())
    weights = [name for name, _ in trainer.networks.discriminator.named_parameters()]
    assert all(
        not torch.equal(before[f"discriminator.{name}"], after[f"discriminator.{name}"])
        for name in weights
    )
    packed = samples_per_judgement(trainer.networks.discriminator)
    assert packed == (2 if "pac:2" in pair else 1)
    step, _ = trainer.last["discriminator"]
    assert len(step.real_logits) == 64 // packed
    normed = any("parametrizations" in name for name in weights)
    assert normed == ("sn" in pair)
    assert step.real.requires_grad == ("r1:1" in pair)


def test_all_four_at_once() -> None:
    trainer = trainer_of("+".join((BASE, *FOUR)), data_of("digits"), CATALOGUE)
    advance(trainer, 1)
    step, loss = trainer.last["discriminator"]
    assert loss.isfinite()
    assert step.real_slopes.shape == (32, 2 * 64)


def test_all_neutral_settings_at_once_leave_the_bits() -> None:
    neutral = "pac:1+r1:0+gp:0+fm:0+unrolled:0+ema:0+diffaug[diffaug.policy=none]"
    layer = "[model.discriminator_norm=layer]"
    names = (f"{BASE}+{neutral}", f"{BASE}{layer}")
    trainers = [trainer_of(name, data_of("digits"), CATALOGUE) for name in names]
    for trainer in trainers:
        torch.manual_seed(0)
        advance(trainer, 2)
    ours, plain = map(state, trainers)
    assert same({name.replace("wrapped.", ""): one for name, one in ours.items()}, plain)


def innermost(discriminator: nn.Module) -> list[Tensor]:
    """What the model's own discriminator gets to see, from here on."""
    while not isinstance(discriminator, nn.Sequential):
        discriminator = discriminator.wrapped  # type: ignore[assignment]
    seen: list[Tensor] = []
    discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    return seen


def test_the_first_that_is_typed_is_the_innermost() -> None:
    """Packed first, samples are cut one by one; augmented first, the discriminator within cuts
    whole packs, and all samples of one have their hole at the same place."""
    shared = {}
    for order in ("pac:2+diffaug", "diffaug+pac:2"):
        name = f"{BASE}+{order}[diffaug.policy=cutout]"
        trainer = trainer_of(name, data_of("digits"), CATALOGUE)
        step = trainer.draw("discriminator")
        step.made = torch.ones_like(step.fake)
        seen = innermost(trainer.networks.discriminator)
        _ = step.fake_logits
        one, other = (seen[0] == 0).unbind(dim=1)
        shared[order] = (one == other).flatten(1).all(dim=1).float().mean().item()
    assert shared["diffaug+pac:2"] == 1.0
    assert shared["pac:2+diffaug"] < 0.5


def test_lazy_terms_are_charged_at_what_they_cost(tmp_path: Path) -> None:
    """Every step, counted from outside: with the penalty and without it."""
    variant = "mlp+non-saturating+r1:1[r1.every=3,model.width=16]"
    steps = 8
    outside = trainer_of(variant, data_of("ring8"), CATALOGUE)
    engine, counted = Eager(outside), []
    for number in range(steps):
        with StepFlops() as counter:
            engine.step(number, 0.0)
        counted.append(counter.total)
    trainer = trainer_of(variant, data_of("ring8"), CATALOGUE)
    clock = BudgetClock(Budget("steps", steps), CPU, marks=1)
    train(Eager(trainer), clock, Telemetry(tmp_path / "history.jsonl"), lambda: None)
    assert clock.flops == sum(counted)
    assert [one == counted[0] for one in counted] == [number % 3 == 0 for number in range(steps)]
    assert counted[1] == counted[2] < counted[0]
    assert set(trainer.costs.terms) == {"discriminator+r1", "discriminator", "generator"}
    eager = trainer_of(variant.replace("r1.every=3,", ""), data_of("ring8"), CATALOGUE)
    with StepFlops() as counter:
        Eager(eager).step(1, 0.0)
    assert counter.total == counted[0]


def test_a_budget_is_not_overshot_before_a_lazy_term_is_known(tmp_path: Path) -> None:
    """Until a combination has been seen, a step is taken to cost as much as any."""
    variant = "mlp+non-saturating+r1:1[r1.every=4,model.width=16]"
    known = Eager(trainer_of(variant, data_of("ring8"), CATALOGUE))
    for number in range(2):
        known.step(number, 0.0)
    dear, cheap = known.cost(0)[1], known.cost(1)[1]
    for budget, steps in ((dear, 1), (dear + cheap, 1), (2 * dear, 2), (dear + 3 * cheap, 4)):
        clock = BudgetClock(Budget("flops", budget), CPU, marks=1)
        trainer = trainer_of(variant, data_of("ring8"), CATALOGUE)
        train(Eager(trainer), clock, Telemetry(tmp_path / "history.jsonl"), lambda: None)
        assert clock.steps == steps
        assert clock.flops <= budget


GRID = """
name = "remedies"
variants = ["mlp+hinge", "vanilla"]
seeds = "0"

[grid]
with = ["", "r1:10", "pac:2", "r1:10+pac:2"]

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "2steps"
evaluations = 1
fakes = 300
scores = ["modes"]
"""


@pytest.mark.whole
def test_variant_by_remedy_is_one_suite(ganbench_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "remedies.toml").write_text(GRID)
    planned = ganbench_cli("plan", "--suite", "remedies.toml", "--json")
    assert planned.returncode == 0, planned.stderr
    names = [row["variant"] for row in json.loads(planned.stdout)["runs"]]
    remedies = ("", "+r1", "+pac", "+r1+pac")  # 10 and 2 are the defaults
    expected = [f"{one}{remedy}" for one in ("mlp+hinge", "vanilla") for remedy in remedies]
    assert sorted(names) == sorted(expected)
    done = ganbench_cli("run", "--suite", "remedies.toml")
    assert done.returncode == 0, done.stderr
    assert "8 runs (8 new)" in done.stderr
    records = [json.loads(one.read_text()) for one in tmp_path.glob("runs/*/record.json")]
    assert {one["status"] for one in records} == {"ok"}
    table = ganbench_cli("table", "--suite", "remedies")
    assert table.returncode == 0, table.stderr
    for name in expected:
        assert name in table.stdout
