"""ganbench: generative adversarial networks under equal budgets, scored and compared.

Plugin authors import their whole contract from here, and nothing from below. The verbs are here as
functions, too: `ganbench.run(...)`. Importing ganbench never imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganbench import cache
from ganbench.api.data import Data, DataInfo, KnownModes
from ganbench.api.errors import (
    GanbenchError,
    InvalidResults,
    MissingData,
    NothingSelected,
    PluginNotUsable,
    UsageError,
)
from ganbench.api.hooks import hookimpl
from ganbench.api.networks import Latent, Loss, Networks, Step
from ganbench.api.parameters import Parameter
from ganbench.api.recipe import Optimiser, Recipe, Training
from ganbench.api.scores import (
    Classifier,
    Direction,
    Evaluation,
    Extractor,
    Measurement,
    NonFiniteSamples,
    Panel,
)
from ganbench.api.specs import (
    DatasetSpec,
    ExtractorSpec,
    LossSpec,
    ModelSpec,
    ScoreSpec,
    VariantSpec,
)
from ganbench.api.version import API_VERSION, PROTOCOL_VERSION, __version__
from ganbench.scoring.columns import FeatureColumn

if TYPE_CHECKING:
    from ganbench.functions import (
        check,
        compare,
        leaderboard,
        merge,
        plan,
        publish,
        report,
        run,
        show,
        status,
        table,
        validate,
        verify,
    )

__all__ = [
    "API_VERSION",
    "PROTOCOL_VERSION",
    "Classifier",
    "Data",
    "DataInfo",
    "DatasetSpec",
    "Direction",
    "Evaluation",
    "Extractor",
    "ExtractorSpec",
    "FeatureColumn",
    "GanbenchError",
    "InvalidResults",
    "KnownModes",
    "Latent",
    "Loss",
    "LossSpec",
    "Measurement",
    "MissingData",
    "ModelSpec",
    "Networks",
    "NonFiniteSamples",
    "NothingSelected",
    "Optimiser",
    "Panel",
    "Parameter",
    "PluginNotUsable",
    "Recipe",
    "ScoreSpec",
    "Step",
    "Training",
    "UsageError",
    "VariantSpec",
    "__version__",
    "cache",
    "check",
    "compare",
    "hookimpl",
    "leaderboard",
    "merge",
    "plan",
    "publish",
    "report",
    "run",
    "show",
    "status",
    "table",
    "validate",
    "verify",
]


def __getattr__(name: str) -> Any:
    """What is not imported above are functions, imported when first used: they need pandas."""
    if name in __all__:
        return getattr(import_module("ganbench.functions"), name)
    raise AttributeError(f"module 'ganbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
