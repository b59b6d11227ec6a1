"""`-P FILE` and `--no-plugin NAME`: before a verb or behind it, they mean the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ganbench.api.errors import UsageError
from ganbench.catalogue.plugin_files import plugin_files
from ganbench.cli.completing import complete_plugins
from ganbench.cli.context import SETTINGS, chosen

F = TypeVar("F", bound=Callable[..., Any])


def plugin_options(function: F) -> F:
    """The options that say which plugins to load. The verb gets the choice by `click.pass_obj`."""
    files = click.option(
        "-P",
        "--plugin-file",
        "plugin_files",
        type=click.Path(),
        multiple=True,
        metavar="FILE",
        expose_value=False,
        callback=_add_files,
        help="Load this Python file as a plugin, for a local experiment. May be repeated.",
    )
    blocked = click.option(
        "--no-plugin",
        "disabled_plugins",
        multiple=True,
        metavar="NAME",
        expose_value=False,
        callback=_block,
        shell_complete=complete_plugins,
        help="Do not load this plugin (or all plugins of this distribution). May be repeated.",
    )
    return files(blocked(function))


def _add_files(context: click.Context, option: click.Parameter, value: Sequence[str]) -> None:
    own = _of_settings(context, option)
    try:
        files = plugin_files(own)
    except UsageError as error:
        setting = context.meta[SETTINGS]["plugin-files"]
        raise UsageError(f"{setting.origin}: plugin-files: {error.message}", error.hint) from None
    if files := [*files, *plugin_files(value)]:
        context.obj = chosen(context).plus(files=files)


def _block(context: click.Context, option: click.Parameter, value: Sequence[str]) -> None:
    context.obj = chosen(context).plus(blocked=[*_of_settings(context, option), *value])


def _of_settings(context: click.Context, option: click.Parameter) -> Sequence[str]:
    """What a setting names. Lists add up: a flag, wherever it stands, takes nothing of it away."""
    named: Sequence[str] = (context.default_map or {}).get(option.name or "", ())
    return named
