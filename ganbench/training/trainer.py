"""Everything that changes while a GAN trains, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from ganbench.api.errors import PluginNotUsable
from ganbench.api.networks import Networks
from ganbench.api.recipe import SIDES, Optimiser, Side, Training
from ganbench.training.average import AverageGenerator
from ganbench.training.costs import Costs
from ganbench.training.feed import LabelFeed, LatentFeed, RealFeed
from ganbench.training.kept import put_back
from ganbench.training.objective import Objective, Part, not_a_loss
from ganbench.training.optimisers import make_optimiser, set_learning_rate, stepper
from ganbench.training.rules import rule_of
from ganbench.training.sampling import SAMPLING_BATCH
from ganbench.training.state import made_of
from ganbench.training.step import Batch, TrainingStep, described
from ganbench.training.wrapped import samples_per_judgement


class Trainer:
    """Networks, their optimisers, what they minimise, and where batches come from.

    It implements `ganbench.api.techniques.Game`.

    Args:
        networks: on the device, in train mode.
        objective: what both sides minimise.
        training: optimisers, batch sizes and schedule.
        real, latents: where batches come from.
        device: where it all happens.
        labels: where the classes of fakes come from, for conditional networks.

    Raises:
        PluginNotUsable: there is nothing to train on a side, or something that nobody trains.
    """

    def __init__(
        self,
        *,
        networks: Networks,
        objective: Objective,
        training: Training,
        real: RealFeed,
        latents: LatentFeed,
        device: torch.device,
        labels: LabelFeed | None = None,
    ) -> None:
        self.networks = networks
        self.objective = objective
        self.training = training
        self.real = real
        # Of its own, so that a term which looks at real samples in the generator's steps leaves the
        # discriminator's batches as they are without it.
        self.generator_real = real.beside("generator steps")
        self.latents = latents
        self.labels = labels
        self.device = device
        self.number = 0
        self.fraction = 0.0
        """Of the budget that is spent: what `progress` tells, and nobody is noted."""
        self.fraction_readers: set[str] = set()
        """Who has asked for the fraction: with another budget they would do something else."""
        self.apart: str | None = None
        """Why it goes on eagerly, if it could not be stacked with others any more."""
        self.asks: Part | None = None
        """Who acts on this game, and draws from it; None: whoever may have all."""
        self.extra = {name: extra.module for name, extra in networks.extras.items()}
        self.trained = trained_sides(networks, objective, training)
        self.optimisers: dict[str, torch.optim.Optimizer] = {}
        self._rates: list[tuple[torch.optim.Optimizer, float]] = []
        self._clipped: dict[Side, list[tuple[list[nn.Parameter], float]]] = {s: [] for s in SIDES}
        self._steps: dict[Side, list[Callable[[], object]]] = {side: [] for side in SIDES}
        self._make_optimisers()
        decay = training.average_decay
        self.average = AverageGenerator(networks.generator, decay) if decay else None
        self.costs = Costs()
        self.last: dict[Side, tuple[TrainingStep, Tensor]] = {}
        """The last step of each side within the present round, and its loss."""
        self.drawn = 0
        """Real samples that the discriminator has been given to learn from in the present round."""
        self._before_update = objective.methods("before_update")
        self._after_critic = objective.methods("after_discriminator_step")
        self._opponents = objective.methods("opponent")
        self._judged = samples_per_judgement(networks.discriminator)
        self.built = made_of(self)
        """What there is to put a state into, where the same trainer is built again."""

    def _make_optimisers(self) -> None:
        """One for each side, and one for each extra module that brings its own."""
        extras = self.networks.extras
        for side in SIDES:
            recipe: Optimiser | None = getattr(self.training, side)
            if recipe is None:  # a control's
                continue
            own = {
                name: [one for one in extra.module.parameters() if one.requires_grad]
                for name, extra in extras.items()
                if extra.side == side and extra.optimiser is not None
            }
            apart = {id(one) for each in own.values() for one in each}
            main = [one for one in self.trained[side] if id(one) not in apart]
            self._add_optimiser(side, side, recipe, main)
            for name, parameters in own.items():
                optimiser = extras[name].optimiser
                assert optimiser is not None
                self._add_optimiser(side, f"extra {name}", optimiser, parameters)

    def _add_optimiser(
        self, side: Side, name: str, recipe: Optimiser, parameters: list[nn.Parameter]
    ) -> None:
        if not parameters:
            raise PluginNotUsable(f"the {name} has no parameter that can be trained", kind="model")
        optimiser = make_optimiser(recipe, parameters, self.device)
        self.optimisers[name] = optimiser
        self._rates.append((optimiser, recipe.lr))
        self._steps[side].append(stepper(optimiser))
        if recipe.clip_norm is not None:
            self._clipped[side].append((parameters, recipe.clip_norm))

    # What is evaluated.

    @property
    def evaluated(self) -> nn.Module:
        """The generator that gets evaluated: the average where the recipe asks for one."""
        return self.networks.generator if self.average is None else self.average.module

    def logits(self, samples: Tensor, labels: Tensor | None = None) -> Tensor:
        """(J,) logits of the discriminator, in eval mode for the call, of samples (N, *shape); with
        a graph where the samples require a gradient. Samples left over from whole packs have none.
        """
        whole = len(samples) - len(samples) % self._judged
        discriminator = self.networks.discriminator
        training = discriminator.training
        discriminator.eval()
        given = [samples[:whole], *([] if labels is None else [labels[:whole]])]
        size = SAMPLING_BATCH - SAMPLING_BATCH % self._judged
        try:
            parts = zip(*(torch.split(one.to(self.device), size) for one in given), strict=True)
            with torch.set_grad_enabled(samples.requires_grad):
                return torch.cat([discriminator(*part).view(-1) for part in parts])
        finally:
            discriminator.train(training)

    # The game, as techniques see it.

    @property
    def progress(self) -> float:
        """The fraction of the budget that is spent, in [0, 1]."""
        self.note_reader(self.asks)
        return self.fraction

    def parameters(self, side: Side) -> list[nn.Parameter]:
        """What that side's optimisers train."""
        return self.trained[side]

    def draw(self, side: Side, *, graph: bool = False) -> TrainingStep:
        """A fresh batch for a step of that side."""
        networks, control = self.networks, self.networks.control
        needs = self.needs(side)
        batch = self.inputs(side)
        if not control or "fake" in needs:
            inputs = [one for one in (batch.latent, batch.fake_labels) if one is not None]
            with torch.set_grad_enabled(side == "generator" or graph):
                fake = networks.generator(*inputs)
            self.check_samples(fake, len(batch.latent))
            if "fake_slopes" in needs and not fake.requires_grad:
                fake.requires_grad_()
            batch = replace(batch, fake=fake)
        step = TrainingStep(
            networks.generator,
            networks.discriminator,
            self.extra,
            batch,
            conditional=networks.conditional,
            number=self.number,
            progress=self.fraction,
            role=side,
            wants_features="features" in needs,
            control=control,
            noted=self.note_reader,
        )
        step.asks = self.asks
        return step

    def needs(self, side: Side) -> frozenset[str]:
        """What is needed of the present step of that side, by whoever draws it as well; where
        updates are simultaneous, both sides' losses are computed on the discriminator's."""
        both = side == "discriminator" and self.training.updates == "simultaneous"
        sides = SIDES if both else (side,)
        own = self.asks.needs if self.asks is not None else frozenset[str]()
        return own.union(*(self.objective.needs(one, self.number) for one in sides))

    def begin(self, number: int, fraction: float) -> None:
        """Begin a round: generator step `number`, at that fraction of the budget."""
        self.drawn = 0
        self.number, self.fraction = number, fraction
        self.last.clear()  # telemetry must not take an old step's logits for this one's
        self.anneal()

    def inputs(self, side: Side) -> Batch:
        """What a step of that side begins with: all but the fakes."""
        of_generator = side == "generator"
        training, networks = self.training, self.networks
        count = training.generator_batch if of_generator else training.batch_size
        needs, control = self.needs(side), networks.control
        latent = self.latents.draw(count)
        real = labels = fake_labels = None
        if networks.conditional and of_generator and self.labels is not None:
            fake_labels = self.labels.draw(count)
        if not of_generator or control or "real" in needs:
            beside = of_generator and not control
            feed = self.generator_real if beside else self.real
            if beside and fake_labels is not None:  # pairs of one class, as the discriminator has
                real, labels = feed.of_classes(fake_labels)
            else:
                real, labels = feed.draw(count)
            self.drawn += 0 if beside else count
            if "real_slopes" in needs:  # before its logits are computed, once for all terms
                real.requires_grad_()
        if networks.conditional and fake_labels is None:
            fake_labels = labels
        return Batch(latent=latent, real=real, labels=labels, fake_labels=fake_labels)

    def loss(self, side: Side, step: TrainingStep) -> Tensor:
        """Scalar: what that side minimises on that batch.

        Of a step before another discriminator losses and techniques remember nothing: it is what
        might be, and has not been.
        """
        if step.supposed:
            with put_back(part.does for part in self.objective.parts):
                return self.objective.total(side, step)
        loss = self.objective.total(side, step)
        self.last[side] = step, loss
        return loss

    def differentiate(
        self, side: Side, step: TrainingStep | None = None, *, again: bool = False
    ) -> None:
        """Put fresh gradients of that side's objective into `parameter.grad`.

        In a generator step, gradients are computed for the generator's side alone: none is left
        behind in the discriminator, and none is computed there in vain. In a discriminator step
        fakes mostly have no graph; then there is nothing to leave out, and naming inputs would cost
        time.

        Args:
            side: whose objective.
            step: of what batch; None: of a fresh one.
            again: whether the other side's is of the same step, and comes next.
        """
        step = self.draw(side) if step is None else step
        if side == "generator":
            step = self._opposed(step)
        for one in self.trained[side]:
            one.grad = None
        loss: Tensor | None = None
        try:
            loss = self.objective.total(side, step)
            inputs = self.trained[side] if step.differentiable else None
            loss.backward(retain_graph=again, inputs=inputs)  # type: ignore[no-untyped-call]
        except (AttributeError, RuntimeError, TypeError) as error:
            wrong = loss is None or not_a_loss(loss)
            if wrong and (fault := self.objective.blame(side, step)):
                raise fault from error
            raise
        self.last[side] = step, loss

    def update(self, side: Side) -> None:
        """Take one step of that side's optimisers with the gradients that are there."""
        for _, act in self._before_update:
            act(self, side)
        for parameters, norm in self._clipped[side]:
            _clip(parameters, norm)
        for take_step in self._steps[side]:
            take_step()
        if side == "discriminator":
            for _, act in self._after_critic:
                act(self.networks.discriminator)

    def rule(self, side: Side) -> Callable[..., list[Tensor]]:
        """That side's optimiser as a function."""
        recipe: Optimiser = getattr(self.training, side)
        return rule_of(self.optimisers[side], self.trained[side], recipe.clip_norm)

    def anneal(self) -> None:
        """Set the learning rates for the fraction of the budget that is spent."""
        if self.training.schedule == "constant":
            return
        self.fraction_readers.add("its learning-rate schedule")
        factor = self.training.rate_factor(self.fraction)
        for optimiser, lr in self._rates:
            set_learning_rate(optimiser, lr * factor)

    def note_reader(self, part: Part | None) -> None:
        """Remember who has asked for the fraction of the budget."""
        self.fraction_readers.add(f"its {part.kind} {part.name}" if part else "what it is made of")

    def _opposed(self, step: TrainingStep) -> TrainingStep:
        """The step before the opponent that techniques put in the discriminator's place."""
        asks = step.asks
        for part, opponent in self._opponents:
            step.asks = part
            judge = opponent(self, step)
            if not isinstance(judge, nn.Module):
                raise PluginNotUsable(
                    f"opponent of technique {part.name} must return a module that judges samples, "
                    f"it returned {described(judge)}",
                    kind="technique",
                )
            opposed = step.judged_by(judge)
            step.asks = opposed.asks = asks
            opposed.logged = step.logged
            step = opposed
        return step

    def check_samples(self, fake: object, count: int) -> None:
        """Make sure that a generator has made so many samples.

        Raises:
            PluginNotUsable: it has returned something else.
        """
        wanted = (count, *self.real.shape)
        if not isinstance(fake, Tensor) or fake.shape != wanted:
            raise PluginNotUsable(
                f"the generator must return samples {wanted}, it returned {described(fake)}",
                kind="model",
            )


def _clip(parameters: list[nn.Parameter], norm: float) -> None:
    """As `clip_grad_norm_`, which moves norms to the device where they are: a move all the same."""
    gradients = [one.grad for one in parameters if one.grad is not None]
    if not gradients:
        return
    total = torch.stack([gradient.norm() for gradient in gradients]).norm()
    factor = (norm / (total + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor)


def trained_sides(
    networks: Networks, objective: Objective, training: Training
) -> dict[Side, list[nn.Parameter]]:
    """What each side's optimisers train, each parameter once.

    Raises:
        PluginNotUsable: nothing, on a side that is trained; something on one that is not; the same
            on both.
    """
    own = objective.parameters()
    found: dict[Side, list[nn.Parameter]] = {}
    for side in SIDES:
        named = trainable(networks, side)
        if getattr(training, side) is None and (named or own[side]):
            count = len(named) + len(own[side])
            raise PluginNotUsable(
                f"the {side} side of a control has {count} trainable parameters that nobody trains",
                "make buffers of what is fitted at once, and say of extra modules that the "
                "generator's side trains them",
                kind="model",
            )
        if not named and getattr(training, side) is not None:
            raise PluginNotUsable(f"the {side} has no parameter that can be trained", kind="model")
        found[side] = list(dict.fromkeys([*named.values(), *own[side]]))
    _refuse_shared(networks)
    return found


def trainable(networks: Networks, side: Side) -> dict[str, nn.Parameter]:
    """The parameters of the networks that one side's optimisers train, by name."""
    modules: dict[str, nn.Module] = {side: getattr(networks, side)}
    modules |= {name: one.module for name, one in networks.extras.items() if one.side == side}
    return {
        f"{owner}.{name}": parameter
        for owner, module in modules.items()
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def _refuse_shared(networks: Networks) -> None:
    """What one side learns would be moved by the other side's optimiser.

    Raises:
        PluginNotUsable: a parameter is on both sides.
    """
    judging, generating = (trainable(networks, side) for side in SIDES)
    names = {parameter: name for name, parameter in generating.items()}
    for name, parameter in judging.items():
        if parameter in names:
            raise PluginNotUsable(
                f"{names[parameter]} and {name} are one parameter, which both sides would train",
                "give each side a layer of its own (copy.deepcopy), or freeze what both share: "
                "requires_grad_(False)",
                kind="model",
            )
