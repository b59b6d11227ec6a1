"""The vision transformer of DINOv2 (Oquab et al. 2024, arXiv:2304.07193), to be filled and frozen.

torch-fidelity has it from a repository that `torch.hub` fetches and runs; this one is written from
the papers: pre-norm blocks (Dosovitskiy et al. 2021), LayerScale (Touvron et al. 2021) and, in the
largest, SwiGLU (Shazeer 2020). Parameters have the names of Meta's files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from ganbench_plugins.extractors.dinov2_shapes import Shape

NORM_EPS = 1e-6
OVERLAP = 0.1
"""Patches by which Meta's code enlarges the grid that it scales position embeddings to.

It keeps a side from being rounded down, and moves every embedding a little: features depend on it.
"""


class VisionTransformer(nn.Module):
    """Images (B, 3, H, W), H and W multiples of the patch, to the final class token (B, width)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.grid = shape.grid
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + shape.grid**2, width))
        self.mask_token = nn.Parameter(torch.zeros(1, width))  # of training; in the files, unused
        self.patch_embed = PatchEmbedding(width, shape.patch)
        self.blocks = nn.ModuleList(
            Block(width, shape.heads, shape.gated) for _ in range(shape.depth)
        )
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)

    def forward(self, images: Tensor) -> Tensor:
        """Features (B, width)."""
        patches = self.patch_embed(images)
        rows, columns = patches.shape[2:]
        tokens = patches.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), tokens], dim=1)
        tokens = tokens + self.positions(rows, columns)
        for block in self.blocks:
            tokens = block(tokens)
        features: Tensor = self.norm(tokens[:, 0])
        return features

    def positions(self, rows: int, columns: int) -> Tensor:
        """Position embeddings (1, 1 + rows * columns, width), scaled bicubically to the grid."""
        if rows == columns == self.grid:
            return self.pos_embed
        token, square = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        scaled = F.interpolate(
            square.transpose(1, 2).reshape(1, -1, self.grid, self.grid),
            scale_factor=((rows + OVERLAP) / self.grid, (columns + OVERLAP) / self.grid),
            mode="bicubic",
        )
        return torch.cat([token, scaled.flatten(2).transpose(1, 2)], dim=1)


class PatchEmbedding(nn.Module):
    """Images (B, 3, H, W) to (B, width, H / patch, W / patch)."""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """One token per patch."""
        patches: Tensor = self.proj(images)
        return patches


class Block(nn.Module):
    """Attention, then a feed-forward layer, each normed before, scaled after, and added."""

    def __init__(self, width: int, heads: int, gated: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.attn = Attention(width, heads)
        self.ls1 = LayerScale(width)
        self.norm2 = nn.LayerNorm(width, eps=NORM_EPS)
        self.mlp = SwiGLU(width) if gated else FeedForward(width)
        self.ls2 = LayerScale(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, n, width) to the same."""
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens)))
        changed: Tensor = tokens + self.ls2(self.mlp(self.norm2(tokens)))
        return changed


class Attention(nn.Module):
    """Multi-head self-attention, with the steps written out: fused kernels round differently."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, n, width) to the same."""
        split = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind()  # each (B, heads, n, width / heads)
        affinities = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        mixed = affinities.softmax(dim=-1) @ value
        projected: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return projected


class LayerScale(nn.Module):
    """A factor for every channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, n, width) to the same."""
        return tokens * self.gamma


class FeedForward(nn.Module):
    """Two layers with GELU between, four times as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, n, width) to the same."""
        changed: Tensor = self.fc2(F.gelu(self.fc1(tokens)))
        return changed


class SwiGLU(nn.Module):
    """A gated feed-forward layer, two thirds as wide inside, up to the next multiple of eight."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inside = (int(4 * width * 2 / 3) + 7) // 8 * 8
        self.w12 = nn.Linear(width, 2 * inside)
        self.w3 = nn.Linear(inside, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, n, width) to the same."""
        gate, content = self.w12(tokens).chunk(2, dim=-1)
        changed: Tensor = self.w3(F.silu(gate) * content)
        return changed
