"""Observes training: what is written to the history goes to a file beside it as well."""

import json
from pathlib import Path

from ganbench import hookimpl


@hookimpl
def ganbench_trained(run, steps):
    with (Path(run["folder"]) / "observed.jsonl").open("a") as file:
        file.writelines(json.dumps({"run": run["id"], **row}) + "\n" for row in steps)
