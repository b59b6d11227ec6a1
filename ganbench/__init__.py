"""ganbench: generative adversarial networks under equal budgets, scored and compared.

Plugin authors import their whole contract from here, and nothing from below. The verbs are here as
functions, too: `ganbench.run(...)`. Importing ganbench never imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganbench import cache
from ganbench.api import schedules
from ganbench.api.data import Data, DataInfo, KnownModes, Survey
from ganbench.api.errors import (
    GanbenchError,
    InvalidResults,
    MissingData,
    NothingSelected,
    PluginNotUsable,
    UsageError,
)
from ganbench.api.executors import Breach, Ending, Executor, JobHandle, Limits, Resources
from ganbench.api.hooks import hookimpl
from ganbench.api.networks import (
    ControlFit,
    ControlLoss,
    Extra,
    FirstWeight,
    Latent,
    Loss,
    Networks,
    Step,
)
from ganbench.api.parameters import Parameter
from ganbench.api.recipe import SIDES, Optimiser, Recipe, Side, Training
from ganbench.api.schema import Categorical, Numeric, Spectrogram, Vocabulary
from ganbench.api.scores import (
    Classifier,
    Direction,
    Evaluation,
    EvaluationInfo,
    Extractor,
    Measurement,
    NonFiniteSamples,
    Panel,
)
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
from ganbench.modalities import decode, encode, output_layer
from ganbench.modalities.pair import join_pair, split_pair
from ganbench.scoring.columns import FeatureColumn
from ganbench.scoring.selfcompare import SelfComparison

if TYPE_CHECKING:
    from ganbench.functions import (
        cancel,
        check,
        compare,
        export,
        leaderboard,
        merge,
        plan,
        prepare,
        publish,
        report,
        run,
        sample,
        score,
        show,
        status,
        table,
        validate,
        verify,
    )
    from ganbench.running.reuse import networks_of
    from ganbench.training.wrapped import WithParameters, Wrapped, wrap_head

__all__ = [
    "API_VERSION",
    "PROTOCOL_VERSION",
    "SIDES",
    "Breach",
    "Categorical",
    "Classifier",
    "ControlFit",
    "ControlLoss",
    "Data",
    "DataInfo",
    "DatasetSpec",
    "Direction",
    "Ending",
    "Evaluation",
    "EvaluationInfo",
    "Executor",
    "ExecutorSpec",
    "Extra",
    "Extractor",
    "ExtractorSpec",
    "FeatureColumn",
    "FirstWeight",
    "Game",
    "GanbenchError",
    "InvalidResults",
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
    "NonFiniteSamples",
    "NothingSelected",
    "Numeric",
    "Optimiser",
    "Panel",
    "Parameter",
    "PluginNotUsable",
    "Recipe",
    "Resources",
    "ScoreSpec",
    "SelfComparison",
    "Side",
    "Spectrogram",
    "Step",
    "Survey",
    "Technique",
    "TechniqueSpec",
    "Training",
    "UsageError",
    "VariantSpec",
    "Vocabulary",
    "WithParameters",
    "Wrapped",
    "__version__",
    "cache",
    "cancel",
    "check",
    "compare",
    "decode",
    "encode",
    "export",
    "hookimpl",
    "join_pair",
    "leaderboard",
    "merge",
    "networks_of",
    "output_layer",
    "plan",
    "prepare",
    "publish",
    "report",
    "run",
    "sample",
    "schedules",
    "score",
    "show",
    "split_pair",
    "status",
    "table",
    "validate",
    "verify",
    "wrap_head",
]


_NEED_TORCH = {
    "WithParameters": "training.wrapped",
    "Wrapped": "training.wrapped",
    "wrap_head": "training.wrapped",
    "networks_of": "running.reuse",
}


def __getattr__(name: str) -> Any:
    """What is not imported above, when it is first used: functions need pandas, modules torch."""
    if name in __all__:
        home = _NEED_TORCH.get(name, "functions")
        return getattr(import_module(f"ganbench.{home}"), name)
    raise AttributeError(f"module 'ganbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
