"""`ganbench config`: what is set, and where."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from typing import Any

import click

from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.context import chosen
from ganbench.cli.defaults import checked_settings, option_of
from ganbench.cli.options import json_option
from ganbench.cli.settings import KEYS, Setting, project_file, user_file, variable
from ganbench.console import print_json, print_rows, warn


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show settings and where each comes from: default, file, variable.

    Alone it does what `ganbench config show` does. Later wins: the default, your own file, the
    project's ganbench.toml, GANBENCH_* variables, and flags.
    """
    if context.invoked_subcommand is None:
        context.invoke(show)


@command.command()
@json_option
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Show every setting with its value and its origin."""
    settings = checked_settings() | dict(_flags(chosen(context)))
    rows = [_row(key, settings.get(key)) for key in KEYS]
    warn(_mistyped())
    if as_json:
        print_json(rows)
        return
    print_rows(
        ["setting", "value", "origin"],
        [[row["key"], _shown(row["value"]), row["origin"]] for row in rows],
    )


@command.command()
@json_option
def path(as_json: bool) -> None:
    """Show which files settings are read from, whether they are there or not."""
    project = project_file()
    rows = [
        {"file": str(user_file()), "what": "your own", "exists": user_file().is_file()},
        {
            "file": str(project or "ganbench.toml"),
            "what": "the project's",
            "exists": project is not None,
        },
    ]
    if as_json:
        print_json(rows)
        return
    print_rows(
        ["file", "whose", "state"],
        [
            [str(row["file"]), str(row["what"]), "used" if row["exists"] else "not there"]
            for row in rows
        ],
    )


def _flags(choice: PluginChoice) -> Iterator[tuple[str, Setting]]:
    """What stands before the verb: `ganbench -P my_gan.py config show`."""
    if choice.files:
        yield "plugin-files", Setting([file.path for file in choice.files], "-P")
    if choice.blocked:
        yield "disabled-plugins", Setting(list(choice.blocked), "--no-plugin")


def _row(key: str, setting: Setting | None) -> dict[str, Any]:
    if setting is None:
        return {"key": key, "value": _default(key), "origin": "default", "variable": variable(key)}
    value, origin = setting.value, setting.origin
    return {"key": key, "value": value, "origin": origin, "variable": variable(key)}


def _default(key: str) -> Any:
    from ganbench.storage.cache import cache_root

    if key == "cache":
        return str(cache_root())
    option = option_of(key)
    default = option.to_info_dict()["default"]
    if option.multiple:
        return list(default or ())
    return default if isinstance(default, int | None) else str(default)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value is None else str(value)


def _mistyped() -> list[str]:
    """Variables that look like one of ours; others of that prefix may be a plugin's."""
    known = [variable(key) for key in KEYS]
    lines = []
    for name in sorted(os.environ):
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if name.startswith("GANBENCH_") and name not in known and close:
            lines.append(f"the variable {name} is not used: did you mean {close[0]}?")
    return lines
