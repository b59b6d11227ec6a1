"""Importing a plugin must not import torch: looked at in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from ganbench.authoring.conformance.results import Broken, NotApplicable

if TYPE_CHECKING:
    from ganbench.api.parameters import Value
    from ganbench.authoring.conformance.subject import Subject

SECONDS = 120


def imports_no_torch(subject: Subject) -> None:
    """Import the plugin's module and call all that plans are made from, in a fresh process."""
    for spec in subject.specs:
        plugin = subject.catalogue.plugin_of(spec)
        asked: dict[str, object] = {
            "module": plugin.module,
            "file": plugin.file if plugin.is_file else None,
            "kind": spec.kind,
            "name": spec.name,
            "parameters": _own_parameters(subject) if subject.kind == "dataset" else {},
        }
        found = _ask(asked)
        if found:
            raise Broken(f"torch is imported {found['doing']}, by {found['where']}")


def _own_parameters(subject: Subject) -> dict[str, Value]:
    """A long tail is put around a data set, and is nothing of its own."""
    return {
        name: one for name, one in subject.parameters.items() if name in subject.spec.parameters
    }


def _ask(asked: dict[str, object]) -> dict[str, str]:
    """Where torch is imported, as `conformance.probe` tells; empty if it is not."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "ganbench.authoring.conformance.probe", json.dumps(asked)]
    try:
        done = subprocess.run(  # noqa: S603
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Broken(f"importing it takes more than {SECONDS} s") from None
    if done.returncode == 0:
        found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return found
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    raise NotApplicable(f"it could not be imported in a process of its own: {last}")
