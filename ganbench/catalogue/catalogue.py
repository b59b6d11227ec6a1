"""The catalogue: name -> spec, over all usable plugins."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar, cast

import pluggy

from ganbench.api import hooks
from ganbench.api.errors import PluginNotUsable, UsageError, did_you_mean
from ganbench.api.specs import SPEC_TYPES, Spec
from ganbench.catalogue.blame import blame
from ganbench.catalogue.loading import LoadedPlugin, load_plugins
from ganbench.catalogue.observers import Observers
from ganbench.catalogue.plugin import Plugin, State
from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice, PluginFile
from ganbench.catalogue.reserved import instead

DISABLED_VARIABLE = "GANBENCH_DISABLED_PLUGINS"

S = TypeVar("S", bound=Spec)


class Catalogue:
    """Every plugin found, and the specs of those that are usable.

    Args:
        found: entry points of the group `ganbench.plugins`.
        blocked: names of plugins or distributions not to load.
        files: plugins that nobody has installed.
    """

    def __init__(
        self,
        found: Iterable[EntryPoint],
        blocked: Collection[str] = (),
        files: Iterable[PluginFile] = (),
    ) -> None:
        self._loaded = load_plugins(found, blocked, files)
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

    def not_there(self, blocked: Iterable[str]) -> list[str]:
        """A line for each of these names of plugins or distributions that nothing has."""
        known = {name for one in self.plugins for name in (one.name, one.distribution)} - {""}
        return [
            f"there is no plugin {name!r} to disable: {did_you_mean(name, known)}"
            for name in blocked
            if name not in known
        ]

    def unusable_files(self) -> list[str]:
        """A line for each plugin file that was asked for and is not loaded, with its reason."""
        return [
            f"plugin file {one.file} is {one.state}: {one.reason}"
            for one in self.plugins
            if one.is_file and one.state not in (State.LOADED, State.BLOCKED)
        ]

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

    @contextmanager
    def whose(self, *specs: Spec) -> Iterator[None]:
        """Say in errors about what these have made whose they are.

        Args:
            specs: the one that is at work; or several, of which the error's `kind` tells one.

        Raises:
            PluginNotUsable: as within, with the plugin, its distribution and file or line.
        """
        try:
            yield
        except PluginNotUsable as error:
            if error.located:
                raise
            plugins = {self.plugin_of(one) for one in specs if error.kind in ("", one.kind)}
            if not plugins:  # it is about another part, whose place is not known here
                raise
            cause = error.__cause__
            line = cause and blame(cause, plugins)
            places = [line] if line else sorted(one.called for one in plugins)
            message = f"{error.message} ({'; '.join(places)})"
            raise PluginNotUsable(message, error.hint, error.kind, located=True) from cause

    def owner(self, kind: str, name: str) -> Plugin | None:
        """The plugin that provides a spec of that kind and name, if a usable one does."""
        _, plugin = self._entries.get((kind, name), (None, None))
        return plugin

    def observers(self) -> Observers:
        """The observing hooks of all usable plugins."""
        manager = pluggy.PluginManager(hooks.PROJECT)
        manager.add_hookspecs(hooks)
        for one in self._loaded:
            if one.module is not None and not manager.is_registered(one.module):
                named = f"{one.plugin.distribution}:{one.plugin.name}"
                manager.register(one.module, one.plugin.file if one.plugin.is_file else named)
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
                    f"{kind} {name!r} is not usable: {plugin.called} is {plugin.state}: "
                    f"{plugin.reason}",
                    _way_out(plugin),
                    located=True,
                )
        for other in SPEC_TYPES:
            if (other, name) in self._entries:
                raise UsageError(
                    f"{name!r} is {_a(other)}, not {_a(kind)}", f"see `ganbench info {name}`"
                )
        if (told := instead(name, kind)) is not None:
            raise UsageError(f"{name} {told[0]}", told[1])
        hint = did_you_mean(name, self.names(kind)) or f"no usable plugin provides {_a(kind)}"
        if unusable := [one.name for one in self.plugins if one.state is not State.LOADED]:
            hint += f" (not loaded: {', '.join(unusable)}; see `ganbench plugins`)"
        raise UsageError(f"unknown {kind} {name!r}", hint)


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _way_out(plugin: Plugin) -> str:
    if plugin.state is State.CONFLICT:
        return "`--no-plugin NAME` disables one of them; `ganbench plugins` shows all"
    return "`ganbench plugins` shows the state of every plugin"


@functools.lru_cache(maxsize=8)
def installed_catalogue(choice: PluginChoice = NO_CHOICE) -> Catalogue:
    """The catalogue of this environment.

    Plugins are disabled by the choice and by the environment variable `GANBENCH_DISABLED_PLUGINS`
    (names separated by commas).
    """
    choice = choice.plus(blocked=_disabled())
    trackers = (one for one in known_trackers() if one.name in choice.trackers)
    found = (*entry_points(group=hooks.ENTRY_POINT_GROUP), *trackers)
    return Catalogue(found, choice.blocked, choice.files)


def known_trackers() -> tuple[EntryPoint, ...]:
    """All that `--track` may name."""
    return tuple(entry_points(group=hooks.TRACKER_GROUP))


def open_catalogue(
    choice: PluginChoice, warn: Callable[[str], None], *, need_files: bool = False
) -> Catalogue:
    """The catalogue of this environment, and what the user should know about the choice.

    Args:
        choice: what the user has said.
        warn: takes a line for a name in `GANBENCH_DISABLED_PLUGINS` that nothing has (it may stand
            there for another environment), and for each plugin file that is not usable.
        need_files: refuse to go on without such a file.

    Raises:
        UsageError: the choice disables what is not there, or names a tracker that is not.
        PluginNotUsable: a plugin file is not usable, and needed; or a tracker is not.
    """
    trackers = [one.name for one in known_trackers()]
    for name in choice.trackers:
        if name not in trackers:
            raise UsageError(f"unknown tracker {name!r}", did_you_mean(name, trackers))
    catalogue = installed_catalogue(choice)
    if unknown := catalogue.not_there(choice.blocked):
        raise UsageError(unknown[0], "`ganbench config show` tells whether a setting names it")
    for line in catalogue.not_there(_disabled()):
        warn(f"warning: {DISABLED_VARIABLE}: {line}")
    for one in catalogue.plugins:
        if one.name in choice.trackers and one.state is not State.LOADED:
            raise PluginNotUsable(f"tracker {one.name} is {one.state}: {one.reason}")
    for line in catalogue.unusable_files():
        if need_files:
            raise PluginNotUsable(line, "fix it, or leave out -P")
        warn(f"warning: {line}")
    return catalogue


def _disabled() -> list[str]:
    names = os.environ.get(DISABLED_VARIABLE, "").split(",")
    return [name.strip() for name in names if name.strip()]


__all__ = ["Catalogue", "LoadedPlugin", "installed_catalogue", "known_trackers", "open_catalogue"]
