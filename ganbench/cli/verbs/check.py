"""`ganbench check`: does a plugin keep the contract?"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import asdict
from typing import Literal

import click

from ganbench.api.errors import GanbenchError
from ganbench.api.specs import SPEC_TYPES, DatasetSpec
from ganbench.authoring.conformance.results import CheckResult
from ganbench.authoring.conformance.table import ALL, CHECKS, checks_of
from ganbench.catalogue.catalogue import Catalogue, open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.options import json_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk
from ganbench.planning.chosen import choose_data

FAILED = 4
_WORDS = {"expected": "expected failure"}


@click.command(cls=Verb)
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--kind", type=click.Choice(list(SPEC_TYPES)), help="What NAME is, if it is several.")
@click.option("--list", "only_list", is_flag=True, help="List the checks and run none.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where to train; the check cuda uses a GPU in any case, if there is one.",
)
@json_option
@plugin_options
@click.pass_obj
def command(
    choice: PluginChoice,
    /,
    name: str | None,
    kind: str | None,
    only_list: bool,
    device: Literal["cpu", "cuda"],
    as_json: bool,
) -> int:
    """Check whether the plugin NAME keeps the contract of its kind.

    NAME is a variant, MODEL+LOSS with or without techniques, or a model, loss, technique, data
    set, score, extractor or executor, with parameters in brackets if wanted. Leaves with 4 if a
    check fails.
    """
    from ganbench.authoring.conformance.names import kind_of
    from ganbench.authoring.conformance.runner import check

    if name is None and not only_list:
        raise click.UsageError("name a plugin to check, or use --list")
    catalogue = open_catalogue(choice, talk, need_files=name is not None)
    if name is not None:
        kind = kind_of(name, kind, catalogue)
    if only_list:
        _list(kind, as_json)
        return 0
    assert name is not None
    results = check(name, kind, device, plugins=choice)
    if kind == DatasetSpec.kind:
        with contextlib.suppress(GanbenchError):  # which a check has told
            for note in choose_data(name, catalogue).survey.notes:
                talk(note)
    if as_json:
        print_json([{"name": name, "kind": kind, **asdict(result)} for result in results])
    else:
        _print(f"{kind} {name} of {_origin(name, str(kind), catalogue)}", results)
    return FAILED if any(result.status == "failed" for result in results) else 0


def _list(kind: str | None, as_json: bool) -> None:
    chosen = CHECKS if kind is None else checks_of(kind)
    if as_json:
        fields = ("id", "kinds", "asks", "why", "mend")
        print_json([{field: getattr(one, field) for field in fields} for one in chosen])
        return
    print_rows(
        ["check", "of", "asks"],
        [[one.id, "all" if one.kinds == ALL else ", ".join(one.kinds), one.asks] for one in chosen],
    )


def _origin(name: str, kind: str, catalogue: Catalogue) -> str:
    """Distribution and file, such as ``ganbench-hinge 1.0 (/home/ada/hinge.py)``."""
    from ganbench.authoring.conformance.names import specs_of

    plugins = [catalogue.plugin_of(spec) for spec in specs_of(name, kind, catalogue)]
    shown = [
        plugin.origin if plugin.is_file else f"{plugin.origin} ({plugin.file})"
        for plugin in plugins
    ]
    return " and ".join(dict.fromkeys(shown))


def _print(what: str, results: list[CheckResult]) -> None:
    made = [result for result in results if not result.waits_for]
    print_rows(
        ["check", "result", "reason"],
        [[one.id, _WORDS.get(one.status, one.status), one.reason] for one in made],
    )
    for one in made:
        if one.hint:
            talk(f"{one.id}: {one.hint}")
    for blocking in dict.fromkeys(result.waits_for for result in results if result.waits_for):
        waiting = [result.id for result in results if result.waits_for == blocking]
        talk(f"not made before {blocking} passes: {', '.join(waiting)}")
    counts = Counter(result.status for result in results)
    told = ", ".join(
        f"{counts[status]} {_WORDS.get(status, status)}"
        for status in ("passed", "failed", "expected", "skipped")
        if counts[status]
    )
    talk(f"{what}: {told}")
