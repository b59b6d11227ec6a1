"""Unrolled GAN (Metz et al. 2017, arXiv:1611.02163): the generator foresees the discriminator.

The generator plays against the discriminator as it will be after k steps of its own optimiser, and
its gradient goes through these steps (eq. 9 and 10): it learns not to go where the discriminator
would follow. The discriminator itself is trained as it would be without.

Traps avoided: the steps are those of whatever is trained, optimiser, loss and techniques' terms
included, and of Adam they go on from its moments as they are; gradients are clipped as they will
be; the samples are the generator step's own, with their graph, so that the second-order term is
there; nothing of the look-ahead stays behind. What else moves or clamps weights at a step is not
foreseen, and refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ganbench import DataInfo, Game, Parameter, Recipe, Step, TechniqueSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

GANBENCH_API_VERSION = 2


UNFORESEEN = ("wgan", "clip", "momentum", "ogda", "extragradient", "consensus", "lookahead")
"""Losses and techniques whose step of the discriminator is more than its optimiser's. Consensus
takes both players' gradients of one batch as it is, and would never ask for an opponent."""


@dataclass(frozen=True)
class Unrolled:
    """The generator minimises L_G(G, D_k), D_0 = D, D_(i+1) = D_i - h grad L_D(G, D_i).

    Each is a step of the discriminator's own optimiser, and has its gradient in G.
    """

    k: Annotated[int, Parameter(minimum=0, maximum=50, help="steps to look ahead")] = 5

    def opponent(self, game: Game, step: Step) -> nn.Module:
        """The discriminator after k more steps against these fakes."""
        import torch

        from ganbench import WithParameters

        discriminator = game.networks.discriminator
        if not self.k:
            return discriminator
        named = {name: p for name, p in discriminator.named_parameters() if p.requires_grad}
        ahead: list[Tensor] = list(named.values())
        rule = game.rule("discriminator")
        for _ in range(self.k):
            judge = WithParameters(discriminator, dict(zip(named, ahead, strict=True)))
            loss = game.loss("discriminator", step.judged_by(judge))
            gradients = torch.autograd.grad(loss, ahead, create_graph=True, materialize_grads=True)
            ahead = rule(ahead, gradients)
        return WithParameters(discriminator, dict(zip(named, ahead, strict=True)))


def misfit(recipe: Recipe, data: DataInfo, *, k: int, **_: object) -> str | None:
    """The discriminator's step must be its optimiser's, that known as a function, and all alike."""
    for part in (recipe.loss, *recipe.techniques):
        if part in UNFORESEEN:
            return f"it foresees the optimiser's steps, and {part} changes them"
    for other, own in recipe.techniques.items():
        if k and (every := own.get("every", 1)) != 1:
            return (
                f"it foresees {k} steps as it sees the present one, and {other} acts in one of "
                f"{every}: leave `every` out"
            )
    assert recipe.training.discriminator is not None  # it goes with no control
    name = recipe.training.discriminator.name
    if name in ("adam", "adamw", "rmsprop", "sgd"):
        return None
    return f"it looks ahead through adam, adamw, rmsprop or sgd, and the discriminator has {name}"


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Unrolling."""
    return [
        TechniqueSpec(
            name="unrolled",
            description="the generator plays against the discriminator as it will be in k steps",
            paper="Metz et al. 2017, Unrolled Generative Adversarial Networks, arXiv:1611.02163",
            build=Unrolled,
            needs=("real",),
            argument="k",
            neutral={"k": 0},
            misfit=misfit,
            exclusive="opponents",
            deviations=(
                "loss, optimiser and networks are the recipe's; the variant unrolled has its own",
                "networks beside the discriminator (acgan's classifier) are not foreseen",
            ),
        )
    ]
