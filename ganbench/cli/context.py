"""What click hands from the command to its verbs."""

from __future__ import annotations

from typing import Final

import click

from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice

SETTINGS: Final = "ganbench.settings"
"""In a context's `meta`: what files and variables set, by key."""


def chosen(context: click.Context) -> PluginChoice:
    """The plugins that `-P`, `--no-plugin` and `--track` have asked for so far."""
    return context.obj if isinstance(context.obj, PluginChoice) else NO_CHOICE
