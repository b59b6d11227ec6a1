"""Names that tell apart what must be told apart, and say no more than that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ganbench.planning.budget import Budget
from ganbench.results.fields import RunRow
from ganbench.results.identity import VARIANT_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable


_OWN = VARIANT_CODE[1:]
"""Without the name, which labels begin with."""

_CODE = (*_OWN, "variant_parameters", "code")
_SETTING = (
    *("protocol", "split", "fakes", "evaluations"),
    *("memory_limit_bytes", "threads", "precision", "dataset_parameters"),
)


def variant_labels(rows: Iterable[RunRow]) -> list[str]:
    """The variants' names; with ``@`` and a short hash where one name stands for several codes.

    The hash is of the variant's own code, which is the same on every task; of all code that took
    part, and of all parameters, only where these are what differs.
    """
    rows = list(rows)
    places: dict[tuple[Any, ...], dict[str, set[str]]] = {}
    for row in rows:
        codes = places.setdefault(_place(row), {})
        codes.setdefault(_hash(row, _OWN), set()).add(_hash(row, _CODE))
    keys: dict[str, tuple[str, ...]] = {}
    for place, codes in places.items():
        if any(len(same) > 1 for same in codes.values()):
            keys[place[-1]] = _CODE
        elif len(codes) > 1:
            keys.setdefault(place[-1], _OWN)
    return [
        f"{name} @{_hash(row, keys[name])}" if (name := row["variant"]) in keys else name
        for row in rows
    ]


def section_names(rows: Iterable[RunRow]) -> list[str]:
    """Task and budget, e.g. ``ring8, 1TFLOP``, and what else differs between a task's settings."""
    rows = list(rows)
    settings: dict[str, dict[tuple[Any, ...], RunRow]] = {}
    for row in rows:
        settings.setdefault(row["task"], {})[(row["setting"], row["primary"])] = row
    return [_section_name(row, list(settings[row["task"]].values())) for row in rows]


def _section_name(row: RunRow, others: list[RunRow]) -> str:
    budget = Budget(row["budget_kind"], row["budget_amount"])
    parts = [row["task"], str(budget)]
    parts += [
        f"{name.replace('_', ' ')} {row[name]}"
        for name in _SETTING
        if any(other[name] != row[name] for other in others)
    ]
    if any(other["primary"] != row["primary"] for other in others):
        parts.append(f"judged by {row['primary'] or 'an unknown distance'}")
    budgets = {(other["budget_kind"], other["budget_amount"]) for other in others}
    if len(others) > max(1, len(budgets)) and len(parts) == 2:
        parts.append(f"setting {row['setting']}")
    return ", ".join(parts)


def interval_of_seeds(seeds: Iterable[int]) -> str:
    """Seeds as people type them: ``0-4,7``."""
    runs: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _place(row: RunRow) -> tuple[Any, ...]:
    return row["suite"], row["setting"], row["primary"], row["timed_on"], row["variant"]


def _hash(row: RunRow, columns: tuple[str, ...]) -> str:
    text = "\0".join(str(row[column]) for column in columns)
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def setting_notes(chosen: Iterable[str], every: Iterable[str]) -> list[str]:
    """A line on the settings that count, by their sections, where others of their tasks do not."""
    chosen = dict.fromkeys(chosen)
    others = [section for section in dict.fromkeys(every) if section not in chosen]
    if not others:
        return []
    return [
        f"of {'; '.join(chosen)}; of a task the setting with the most runs counts, and so "
        f"{'; '.join(others)} does not"
    ]
