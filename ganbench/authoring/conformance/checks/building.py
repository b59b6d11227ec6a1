"""Networks as they are built: for which data, with which outputs, from which random numbers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganbench.api.data import DataInfo
from ganbench.api.networks import Networks
from ganbench.authoring.conformance.results import Broken
from ganbench.authoring.conformance.subject import (
    Case,
    Subject,
    advance,
    described,
    first_difference,
    has_batch_norm,
    modules,
    weights,
)
from ganbench.modalities import modality_of
from ganbench.planning.variants import Variant
from ganbench.training.feed import LatentFeed
from ganbench.training.loop import Eager
from ganbench.training.sampling import SAMPLING_BATCH, sample
from ganbench.training.seeds import seed_everything

SEED, OTHER_SEED = 1, 2
SIGMOID_SEEDS = range(6)
"""Logits start near 0, above or below it by chance: after six builds it is a sigmoid, not luck."""


def builds(subject: Subject) -> None:
    """Every shape that it declares, and every choice of every parameter."""
    subject.cases  # noqa: B018  (says so if nothing fits)
    for variant, info in _declared(subject):
        _build(subject, variant, info)
    for name, parameter in subject.spec.parameters.items():
        if subject.kind == "variant" and len(subject.specs) > 1:
            return  # a pair: its parts are checked by themselves
        for choice in parameter.choices or ((True, False) if _is_flag(parameter.default) else ()):
            for variant, only in subject.variants({name: choice}):
                for case in subject.cases:
                    if only in ("", case.info.modality):
                        _build(subject, variant, case.info)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _declared(subject: Subject) -> Iterator[tuple[Variant, DataInfo]]:
    """Losses do not see shapes: for them the cases are enough."""
    if subject.kind == "loss":
        yield from ((case.variant, case.info) for case in subject.cases)
        return
    for variant, _ in subject.variants():
        for info in subject.shapes:
            if variant.misfit(subject.catalogue, info) is None:
                yield variant, info


def _build(subject: Subject, variant: Variant, info: DataInfo) -> None:
    with subject.blamed(f"{variant.display} on {described(info)}"):
        case = Case(variant, info, variant.recipe(subject.catalogue, info))
        if subject.kind == "loss":
            subject.trainer(case)
        else:
            networks = subject.networks(case)
            with torch.no_grad():
                networks.discriminator(networks.generator(_latents(networks, 2, subject)))


def outputs(subject: Subject) -> None:
    """Shape, type, range and finiteness in train and in eval mode; no sigmoid."""
    for case in subject.cases:
        seed_everything(SEED)
        networks = subject.networks(case)
        stored = subject.data(case).train[:4].to(subject.device)
        real = modality_of(case.info).encode(stored, case.info)
        for mode in (True, False):
            for module in modules(networks).values():
                module.train(mode)
            with torch.no_grad():
                fake = networks.generator(_latents(networks, 4, subject))
                logits = networks.discriminator(real), networks.discriminator(fake)
            _samples(fake, case)
            for one in logits:
                _logits(one, case)
        _no_sigmoid(subject, case, real)


def _samples(fake: Tensor, case: Case) -> None:
    wanted = (4, *case.info.shape)
    if not isinstance(fake, Tensor) or tuple(fake.shape) != wanted:
        got = tuple(fake.shape) if isinstance(fake, Tensor) else type(fake).__name__
        raise Broken(f"{case}: samples are {got}, not {wanted}")
    _floats(fake, "samples", case)
    if fault := modality_of(case.info).range_fault(fake, case.info):
        raise Broken(f"{case}: samples {fault}")


def _logits(logits: Tensor, case: Case) -> None:
    if not isinstance(logits, Tensor) or tuple(logits.shape) not in ((4,), (4, 1)):
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise Broken(f"{case}: logits of 4 samples are {got}, not (4,) or (4, 1)")
    _floats(logits, "logits", case)


def _floats(tensor: Tensor, what: str, case: Case) -> None:
    if tensor.dtype != torch.float32:
        raise Broken(f"{case}: {what} are {tensor.dtype}, not torch.float32")
    if not bool(torch.isfinite(tensor).all()):
        raise Broken(f"{case}: {what} are not finite")


def _no_sigmoid(subject: Subject, case: Case, real: Tensor) -> None:
    found = []
    for seed in SIGMOID_SEEDS:
        seed_everything(seed)
        with torch.no_grad():
            found.append(subject.networks(case).discriminator(real).flatten())
    logits = torch.cat(found)
    if bool(((logits > 0.05) & (logits < 0.95)).all()):
        raise Broken(f"{case}: logits lie between 0 and 1 in every build: is there a sigmoid?")


def seeded_build(subject: Subject) -> None:
    """Parameters and buffers of two builds under one seed."""
    for case in subject.cases:
        one = weights(subject.trainer(case, seed=SEED).networks)
        other = weights(subject.trainer(case, seed=SEED).networks)
        if name := first_difference(one, other):
            raise Broken(f"{case}: {name} differs between two builds with one seed")


def state_dict(subject: Subject) -> None:
    """What a state_dict carries from one build to another of another seed, after training."""
    for case in subject.cases:
        trainer = subject.trainer(case, seed=SEED)
        advance(trainer, 1)
        fresh = subject.trainer(case, seed=OTHER_SEED).networks
        latent = _latents(trainer.networks, 4, subject)
        for name, module in modules(trainer.networks).items():
            missing = modules(fresh)[name].load_state_dict(module.state_dict(), strict=False)
            if missing.missing_keys or missing.unexpected_keys:
                keys = (*missing.missing_keys, *missing.unexpected_keys)
                raise Broken(f"{case}: the state_dict of {name} does not fit a fresh build: {keys}")
        before, after = (_evaluated(one, latent) for one in (trainer.networks, fresh))
        for what, one, other in zip(("samples", "logits"), before, after, strict=True):
            if not torch.equal(one, other):
                raise Broken(f"{case}: {what} differ after the state_dict has been loaded")


def _evaluated(networks: Networks, latent: Tensor) -> tuple[Tensor, Tensor]:
    for module in modules(networks).values():
        module.eval()
    with torch.no_grad():
        fake = networks.generator(latent)
        return fake, networks.discriminator(fake)


def batch_sizes(subject: Subject) -> None:
    """Sampling with a last batch of one; training steps with an odd batch and with one sample."""
    for case in subject.cases:
        networks = subject.trainer(case, seed=SEED).networks
        _sampling(subject, case, networks)
        mixed = any(map(has_batch_norm, modules(networks).values()))
        for batch in (3,) if mixed else (3, 1):
            trainer = subject.trainer(
                case, seed=SEED, batch_size=batch, generator_batch_size=None, critic_steps=1
            )
            with subject.blamed(f"{case}, a training step with {batch} sample(s)"):
                Eager(trainer).step(0, 0.0)
                (_, critic), (_, generator) = trainer.last.values()
            if not bool(torch.isfinite(critic + generator)):
                raise Broken(f"{case}: losses of {batch} sample(s) are not finite")


def _sampling(subject: Subject, case: Case, networks: Networks) -> None:
    """As evaluation samples: in batches, the last of which may be of any size."""
    count = SAMPLING_BATCH + 1
    with subject.blamed(f"{case}, a last batch of one sample"):
        fakes = sample(networks.generator, networks.latents, count, subject.device, seed=SEED)
        with torch.no_grad():
            logits = networks.discriminator.eval()(fakes[:1])
    if tuple(fakes.shape) != (count, *case.info.shape):
        raise Broken(f"{case}: {count} samples have shape {tuple(fakes.shape)}")
    if logits.numel() != 1:
        raise Broken(f"{case}: the logits of one sample have shape {tuple(logits.shape)}")


def _latents(networks: Networks, count: int, subject: Subject) -> Tensor:
    return LatentFeed(networks.latents, subject.device, SEED).draw(count)
