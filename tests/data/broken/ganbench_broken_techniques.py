"""Techniques, each of which breaks one rule and keeps all others."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from ganbench import Networks, Parameter, TechniqueSpec, hookimpl

GANBENCH_API_VERSION = 2


class Term:
    """A little of the discriminator's slope at real samples, or what a fault makes of it."""

    def __init__(
        self,
        fault: str,
        weight: Annotated[float, Parameter(minimum=0, help="of the term")] = 0.1,
    ) -> None:
        self.fault = fault
        self.weight = weight
        if fault == "untrained":
            import torch

            self.scale = torch.nn.Parameter(torch.ones(()))

    def discriminator_loss(self, step: Any) -> Any:
        if self.fault == "undeclared":
            return self.weight * step.fake_slopes.square().sum(dim=1).mean()
        if self.fault == "unasked":
            return self.weight * step.real_logits.square().mean()
        weight = self.weight + 0.1 if self.fault == "biased" else self.weight
        if self.fault == "untrained":
            weight = weight * self.scale
        if self.fault == "waiting" and float(step.real_logits.mean()) > 1e6:
            weight = 0.0
        return weight * step.real_slopes.square().sum(dim=1).mean()

    def generator_loss(self, step: Any) -> Any:
        """Nothing; with a sign that is wrong, more than the loss."""
        return (20 * self.weight if self.fault == "wrong-sign" else 0.0) * step.fake_logits.mean()


class Unnoticed:
    """Works where nobody looks: from the second step on, and without a trace in autograd."""

    def after_step(self, game: Any) -> None:
        import torch

        if not game.number:
            return
        with torch.no_grad():
            for _ in range(4):
                game.networks.discriminator(game.draw("discriminator").fake)


class Wrapping:
    """Puts something in front of the discriminator."""

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def networks(self, networks: Networks) -> Networks:
        import torch

        from ganbench import Wrapped

        fault = self.fault

        class Shifted(Wrapped):
            def __init__(self, wrapped: Any) -> None:
                super().__init__(wrapped)
                self.register_buffer("seen", torch.zeros(()))
                self.shift = 0.1 * torch.randn(())

            def shown(self, samples: Any) -> Any:
                if fault == "noisy":
                    return samples + 0.1 * torch.randn_like(samples)
                if fault == "counting" and not self.training:
                    self.seen.add_(1)
                if fault == "centred":
                    return samples - samples.mean(dim=0)
                return samples + self.shift if fault == "forgetful" else samples

        return replace(networks, discriminator=Shifted(networks.discriminator))


TERMS = {
    "untrained": "trained-once",
    "undeclared": "needs",
    "unasked": "needs",
    "waiting": "host-sync",
    "wrong-sign": "generator-sign",
    "biased": "neutral",
}
UNNOTICED = {"more-work": "budget"}
WRAPPING = {
    "noisy": "evaluation-untouched",
    "counting": "evaluation-untouched",
    "centred": "coupling",
    "forgetful": "state-dict",
}
TECHNIQUES = {**TERMS, **UNNOTICED, **WRAPPING, "silent": "metadata"}


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    weight = {"weight": Parameter(default=0.1, minimum=0, help="of the term")}
    terms = [
        TechniqueSpec(
            name=f"technique-{fault}",
            description=fault,
            modalities=("points",),
            build=lambda weight, fault=fault: Term(fault, weight),
            needs=() if fault == "undeclared" else ("real_slopes",),
            parameters=weight,
            argument="weight",
            neutral={"weight": 0.0},
        )
        for fault in TERMS
    ]
    others = [
        TechniqueSpec(
            name=f"technique-{fault}",
            description="TODO" if fault == "silent" else fault,
            modalities=("points",),
            build=lambda fault=fault: Unnoticed() if fault in UNNOTICED else Wrapping(fault),
        )
        for fault in (*UNNOTICED, *WRAPPING, "silent")
    ]
    return [*terms, *others]
