"""What is asked of techniques alone: to do nothing where they should."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ganbench.api.recipe import Recipe
from ganbench.api.specs import TechniqueSpec
from ganbench.authoring.conformance.cases import Case
from ganbench.authoring.conformance.comparing import modules, same_bits, weights
from ganbench.authoring.conformance.looking import evaluated
from ganbench.authoring.conformance.results import Broken, NotApplicable
from ganbench.authoring.conformance.subject import Subject, advance
from ganbench.planning.naming import choose_variant
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer

STEPS = 3
SEED, OTHER_SEED = 1, 2
JUDGEMENTS = 4


def neutral(subject: Subject) -> None:
    """The weights after some steps with its neutral settings, and without it."""
    spec = _spec(subject)
    if not spec.neutral:
        raise NotApplicable("it declares no neutral setting")
    cases = tuple(subject.smallest(spec.neutral))
    if not cases:
        raise NotApplicable("with its neutral settings it fits nothing")
    for case in cases:
        present = subject.trainer(case, seed=SEED)
        absent = subject.trainer(_without(case, subject), seed=SEED)
        for trainer in (present, absent):
            advance(trainer, STEPS)
        for name in ("generator", "discriminator"):
            if not _alike(present, absent, name):
                raise Broken(f"{case}: the {name} learns otherwise than without {spec.name}")


def _without(case: Case, subject: Subject) -> Case:
    """The same parameters of model and loss, trained as they are without the technique."""
    recipe, parts, name = case.recipe, case.parts, subject.spec.name
    head = choose_variant(f"{recipe.model}+{recipe.loss}", subject.catalogue)
    bare: Recipe = replace(
        recipe,
        techniques={one: own for one, own in recipe.techniques.items() if one != name},
        training=head.recipe(subject.catalogue, case.info).training,
    )
    others = tuple(technique for technique in parts.techniques if technique.name != name)
    prepared = replace(case.prepared, recipe=bare, parts=replace(parts, techniques=others))
    return Case(prepared, case.info)


def _alike(present: Trainer, absent: Trainer, name: str) -> bool:
    """Whether a network has the same parameters: in order, as a wrapper changes names."""
    one, other = (list(getattr(each.networks, name).parameters()) for each in (present, absent))
    return len(one) == len(other) and all(map(same_bits, one, other))


def evaluation_untouched(subject: Subject) -> None:
    """Samples and logits in eval mode, under two random states, before and after others."""
    for case in subject.cases:
        trainer = subject.trainer(case, seed=SEED)
        advance(trainer, 1)
        networks = trainer.networks
        for module in modules(networks).values():
            module.eval()
        before = weights(networks)
        first = _evaluated(subject, case, trainer, SEED)
        second = _evaluated(subject, case, trainer, OTHER_SEED)
        for what, found in first.items():
            if not same_bits(found, second[what]):
                raise Broken(f"{case}: {what} in eval mode depend on more than the weights")
        after = weights(networks)
        for name, tensor in before.items():
            if not same_bits(tensor, after[name]):
                raise Broken(f"{case}: evaluation changes {name}")


def _evaluated(subject: Subject, case: Case, trainer: Trainer, seed: int) -> dict[str, Tensor]:
    look = subject.look(case, trainer.networks, JUDGEMENTS)
    seed_everything(seed)
    with torch.no_grad():
        return evaluated(look, case.joint)


def _spec(subject: Subject) -> TechniqueSpec:
    spec = subject.spec
    assert isinstance(spec, TechniqueSpec)
    return spec
