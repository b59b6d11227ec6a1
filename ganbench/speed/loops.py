"""Training loops as one writes them by hand for a single experiment: what engines are held against.

Networks, losses, batch sizes and numbers of steps are those of the variant. `bare` does nothing
that it need not: data resident, batches by index, fused Adam, fakes of critic steps without a
graph, no gradient for the discriminator in generator steps; no clock, no telemetry. `textbook`
is what tutorials have: a DataLoader, `.item()` at every step, Adam as it comes, fakes with a graph
that is cut off, gradients left in the discriminator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus
from torch.utils.data import DataLoader, TensorDataset

from ganbench.api.networks import Latent, Networks
from ganbench.api.recipe import Optimiser, Recipe
from ganbench.modalities import modality_of
from ganbench.running.contracts import METHODS
from ganbench.speed.subject import Subject
from ganbench.training.objective import Objective
from ganbench.training.wrapped import samples_per_judgement

Loop = Iterator[None]
"""Takes a generator step with its critic steps at each `next`."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides minimise, of logits.

    Args:
        critic: of logits (B,) of real samples and of fakes.
        generator: of logits (B,) of fakes.
        penalty: weight of the two-sided gradient penalty of WGAN-GP; 0: there is none.
    """

    critic: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    penalty: float = 0.0


def _cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def _difference(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


WRITTEN: Final[Mapping[str, Terms]] = {
    "non-saturating": Terms(_cross_entropy, lambda fake: softplus(-fake).mean()),
    "minimax": Terms(_cross_entropy, lambda fake: -softplus(fake).mean()),
    "hinge": Terms(
        lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(), lambda fake: -fake.mean()
    ),
    "lsgan": Terms(
        lambda real, fake: ((real - 1).square().mean() + fake.square().mean()) / 2,
        lambda fake: (fake - 1).square().mean() / 2,
    ),
    "wasserstein": Terms(_difference, lambda fake: -fake.mean()),
    "wgan-gp": Terms(_difference, lambda fake: -fake.mean(), penalty=10.0),
}
"""By the name of the loss."""


def terms_of(subject: Subject) -> Terms | str:
    """What loops minimise for a variant, or why there is no loop that does what it does."""
    players = subject.players
    recipe, objective = players.recipe, players.objective(subject.seen.info)
    reason = _not_written(recipe, objective, subject.networks())
    if not reason and len(subject.data.train) < recipe.training.batch_size:
        reason = "a batch is larger than the data set"
    if reason:
        return reason
    found, penalty = WRITTEN[recipe.loss], recipe.loss_parameters.get("penalty")
    return found if penalty is None else Terms(found.critic, found.generator, float(penalty))


def _not_written(recipe: Recipe, objective: Objective, networks: Networks) -> str | None:
    """Why there is no loop for a recipe; None if there is one."""
    training = recipe.training
    if recipe.loss not in WRITTEN:
        return f"no loop is written by hand for loss {recipe.loss}"
    for part in objective.techniques:
        if acts := [name for name in dir(part.does) if name in _ACTS]:
            return f"no loop is written by hand for technique {part.name} ({', '.join(acts)})"
    usual = isinstance(networks.latent, Latent) and networks.latent.law != "categorical"
    if networks.conditional or networks.extras or not usual:
        return "no loop is written by hand for conditional networks, extra modules, mixed latents"
    if WRITTEN[recipe.loss].penalty and samples_per_judgement(networks.discriminator) > 1:
        return "no loop is written by hand for a penalty on packs of samples"
    plain = (training.updates, training.critic_every, training.sampling, training.average_decay)
    if plain != ("alternating", 1, "uniform", 0.0):
        return "no loop is written by hand for its way of training"
    if not all(_is_adam(one) for one in (training.generator, training.discriminator)):
        return "no loop is written by hand for its optimiser"
    return None


_ACTS: Final = {*METHODS} - {"sees", "networks"}
"""What a technique may do beside changing the networks, which loops are given as they are."""


def _is_adam(optimiser: Optimiser | None) -> bool:
    return optimiser is not None and optimiser.name == "adam" and optimiser.clip_norm is None


def bare(subject: Subject, terms: Terms, *, lean: bool = True) -> Loop:
    """The loop that does nothing that it need not.

    Args:
        subject: whose networks, data and constants it takes.
        terms: what it minimises.
        lean: freeze the discriminator in generator steps; else gradients of it that nobody uses are
            computed there.
    """
    networks, training = subject.networks(), subject.players.recipe.training
    G, D, size = networks.generator, networks.discriminator, training.batch_size
    g_adam, d_adam = (
        _adam(module, recipe, fused=True)
        for module, recipe in ((G, training.generator), (D, training.discriminator))
    )
    real_batches, latents = _by_index(subject, size), _latents(networks, subject.device)

    while True:
        for _ in range(training.critic_steps):
            real = next(real_batches)
            with torch.no_grad():
                fake = G(latents(size))
            loss = terms.critic(D(real).view(-1), D(fake).view(-1))
            if terms.penalty:
                loss = loss + terms.penalty * _penalty(D, real, fake)
            d_adam.zero_grad()
            _differentiate(loss)
            d_adam.step()

        if lean:
            D.requires_grad_(False)
        loss = terms.generator(D(G(latents(training.generator_batch))).view(-1))
        g_adam.zero_grad()
        _differentiate(loss)
        g_adam.step()
        if lean:
            D.requires_grad_(True)
        yield


def textbook(subject: Subject, terms: Terms) -> Loop:
    """The loop that tutorials have.

    Args:
        subject, terms: as of `bare`.
    """
    networks, training = subject.networks(), subject.players.recipe.training
    G, D, size = networks.generator, networks.discriminator, training.batch_size
    g_adam, d_adam = (
        _adam(module, recipe)
        for module, recipe in ((G, training.generator), (D, training.discriminator))
    )
    real_batches, latents = _loaded(subject, size), _latents(networks, subject.device)

    while True:
        for _ in range(training.critic_steps):
            real = next(real_batches)
            D.zero_grad()
            fake = G(latents(size)).detach()
            loss = terms.critic(D(real).view(-1), D(fake).view(-1))
            if terms.penalty:
                loss = loss + terms.penalty * _penalty(D, real, fake)
            _differentiate(loss)
            d_adam.step()
            loss.item()

        G.zero_grad()
        loss = terms.generator(D(G(latents(training.generator_batch))).view(-1))
        _differentiate(loss)
        g_adam.step()
        loss.item()
        yield


def _adam(module: nn.Module, recipe: Optimiser | None, *, fused: bool = False) -> torch.optim.Adam:
    assert recipe is not None
    return torch.optim.Adam(
        module.parameters(),
        lr=recipe.lr,
        betas=recipe.betas,
        eps=recipe.eps,
        weight_decay=recipe.weight_decay,
        fused=True if fused else None,
    )


def _penalty(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    mix = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device)
    between = torch.lerp(fake, real, mix).requires_grad_()
    (slope,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
    penalty: Tensor = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


def _differentiate(loss: Tensor) -> None:
    loss.backward()  # type: ignore[no-untyped-call]


def _latents(networks: Networks, device: torch.device) -> Callable[[int], Tensor]:
    (law,) = networks.latents

    def draw(count: int) -> Tensor:
        shape = (count, law.size)
        if law.law == "uniform":
            return torch.rand(shape, device=device).mul_(2).sub_(1)
        return torch.randn(shape, device=device)

    return draw


def _by_index(subject: Subject, size: int) -> Iterator[Tensor]:
    """Batches of samples that lie on the device as they are stored."""
    info = subject.seen.info
    encode, samples = modality_of(info).encode, subject.data.train.to(subject.device)
    while True:
        for chosen in torch.split(torch.randperm(len(samples), device=samples.device), size):
            if len(chosen) == size:
                yield encode(samples[chosen], info)


def _loaded(subject: Subject, size: int) -> Iterator[Tensor]:
    """Batches from a DataLoader, moved to the device one after the other."""
    info = subject.seen.info
    encode = modality_of(info).encode
    loader = DataLoader(
        TensorDataset(subject.data.train), batch_size=size, shuffle=True, drop_last=True
    )
    while True:
        for (batch,) in loader:
            yield encode(batch.to(subject.device), info)
