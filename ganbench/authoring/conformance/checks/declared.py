"""What specs declare, held against what is done."""

from __future__ import annotations

from ganbench.api.specs import LossSpec, ModelSpec, TechniqueSpec, looks_at_slopes
from ganbench.api.techniques import JOINT, NEEDS
from ganbench.authoring.conformance.cases import Case
from ganbench.authoring.conformance.results import Broken, NotApplicable
from ganbench.authoring.conformance.subject import Subject
from ganbench.catalogue.calling import call_light
from ganbench.training.loop import Eager
from ganbench.training.objective import Part
from ganbench.training.step import UndeclaredNeed
from ganbench.training.trainer import trained_sides


def trained_once(subject: Subject) -> None:
    """Every trainable parameter has one side that trains it; in the words of a run."""
    for case in subject.cases:
        training = case.recipe.training
        trained_sides(subject.networks(case), subject.objective(case), training)


def needs(subject: Subject) -> None:
    """First steps: what is used is declared, in the words of a run; what is declared is used."""
    spec = subject.spec
    assert isinstance(spec, LossSpec | TechniqueSpec)
    unused = {*spec.needs} - {JOINT, "slopes"}  # which one may take without asking a step
    for case in subject.cases:
        unused -= _used(subject, case) | _methods(subject, case)
    for name, parameter in spec.parameters.items():  # some may be used in other settings only
        for choice in parameter.choices if unused else ():
            for case in subject.trainings({name: choice}):
                unused -= _used(subject, case)
                break
    if unused:
        need = min(unused)
        raise Broken(
            f"it declares that it needs {need!r}, and never asks for {_asked(need)}",
            f'take "{need}" out of its needs: what is needed is drawn and computed for it',
        )


def _methods(subject: Subject, case: Case) -> set[str]:
    """What a model provides by methods of its generator, which no step is asked for."""
    networks = subject.networks(case)
    return {*case.parts.model.provides} - {*networks.extra}


def _asked(need: str) -> str:
    """How a step is asked for it."""
    if need == "real":
        return "step.real in a generator's step"
    return f"step.{need}" if need in NEEDS else f"step.extra[{need!r}]"


def _used(subject: Subject, case: Case) -> set[str]:
    """What the plugin asks for in a first step, in which all terms act."""
    trainer = subject.trainer(case)
    part = _own(subject, trainer.objective.parts)
    if part is None:
        return set()
    try:
        Eager(trainer).step(0, 0.0)
    except UndeclaredNeed as error:
        raise Broken(f"{case}: {error.message}", error.hint) from error
    except Exception:  # it is for other checks to tell
        return {*part.needs}
    return part.used


def _own(subject: Subject, parts: tuple[Part, ...]) -> Part | None:
    spec = subject.spec
    own = (one for one in parts if (one.kind, one.name) == (spec.kind, spec.name))
    return next(own, None)


def coupling(subject: Subject) -> None:
    """Whether samples influence each other's logits: as specs tell, and nowhere under a penalty of
    slopes; measured by moving one sample, as a run does it."""
    cases = [case for case in subject.cases if not case.joint]
    if not cases:
        raise NotApplicable("there is no discriminator with an opinion of samples alone")
    for case in cases:
        measured = subject.couples(case)
        if any(looks_at_slopes(objective) for objective in case.parts.objectives):
            subject.trainer(case)  # refuses samples that are coupled
        for what, told in _told(subject, case).items():
            if told != measured:
                does = "influence" if measured else "do not influence"
                raise Broken(
                    f"{case}: samples of a batch {does} each other's logits, and {what} says "
                    f"coupled={told}"
                )


def _told(subject: Subject, case: Case) -> dict[str, bool]:
    """What the plugin says of its coupling, where nothing else in the case couples samples."""
    spec, by_model = subject.spec, _model_couples(subject, case)
    if isinstance(spec, ModelSpec) and spec.coupled is not None:
        return {f"model {spec.name}": by_model}
    if isinstance(spec, TechniqueSpec) and not by_model:
        return {f"technique {spec.name}": spec.coupled}
    return {}


def _model_couples(subject: Subject, case: Case) -> bool:
    model, parameters = case.parts.model, case.recipe.model_parameters
    if model.coupled is None:
        return False
    what = f"coupled of model {model.name}"
    with subject.catalogue.whose(model):
        return bool(call_light(what, bool, model.coupled, **parameters))
