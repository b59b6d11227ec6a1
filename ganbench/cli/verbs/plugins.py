"""`ganbench plugins`: every entry point, its state and the reason for it."""

from __future__ import annotations

import click

from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin import Plugin, State
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.options import json_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, say, talk
from ganbench.statistics.groups import grouped

FIELDS = (
    "name",
    "state",
    "reason",
    "distribution",
    "version",
    "api_version",
    "module",
    "file",
    "source_hash",
    "provides",
)

SHOWN = 4
"""Names of one kind in the table; `--json` has all."""


@click.command(cls=Verb)
@click.option("--requirements", is_flag=True, help="Print pins of the distributions, for pip.")
@json_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, requirements: bool, as_json: bool) -> None:
    """Show every plugin with its state and the reason for it, and what it provides.

    States: loaded, blocked (disabled on request), conflict (a name is taken), broken (it cannot be
    imported), invalid (it breaks the contract), incompatible (another API version).
    """
    plugins = open_catalogue(choice, talk).plugins
    if requirements:
        _print_requirements(plugins)
    elif as_json:
        print_json([{field: getattr(one, field) for field in FIELDS} for one in plugins])
    else:
        print_rows(
            ["plugin", "state", "from", "api", "provides, or why not"],
            [[one.name, one.state, one.origin, _api(one), _account(one)] for one in plugins],
        )


def _print_requirements(plugins: list[Plugin]) -> None:
    loaded = [one for one in plugins if one.state is State.LOADED]
    for pin in sorted({f"{one.distribution}=={one.version}" for one in loaded if not one.is_file}):
        say(pin)
    for one in loaded:
        if one.is_file:
            talk(f"left out: {one.file} is a local file, which pip cannot install")


def _api(plugin: Plugin) -> str:
    return "" if plugin.api_version is None else str(plugin.api_version)


def _account(plugin: Plugin) -> str:
    """What a usable plugin provides; of another one the reason, and its file if there is one."""
    if plugin.state is State.LOADED:
        return _by_kind(plugin.provides) or "observes runs"
    return plugin.reason + (f" [{plugin.file}]" if plugin.file else "")


def _by_kind(provides: tuple[str, ...]) -> str:
    pairs = [provide.split(":", 1) for provide in provides]
    return "; ".join(
        f"{kind} {', '.join(name for _, name in own[:SHOWN])}" + _rest(len(own) - SHOWN)
        for kind, own in grouped(pairs, lambda pair: pair[0]).items()
    )


def _rest(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
