"""The contract of techniques: what a spec may say, and that nothing of it goes unheard."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from ganbench import Parameter, Technique, TechniqueSpec, Training, UsageError
from ganbench.api.specs import LossSpec, looks_at_slopes, needed_of_model
from ganbench.api.techniques import NEEDS, SLOPES, Game
from ganbench.running.contracts import METHODS
from ganbench.training.step import TrainingStep
from ganbench.training.trainer import Trainer


class Penalty:
    def __init__(
        self, weight: Annotated[float, Parameter(minimum=0, help="of the term")] = 1.0
    ) -> None:
        self.weight = weight

    def discriminator_loss(self, step: Any) -> Any: ...


def average(
    training: Training, *, decay: Annotated[float, Parameter(help="kept")] = 0.9
) -> Training:
    return training


def spec(**fields: Any) -> TechniqueSpec:
    return TechniqueSpec(**{"name": "mine", "description": "Mine.", "build": Penalty, **fields})


def public(kind: type) -> set[str]:
    own = {*vars(kind), *kind.__annotations__}
    return {name for name in own if not name.startswith("_")}


def test_every_method_of_the_protocol_is_looked_for() -> None:
    assert public(Technique) == set(METHODS) - {"critic_steps"}  # which losses have as well


def test_a_trainer_is_the_game_that_techniques_see() -> None:
    annotated = {"networks", "training", "number", "progress"}
    assert all(hasattr(Trainer, name) for name in public(Game) - annotated)


def test_a_step_offers_every_need() -> None:
    offered = {name for name in dir(TrainingStep) if not name.startswith("_")}
    assert set(SLOPES) < set(NEEDS)
    assert set(NEEDS) - {"features"} <= offered
    assert {"real_features", "fake_features"} <= offered


def test_parameters_are_those_of_what_builds_or_of_what_changes_the_training() -> None:
    assert spec().parameters["weight"].default == 1.0
    only = spec(build=None, training=average)
    assert only.parameters["decay"].default == 0.9


def test_a_technique_does_something() -> None:
    with pytest.raises(ValueError, match="technique 'mine' needs build=, training= or view="):
        spec(build=None)


@pytest.mark.parametrize(
    "fields", [{"argument": "wieght"}, {"neutral": {"wieght": 0.0}}], ids=["argument", "neutral"]
)
def test_what_a_spec_names_is_there(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="technique 'mine' has no parameter 'wieght'"):
        spec(**fields)


def test_a_default_out_of_its_bounds_is_refused() -> None:
    class Wrong:
        def __init__(
            self, weight: Annotated[float, Parameter(minimum=0, help="of the term")] = -1.0
        ) -> None: ...

    with pytest.raises(UsageError, match=r"mine.weight is -1.0, outside \[0, inf\]"):
        spec(build=Wrong)


def test_needs_are_of_the_step_or_of_the_model() -> None:
    found = spec(needs=("real", "features", "real_slopes", "encoder", "joint"))
    assert looks_at_slopes(found)
    assert needed_of_model(found) == ["encoder", "joint"]
    assert not looks_at_slopes(spec(needs=("real",)))
    assert {one.name for one in LossSpec.__dataclass_fields__.values()} >= {"needs", "training"}
