"""The training loop.

Real batch, latents, discriminator step(s), generator step, average: in that order, on the device,
with no synchronisation but at the marks of the budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from ganbench.api.errors import PluginNotUsable
from ganbench.api.networks import Loss, Networks
from ganbench.api.recipe import Training
from ganbench.training.average import AverageGenerator
from ganbench.training.clock import BudgetClock
from ganbench.training.feed import LatentFeed, RealFeed
from ganbench.training.flops import StepFlops
from ganbench.training.optimisers import make_optimiser, set_learning_rate
from ganbench.training.sampling import SAMPLING_BATCH
from ganbench.training.step import TrainingStep, described
from ganbench.training.telemetry import Telemetry, gradient_norm


@dataclass
class Trainer:
    """Everything that changes while a GAN trains.

    Args:
        networks: on the device, in train mode.
        loss: the objective.
        training: optimisers, batch sizes and schedule.
        real, latents: where batches come from.
        device: where it all happens.
    """

    networks: Networks
    loss: Loss
    training: Training
    real: RealFeed
    latents: LatentFeed
    device: torch.device
    average: AverageGenerator | None = field(init=False, default=None)
    flops: dict[str, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.extra = {name: module for name, (module, _) in self.networks.extra.items()}
        self.parameters = {
            side: _trained_by(side, self.networks) for side in ("generator", "discriminator")
        }
        for side, parameters in self.parameters.items():
            if not parameters:
                raise PluginNotUsable(
                    f"the {side} has no parameter that can be trained", kind="model"
                )
        self.optimisers = {
            "generator": make_optimiser(
                self.training.generator, self.parameters["generator"], self.device
            ),
            "discriminator": make_optimiser(
                self.training.discriminator, self.parameters["discriminator"], self.device
            ),
        }
        if self.training.ema:
            self.average = AverageGenerator(self.networks.generator, self.training.ema)
        self._sample_shape = self.real.shape
        self._simultaneous = self.training.updates == "simultaneous"
        self._own_critic_steps = getattr(self.loss, "critic_steps", None)
        self._after_critic_step = getattr(self.loss, "after_discriminator_step", None)

    @property
    def evaluated(self) -> nn.Module:
        """The generator that gets evaluated: the average where the recipe asks for one."""
        return self.networks.generator if self.average is None else self.average.module

    def critic_steps(self, generator_step: int) -> int:
        """Discriminator steps before that generator step.

        Raises:
            PluginNotUsable: the loss asks for none, or for several where updates are simultaneous.
        """
        if self._own_critic_steps is not None:
            steps = int(self._own_critic_steps(generator_step))
            if steps < 1:
                raise PluginNotUsable(
                    f"the loss asks for {steps} critic steps: at least one is needed", kind="loss"
                )
            if self._simultaneous and steps != 1:
                raise PluginNotUsable(
                    f"the loss asks for {steps} critic steps: simultaneous updates take one",
                    kind="loss",
                )
            return steps
        return self.training.critic_steps

    def cost(self, generator_step: int) -> tuple[int, float]:
        """Real samples and FLOPs of that generator step with its critic steps."""
        critic_steps = self.critic_steps(generator_step)
        flops = critic_steps * self.flops["discriminator"] + self.flops["generator"]
        return critic_steps * self.training.batch_size, flops

    def discriminator_step(self) -> tuple[TrainingStep, Tensor]:
        """One step of the discriminator, on fakes without a graph.

        Where updates are simultaneous, its weights change at the end of the generator's step.
        """
        latent = self.latents.draw(self.training.batch_size)
        with torch.no_grad():
            fake = self.networks.generator(latent)
        step = self._step(latent, fake)
        loss = self.loss.discriminator_loss(step)
        self._differentiate("discriminator", loss)
        if not self._simultaneous:
            self._update_discriminator()
        return step, loss

    def generator_step(self) -> tuple[TrainingStep, Tensor]:
        """One step of the generator, on fakes of its own."""
        latent = self.latents.draw(self.training.generator_batch_size or self.training.batch_size)
        fake = self.networks.generator(latent)
        step = self._step(latent, fake)
        loss = self.loss.generator_loss(step)
        self._differentiate("generator", loss)
        self.optimisers["generator"].step()
        if self._simultaneous:
            self._update_discriminator()
        if self.average is not None:
            self.average.update()
        return step, loss

    @torch.no_grad()
    def logits(self, samples: Tensor) -> Tensor:
        """(N,) logits of the discriminator, in eval mode for the call, of samples (N, *shape)."""
        discriminator = self.networks.discriminator
        training = discriminator.training
        discriminator.eval()
        try:
            parts = torch.split(samples.to(self.device), SAMPLING_BATCH)
            return torch.cat([discriminator(part).view(-1) for part in parts])
        finally:
            discriminator.train(training)

    def _step(self, latent: Tensor, fake: Tensor) -> TrainingStep:
        networks, wanted = self.networks, (len(latent), *self._sample_shape)
        if not isinstance(fake, Tensor) or fake.shape != wanted:
            raise PluginNotUsable(
                f"the generator must return samples {wanted}, it returned {described(fake)}",
                kind="model",
            )
        return TrainingStep(
            networks.generator, networks.discriminator, self.extra, latent, fake, self.real.draw
        )

    def _differentiate(self, side: str, loss: Tensor) -> None:
        """Fresh gradients for one side's optimiser.

        In a generator step, gradients are computed for the generator's side alone: none is left
        behind in the discriminator, and none is computed there in vain. In a discriminator step
        fakes have no graph, so there is nothing to leave out, and naming inputs would cost time.
        """
        self.optimisers[side].zero_grad()
        inputs = self.parameters[side] if side == "generator" else None
        try:
            loss.backward(inputs=inputs)  # type: ignore[no-untyped-call]
        except (AttributeError, RuntimeError, TypeError) as error:
            if fault := _not_a_loss(loss):
                what = f"{type(self.loss).__qualname__}.{side}_loss"
                raise PluginNotUsable(
                    f"{what} must return a scalar tensor with a graph, it returned {fault}",
                    kind="loss",
                ) from error
            raise

    def _update_discriminator(self) -> None:
        self.optimisers["discriminator"].step()
        if self._after_critic_step is not None:
            self._after_critic_step(self.networks.discriminator)

    def anneal(self, fraction: float) -> None:
        """Set the learning rates for that fraction of the budget."""
        if self.training.schedule == "linear":
            generator, discriminator = self.training.generator, self.training.discriminator
            set_learning_rate(self.optimisers["generator"], generator.lr * (1 - fraction))
            set_learning_rate(self.optimisers["discriminator"], discriminator.lr * (1 - fraction))


def _not_a_loss(value: object) -> str | None:
    """What was returned instead of a loss that can be differentiated; None for one that can be."""
    if not isinstance(value, Tensor) or value.numel() != 1:
        return described(value)
    return None if value.requires_grad else "a tensor without a graph"


class Keeper(Protocol):
    """Keeps the state of a run between two steps, so that it can be stopped and go on."""

    def due(self) -> bool:
        """Whether there is something to do."""

    def keep(self, *, before_evaluation: bool) -> None:
        """Do it, the clock being stopped."""


def train(
    trainer: Trainer,
    clock: BudgetClock,
    telemetry: Telemetry,
    at_mark: Callable[[], None],
    keeper: Keeper | None = None,
) -> None:
    """Train until the budget is spent.

    Args:
        trainer: what is trained.
        clock: the budget; it runs only inside this loop's steps.
        telemetry: takes losses, logits and gradient norms.
        at_mark: called at every mark of the budget before its end.
        keeper: looks after the state between steps.
    """
    if clock.steps == 0:
        count_first_step(trainer, clock)
    clock.start()
    while clock.allows(*trainer.cost(clock.steps)):
        evaluate = clock.mark_due()
        if evaluate or (keeper is not None and keeper.due()):
            clock.stop()
            telemetry.flush()
            if keeper is not None:  # first, so that an evaluation that is stopped is done again
                keeper.keep(before_evaluation=evaluate)
            if evaluate:
                at_mark()
                clock.pass_marks()
            clock.start()

        trainer.anneal(clock.fraction())
        for _ in range(trainer.critic_steps(clock.steps)):
            seen, discriminator_loss = trainer.discriminator_step()
        _, generator_loss = trainer.generator_step()

        if telemetry.wants(clock.steps):
            norms = [
                gradient_norm(trainer.parameters["discriminator"]),
                gradient_norm(trainer.parameters["generator"]),
            ]
            losses = [discriminator_loss, generator_loss]
            telemetry.record(clock.steps, [*losses, *seen.mean_logits(), *norms])

        clock.count_step(*trainer.cost(clock.steps))
    clock.stop()
    telemetry.flush()


def count_first_step(trainer: Trainer, clock: BudgetClock) -> None:
    """Take the first step under torch's FLOP counter, which sees double backward as well."""
    with StepFlops() as counter:
        trainer.discriminator_step()
    trainer.flops["discriminator"] = counter.total
    for _ in range(trainer.critic_steps(0) - 1):
        trainer.discriminator_step()
    with StepFlops() as counter:
        trainer.generator_step()
    trainer.flops["generator"] = counter.total
    clock.count_step(*trainer.cost(0))


def _trained_by(side: str, networks: Networks) -> list[nn.Parameter]:
    modules = [networks.generator if side == "generator" else networks.discriminator]
    modules += [module for module, trainer in networks.extra.values() if trainer == side]
    return [
        parameter
        for module in modules
        for parameter in module.parameters()
        if parameter.requires_grad
    ]
