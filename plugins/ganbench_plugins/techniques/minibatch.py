"""What a discriminator may know of the other samples of its batch, beside each one's features.

Where a generator drops modes, its samples are more alike than real ones; a discriminator that sees
single samples cannot know.

* `mbstd`, minibatch standard deviation (Karras et al. 2018, arXiv:1710.10196, §3): the standard
  deviation over groups of four samples, averaged over features, one number beside the features.
* `mbd`, minibatch discrimination (Salimans et al. 2016, arXiv:1606.03498, §3.2): features are
  projected to B x C numbers, o(x_i)_b = sum over j != i of exp(-|M_ib - M_jb|_1), and the B sums
  stand beside the features. As in the authors' code, projections are scaled by the first batch so
  that half the mean distance of nearest neighbours is 1 (unscaled, exp(-L1) is 0 for all), and the
  sums are centred.

Both stand before the last layer, which is linear: its weights for them are kept apart, and begin at
0, so that a network begins as it would without (a deviation).

Traps avoided: no sample is its own neighbour; both couple the samples of a batch, and are refused
beside penalties of single samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from ganbench import DataInfo, Networks, Parameter, Recipe, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

GANBENCH_API_VERSION = 2

SEED = 0
"""Of the projections, which are the same in all runs: a technique draws nothing of a run's own."""


@dataclass(frozen=True)
class MinibatchStddev:
    """D(x_i) = D_last(f(x_i)) + a s, s the mean over features of sqrt(Var f + 1e-8) in a group."""

    group: Annotated[int, Parameter(minimum=2, help="samples in a group; fewer in a rest")] = 4

    def networks(self, networks: Networks) -> Networks:
        """A discriminator whose last layer sees it too."""
        from ganbench import wrap_head

        wrap_head(networks.discriminator, lambda head: beside(head, self.deviations, 1))
        return networks

    def deviations(self, features: Tensor) -> Tensor:
        """(J, 1) mean standard deviation of a judgement's group, of features (J, F)."""
        import torch

        groups = torch.split(features, self.group)
        each = [(part.var(dim=0, correction=0) + 1e-8).sqrt().mean().expand(len(part), 1)
                for part in groups]  # fmt: skip
        return torch.cat(each)


@dataclass(frozen=True)
class MinibatchDiscrimination:
    """D(x_i) = D_last(f(x_i)) + sum_b a_b (o_ib - m_b), o_ib = sum_(j != i) exp(-c_b |f(x_i) T_b -
    f(x_j) T_b|_1).

    c and m are those of the first batch, a and T are learnt.
    """

    kernels: Annotated[int, Parameter(minimum=1, help="B, projections")] = 100
    dimensions: Annotated[int, Parameter(minimum=1, help="C, numbers in each")] = 5

    def networks(self, networks: Networks) -> Networks:
        """A discriminator whose last layer sees them too."""
        from ganbench import PluginNotUsable, wrap_head

        def wrap(head: nn.Module) -> nn.Module:
            features = features_of(head)
            if features is None:
                raise PluginNotUsable(
                    f"the discriminator's last layer is a {type(head).__name__}, which has no "
                    "weight that tells how many features it sees",
                    "leave mbd out, or give the discriminator an attribute `head`, a linear layer",
                    kind="model",
                )
            return beside(head, self.neighbours(features), self.kernels)

        wrap_head(networks.discriminator, wrap)
        return networks

    def neighbours(self, features: int) -> nn.Module:
        """(J, F) features to (J, B) sums over the other judgements."""
        import torch
        from torch import nn

        shape = (features, self.kernels, self.dimensions)
        start = torch.randn(shape, generator=torch.Generator().manual_seed(SEED))

        class Neighbours(nn.Module):
            """Sums of exp(-L1) in projections that the first batch has scaled."""

            scale: Tensor
            centre: Tensor

            def __init__(self) -> None:
                super().__init__()
                self.projections = nn.Parameter(start / start.square().sum(dim=0).sqrt())
                self.register_buffer("scale", torch.ones(shape[1]))
                self.register_buffer("centre", torch.zeros(shape[1]))
                self.begun = False

            def forward(self, seen: Tensor) -> Tensor:
                projected = torch.einsum("jf,fbc->cjb", seen, self.projections)
                # one of the C at a time: all at once are C times the memory, and slower
                distances = sum((one[:, None] - one[None]).abs() for one in projected)
                if self.training and not self.begun:
                    self.begin(distances.detach())
                return nearness(distances * self.scale) - self.centre

            def begin(self, distances: Tensor) -> None:
                """Scale and centre by the first batch."""
                own = torch.eye(len(distances), dtype=torch.bool, device=distances.device)
                nearest = distances.masked_fill(own[:, :, None], torch.inf).amin(dim=1)
                self.scale.copy_(2 / nearest.mean(dim=0).clamp_min(1e-6))
                self.centre.copy_(nearness(distances * self.scale).mean(dim=0))
                self.begun = True

        return Neighbours()


def nearness(distances: Tensor) -> Tensor:
    """(J, B) sums of exp(-distance) over other judgements, of distances (J, J, B)."""
    import torch

    others = 1 - torch.eye(len(distances), dtype=distances.dtype, device=distances.device)
    sums: Tensor = (torch.exp(-distances) * others[:, :, None]).sum(dim=1)
    return sums


def features_of(head: nn.Module) -> int | None:
    """How many features a last layer sees; None where its weights do not tell."""
    import torch

    while isinstance(within := getattr(head, "head", None), torch.nn.Module):  # of `beside`
        head = within
    weight = getattr(head, "weight", None)
    return weight[0].numel() if isinstance(weight, torch.Tensor) and weight.dim() > 1 else None


def beside(head: nn.Module, statistic: Any, count: int) -> nn.Module:
    """A last layer that sees, beside the features, `count` statistics of the batch (J, count)."""
    import torch
    from torch import nn

    class Beside(nn.Module):
        """The layer's logits, and a linear map of the statistics, which begins at 0."""

        def __init__(self) -> None:
            super().__init__()
            self.head, self.statistic = head, statistic
            self.gain = nn.Parameter(torch.zeros(count))

        def forward(self, features: Tensor) -> Tensor:
            logits: Tensor = self.head(features)
            more: Tensor = self.statistic(features.flatten(1)) @ self.gain
            return logits.reshape(len(features), -1) + more[:, None]

    return Beside()


def misfit(recipe: Recipe, data: DataInfo, **_: object) -> str | None:
    """A sum over a batch tells its size, and would tell real batches from fakes of the other."""
    own, other = recipe.training.batch_size, recipe.training.generator_batch
    if own == other:
        return None
    return f"it counts neighbours in a batch, and the players' batches are of {own} and {other}"


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Minibatch standard deviation and discrimination."""
    return [
        TechniqueSpec(
            name="mbstd",
            description="the discriminator sees how much the samples of a group differ",
            paper="Karras et al. 2018, Progressive Growing of GANs, arXiv:1710.10196",
            build=MinibatchStddev,
            argument="group",
            coupled=True,
            deviations=(
                "beside what the last layer sees, not as one more map in front of a convolution",
                "its weight begins at 0, so that a network begins as it would without",
                "over groups of four samples, as in the authors' code, not over the minibatch",
            ),
        ),
        TechniqueSpec(
            name="mbd",
            description="the discriminator sees how near the other samples of the batch are",
            paper="Salimans et al. 2016, Improved Techniques for Training GANs, arXiv:1606.03498",
            build=MinibatchDiscrimination,
            argument="kernels",
            coupled=True,
            misfit=misfit,
            deviations=(
                "its weights begin at 0, so that a network begins as it would without",
                "scaled and centred by the first batch, as in the authors' code, which learns on",
                "projections begin the same in all runs",
            ),
        ),
    ]
