"""Guarded loading: one broken plugin never stops the others, and every oddity has a reason.

pluggy's own `load_setuptools_entrypoints` aborts at the first import error, silently ignores a
second distribution with the same name and accepts a mistyped hook until `check_pending()`.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint
from types import ModuleType

import pluggy

from ganbench.api import hooks
from ganbench.api.specs import SPEC_TYPES, Spec
from ganbench.api.version import API_VERSION
from ganbench.catalogue.plugin import BUILT_IN, Plugin, State

_SPEC_HOOKS = {
    "ganbench_models": "model",
    "ganbench_losses": "loss",
    "ganbench_variants": "variant",
    "ganbench_datasets": "dataset",
    "ganbench_scores": "score",
    "ganbench_extractors": "extractor",
}


class _Rejected(Exception):
    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin, the module that implements its hooks, and the specs that they returned.

    A plugin in conflict keeps its specs, so that whoever asks for one of them gets the reason.
    """

    plugin: Plugin
    module: ModuleType | None = None
    specs: tuple[Spec, ...] = field(default=())


def load_plugins(
    entry_points: Iterable[EntryPoint], blocked: Collection[str] = ()
) -> list[LoadedPlugin]:
    """Load every entry point that may be loaded, built-ins first, then by name.

    Args:
        entry_points: of the group `ganbench.plugins`.
        blocked: names of entry points or distributions not to load.
    """
    found = sorted(map(_described, entry_points), key=_precedence)
    allowed = [one for one in found if not {one.name, one.distribution} & set(blocked)]
    loaded = []
    for plugin in found:
        rivals = [one for one in allowed if one.name == plugin.name and one is not plugin]
        if plugin not in allowed:
            loaded.append(_rejected(plugin, State.BLOCKED, "disabled on request"))
        elif rivals and plugin.distribution != BUILT_IN:
            names = " and ".join(one.distribution for one in rivals)
            reason = f"a plugin named {plugin.name!r} is also provided by {names}"
            loaded.append(_rejected(plugin, State.CONFLICT, reason))
        else:
            loaded.append(_load(plugin))
    return _resolve_name_clashes(loaded)


def _described(entry_point: EntryPoint) -> Plugin:
    distribution = entry_point.dist
    return Plugin(
        name=entry_point.name,
        module=entry_point.value,
        distribution=distribution.name if distribution else "",
        version=distribution.version if distribution else "",
        state=State.LOADED,
    )


def _precedence(plugin: Plugin) -> tuple[bool, str, str]:
    return plugin.distribution != BUILT_IN, plugin.name, plugin.distribution


def _rejected(plugin: Plugin, state: State, reason: str) -> LoadedPlugin:
    return LoadedPlugin(replace(plugin, state=state, reason=reason))


def _load(plugin: Plugin) -> LoadedPlugin:
    try:
        module = _import(plugin)
        plugin = replace(plugin, file=getattr(module, "__file__", None) or "")
        _check_version(module)
        specs = _specs(_manager(module, plugin.name))
    except _Rejected as rejected:
        return _rejected(plugin, rejected.state, rejected.reason)
    return LoadedPlugin(plugin, module, specs)


def _import(plugin: Plugin) -> ModuleType:
    try:
        return importlib.import_module(plugin.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may even call sys.exit() while it is imported
        raise _Rejected(State.BROKEN, f"import failed: {_one_line(error)}") from error


def _check_version(module: ModuleType) -> None:
    wanted = vars(module).get("GANBENCH_API_VERSION", API_VERSION)
    if wanted != API_VERSION:
        reason = f"written for API version {wanted}, this ganbench has {API_VERSION}"
        raise _Rejected(State.INCOMPATIBLE, reason)


def _manager(module: ModuleType, name: str) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    unmarked = [
        attribute
        for attribute in vars(module)
        if attribute.startswith("ganbench_")
        and hasattr(hooks, attribute)
        and callable(vars(module)[attribute])
        and not hasattr(vars(module)[attribute], f"{hooks.PROJECT}_impl")
    ]
    if unmarked:
        raise _Rejected(State.INVALID, f"{unmarked[0]} is not marked with @ganbench.hookimpl")
    try:
        manager.register(module, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _Rejected(State.INVALID, _one_line(error)) from error
    if not manager.get_hookcallers(module):
        raise _Rejected(State.INVALID, "implements no ganbench hook")
    return manager


def _specs(manager: pluggy.PluginManager) -> tuple[Spec, ...]:
    specs: list[Spec] = []
    for hook, kind in _SPEC_HOOKS.items():
        try:
            returned = getattr(manager.hook, hook)()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise _Rejected(State.BROKEN, f"{hook}() failed: {_one_line(error)}") from error
        for result in returned:
            if not isinstance(result, list | tuple):
                got = type(result).__name__
                raise _Rejected(State.INVALID, f"{hook}() must return a list, it returned a {got}")
            for spec in result:
                if not isinstance(spec, SPEC_TYPES[kind]):
                    wanted, got = SPEC_TYPES[kind].__name__, type(spec).__name__
                    reason = f"{hook}() must return a list of {wanted}, it holds a {got}"
                    raise _Rejected(State.INVALID, reason)
                specs.append(spec)
    names = [(spec.kind, spec.name) for spec in specs]
    for kind, name in names:
        if names.count((kind, name)) > 1:
            raise _Rejected(State.INVALID, f"provides the {kind} {name!r} twice")
    return tuple(specs)


def _resolve_name_clashes(loaded: list[LoadedPlugin]) -> list[LoadedPlugin]:
    """A built-in keeps its name; of two others neither is guessed to be the one that was meant."""
    built_in = _owners(one for one in loaded if one.plugin.distribution == BUILT_IN)
    loaded = [_without_clash(one, built_in) for one in loaded]
    rest = _owners(one for one in loaded if one.plugin.state is State.LOADED)
    return [_without_clash(one, rest) for one in loaded]


def _owners(loaded: Iterable[LoadedPlugin]) -> dict[tuple[str, str], list[Plugin]]:
    owners: dict[tuple[str, str], list[Plugin]] = {}
    for one in loaded:
        for spec in one.specs:
            owners.setdefault((spec.kind, spec.name), []).append(one.plugin)
    return owners


def _without_clash(
    one: LoadedPlugin, owners: Mapping[tuple[str, str], list[Plugin]]
) -> LoadedPlugin:
    if one.plugin.distribution == BUILT_IN or one.plugin.state is not State.LOADED:
        return one
    for spec in one.specs:
        others = [
            f"{other.name} ({other.distribution})"
            for other in owners.get((spec.kind, spec.name), [])
            if other is not one.plugin
        ]
        if others:
            reason = f"the {spec.kind} {spec.name!r} is also provided by {' and '.join(others)}"
            return replace(_rejected(one.plugin, State.CONFLICT, reason), specs=one.specs)
    return one


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
