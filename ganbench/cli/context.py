"""What click hands from the command to its verbs."""

from __future__ import annotations

import click

from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice


def chosen(context: click.Context) -> PluginChoice:
    """The plugins that `-P`, `--no-plugin` and `--track` have asked for so far."""
    return context.obj if isinstance(context.obj, PluginChoice) else NO_CHOICE
