"""A selection becomes an ordered list of runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganbench import (
    DataInfo,
    DatasetSpec,
    Optimiser,
    Parameter,
    Recipe,
    Survey,
    Training,
    VariantSpec,
)
from ganbench.api.errors import NothingSelected, PluginNotUsable, UsageError
from ganbench.catalogue.catalogue import Catalogue
from ganbench.machine import devices
from ganbench.machine.precision import Precision
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Plan, Selection, make_plan
from ganbench_plugins.datasets import image_listing

SUITE = """
name = "mine"
variants = ["vanilla", "dcgan[lr=1e-3]"]
seeds = "1-2"

[[tasks]]
name = "ring"
dataset = "ring8"
budget = "1TFLOP"
scores = ["modes"]

[[tasks]]
name = "digits"
dataset = "digits"
budget = "2TFLOP"
scores = ["fd"]
"""


@pytest.fixture
def suite(tmp_path: Path) -> str:
    file = tmp_path / "mine.toml"
    file.write_text(SUITE)
    return str(file)


def triples(plan: Plan) -> list[tuple[int, str, str]]:
    return [(spec.seed, spec.task.name, spec.variant) for spec in plan.runs]


def test_variants_of_a_task_run_there_and_nowhere_else(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SUITE + 'variants = ["wgan-gp", "vanilla[lr=1e-4]"]\n')
    named = make_plan(Selection(suite=str(file), seeds=[0]), catalogue)
    own = ["wgan-gp", "vanilla"]  # whose rate is its own on points, and shown on images
    assert [task for _, task, _ in triples(named)] == ["ring", "ring", "digits", "digits"]
    assert [name.partition("[")[0] for _, task, name in triples(named) if task == "digits"] == own
    typed = make_plan(Selection(suite=str(file), seeds=[0], variants=["dcgan"]), catalogue)
    assert triples(typed) == [(0, "ring", "dcgan"), (0, "digits", "dcgan")]
    everything = Selection(suite=str(file), seeds=[0], variants=["dcgan"], everything=True)
    on_digits = [
        one for _, task, one in triples(make_plan(everything, catalogue)) if task != "ring"
    ]
    assert [name.partition("[")[0] for name in on_digits] == [*own, "dcgan"]


def test_a_setting_may_be_of_a_variant_of_one_task_alone(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SUITE + 'variants = ["wgan-gp"]\n')
    selection = Selection(suite=str(file), seeds=[0], settings={"wgan-gp.width": "4"})
    assert triples(make_plan(selection, catalogue))[-1] == (0, "digits", "wgan-gp[width=4]")


def test_one_seed_of_everything_comes_before_the_next(catalogue: Catalogue, suite: str) -> None:
    plan = make_plan(Selection(suite=suite), catalogue)
    assert triples(plan) == [
        (seed, task, variant)
        for seed in (1, 2)
        for task in ("ring", "digits")
        for variant in ("vanilla", "dcgan[lr=0.001]")
    ]
    assert plan.suite.name == "mine"
    assert {spec.suite for spec in plan.runs} == {"mine"}
    assert plan.skipped == ()


def test_ids_are_unique(catalogue: Catalogue, suite: str) -> None:
    plan = make_plan(Selection(suite=suite), catalogue)
    assert len({spec.run_id for spec in plan.runs}) == len(plan.runs) == 8


@pytest.fixture
def nameless(tmp_path: Path) -> str:
    """A suite that names no variants."""
    file = tmp_path / "nameless.toml"
    file.write_text(
        'name = "nameless"\nseeds = "0"\n[[tasks]]\nname = "ring8"\ndataset = "ring8"\n'
        'budget = "9steps"\nscores = ["modes"]\n'
    )
    return str(file)


def test_all_variants(catalogue: Catalogue, nameless: str) -> None:
    every: dict[str, Any] = {"everything": True, "seeds": [0]}
    plan = make_plan(Selection(**every, suite=nameless, tasks=["ring8"]), catalogue)
    of_points = (catalogue.get(VariantSpec, name) for name in catalogue.names("variant"))
    expected = {one.name for one in of_points if "points" in one.modalities}
    assert {spec.variant for spec in plan.runs} == expected
    named = make_plan(Selection(**every), catalogue)  # by the suite
    assert {spec.variant for spec in named.runs} == {"vanilla", "dcgan", "wgan-gp"}
    more = Selection(**every, variants=["dcgan[lr=1]"], tasks=["ring8"])
    assert triples(make_plan(more, catalogue))[-1] == (0, "ring8", "dcgan[lr=1]")


def test_typed_variants_replace_the_suites(catalogue: Catalogue, suite: str) -> None:
    plan = make_plan(Selection(variants=["wgan-gp"], suite=suite), catalogue)
    assert {spec.variant for spec in plan.runs} == {"wgan-gp"}


def test_tasks_seeds_and_budget_replace_the_suites(catalogue: Catalogue, suite: str) -> None:
    budget = Budget("steps", 20)
    selection = Selection(suite=suite, tasks=["digits"], seeds=[7, 3], budget=budget)
    plan = make_plan(selection, catalogue)
    assert [spec.seed for spec in plan.runs] == [7, 7, 3, 3]
    assert {spec.task.name for spec in plan.runs} == {"digits"}
    assert {spec.task.budget for spec in plan.runs} == {budget}


def test_all_is_what_the_suite_names_and_all_there_is_where_it_names_none(
    catalogue: Catalogue, suite: str
) -> None:
    named = make_plan(Selection(suite=suite), catalogue)
    every = make_plan(Selection(suite=suite, everything=True), catalogue)
    assert triples(every) == triples(named)
    more = make_plan(Selection(suite=suite, everything=True, variants=["vanilla+r1"]), catalogue)
    assert {spec.variant for spec in more.runs} >= {spec.variant for spec in named.runs}
    assert "vanilla+r1" in {spec.variant for spec in more.runs}


def test_whatever_is_named_twice_runs_once(catalogue: Catalogue) -> None:
    selection = Selection(
        variants=["sngan", "sngan", "sngan[lr=2e-4]", "sngan[lr=0.0002]"],
        tasks=["ring8", "ring8"],
        seeds=[0, 0],
    )
    assert triples(make_plan(selection, catalogue)) == [(0, "ring8", "sngan")]


def test_settings_that_differ_in_the_seventh_digit_are_two(catalogue: Catalogue) -> None:
    selection = Selection(
        variants=["dcgan[lr=0.00012345678]", "dcgan[lr=0.00012345679]"], tasks=["ring8"], seeds=[0]
    )
    assert len({spec.run_id for spec in make_plan(selection, catalogue).runs}) == 2


def test_settings_are_grouped_by_variant(catalogue: Catalogue) -> None:
    selection = Selection(
        variants=["dcgan", "dcgan[width=8]", "mlp+wgan-gp"],
        tasks=["ring8"],
        seeds=[0],
        settings={"dcgan.lr": "0.5", "mlp+wgan-gp.loss.penalty": "2"},
    )
    assert [spec.variant for spec in make_plan(selection, catalogue).runs] == [
        "dcgan[lr=0.5]",
        "dcgan[lr=0.5,width=8]",
        "mlp+wgan-gp[loss.penalty=2]",
    ]


def test_of_variants_whose_names_begin_alike_the_longest_gets_the_setting(
    catalogue_with: Any,
) -> None:
    def recipe(data: DataInfo, lr: float) -> Recipe:
        adam = Optimiser(lr=lr)
        training = Training(generator=adam, discriminator=adam)
        return Recipe(model="mlp", loss="minimax", training=training)

    lr = {"lr": Parameter(default=1.0, help="x")}
    names = ("mine", "mine.two")
    specs = [VariantSpec(name=n, description="x", recipe=recipe, parameters=lr) for n in names]
    selection = Selection(variants=names, settings={"mine.two.lr": "2"}, tasks=["ring8"], seeds=[0])
    plan = make_plan(selection, catalogue_with(*specs))
    assert [spec.variant for spec in plan.runs] == ["mine", "mine.two[lr=2]"]


def test_brackets_win_over_settings(catalogue: Catalogue) -> None:
    selection = Selection(
        variants=["dcgan[lr=1]", "dcgan"],
        settings={"dcgan.lr": "0.5"},
        tasks=["ring8"],
        seeds=[0],
    )
    assert [one.parameters["lr"] for one in make_plan(selection, catalogue).runs] == [1.0, 0.5]


@pytest.mark.parametrize(
    ("selection", "message", "hint"),
    [
        (Selection(variants=["dcgna"]), "unknown variant 'dcgna'", "did you mean dcgan"),
        (Selection(variants=["dcgan"], tasks=["rign8"]), "has no task 'rign8'", "did you mean"),
        (
            Selection(variants=["dcgan"], suite="startr"),
            "named 'startr'",
            "did you mean starter or starter-all?",
        ),
        (
            Selection(variants=["dcgan"], settings={"dcgam.lr": "1"}),
            "--set dcgam.lr=1 names no selected variant",
            "did you mean dcgan?",
        ),
        (
            Selection(variants=["dcgan"], settings={"dcgan.lrr": "1"}),
            "dcgan has no parameter 'lrr'",
            "did you mean lr?",
        ),
    ],
)
def test_mistakes(catalogue: Catalogue, selection: Selection, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_plan(selection, catalogue)
    assert message in caught.value.message
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)
    assert caught.value.exit_code == 2


def test_a_mismatch_of_modality_is_left_out_with_the_reason(
    catalogue: Catalogue, suite: str
) -> None:
    selection = Selection(variants=["dcgan+minimax", "vanilla"], suite=suite, seeds=[0])
    plan = make_plan(selection, catalogue)
    assert triples(plan) == [
        (0, "ring", "vanilla"),
        (0, "digits", "dcgan+minimax"),
        (0, "digits", "vanilla"),
    ]
    assert plan.skipped == ("dcgan+minimax on ring: it does not handle points data",)


def test_images_that_a_model_does_not_fit_are_left_out_with_the_reason(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    for index in range(40):
        Image.new("RGB", (4, 4), (index, 0, 0)).save(tmp_path / "photos" / f"{index}.png")
    file = tmp_path / "photos.toml"
    dataset = f"images:{tmp_path / 'photos'}[side=144]"
    task = SUITE.partition("[[tasks]]")[2].partition("[[tasks]]")[0]
    task = task.replace('"ring8"', f'"{dataset}"').replace('"modes"', '"fd[extractor=raw]"')
    file.write_text(f'name = "photos"\nvariants = ["vanilla", "dcgan", "wgan-gp"]\n[[tasks]]{task}')
    plan = make_plan(Selection(suite=str(file), seeds=(0,)), catalogue)
    assert [spec.variant for spec in plan.runs] == ["vanilla"]
    assert plan.skipped == (
        "dcgan on ring: its model dcgan does not handle samples of shape (3, 144, 144)",
        "wgan-gp on ring: its model resnet does not handle samples of shape (3, 144, 144)",
    )


def test_what_is_left_out_for_one_reason_is_told_in_one_line(catalogue: Catalogue) -> None:
    selection = Selection(suite="starter-all", everything=True, tasks=("ring8",), seeds=(0,))
    plan = make_plan(selection, catalogue)
    (line,) = plan.left_out
    names, _, why = line.partition(" on ring8: ")
    assert why == "they do not handle points data"
    assert {"ctgan", "ngram"} <= {*names.split(", ")}
    assert len(plan.skipped) == len(names.split(", "))


def test_nothing_selected_when_no_variant_is_named(catalogue: Catalogue) -> None:
    with pytest.raises(NothingSelected, match="no variant is selected") as caught:
        make_plan(Selection(suite="lr-sensitivity"), catalogue)
    assert caught.value.exit_code == 5


def test_a_task_without_a_variant_is_not_left_out_beside_one_that_has_its_own(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    tasks = [
        f'[[tasks]]\nname = "{name}"\ndataset = "ring8"\nbudget = "1TFLOP"\nscores = ["modes"]\n'
        for name in ("bare", "own")
    ]
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\n' + "".join(tasks) + 'variants = ["dcgan"]\n', "utf-8")
    with pytest.raises(NothingSelected, match="no variant is selected on bare;"):
        make_plan(Selection(suite=str(file)), catalogue)
    plan = make_plan(Selection(suite=str(file), tasks=("own",), seeds=(0,)), catalogue)
    assert [run.variant for run in plan.runs] == ["dcgan"]


@pytest.mark.parametrize(
    ("selection", "message", "hint"),
    [
        (
            Selection(variants=["dcgan+minimax"], tasks=["ring8"]),
            "nothing is selected",
            "dcgan+minimax on ring8: it does not handle points data",
        ),
        (Selection(variants=["dcgan"], seeds=[]), "no seed is named", "name some: --seeds 0-4"),
    ],
)
def test_nothing_selected_when_no_run_is_left(
    catalogue: Catalogue, selection: Selection, message: str, hint: str
) -> None:
    with pytest.raises(NothingSelected, match=message) as caught:
        make_plan(selection, catalogue)
    assert caught.value.exit_code == 5
    assert caught.value.hint == hint


def test_a_plugin_that_is_not_loaded(built_ins: Any) -> None:
    selection = Selection(variants=["dcgan"])
    with pytest.raises(PluginNotUsable, match="blocked: disabled on request") as caught:
        make_plan(selection, Catalogue(built_ins, ["dcgan"]))
    assert caught.value.exit_code == 3


def test_pins_name_every_plugin_that_takes_part(catalogue: Catalogue) -> None:
    selection = Selection(variants=["vanilla", "dcgan+wgan-gp"], tasks=["digits"], seeds=[0])
    vanilla, pair = make_plan(selection, catalogue).runs
    looks = ("discriminator", "jacobian", "path-length", "separability")
    scores = ("classes", "fd", "kid", "ndb", "near-held-out", "near-train", "prdc", "vendi", *looks)
    shared = [
        *(("dataset", "digits"), ("extractor", "classifier")),
        *(("score", name) for name in scores),
    ]
    assert [(pin["kind"], pin["name"]) for pin in vanilla.pins] == sorted(
        [*shared, ("loss", "non-saturating"), ("model", "mlp"), ("variant", "vanilla")]
    )
    assert [(pin["kind"], pin["name"]) for pin in pair.pins] == sorted(
        [*shared, ("loss", "wgan-gp"), ("model", "dcgan")]
    )
    for pin in (*vanilla.pins, *pair.pins):
        assert pin["distribution"] == "ganbench"
        assert pin["version"]
        assert pin["source_hash"].startswith("sha256:")


def test_all_parameters_are_in_the_spec(catalogue: Catalogue, suite: str) -> None:
    spec = make_plan(Selection(suite=suite), catalogue).runs[1]
    assert spec.parameters == {"lr": 1e-3, "width": None, "ema": 0.0, "lr_scale": 1.0}


@pytest.mark.parametrize(("requested", "device"), [("cpu", "cpu"), ("auto", "cuda")])
def test_the_device_counts_where_time_does(
    catalogue: Catalogue,
    suite: str,
    monkeypatch: pytest.MonkeyPatch,
    requested: str,
    device: str,
) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: ("0",))
    selection = Selection(suite=suite, device=requested, seeds=[0])
    assert {spec.device for spec in make_plan(selection, catalogue).runs} == {None}
    Path(suite).write_text(SUITE.replace("1TFLOP", "10m").replace("2TFLOP", "10m"))
    assert {spec.device for spec in make_plan(selection, catalogue).runs} == {device}


def test_a_memory_cap_is_part_of_the_spec(catalogue: Catalogue, suite: str) -> None:
    plan = make_plan(Selection(suite=suite, memory_bytes=2**30), catalogue)
    assert {spec.memory_bytes for spec in plan.runs} == {2**30}


@pytest.mark.parametrize(("of_suite", "asked", "threads"), [(1, None, 1), (3, None, 3), (3, 1, 1)])
def test_threads_are_part_of_the_spec(
    catalogue: Catalogue, suite: str, of_suite: int, asked: int | None, threads: int
) -> None:
    Path(suite).write_text(f"threads = {of_suite}\n{SUITE}")
    plan = make_plan(Selection(suite=suite, threads=asked), catalogue)
    assert {spec.threads for spec in plan.runs} == {plan.threads} == {threads}


@pytest.mark.parametrize(
    ("of_suite", "asked", "precision"),
    [("float32", None, "float32"), ("bf16", None, "bf16"), ("bf16", "float32", "float32")],
)
def test_precision_is_part_of_the_spec(
    catalogue: Catalogue, suite: str, of_suite: str, asked: Precision | None, precision: str
) -> None:
    Path(suite).write_text(f'precision = "{of_suite}"\n{SUITE}')
    plan = make_plan(Selection(suite=suite, precision=asked), catalogue)
    assert {spec.precision for spec in plan.runs} == {plan.precision} == {precision}


def test_a_suite_cannot_ask_for_a_precision_that_is_none(catalogue: Catalogue, suite: str) -> None:
    Path(suite).write_text(f'precision = "fp16"\n{SUITE}')
    with pytest.raises(UsageError, match="precision is 'fp16'"):
        make_plan(Selection(suite=suite), catalogue)


def test_nothing_runs_on_no_threads(catalogue: Catalogue, suite: str) -> None:
    with pytest.raises(UsageError, match="threads is 0, not a positive number"):
        make_plan(Selection(suite=suite, threads=0), catalogue)


def test_the_same_selection_has_the_same_ids(built_ins: Any, suite: str) -> None:
    first, second = (make_plan(Selection(suite=suite), Catalogue(built_ins)) for _ in range(2))
    assert first == second
    assert [replace(spec, suite="x").run_id for spec in first.runs] == [
        spec.run_id for spec in second.runs
    ]


FOLDER_SUITE = """
name = "folder"
seeds = "0-2"
{tasks}
"""
FOLDER_TASK = """
[[tasks]]
name = "{name}"
dataset = "images:{folder}[side=8]"
budget = "20steps"
scores = ["fd[extractor=raw]"]
"""


def folder_suite(tmp_path: Path, *names: str) -> str:
    """A suite whose tasks all name one folder of images."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(12):
        Image.new("L", (8, 8), number).save(folder / f"{number}.png")
    tasks = "".join(FOLDER_TASK.format(name=name, folder=folder) for name in names)
    file = tmp_path / "folder.toml"
    file.write_text(FOLDER_SUITE.format(tasks=tasks))
    return str(file)


def test_a_folder_is_walked_once_whatever_the_number_of_variants_and_tasks(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = count_calls(monkeypatch, "list_images")
    variants = [f"dcgan[lr={number}e-4]" for number in range(1, 21)]
    plan = make_plan(
        Selection(variants=variants, suite=folder_suite(tmp_path, "one", "two")), catalogue
    )
    assert len(plan.runs) == 20 * 2 * 3
    assert len(walks) == 1
    assert len({spec.dataset_fingerprint for spec in plan.runs}) == 1


def count_calls(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[Any, ...]]:
    """Arguments of the calls of a function of `images:`, which does what it did."""
    calls: list[tuple[Any, ...]] = []
    function = getattr(image_listing, name)

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return function(*arguments)

    monkeypatch.setattr(image_listing, name, counted)
    return calls


def test_a_recipe_is_asked_for_once_for_each_variant_and_data(catalogue_with: Any) -> None:
    seen = []

    def recipe(data: DataInfo) -> Recipe:
        seen.append(data.name)
        adam = Optimiser(lr=1.0)
        training = Training(generator=adam, discriminator=adam)
        return Recipe(model="mlp", loss="minimax", training=training)

    catalogue = catalogue_with(VariantSpec(name="mine", description="x", recipe=recipe))
    plan = make_plan(Selection(variants=["mine"], seeds=range(5)), catalogue)
    assert seen == [task.dataset for task in plan.suite.tasks]


def test_what_a_data_set_tells_is_asked_once(catalogue_with: Any, tmp_path: Path) -> None:
    looks = []

    def describe() -> Survey:
        looks.append(1)
        info = DataInfo(name="mine", modality="points", shape=(2,))
        return Survey(info=info, fingerprint="abc")

    spec = DatasetSpec(name="mine", description="x", describe=describe, load="x:y")
    suite = tmp_path / "mine.toml"
    task = '[[tasks]]\nname = "{}"\ndataset = "mine"\nbudget = "1steps"\nscores = ["w2"]\n'
    suite.write_text('name = "mine"\n' + task.format("one") + task.format("two"))
    variants = ["vanilla", "dcgan", "wgan-gp"]
    plan = make_plan(Selection(variants=variants, suite=str(suite)), catalogue_with(spec))
    assert len(looks) == 1
    assert {spec.dataset_fingerprint for spec in plan.runs} == {"abc"}


def test_data_are_prepared_once_and_only_for_runs_to_do(
    catalogue_with: Any, tmp_path: Path
) -> None:
    prepared: list[str] = []
    info = DataInfo(name="mine", modality="points", shape=(2,))
    specs = [
        DatasetSpec(
            name=name,
            description="x",
            describe=lambda: info,
            load="x:y",
            prepare=lambda name=name: prepared.append(name) or [f"{name} is ready"],
        )
        for name in ("mine", "yours")
    ]
    suite = tmp_path / "mine.toml"
    task = '[[tasks]]\nname = "{}"\ndataset = "{}"\nbudget = "1steps"\nscores = ["w2"]\n'
    tasks = [task.format(*one) for one in (("a", "mine"), ("b", "mine"), ("c", "yours"))]
    suite.write_text('name = "mine"\n' + "".join(tasks))
    catalogue = catalogue_with(*specs)
    plan = make_plan(Selection(variants=["vanilla"], suite=str(suite), seeds=[0, 1]), catalogue)
    assert prepared == []
    lines: list[str] = []
    plan.prepare_data([one for one in plan.runs if one.task.name != "c"], catalogue, lines.append)
    assert (prepared, lines) == (["mine"], ["mine is ready"])
