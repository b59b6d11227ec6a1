"""Calling plugins that only watch: what goes wrong in them is a warning, never a failed run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggy

from ganbench.api.errors import type_and_line


class Observers:
    """The observing hooks of all usable plugins.

    Args:
        manager: with the plugins registered.
    """

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self._manager = manager

    def notify(self, hook: str, warn: Callable[[str], None], **arguments: Any) -> None:
        """Call one hook of every plugin that implements it.

        Args:
            hook: its name, e.g. ``ganbench_evaluated``.
            warn: takes a line for each plugin that raises.
            arguments: of the hook; a plugin may declare only some of them.
        """
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                implementation.function(*(arguments[name] for name in implementation.argnames))
            except KeyboardInterrupt:
                raise
            except (Exception, SystemExit) as error:
                reason = type_and_line(error)
                warn(f"{hook}() of plugin {implementation.plugin_name} failed: {reason}")
