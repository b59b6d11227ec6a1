"""ganbench: generative adversarial networks under equal budgets, scored and compared.

Plugin authors import their whole contract from here. Importing ganbench never imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganbench.api import schedules
from ganbench.api.data import Data, DataInfo, KnownModes, Survey
from ganbench.api.errors import GanbenchError, MissingData, UsageError
from ganbench.api.executors import Breach, Ending, Executor, JobHandle, Limits, Resources
from ganbench.api.hooks import hookimpl
from ganbench.api.networks import Extra, Latent, Loss, Networks, Step
from ganbench.api.parameters import Parameter
from ganbench.api.recipe import Optimiser, Recipe, Training
from ganbench.api.scores import Classifier, Evaluation, Extractor, Measurement
from ganbench.api.specs import (
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    LossSpec,
    ModelSpec,
    ScoreSpec,
    TechniqueSpec,
    VariantSpec,
)
from ganbench.api.techniques import Game, Technique
from ganbench.api.version import API_VERSION, PROTOCOL_VERSION, __version__

if TYPE_CHECKING:
    from ganbench.functions import (
        compare,
        leaderboard,
        merge,
        plan,
        publish,
        report,
        run,
        validate,
        verify,
    )
    from ganbench.training.wrapped import WithParameters, Wrapped

__all__ = [
    "API_VERSION",
    "PROTOCOL_VERSION",
    "Breach",
    "Classifier",
    "Data",
    "DataInfo",
    "DatasetSpec",
    "Ending",
    "Evaluation",
    "Executor",
    "ExecutorSpec",
    "Extra",
    "Extractor",
    "ExtractorSpec",
    "Game",
    "GanbenchError",
    "JobHandle",
    "KnownModes",
    "Latent",
    "Limits",
    "Loss",
    "LossSpec",
    "Measurement",
    "MissingData",
    "ModelSpec",
    "Networks",
    "Optimiser",
    "Parameter",
    "Recipe",
    "Resources",
    "ScoreSpec",
    "Step",
    "Survey",
    "Technique",
    "TechniqueSpec",
    "Training",
    "UsageError",
    "VariantSpec",
    "WithParameters",
    "Wrapped",
    "__version__",
    "compare",
    "hookimpl",
    "leaderboard",
    "merge",
    "plan",
    "publish",
    "report",
    "run",
    "schedules",
    "validate",
    "verify",
]

_FUNCTIONS = (
    "compare",
    "leaderboard",
    "merge",
    "plan",
    "publish",
    "report",
    "run",
    "validate",
    "verify",
)
_MODULES = ("WithParameters", "Wrapped")


def __getattr__(name: str) -> Any:
    """What needs pandas or torch is imported when first used: plugins import ganbench, too."""
    if name in _FUNCTIONS:
        return getattr(import_module("ganbench.functions"), name)
    if name in _MODULES:
        return getattr(import_module("ganbench.training.wrapped"), name)
    raise AttributeError(f"module 'ganbench' has no attribute {name!r}")
