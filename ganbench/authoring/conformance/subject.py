"""What is checked: a plugin, and the small trainings in which it is seen at work."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar, cast

import torch

from ganbench.api.data import Data, DataInfo
from ganbench.api.networks import Networks
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.specs import DatasetSpec, Spec
from ganbench.authoring.conformance.cases import Case, described, smaller, steep_loss, texts
from ganbench.authoring.conformance.looking import Look
from ganbench.authoring.conformance.names import specs_of
from ganbench.authoring.conformance.results import Broken, NotApplicable
from ganbench.authoring.conformance.samples import example_data, other_shapes, usual_shapes
from ganbench.catalogue.blame import told
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import MODALITIES
from ganbench.planning.datasets import choose_dataset
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare
from ganbench.planning.references import parse_reference
from ganbench.running.players import Players
from ganbench.training.coupling import JUDGEMENTS, couples_samples
from ganbench.training.feed import RealFeed
from ganbench.training.in_place import in_place_told
from ganbench.training.loop import Eager
from ganbench.training.objective import Objective
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer

T = TypeVar("T")


class Subject:
    """A plugin that is checked.

    Args:
        name: as typed, with parameters and argument.
        kind: of plugin.
        catalogue: where everything is looked up.
        device: where it is trained.

    Raises:
        GanbenchError: the name cannot be understood.
    """

    def __init__(self, name: str, kind: str, catalogue: Catalogue, device: str) -> None:
        self.name = name
        self.kind = kind
        self.catalogue = catalogue
        self.device = torch.device(device)
        self.specs = specs_of(name, kind, catalogue)
        self._refusals: list[str] = []
        self._known: dict[str, object] = {}

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, computed by the first check that asks for it.

        Args:
            key: of what several checks share.
            compute: may refuse; then the next check that asks is refused, too.
        """
        if key not in self._known:
            self._known[key] = compute()
        return cast("T", self._known[key])

    @property
    def spec(self) -> Spec:
        """The plugin's spec; of a variant that is put together, its first part's."""
        return self.specs[0]

    @property
    def parameters(self) -> dict[str, Value]:
        """All parameters of the spec, those in the name's brackets over the defaults."""
        if isinstance(self.spec, DatasetSpec):
            return choose_dataset(self.name, self.catalogue)[1]
        settings = parse_reference(self.name).settings
        return resolve_parameters(self.spec.name, self.spec.parameters, settings)

    @property
    def shapes(self) -> Iterator[DataInfo]:
        """Example shapes of every modality: usual ones, and for whoever goes on those of all data
        sets that are installed."""
        yield from self._usual_shapes
        yield from self._other_shapes

    @functools.cached_property
    def _usual_shapes(self) -> list[DataInfo]:
        return usual_shapes(self.catalogue)

    @functools.cached_property
    def _other_shapes(self) -> list[DataInfo]:
        return other_shapes(self.catalogue, self._usual_shapes)

    @functools.cached_property
    def cases(self) -> tuple[Case, ...]:
        """The trainings that the checks look at: one on every kind of data that it declares.

        Raises:
            NotApplicable: there is no data that it declares to work on, or nothing to see it with.
        """
        cases = tuple(self.smallest())
        if not cases:
            raise NotApplicable(self._nothing_fits())
        if self.kind == "model":
            return cases + tuple(self._with_penalty(cases[-1]))
        return cases

    def smallest(self, settings: Mapping[str, Value] | None = None) -> Iterator[Case]:
        """The first training of every modality: that on its smallest shape.

        Args:
            settings: of its parameters, over those in its name.
        """
        for modality in MODALITIES:
            yield from islice(self._trainings_on(modality, settings or {}), 1)

    def trainings(self, settings: Mapping[str, Value] | None = None) -> Iterator[Case]:
        """Every training in which the plugin can be seen, on all example shapes.

        Args:
            settings: of its parameters, over those in its name.
        """
        for modality in MODALITIES:
            yield from self._trainings_on(modality, settings or {})

    def _trainings_on(self, modality: str, settings: Mapping[str, Value]) -> Iterator[Case]:
        """Those on one kind of data: with the first partners that any of it suits."""
        for text in (text for other, text in self._texts(settings) if other == modality):
            variant = choose_variant(text, self.catalogue, settings if self._is_variant else None)
            suits = False
            for info in (shape for shape in self.shapes if shape.modality == modality):
                prepared = prepare(variant, info, self.catalogue)
                if isinstance(prepared, str):
                    self._refusals.append(f"{variant.display} on {described(info)}: {prepared}")
                    continue
                suits = True
                yield Case(prepared, info)
            if suits:
                return

    @property
    def _is_variant(self) -> bool:
        return self.kind == "variant"

    def _texts(self, settings: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
        if not self._is_variant:
            yield from texts(self.spec, self.name, settings, self.catalogue)
            return
        for modality in MODALITIES:
            if all(modality in spec.modalities for spec in self.specs):
                yield modality, self.name

    def _nothing_fits(self) -> str:
        """Why there is no case."""
        if self._refusals:
            return self._refusals[0]
        declared = " or ".join(self.spec.modalities)
        return f"there is no data, model or loss to see it with: it declares {declared}"

    def _with_penalty(self, case: Case) -> Iterator[Case]:
        """A model with a loss of slopes, if its discriminator judges each sample alone."""
        loss = steep_loss(self.catalogue)
        if loss is None or case.joint or self.couples(case):
            return
        name = case.variant.display.replace(f"+{case.recipe.loss}", f"+{loss}", 1)
        prepared = prepare(choose_variant(name, self.catalogue), case.info, self.catalogue)
        if not isinstance(prepared, str):
            yield Case(prepared, case.info)

    def networks(self, case: Case) -> Networks:
        """A fresh build of a case's networks, in train mode."""
        return Players(case.recipe, self.catalogue, self.device).networks(self.seen(case).info)

    def objective(self, case: Case) -> Objective:
        """A fresh build of a case's loss and techniques."""
        return Players(case.recipe, self.catalogue, self.device).objective(self.seen(case).info)

    def data(self, case: Case) -> Data:
        """The samples of a case, loaded anew."""
        return example_data(case.info, self.catalogue)

    def seen(self, case: Case) -> Data:
        """The same, described as what the case's networks see of them."""
        return Players(case.recipe, self.catalogue, self.device).seen(self.data(case))

    def look(self, case: Case, networks: Networks, judgements: int) -> Look:
        """Networks of a case with something to put into them."""
        feed = RealFeed(self.seen(case), self.device, seed=0)
        return Look.of(networks, feed, judgements)

    def couples(self, case: Case) -> bool:
        """Whether samples influence each other's logits in a case: measured, as a run does it."""
        networks = self.networks(case)
        look = self.look(case, networks, JUDGEMENTS)
        return couples_samples(networks.discriminator, look.real, look.labels)

    def trainer(
        self,
        case: Case,
        *,
        seed: int | None = 0,
        device: torch.device | None = None,
        **training: Any,
    ) -> Trainer:
        """A trainer as a run of a case builds it, with smaller batches of large samples.

        Args:
            case: what to train.
            seed: of everything; None: the global generators go on as they are.
            device: instead of the subject's.
            training: fields of `Training` to replace.
        """
        data = self.data(case)
        if seed is not None:
            seed_everything(seed)
        changed = replace(smaller(case, self.catalogue), **training)
        recipe = replace(case.recipe, training=changed)
        return Players(recipe, self.catalogue, device or self.device).trainer(data, seed or 0)

    @contextmanager
    def blamed(self, where: str, mend: str | None = "") -> Iterator[None]:
        """Say in an error of the plugin's code what was tried.

        Args:
            where: it was tried.
            mend: as of `Broken`, where the error says nothing better.

        Raises:
            Broken: there was an error.
        """
        try:
            yield
        except Exception as error:
            reason = f"{where}: {told(error, self.catalogue.plugins)}"
            raise Broken(reason, getattr(error, "hint", None) or mend) from error


def advance(trainer: Trainer, steps: int, first: int = 0) -> None:
    """Take generator steps with their critic steps, as the training loop does."""
    engine = Eager(trainer)
    with in_place_told(trainer):
        for number in range(first, first + steps):
            engine.step(number, 0.0)


@contextmanager
def around_step(trainer: Trainer) -> Iterator[None]:
    """What surrounds a round, where a technique's opponent lives on it: slow weights are made
    before the first step and moved after each."""
    objective = trainer.objective
    acting = bool(objective.methods("opponent"))
    for _, act in objective.methods("before_step") if acting else ():
        act(trainer)
    yield
    for _, act in objective.methods("after_step") if acting else ():
        act(trainer)


def plays(trainer: Trainer) -> bool:
    """Whether rounds are played in a way of their own, without single steps of either side."""
    return bool(trainer.objective.methods("play"))
