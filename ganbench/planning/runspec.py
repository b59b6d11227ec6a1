"""The spec of one run, and the id that its content gives it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ganbench.api.errors import InvalidResults
from ganbench.api.parameters import Value
from ganbench.api.version import PROTOCOL_VERSION
from ganbench.machine.precision import Precision
from ganbench.planning.budget import Budget
from ganbench.planning.suite import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One variant on one task with one seed: a run is a pure function of this.

    Args:
        suite: name of the suite that asked for it. Not part of the run's identity.
        variant: the variant (or MODEL+LOSS) with the settings that differ from its defaults.
        parameters: all its parameters, defaults included.
        task: data, scores and protocol; its budget is already the effective one.
        dataset_parameters: all parameters of the data set, defaults included.
        dataset_fingerprint: of files outside any plugin that the data set reads; empty if none.
        seed: of weights, latents and data order.
        memory_bytes: cap on the memory of the device, or None.
        threads: CPU threads that compute it. Another number gives other bits.
        engine: what takes its steps: `eager`, or `stacked` beside other seeds. Another one gives
            other bits.
        precision: of products in training, as `ganbench.machine.precision` has them.
        device: `cpu` or `cuda` where it matters to the result's meaning (time budgets), else None.
        pins: sorted ``kind:name@distribution==version#hash`` of every plugin that takes part.
        folder: that relative paths in it are relative to; empty: the working folder. Not part of
            the run's identity: the same suite beside the same files is the same anywhere.
    """

    suite: str
    variant: str
    parameters: dict[str, Value]
    task: Task
    dataset_parameters: dict[str, Value]
    seed: int
    dataset_fingerprint: str = ""
    memory_bytes: int | None = None
    threads: int = 1
    engine: str = "eager"
    precision: Precision = "float32"
    device: str | None = None
    pins: tuple[dict[str, str], ...] = ()
    folder: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as in `spec.json`; `from_json` is its inverse."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        plain: dict[str, Any] = json.loads(json.dumps(own | {"task": self.task.to_json()}))
        if not self.folder:  # which is nobody's business where nothing depends on it
            del plain["folder"]
        if self.threads == 1:  # specs that tell of no threads have one
            del plain["threads"]
        if self.engine == "eager":  # and those that tell of no engine are eager
            del plain["engine"]
        if self.precision == "float32":  # as specs have it that tell of none
            del plain["precision"]
        return plain

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunSpec:
        """The spec that `to_json` wrote."""
        task = dict(data["task"])
        task["budget"] = Budget(**task["budget"])
        for key in ("scores", "final_scores", "controls"):
            task[key] = tuple(task.get(key, ()))
        return cls(**{**data, "task": Task(**task), "pins": tuple(data["pins"])})

    @property
    def run_id(self) -> str:
        """See `run_id_of`."""
        return run_id_of(self.to_json(), PROTOCOL_VERSION)


def read_spec(data: dict[str, Any]) -> RunSpec:
    """The spec that a record or a manifest holds.

    Raises:
        InvalidResults: it is none of this ganbench.
    """
    try:
        return RunSpec.from_json(data)
    except (KeyError, TypeError) as error:
        raise InvalidResults(f"the run's spec is none of this ganbench: {error}") from None


def run_id_of(spec: Mapping[str, Any], protocol: int) -> str:
    """A readable name made unique by a hash over all that determines the run's result.

    Args:
        spec: as `RunSpec.to_json` gives it.
        protocol: under which it runs.
    """
    identity = {**spec, "protocol": protocol}
    for name in ("suite", "folder"):
        identity.pop(name, None)
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:10]
    slug = re.sub(r"[^a-z0-9.+-]+", "_", f"{spec['variant']}-{spec['task']['name']}"[:80].lower())
    readable = slug.strip("._+-") or "run"  # a name may have no letter that a folder can have
    return f"{readable}-s{spec['seed']}-{digest}"
