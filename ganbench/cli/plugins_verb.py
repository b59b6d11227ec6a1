"""`ganbench plugins`: every entry point, its state and the reason for it."""

from __future__ import annotations

import click

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.catalogue.plugin import State
from ganbench.cli.console import print_json, print_rows
from ganbench.cli.options import json_option


@click.command()
@click.option("--requirements", is_flag=True, help="Print pins of the distributions, for pip.")
@json_option
@click.pass_obj
def command(blocked: tuple[str, ...], /, requirements: bool, as_json: bool) -> None:
    """Show every plugin with its state and the reason for it.

    States: loaded, blocked (disabled on request), conflict (a name is taken), broken (it cannot be
    imported), invalid (it breaks the contract), incompatible (another API version).
    """
    plugins = installed_catalogue(blocked).plugins
    if requirements:
        for pin in sorted(
            {f"{one.distribution}=={one.version}" for one in plugins if one.state is State.LOADED}
        ):
            click.echo(pin)
        return
    if as_json:
        fields = ("name", "state", "reason", "distribution", "version", "module", "file")
        print_json([{field: str(getattr(one, field)) for field in fields} for one in plugins])
        return
    print_rows(
        ["plugin", "state", "from", "reason"],
        [[one.name, one.state, f"{one.distribution} {one.version}", one.reason] for one in plugins],
    )
