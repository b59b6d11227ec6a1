"""ganbench: generative adversarial networks under equal budgets, scored and compared.

Plugin authors import their whole contract from here. Importing ganbench never imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganbench.api.data import Data, DataInfo, KnownModes
from ganbench.api.errors import GanbenchError, MissingData
from ganbench.api.executors import Breach, Ending, Executor, JobHandle, Limits, Resources
from ganbench.api.hooks import hookimpl
from ganbench.api.networks import Latent, Loss, Networks, Step
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
    VariantSpec,
)
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
    "Extractor",
    "ExtractorSpec",
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
    "Training",
    "VariantSpec",
    "__version__",
    "compare",
    "hookimpl",
    "leaderboard",
    "merge",
    "plan",
    "publish",
    "report",
    "run",
    "validate",
    "verify",
]

_FUNCTIONS = (
    *("compare", "leaderboard", "merge", "plan", "publish", "report", "run", "validate"),
    "verify",
)


def __getattr__(name: str) -> Any:
    """Functions that need pandas are imported when first used: plugins import ganbench, too."""
    if name in _FUNCTIONS:
        return getattr(import_module("ganbench.functions"), name)
    raise AttributeError(f"module 'ganbench' has no attribute {name!r}")
