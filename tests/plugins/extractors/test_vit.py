from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import VisionTransformer as Torchvisions

from ganbench_plugins.extractors.dinov2 import SHAPES, Shape
from ganbench_plugins.extractors.vit import NORM_EPS, SwiGLU, VisionTransformer

SMALL = Shape("S", width=32, depth=2, heads=4, patch=4, grid=5)
RandomWeights = Callable[[nn.Module], dict[str, Tensor]]


@pytest.fixture(scope="module")
def weights(random_weights: RandomWeights) -> dict[str, Tensor]:
    with torch.device("meta"):
        empty = VisionTransformer(SMALL)
    return random_weights(empty)


@pytest.fixture(scope="module")
def network(weights: dict[str, Tensor]) -> VisionTransformer:
    with torch.device("meta"):
        empty = VisionTransformer(SMALL)
    empty.load_state_dict(weights, assign=True)
    return empty.requires_grad_(False).eval()


def images(rows: int, columns: int, count: int = 3) -> Tensor:
    return torch.randn(count, 3, rows, columns, generator=torch.Generator().manual_seed(1))


def cubic(old: int, new: int) -> np.ndarray:
    """(new, old) weights of cubic convolution (Keys 1981) with a = -3/4, edges repeated.

    As in Meta's code, the scale is that of a grid a tenth of a patch larger.
    """
    matrix = np.zeros((new, old))
    for row in range(new):
        centre = (row + 0.5) * old / (new + 0.1) - 0.5
        for column in range(math.floor(centre) - 1, math.floor(centre) + 3):
            x, a = abs(centre - column), -0.75
            near = (a + 2) * x**3 - (a + 3) * x**2 + 1
            far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
            matrix[row, min(max(column, 0), old - 1)] += near if x <= 1 else far
    return matrix


def expected_positions(pos_embed: Tensor, rows: int, columns: int) -> Tensor:
    token, square = pos_embed[:, :1], pos_embed[0, 1:]
    side = math.isqrt(len(square))
    down, across = cubic(side, rows), cubic(side, columns)
    scaled = np.einsum("ri,cj,ijd->rcd", down, across, square.view(side, side, -1).double().numpy())
    flat = torch.from_numpy(scaled).float().reshape(1, rows * columns, -1)
    return torch.cat([token, flat], dim=1)


def reference(weights: dict[str, Tensor], side: int, positions: Tensor) -> Torchvisions:
    """torchvision's transformer, which has no LayerScale: it is folded into the layers before."""
    with torch.random.fork_rng(devices=[]):
        theirs = Torchvisions(side, SMALL.patch, SMALL.depth, SMALL.heads, SMALL.width, 128)
    theirs.heads = nn.Identity()
    state = {
        "class_token": weights["cls_token"],
        "encoder.pos_embedding": positions,
        "encoder.ln.weight": weights["norm.weight"],
        "encoder.ln.bias": weights["norm.bias"],
        "conv_proj.weight": weights["patch_embed.proj.weight"],
        "conv_proj.bias": weights["patch_embed.proj.bias"],
    }
    for block in range(SMALL.depth):
        ours, layer = f"blocks.{block}.", f"encoder.layers.encoder_layer_{block}."
        for part in ("weight", "bias"):
            fold = (lambda v: v[:, None]) if part == "weight" else (lambda v: v)
            state |= {
                f"{layer}ln_1.{part}": weights[f"{ours}norm1.{part}"],
                f"{layer}ln_2.{part}": weights[f"{ours}norm2.{part}"],
                f"{layer}self_attention.in_proj_{part}": weights[f"{ours}attn.qkv.{part}"],
                f"{layer}self_attention.out_proj.{part}": weights[f"{ours}attn.proj.{part}"]
                * fold(weights[f"{ours}ls1.gamma"]),
                f"{layer}mlp.0.{part}": weights[f"{ours}mlp.fc1.{part}"],
                f"{layer}mlp.3.{part}": weights[f"{ours}mlp.fc2.{part}"]
                * fold(weights[f"{ours}ls2.gamma"]),
            }
    theirs.load_state_dict(state)
    return theirs.requires_grad_(False).eval()


def test_it_computes_what_torchvisions_transformer_does(
    network: VisionTransformer, weights: dict[str, Tensor]
) -> None:
    side = SMALL.patch * SMALL.grid
    wanted = reference(weights, side, weights["pos_embed"])(images(side, side))
    found = network(images(side, side))
    assert found.shape == (3, SMALL.width)
    assert found.std() > 0.1
    assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("grid", [2, 4, 7])
def test_smaller_and_larger_images_get_scaled_positions(
    network: VisionTransformer, weights: dict[str, Tensor], grid: int
) -> None:
    positions = expected_positions(weights["pos_embed"], grid, grid)
    assert torch.allclose(network.positions(grid, grid), positions, atol=1e-5)
    side = SMALL.patch * grid
    wanted = reference(weights, side, positions)(images(side, side))
    assert torch.allclose(network(images(side, side)), wanted, rtol=1e-4, atol=1e-5)


def test_positions_know_rows_from_columns(
    network: VisionTransformer, weights: dict[str, Tensor]
) -> None:
    wanted = expected_positions(weights["pos_embed"], 2, 4)
    assert torch.allclose(network.positions(2, 4), wanted, atol=1e-5)
    assert network(images(8, 16)).shape == (3, SMALL.width)


def test_the_published_grid_at_224_pixels() -> None:
    with torch.device("meta"):
        network = VisionTransformer(SHAPES[0])
    assert network.pos_embed.shape == (1, 1370, 384)
    generator = torch.Generator().manual_seed(0)
    network.pos_embed = nn.Parameter(torch.randn(1, 1370, 384, generator=generator))
    with torch.no_grad():
        found = network.positions(16, 16)
    assert found.shape == (1, 257, 384)
    assert torch.equal(found[:, 0], network.pos_embed[:, 0])
    wanted = expected_positions(network.pos_embed.detach(), 16, 16)
    assert torch.allclose(found, wanted, atol=1e-4)
    plain = F.interpolate(
        network.pos_embed.detach()[:, 1:].transpose(1, 2).reshape(1, 384, 37, 37),
        size=(16, 16),
        mode="bicubic",
    )
    assert not torch.allclose(found[:, 1:], plain.flatten(2).transpose(1, 2), atol=1e-2)


@pytest.mark.parametrize(
    ("shape", "published"),
    [
        *[(SHAPES[0], 22_056_576), (SHAPES[1], 86_580_480)],
        *[(SHAPES[2], 304_368_640), (SHAPES[3], 1_136_480_768)],
    ],
)
def test_sizes_are_the_published_ones(shape: Shape, published: int) -> None:
    with torch.device("meta"):
        network = VisionTransformer(shape)
    assert sum(parameter.numel() for parameter in network.parameters()) == published


@pytest.mark.parametrize(("gated", "inside"), [(False, {"fc1", "fc2"}), (True, {"w12", "w3"})])
def test_parameters_have_the_names_of_the_files(gated: bool, inside: set[str]) -> None:
    with torch.device("meta"):
        names = set(VisionTransformer(Shape("S", 8, 2, 1, gated=gated)).state_dict())
    modules = {"norm1", "attn.qkv", "attn.proj", "norm2"} | {f"mlp.{name}" for name in inside}
    block = {f"{module}.{part}" for module in modules for part in ("weight", "bias")}
    block |= {"ls1.gamma", "ls2.gamma"}
    outside = {"cls_token", "pos_embed", "mask_token", "norm.weight", "norm.bias"}
    outside |= {"patch_embed.proj.weight", "patch_embed.proj.bias"}
    assert names == outside | {f"blocks.{i}.{name}" for i in range(2) for name in block}


def test_gated_layers(random_weights: RandomWeights) -> None:
    with torch.device("meta"):
        layer = SwiGLU(1536)
        assert layer.w3.weight.shape == (1536, 4096)
        layer = SwiGLU(24)
    state = random_weights(layer)
    layer.load_state_dict(state, assign=True)
    tokens = torch.randn(2, 5, 24, generator=torch.Generator().manual_seed(1))
    gate = tokens @ state["w12.weight"][:64].t() + state["w12.bias"][:64]
    content = tokens @ state["w12.weight"][64:].t() + state["w12.bias"][64:]
    hidden = gate / (1 + (-gate).exp()) * content
    wanted = hidden @ state["w3.weight"].t() + state["w3.bias"]
    with torch.no_grad():
        assert torch.allclose(layer(tokens), wanted, atol=1e-5)


def test_images_do_not_see_each_other(network: VisionTransformer) -> None:
    batch = images(20, 20)
    together = network(batch)
    assert torch.equal(together, network(batch))
    for index in range(3):
        assert torch.allclose(network(batch[index : index + 1])[0], together[index], atol=1e-5)
    assert torch.allclose(network(batch.flip(0)).flip(0), together, atol=1e-5)
    assert network.norm.eps == network.blocks[0].norm1.eps == NORM_EPS == 1e-6
