"""Looking into networks, held to closed forms and to references."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from ganbench import Data, DataInfo, KnownModes, Latent, Measurement
from ganbench.api.errors import UsageError
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.extractors.raw import build as raw
from ganbench_plugins.scores import interpretability
from ganbench_plugins.scores.kernels import judging, latents
from ganbench_plugins.scores.kernels.jacobian import LARGEST, conditioning, jacobians

CPU = torch.device("cpu")
NORMAL = (Latent(size=3),)


def linear(*singular: float, outputs: int = 5) -> nn.Linear:
    """A generator whose Jacobian has these singular values."""
    torch.manual_seed(0)
    left, _ = torch.linalg.qr(torch.randn(outputs, outputs, dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(len(singular), len(singular), dtype=torch.float64))
    diagonal = torch.zeros(outputs, len(singular), dtype=torch.float64)
    diagonal[: len(singular)] = torch.diag(torch.tensor(singular, dtype=torch.float64))
    module = nn.Linear(len(singular), outputs)
    with torch.no_grad():
        module.weight.copy_(left @ diagonal @ right)
    return module


def data_of(features: int = 5, **changes: Any) -> Data:
    torch.manual_seed(1)
    info = DataInfo(name="cloud", modality="points", shape=(features,))
    fields = {
        "info": info,
        "train": torch.randn(400, features),
        "heldout": torch.randn(400, features),
    }
    return Data(**{**fields, **changes})  # fmt: skip


def snapshot(generator: nn.Module | None = None, **changes: Any) -> Snapshot:
    data = changes.pop("data", None) or data_of()
    fakes = changes.pop("fakes", torch.zeros(50, *data.info.shape))
    side = RealSide(data, "heldout", CPU, lambda name: raw(data, CPU))
    return Snapshot(side, fakes, generator=generator, **{"latents": NORMAL, **changes})


def values(measured: list[Measurement]) -> dict[str, float]:
    return {one.label: one.value for one in measured}


# The Jacobian.


def test_a_linear_generator_is_conditioned_as_its_matrix() -> None:
    found = values(interpretability.jacobian(snapshot(linear(4.0, 2.0, 0.5)), samples=20))
    squares = [16.0, 4.0, 0.25]
    assert found["ln κ(JᵀJ)"] == pytest.approx(math.log(16 / 0.25), rel=1e-5)
    assert found["ln κ quartiles apart"] == pytest.approx(0, abs=1e-5)
    dimension = sum(squares) ** 2 / sum(one**2 for one in squares)
    assert found["local dimension"] == pytest.approx(dimension, rel=1e-5)
    assert found["rank loss"] == 0


@pytest.mark.parametrize("singular", [(1.0, 1.0, 0.0), (0.0, 0.0, 0.0)])
def test_what_has_collapsed_has_lost_rank(singular: tuple[float, ...]) -> None:
    found = values(interpretability.jacobian(snapshot(linear(*singular)), samples=20))
    assert found["rank loss"] == 1
    assert found["ln κ(JᵀJ)"] == pytest.approx(LARGEST)
    assert found["local dimension"] == pytest.approx(sum(singular))


def test_more_latents_than_numbers_is_no_loss_of_rank() -> None:
    generator = linear(2.0, 1.0, 1.0, outputs=3)
    projected = nn.Sequential(generator, nn.Linear(3, 2))
    known = conditioning(jacobians(projected, torch.randn(4, 3), None, range(3)))
    assert not known.deficient.any()


def test_forward_products_are_those_of_reverse_mode() -> None:
    """Through batch norm in eval mode, transposed convolutions and a tanh."""
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Unflatten(1, (2, 2, 2)),
        nn.ConvTranspose2d(2, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    generator(torch.randn(32, 3))
    at = torch.randn(6, 3)
    found = jacobians(generator, at, None, range(3))
    assert generator.training
    generator.eval()
    exact = torch.autograd.functional.jacobian(lambda z: generator(z).flatten(1).sum(0), at)
    torch.testing.assert_close(found, exact.permute(1, 0, 2))


def test_of_a_style_it_is_the_style_that_is_moved() -> None:
    """A latent divided by its norm loses a direction before it is anything."""

    class Styled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.map = linear(4.0, 2.0, 0.5)

        def first_weight(self) -> Tensor:
            return self.map.weight

        def style(self, z: Tensor) -> Tensor:
            return nn.functional.normalize(z)

        def synthesis(self, w: Tensor) -> Tensor:
            found: Tensor = self.map(w)
            return found

        def forward(self, z: Tensor) -> Tensor:
            return self.synthesis(self.style(z))

    found = values(interpretability.jacobian(snapshot(Styled()), samples=20))
    assert found["ln κ(JᵀJ)"] == pytest.approx(math.log(16 / 0.25), rel=1e-5)
    assert found["rank loss"] == 0


def test_classes_are_no_direction() -> None:
    law = (Latent(size=2), Latent(size=4, law="categorical"), Latent(size=1, law="uniform"))
    assert latents.continuous(law) == [0, 1, 6]
    drawn = latents.draw(law, 50, seed=3)
    assert drawn.shape == (50, 7)
    assert torch.equal(drawn[:, 2:6].sum(1), torch.ones(50))
    assert torch.equal(drawn, latents.draw(law, 50, seed=3))
    only = snapshot(linear(1.0, 1.0), latents=(Latent(size=2, law="categorical"),))
    with pytest.raises(UsageError, match="classes alone"):
        interpretability.jacobian(only, samples=10)


# Paths.


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 1), seed=st.integers(0, 1000))
def test_a_path_of_normal_latents_keeps_their_norm(share: float, seed: int) -> None:
    law = (Latent(size=16), Latent(size=2, law="uniform"))
    start, end = latents.draw(law, 8, seed), latents.draw(law, 8, seed + 1)
    found = latents.between(law, start, end, torch.full((8, 1), share))
    norms = torch.lerp(start[:, :16].norm(dim=1), end[:, :16].norm(dim=1), share)
    torch.testing.assert_close(found[:, :16].norm(dim=1), norms, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found[:, 16:], torch.lerp(start[:, 16:], end[:, 16:], share))


def test_a_path_begins_and_ends_where_it_should() -> None:
    start, end = latents.draw(NORMAL, 8, 0), latents.draw(NORMAL, 8, 1)
    for share, there in ((0.0, start), (1.0, end)):
        found = latents.between(NORMAL, start, end, torch.full((8, 1), share))
        torch.testing.assert_close(found, there, rtol=1e-4, atol=1e-5)


def test_the_length_of_a_path_through_a_linear_generator() -> None:
    """Twice the scale is four times the squared length, and uniform latents go straight: the
    length is that of the difference."""
    law = (Latent(size=3, law="uniform"),)
    generator = linear(1.0, 1.0, 1.0)
    found = values(
        interpretability.path_length(snapshot(generator, latents=law), extractor="raw", samples=200)
    )
    start, end = latents.draw(law, 200, 0), latents.draw(law, 200, 1)
    exact = float((end - start).square().sum(1).mean())  # singular values are 1
    (key,) = (name for name in found if name.startswith("PPL["))
    assert found[key] == pytest.approx(exact, rel=1e-2)
    lengths = (end - start).square().sum(1).double()
    jumps = float(lengths.quantile(0.99) / lengths.quantile(0.5))
    assert found["path jumps"] == pytest.approx(jumps, rel=1e-2)
    with torch.no_grad():
        generator.weight.mul_(2)
    doubled = interpretability.path_length(
        snapshot(generator, latents=law), extractor="raw", samples=200
    )
    assert values(doubled)[key] == pytest.approx(4 * found[key], rel=1e-2)


def test_an_extractor_that_refuses_unrounded_images_is_told() -> None:
    """As those of torch-fidelity do, by an error of their own."""

    class OfBytes:
        id, layer = "of-bytes@12345678", "last"

        def __call__(self, samples: Tensor) -> Tensor:
            if samples.dtype != torch.uint8:
                raise ValueError("Expecting image as torch.Tensor with dtype=torch.uint8")
            return samples.flatten(1).float()

    info = DataInfo(name="grey", modality="image", shape=(1, 2, 2))
    images = torch.zeros(60, 1, 2, 2, dtype=torch.uint8)
    data = Data(info=info, train=images, heldout=images)
    generator = nn.Sequential(linear(1.0, 1.0, 1.0, outputs=4), nn.Unflatten(1, (1, 2, 2)))
    side = RealSide(data, "heldout", CPU, lambda name: OfBytes())
    one = Snapshot(side, images, generator=generator, latents=NORMAL)
    with pytest.raises(UsageError, match="of-bytes takes bytes"):
        interpretability.path_length(one, extractor="of-bytes", samples=20)


# The discriminator.


def test_the_area_under_the_curve_is_scikit_learns() -> None:
    torch.manual_seed(0)
    positive, negative = torch.randn(70).round(decimals=1) + 0.5, torch.randn(40).round(decimals=1)
    truth = [1] * 70 + [0] * 40
    exact = roc_auc_score(truth, torch.cat([positive, negative]).numpy())
    assert judging.auc(positive, negative) == pytest.approx(exact)


def test_overfitting_is_the_share_of_the_way_from_training_to_fakes() -> None:
    ones = torch.ones(4)
    assert judging.overfitting(3 * ones, 3 * ones, ones) == 0
    assert judging.overfitting(3 * ones, 2.5 * ones, ones) == pytest.approx(0.25)
    assert judging.overfitting(3 * ones, ones, ones) == 1
    assert judging.overfitting(3 * ones, 0 * ones, ones) == 1  # worse than fakes
    assert judging.overfitting(3 * ones, 2 * ones, 4 * ones) == 1
    assert judging.overfitting(3 * ones, 4 * ones, ones) == 0


def test_a_discriminator_that_knows_its_samples_by_heart() -> None:
    data = data_of()

    def by_heart(samples: Tensor, labels: Tensor | None = None) -> Tensor:
        return torch.cdist(samples, data.train).min(1).values.lt(1e-6).double()

    def fair(samples: Tensor, labels: Tensor | None = None) -> Tensor:
        return -samples.norm(dim=1)

    fakes = torch.randn(400, 5) * 3
    for logits, overfitted in ((by_heart, 1.0), (fair, 0.0)):
        shot = snapshot(data=data, fakes=fakes, logits=logits)
        found = values(interpretability.discriminator(shot, samples=400))
        assert found["D overfitting"] == pytest.approx(overfitted, abs=0.1)
        # of held-out samples against fakes: whoever knows those by heart knows neither of these
        assert found["D AUC"] == (0.5 if logits is by_heart else pytest.approx(1, abs=0.1))


# Classes in the latent.


def test_a_probe_finds_what_is_linear_and_nothing_else() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(1000, 4)
    accuracy, usual = judging.probed_accuracy(inputs, (inputs[:, 0] > 0).long(), folds=5)
    assert accuracy > 0.97
    assert usual == pytest.approx(0.5, abs=0.05)
    accuracy, _ = judging.probed_accuracy(inputs, torch.randint(2, (1000,)), folds=5)
    assert accuracy == pytest.approx(0.5, abs=0.06)


def test_separability_of_known_modes() -> None:
    centres = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    data = data_of(2, modes=KnownModes(centres=centres, sigma=0.1))
    law = (Latent(size=2),)

    class Sides(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return torch.stack([z[:, 0].sign(), 0 * z[:, 0]], dim=1)

    class Rings(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return torch.stack([(z.norm(dim=1) - 1.18).sign(), 0 * z[:, 0]], dim=1)

    class One(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return torch.ones_like(z)

    for generator, least, most in ((Sides(), 0.9, 1.0), (Rings(), 0.0, 0.1), (One(), 0.0, 0.0)):
        shot = snapshot(generator, data=data, latents=law)
        (found,) = interpretability.separability(shot, extractor="raw", samples=1000)
        assert least <= found.value <= most


@pytest.mark.parametrize("score", ["jacobian", "path_length", "separability"])
def test_samples_of_no_generator_are_refused(score: str) -> None:
    given: dict[str, Any] = {"samples": 20}
    if score != "jacobian":
        given["extractor"] = "raw"
    with pytest.raises(UsageError, match="come without one"):
        getattr(interpretability, score)(snapshot(latents=()), **given)
