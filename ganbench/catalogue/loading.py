"""Guarded loading: one broken plugin never stops the others, and every oddity has a reason.

pluggy's own `load_setuptools_entrypoints` aborts at the first import error, silently ignores a
second distribution with the same name and accepts a mistyped hook until `check_pending()`.
"""

from __future__ import annotations

import functools
import importlib
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

import pluggy

from ganbench.api import hooks
from ganbench.api.checked import typed
from ganbench.api.errors import did_you_mean, type_and_line
from ganbench.api.specs import SPEC_TYPES, Spec
from ganbench.api.version import API_VERSION
from ganbench.catalogue.plugin import BUILT_IN, Plugin, State
from ganbench.catalogue.plugin_files import PluginFile
from ganbench.statistics.groups import grouped

_MACHINERY = (__file__, importlib.__file__, pluggy.__file__)
"""Modules beside which a traceback's frames are no plugin's."""


class _Rejected(Exception):
    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin, the object that implements its hooks (mostly a module), and the specs it provides.

    A plugin in conflict keeps its specs, so that whoever asks for one of them gets the reason.
    """

    plugin: Plugin
    module: object = None
    specs: tuple[Spec, ...] = field(default=())


def load_plugins(
    entry_points: Iterable[EntryPoint],
    blocked: Collection[str] = (),
    files: Iterable[PluginFile] = (),
) -> list[LoadedPlugin]:
    """Load everything that may be loaded: built-ins first, then by name, then files.

    Args:
        entry_points: of the group `ganbench.plugins`.
        blocked: names of plugins or distributions not to load.
        files: plugins that nobody has installed.
    """
    named = functools.cache(_named)
    found = sorted((_described(one, *named(one.dist)) for one in entry_points), key=_precedence)
    allowed = [one for one in found if not {one.name, one.distribution} & set(blocked)]
    loaded = []
    for plugin in found:
        rivals = [one for one in allowed if one.name == plugin.name and one is not plugin]
        if plugin not in allowed:
            loaded.append(_rejected(plugin, State.BLOCKED, "disabled on request"))
        elif rivals and plugin.distribution != BUILT_IN:
            names = " and ".join(rival.distribution for rival in rivals)
            reason = f"a plugin named {plugin.name!r} is also provided by {names}"
            loaded.append(_rejected(plugin, State.CONFLICT, reason))
        else:
            loaded.append(_load(plugin, functools.partial(_import, plugin.module)))
    for file in files:
        plugin = _described_file(file)
        if file.name in blocked:
            loaded.append(_rejected(plugin, State.BLOCKED, "disabled on request"))
        else:
            loaded.append(_load(plugin, file.load))
    return _resolve_name_clashes(loaded)


def _named(distribution: Distribution | None) -> tuple[str, str]:
    """Name and version, for which its metadata are parsed, the whole README among them."""
    return (distribution.name, distribution.version) if distribution else ("", "")


def _described(entry_point: EntryPoint, distribution: str, version: str) -> Plugin:
    return Plugin(
        name=entry_point.name,
        module=entry_point.value,
        distribution=distribution,
        version=version,
        state=State.LOADED,
    )


def _described_file(file: PluginFile) -> Plugin:
    return Plugin(
        name=file.name,
        module=file.module,
        distribution="",
        version="",
        state=State.LOADED,
        file=file.path,
        digest=file.source_hash,
    )


def _precedence(plugin: Plugin) -> tuple[bool, str, str]:
    return plugin.distribution != BUILT_IN, plugin.name, plugin.distribution


def _rejected(plugin: Plugin, state: State, reason: str) -> LoadedPlugin:
    return LoadedPlugin(replace(plugin, state=state, reason=reason))


def _load(plugin: Plugin, load: Callable[[], object]) -> LoadedPlugin:
    try:
        module = _loaded(load, plugin)
        plugin = replace(plugin, file=plugin.file or _file_of(plugin))
        plugin = replace(plugin, api_version=_api_version(module))
        specs = _specs(_manager(module, plugin.name))
    except _Rejected as rejected:
        return _rejected(plugin, rejected.state, rejected.reason)
    except Exception as error:  # an object with hooks may do anything when it is looked at
        return _rejected(plugin, State.BROKEN, _error_line(error))
    provides = tuple(f"{spec.kind}:{spec.name}" for spec in specs)
    return LoadedPlugin(replace(plugin, provides=provides), module, specs)


def _import(target: str) -> object:
    """What an entry point names: a module, or an object in one (``package.module:plugin``)."""
    module, _, attributes = target.partition(":")
    found: object = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        found = getattr(found, attribute)
    return found


def _loaded(load: Callable[[], object], plugin: Plugin) -> object:
    try:
        found = load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may even call sys.exit() while it is imported
        hint = _no_siblings(error, plugin) or _no_backend(error)
        reason = f"import failed: {_error_line(error)}{hint}"
        raise _Rejected(State.BROKEN, reason) from error
    if isinstance(found, type):
        reason = f"{plugin.module} is a class: name an instance of it, or the module with the hooks"
        raise _Rejected(State.INVALID, reason)
    return found


def _no_siblings(error: BaseException, plugin: Plugin) -> str:
    """What to tell whoever splits a plugin file in two."""
    missing = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
    beside = Path(plugin.file).parent / missing.partition(".")[0]
    if plugin.is_file and missing and (beside.is_dir() or beside.with_suffix(".py").is_file()):
        return "; a plugin file stands alone: to import files beside it, make them a package"
    return ""


_BACKENDS = ("tensorflow", "jax", "openvino")
"""Of Keras, but for the one that is here."""


def _no_backend(error: BaseException) -> str:
    """What to tell whoever imports Keras, which takes its backend from the environment then."""
    passed = (Path(frame.filename).parts for frame in traceback.extract_tb(error.__traceback__))
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing in _BACKENDS and any("keras" in parts for parts in passed):
        return "; call use_keras() of ganbench_plugins.keras.wrap in build, which chooses torch"
    return ""


def _file_of(plugin: Plugin) -> str:
    """The source file of the module that an entry point names."""
    return getattr(sys.modules.get(plugin.module.partition(":")[0]), "__file__", None) or ""


def _api_version(module: object) -> int | None:
    wanted = getattr(module, "__dict__", {}).get("GANBENCH_API_VERSION")
    if wanted is None or (wanted == API_VERSION and type(wanted) is int):
        return wanted
    if type(wanted) is not int:
        reason = f"GANBENCH_API_VERSION is {wanted!r}, not an integer"
        raise _Rejected(State.INVALID, reason)
    later = (
        "update ganbench"
        if wanted > API_VERSION
        else "update the plugin: docs/from-1-to-2.md says what to change"
    )
    reason = f"written for API version {wanted}, this ganbench has {API_VERSION}: {later}"
    raise _Rejected(State.INCOMPATIBLE, reason)


def _manager(module: object, name: str) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    unmarked = [
        attribute
        for attribute in dir(module)
        if attribute.startswith("ganbench_")
        and hasattr(hooks, attribute)
        and callable(getattr(module, attribute))
        and not hasattr(getattr(module, attribute), f"{hooks.PROJECT}_impl")
    ]
    if unmarked:
        raise _Rejected(State.INVALID, f"{unmarked[0]} is not marked with @ganbench.hookimpl")
    try:
        manager.register(module, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _Rejected(State.INVALID, _unknown_hook(module) or _error_line(error)) from error
    if not manager.get_hookcallers(module):
        raise _Rejected(State.INVALID, "implements no ganbench hook")
    return manager


def _unknown_hook(module: object) -> str:
    """The first hook of a module that ganbench does not have, with what may be meant."""
    known = [name for name in dir(hooks) if name.startswith("ganbench_")]
    for name in dir(module):
        if hasattr(getattr(module, name), f"{hooks.PROJECT}_impl") and name not in known:
            return f"there is no hook {name!r}; {did_you_mean(name, known)}"
    return ""


def _specs(manager: pluggy.PluginManager) -> tuple[Spec, ...]:
    specs: list[Spec] = []
    for spec_type in SPEC_TYPES.values():
        hook = spec_type.hook
        try:
            returned = getattr(manager.hook, hook)()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reason = f"{hook}() failed: {_error_line(error)}{_moved_since(error)}"
            raise _Rejected(State.BROKEN, reason) from error
        for result in returned:
            if not isinstance(result, list | tuple):
                reason = f"{hook}() must return a list, it returned {typed(result)}"
                raise _Rejected(State.INVALID, reason)
            for spec in result:
                if not isinstance(spec, spec_type):
                    wanted = spec_type.__name__
                    reason = f"{hook}() must return a list of {wanted}, it holds {typed(spec)}"
                    raise _Rejected(State.INVALID, reason)
                specs.append(spec)
    names = [_taken(spec) for spec in specs]
    for spec in specs:
        if names.count(_taken(spec)) > 1:
            raise _Rejected(State.INVALID, f"provides the {spec.kind} {spec.name!r} twice")
    return tuple(specs)


_MOVED = {
    "per_sample": "write needs=('real_slopes',), or what slopes it uses, instead of per_sample",
    "fingerprint": "let `describe` return a Survey(info=..., fingerprint=...) instead of "
    "fingerprint",
}
"""Fields of earlier versions of the contract, and what says the same now."""


def _moved_since(error: BaseException) -> str:
    """What to write instead of a field that the contract no longer has."""
    text = str(error)
    found = [mend for name, mend in _MOVED.items() if "unexpected keyword" in text and name in text]
    return f": {found[0]} (docs/from-1-to-2.md)" if found else ""


def _taken(spec: Spec) -> tuple[str, str]:
    """The name that a spec takes. Losses and techniques share theirs: in ``mlp+NAME`` it must be
    clear which of both is meant."""
    return "loss" if spec.kind == "technique" else spec.kind, spec.name


def _resolve_name_clashes(loaded: list[LoadedPlugin]) -> list[LoadedPlugin]:
    """A built-in keeps its name; of two others neither is guessed to be the one that was meant."""
    built_in = _owners(one for one in loaded if one.plugin.distribution == BUILT_IN)
    loaded = [_without_clash(one, built_in) for one in loaded]
    rest = _owners(one for one in loaded if one.plugin.state is State.LOADED)
    return [_without_clash(one, rest) for one in loaded]


def _owners(loaded: Iterable[LoadedPlugin]) -> dict[tuple[str, str], list[Plugin]]:
    pairs = [(_taken(spec), one.plugin) for one in loaded for spec in one.specs]
    groups = grouped(pairs, lambda pair: pair[0])
    return {taken: [plugin for _, plugin in own] for taken, own in groups.items()}


def _without_clash(
    one: LoadedPlugin, owners: Mapping[tuple[str, str], list[Plugin]]
) -> LoadedPlugin:
    if one.plugin.distribution == BUILT_IN or one.plugin.state is not State.LOADED:
        return one
    for spec in one.specs:
        others = [
            other.origin if other.is_file else f"{other.name} ({other.distribution})"
            for other in owners.get(_taken(spec), [])
            if other is not one.plugin
        ]
        if others:
            reason = f"the {spec.kind} {spec.name!r} is also provided by {' and '.join(others)}"
            return replace(_rejected(one.plugin, State.CONFLICT, reason), specs=one.specs)
    return one


def _error_line(error: BaseException) -> str:
    """What an error says, and where in the plugin it was raised."""
    text = type_and_line(error)
    passed = ("<frozen", *(str(Path(one).parent) for one in _MACHINERY))
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith(passed):
            return f"{text} ({Path(frame.filename).name}, line {frame.lineno})"
    return text
