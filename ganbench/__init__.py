"""ganbench: generative adversarial networks under equal budgets, scored and compared.

Plugin authors import their whole contract from here. Importing ganbench never imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganbench.api.data import Data, DataInfo, KnownModes
from ganbench.api.errors import GanbenchError, MissingData
from ganbench.api.hooks import hookimpl
from ganbench.api.networks import Latent, Loss, Networks, Step
from ganbench.api.parameters import Parameter
from ganbench.api.recipe import Optimiser, Recipe, Training
from ganbench.api.schema import Categorical, Numeric, Vocabulary
from ganbench.api.scores import Classifier, Evaluation, Extractor, Measurement
from ganbench.api.specs import (
    DatasetSpec,
    ExtractorSpec,
    LossSpec,
    ModelSpec,
    ScoreSpec,
    VariantSpec,
)
from ganbench.api.version import API_VERSION, PROTOCOL_VERSION, __version__
from ganbench.modalities import output_layer
from ganbench.modalities.pair import join_pair, split_pair

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
    "Categorical",
    "Classifier",
    "Data",
    "DataInfo",
    "DatasetSpec",
    "Evaluation",
    "Extractor",
    "ExtractorSpec",
    "GanbenchError",
    "KnownModes",
    "Latent",
    "Loss",
    "LossSpec",
    "Measurement",
    "MissingData",
    "ModelSpec",
    "Networks",
    "Numeric",
    "Optimiser",
    "Parameter",
    "Recipe",
    "ScoreSpec",
    "Step",
    "Training",
    "VariantSpec",
    "Vocabulary",
    "__version__",
    "compare",
    "hookimpl",
    "join_pair",
    "leaderboard",
    "merge",
    "output_layer",
    "plan",
    "publish",
    "report",
    "run",
    "split_pair",
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
