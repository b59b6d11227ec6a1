"""DiffAugment: each transformation by hand, in both players' steps, and none in eval mode."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganbench import DataInfo
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare
from ganbench.training.loop import Eager
from ganbench.training.trainer import Trainer
from ganbench_plugins.techniques.diffaugment import augment

from ...training.small import catalogue, image, points, random_data, variant_trainer


def images(count: int = 5, channels: int = 3, height: int = 8, width: int = 12) -> Tensor:
    random = torch.Generator().manual_seed(3)
    shape = (count, channels, height, width)
    return torch.rand(shape, dtype=torch.float64, generator=random) * 2 - 1


def test_colour_by_hand() -> None:
    """Brightness, then saturation about the channels' mean, then contrast about the image's."""
    given = images()
    torch.manual_seed(5)
    ours = augment(given, ("color",))
    torch.manual_seed(5)
    brightness, saturation, contrast = torch.rand(3, 5, 1, 1, 1, dtype=torch.float64)
    for index, one in enumerate(given):
        one = one + (brightness[index].item() - 0.5)
        grey = (one[0] + one[1] + one[2]) / 3
        one = torch.stack([grey + 2 * saturation[index].item() * (c - grey) for c in one])
        mean = one.sum() / one.numel()
        one = mean + (0.5 + contrast[index].item()) * (one - mean)
        torch.testing.assert_close(ours[index], one)


def test_colour_covers_its_ranges() -> None:
    """On one pixel of grey only brightness acts: U(-1/2, 1/2), for each image its own."""
    torch.manual_seed(0)
    moved = augment(torch.zeros(4000, 1, 1, 1), ("color",)).flatten().sort().values
    assert -0.5 <= moved[0] < -0.499
    assert 0.499 < moved[-1] <= 0.5
    assert (moved - torch.linspace(-0.5, 0.5, 4000)).abs().max() < 0.03  # Kolmogorov's distance


def test_translation_by_hand() -> None:
    """By up to an eighth of the size each way, with zeros where there was nothing."""
    given = images(count=400)
    torch.manual_seed(1)
    moved = augment(given, ("translation",))
    shifts = set()
    for one, other in zip(given, moved, strict=True):
        fits = []
        for down in (-1, 0, 1):  # of 8
            for right in (-2, -1, 0, 1, 2):  # of 12: 1.5, rounded up
                expected = torch.zeros_like(one)
                for y in range(8):
                    for x in range(12):
                        if 0 <= y + down < 8 and 0 <= x + right < 12:
                            expected[:, y, x] = one[:, y + down, x + right]
                if torch.equal(expected, other):
                    fits.append((down, right))
        assert len(fits) == 1
        shifts.update(fits)
    assert len(shifts) == 15


def test_cutout_by_hand() -> None:
    """A rectangle of half the size is zero, cut off at the borders; all else is as it was."""
    given = images(count=300).abs() + 0.1
    torch.manual_seed(2)
    cut = augment(given, ("cutout",))
    corners = set()
    for one, other in zip(given, cut, strict=True):
        hole = (other == 0).all(dim=0)
        assert torch.equal(other[:, ~hole], one[:, ~hole])
        rows, columns = hole.any(dim=1).nonzero().flatten(), hole.any(dim=0).nonzero().flatten()
        assert hole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert 2 <= len(rows) <= 4  # of 8, centred anywhere from border to border
        assert 3 <= len(columns) <= 6  # of 12
        corners.add((int(rows[0]), int(columns[0])))
    assert len(corners) > 15


@pytest.mark.parametrize("policy", ["color", "translation", "cutout"])
def test_gradients_go_through(policy: str) -> None:
    given = images(count=2, height=4, width=4).requires_grad_()

    def repeatable(samples: Tensor) -> Tensor:
        torch.manual_seed(4)
        return augment(samples, (policy,))

    assert torch.autograd.gradcheck(repeatable, given)
    assert torch.autograd.gradgradcheck(repeatable, given)


def shown(trainer: Trainer) -> list[Tensor]:
    seen: list[Tensor] = []
    inner = trainer.networks.discriminator.wrapped
    assert isinstance(inner, nn.Module)
    inner.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    return seen


def test_both_players_judge_augmented_samples_of_either_kind() -> None:
    trainer = variant_trainer("dcgan+hinge+diffaug", random_data(image(8)))
    seen, engine = shown(trainer), Eager(trainer)
    step, _ = engine.discriminator_step()
    given = [step.real, step.fake]
    step, loss = engine.generator_step()
    given.append(step.fake)
    assert len(seen) == 3
    for raw, augmented in zip(given, seen, strict=True):
        assert raw.shape == augmented.shape
        changed = (raw != augmented).flatten(1).any(dim=1)
        assert changed.all()
    assert seen[2].grad_fn is not None
    assert all(one.grad is not None and one.grad.any() for one in trainer.trained["generator"])
    assert loss.isfinite()


def test_penalties_are_of_the_samples_and_not_of_what_was_made_of_them() -> None:
    """Cut-out pixels have no influence, so they have no slope."""
    variant = "dcgan+hinge+diffaug+r1[diffaug.policy=cutout]"
    trainer = variant_trainer(variant, random_data(image(8)))
    seen = shown(trainer)
    step = trainer.draw("discriminator")
    slopes = step.real_slopes.view(-1, 8, 8)
    holes = (seen[0] == 0).view(-1, 8, 8)
    assert holes.any(dim=2).any(dim=1).all()
    assert not slopes[holes].any()
    assert slopes[~holes].ne(0).float().mean() > 0.9


def test_in_eval_mode_nothing_is_augmented() -> None:
    trainer = variant_trainer("dcgan+hinge+diffaug", random_data(image(8)))
    seen = shown(trainer)
    samples, _ = trainer.real.first(16)
    random = torch.get_rng_state()
    trainer.logits(samples)
    assert torch.equal(seen[0], samples)
    assert torch.equal(torch.get_rng_state(), random)


def test_without_a_policy_the_bits_are_those_without() -> None:
    data = random_data(image(8))
    trainers = [
        variant_trainer(name, data)
        for name in ("dcgan+hinge+diffaug[diffaug.policy=none]", "dcgan+hinge")
    ]
    for trainer in trainers:
        Eager(trainer).step(0, 0.0)
    for side in ("generator", "discriminator"):
        ours, plain = (getattr(one.networks, side).state_dict() for one in trainers)
        assert all(map(torch.equal, ours.values(), plain.values()))


@pytest.mark.parametrize(
    ("policy", "info", "reason"),
    [
        ("colour", image(8), "diffaug: there is no policy 'colour'; there are color, translation"),
        ("color", points(), "it does not handle points data"),
        ("color+cutout", image(8), None),
    ],
)
def test_misfits(policy: str, info: DataInfo, reason: str | None) -> None:
    chosen = choose_variant(f"vanilla+diffaug[diffaug.policy={policy}]", catalogue())
    found = prepare(chosen, info, catalogue())
    if reason is None:
        assert not isinstance(found, str)
    else:
        assert isinstance(found, str)
        assert found.startswith(reason)


@pytest.mark.parametrize(
    ("techniques", "policy", "refused"),
    [
        ("diffaug+pac:2", "color+translation+cutout", True),
        ("diffaug+pac:2", "translation+cutout", False),
        ("pac:2+diffaug", "color", False),
    ],
)
def test_colours_of_a_pack_are_refused(techniques: str, policy: str, refused: bool) -> None:
    """Saturation moves channels to their mean: of a pack these are the pixels of several images."""
    chosen = choose_variant(f"vanilla+{techniques}[diffaug.policy={policy}]", catalogue())
    found = prepare(chosen, image(8), catalogue())
    assert isinstance(found, str) == refused
    if refused:
        assert str(found).startswith("diffaug: named before pac it sees packs")
