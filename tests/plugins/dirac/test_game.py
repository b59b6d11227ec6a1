"""The Dirac-GAN, played by the harness itself, against its closed forms."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench import DataInfo, Loss, ModelSpec, Networks, Step, Training
from ganbench.api.errors import UsageError
from ganbench.api.techniques import SLOPES
from ganbench.planning.budget import Budget
from ganbench.planning.naming import choose_variant
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.record import Record
from ganbench.running.contestant import rehearse
from ganbench.running.run import Run
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench.tables.assemble import tables
from ganbench.tables.forms.render import render
from ganbench.training.feed import LatentFeed, RealFeed
from ganbench.training.objective import Objective, Part
from ganbench.training.trainer import Trainer
from ganbench_plugins.dirac.closed_form import (
    NON_SATURATING_SLOPE,
    WASSERSTEIN_SLOPE,
    critical_penalty,
    spectral_radius,
    step_matrix,
    wasserstein_growth,
)
from ganbench_plugins.dirac.game import START, convergence, game, linearise, load, training
from ganbench_plugins.losses.hinge import Hinge
from ganbench_plugins.losses.least_squares import LeastSquares
from ganbench_plugins.techniques.r1 import NonSaturatingR1
from ganbench_plugins.variants.vanilla import Minimax, NonSaturating
from ganbench_plugins.variants.wgan_gp import WassersteinGradientPenalty

from ...conftest import RunCli
from ...training.small import CPU, catalogue

NS, W = NON_SATURATING_SLOPE, WASSERSTEIN_SLOPE
STEPS = 100


def play(variant: str, folder: Path, steps: int = STEPS, seed: int = 0) -> Record:
    selection = Selection(
        variants=[variant], suite="dirac", seeds=[seed], budget=Budget("steps", steps)
    )
    (spec,) = make_plan(selection, catalogue()).runs
    folder.mkdir(exist_ok=True)
    return Run(spec, folder, catalogue(), CPU).execute()


def curve(record: Record, name: str) -> list[float]:
    return [point["scores"][f"dirac/{name}"] for point in record["points"]]


# Runs.


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
@pytest.mark.parametrize(
    ("loss", "step", "slope", "penalty"),
    [
        ("non-saturating", 0.1, NS, 0.0),
        ("non-saturating", 0.2, NS, 0.0),
        ("minimax", 0.1, NS, 0.0),
        ("ra", 0.1, NS, 0.0),
        ("hinge", 0.1, W, 0.0),
        ("wasserstein", 0.1, W, 0.0),
        ("wgan-gp", 0.1, W, 0.0),
        ("non-saturating-r1", 0.1, NS, 0.3),
        ("non-saturating-r1", 0.1, NS, 1.0),
        ("non-saturating-r1", 0.1, NS, 10.0),
    ],
)
def test_a_run_is_where_the_closed_form_is_at_every_mark(
    loss: str, step: float, slope: float, penalty: float, updates: str, tmp_path: Path
) -> None:
    """Single precision, and a loss that is curved a little at the start, leave 1e-4."""
    settings = f"model.step={step},model.updates={updates}"
    if "loss.penalty" in choose_variant(f"dirac+{loss}", catalogue()).parameters_on("points"):
        settings += f",loss.penalty={penalty}"
    record = play(f"dirac+{loss}[{settings}]", tmp_path)
    assert (record["status"], record["failure"]) == ("ok", None)
    alternating = updates == "alternating"
    matrix = np.array(step_matrix(step, slope, penalty, alternating=alternating))
    assert len(record["points"]) == 10
    for point in record["points"]:
        theta_and_psi = np.linalg.matrix_power(matrix, point["used"]["steps"]) @ (1.0, 0.0)
        expected = float(np.linalg.norm(theta_and_psi))
        radius, growth = (point["scores"][f"dirac/{name}"] for name in ("radius", "growth"))
        assert radius == pytest.approx(expected, rel=1e-4)
        assert growth == pytest.approx(math.log(expected) / point["used"]["steps"], abs=1e-5)
    closed = math.log(spectral_radius(step, slope, penalty, alternating=alternating))
    assert curve(record, "linear_growth") == pytest.approx([closed] * 10, abs=2e-6)


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_least_squares_leave_the_discriminator_where_it_is(updates: str, tmp_path: Path) -> None:
    """(D(theta) - 0)^2 / 2 is of second order in psi theta: [[1, 0], [h, 1]] of (psi, theta), which
    has the double eigenvalue 1. From psi = 0, where games start, nothing moves."""
    record = play(f"dirac+lsgan[model.step=0.1,model.updates={updates}]", tmp_path)
    assert curve(record, "radius") == pytest.approx([1.0] * 10, rel=1e-4)
    assert curve(record, "linear_growth") == pytest.approx([0.0] * 10, abs=1e-6)


def test_without_a_penalty_simultaneous_updates_spiral_out(tmp_path: Path) -> None:
    record = play("dirac+non-saturating[model.step=0.1]", tmp_path)
    factors = [math.exp(growth) for growth in curve(record, "growth")]
    assert factors == pytest.approx([math.sqrt(1 + 0.1**2 / 4)] * 10, abs=1e-7)


def test_wasserstein_grows_by_one_plus_h_squared(tmp_path: Path) -> None:
    record = play("dirac+wgan-gp[loss.penalty=0,model.step=0.1]", tmp_path)
    for point, radius in zip(record["points"], curve(record, "radius"), strict=True):
        expected = wasserstein_growth(0.1) ** point["used"]["steps"]
        assert radius**2 == pytest.approx(expected, rel=1e-5)


def test_without_a_penalty_alternating_updates_circle(tmp_path: Path) -> None:
    """On an ellipse, whose longer axis is sqrt((1 + hs/2) / (1 - hs/2)) times the shorter."""
    variant = "dirac+minimax[model.step=0.1,model.updates=alternating]"
    radii = curve(play(variant, tmp_path), "radius")
    assert all(1 / 1.052 <= radius**2 <= 1.052 for radius in radii)


def test_the_penalty_makes_it_converge_at_the_published_rate(tmp_path: Path) -> None:
    variant = "dirac+non-saturating-r1[loss.penalty=0.3,model.step=0.1]"
    record = play(variant, tmp_path, steps=1000)
    assert math.exp(curve(record, "growth")[-1]) == pytest.approx(0.98615, abs=2e-4)
    assert curve(record, "radius")[-1] < 2e-6


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_a_strong_penalty_toward_slope_one_leads_elsewhere(updates: str, tmp_path: Path) -> None:
    """WGAN-GP's critic wants |psi| = 1 where the equilibrium has psi = 0. From lambda = 1 on, theta
    runs to 2 lambda, where the loss and the penalty hold each other at psi = 0."""
    variant = f"dirac+wgan-gp[loss.penalty=1,model.updates={updates}]"
    record = play(variant, tmp_path, steps=600)
    assert record["status"] == "ok"
    assert curve(record, "radius")[-1] == pytest.approx(2 / START, rel=1e-3)
    assert "dirac/linear_growth" not in record["columns"]


def test_a_weak_penalty_toward_slope_one_circles_at_a_distance(tmp_path: Path) -> None:
    record = play("dirac+wgan-gp[loss.penalty=0.3]", tmp_path, steps=600)
    assert all(0.5 / START < radius < 2 / START for radius in curve(record, "radius")[2:])
    history = (tmp_path / "history.jsonl").read_text().splitlines()
    logits = [json.loads(row)["fake_logit"] for row in history]  # psi theta: four signs a round
    assert sum(one * other < 0 for one, other in pairwise(logits)) >= 8


def test_nothing_depends_on_the_seed(tmp_path: Path) -> None:
    first = play("dirac+wgan-gp", tmp_path / "first", steps=50)
    other = play("dirac+wgan-gp", tmp_path / "other", steps=50, seed=1)
    assert curve(first, "radius") == curve(other, "radius")


def test_a_game_that_explodes_is_a_failure(tmp_path: Path) -> None:
    record = play("dirac+non-saturating-r1[loss.penalty=100]", tmp_path)
    assert record["status"] == "nonfinite_weights"


def test_the_sample_sheet_is_drawn(tmp_path: Path) -> None:
    play("dirac+minimax", tmp_path, steps=10)
    assert (tmp_path / "samples.png").stat().st_size > 1000


def test_another_model_on_this_data_gets_no_number(tmp_path: Path) -> None:
    record = play("mlp+minimax", tmp_path, steps=10)
    assert record["status"] == "error"
    assert record["failure"] is not None
    assert record["failure"]["message"].startswith("score dirac is about one game alone")
    assert record["failure"]["traceback"] == ""


# The linear theory, from the losses themselves.


def rehearsal(loss: Loss, how: Training, number: int = 0) -> Callable[[Networks], bool]:
    """Takes a step of a training of the Dirac-GAN on other networks."""
    networks = game(START, 0.0)
    trainer = Trainer(
        networks=networks,
        objective=Objective(Part("loss", loss, frozenset(SLOPES))),
        training=how,
        real=RealFeed(load(), CPU, seed=0),
        latents=LatentFeed(networks.latents, CPU, seed=0),
        device=CPU,
    )
    return lambda other: rehearse(trainer, other, load(), number)


def closed_forms(step: float, penalty: float) -> list[tuple[Loss, float, float]]:
    """Losses with their slopes and R1 weights."""
    return [
        (NonSaturating(), NS, 0.0),
        (Minimax(), NS, 0.0),
        (Hinge(), W, 0.0),
        (WassersteinGradientPenalty(penalty=0.0), W, 0.0),
        (NonSaturatingR1(penalty=penalty), NS, penalty),
    ]


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
@pytest.mark.parametrize(("step", "penalty"), [(0.1, 0.3), (0.2, critical_penalty(NS)), (0.5, 1.5)])
def test_a_loss_linearises_to_its_closed_form(step: float, penalty: float, updates: Any) -> None:
    for loss, slope, weight in closed_forms(step, penalty):
        matrix = linearise(rehearsal(loss, training(step=step, updates=updates)))
        expected = step_matrix(step, slope, weight, alternating=updates == "alternating")
        assert matrix is not None
        # Our discriminators are high on data, the paper's on fakes: psi has the other sign.
        (a, b), (c, d) = matrix
        assert (a, -b, -c, d) == pytest.approx((*expected[0], *expected[1]), abs=2e-6)


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_least_squares_run_away_linearly(updates: Any) -> None:
    """psi keeps what it has, and moves theta by h psi in every step."""
    matrix = linearise(rehearsal(LeastSquares(), training(step=0.1, updates=updates)))
    assert matrix is not None
    (a, b), (c, d) = matrix
    assert (a, b, c, d) == pytest.approx((1.0, 0.1, 0.0, 1.0), abs=2e-6)


def test_a_penalty_with_a_kink_at_the_equilibrium_has_no_linear_theory() -> None:
    for updates in ("simultaneous", "alternating"):
        loss = WassersteinGradientPenalty(penalty=10.0)
        assert linearise(rehearsal(loss, training(step=0.1, updates=updates))) is None


class Pulling(NonSaturating):
    """Its generator is at rest elsewhere."""

    def generator_loss(self, step: Step) -> Tensor:
        return super().generator_loss(step) + step.fake.mean()


def test_a_loss_that_moves_the_equilibrium_has_no_linear_theory() -> None:
    assert linearise(rehearsal(Pulling(), training(step=0.1, updates="simultaneous"))) is None


def remember(self: Any, step: Step) -> Tensor:
    """Keeps the last loss, and with it a graph that cannot be copied."""
    self.last = torch.nn.functional.softplus(-step.fake_logits).mean()
    kept: Tensor = self.last
    return kept


def test_a_loss_that_cannot_be_copied_has_no_linear_theory_but_a_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ganbench_plugins.variants.vanilla.Minimax.generator_loss", remember)
    record = play("dirac+minimax", tmp_path, steps=10)
    assert record["status"] == "ok"
    assert "dirac/linear_growth" not in record["columns"]


class Counting(NonSaturating):
    """Two critic steps, more at the start, and a memory."""

    def __init__(self) -> None:
        self.steps = 0

    def critic_steps(self, generator_step: int) -> int:
        return 2 if generator_step else 9

    def discriminator_loss(self, step: Step) -> Tensor:
        self.steps += 1
        return super().discriminator_loss(step)


def test_a_step_has_the_critic_steps_that_a_loss_asks_for_and_leaves_the_loss_alone() -> None:
    loss = Counting()
    matrix = linearise(rehearsal(loss, training(step=0.1, updates="alternating"), number=5))
    assert loss.steps == 0
    assert matrix is not None
    # psi takes two steps of -h/2 theta, then theta one of h/2 psi.
    (a, b), (c, d) = matrix
    assert (a, b, c, d) == pytest.approx((1 - 0.005, 0.05, -0.1, 1.0), abs=2e-6)


# The score.


def snapshot(theta: float, psi: float, steps: int = 10, **changes: Any) -> Snapshot:
    def refuse(name: str) -> Any:
        raise AssertionError(name)

    networks = game(theta, psi)
    fakes = changes.pop("fakes", torch.full((8, 1), theta))
    logits = changes.pop("logits", lambda x: networks.discriminator(x).detach().view(-1))
    side = RealSide(load(), "heldout", CPU, refuse)
    judge = {"logits": lambda samples, labels: logits(samples)}
    return Snapshot(side, fakes, steps=steps, **judge, **changes)


def measured(evaluation: Snapshot) -> dict[str, float]:
    return {one.label: one.value for one in convergence(evaluation)}


def test_radius_and_growth() -> None:
    values = measured(snapshot(3 * START, -4 * START, steps=10))
    assert values == pytest.approx({"radius": 5.0, "growth": math.log(5) / 10}, rel=1e-6)


def test_at_the_equilibrium_there_is_no_logarithm() -> None:
    assert measured(snapshot(0.0, 0.0)) == {"radius": 0.0}


def test_what_is_too_faint_for_single_precision_has_no_growth() -> None:
    assert set(measured(snapshot(1e-29, 0.0))) == {"radius", "growth"}
    assert set(measured(snapshot(1e-31, 0.0))) == {"radius"}


def test_the_linear_growth_needs_the_loss() -> None:
    how = training(step=0.1, updates="simultaneous")
    take = rehearsal(NonSaturating(), how)
    rehearse_step = {"rehearse": lambda networks, data, number: take(networks)}
    values = measured(snapshot(START, 0.0, training=how, **rehearse_step))
    assert values["linear growth"] == pytest.approx(0.5 * math.log(1.0025), abs=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"fakes": torch.tensor([[0.1], [0.2]])},
        {"fakes": torch.zeros(4, 2)},
        {"logits": lambda x: x.view(-1) + 1},
        {"logits": lambda x: x.view(-1) ** 2},
    ],
    ids=["many points", "in the plane", "biased", "not linear"],
)
def test_another_game_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        convergence(snapshot(START, 0.0, **changes))
    assert caught.value.hint == "use it with dirac+LOSS"


# The parts, and what becomes of the runs.


def test_the_networks_are_two_numbers() -> None:
    networks = game(0.25, -2.0)
    random = torch.Generator().manual_seed(0)
    samples = networks.generator(torch.randn(5, 1, generator=random) * 1e6)
    assert torch.equal(samples, torch.full((5, 1), 0.25))
    points = torch.tensor([[0.0], [3.0]])
    assert networks.discriminator(points).view(-1).tolist() == [0.0, -6.0]
    for module in (networks.generator, networks.discriminator):
        assert sum(one.numel() for one in module.parameters() if one.requires_grad) == 1


def test_the_data_are_zeros() -> None:
    data = load()
    assert data.info.shape == data.train.shape[1:] == (1,)
    assert not data.train.any()
    assert not data.heldout.any()
    assert data.train.data_ptr() != data.heldout.data_ptr()


def test_it_is_built_for_points_on_a_line_alone() -> None:
    supports = catalogue().get(ModelSpec, "dirac").supports
    assert supports is not None
    assert supports(load().info)
    assert not supports(DataInfo(name="ring8", modality="points", shape=(2,)))


def test_all_variants_on_other_suites_know_nothing_of_it() -> None:
    plan = make_plan(Selection(everything=True), catalogue())
    assert not any("dirac" in spec.variant for spec in plan.runs)
    assert not plan.skipped


def test_tables_without_a_distance(tmp_path: Path) -> None:
    records = [play(f"dirac+{loss}", tmp_path / loss, steps=20) for loss in ("minimax", "wgan-gp")]
    made = {table.name: table for table in tables(records)}
    assert set(made) == {"ranking", "stability", "collapse", "cost"}
    collapse = made["collapse"]
    assert [one.name for one in collapse.headings[2:]] == ["growth", "linear growth", "radius"]
    minimax, wgan_gp, perfect = collapse.rows
    assert minimax.cells[2].value == pytest.approx(0.5 * math.log(1.000625), abs=1e-6)
    assert (wgan_gp.cells[3].value, perfect.cells[4].value) == (None, 0.0)
    assert "no distance with a floor and a cap" in render(list(made.values()))


@pytest.mark.slow
def test_every_verb_copes_with_a_task_without_a_distance(ganbench_cli: RunCli) -> None:
    run = ["run", "dirac+minimax", "mlp+minimax", "--suite", "dirac"]
    for verb, code in (
        (run, 1),
        (["table", "--suite", "dirac"], 0),
        (["status"], 0),
        (["show", "dirac+minimax-dirac-s0"], 0),
        (["show", "mlp+minimax-dirac-s0"], 0),
        (["publish", "--suite", "dirac"], 4),  # one variant has failed
        (["publish", "--suite", "dirac", "--unranked"], 0),
    ):
        done = ganbench_cli(*verb, "--runs", "runs")
        assert done.returncode == code, (verb, done.stderr)
        assert "Traceback" not in done.stderr
