"""Features must be torch-fidelity's own, which are computed here by its own constructors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch_fidelity.feature_extractor_clip import CLIPVisual, FeatureExtractorCLIP
from torch_fidelity.feature_extractor_dinov2 import FeatureExtractorDinoV2
from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16
from torchvision.models import vgg16

from ganbench.api.errors import UsageError
from ganbench_plugins.extractors.clip import Tower
from ganbench_plugins.extractors.dinov2 import Shape
from ganbench_plugins.extractors.graphs import load_clip, load_dinov2, load_vgg16
from ganbench_plugins.extractors.vit import VisionTransformer

RandomWeights = Callable[[nn.Module], dict[str, Tensor]]
TOWERS = (Tower("ViT-B-32", 8, 32, 2, 128, 16), Tower("RN50", 8, 64, (1, 2, 1, 1), 8))
SHAPE = Shape("S", width=24, depth=2, heads=3)


@pytest.fixture(scope="module")
def images() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(256, (2, 3, 20, 24), dtype=torch.uint8, generator=generator)


def features(network: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        (found,) = network(images)
    assert found.dtype == torch.float32
    assert found.std() > 1e-3
    return found


def visual(tower: Tower) -> nn.Module:
    with torch.device("meta"):
        return CLIPVisual(tower.d, tower.side, tower.layers, tower.width, tower.patch)


class Archived(nn.Module):
    """A module with given weights at given dotted names, to be saved as OpenAI saved CLIP."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        for name, tensor in weights.items():
            *parents, last = name.split(".")
            module: nn.Module = self
            for parent in parents:
                if not hasattr(module, parent):
                    module.add_module(parent, nn.Module())
                module = getattr(module, parent)
            if tensor.is_floating_point() and not last.startswith("running"):
                module.register_parameter(last, nn.Parameter(tensor))
            else:
                module.register_buffer(last, tensor)

    def forward(self, x: Tensor) -> Tensor:
        return x


def published_form(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """With a text tower, and float16 wherever OpenAI's files have it."""
    halves = {
        name: tensor.half()
        if (tensor.dim() > 1 and "positional" not in name) or "attn.in_proj_bias" in name
        else tensor
        for name, tensor in weights.items()
    }
    text = {
        "text_projection": torch.zeros(8, 8).half(),
        "positional_embedding": torch.zeros(77, 8),
        "logit_scale": torch.tensor(1.0),
        "token_embedding.weight": torch.zeros(9, 8),
        "ln_final.weight": torch.zeros(8),
        "transformer.resblocks.0.ln_1.weight": torch.zeros(8),
        "input_resolution": torch.tensor(32),
        "context_length": torch.tensor(77),
        "vocab_size": torch.tensor(9),
    }
    return {**halves, **text}


def archive(weights: dict[str, Tensor], path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit
        torch.jit.save(torch.jit.trace(Archived(weights), torch.zeros(1)), str(path))
    return path


@pytest.mark.parametrize("tower", TOWERS, ids=lambda tower: tower.file)
def test_clip(tower: Tower, random_weights: RandomWeights, images: Tensor, tmp_path: Path) -> None:
    weights = published_form(random_weights(visual(tower)))
    path = archive(weights, tmp_path / "clip.pt")
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit
        reference = FeatureExtractorCLIP(tower.source.name, ["clip"], str(path))
    wanted = features(reference, images)
    assert wanted.shape == (2, 8)

    only_visual = {name: t for name, t in weights.items() if name.startswith("visual.")}
    torch.save(weights, tmp_path / "state.pth")
    save_file(only_visual, tmp_path / "a.safetensors")
    before = torch.get_rng_state()
    for name in ("clip.pt", "state.pth", "a.safetensors"):
        network = load_clip(tmp_path / name, tower)
        assert torch.equal(features(network, images), wanted)
        assert not any(tensor.requires_grad for tensor in network.parameters())
        assert not network.training
    assert torch.equal(torch.get_rng_state(), before)


def test_clip_in_float32_is_rounded_as_by_torch_fidelity(
    random_weights: RandomWeights, images: Tensor, tmp_path: Path
) -> None:
    weights = random_weights(visual(TOWERS[0])) | {"text_projection": torch.zeros(8, 8)}
    path = archive(weights, tmp_path / "clip.pt")
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit
        reference = FeatureExtractorCLIP("clip-vit-b-32", ["clip"], str(path))
    assert torch.equal(features(load_clip(path, TOWERS[0]), images), features(reference, images))


def test_another_clip_is_refused(random_weights: RandomWeights, tmp_path: Path) -> None:
    vit, resnet = TOWERS
    path = archive(published_form(random_weights(visual(vit))), tmp_path / "clip.pt")
    with pytest.raises(UsageError, match=r"has shape .* in clip-rn50 it has"):
        load_clip(path, resnet)
    with pytest.raises(UsageError, match=r"has shape .* in clip-vit-b-16 it has"):
        load_clip(path, Tower("ViT-B-16", 8, 32, 2, 128, 8))
    with pytest.raises(UsageError, match="clip-vit-b-16 has not"):
        load_clip(path, Tower("ViT-B-16", 8, 32, 1, 128, 16))


def test_dinov2(
    random_weights: RandomWeights,
    images: Tensor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with torch.device("meta"):
        empty = VisionTransformer(SHAPE)
    weights = random_weights(empty)
    empty.load_state_dict(weights, assign=True)

    def hub(repository: str, model: str) -> nn.Module:
        assert (repository, model) == ("facebookresearch/dinov2", "dinov2_vits14")
        return empty

    monkeypatch.setattr(torch.hub, "load", hub)
    monkeypatch.setenv("XFORMERS_DISABLED", "1")  # as its constructor does
    reference = FeatureExtractorDinoV2("dinov2-vit-s-14", ["dinov2"])
    wanted = features(reference, images)
    assert wanted.shape == (2, 24)

    torch.save(weights, tmp_path / "state.pth")
    save_file(weights, tmp_path / "a.safetensors")
    before = torch.get_rng_state()
    for name in ("state.pth", "a.safetensors"):
        assert torch.equal(features(load_dinov2(tmp_path / name, SHAPE), images), wanted)
    assert torch.equal(torch.get_rng_state(), before)


def test_dinov2_with_registers_is_refused(random_weights: RandomWeights, tmp_path: Path) -> None:
    with torch.device("meta"):
        empty = VisionTransformer(SHAPE)
    weights = random_weights(empty)
    torch.save({**weights, "register_tokens": torch.zeros(1, 4, 24)}, tmp_path / "reg4.pth")
    with pytest.raises(UsageError, match="register_tokens, which dinov2-vit-s-14 has not"):
        load_dinov2(tmp_path / "reg4.pth", SHAPE)


def large_weights(network: nn.Module) -> dict[str, Tensor]:
    """Weights that overlap in memory and on disk, so that half a gigabyte becomes 300 kB."""
    generator = torch.Generator().manual_seed(0)
    found = {}
    for name, wanted in network.state_dict().items():
        rows, columns = wanted.shape[0], wanted[0].numel()
        line = torch.randn(rows + columns, generator=generator) * (2 / columns) ** 0.5
        overlapping = line.as_strided((rows, columns), (1, 1)) if wanted.dim() > 1 else line[:rows]
        found[name] = (
            overlapping.unflatten(1, wanted.shape[1:]) if wanted.dim() > 2 else overlapping
        )
    return found


def test_vgg16(images: Tensor, tmp_path: Path) -> None:
    with torch.device("meta"):
        empty = vgg16()
    weights = large_weights(empty)
    path, headless = tmp_path / "vgg16.pth", tmp_path / "headless.pth"
    torch.save(weights, path)
    before = torch.get_rng_state()
    found = features(load_vgg16(path), images[:1])
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng(devices=[]):
        reference = FeatureExtractorVGG16("vgg16", ["fc2_relu"], str(path))
    assert torch.equal(found, features(reference, images[:1]))
    assert found.shape == (1, 4096)
    assert (found >= 0).all()

    kept = {name: t for name, t in weights.items() if not name.startswith("classifier.6.")}
    torch.save(kept, headless)
    names = {name.removeprefix("model.") for name in load_vgg16(headless).state_dict()}
    assert names == kept.keys()
    torch.save({name: t for name, t in kept.items() if name != "features.0.bias"}, headless)
    with pytest.raises(UsageError, match=r"lacks features\.0\.bias of vgg16"):
        load_vgg16(headless)
