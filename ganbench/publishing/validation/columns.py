"""What a manifest says of scores, held to what it follows from: specs, and what a score is.

Whoever lowers a threshold or raises the rate at which copies are expected keeps a rank that the row
would lose. Thresholds stand in the specs, whose hashes are the ids of runs. Of a score that is read
from its wrong end real samples miss the threshold; they do so too where a suite asks for more than
they have, so that this is told of, and no error. Rates of copies have a null of 0.01 by definition,
or the share of real samples that are exact copies where that is more: this share nobody knows
without the data, and it is told of likewise. Of how many samples they are, keys say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ganbench.publishing.findings import Finding
from ganbench.publishing.manifest import MANIFEST_FILE
from ganbench.results.frame import Runs
from ganbench.results.headings import measurement_name
from ganbench.results.identity import setting_of
from ganbench.results.record import Column
from ganbench.statistics.nulls import NEAR, near_error
from ganbench.tables.marks import RATES
from ganbench.tables.thresholds import misses

_ROUNDING: Final = 1e-9

_SIZES: Final = re.compile(r"/(\d+)x(\d+)$")
"""How keys of rates end: real and fake samples."""


FEW: Final = 100
"""Training samples: a rate whose null is of fewer can hardly be told from that of copies."""


def takes_ranks(key: str, column: Column) -> bool:
    """Whether a row may lose its rank by what this score says."""
    return "threshold" in column or measurement_name(key) in RATES


def described(runs: Runs) -> Iterator[Finding]:
    """Every threshold and every null of a rate of copies that is not what it must be."""
    settings = runs.columns
    for setting, thresholds in _thresholds(runs).items():
        if setting in settings:
            yield from _judged(settings[setting], thresholds)
    for columns in settings.values():
        for key, column in columns.items():
            if measurement_name(key) in RATES:
                yield from _rate(key, column)
            if column.get("floor_error") is not None and column.get("floor_spread") is None:
                message = "it has a floor_error and no floor_spread: nothing is too good to be true"
                yield _finding(key, message, level="warning")


def _thresholds(runs: Runs) -> dict[str, Mapping[str, float]]:
    """Setting -> name of a measurement -> threshold, by the specs that are known."""
    protocols = dict(zip(runs.frame["run_id"], runs.frame["protocol"], strict=True))
    return {
        setting_of(spec, int(protocols[run_id])): spec["task"].get("thresholds", {})
        for run_id, spec in runs.specs.items()
        if run_id in protocols
    }


def _judged(columns: Mapping[str, Column], thresholds: Mapping[str, float]) -> Iterator[Finding]:
    for key, column in columns.items():
        told, known = column.get("threshold"), thresholds.get(measurement_name(key))
        if told != known:
            yield _finding(key, f"threshold is {_shown(told)}, by the specs it is {_shown(known)}")
        elif _misses(column):
            read = f"direction is {column['direction']}, and null {column['null']}"
            message = f"{read}: right if the suite asks for more than real samples have, {told}"
            yield _finding(key, message, level="warning")
    for name in sorted(set(thresholds) - set(map(measurement_name, columns))):
        yield _finding(name, "the specs have a threshold for it, and it is no score here")


def _misses(column: Column) -> bool:
    """Whether what real samples have misses the score's own threshold."""
    null, threshold = column["null"], column.get("threshold")
    return null is not None and threshold is not None and misses(null, threshold, column)


def _rate(key: str, column: Column) -> Iterator[Finding]:
    null, error, name = column["null"], column.get("null_error"), measurement_name(key)
    if null is None or not NEAR * (1 - _ROUNDING) <= null < 1:
        yield _finding(key, f"null is {_shown(null)}, of this score it is from {NEAR} to 1")
    elif null > NEAR * (1 + _ROUNDING):
        message = f"null is {null}: right if that share of the real samples are exact copies"
        yield _finding(key, message, level="warning")
    real, fake = column["n_real"], column["n_fake"]
    told = _SIZES.search(key)
    if told and (int(told[1]), int(told[2])) != (real, fake):
        yield _finding(key, f"n_real is {real} and n_fake {fake}, its key has {told[0][1:]}")
    if null is None or error is None:
        return
    sizes = {"near_train": real, "near_duplicates": min(real, fake)}  # else samples not told of
    if (size := sizes.get(name, 0)) > 0:
        known = near_error(size, RATES[name])
        if not math.isclose(error, known, rel_tol=_ROUNDING):
            yield _finding(key, f"null_error is {error}, of so many samples it is {known}")
    elif error**2 >= null * (1 - null):
        yield _finding(key, f"null_error is {error}, more than any rate of {null} has")
    elif error > near_error(FEW, RATES[name]):
        message = f"null_error is {error}: right if there are fewer than {FEW} training samples"
        yield _finding(key, message, level="warning")


def _finding(key: str, message: str, **more: Any) -> Finding:
    return Finding(MANIFEST_FILE, message, None, key, **more)


def _shown(value: float | None) -> str:
    return "none" if value is None else str(value)
