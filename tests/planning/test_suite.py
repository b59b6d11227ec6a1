"""Suites in TOML: what they hold, and how each mistake is told."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ganbench.api.errors import UsageError
from ganbench.planning.budget import Budget
from ganbench.planning.suite import DEFAULT_SUITE, embedded_suites, load_suite, parse_suite
from ganbench.planning.variants import SHARED_PARAMETERS
from ganbench.statistics.stability import LEARNING_RATE_GRID

TASK = '[[tasks]]\nname = "ring"\ndataset = "ring8"\nbudget = "1TFLOP"\nscores = ["modes"]\n'
SUITE = 'name = "mine"\n' + TASK


def test_a_small_suite_has_the_documented_defaults() -> None:
    suite = parse_suite(SUITE, "mine.toml")
    (task,) = suite.tasks
    assert (suite.name, suite.description) == ("mine", "")
    assert suite.seeds == (0, 1, 2, 3, 4)
    assert suite.threads == 1
    assert suite.variants == ()
    assert (task.name, task.dataset) == ("ring", "ring8")
    assert task.budget == Budget("flops", 1e12)
    assert (task.scores, task.final_scores) == (("modes",), ())
    assert (task.fakes, task.split, task.evaluations) == (10_000, "heldout", 10)


def test_a_full_suite() -> None:
    suite = parse_suite(
        'name = "mine"\ndescription = "all"\nthreads = 2\n'
        'seeds = "1,3"\nvariants = ["dcgan[lr=1]"]\n'
        + TASK
        + 'final_scores = ["w2"]\nfakes = 2\nsplit = "train"\nevaluations = 1\n',
        "mine.toml",
    )
    (task,) = suite.tasks
    assert (suite.description, suite.threads, suite.seeds) == ("all", 2, (1, 3))
    assert suite.variants == ("dcgan[lr=1]",)
    assert (task.final_scores, task.fakes) == (("w2",), 2)
    assert (task.split, task.evaluations) == ("train", 1)


def test_thresholds_are_numbers_by_the_name_of_a_score() -> None:
    (task,) = parse_suite(SUITE, "mine.toml").tasks
    assert task.thresholds == {}
    text = SUITE + "thresholds = { high_quality = 0.8, modes = 8 }\n"
    (task,) = parse_suite(text, "mine.toml").tasks
    assert task.thresholds == {"high_quality": 0.8, "modes": 8}
    for wrong in ('"much"', "nan", "inf", "[1]"):
        with pytest.raises(UsageError, match="task 1: thresholds"):
            parse_suite(f"{SUITE}thresholds = {{ modes = {wrong} }}\n", "mine.toml")


def test_a_grid() -> None:
    text = SUITE + '[grid]\nlr_scale = ["1/9", 1, 3.0]\n"model.width" = [8]\n'
    grid = parse_suite(text, "mine.toml").grid
    assert grid == {"lr_scale": ("1/9", 1, 3.0), "model.width": (8,)}
    assert parse_suite(SUITE, "mine.toml").grid == {}


def test_variants_with_parameters_and_grids_of_their_own() -> None:
    text = """
        [[variants]]
        name = "dcgan"

        [[variants]]
        name = "wgan-gp"
        parameters = { lr = 2e-4, ema = 0.5 }
        grid.penalty = [1, 10.0]
        grid.critic_steps = [1, 5]

        [[variants]]
        name = "mlp+*"
        grid."model.width" = [8]
    """
    assert parse_suite(SUITE + text, "mine.toml").variants == (
        "dcgan",
        "wgan-gp[critic_steps=1,ema=0.5,lr=0.0002,penalty=1]",
        "wgan-gp[critic_steps=5,ema=0.5,lr=0.0002,penalty=1]",
        "wgan-gp[critic_steps=1,ema=0.5,lr=0.0002,penalty=10]",
        "wgan-gp[critic_steps=5,ema=0.5,lr=0.0002,penalty=10]",
        "mlp+*[model.width=8]",
    )
    mixed = 'variants = ["dcgan[lr=1]", { name = "dcgan", grid.lr = [1, 2] }]\n' + SUITE
    assert parse_suite(mixed, "mine.toml").variants == ("dcgan[lr=1]", "dcgan[lr=2]")


def test_a_task_may_name_its_own_variants() -> None:
    text = """
        name = "mine"
        variants = ["vanilla"]

        [[tasks]]
        name = "ring"
        dataset = "ring8"
        budget = "1TFLOP"
        scores = ["modes"]

        [[tasks]]
        name = "grid"
        dataset = "grid25"
        budget = "1TFLOP"
        scores = ["modes"]
        variants = ["dcgan", { name = "wgan-gp", grid.lr = [1, 2] }]
    """
    suite = parse_suite(text, "mine.toml")
    assert suite.variants == suite.variants_on("ring") == ("vanilla",)
    assert suite.variants_on("grid") == ("dcgan", "wgan-gp[lr=1]", "wgan-gp[lr=2]")
    ring, grid = (task.to_json() for task in suite.tasks)  # what is run there is no part of a run
    assert ring.keys() == grid.keys()
    assert "variants" not in grid


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("grid.lr = [1]", "task 1: variant 1: name is missing"),
        ('name = "d"\ngrid.lr = [1]\nparameters.lr = 1', "task 1: variant 1: lr stands in"),
    ],
)
def test_mistakes_in_a_tasks_variants_name_both(entry: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_suite(f"{SUITE}\n[[tasks.variants]]\n{entry}\n", "mine.toml")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ("grid.lr = [1]", "variant 1: name is missing", None),
        ("name = 3", "variant 1: name is 3, not a string", "write it in quotes"),
        ('name = "dcgan"\nparams = {}', "variant 1: params is an unknown key", "mean parameters?"),
        ('name = "dcgan"\nparameters = 3', "variant 1: parameters is 3, not a table", None),
        (
            'name = "dcgan"\nparameters.lr = [1]',
            "variant 1: parameters.lr is [1], not a bool",
            None,
        ),
        ('name = "dcgan"\ngrid.lr = 1', "variant 1: grid.lr is 1, not an array", "lr_scale"),
        ('name = "d"\ngrid.lr = [1]\nparameters.lr = 1', "lr stands in parameters and in", None),
        ('name = "d[lr=1]"\ngrid.b = [1]', "'d[lr=1]' has settings in brackets", "parameters"),
        ('name = "d[lr"\ngrid.b = [1]', "without a closing one", None),
        ('name = "d"\nparameters.a = "x,y=1"', "may have no comma or bracket", None),
    ],
)
def test_mistakes_in_a_variants_table(entry: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        parse_suite(f"{SUITE}[[variants]]\n{entry}\n", "mine.toml")
    assert message in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "no valid TOML"),
        (SUITE + SUITE, "no valid TOML"),
        ("", "name is missing"),
        ('name = "mine"', "tasks is missing"),
        ('name = "mine"\ntasks = []', "has no task"),
        ('name = "mine"\ntasks = [1]', "task 1 is 1, not a table"),
        ('name = "mine"\ntasks = "ring"', "tasks is 'ring', not an array"),
        ("name = 3\n" + TASK, "name is 3, not a string"),
        ("name = true\n" + TASK, "name is True, not a string"),
        ('name = "../up"\n' + TASK, "name is '../up'; it may only have lower-case letters"),
        ('name = "Mine"\n' + TASK, "name is 'Mine'; it may only have lower-case letters"),
        ("description = 1\n" + SUITE, "description is 1, not a string"),
        ("seeds = [0, 1]\n" + SUITE, "seeds is [0, 1], not a string"),
        ('seeds = "few"\n' + SUITE, "seeds 'few' are no integers or ranges"),
        ("variants = [1]\n" + SUITE, "variant 1 is 1, not a string or a table"),
        ('variants = "dcgan"\n' + SUITE, "variants is 'dcgan', not an array"),
        ("grid = 3\n" + SUITE, "grid is 3, not a table"),
        (SUITE + "[grid]\nlr = 3", "grid.lr is 3, not an array"),
        (SUITE + "[grid]\nlr = []", "grid.lr is [], it must hold at least 1"),
        (
            SUITE + "[grid]\nlr = [1, [2]]",
            "grid.lr[1] is [2], not a boolean, an integer, a number or a string",
        ),
        (
            SUITE + "[grid]\nlr = [1979-05-27]",
            "grid.lr[0] is datetime.date(1979, 5, 27), not a boolean",
        ),
        (SUITE + TASK, "two tasks of the name 'ring'"),
        (
            SUITE + TASK.replace("1TFLOP", "10m").replace('"ring"', '"late"'),
            "budgets of time (late) and others, which no ranking takes together",
        ),
        (SUITE.replace('"ring"', '"a/b"'), "task 1: name is 'a/b'"),
        (SUITE.replace('"1TFLOP"', "1"), "task 1: budget is 1, not a string"),
        (SUITE.replace("1TFLOP", "1TFLOPS"), "task 1: budget '1TFLOPS' is a rate"),
        (SUITE.replace('dataset = "ring8"\n', ""), "task 1: dataset is missing"),
        (SUITE.replace('["modes"]', "[]"), "task 1: scores is [], it must hold at least 1"),
        (SUITE.replace('["modes"]', "[1]"), "task 1: scores[0] is 1, not a string"),
        (SUITE + 'final_scores = "w2"', "task 1: final_scores is 'w2', not an array"),
        (SUITE + "fakes = 1", "task 1: fakes is 1, it must be at least 2"),
        (SUITE + "fakes = 2.5", "task 1: fakes is 2.5, not an integer"),
        (SUITE + "fakes = true", "task 1: fakes is True, not an integer"),
        (SUITE + "evaluations = 0", "task 1: evaluations is 0, it must be at least 1"),
        (SUITE + 'split = "test"', "task 1: split is 'test', not one of: heldout, train"),
        (SUITE + TASK.replace("TFLOP", "epochs").replace("ring", "b"), "task 2: budget '1epochs'"),
    ],
)
def test_each_mistake_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_suite(text, "mine.toml")
    assert message in caught.value.message
    assert "mine.toml" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("seed = 1\n" + SUITE, "seed is an unknown key", "did you mean seeds?"),
        (
            SUITE + "evaluation = 3",
            "task 1: evaluation is an unknown key",
            "did you mean evaluations?",
        ),
        (SUITE + "zzz = 3", "task 1: zzz is an unknown key", "known: budget, controls, dataset"),
    ],
)
def test_unknown_keys_bring_suggestions(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_suite(text, "mine.toml")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_a_dotted_name_in_a_grid_brings_the_way_to_write_it() -> None:
    with pytest.raises(UsageError, match="not an array") as caught:
        parse_suite(SUITE + "[grid]\nloss.penalty = [1]", "mine.toml")
    assert caught.value.hint == 'put a name with dots in quotes: "loss.penalty" = [1, 3]'


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('variants = "dcgan"\n' + SUITE, 'write it in brackets: ["dcgan"]'),
        (SUITE + 'final_scores = "w2"', 'write it in brackets: ["w2"]'),
        (SUITE.replace("[[tasks]]", "[tasks]"), "write each task under a [[tasks]] heading"),
    ],
)
def test_what_is_no_array_brings_the_way_to_write_one(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match="not an array") as caught:
        parse_suite(text, "mine.toml")
    assert caught.value.hint == hint


def test_a_budgets_hint_survives() -> None:
    with pytest.raises(UsageError) as caught:
        parse_suite(SUITE.replace("1TFLOP", "1"), "mine.toml")
    assert caught.value.hint is not None
    assert "200kimg" in caught.value.hint


@pytest.mark.parametrize("name", embedded_suites())
def test_embedded_suites_are_valid(name: str) -> None:
    suite = load_suite(name)
    assert suite.name == name
    assert suite.description


def test_learning_rates_are_multiplied_as_the_score_has_it() -> None:
    suite = load_suite("lr-sensitivity")
    scale = SHARED_PARAMETERS["lr_scale"]
    values = tuple(scale.convert(value, "lr_scale") for value in suite.grid["lr_scale"])
    assert values == LEARNING_RATE_GRID
    assert len(suite.seeds) >= 3
    starter = load_suite(DEFAULT_SUITE)
    assert all(task == starter.task(task.name) for task in suite.tasks)  # so that runs are shared


def test_the_default_suite_is_embedded() -> None:
    assert DEFAULT_SUITE in embedded_suites()


def test_a_suite_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SUITE, "utf-8")
    suite = load_suite(str(file))
    assert suite == replace(parse_suite(SUITE, "mine.toml"), folder=str(tmp_path))


def test_a_suite_knows_the_folder_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "mine.toml").write_text(SUITE, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_suite("suites/mine.toml").folder == str(tmp_path / "suites")
    assert load_suite(DEFAULT_SUITE).folder == ""


def test_a_missing_suite_brings_a_suggestion() -> None:
    with pytest.raises(UsageError, match="no suite and no file is named 'startr'") as caught:
        load_suite("startr")
    assert caught.value.hint == "did you mean starter or starter-all?"


def test_a_missing_file_brings_a_suggestion_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no suite and no file") as caught:
        load_suite(str(tmp_path / "startr"))
    assert caught.value.hint == "did you mean starter or starter-all?"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for name in (str(binary), str(tmp_path), "x" * 5000):
        with pytest.raises(UsageError, match="cannot be read"):
            load_suite(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SUITE, "utf-8")
    file.chmod(0)
    with pytest.raises(UsageError, match=r"mine\.toml cannot be read"):
        load_suite(str(file))


def test_a_task_by_name() -> None:
    suite = load_suite(DEFAULT_SUITE)
    assert suite.task("ring8").name == "ring8"
    with pytest.raises(UsageError, match="suite starter has no task 'rign8'") as caught:
        suite.task("rign8")
    assert caught.value.hint == "did you mean ring8?"


def test_techniques_may_stand_in_a_variants_own_grid() -> None:
    text = """
[[variants]]
name = "vanilla"
parameters = { lr = 0.1 }
grid.with = ["", "r1:10", "pac:2+ema"]
"""
    suite = parse_suite(SUITE + text, "mine.toml")
    assert suite.variants == (
        "vanilla[lr=0.1]",
        "vanilla+r1:10[lr=0.1]",
        "vanilla+pac:2+ema[lr=0.1]",
    )


def test_remedies_are_one_change_each() -> None:
    baseline, *others, recipe = load_suite("remedies").variants
    assert (baseline, recipe) == ("vanilla", "wgan-gp")  # the last is a whole recipe beside them
    both = "+r1:0.1+r2:0.1"
    together = {both: 2, f"{both}[objective=rp]": 3}  # R3GAN's remedy, and without its loss
    changes = [one.removeprefix("vanilla") for one in others]
    assert len(set(changes)) == len(changes) >= 20
    assert set(together) <= set(changes)
    for change in changes:
        added, _, settings = change.partition("[")
        count = added.count("+") + (settings.count("=") if settings else 0)
        # a Wasserstein loss cannot be without what keeps its critic Lipschitz
        at_once = 2 if "objective=wasserstein" in settings else 1
        assert count == together.get(change, at_once), change
    for wanted in ("generator_layers", "discriminator_layers", "policy", "feature-matching"):
        assert any(wanted in change for change in changes), wanted
    for wanted in ("wasserstein", "pac:", "unrolled", "+sn", "+r1:", "+r2:", "+gp:", "dragan:"):
        assert any(wanted in change for change in changes), wanted
    for rule in ("extragradient", "ogda", "lookahead", "consensus", "momentum"):
        assert any(rule in change for change in changes), rule


CLAIM = '[[claims]]\ntask = "ring"\nvariant = "dcgan"\nscore = "modes"\nsource = "a paper"\n'


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ('published = 6\nthan = "vanilla"\n', "than compares settings"),
        ("published = 6\nsuccess = 8\nruns = 10\n", "a share of 6 is not in"),
        ("published = 0.6\nsuccess = 8\nruns = 10\nerror = 0.1\n", "is known from runs"),
        ("published = 0.6\nsuccess = 8\n", "a share is of several settings"),
    ],
)
def test_contradictions_of_a_claim_are_told_with_their_place(rest: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"mine.toml: claim 1: .*{message}"):
        parse_suite(SUITE + CLAIM + rest, "mine.toml")
    assert parse_suite(SUITE + CLAIM + "published = 6\n", "mine.toml").claims[0].published == 6


def test_a_byte_order_mark_is_no_statement(tmp_path: Path) -> None:
    """Notepad writes one."""
    file = tmp_path / "mine.toml"
    file.write_bytes(SUITE.encode("utf-8-sig"))
    assert load_suite(str(file)) == replace(parse_suite(SUITE, "s"), folder=str(tmp_path))
