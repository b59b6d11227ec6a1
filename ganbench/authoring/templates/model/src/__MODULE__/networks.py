"""The residual block and the two networks made of it."""

from __future__ import annotations

from ganbench import DataInfo, Latent, Networks, output_layer
from torch import Tensor, nn


class Block(nn.Module):
    """(B, width) to (B, width): x + W2 relu(W1 relu(x)), the identity at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)
        )
        for parameter in self.branch[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """The sum of the shortcut and the branch."""
        return x + self.branch(x)  # type: ignore[no-any-return]


def trunk(fan_in: int, fan_out: int, width: int, blocks: int) -> list[nn.Module]:
    """Linear, residual blocks, ReLU, linear."""
    body = [Block(width) for _ in range(blocks)]
    return [nn.Linear(fan_in, width), *body, nn.ReLU(), nn.Linear(width, fan_out)]


def build(data: DataInfo, *, width: int, blocks: int, latent: int) -> Networks:
    """Latents (B, latent) to samples (B, *shape) in the data's range; samples to logits (B, 1)."""
    generator = trunk(latent, data.features, width, blocks)
    return Networks(
        generator=nn.Sequential(*generator, nn.Unflatten(1, data.shape), output_layer(data)),
        discriminator=nn.Sequential(nn.Flatten(), *trunk(data.features, 1, width, blocks)),
        latent=Latent(size=latent),
    )
