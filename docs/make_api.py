"""Writes api.md, the reference of the plugin interface, and the table of checks.md from the code:
`python docs/make_api.py`.

The interface is read and not imported, so what stands there is what its authors wrote.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import griffe

from ganbench.authoring.conformance.table import page

FILE = Path(__file__).parent / "api.md"
CHECKS = Path(__file__).parent / "checks.md"
BEFORE_CHECKS = "<!-- checks -->\n"

CHAPTERS = {
    "Specs: what a plugin provides": (
        "api.specs",
        (
            "Spec",
            "ModelSpec",
            "LossSpec",
            "TechniqueSpec",
            "VariantSpec",
            "DatasetSpec",
            "ScoreSpec",
            "ExtractorSpec",
            "ExecutorSpec",
        ),
    ),
    "Parameters": ("api.parameters", ("Parameter",)),
    "Recipes: how a variant trains": ("api.recipe", ("Recipe", "Training", "Optimiser")),
    "Networks and losses": (
        "api.networks",
        ("Networks", "Latent", "Extra", "FirstWeight", "Loss", "ControlLoss", "ControlFit", "Step"),
    ),
    "Techniques": ("api.techniques", ("Technique", "Game", "Rule")),
    "Networks around networks": ("training.wrapped", ("Wrapped", "WithParameters")),
    "Data": ("api.data", ("DataInfo", "Survey", "Data", "KnownModes")),
    "Tokens and columns": ("api.schema", ("Vocabulary", "Spectrogram", "Numeric", "Categorical")),
    "Scores and extractors": (
        "api.scores",
        (
            "Measurement",
            "Evaluation",
            "EvaluationInfo",
            "Extractor",
            "Classifier",
            "NonFiniteSamples",
        ),
    ),
    "Scores on features": ("scoring.columns", ("FeatureColumn",)),
    "Real samples against real samples": ("scoring.selfcompare", ("SelfComparison",)),
    "Executors": (
        "api.executors",
        ("Resources", "Limits", "Executor", "JobHandle", "Ending", "Breach"),
    ),
    "What is known of contents": ("storage.facts", ("Facts",)),
    "Errors": (
        "api.errors",
        (
            "GanbenchError",
            "UsageError",
            "MissingData",
            "PluginNotUsable",
            "InvalidResults",
            "NothingSelected",
        ),
    ),
}

MODULES = {
    "Learning-rate policies: `from ganbench import schedules`": "api.schedules",
    "The cache: `from ganbench import cache`": "cache",
}

PAIRS = ("join_pair", "split_pair")

HEAD = """\
# Plugin interface

Everything that a plugin imports, and nothing else: `from ganbench import ...`. Importing ganbench
does not import torch. A plugin is a module with functions of the names under [Hooks](#hooks), each
marked with `@hookimpl`, which an entry point of the group `ganbench.plugins` names. The built-in
plugins are written with it, and with nothing else. How to begin:
[Your own GAN in 30 lines](your-own-gan.md).

This page is written by `python docs/make_api.py` from the code.
"""


def reference() -> str:
    """The page, as Markdown."""
    # Its remarks on "Args: mean, low:" lines, which name two arguments at once, are not for us.
    logging.getLogger("griffe").setLevel(logging.ERROR)
    package = griffe.load("ganbench", docstring_parser="google", submodules=True)
    chapters = [HEAD, "\n".join(["## Hooks", "", *_functions(package["api.hooks"])])]
    for title, (module, names) in CHAPTERS.items():
        parts = [part for name in names for part in _class(package[module][name])]
        chapters.append("\n".join([f"## {title}", "", *parts]))
    needs = _needs(package["api.techniques"]["NEEDS"])
    chapters.append("\n".join(["## Needs: what a step is asked for", "", *needs]))
    modalities = package["modalities"]
    general = (modalities[name] for name in ("output_layer", "encode", "decode"))
    functions = [*general, *map(modalities["pair"].__getitem__, PAIRS)]
    parts = [part for function in functions for part in _function(function)]
    chapters.append("\n".join(["## Data of every modality", "", *parts]))
    for title, name in MODULES.items():
        module = package[name]
        parts = [*_prose(module.docstring, {}), *_functions(module)]
        chapters.append("\n".join([f"## {title}", "", *parts]))
    return "\n".join(chapters).rstrip() + "\n"


def checks() -> str:
    """The page of checks, with the table as it is now."""
    head, mark, _ = CHECKS.read_text("utf-8").partition(BEFORE_CHECKS)
    return head + mark + page()


def _needs(attribute: griffe.Attribute) -> Iterator[str]:
    """The vocabulary of `needs`, as a table."""
    assert attribute.docstring is not None
    yield from (attribute.docstring.value, "", "| need | of a step |", "|---|---|")
    for need, meaning in ast.literal_eval(str(attribute.value)).items():
        yield f"| `{need}` | {_line(meaning)} |"
    yield ""


def _functions(module: griffe.Module) -> Iterator[str]:
    for function in (one for one in module.functions.values() if not one.is_alias):
        yield from _function(function)


def _function(function: griffe.Function) -> Iterator[str]:
    declared = {argument.name: argument for argument in function.parameters}
    yield from (f"### `{_signature(function)}`", "", *_prose(function.docstring, declared))


def _class(one: griffe.Class) -> Iterator[str]:
    bases = [str(base) for base in one.bases if str(base) != "Protocol"]
    yield from (f"### {one.name}", "")
    yield from ([f"A kind of {bases[0]}.", ""] if bases else [])
    yield from _prose(one.docstring, {p.name: p for p in one.parameters})
    lines = [
        *(f"`{name}: {a.annotation}`" + _meaning(a) for name, a in one.attributes.items()),
        *(f"`{_signature(f)}`" + _meaning(f) for name, f in one.functions.items() if _shown(name)),
    ]
    described = [f"- {line}" for line in lines if not line.endswith("`")]
    yield from ([*described, ""] if described else [])


def _shown(name: str) -> bool:
    return name == "__call__" or not name.startswith("_")


def _signature(function: griffe.Function) -> str:
    arguments = ", ".join(
        f"{one.name}: {one.annotation}" for one in function.parameters if one.annotation
    )
    return f"{function.name}({arguments}) -> {function.returns}"


def _meaning(one: griffe.Attribute | griffe.Function) -> str:
    return f": {_line(one.docstring.value)}" if one.docstring else ""


def _prose(
    docstring: griffe.Docstring | None, declared: Mapping[str, griffe.Parameter]
) -> Iterator[str]:
    """The docstring; arguments become a table of names, types, defaults and meanings."""
    assert docstring is not None
    for section in docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.text:
            yield from (section.value, "")
        elif section.kind is griffe.DocstringSectionKind.parameters:
            yield from ("| argument | type | default | meaning |", "|---|---|---|---|")
            for argument in section.value:
                for name in argument.name.split(", "):
                    yield _row(name, declared[name], argument.description)
            yield ""
        elif section.kind is griffe.DocstringSectionKind.returns:
            yield from (f"Returns {_line(item.description)}" for item in section.value)
            yield ""
        else:
            for item in section.value:
                yield from (f"Raises `{item.annotation}`: {_line(item.description)}", "")


def _row(name: str, declared: griffe.Parameter, meaning: str) -> str:
    default = "" if declared.default is None else f"`{declared.default}`"
    cells = (f"`{name}`", f"`{declared.annotation}`", default, _line(meaning))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
    CHECKS.write_text(checks(), encoding="utf-8")
