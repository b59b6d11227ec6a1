"""Start from given weights: a generator that was trained before goes on, or is fine-tuned.

What is given is part of what a variant is: the weights are named by the beginning of their SHA-256
in its name, so that it stands in a row of its own, and whoever has the file repeats the run.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ganbench import MissingData, Networks, Parameter, TechniqueSpec, UsageError, cache, hookimpl

GANBENCH_API_VERSION = 2

LETTERS = 16
"""Of the hash in names: 64 bits."""

_HASH = re.compile(rf"[0-9a-f]{{{LETTERS}}}")


@dataclass
class Start:
    """w_0 = the given weights of the generator, instead of what is drawn."""

    weights: Annotated[
        str,
        Parameter(help="safetensors file of a generator, which becomes its hash; empty: drawn"),
    ] = ""

    def networks(self, networks: Networks) -> Networks:
        """The generator has the given weights.

        Raises:
            MissingData: they are not on this machine.
            UsageError: they are those of another architecture.
        """
        if not self.weights:
            return networks
        from safetensors.torch import load_file

        path = _kept(self.weights)
        if not path.is_file():
            raise MissingData(
                f"the weights {self.weights} are not on this machine",
                "name their file once: ganbench plan VARIANT+start:FILE",
            )
        try:
            networks.generator.load_state_dict(load_file(path))
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise UsageError(f"the weights {self.weights} do not fit: {reason}") from None
        return networks


def by_hash(weights: str) -> dict[str, str]:
    """A file named by what it holds, of which the cache has a copy from now on.

    Raises:
        UsageError: there is no such file.
    """
    if not weights or _HASH.fullmatch(weights):
        return {"weights": weights}
    path = Path(weights).expanduser()
    try:
        with path.open("rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()[:LETTERS]
    except OSError as error:
        raise UsageError(
            f"cannot read the weights {path}: {error.strerror}",
            "name a safetensors file, as a run and ganbench export leave them",
        ) from None
    kept = _kept(name)
    with cache.locked(kept):
        if not kept.exists():
            fresh = kept.with_suffix(".tmp")
            shutil.copyfile(path, fresh)
            fresh.replace(kept)
    return {"weights": name}


def _kept(name: str) -> Path:
    return cache.folder("weights") / f"{name}.safetensors"


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """Given weights."""
    return [
        TechniqueSpec(
            name="start",
            description="the generator starts from given weights, which are recorded by hash",
            build=Start,
            settle=by_hash,
            argument="weights",
            neutral={"weights": ""},
        )
    ]
