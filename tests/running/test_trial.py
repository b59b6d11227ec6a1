"""Scores are tried on real samples before a run trains, and the run is as if they had not been."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo, Measurement, NonFiniteSamples, UsageError
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.running import jury
from ganbench.running.contestant import Contestant
from ganbench.running.run import Run
from ganbench.running.trial import FEW, try_scores
from ganbench.scoring.evaluation import RealSide

CPU = torch.device("cpu")
Compute = Callable[[Any], list[Measurement]]


def side_of(samples: Tensor, labels: Tensor | None = None) -> RealSide:
    info = DataInfo(
        name="mine", modality="points", shape=(2,), classes=None if labels is None else 50
    )
    data = Data(info=info, train=samples, heldout=samples, heldout_labels=labels)
    return RealSide(data, "heldout", CPU, lambda text: pytest.fail(text))


def contestant(shares: Tensor | None = None) -> Contestant:
    generator = torch.nn.Linear(2, 2)
    info = DataInfo(name="mine", modality="points", shape=(2,))
    return Contestant(generator=generator, info=info, latents=(), device=CPU, shares=shares)


def try_out(compute: Compute, fakes: int = 200, samples: Tensor | None = None) -> None:
    samples = torch.randn(50, 2) if samples is None else samples
    try_scores(contestant(), side_of(samples), [(compute, {})], fakes)


def measurement(key: str = "mine", value: float = 1.0) -> Measurement:
    return Measurement(key=key, label=key, value=value)


def test_a_score_sees_real_samples_in_the_place_of_fakes() -> None:
    seen = []

    def compute(evaluation: Any) -> list[Measurement]:
        seen.append(evaluation)
        return [measurement()]

    samples = torch.randn(50, 2)
    try_out(compute, samples=samples)
    (evaluation,) = seen
    assert evaluation.steps == 0
    assert torch.equal(evaluation.fakes, torch.cat([samples, samples])[:FEW])
    assert torch.equal(evaluation.real, samples)
    assert isinstance(evaluation.generator, torch.nn.Linear)


@pytest.mark.parametrize("fakes", [2, 40, FEW])
def test_there_are_never_more_than_the_task_has(fakes: int) -> None:
    counts = []

    def compute(evaluation: Any) -> list[Measurement]:
        counts.append(len(evaluation.fakes))
        raise ValueError("never")

    with pytest.raises(ValueError, match="never"):
        try_out(compute, fakes)
    assert counts == [fakes]


def test_whatever_refuses_a_few_gets_as_many_as_the_task_has() -> None:
    counts = []

    def compute(evaluation: Any) -> list[Measurement]:
        counts.append(len(evaluation.fakes))
        if len(evaluation.fakes) < 150:
            raise UsageError("too few")
        return [measurement()]

    try_out(compute, 200)
    assert counts == [FEW, 200]
    with pytest.raises(UsageError, match="too few"):
        try_out(compute, 100)


def test_labels_are_those_of_the_real_samples_where_the_generator_takes_some() -> None:
    samples, labels = torch.randn(50, 2), torch.arange(50)
    seen = []

    def compute(evaluation: Any) -> list[Measurement]:
        seen.append(evaluation.fake_labels)
        return [measurement()]

    for one in (contestant(), contestant(torch.ones(50) / 50)):
        try_scores(one, side_of(samples, labels), [(compute, {})], 40)
    assert seen[0] is None
    assert torch.equal(seen[1], labels[:40])


def not_finite(evaluation: Any) -> list[Measurement]:
    raise NonFiniteSamples("features are not finite")


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (not_finite, "is not finite: features are not finite"),
        (lambda _: [measurement(value=float("nan"))], "is not finite: mine is nan"),
        (lambda _: [measurement(), measurement()], "measure the same column mine"),
    ],
)
def test_what_a_record_could_not_hold_is_refused(compute: Compute, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        try_out(compute)


def test_random_numbers_are_as_they_were() -> None:
    def compute(evaluation: Any) -> list[Measurement]:
        random.random()  # noqa: S311
        np.random.rand()
        torch.rand(3)
        raise KeyError("whether it fails or not")

    def state() -> tuple[object, list[int], list[int]]:
        return random.getstate(), list(np.random.get_state()[1]), torch.get_rng_state().tolist()

    one, side = contestant(), side_of(torch.randn(50, 2))
    before = state()
    with pytest.raises(KeyError):
        try_scores(one, side, [(compute, {})], 200)
    assert state() == before


def spec_of(task: str, *final_scores: str) -> RunSpec:
    budget = Budget("steps", 8)
    selection = Selection(variants=["dcgan[ema=0.9]"], tasks=[task], seeds=[0], budget=budget)
    (spec,) = make_plan(selection, installed_catalogue()).runs
    final = final_scores or spec.task.final_scores
    return replace(spec, task=replace(spec.task, evaluations=2, final_scores=final))


@pytest.mark.whole
def test_a_run_is_the_same_with_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All scores of the starter suite's digits, and all weights, bit by bit."""

    def outcome(folder: Path) -> tuple[object, object, list[object]]:
        folder.mkdir()
        run = Run(spec_of("digits"), folder, installed_catalogue(), CPU)
        record = run.execute()
        assert record["status"] == "ok", record["failure"]
        assert run.evaluator is not None
        modules = run.evaluator._contestant.modules.values()
        weights = [one.tolist() for module in modules for one in module.state_dict().values()]
        scores = [point["scores"] for point in record["points"]]
        return scores, record["columns"], weights

    tried = outcome(tmp_path / "tried")
    monkeypatch.setattr(jury, "try_scores", lambda *_: [])
    monkeypatch.setattr(jury, "check_thresholds", lambda *_: None)
    assert outcome(tmp_path / "untried") == tried


@pytest.mark.parametrize(
    ("task", "score", "reason"),
    [
        ("digits", "fd[extractor=vgg16]", "the weights of vgg16 are not on this machine"),
        ("digits", "classes[extractor=raw]", "score classes needs a classifier"),
        ("digits", "fd", "two scores of this task measure the same column fd/classifier"),
        ("ring8", "dirac", "dirac"),
    ],
)
def test_what_cannot_be_scored_is_not_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, score: str, reason: str
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    record = Run(spec_of(task, score), tmp_path, installed_catalogue(), CPU).execute()
    assert record["status"] == "error"
    assert record["failure"] is not None
    assert reason in record["failure"]["message"]
    assert record["used"]["steps"] == 0
    assert record["points"] == []
