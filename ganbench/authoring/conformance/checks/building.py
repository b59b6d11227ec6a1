"""Networks as they are built: for which data, with which outputs, from which random numbers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganbench.api.data import DataInfo
from ganbench.api.networks import Networks
from ganbench.api.parameters import Value
from ganbench.authoring.conformance.cases import Case
from ganbench.authoring.conformance.comparing import first_difference, modules, weights
from ganbench.authoring.conformance.looking import Look, evaluated
from ganbench.authoring.conformance.results import Broken
from ganbench.authoring.conformance.subject import Subject, advance
from ganbench.modalities import modality_of
from ganbench.training.coupling import JUDGEMENTS, couples_samples
from ganbench.training.first_step import never_negative, probabilities
from ganbench.training.loop import Eager
from ganbench.training.sampling import SAMPLING_BATCH, noise_of, sample
from ganbench.training.seeds import seed_everything
from ganbench.training.wrapped import samples_per_judgement

SEED, OTHER_SEED = 1, 2
SIGMOID_SEEDS = range(6)
"""Logits start near 0, above or below it by chance: after six builds it is a sigmoid, not luck."""

RETURN_SAMPLES = "the generator returns float32 (B, *shape)"
_END = "end the generator in ganbench.output_layer(data), which leads into the data's range"
RETURN_LOGITS = "the discriminator returns float32 logits (B,) or (B, 1), one for each judgement"


def builds(subject: Subject) -> None:
    """Every shape that it declares, and every choice of every parameter."""
    cases = subject.cases  # says so if nothing fits
    for case in cases if subject.kind == "loss" else subject.trainings():
        _build(subject, case)
    if len(subject.specs) > 1:
        return  # put together: its parts are checked by themselves
    for name, choice in _choices(subject):
        for case in subject.smallest({name: choice}):
            _build(subject, case)


def _choices(subject: Subject) -> Iterator[tuple[str, Value]]:
    for name, parameter in subject.spec.parameters.items():
        flag: tuple[Value, ...] = (True, False) if isinstance(parameter.default, bool) else ()
        yield from ((name, choice) for choice in parameter.choices or flag)


def _build(subject: Subject, case: Case) -> None:
    with subject.blamed(str(case)):
        subject.objective(case)
        if subject.kind == "loss":
            return
        networks = subject.networks(case)
        look = subject.look(case, networks, 2)
        with torch.no_grad():
            fakes = look.fakes()
            if not case.joint:
                look.logits(fakes)


def outputs(subject: Subject) -> None:
    """Shape, type, range and finiteness in train and in eval mode; the ends of the networks."""
    for case in subject.cases:
        seed_everything(SEED)
        networks = subject.networks(case)
        look = subject.look(case, networks, 4)
        for mode in (True, False):
            for module in modules(networks).values():
                module.train(mode)
            with torch.no_grad():
                fakes = look.fakes()
                _samples(fakes, look, case)
                for samples in () if case.joint else (look.real, fakes):
                    _logits(look.logits(samples), look, case)
        _ends(look, case)
        _ends_of_builds(subject, case)


def _ends(look: Look, case: Case) -> None:
    """What both networks end in, as far as derivatives tell, in the words of a run."""
    fakes = look.fakes()
    faults = [never_negative(fakes, look.real)]
    faults += [] if case.joint else [probabilities(look.logits(fakes))]
    for fault in filter(None, faults):
        raise Broken(f"{case}: {fault.message}", fault.hint)


def _samples(fakes: Tensor, look: Look, case: Case) -> None:
    wanted = (len(look.latent), *look.info.shape)
    if not isinstance(fakes, Tensor) or tuple(fakes.shape) != wanted:
        raise Broken(f"{case}: samples are {_shape(fakes)}, not {wanted}", RETURN_SAMPLES)
    _floats(fakes, "samples", case, RETURN_SAMPLES)
    if fault := modality_of(look.info).range_fault(fakes, look.info):
        raise Broken(f"{case}: samples {fault}", _END)


def _logits(logits: Tensor, look: Look, case: Case) -> None:
    count = look.judgements
    if not isinstance(logits, Tensor) or tuple(logits.shape) not in ((count,), (count, 1)):
        found = f"logits of {len(look.real)} samples are {_shape(logits)}"
        raise Broken(f"{case}: {found}, not ({count},) or ({count}, 1)", RETURN_LOGITS)
    _floats(logits, "logits", case, RETURN_LOGITS)


def _shape(found: object) -> object:
    return tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__


def _floats(tensor: Tensor, what: str, case: Case, mend: str) -> None:
    if tensor.dtype != torch.float32:
        raise Broken(f"{case}: {what} are {tensor.dtype}, not torch.float32", mend)
    if not bool(torch.isfinite(tensor).all()):
        raise Broken(
            f"{case}: {what} are not finite",
            "begin with weights that are not as large, and divide by nothing that may be 0",
        )


def _ends_of_builds(subject: Subject, case: Case) -> None:
    """What networks end in, where derivatives do not tell: by what comes out of several builds."""
    logits, samples = [], []
    for seed in SIGMOID_SEEDS:
        seed_everything(seed)
        networks = subject.networks(case)
        look = subject.look(case, networks, 4)
        with torch.no_grad():
            samples.append(look.fakes())
            if not case.joint:
                logits.append(look.logits(look.real).flatten())
    if logits and all(bool(((logit > 0.05) & (logit < 0.95)).all()) for logit in logits):
        raise Broken(
            f"{case}: logits lie between 0 and 1 in every build: is there a sigmoid?",
            "leave the sigmoid out; a loss that is written with probabilities takes the sigmoid of "
            "step.fake_logits",
        )
    if (
        _has_range(look.info)
        and bool((look.real < 0).any())
        and all(bool((one >= 0).all()) and bool(one.any()) for one in samples)
    ):
        raise Broken(f"{case}: samples are at least 0 in every build, and real ones are not", _END)


def _has_range(info: DataInfo) -> bool:
    """Whether there are numbers that no sample of such data may have."""
    beyond = torch.full((1, *info.shape), 1e9)
    return bool(modality_of(info).range_fault(beyond, info))


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
        for name, module in modules(trainer.networks).items():
            missing = modules(fresh)[name].load_state_dict(module.state_dict(), strict=False)
            if missing.missing_keys or missing.unexpected_keys:
                keys = (*missing.missing_keys, *missing.unexpected_keys)
                raise Broken(f"{case}: the state_dict of {name} does not fit a fresh build: {keys}")
        before, after = (_evaluated(subject, case, one) for one in (trainer.networks, fresh))
        if what := first_difference(before, after):
            raise Broken(f"{case}: {what} differ after the state_dict has been loaded")


def _evaluated(subject: Subject, case: Case, networks: Networks) -> dict[str, Tensor]:
    """As `evaluated` has it; noise that networks draw by themselves is the same each time."""
    look = subject.look(case, networks, 4)
    with noise_of(SEED, look.real.device):
        return evaluated(look, case.joint)


def batch_sizes(subject: Subject) -> None:
    """Sampling with a last batch of one; training steps with an odd batch and with one sample."""
    for case in subject.cases:
        networks = subject.trainer(case, seed=SEED).networks
        _sampling(subject, case, networks)
        for judgements in (3,) if _mixes(subject, case, networks) else (3, 1):
            batch = judgements * samples_per_judgement(networks.discriminator)
            trainer = subject.trainer(
                case,
                seed=SEED,
                batch_size=batch,
                generator_batch_size=None,
                critic_steps=1,
                critic_every=1,
            )
            with subject.blamed(f"{case}, a training step with {batch} sample(s)", None):
                Eager(trainer).step(0, 0.0)
                losses = [loss.detach() for _, loss in trainer.last.values()]
            if not all(bool(loss.isfinite()) for loss in losses):
                raise Broken(f"{case}: losses of {batch} sample(s) are not finite")


def _sampling(subject: Subject, case: Case, networks: Networks) -> None:
    """As evaluation samples: in batches, the last of which may be of any size."""
    count = SAMPLING_BATCH + 1
    labels = None
    if networks.conditional and case.info.classes:
        labels = torch.arange(count, device=subject.device) % case.info.classes
    with subject.blamed(f"{case}, a last batch of one sample", None):
        fakes = sample(networks.generator, networks.latents, count, subject.device, SEED, labels)
    look = subject.look(case, networks, 1)
    if tuple(fakes.shape) != (count, *look.info.shape):
        raise Broken(f"{case}: {count} samples have shape {tuple(fakes.shape)}")
    if case.joint:
        return
    with subject.blamed(f"{case}, the logit of one judgement", None), torch.no_grad():
        networks.discriminator.eval()
        logits = look.logits(look.real)
    if logits.numel() != 1:
        raise Broken(f"{case}: the logits of one sample have shape {tuple(logits.shape)}")


def _mixes(subject: Subject, case: Case, networks: Networks) -> bool:
    """Whether samples of a batch influence each other, as batch norm lets them in train mode: then
    there is nothing to learn from one. Of extra modules all that is known is what they keep."""
    look = subject.look(case, networks, JUDGEMENTS)
    extras = [extra.module for extra in networks.extras.values()]
    return (
        any(True for module in extras for _ in module.buffers())
        or couples_samples(networks.generator, look.latent, look.labels)
        or (not case.joint and couples_samples(networks.discriminator, look.real, look.labels))
    )
