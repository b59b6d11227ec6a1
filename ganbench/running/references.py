"""A task's scores of the reference generators, computed once for a task and machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

from ganbench.api.errors import one_line
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.chosen import ChosenTask
from ganbench.planning.plan import pin_of
from ganbench.results.references import REFERENCES
from ganbench.running.log import remark
from ganbench.running.task import Score, make_scores
from ganbench.scoring.evaluation import RealSide, Snapshot, measure
from ganbench.scoring.references import reference_samples
from ganbench.training.seeds import stream_seed
from ganbench.training.state import random_state, restore_random_state

REFERENCE_SEED: Final = stream_seed(0, "references")

References = Mapping[str, Mapping[str, float]]
"""Key of a column -> name of a reference generator -> its value there."""


def score_references(task: ChosenTask, side: RealSide, catalogue: Catalogue) -> References:
    """What the reference generators score on a task.

    A score that cannot judge one of them, as one that asks for the network behind the samples,
    has no value for it; the log says why. Random numbers are as they were afterwards.

    Args:
        task: its scores, and its number of fakes.
        side: the real side.
        catalogue: has the code that computes them.
    """
    data, device = side.data, side.real.device
    scores = make_scores((*task.scores, *task.final_scores), catalogue)

    def compute() -> tuple[Tensor, ...]:
        found = dict[str, dict[str, float]]()
        unscored = dict[str, list[str]]()
        for name in REFERENCES:
            fakes = reference_samples(data, name, task.task.fakes, REFERENCE_SEED).to(device)
            values, reasons = _values(Snapshot(side, fakes), scores)
            for key, value in values.items():
                found.setdefault(key, {})[name] = value
            for reason in reasons:
                unscored.setdefault(reason, []).append(name)
        for reason, names in unscored.items():
            remark(f"not scored: {', '.join(names)}: {reason}")
        return (torch.frombuffer(bytearray(json.dumps(found).encode()), dtype=torch.uint8),)

    inputs = [data.train, side.real, *(one for one in (data.train_labels,) if one is not None)]
    identity = _identity(task, side, catalogue)
    before = random_state(device)
    try:
        (text,) = side.cached(identity, inputs, compute) if identity else compute()
    finally:
        restore_random_state(before, device)
    found: References = json.loads(bytes(text.cpu().numpy()))
    return found


def _values(
    snapshot: Snapshot, scores: Sequence[Score]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """What the scores measure by their keys, and why some of them cannot."""
    values, reasons = dict[str, float](), list[str]()
    for score in scores:
        try:
            (measured,) = measure(snapshot, [score])
        except Exception as error:  # a reference that cannot be judged must not end a run
            reasons.append(one_line(error))
        else:
            values |= {one.key: one.value for one in measured}
    return values, tuple(reasons)


def _identity(task: ChosenTask, side: RealSide, catalogue: Catalogue) -> str:
    """All that the values depend on but the samples; empty where that cannot be told."""
    networks = {text: side.extractor(text).id for text in task.extractors}
    pins = [pin_of(spec, catalogue) for spec in task.specs]
    if not all(pin["source_hash"] for pin in pins) or not all(
        "@" in network for network in networks.values()
    ):
        return ""
    chosen = (*task.scores, *task.final_scores)
    known = {
        "code": pins,
        "scores": [[one.spec.name, dict(one.parameters)] for one in chosen],
        "extractors": networks,
        "data": [dict(task.data.parameters), task.data.fingerprint, side.split],
        "fakes": task.task.fakes,
    }
    return f"references/{json.dumps(known, sort_keys=True)}"
