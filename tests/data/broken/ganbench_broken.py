"""Losses, models and variants, each of which breaks one rule and keeps all others.

Their names end in the id of the check that must find them.
"""

from __future__ import annotations

import functools
import os
import random
from typing import Annotated, Any

from ganbench import (
    DataInfo,
    Latent,
    LossSpec,
    ModelSpec,
    Networks,
    Optimiser,
    Parameter,
    Recipe,
    Training,
    VariantSpec,
    hookimpl,
)

GANBENCH_API_VERSION = 2

ADAM = Optimiser(lr=1e-3)
TRAINING = Training(generator=ADAM, discriminator=ADAM, batch_size=16)


class Sound:
    """The non-saturating loss."""

    def discriminator_loss(self, step: Any) -> Any:
        from torch.nn.functional import softplus

        return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()

    def generator_loss(self, step: Any) -> Any:
        from torch.nn.functional import softplus

        return softplus(-step.fake_logits).mean()


class PerSample(Sound):
    """steps: the mean is missing."""

    def generator_loss(self, step: Any) -> Any:
        return -step.fake_logits


class NotANumber(Sound):
    """steps: the logarithm of a sigmoid that is 0."""

    def discriminator_loss(self, step: Any) -> Any:
        return super().discriminator_loss(step) * float("nan")


class WrongGenerator(Sound):
    """generator-sign."""

    def generator_loss(self, step: Any) -> Any:
        return step.fake_logits.mean()


class WrongDiscriminator(Sound):
    """discriminator-sign: real and fake are mixed up."""

    def discriminator_loss(self, step: Any) -> Any:
        from torch.nn.functional import softplus

        return softplus(step.real_logits).mean() + softplus(-step.fake_logits).mean()


class Backward(Sound):
    """separate-sides: differentiates by itself, and leaves gradients in the discriminator."""

    def generator_loss(self, step: Any) -> Any:
        loss = super().generator_loss(step)
        loss.backward(retain_graph=True)
        return loss


class Counting(Sound):
    """deterministic-step: a counter outlives the run."""

    steps = 0

    def generator_loss(self, step: Any) -> Any:
        Counting.steps += 1
        return super().generator_loss(step) * (1 + 0.01 * Counting.steps)


class Seeding(Sound):
    """global-state: torch's generator starts anew at every step."""

    def generator_loss(self, step: Any) -> Any:
        import torch

        torch.manual_seed(0)
        return super().generator_loss(step)


class Precise(Sound):
    """global-state: changes a setting of the whole process."""

    def generator_loss(self, step: Any) -> Any:
        import torch

        torch.set_float32_matmul_precision("high")
        return super().generator_loss(step)


class Hidden(Sound):
    """resume: random numbers of its own, in an object that no checkpoint can hold."""

    def __init__(self) -> None:
        self.random = random.Random(0)  # noqa: S311

    def generator_loss(self, step: Any) -> Any:
        return super().generator_loss(step) * (1 + 0.1 * self.random.random())


class Forgetful(Sound):
    """resume: a count in a closure."""

    def __init__(self) -> None:
        count = [0]

        def scale() -> float:
            count[0] += 1
            return 1 + 0.1 * (count[0] % 3)

        self.scale = scale

    def generator_loss(self, step: Any) -> Any:
        return super().generator_loss(step) * self.scale()


class Waiting(Sound):
    """host-sync."""

    def generator_loss(self, step: Any) -> Any:
        loss = super().generator_loss(step)
        return loss * 2 if loss.item() > 1e6 else loss


class Fetching(Sound):
    """host-sync: no waiting on a CPU, but on a GPU."""

    def generator_loss(self, step: Any) -> Any:
        self.last = step.fake_logits.detach().cpu()
        return super().generator_loss(step)


class Masking(Sound):
    """host-sync: the size of the result has to be known."""

    def generator_loss(self, step: Any) -> Any:
        from torch.nn.functional import softplus

        logits = step.fake_logits
        return softplus(-logits[logits < 1e9]).mean()


class Peeking(Sound):
    """held-out: pulls the samples towards the mean of the samples held out."""

    def generator_loss(self, step: Any) -> Any:
        from ganbench_plugins.datasets.points import load_ring

        centre = load_ring().heldout.mean()
        return super().generator_loss(step) + 1e-3 * (step.fake.mean() - centre).square()


class SideTraining(Sound):
    """budget: a step of the discriminator beside its optimiser."""

    def generator_loss(self, step: Any) -> Any:
        import torch

        weights = [one for one in step.discriminator.parameters() if one.requires_grad]
        loss = step.discriminator(step.fake.detach()).mean()
        for weight, slope in zip(
            weights, torch.autograd.grad(loss, weights, allow_unused=True), strict=True
        ):
            if slope is not None:
                weight.data.sub_(slope, alpha=1e-6)
        return super().generator_loss(step)


class MoreWork(Sound):
    """budget: modest while it is counted, greedy afterwards."""

    def __init__(self) -> None:
        self.steps = 0

    def discriminator_loss(self, step: Any) -> Any:
        import torch

        self.steps += 1
        if self.steps > 1:
            with torch.no_grad():  # what autograd records is seen at every step
                for _ in range(4):
                    step.discriminator(step.fake)
        return super().discriminator_loss(step)


class OneSample(Sound):
    """batch-sizes: divides by the spread of a batch."""

    def generator_loss(self, step: Any) -> Any:
        logits = step.fake_logits
        return -(logits / (1 + logits.std())).mean()


class CutOff(Sound):
    """generator-gradients: judges fakes that know nothing of the generator."""

    def generator_loss(self, step: Any) -> Any:
        from torch.nn.functional import softplus

        return softplus(-step.discriminator(step.fake.detach())).mean()


class Untrained(Sound):
    """trained-once: a temperature that nobody trains."""

    def __init__(self) -> None:
        import torch

        self.temperature = torch.nn.Parameter(torch.ones(()))

    def generator_loss(self, step: Any) -> Any:
        return super().generator_loss(step) * self.temperature


class Unreached(Untrained):
    """generator-gradients: a temperature that is trained, and detached."""

    trained_with = "generator"

    def generator_loss(self, step: Any) -> Any:
        return Sound.generator_loss(self, step) * self.temperature.detach()


class Undeclared(Sound):
    """needs: looks at real samples in a generator step, and has not said so."""

    def generator_loss(self, step: Any) -> Any:
        return super().generator_loss(step) + 1e-3 * (step.fake.mean() - step.real.mean()).abs()


class Unasked(Sound):
    """needs: its spec says more than it asks for."""


class CpuOnly(Sound):
    """cuda: a tensor that is made on the CPU, wherever its neighbours are."""

    def generator_loss(self, step: Any) -> Any:
        import torch

        return super().generator_loss(step) + (0 * step.fake_logits * torch.ones(1)).mean()


LOSSES: dict[str, tuple[type[Sound], str]] = {
    "per-sample": (PerSample, "steps"),
    "not-a-number": (NotANumber, "steps"),
    "wrong-generator": (WrongGenerator, "generator-sign"),
    "wrong-discriminator": (WrongDiscriminator, "discriminator-sign"),
    "backward": (Backward, "separate-sides"),
    "counting": (Counting, "deterministic-step"),
    "seeding": (Seeding, "global-state"),
    "precise": (Precise, "global-state"),
    "hidden": (Hidden, "resume"),
    "forgetful": (Forgetful, "resume"),
    "waiting": (Waiting, "host-sync"),
    "fetching": (Fetching, "host-sync"),
    "masking": (Masking, "host-sync"),
    "peeking": (Peeking, "held-out"),
    "side-training": (SideTraining, "budget"),
    "cut-off": (CutOff, "generator-gradients"),
    "untrained": (Untrained, "trained-once"),
    "unreached": (Unreached, "generator-gradients"),
    "undeclared": (Undeclared, "needs"),
    "unasked": (Unasked, "needs"),
    "more-work": (MoreWork, "budget"),
    "one-sample": (OneSample, "batch-sizes"),
}


def build_model(data: DataInfo, *, fault: str) -> Networks:
    """Perceptrons with one fault."""
    import torch
    from torch import nn

    class Generator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, data.features))
            if fault == "idle":
                self.idle = nn.Linear(2, 2)
            if fault == "attribute":
                self.offset = torch.randn(data.features)
            if fault == "entropy":
                seed = int.from_bytes(os.urandom(6), "big")
                own = torch.Generator().manual_seed(seed)
                self.register_buffer("offset", torch.randn(data.features, generator=own))

        def forward(self, z: Any) -> Any:
            x = self.body(z)
            if fault in ("attribute", "entropy"):
                x = x + 0.01 * self.offset
            if data.modality == "image":
                x = END.get(fault, torch.tanh)(x)
            x = x.double() if fault == "double" else x
            x = x.view(-1, *data.shape)
            return x.squeeze(0) if fault == "squeeze" else x

    class Discriminator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Sequential(nn.Flatten(), nn.Linear(data.features, 16), nn.ReLU())
            self.last = nn.Linear(16, 2 if fault == "two-logits" else 1)
            if fault == "detached":
                self.side = nn.Linear(16, 1)

        def forward(self, x: Any) -> Any:
            x = self.first(x.float())
            logits = self.last(x)
            if fault == "detached":
                logits = logits + self.side(x).detach()
            if fault == "stepped":
                logits = logits.sigmoid() + 0 * logits
            if fault in ("coupled", "minibatch"):
                logits = logits - logits.mean(dim=0)
            return logits.sigmoid() if fault == "sigmoid" else logits

    if fault == "reseeded":
        torch.manual_seed(3)
    if fault == "grey" and data.modality == "image" and data.channels != 1:
        raise ValueError("only grey images")
    generator, discriminator = Generator(), Discriminator()
    if fault == "shared":
        discriminator.first[1].bias = generator.body[0].bias = nn.Parameter(torch.zeros(16))
        generator.body[0] = nn.Linear(4, 16)
        generator.body[0].bias = discriminator.first[1].bias
        generator.body[2] = nn.Linear(16, data.features)
    return Networks(generator=generator, discriminator=discriminator, latent=Latent(size=4))


END = {"range": lambda x: x * 30, "bright": lambda x: x.sigmoid(), "cut": lambda x: x.relu().tanh()}
"""In which the generator of images ends, instead of a tanh."""

MODELS = {
    "grey": "builds",
    "promising": "builds",
    "shared": "trained-once",
    "range": "outputs",
    "bright": "outputs",
    "cut": "outputs",
    "double": "outputs",
    "two-logits": "outputs",
    "sigmoid": "outputs",
    "stepped": "outputs",
    "coupled": "coupling",
    "entropy": "seeded-build",
    "attribute": "state-dict",
    "squeeze": "batch-sizes",
    "idle": "generator-gradients",
    "reseeded": "global-state",
}


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name=f"loss-{name}",
            description=name,
            modalities=("points",),
            build=build,
            training=TRAINING,
            needs=("fake_slopes",) if build is Unasked else (),
        )
        for name, (build, _) in {**LOSSES, "cpu-only": (CpuOnly, "cuda")}.items()
    ]


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name=f"model-{fault}",
            description=fault,
            modalities=("image",) if fault in ("grey", *END) else ("points",),
            build=functools.partial(build_model, fault=fault),
            provides=("encoder",) if fault == "promising" else (),
            coupled=(lambda: False) if fault == "coupled" else None,
        )
        for fault in (*MODELS, "detached", "minibatch")
    ]


def variant(
    name: str, model: str, loss: str = "non-saturating", about: str = "the step size"
) -> VariantSpec:
    def on_points(
        data: DataInfo, *, lr: Annotated[float, Parameter(minimum=0, help=about)] = 1e-3
    ) -> Recipe:
        adam = Optimiser(lr=lr)
        training = Training(generator=adam, discriminator=adam, batch_size=16)
        return Recipe(model=model, loss=loss, training=training)

    on_points.__annotations__["lr"] = Annotated[float, Parameter(minimum=0, help=about)]
    return VariantSpec(name=f"variant-{name}", description=name, recipes={"points": on_points})


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    return [
        variant("detached", "model-detached"),
        variant("minibatch", "model-minibatch", "wgan-gp"),
        variant("silent", "mlp", about=" "),
    ]


VARIANTS = {
    "silent": "metadata",
    "detached": "discriminator-gradients",
    "minibatch": "coupling",
}
