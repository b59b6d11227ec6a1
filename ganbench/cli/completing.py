"""What the shell offers behind a verb: names, looked up without importing torch.

A completion never fails: what cannot be looked up (a plugin file with a mistake, no runs folder)
is not offered. Nor does it say anything else: what plugins print would be offered, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from ganbench.api.errors import GanbenchError
from ganbench.api.specs import (
    SPEC_TYPES,
    DatasetSpec,
    ExecutorSpec,
    LossSpec,
    ModelSpec,
    Spec,
    TechniqueSpec,
    VariantSpec,
)
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue, known_trackers
from ganbench.catalogue.plugin_files import plugin_files
from ganbench.cli.context import chosen
from ganbench.cli.settings import load_settings
from ganbench.console import silence
from ganbench.machine.devices import DEVICES, cuda_devices


def complete_variants(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Variants; behind a `+` losses and techniques; behind a bracket parameters, and choices."""
    catalogue = _catalogue(context)
    if "[" in incomplete:
        return _items(_settings(incomplete, catalogue), incomplete)
    if "+" in incomplete:
        described = _parts(incomplete, catalogue)
        return _items(described, incomplete, described)
    names = catalogue.names(VariantSpec.kind)
    described = {name: catalogue.get(VariantSpec, name).description for name in names}
    pairs = (f"{name}+" for name in catalogue.names(ModelSpec.kind) if incomplete)
    return [*_items(described, incomplete, described), *_items(pairs, incomplete)]


def _parts(incomplete: str, catalogue: Catalogue) -> dict[str, str]:
    """What may follow a `+`, with its description: a loss behind a model, then techniques."""
    before, _, _ = incomplete.rpartition("+")
    names = [part.partition(":")[0] for part in before.split("+")]
    offered: list[Spec] = []
    every = {}
    if len(names) == 1 and names[0] in catalogue.names(ModelSpec.kind):
        offered += _all(LossSpec, catalogue)
        every = {f"{before}+*": "every loss"}
    if names[0] in catalogue.names(VariantSpec.kind) or _has_loss(names, catalogue):
        offered += [one for one in _all(TechniqueSpec, catalogue) if one.name not in names]
    return {f"{before}+{one.name}": one.description for one in offered} | every


def _has_loss(names: list[str], catalogue: Catalogue) -> bool:
    """Whether a model is followed by its loss."""
    losses = (*catalogue.names(LossSpec.kind), "*")
    return names[0] in catalogue.names(ModelSpec.kind) and len(names) > 1 and names[1] in losses


def _all(kind: type[Spec], catalogue: Catalogue) -> list[Spec]:
    return [catalogue.get(kind, name) for name in catalogue.names(kind.kind)]


def _settings(incomplete: str, catalogue: Catalogue) -> list[str]:
    """``wgan-gp[lr=`` and the like, one for each parameter that is not set yet; behind its equals
    sign a parameter's choices."""
    from ganbench.planning.naming import choose_variant
    from ganbench.planning.references import written
    from ganbench.planning.variants import parameters_of

    name, _, settings = incomplete.partition("[")
    done, comma, last = settings.rpartition(",")
    begun = f"{name}[{done}{comma}"
    taken = {part.partition("=")[0].strip() for part in done.split(",")}
    with suppress(GanbenchError):
        declared = parameters_of(*choose_variant(name, catalogue).specs)
        key, equals, _ = last.partition("=")
        if equals and key in declared:
            return [f"{begun}{key}={written(one)}" for one in declared[key].choices]
        return [f"{begun}{one}=" for one in declared if one not in taken]
    return []


def complete_devices(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Devices, and the GPUs that there are."""
    gpus = (f"cuda:{place}" for place in range(len(cuda_devices())))
    return _items((*DEVICES, *gpus), incomplete)


def complete_trackers(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """What can be told of runs."""
    return _items((one.name for one in known_trackers()), incomplete)


def complete_suites(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Suites by name, and files."""
    from ganbench.planning.suite import embedded_suites

    return [*_items(embedded_suites(), incomplete), CompletionItem(incomplete, type="file")]


def complete_tasks(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Tasks of the suite that is named before."""
    from ganbench.planning.suite import DEFAULT_SUITE, load_suite

    with suppress(GanbenchError):
        suite = load_suite(context.params.get("suite") or DEFAULT_SUITE)
        return _items((task.name for task in suite.tasks), incomplete)
    return []


def complete_anything(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Everything that has a name: variants with all that is added, data sets, suites and so on."""
    from ganbench.cli.descriptions import VOCABULARIES
    from ganbench.planning.suite import embedded_suites

    if set("+[") & set(incomplete):
        return complete_variants(context, parameter, incomplete)
    catalogue = _catalogue(context)
    names = [name for kind in SPEC_TYPES for name in catalogue.names(kind)]
    return _items([*names, *embedded_suites(), *VOCABULARIES], incomplete)


def complete_executors(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Executors."""
    catalogue = _catalogue(context)
    names = catalogue.names(ExecutorSpec.kind)
    described = {name: catalogue.get(ExecutorSpec, name).description for name in names}
    return _items(described, incomplete, described)


def complete_plugins(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Plugins and distributions."""
    plugins = _catalogue(context).plugins
    names = (name for plugin in plugins for name in (plugin.name, plugin.distribution) if name)
    return _items(names, incomplete)


def complete_runs(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Runs of the runs folder; of a bucket those in its mirror, since a shell does not wait."""
    from ganbench.results.mirrors import runs_folder
    from ganbench.results.store import RunStore

    folder = context.params.get("runs", "runs")
    if context.get_parameter_source("runs") is not ParameterSource.COMMANDLINE:
        folder = _set("runs") or folder
    with suppress(GanbenchError):
        return _items(RunStore(runs_folder(folder)).ids(), incomplete)
    return []


def complete_sources(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """What can be scored: data sets, runs of the runs folder, and files."""
    datasets = _items(_catalogue(context).names(DatasetSpec.kind), incomplete)
    runs = complete_runs(context, parameter, incomplete)
    return [*datasets, *runs, CompletionItem(incomplete, type="file")]


def _catalogue(context: click.Context) -> Catalogue:
    choice = chosen(context)
    with suppress(GanbenchError):
        choice = choice.plus(files=plugin_files(_set("plugin-files") or ()))
    with silence():
        return installed_catalogue(choice)


def _set(key: str) -> Any:
    """What files and variables say: they are no defaults of a verb that is being completed."""
    with suppress(GanbenchError):
        setting = load_settings().get(key)
        return setting.value if setting else None
    return None


def _items(
    names: Iterable[str], incomplete: str, described: dict[str, str] | None = None
) -> list[CompletionItem]:
    wanted = dict.fromkeys(name for name in names if name.startswith(incomplete))
    return [CompletionItem(name, help=(described or {}).get(name)) for name in wanted]
