"""Runs share the real side through the cache, and score the same with and without it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from torch import Tensor

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.running.run import Run
from ganbench.storage import tensorcache
from ganbench.storage.cache import cache_dir
from ganbench.storage.sealed import read_sealed
from ganbench_plugins.datasets.digits import load
from ganbench_plugins.extractors.frozen import FrozenExtractor
from ganbench_plugins.scores.kernels import diversity, frechet

CPU = torch.device("cpu")


@pytest.fixture
def features(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where real features go: an empty cache but for the classifier, which takes long to train."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "extractors").symlink_to(cache_dir("extractors"))
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


def spec_of(task: str, *scores: str) -> RunSpec:
    """A short run, evaluated twice."""
    budget = Budget("steps", 20)
    selection = Selection(variants=["vanilla"], tasks=[task], seeds=[0], budget=budget)
    (spec,) = make_plan(selection, installed_catalogue()).runs
    scored = replace(spec.task, evaluations=2)
    if scores:
        scored = replace(scored, scores=scores, thresholds={})
    return replace(spec, task=scored)


def run(spec: RunSpec, folder: Path) -> Record:
    folder.mkdir()
    return Run(spec, folder, installed_catalogue(), CPU).execute()


def scores_of(record: Record) -> list[object]:
    """Everything that was measured."""
    points = [point["scores"] for point in record["points"]]
    return [points, record["columns"], record["fresh"]]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def what(features: Path) -> set[str]:
    """What the files in a folder hold."""
    found = set()
    for path in files(features):
        text, _ = read_sealed(path)
        found.add(json.loads(text)["what"])
    return found


def refuse(*_arguments: object) -> NoReturn:
    raise AssertionError("the real side is computed again")


def poison(patch: pytest.MonkeyPatch) -> None:
    """Let nothing of the real side be computed any more."""
    data, extract = load(), FrozenExtractor.__call__

    def extract_fakes(self: FrozenExtractor, samples: Tensor) -> Tensor:
        if any(torch.equal(samples, real) for real in (data.train, data.heldout)):
            refuse()
        return extract(self, samples)

    patch.setattr(FrozenExtractor, "__call__", extract_fakes)
    patch.setattr(frechet, "_principal_axes", refuse)
    patch.setattr(diversity, "_means", refuse)


def test_warm_and_cold_runs_score_the_same(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    features: Path,
    tmp_path: Path,
) -> None:
    spec = spec_of("digits")
    without = run(spec, tmp_path / "without")
    monkeypatch.setattr(tensorcache, "pays", lambda seconds, size: True)
    cold = run(spec, tmp_path / "cold")
    kept = files(features)
    with monkeypatch.context() as patch:
        poison(patch)
        warm = run(spec, tmp_path / "warm")
        assert files(features) == kept
        assert "cache file" not in capsys.readouterr().out
        for file in kept:
            file.write_bytes(b"damaged")
        poisoned = run(spec, tmp_path / "poisoned")
    assert poisoned["failure"] is not None
    assert "the real side is computed again" in poisoned["failure"]["message"]
    assert "is not used: it is damaged" in capsys.readouterr().out

    assert cold["status"] == "ok"
    assert {"fd", "precision"} <= {key.split("/")[0] for key in cold["columns"]}
    assert len(cold["points"]) == 2
    for other in (without, warm):
        assert scores_of(other) == scores_of(cold)


@pytest.mark.whole
def test_coordinates_of_points_are_not_kept(
    monkeypatch: pytest.MonkeyPatch, features: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(tensorcache, "pays", lambda seconds, size: True)
    record = run(spec_of("ring8", "fd[extractor=raw]", "sliced-w2"), tmp_path / "run")
    assert record["status"] == "ok"
    floors = {"w2-floor/1000/32", "sliced-w2-floor/2500/400", "sliced-w2-floor/64/400"}
    floors |= {"fd/7500x2500", "fd/9936x64"}  # 64: of the trial before the run
    assert what(features) == {"gaussian"} | floors
