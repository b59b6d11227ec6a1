"""`ganbench list`: what is there."""

from __future__ import annotations

from typing import Any

import click

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.specs import SPEC_TYPES, ExecutorSpec, LossSpec, ModelSpec, VariantSpec
from ganbench.catalogue.catalogue import Catalogue, open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.options import json_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk
from ganbench.modalities import MODALITIES
from ganbench.planning.suite import embedded_suites, load_suite

PLURALS = {"losses": "loss", **{f"{kind}s": kind for kind in SPEC_TYPES if kind != "loss"}}


@click.command(cls=Verb)
@click.argument(
    "kind",
    required=False,
    metavar="[KIND]",
    shell_complete=lambda context, parameter, incomplete: [
        kind for kind in (*PLURALS, "suites") if kind.startswith(incomplete)
    ],
)
@json_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, kind: str | None, as_json: bool) -> None:
    """List what is available: everything, or one KIND.

    KIND is variants, models, losses, techniques, datasets, scores, extractors, executors or suites.
    """
    known = [*PLURALS, "suites"]
    if kind is not None and kind not in known and kind not in PLURALS.values() and kind != "suite":
        raise UsageError(f"there is no kind {kind!r}", did_you_mean(kind, known))
    rows = _rows(open_catalogue(choice, talk))
    wanted = PLURALS.get(kind or "", (kind or "").removesuffix("s"))
    rows = [row for row in rows if not wanted or row["kind"] == wanted]
    if as_json:
        print_json(rows)
        return
    print_rows(
        ["kind", "name", "data", "from", "description"],
        [
            [
                row["kind"],
                row["name"],
                _data(row["modalities"]),
                row["distribution"],
                f"(control) {row['description']}" if row["control"] else row["description"],
            ]
            for row in rows
        ],
    )


def _data(modalities: list[str]) -> str:
    return "all" if len(modalities) == len(MODALITIES) else " ".join(modalities)


def _rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    specs = [
        catalogue.get(SPEC_TYPES[kind], name)
        for kind in SPEC_TYPES
        for name in catalogue.names(kind)
    ]
    rows = [
        {
            "kind": spec.kind,
            "name": spec.name,
            "modalities": [] if isinstance(spec, ExecutorSpec) else list(spec.modalities),
            "control": isinstance(spec, VariantSpec | ModelSpec | LossSpec) and spec.control,
            "distribution": catalogue.plugin_of(spec).origin,
            "description": spec.description,
        }
        for spec in specs
    ]
    suites = [
        {
            "kind": "suite",
            "name": name,
            "modalities": [],
            "control": False,
            "distribution": "ganbench",
            "description": load_suite(name).description,
        }
        for name in embedded_suites()
    ]
    return rows + suites
