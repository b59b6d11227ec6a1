"""What cannot be combined is refused when it is planned, or at the first step, with the reason."""

from __future__ import annotations

import pytest

from ganbench import DataInfo, GanbenchError, UsageError
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare

from ..training.small import image, points
from .proofs import advance, catalogue_with, data_of, trainer_of

CATALOGUE = catalogue_with("acgan", "projection", "minibatch_stddev")


@pytest.mark.parametrize(
    ("variant", "info", "reason"),
    [
        ("dcgan+r1", image(8), "r1 penalises slopes at single samples, and the discriminator of "
         "model dcgan, with these parameters, lets the samples of a batch influence each other"),
        ("dcgan+hinge+r1[model.discriminator_norm=batch]", image(8), "r1 penalises slopes"),
        ("vanilla+stddev+gp", points(), "gp penalises slopes at single samples, and technique "
         "stddev lets the samples"),
        ("vanilla+pac:3", points(), "pac: a batch of 100 does not divide into packs of 3"),
        ("vanilla+diffaug", points(), "it does not handle points data"),
        ("mlp+acgan", image(8), "its loss acgan needs 'classifier', which its model mlp does not"),
        ("acgan-mlp+acgan", image(8), "its model acgan-mlp is conditional, and the data have no "
         "classes"),
        ("vanilla+extragradient+ogda", points(), "extragradient and ogda are both rules of play"),
        ("vanilla+ema+ttur+policy+ema", points(), "names the technique ema twice"),
        ("vanilla+pac+pac", points(), "names the technique pac twice"),
        ("vanilla+hinge", points(), "vanilla is a variant and has a loss of its own"),
        ("mlp+hinge+minimax", points(), "minimax is a loss, and a variant has one"),
        ("mlp+r1", points(), "mlp is a model and needs a loss before the technique r1"),
        ("vanilla+r9", points(), "unknown loss or technique 'r9'"),
        ("vanilla+sn:3", points(), "technique sn takes nothing behind a colon"),
        ("vanilla+r1:10[r1.gamma=3]", points(), "set the same twice"),
    ],
)  # fmt: skip
def test_refused_when_planned(variant: str, info: DataInfo, reason: str) -> None:
    try:
        found = prepare(choose_variant(variant, CATALOGUE), info, CATALOGUE)
    except GanbenchError as error:
        found = error.message
    assert isinstance(found, str), "not refused"
    assert reason in found


def test_labels_on_data_without_classes_are_refused() -> None:
    needy = catalogue_with("acgan")
    chosen = choose_variant("acgan-mlp+acgan", needy)
    with_classes = DataInfo(name="ten", modality="image", shape=(1, 8, 8), classes=10)
    assert not isinstance(prepare(chosen, with_classes, needy), str)
    assert isinstance(prepare(chosen, image(8), needy), str)


@pytest.mark.parametrize("technique", ["r1", "gp"])
def test_a_discriminator_that_hides_its_coupling_is_found_out(technique: str) -> None:
    """Measured: one sample moves another one's logit, though its weight starts at 0."""
    data = data_of("ring8")
    advance(trainer_of("secretive+minimax", data, CATALOGUE), 1)  # without slopes it is welcome
    with pytest.raises(UsageError) as caught:
        trainer_of(f"secretive+minimax+{technique}", data, CATALOGUE)
    assert caught.value.message == (
        f"{technique} penalises the discriminator's slope at single samples, but in the "
        "discriminator of secretive samples of a batch influence each other's logits, as batch "
        "norm lets them"
    )


def test_packs_are_no_coupling() -> None:
    """The samples of a pack influence its logit, and no other one's."""
    advance(trainer_of("vanilla+pac:2+r1:1", data_of("ring8"), CATALOGUE), 1)
