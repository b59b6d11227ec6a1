"""Looking into the two networks instead of at samples: how a generator moves, what a discriminator
has learnt. Diagnostics for `final_scores`: nobody is ranked by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from ganbench import (
    Classifier,
    Direction,
    Evaluation,
    Extractor,
    Measurement,
    NonFiniteSamples,
    UsageError,
    decode,
    encode,
)
from ganbench_plugins.scores.kernels import judging, latents, sefa
from ganbench_plugins.scores.kernels.jacobian import LARGEST, conditioning, jacobians

if TYPE_CHECKING:
    from torch import Tensor

EPSILON = 1e-2
"""Of a path, between the two samples that are compared. StyleGAN's 1e-4 is mostly rounding where
features are float32."""

FOLDS = 5


def jacobian(evaluation: Evaluation, *, samples: int) -> list[Measurement]:
    """How a generator's Jacobian is conditioned: quartiles of ln kappa(JᵀJ), the effective
    dimension, the share of latents at which rank is lost.

    Raises:
        UsageError: the samples are of no generator, or it takes classes alone.
        NonFiniteSamples: a derivative is not finite.
    """
    generator = latents.generator_of(evaluation, "jacobian")
    columns = latents.continuous(evaluation.latents)
    if not columns:
        raise UsageError("score jacobian needs a latent that is not of classes alone")
    at = latents.draw(evaluation.latents, samples, seed=0)
    labels, of = latents.labels_of(evaluation, samples), None
    if sefa.has_style(generator):  # it has divided latents by their norm: there rank is lost anyway
        at, of = latents.samples_of(generator, at, labels, of="style"), "synthesis"
        columns = list(range(at.shape[1]))
    found = jacobians(generator, at.to(evaluation.fakes.device), labels, columns, of=of)
    if not bool(torch.isfinite(found).all()):
        raise NonFiniteSamples("derivatives of the generator are not finite")
    known = conditioning(found)
    dimension = float(known.dimension.quantile(0.5))  # of an even number the mean of both
    quartiles = known.ln_kappa.quantile(torch.tensor([0.25, 0.5, 0.75]).to(known.ln_kappa))
    low, median, high = quartiles.tolist()
    deficient = float(known.deficient.double().mean())
    rows: tuple[tuple[str, str, float, Direction, float | None], ...] = (
        ("jacobian", "ln κ(JᵀJ)", median, "lower", LARGEST),
        ("jacobian_spread", "ln κ quartiles apart", high - low, "lower", LARGEST),
        ("local_dimension", "local dimension", dimension, "higher", None),
        ("rank_loss", "rank loss", deficient, "lower", 1.0),
    )  # fmt: skip
    return [
        Measurement(
            key=f"{name}/{len(columns)}@{samples}", label=label, value=value, direction=direction,
            n_fake=samples, lowest=0.0, highest=highest,
        )
        for name, label, value, direction, highest in rows
    ]  # fmt: skip


def discriminator(evaluation: Evaluation, *, samples: int) -> list[Measurement]:
    """Whether the discriminator knows its training samples by heart, and whether it tells held-out
    samples from fakes.

    Raises:
        UsageError: there is no discriminator, or nothing is held out.
        NonFiniteSamples: a logit is not finite.
    """
    data = evaluation.data
    if not len(data.heldout):
        raise UsageError(
            f"score discriminator asks it about held-out samples, {data.info.name} has none",
            "hold samples out, or leave the score out",
        )
    sides = {
        "train": (data.train, data.train_labels),
        "heldout": (data.heldout, data.heldout_labels),
        "fake": (evaluation.fakes, evaluation.fake_labels),
    }
    count = min(samples, *(len(one) for one, _ in sides.values()))
    logits = {name: _judged(evaluation, *side, count) for name, side in sides.items()}
    if not all(bool(torch.isfinite(one).all()) for one in logits.values()):
        raise NonFiniteSamples("logits of the discriminator are not finite")
    rows = (
        ("d_overfitting", "D overfitting", judging.overfitting(**logits), 0.0),
        ("d_auc", "D AUC", judging.auc(logits["heldout"], logits["fake"]), 0.5),
    )
    return [
        Measurement(
            key=f"{name}@{count}", label=label, value=value, direction="target", null=null,
            n_real=count, n_fake=count, lowest=0.0, highest=1.0,
        )
        for name, label, value, null in rows
    ]  # fmt: skip


def _judged(evaluation: Evaluation, samples: Tensor, labels: Tensor | None, count: int) -> Tensor:
    """(J,) logits of some of the samples, drawn: files may lie class by class."""
    order = torch.randperm(len(samples), generator=torch.Generator().manual_seed(0))[:count]
    seen = encode(samples[order.to(samples.device)], evaluation.seen)
    asked = None if evaluation.fake_labels is None or labels is None else labels[order]
    return evaluation.logits(seen, asked)


def path_length(evaluation: Evaluation, *, extractor: str, samples: int) -> list[Measurement]:
    """How far features move on a short piece of a path between two latents, over its length.

    Karras et al. 2019, §4.1, in the task's own features, on paths that keep a latent's norm. The
    unqualified name PPL is that of the distance in LPIPS-VGG16.

    Raises:
        UsageError: the samples are of no generator; the extractor takes bytes alone.
        NonFiniteSamples: a feature is not finite.
    """
    generator, law = latents.generator_of(evaluation, "path-length"), evaluation.latents
    start, end = (latents.draw(law, samples, seed) for seed in (0, 1))
    share = torch.rand(samples, 1, generator=torch.Generator().manual_seed(2)) * (1 - EPSILON)
    labels = latents.labels_of(evaluation, samples)
    features = []
    for at in (share, share + EPSILON):
        raw = latents.samples_of(generator, latents.between(law, start, end, at), labels)
        features.append(_exact_features(evaluation, extractor, raw).double())
    steps = (features[1] - features[0]).square().sum(1) / EPSILON**2
    if not bool(torch.isfinite(steps).all()):
        raise NonFiniteSamples(f"features of {extractor} are not finite")
    network = evaluation.extractor(extractor)
    median, far = steps.quantile(torch.tensor([0.5, 0.99]).to(steps)).tolist()
    name = network.id.partition("@")[0]
    return [
        Measurement(
            key=f"{key}/{network.id}/{network.layer}@{samples}", label=label, value=value,
            direction="lower", n_fake=samples, lowest=0.0,
        )
        for key, label, value in (
            ("path_length", f"PPL[{name}]", float(steps.mean())),
            ("path_jumps", "path jumps", far / median if median > 0 else 0.0),
        )
    ]  # fmt: skip


def _exact_features(evaluation: Evaluation, extractor: str, raw: Tensor) -> Tensor:
    """(N, d) features of raw outputs that are not rounded to bytes: over a short step, rounding is
    most of what a byte tells."""
    network, info = evaluation.extractor(extractor), evaluation.data.info
    if info.modality != "image":
        return network(decode(raw, info))
    if not _takes_unrounded(network, evaluation.fakes[:8]):
        raise UsageError(
            f"score path-length needs an extractor of unrounded images, {extractor} takes bytes",
            "choose another: path-length[extractor=raw]",
        )
    return network(raw.mul(127.5).add(127.5).clamp(0, 255))


def _takes_unrounded(network: Extractor, known: Tensor) -> bool:
    expected = network(known)
    try:
        return torch.equal(expected, network(known.float()))
    except (TypeError, ValueError, RuntimeError):  # as torch-fidelity's networks have it
        return False


def separability(evaluation: Evaluation, *, extractor: str, samples: int) -> list[Measurement]:
    """How much of a sample's class a linear probe reads from the latent, beyond the most frequent
    class: 0 nothing, 1 all. Classes are a classifier's, or the nearest known modes.

    Karras et al. 2019, §4.2, with one probe of all classes instead of one for each attribute.

    Raises:
        UsageError: the samples are of no generator, or there is nothing that tells classes.
    """
    generator = latents.generator_of(evaluation, "separability")
    at = latents.draw(evaluation.latents, samples, seed=0)
    raw = latents.samples_of(generator, at, latents.labels_of(evaluation, samples))
    classes = _classes(evaluation, extractor, decode(raw, evaluation.data.info)).cpu()
    accuracy, usual = judging.probed_accuracy(at, classes, FOLDS)
    value = max(0.0, (accuracy - usual) / (1 - usual)) if usual < 1 else 0.0
    return [
        Measurement(
            key=f"separability/{extractor}@{samples}", label="separability", value=value,
            direction="higher", n_fake=samples, lowest=0.0, highest=1.0,
        )
    ]  # fmt: skip


def _classes(evaluation: Evaluation, extractor: str, stored: Tensor) -> Tensor:
    modes = evaluation.data.modes
    if modes is not None:
        return torch.cdist(stored, modes.centres.to(stored)).argmin(1)
    network = evaluation.extractor(extractor)
    if not hasattr(network, "classify"):
        raise UsageError(
            f"score separability asks a classifier for classes, {extractor} is none",
            "choose separability[extractor=classifier]",
        )
    return cast("Classifier", network).classify(network(stored))
