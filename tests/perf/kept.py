"""Ratios that benchmarks have reached, kept in the repository, and what is worse than they are.

`ratios.json` holds them by name: how many times as fast as its reference something was, on which
processor, and how much worse it may come out elsewhere before that is a loss. Seconds are not kept:
they are another machine's on every machine. Ratios move too, by the processor's caches and vector
units, hence the tolerance.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

from ganbench.machine.devices import cpu_kind, cpu_name

FILE = Path(__file__).parent / "ratios.json"
TOLERANCE = 0.1
"""Of what is new."""
HERE = f"{cpu_name()} {cpu_kind() or ''}".strip()


class Kept(TypedDict):
    """One ratio: larger is better."""

    ratio: float
    tolerance: float
    measured_on: str


class Ratios:
    """The ratios of a file.

    Args:
        file: where they are kept.
        replace: keep what is measured instead of comparing it.
    """

    def __init__(self, file: Path = FILE, *, replace: bool = False) -> None:
        self._file = file
        self._replace = replace

    def read(self) -> dict[str, Kept]:
        """All that are kept."""
        found: dict[str, Kept] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return found

    def compare(self, name: str, ratio: float) -> None:
        """Hold a measured ratio against the one that is kept.

        Raises:
            AssertionError: it is worse by more than the tolerance, or none of that name is kept.
        """
        kept = self.read()
        if self._replace:
            tolerance = kept[name]["tolerance"] if name in kept else TOLERANCE
            kept[name] = Kept(ratio=round(ratio, 3), tolerance=tolerance, measured_on=HERE)
            self._file.write_text(
                json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
            )
            return
        assert name in kept, f"no ratio is kept of {name!r}: run it with --keep-ratios"
        least = kept[name]["ratio"] * (1 - kept[name]["tolerance"])
        assert ratio >= least, (
            f"{name}: {ratio:.3g} times as fast as the reference, where {kept[name]['ratio']:.3g} "
            f"is kept ({kept[name]['measured_on']}) and {least:.3g} would do"
        )
