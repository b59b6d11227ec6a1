"""Pictures of what scores measure: what is on them, by hand."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from ganbench import Data, DataInfo, Latent
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.extractors.raw import build as raw
from ganbench_plugins.scores import drawings

CPU = torch.device("cpu")
SHAPE = (1, 4, 4)


def images(**changes: Any) -> Snapshot:
    torch.manual_seed(0)
    info = DataInfo(name="tiles", modality="image", shape=SHAPE)
    train = torch.randint(256, (60, *SHAPE), dtype=torch.uint8)
    data = Data(info=info, train=train, heldout=train[:30].flip(0))
    side = RealSide(data, "heldout", CPU, lambda name: raw(data, CPU))
    generator = nn.Sequential(nn.Linear(3, 16, bias=False), nn.Tanh(), nn.Unflatten(1, SHAPE))
    fields = {
        "generator": generator,
        "latents": (Latent(size=3),),
        "logits": lambda samples, labels=None: samples[:, 0, 0, 0],
    }
    return Snapshot(side, train[[5, 7, 9, 11, 2, 3, 4, 6]], **{**fields, **changes})


def points(**changes: Any) -> Snapshot:
    torch.manual_seed(0)
    info = DataInfo(name="cloud", modality="points", shape=(2,))
    data = Data(info=info, train=torch.randn(60, 2), heldout=torch.randn(30, 2))
    side = RealSide(data, "heldout", CPU, lambda name: raw(data, CPU))
    fields = {
        "generator": nn.Linear(2, 2),
        "latents": (Latent(size=2),),
        "logits": lambda samples, labels=None: samples.norm(dim=1),
    }
    return Snapshot(side, torch.randn(30, 2), **{**fields, **changes})


def tiles(content: bytes, columns: int) -> Tensor:
    """(rows, columns, height, width) grey levels of a picture of 4 x 4 tiles."""
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    factor = pixels.shape[1] // (columns * 5 - 1)
    small = torch.from_numpy(pixels[::factor, ::factor].copy())
    rows = (len(small) + 1) // 5
    cut = [
        [small[5 * r : 5 * r + 4, 5 * c : 5 * c + 4] for c in range(columns)] for r in range(rows)
    ]
    return torch.stack([torch.stack(row) for row in cut])


def test_neighbours_of_copies_are_the_copies() -> None:
    shot = images()
    found = tiles(drawings.neighbours(shot, extractor="raw")["neighbours"], 8)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], shot.fakes[:, 0])


def test_saliency_lights_up_the_pixel_that_the_logit_hangs_on() -> None:
    found = tiles(drawings.opinions(images())["saliency"], 8)
    assert found.shape[:2] == (4, 8)
    for row in (1, 3):
        assert bool((found[row, :, 0, 0] == 255).all())
        assert int(found[row].sum()) == 255 * 8


def test_interpolations_begin_and_end_at_their_latents() -> None:
    found = tiles(drawings.interpolations(images())["interpolations"], 8)
    assert found.shape[:2] == (8, 8)
    steps = (found[:, 1:].float() - found[:, :-1].float()).abs().amax(dim=(2, 3))
    whole = (found[:, -1].float() - found[:, 0].float()).abs().amax(dim=(1, 2))
    assert bool((steps.amax(1) <= whole + 100).all())
    assert float(whole.min()) > 0


def test_the_first_direction_is_the_one_that_a_generator_amplifies_most() -> None:
    shot = images()
    assert isinstance(shot.generator, nn.Sequential)
    layer = shot.generator[0]
    assert isinstance(layer, nn.Linear)
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 1] = 2.0  # the second latent moves the first pixel
        layer.weight[5, 0] = 0.1
    found = tiles(drawings.directions(shot)["directions"], 7)
    moved = (found.amax(1).int() - found.amin(1).int()).flatten(1)
    assert int(moved[0].argmax()) == 0
    assert int(moved[1].argmax()) == 5
    assert int(moved[2].max()) == 0


class Styled(nn.Module):
    """A style 10 times the first latent, 0.1 times the second, and the third as it is; a sample
    shows one in each of its first three pixels."""

    def first_weight(self) -> Tensor:
        return torch.diag(torch.tensor([1.0, 2.0, 3.0]))

    def style(self, latent: Tensor) -> Tensor:
        return latent * torch.tensor([10.0, 0.1, 1.0])

    def synthesis(self, style: Tensor) -> Tensor:
        self.seen = style
        return nn.functional.pad(style, (0, 13)).tanh().view(-1, *SHAPE)

    def forward(self, latent: Tensor) -> Tensor:
        return self.synthesis(self.style(latent))


def test_directions_of_a_style_are_as_long_as_styles_differ_along_them() -> None:
    generator = Styled()
    found = tiles(drawings.directions(images(generator=generator))["directions"], 7)
    assert found.shape[:2] == (3, 7)
    moved = generator.seen.view(3, 7, 3)
    spans = moved.amax(dim=1) - moved.amin(dim=1)
    wanted = torch.tensor([[0, 0, 6.0], [0, 0.6, 0], [60.0, 0, 0]])
    torch.testing.assert_close(spans, wanted, rtol=0.1, atol=1e-4)
    torch.testing.assert_close(moved[:, 3], moved[0, 3].expand(3, -1))  # the sample itself


def test_directions_of_networks_that_are_told_classes_stay_within_one() -> None:
    class Told(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 16)

        def forward(self, latent: Tensor, classes: Tensor) -> Tensor:
            self.classes = classes
            return self.linear(latent).tanh().view(-1, *SHAPE)

    generator = Told()
    shot = images(generator=generator, fake_labels=torch.arange(8) % 2 + 3)
    assert tiles(drawings.directions(shot)["directions"], 7).shape[:2] == (3, 7)
    assert generator.classes.tolist() == [3] * 21


@pytest.mark.parametrize("draw", [drawings.interpolations, drawings.opinions])
def test_points_in_the_plane_are_drawn(draw: Any) -> None:
    (content,) = draw(points()).values()
    assert Image.open(io.BytesIO(content)).size == (512, 512)


def test_uphill_is_across_the_lines_of_equal_logits_and_latents_stay_within_their_law(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(drawings, "_png", lambda figure: shown.append(figure) or b"")
    places: list[Tensor] = []

    class Remembers(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            places.append(z)
            return z

    law = (Latent(size=1), Latent(size=1, law="uniform"))
    drawings.opinions(points(generator=Remembers(), latents=law))
    axes = shown[0].axes[0]
    assert axes.get_aspect() == 1
    assert torch.cat(places).amax(dim=0).tolist() == [2, 1]


def test_packs_have_no_place_in_the_plane() -> None:
    packed = points(logits=lambda samples, labels=None: samples.norm(dim=1)[::2])
    assert drawings.opinions(packed) == {}


def test_other_data_have_no_picture() -> None:
    assert drawings.directions(points()) == {}
    assert drawings.neighbours(points(), extractor="raw") == {}
    conditional = images(fake_labels=torch.zeros(8, dtype=torch.int64))
    assert drawings.opinions(conditional) == {}
