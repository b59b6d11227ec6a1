"""bf16 is in forward passes and what is differentiated from them, and in nothing else."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ganbench import Latent, Networks
from ganbench.running.players import Players
from ganbench.running.run import Run
from ganbench.training.loop import Eager
from ganbench.training.precision import lower, products
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer
from ganbench.training.wrapped import WithParameters

from .small import CPU, catalogue, image, points, random_data, recipe_of, run_spec

ROUNDING = 2.0**-7
"""Between a number and its neighbour in bfloat16, which has eight bits."""


def networks() -> Networks:
    torch.manual_seed(0)
    return Networks(
        generator=nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2)),
        discriminator=nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1)),
        latent=Latent(size=2),
    )


def lowered() -> tuple[nn.Module, nn.Module]:
    """The same network in float32 and in bf16."""
    found = networks()
    plain = copy.deepcopy(found.discriminator)
    lower(found, "bf16", CPU)
    return plain, found.discriminator


def test_passes_are_autocast_and_return_float32() -> None:
    plain, module = lowered()
    x = torch.randn(64, 2)
    with torch.autocast("cpu", torch.bfloat16):
        wanted = plain(x)
    assert wanted.dtype == torch.bfloat16
    assert module(x).dtype == torch.float32
    assert torch.equal(module(x), wanted.float())
    assert not torch.equal(module(x), plain(x))
    assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize("precision", ["float32", "tf32"])
def test_others_change_no_network(precision: str) -> None:
    found = networks()
    x = torch.randn(64, 2)
    before = found.discriminator(x)
    lower(found, precision, CPU)  # type: ignore[arg-type]
    assert torch.equal(found.discriminator(x), before)
    assert not found.discriminator._forward_hooks


def test_in_eval_mode_it_is_float32() -> None:
    plain, module = lowered()
    x = torch.randn(64, 2)
    assert torch.equal(module.eval()(x), plain(x))
    assert not torch.equal(module.train()(x), plain(x))


def penalty(module: nn.Module, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(module(x).sum(), x, create_graph=True)
    assert slope.dtype == torch.float32
    return (slope.norm(dim=1) - 1).square().mean()


@pytest.mark.parametrize("squared", [False, True], ids=["logits", "a penalty of slopes"])
def test_gradients_are_those_of_float32_up_to_rounding(squared: bool) -> None:
    plain, module = lowered()
    x = torch.randn(64, 2)
    found = []
    for one in (plain, module):
        loss = penalty(one, x) if squared else one(x).square().mean()
        assert loss.dtype == torch.float32
        found.append(torch.autograd.grad(loss, [*one.parameters()][:3]))
    for wanted, got in zip(*found, strict=True):
        assert got.dtype == torch.float32
        assert 0 < float((got - wanted).norm() / wanted.norm()) < 8 * ROUNDING


def test_copies_and_other_weights_are_in_the_same_precision() -> None:
    _, module = lowered()
    x = torch.randn(64, 2)
    other = copy.deepcopy(module)
    assert torch.equal(other(x), module(x))
    with torch.no_grad():
        module(x)  # leaves a pass of the copy alone
    weights = dict(module.named_parameters())
    assert torch.equal(WithParameters(module, weights)(x), module(x))


def test_a_pass_that_fails_leaves_nothing_behind() -> None:
    _, module = lowered()
    with pytest.raises(RuntimeError):
        module(torch.randn(64, 3))
    assert not torch.is_autocast_enabled("cpu")
    assert (torch.randn(4, 4) @ torch.randn(4, 4)).dtype == torch.float32


def trainer_of(variant: str, *, pixels: bool) -> Trainer:
    data = random_data(image(8) if pixels else points(), 300)
    seed_everything(0)
    players = Players(recipe_of(variant, data.info), catalogue(), CPU, "bf16")
    return players.trainer(data, 0)


@pytest.mark.whole
@pytest.mark.parametrize("pixels", [False, True], ids=["points", "images"])
@pytest.mark.parametrize("variant", ["vanilla", "dcgan", "wgan-gp", "r3gan", "unrolled", "sngan"])
def test_weights_gradients_and_optimisers_stay_in_float32(variant: str, pixels: bool) -> None:
    trainer = trainer_of(variant, pixels=pixels)
    engine = Eager(trainer)
    for number in range(2):
        engine.step(number, 0.0)
    held = [one for module in trainer.trained.values() for one in module]
    state = [
        value
        for optimiser in trainer.optimisers.values()
        for each in optimiser.state.values()
        for value in each.values()
    ]
    gradients = [one.grad for one in held if one.grad is not None]
    assert gradients
    for tensor in [*held, *gradients, *state, *(loss for _, loss in trainer.last.values())]:
        assert tensor.dtype == torch.float32
        assert bool(torch.isfinite(tensor).all())


def test_features_are_given_in_float32() -> None:
    trainer = trainer_of("vanilla[objective=feature-matching]", pixels=False)
    Eager(trainer).step(0, 0.0)
    step, loss = trainer.last["generator"]
    assert step.fake_features.dtype == loss.dtype == torch.float32


def test_products_round_as_they_are_told_and_no_longer() -> None:
    before = torch.get_float32_matmul_precision()
    with products("tf32"):
        assert torch.get_float32_matmul_precision() == "high"
        with products("float32"):
            assert torch.get_float32_matmul_precision() == "highest"
    assert torch.get_float32_matmul_precision() == before


def scores_of(folder: Path, precision: str) -> tuple[str, list[dict[str, float]]]:
    folder.mkdir()
    spec = replace(run_spec("wgan-gp"), precision=precision)  # type: ignore[arg-type]
    record = Run(spec, folder, catalogue(), CPU).execute()
    assert record["status"] == "ok", record["failure"]
    assert record["spec"].get("precision", "float32") == precision
    assert record["used"]["flops"] > 0
    return str(record["used"]["flops"]), [point["scores"] for point in record["points"]]


@pytest.mark.whole
def test_a_run_has_the_same_bits_twice_and_costs_the_same_operations(tmp_path: Path) -> None:
    one, other = (scores_of(tmp_path / name, "bf16") for name in ("one", "other"))
    plain = scores_of(tmp_path / "plain", "float32")
    assert one == other
    assert one[0] == plain[0], "budgets count operations, whatever they are rounded to"
    assert one[1] != plain[1]


def test_what_is_kept_is_sampled_as_it_was_evaluated(tmp_path: Path) -> None:
    """Without a word on the precision: evaluations are in float32."""
    trainer = trainer_of("vanilla", pixels=False)
    Eager(trainer).step(0, 0.0)
    weights = trainer.evaluated.state_dict()
    data = random_data(points(), 300)
    built = Players(recipe_of("vanilla", data.info), catalogue(), CPU).networks(data.info)
    built.generator.load_state_dict(weights)
    latents = torch.randn(100, 2)
    with torch.no_grad():
        ours, theirs = trainer.evaluated.eval()(latents), built.generator.eval()(latents)
    assert torch.equal(ours, theirs)
