"""Run as a module with JSON as its argument: does importing a plugin import torch?

Prints a JSON object: empty, or who imported torch and while doing what. torch itself is never
loaded: the search for it is where the answer is known.
"""

from __future__ import annotations

import importlib
import inspect
import json
import operator
import sys
import traceback
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any, NoReturn

from ganbench.api.parameters import resolve_parameters
from ganbench.api.recipe import Optimiser, Recipe, Training
from ganbench.api.scores import EvaluationInfo
from ganbench.api.specs import (
    DatasetSpec,
    ExtractorSpec,
    ModelSpec,
    ScoreSpec,
    Spec,
    TechniqueSpec,
    VariantSpec,
)
from ganbench.catalogue.plugin_files import PluginFile
from ganbench.modalities import MODALITIES

EXAMPLES = tuple(one.examples[0] for one in MODALITIES.values())


TRAINING = Training(generator=Optimiser(lr=1e-3), discriminator=Optimiser(lr=1e-3))
RECIPE = Recipe(model="mlp", loss="non-saturating", training=TRAINING)


class TorchImported(BaseException):
    """Somebody imports torch. Not an Exception, so that no `except ImportError` hides it."""


class ImportWatch:
    """A finder that finds nothing, and raises when torch is looked for."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """None, unless it is torch.

        Raises:
            TorchImported: it is, with the file and the line.
        """
        if name.partition(".")[0] == "torch":
            raise TorchImported(_importer())
        return None


def _importer() -> str:
    frames = traceback.extract_stack()
    hidden = ("<frozen importlib", __file__)
    shown = [frame for frame in frames if not frame.filename.startswith(hidden)]
    return f"{shown[-1].filename}:{shown[-1].lineno}" if shown else "an unknown file"


def probe(asked: dict[str, Any]) -> dict[str, str]:
    """Import the module, call its hooks, and all that plans are made from."""
    doing = "when the plugin is imported"
    sys.meta_path.insert(0, ImportWatch())
    try:
        plugin = _imported(asked["module"], asked["file"])
        doing = "when its hooks are called"
        spec = next(
            one for one in _specs(plugin) if (one.kind, one.name) == (asked["kind"], asked["name"])
        )
        doing = "when a plan is made"
        _plan(spec, asked["parameters"])
    except TorchImported as found:
        return {"doing": doing, "where": str(found)}
    return {}


def _imported(name: str, file: str | None) -> Any:
    """The module, or the object in it, that an entry point or a plugin file is."""
    if file is not None:
        return PluginFile.read(file).load()
    module, _, attributes = name.partition(":")
    plugin = importlib.import_module(module)
    return operator.attrgetter(attributes)(plugin) if attributes else plugin


def _specs(plugin: Any) -> Iterator[Spec]:
    for name, function in inspect.getmembers(plugin, inspect.isroutine):
        if name.startswith("ganbench_") and not inspect.signature(function).parameters:
            yield from function()


def _plan(spec: Spec, given: dict[str, Any]) -> None:
    """What `ganbench plan` calls; errors are for other checks to find."""
    for function, arguments, keywords in _calls(spec, given):
        try:
            function(*arguments, **keywords)
        except Exception:  # noqa: S112
            continue


def _calls(spec: Spec, given: dict[str, Any]) -> Iterator[tuple[Any, tuple[Any, ...], Any]]:
    """Functions with arguments and keywords."""
    parameters = resolve_parameters(spec.name, spec.parameters, given)
    light: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []
    match spec:
        case VariantSpec():
            for one in EXAMPLES:
                if one.modality in spec.modalities:
                    own = resolve_parameters(spec.name, spec.parameters_for(one.modality), given)
                    light.append((spec.recipe_for(one.modality), (one,), own))
        case ModelSpec():
            light = [(spec.training, (), parameters), (spec.coupled, (), parameters)]
            light += [(spec.supports, (one,), {}) for one in EXAMPLES]
        case TechniqueSpec():
            light = [(spec.training, (TRAINING,), parameters)]
            light += [(spec.misfit, (RECIPE, one), parameters) for one in EXAMPLES]
        case DatasetSpec():
            light = [(one, (), parameters) for one in (spec.describe, spec.check)]
        case ExtractorSpec():
            light = [(spec.check, (one,), parameters) for one in EXAMPLES]
        case ScoreSpec():
            sizes = [
                EvaluationInfo(data=one, split="heldout", real=1_000, train=1_000, fakes=1_000)
                for one in EXAMPLES
            ]
            light = [(spec.check, (size,), parameters) for size in sizes]
    yield from (one for one in light if one[0] is not None)


def main() -> NoReturn:
    """Answer the question in the first argument."""
    print(json.dumps(probe(json.loads(sys.argv[1]))))
    sys.exit(0)


if __name__ == "__main__":
    main()
