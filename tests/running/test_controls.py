"""Controls: what has no discriminator is trained, evaluated, kept and told by one contract."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbench import DataInfo, Latent, Networks, Optimiser, Recipe, Training
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.specs import LossSpec, ModelSpec, VariantSpec
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.catalogue.plugin_files import PluginChoice, PluginFile
from ganbench.planning.budget import Budget
from ganbench.planning.naming import choose_variant
from ganbench.planning.plan import Plan, Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.publishing.eligibility import objections
from ganbench.results.frame import collect, plain_rows
from ganbench.results.record import Record
from ganbench.running.contracts import check_loss
from ganbench.running.players import Players
from ganbench.running.run import Run
from ganbench.tables.assemble import tables
from ganbench.tables.controls import missing_controls
from ganbench.training.clock import BudgetClock
from ganbench.training.loop import Eager, train
from ganbench.training.state import restore_trainer, trainer_state
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

from ..conftest import DATA
from ..results.synthetic import record, spec
from ..training.small import CPU, points, random_data

PLANE = points()
FILE = DATA / "controls" / "gaussian.py"
SUITE = """
name = "few"
seeds = "0"
variants = ["gaussian", "gaussian-at-once", "vanilla"]
[[tasks]]
name = "ring"
dataset = "ring8"
budget = "30steps"
scores = ["sliced-w2"]
final_scores = ["discriminator"]
fakes = 200
evaluations = 3
controls = ["gaussian", "gaussian-at-once"]
"""


@functools.cache
def catalogue() -> Catalogue:
    return installed_catalogue(PluginChoice(files=(PluginFile.read(str(FILE)),)))


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("suite") / "few.toml"
    file.write_text(SUITE)
    return make_plan(Selection(suite=str(file)), catalogue())


@pytest.fixture(scope="module")
def records(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    folder = tmp_path_factory.mktemp("runs")
    return {
        spec.variant: Run(spec, folder / spec.variant, catalogue(), CPU).execute()
        for spec in plan.runs
        if not (folder / spec.variant).mkdir()  # type: ignore[func-returns-value]
    }


def trainer_of(variant: str, info: DataInfo = PLANE, count: int = 200) -> Trainer:
    torch.manual_seed(0)
    data = random_data(info, count)
    recipe = choose_variant(variant, catalogue()).recipe(catalogue(), info)
    return Players(recipe, catalogue(), CPU).trainer(data, seed=0)


def steps(trainer: Trainer, count: int) -> Trainer:
    engine = Eager(trainer)
    for number in range(count):
        engine.step(number, 0.0)
    return trainer


def test_a_likelihood_that_is_climbed_and_one_that_is_solved_have_one_optimum() -> None:
    climbed, solved = steps(trainer_of("gaussian"), 300), steps(trainer_of("gaussian-at-once"), 1)
    real = solved.real.everything()
    for trainer in (climbed, solved):
        linear = trainer.networks.generator
        lower = linear.map.detach().tril()  # type: ignore[operator, union-attr]
        assert torch.allclose(lower @ lower.T, torch.cov(real.T, correction=0), atol=0.1)
        assert torch.allclose(linear.offset.detach(), real.mean(dim=0), atol=0.1)  # type: ignore[arg-type, operator, union-attr]


def test_a_fit_sees_all_training_samples_once_and_ends_the_run(tmp_path: Path) -> None:
    trainer, clock = trainer_of("gaussian-at-once", count=123), BudgetClock(
        Budget("flops", 1e15), CPU, marks=5
    )  # fmt: skip
    train(Eager(trainer), clock, Telemetry(tmp_path / "history.jsonl"), lambda: None)
    assert (clock.steps, clock.images) == (1, 123)
    assert clock.flops > 0
    assert clock.seconds > 0
    fitted = trainer.networks.generator.map.clone()  # type: ignore[operator, union-attr]
    train(Eager(trainer), clock, Telemetry(tmp_path / "history.jsonl"), lambda: None)
    assert clock.steps == 1  # a run that goes on behind its fit has nothing left to do
    assert torch.equal(fitted, trainer.networks.generator.map)  # type: ignore[arg-type]


def test_a_control_draws_no_fakes_that_nobody_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = trainer_of("gaussian")

    def refuse(*_: Any) -> None:
        raise AssertionError("samples were drawn")

    monkeypatch.setattr(trainer.networks.generator, "forward", refuse)
    steps(trainer, 2)
    step, _ = trainer.last["generator"]
    assert step.made is None
    assert trainer.drawn == len(step.real) == 256
    with pytest.raises(PluginNotUsable, match="there are no generated samples"):
        _ = step.fake


def test_fakes_are_there_for_a_control_that_needs_them() -> None:
    trainer = steps(trainer_of("linear+mean-matching"), 200)
    mean = trainer.real.everything().mean(dim=0)
    assert torch.allclose(trainer.networks.generator.offset, mean, atol=0.1)  # type: ignore[arg-type]


def test_extra_modules_learn_with_the_generator() -> None:
    trainer = trainer_of("autoencoder+bound")
    before = [one.detach().clone() for one in trainer.extra["encoder"].parameters()]
    first = steps(trainer, 1).last["generator"][1].item()
    last = steps(trainer, 200).last["generator"][1].item()
    assert last < first
    after = list(trainer.extra["encoder"].parameters())
    assert not any(torch.equal(*pair) for pair in zip(before, after, strict=True))


@pytest.mark.parametrize("variant", ["gaussian", "gaussian-at-once"])
def test_its_state_goes_on_with_the_same_bits(variant: str) -> None:
    undisturbed, stopped = steps(trainer_of(variant), 4), steps(trainer_of(variant), 2)
    resumed = trainer_of(variant)
    restore_trainer(resumed, trainer_state(stopped))
    steps(resumed, 2)
    pairs = zip(
        undisturbed.networks.generator.state_dict().values(),
        resumed.networks.generator.state_dict().values(),
        strict=True,
    )
    assert all(torch.equal(*pair) for pair in pairs)


def test_runs_of_controls_are_evaluated_at_the_same_marks(records: dict[str, Record]) -> None:
    assert {record["status"] for record in records.values()} == {"ok"}
    marks = {name: [point["fraction"] for point in one["points"]] for name, one in records.items()}
    assert (
        marks["gaussian"] == marks["vanilla"] == [pytest.approx(k / 3, abs=0.05) for k in (1, 2, 3)]
    )
    assert marks["gaussian-at-once"] == [1.0]
    assert records["gaussian"]["parameters"] == {"discriminator": 0, "generator": 6}
    assert records["gaussian-at-once"]["used"]["steps"] == 1
    assert records["gaussian-at-once"]["used"]["flops"] > 0
    assert records["gaussian"]["used"]["images"] == 30 * 256
    assert all("generator_sha256" in one for one in records.values())


def test_what_asks_a_discriminator_measures_nothing_of_a_control(
    plan: Plan, records: dict[str, Record], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = {
        name: [key for key in record["points"][-1]["scores"] if key.startswith("d_auc")]
        for name, record in records.items()
    }
    assert asked == {"gaussian": [], "gaussian-at-once": [], "vanilla": ["d_auc@200"]}
    spec = next(one for one in plan.runs if one.variant == "gaussian-at-once")
    Run(spec, tmp_path, catalogue(), CPU).execute()
    told = capfd.readouterr()
    assert "score discriminator is left out: it asks for a disc" in told.out + told.err
    assert "pictures" not in told.out + told.err


def test_tables_show_controls_and_rank_them_nowhere(records: dict[str, Record]) -> None:
    ranking, *others = tables(list(records.values()))
    rows = {str(row.cells[1].value): row for row in ranking.rows}
    for name in ("gaussian", "gaussian-at-once"):
        row = rows[f"{name} (control)"]
        assert row.kind == "below"
        assert row.cells[0].value is None
        assert "control" in str(row.cells[-1].value)
    assert any("controls are trained without a discriminator" in note for note in ranking.notes)
    assert not any("not to be read without" in note for note in ranking.notes)
    distance = next(one for one in others if one.name == "distance")
    assert sum("(control)" in str(cell.value) for row in distance.rows for cell in row.cells) == 2


def test_a_table_says_which_control_is_missing_and_is_not_published(
    records: dict[str, Record],
) -> None:
    runs = collect([records["vanilla"], records["gaussian"]])
    assert missing_controls(plain_rows(runs.frame), runs.specs) == {"ring": ["gaussian-at-once"]}
    ranking, *_ = tables(runs)
    assert any(
        "not to be read without its controls: gaussian-at-once on ring" in note
        for note in ranking.notes
    )
    (objection,) = [one for one in objections(runs, None) if one.kind == "control"]
    assert objection.reason == "ring has no run of its control gaussian-at-once"
    assert not [
        one for one in objections(collect(list(records.values())), None) if one.kind == "control"
    ]


def test_a_table_says_which_control_is_nearer_than_every_gan(records: dict[str, Record]) -> None:
    ends = {name: one["points"][-1]["scores"][str(one["primary"])] for name, one in records.items()}
    ranking, *_ = tables(list(records.values()))
    (note,) = [note for note in ranking.notes if note.startswith("nearer to the data")] or [""]
    for name in ("gaussian", "gaussian-at-once"):
        assert (f"{name} (control)" in note) == (ends[name] < ends["vanilla"])


def test_a_control_between_two_gans_is_nearer_than_not_every_one() -> None:
    none = {"generator": 10, "discriminator": 0}
    made = [record(spec("a"), [0.01]), record(spec("b"), [0.05])]
    for end, nearer in ((0.03, False), (0.008, True)):
        ranking, *_ = tables([*made, record(spec("gaussian"), [end], parameters=none)])
        assert any(note.startswith("nearer to the data") for note in ranking.notes) == nearer


def test_tasks_without_controls_have_the_specs_that_they_had(plan: Plan) -> None:
    spec = plan.runs[0]
    assert spec.to_json()["task"]["controls"] == ["gaussian", "gaussian-at-once"]
    assert RunSpec.from_json(spec.to_json()) == spec
    bare = replace(spec, task=replace(spec.task, controls=()))
    assert "controls" not in bare.to_json()["task"]
    assert RunSpec.from_json(bare.to_json()) == bare


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        (
            "linear+wgan-gp",
            "its model linear is a control's, which has no discriminator, and its loss",
        ),
        ("mlp+mean-matching", "its loss mean-matching is a control's"),
        ("linear+bound", "needs 'encoder', which its model linear does not provide"),
        ("gaussian+r1", "r1 does not go with a control"),
        ("gaussian+ttur", "ttur does not go with a control"),
    ],
)
def test_what_wants_a_discriminator_is_refused_in_words(variant: str, reason: str) -> None:
    found = choose_variant(variant, catalogue()).misfit(catalogue(), PLANE)
    assert found is not None
    assert reason in found


def test_an_average_goes_with_a_control() -> None:
    assert choose_variant("gaussian+ema", catalogue()).misfit(catalogue(), PLANE) is None
    assert steps(trainer_of("gaussian+ema"), 2).average is not None


def test_specs_must_say_what_is_a_control() -> None:
    adam = Optimiser(lr=1e-3)
    with pytest.raises(UsageError, match="the generator has none"):
        Training(generator=None, discriminator=adam)
    with pytest.raises(UsageError, match="no steps to average"):
        Training(generator=None, discriminator=None, ema=0.9)
    spec = catalogue().get(LossSpec, "likelihood")

    class Adversarial:
        def generator_loss(self, step: Any) -> None: ...

        def discriminator_loss(self, step: Any) -> None: ...

    with pytest.raises(PluginNotUsable, match="has a discriminator_loss"):
        check_loss("bad", Adversarial(), spec.training)
    with pytest.raises(PluginNotUsable, match="without fit"):
        check_loss("bad", Adversarial(), Training(generator=None, discriminator=None))


def test_a_variant_that_says_nothing_of_its_control_is_not_usable() -> None:
    spec = catalogue().get(VariantSpec, "gaussian")
    silent = replace(spec, control=False)
    variant = replace(choose_variant("gaussian", catalogue()), head=(silent,))
    with pytest.raises(PluginNotUsable, match="control=False, and its recipe trains no"):
        variant.recipe(catalogue(), PLANE)


def test_networks_without_a_discriminator_say_so_when_asked() -> None:
    networks = Networks(generator=torch.nn.Identity(), latent=Latent(size=2))
    assert networks.control
    assert not list(networks.discriminator.parameters())
    with pytest.raises(UsageError, match="a control has no discriminator"):
        networks.discriminator(torch.zeros(1, 2))
    judged = replace(networks, discriminator=torch.nn.Linear(2, 1))
    assert not judged.control


def test_recipes_and_models_are_told_apart_by_their_specs() -> None:
    for name in ("linear", "fitted", "autoencoder"):
        assert catalogue().get(ModelSpec, name).control
    recipe = choose_variant("gaussian-at-once", catalogue()).recipe(catalogue(), PLANE)
    assert isinstance(recipe, Recipe)
    assert recipe.training.control
    assert recipe.training.fitted
