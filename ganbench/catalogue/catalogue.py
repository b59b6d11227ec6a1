"""The catalogue: name -> spec, over all usable plugins."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar, cast

import pluggy

from ganbench.api import hooks
from ganbench.api.errors import PluginNotUsable, UsageError, did_you_mean
from ganbench.api.specs import SPEC_TYPES, Spec
from ganbench.catalogue.loading import LoadedPlugin, load_plugins
from ganbench.catalogue.observers import Observers
from ganbench.catalogue.plugin import Plugin, State

DISABLED_VARIABLE = "GANBENCH_DISABLED_PLUGINS"

S = TypeVar("S", bound=Spec)


class Catalogue:
    """Every plugin found, and the specs of those that are usable.

    Args:
        found: entry points of the group `ganbench.plugins`.
        blocked: names of plugins or distributions not to load.
    """

    def __init__(self, found: Iterable[EntryPoint], blocked: Collection[str] = ()) -> None:
        self._loaded = load_plugins(found, blocked)
        self._entries: dict[tuple[str, str], tuple[Spec, Plugin]] = {
            (spec.kind, spec.name): (spec, one.plugin)
            for one in self._loaded
            if one.plugin.state is State.LOADED
            for spec in one.specs
        }

    @property
    def plugins(self) -> list[Plugin]:
        """Every entry point with its state."""
        return [one.plugin for one in self._loaded]

    def names(self, kind: str) -> list[str]:
        """Names of all usable specs of one kind: built-ins first, in the plugins' order."""
        return [name for of_kind, name in self._entries if of_kind == kind]

    def get(self, spec_type: type[S], name: str) -> S:
        """The spec of that type and name.

        Raises:
            PluginNotUsable: a plugin of that name is there, but not loaded.
            UsageError: nothing of that name is there.
        """
        return cast("S", self._find(spec_type.kind, name)[0])

    def plugin_of(self, spec: Spec) -> Plugin:
        """The plugin that provides a spec."""
        return self._entries[spec.kind, spec.name][1]

    def owner(self, kind: str, name: str) -> Plugin | None:
        """The plugin that provides a spec of that kind and name, if a usable one does."""
        _, plugin = self._entries.get((kind, name), (None, None))
        return plugin

    def observers(self) -> Observers:
        """The observing hooks of all usable plugins."""
        manager = pluggy.PluginManager(hooks.PROJECT)
        manager.add_hookspecs(hooks)
        for one in self._loaded:
            if one.module is not None:
                manager.register(one.module, f"{one.plugin.distribution}:{one.plugin.name}")
        return Observers(manager)

    def _find(self, kind: str, name: str) -> tuple[Spec, Plugin]:
        if (entry := self._entries.get((kind, name))) is not None:
            return entry
        for one in self._loaded:
            plugin, specs = one.plugin, {(spec.kind, spec.name) for spec in one.specs}
            if plugin.state is not State.LOADED and (
                name in (plugin.name, plugin.distribution) or (kind, name) in specs
            ):
                raise PluginNotUsable(
                    f"{kind} {name!r} is not usable: plugin {plugin.name!r} of "
                    f"{plugin.distribution} is {plugin.state}: {plugin.reason}",
                    "`ganbench plugins` shows the state of every plugin",
                )
        for other in SPEC_TYPES:
            if (other, name) in self._entries:
                raise UsageError(
                    f"{name!r} is a {other}, not a {kind}", f"see `ganbench info {name}`"
                )
        hint = did_you_mean(name, self.names(kind)) or f"no usable plugin provides a {kind}"
        if unusable := [one.name for one in self.plugins if one.state is not State.LOADED]:
            hint += f" (not loaded: {', '.join(unusable)}; see `ganbench plugins`)"
        raise UsageError(f"unknown {kind} {name!r}", hint)


@functools.lru_cache(maxsize=8)
def installed_catalogue(blocked: tuple[str, ...] = ()) -> Catalogue:
    """The catalogue of this environment; plugins are disabled by `blocked` and by
    the environment variable `GANBENCH_DISABLED_PLUGINS` (names separated by commas)."""
    disabled = os.environ.get(DISABLED_VARIABLE, "").split(",")
    names = {name.strip() for name in (*blocked, *disabled)} - {""}
    return Catalogue(entry_points(group=hooks.ENTRY_POINT_GROUP), names)


__all__ = ["Catalogue", "LoadedPlugin", "installed_catalogue"]
