"""`info` takes what `run`, `check` and suites take, and tells what may be set, and within what."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from PIL import Image

from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.specs import LossSpec, TechniqueSpec, VariantSpec
from ganbench.api.techniques import NEEDS
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.catalogue.plugin_files import PluginChoice, PluginFile
from ganbench.cli.descriptions import _suite, describe
from ganbench.cli.verbs.info import _lines, bounds
from ganbench.modalities import MODALITIES
from ganbench.planning.suite import load_suite

Cli = Callable[..., "CompletedProcess[str]"]
PROOF = Path(__file__).parents[1] / "data" / "proof"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return installed_catalogue()


def only(text: str, catalogue: Catalogue) -> dict[str, Any]:
    (one,) = describe(text, catalogue)
    json.dumps(one)  # all of it is JSON
    return one


def test_what_is_put_together_is_a_variant_of_its_parts(catalogue: Catalogue) -> None:
    one = only("dcgan+wgan-gp+r1:3[r1.every=16]", catalogue)
    assert (one["kind"], one["name"]) == ("variant", "dcgan+wgan-gp+r1:3[r1.every=16]")
    assert [part["name"] for part in one["parts"]] == ["dcgan", "wgan-gp", "r1"]
    assert one["modalities"] == ["image"]
    assert one["parameters"]["r1.gamma"]["value"] == 3.0
    (recipe,) = one["recipes"].values()
    assert recipe["techniques"] == {"r1": {"gamma": 3.0, "every": 16}}
    assert recipe["model_parameters"]["discriminator_norm"] == "layer"


def test_settings_name_the_kind_that_has_them(catalogue: Catalogue) -> None:
    assert {one["kind"] for one in describe("wgan-gp", catalogue)} == {"variant", "loss"}
    variant = only("wgan-gp[lr=1e-3]", catalogue)
    assert variant["parameters"]["lr"]["value"] == 0.001
    assert variant["parameters"]["lr"]["defaults"] == {"points": 3e-4, "image": None}
    with pytest.raises(UsageError, match="has no parameter 'nothing'"):
        describe("wgan-gp[nothing=1]", catalogue)
    with pytest.raises(UsageError, match="outside"):
        describe("vanilla[lr=-1]", catalogue)


def test_choices_and_bounds_are_told(ganbench_cli: Cli) -> None:
    told = ganbench_cli("info", "vanilla[lr=1e-3]").stdout
    assert "parameter objective = non-saturating, one of non-saturating, minimax, hinge, " in told
    lr = "parameter lr = 0.001 (set; else 0.0001 on points, auto on image), at least 0: "
    assert lr in told
    assert "parameter ema = 0, 0 to 1: " in told


@pytest.mark.parametrize(
    ("low", "high", "choices", "words"),
    [
        (None, None, [], ""),
        (0, None, [], "at least 0"),
        (None, 1.5, [], "at most 1.5"),
        (0, 1, [], "0 to 1"),
        (None, None, [2, None], "one of 2, auto"),
    ],
)
def test_bounds_in_words(low: Any, high: Any, choices: list[Any], words: str) -> None:
    assert bounds({"minimum": low, "maximum": high, "choices": choices}) == words


def test_techniques_tell_what_they_need_and_with_what_they_do_nothing(ganbench_cli: Cli) -> None:
    told = ganbench_cli("info", "fm").stdout
    for line in ("needs: real, features", "neutral: weight=0", "written fm:WEIGHT"):
        assert f"  {line}\n" in told


def test_differences_from_papers_are_told_of_losses_and_techniques(
    ganbench_cli: Cli, catalogue: Catalogue
) -> None:
    line = "differs from the paper: one k; the paper's nested variant has another one of many steps"
    assert f"\n  {line}\n" in ganbench_cli("info", "lookahead").stdout
    assert only("ra", catalogue)["deviations"] == [*catalogue.get(LossSpec, "ra").deviations]
    assert only("clip", catalogue)["deviations"] == []


def test_differences_stand_under_the_part_that_has_them(catalogue: Catalogue) -> None:
    lines = list(_lines(only("lsgan+lookahead", catalogue)))
    told = [line for line in lines if "differs from the paper: " in line]
    lsgan = catalogue.get(VariantSpec, "lsgan").deviations
    own = catalogue.get(TechniqueSpec, "lookahead").deviations
    assert told == [f"  differs from the paper: {one}" for one in (*lsgan, *own)]
    assert lines.index(told[-1]) > lines.index(
        f"technique lookahead: {catalogue.get(TechniqueSpec, 'lookahead').description}"
    )


def test_the_words_for_kinds_of_data(ganbench_cli: Cli) -> None:
    (found,) = json.loads(ganbench_cli("info", "modalities", "--json").stdout)
    assert set(found["of_data"]) == set(MODALITIES)
    told = ganbench_cli("info", "modalities").stdout
    image = "image: stored as uint8 (N, channels, height, width), networks see float32 (N, channels"
    assert f"  {image}" in told
    assert "; DataInfo has its rate" in told


def test_the_words_for_needs_and_who_provides_what(ganbench_cli: Cli) -> None:
    done = ganbench_cli("info", "needs", "--json", "-P", str(PROOF / "ali.py"))
    (one,) = json.loads(done.stdout)
    assert one["of_a_step"].keys() == NEEDS.keys()
    assert one["of_a_model"]["encoder"] == ["tvae", "ali-mlp"]
    told = ganbench_cli("info", "needs").stdout
    for need in NEEDS:
        assert f"\n  {need}: " in told


def test_a_folder_is_looked_at(catalogue: Catalogue, tmp_path: Path) -> None:
    for index in range(6):
        Image.new("L", (8, 8), index).save(tmp_path / f"{index}.png")
    one = only(f"images:{tmp_path}[side=8]", catalogue)
    assert one["data"]["modality"] == "image"
    assert one["data"]["shape"][1:] == [8, 8]
    assert one["parameters"]["side"]["value"] == 8
    assert "data" not in only("images", catalogue)
    with pytest.raises(UsageError):
        describe(f"images:{tmp_path / 'gone'}", catalogue)


def test_a_mixture_is_told_with_its_sources(catalogue: Catalogue, tmp_path: Path) -> None:
    for index in range(6):
        Image.new("L", (8, 8), index).save(tmp_path / f"{index}.png")
    folder = f"images:{tmp_path}[grey=true,side=8]"
    mixture, *sources = describe(f"digits|{folder}", catalogue)
    assert mixture["name"] == f"digits|{folder}"
    assert (mixture["data"]["shape"], mixture["data"]["classes"]) == ([1, 8, 8], 2)
    assert sources == [only("digits", catalogue), only(folder, catalogue)]
    with pytest.raises(UsageError, match="cannot be mixed"):
        describe("digits|ring8", catalogue)


def test_a_suite_tells_its_threads_where_they_are_not_one() -> None:
    suite = load_suite("starter")
    catalogue = installed_catalogue()
    assert not any("threads" in line for line in _lines(_suite(suite, catalogue)))
    threaded = _suite(replace(suite, threads=3), catalogue)
    assert "3 threads for each run" in _lines(threaded)


def test_a_suite_tells_the_variants_of_a_task_where_it_has_its_own() -> None:
    suite = load_suite("starter")
    own = replace(suite, task_variants={"grid25": ("dcgan", "sngan")})
    told = [line for line in _lines(_suite(own, installed_catalogue())) if "variants" in line]
    assert told == ["variants: vanilla, dcgan, wgan-gp", "  its variants: dcgan, sngan"]


@pytest.mark.parametrize(
    ("text", "kind"), [("fd[extractor=raw]", "score"), ("starter", "suite"), ("local", "executor")]
)
def test_all_kinds_are_told(text: str, kind: str, catalogue: Catalogue) -> None:
    assert only(text, catalogue)["kind"] == kind


def test_what_is_not_there(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is named 'vanila'") as caught:
        describe("vanila", catalogue)
    assert caught.value.hint == "did you mean vanilla?"
    (tmp_path / "mine.py").write_text("1 / 0")
    broken = installed_catalogue(PluginChoice(files=(PluginFile.read(tmp_path / "mine.py"),)))
    with pytest.raises(PluginNotUsable, match="division by zero"):
        describe("mine.py", broken)


def test_functions_of_a_recipe_are_told_by_name(catalogue: Catalogue) -> None:
    (recipe, *_) = only("vanilla+policy:cosine", catalogue)["recipes"].values()
    assert recipe["training"]["schedule"] == "cosine"


def test_why_there_is_no_recipe(catalogue: Catalogue) -> None:
    one = only("vanilla+pac:3", catalogue)
    told = [recipe.get("refused") for recipe in one["recipes"].values()]
    assert all("does not divide into packs of 3" in str(reason) for reason in told)


def test_list_tells_the_kinds_of_data(ganbench_cli: Cli) -> None:
    rows = json.loads(ganbench_cli("list", "techniques", "--json").stdout)
    assert {row["kind"] for row in rows} == {"technique"}
    assert {row["name"]: row["modalities"] for row in rows}["diffaug"] == ["image"]
    lines = ganbench_cli("list").stdout.splitlines()
    assert lines[0].split() == ["kind", "name", "data", "from", "description"]
    (dcgan,) = [line for line in lines if line.startswith("variant ") and " dcgan " in line]
    assert "points image" in dcgan


def test_a_suites_file_is_told_as_its_name_is(ganbench_cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    embedded = resources.files("ganbench.planning") / "suites" / "highdim.toml"
    file.write_text(embedded.read_text("utf-8"))
    told = ganbench_cli("info", str(file)).stdout
    assert told == ganbench_cli("info", "highdim").stdout
    assert "task gaussian: gaussian[d=64], 500GFLOP" in told
    without = [line for line in file.read_text().splitlines() if "description" not in line]
    file.write_text("\n".join(without))
    assert ganbench_cli("info", str(file)).stdout.startswith("suite highdim\n")


def test_what_scores_and_utilities_are_blind_to_is_told(ganbench_cli: Cli) -> None:
    told = ganbench_cli("info", "starter").stdout
    assert "its utility is blind to what no line sees" in told
    assert "its utility is blind to all but two moments" in told
    assert "whose utility is 0.5 or more must pass: high_quality 0.8" in told
    assert "blind to: repetition, and noise" in ganbench_cli("info", "vendi").stdout


def test_every_score_of_ours_says_what_it_does_not_see(catalogue: Catalogue) -> None:
    names = [name for name in catalogue.names("score") if name != "dirac"]
    assert [name for name in names if not only(name, catalogue)["blind"]] == []
