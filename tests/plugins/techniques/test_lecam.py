"""LeCam: the term by hand, its means in history and observers, and a resume to the same bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganbench import TechniqueSpec
from ganbench.api.specs import import_builder
from ganbench.training.step import Batch, TrainingStep

from ...conftest import RunCli
from ...proof.proofs import (
    advance,
    catalogue_with,
    data_of,
    execute,
    file_of,
    same,
    spec_of,
    state,
    trainer_of,
)

CATALOGUE = catalogue_with("observer")


def lecam(**parameters: Any) -> Any:
    spec = CATALOGUE.get(TechniqueSpec, "lecam")
    assert spec.build is not None
    return import_builder(spec.build)(**parameters)


def logits_step(real: Tensor, fake: Tensor) -> TrainingStep:
    return TrainingStep(
        torch.nn.Identity(), torch.nn.Identity(), {}, Batch(latent=fake, fake=fake, real=real)
    )


def test_the_term_and_the_means_by_hand() -> None:
    technique = lecam(weight=0.5, decay=0.75)
    real_mean = fake_mean = 0.0
    for number in range(4):
        real = torch.tensor([1.0 + number, 3.0, -2.0])
        fake = torch.tensor([0.5, -1.0, 2.5 * number])
        kept = 0.75 if number else 0.0  # the means begin at the first batch's
        real_mean = kept * real_mean + (1 - kept) * real.mean().item()
        fake_mean = kept * fake_mean + (1 - kept) * fake.mean().item()
        term = technique.discriminator_loss(logits_step(real, fake))
        pulls = ((real - fake_mean) ** 2).mean() + ((fake - real_mean) ** 2).mean()
        assert term.item() == pytest.approx(0.5 * pulls.item(), rel=1e-6)
    assert technique.real_mean.item() == pytest.approx(real_mean, rel=1e-6)
    assert technique.fake_mean.item() == pytest.approx(fake_mean, rel=1e-6)


def test_with_weight_0_the_bits_are_those_without() -> None:
    data = data_of("ring8")
    trainers = [trainer_of(name, data, CATALOGUE) for name in ("vanilla+lecam:0", "vanilla")]
    for trainer in trainers:
        advance(trainer, 5)
    assert same(*map(state, trainers))


def test_looking_ahead_moves_no_mean_and_is_not_in_the_history() -> None:
    """Unrolled steps ask for the term k times more, on what might be."""
    data = data_of("ring8")
    (unrolled, plain) = (
        trainer_of(f"vanilla+lecam{more}", data, CATALOGUE) for more in ("+unrolled:3", "")
    )
    for trainer in (unrolled, plain):
        advance(trainer, 1)
        generator_step, _ = trainer.last["generator"]
        critic_step, _ = trainer.last["discriminator"]
        assert generator_step.logged == {}
        assert set(critic_step.logged) == {"lecam_real", "lecam_fake"}
    means = [trainer.objective.techniques[0].does.real_mean for trainer in (unrolled, plain)]
    assert torch.equal(*means)
    assert means[0] != 0


def test_a_resumed_run_ends_with_the_same_bits_and_the_means_are_in_its_history(
    tmp_path: Path,
) -> None:
    spec = spec_of("vanilla+lecam:0.1", CATALOGUE, steps=20)
    straight, _ = execute(spec, CATALOGUE, tmp_path / "straight")
    broken, _ = execute(spec, CATALOGUE, tmp_path / "broken", stops=(3, 11))
    assert broken["resumed"] == 2
    assert straight["generator_sha256"] == broken["generator_sha256"]
    text = (tmp_path / "straight" / "history.jsonl").read_text()
    assert text == (tmp_path / "broken" / "history.jsonl").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    real = [row["logged"]["lecam_real"] for row in rows]
    assert [set(row["logged"]) for row in rows] == [{"lecam_real", "lecam_fake"}] * 19
    # Each mean is nine tenths of the last and a tenth of the step's logits.
    for number in range(1, 19):
        assert real[number] == pytest.approx(
            0.9 * real[number - 1] + 0.1 * rows[number]["real_logit"], abs=1e-6
        )


@pytest.mark.whole
def test_the_command_runs_it_and_an_observer_sees_what_is_logged(
    ganbench_cli: RunCli, tmp_path: Path
) -> None:
    done = ganbench_cli(
        "run", "mlp+non-saturating+lecam:0.1", "--task", "ring8", "--seeds", "0",
        "--budget", "12steps", "-P", str(file_of("observer")),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("runs/mlp+non-saturating+lecam*")
    record = json.loads((folder / "record.json").read_text())
    assert record["spec"]["variant"] == "mlp+non-saturating+lecam:0.1"
    written = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    seen = [json.loads(line) for line in (folder / "observed.jsonl").read_text().splitlines()]
    assert [{"run": folder.name, **row} for row in written] == seen
    assert all(set(row["logged"]) == {"lecam_real", "lecam_fake"} for row in seen)
    (pin,) = [pin for pin in record["pins"] if pin["kind"] == "technique"]
    assert (pin["name"], pin["plugin"]) == ("lecam", "lecam")
