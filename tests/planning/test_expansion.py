"""Wildcards become pairs, and settings find their owners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from ganbench import LossSpec, Optimiser, Training
from ganbench.api.errors import UsageError
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.parameters import Value
from ganbench.api.techniques import NEEDS
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.expansion import each_once, expand_variants, not_expanded
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.suite import Suite

SGD = Optimiser(name="sgd", lr=1.0)
ODD = LossSpec(
    name="an-odd-one",
    description="x",
    build="nowhere:build",
    training=Training(generator=SGD, discriminator=SGD),
)
PLAIN = Suite(name="mine", description="", tasks=(), seeds=(0,))
SCALES = ("1/9", 1, 3.0)
MakeCatalogue = Callable[..., Catalogue]


def displays(
    texts: list[str], settings: dict[str, str], catalogue: Catalogue, suite: Suite = PLAIN
) -> list[str]:
    found = expand_variants(texts, settings, suite, catalogue)
    assert list(found) == list(dict.fromkeys(texts))
    return [one.display for one in each_once(one for own in found.values() for one in own)]


def gridded(**grid: tuple[Value, ...]) -> Suite:
    return replace(PLAIN, grid=grid)


def adversarial(catalogue: Catalogue) -> list[str]:
    """All losses but those of controls."""
    names = sorted(catalogue.names("loss"))
    return [name for name in names if not catalogue.get(LossSpec, name).control]


def test_a_wildcard_behind_a_control_is_every_loss_of_controls(catalogue: Catalogue) -> None:
    found = displays(["char-lstm+*"], {}, catalogue)
    losses = sorted(catalogue.names("loss"))
    controls = [one for one in losses if catalogue.get(LossSpec, one).control]
    assert found == [f"char-lstm+{loss}" for loss in controls]
    assert {"closed-form", "max-likelihood"} <= set(controls)


def test_a_wildcard_is_every_loss_by_name(catalogue_with: MakeCatalogue) -> None:
    catalogue = catalogue_with(ODD)
    found = displays(["mlp+*"], {}, catalogue)
    assert found == [f"mlp+{loss}" for loss in adversarial(catalogue)]
    assert {"mlp+an-odd-one", "mlp+minimax", "mlp+wgan-gp"} <= set(found)


def test_what_a_wildcard_has_in_brackets_holds_for_each_pair(catalogue: Catalogue) -> None:
    found = displays([" mlp+* [model.width=16]"], {}, catalogue)
    assert found == [f"mlp+{loss}[model.width=16]" for loss in adversarial(catalogue)]


def test_a_pair_that_is_named_twice_is_there_once(catalogue: Catalogue) -> None:
    found = displays(["mlp+minimax", "mlp+*", "vanilla"], {}, catalogue)
    assert found[0] == "mlp+minimax"
    assert found[-1] == "vanilla"
    assert len(set(found)) == len(found) == len(adversarial(catalogue)) + 1


def test_a_pairs_setting_wins_over_the_wildcards(catalogue: Catalogue) -> None:
    settings = {"mlp+minimax.model.width": "8", "mlp+*.model.width": "16"}
    found = displays(["mlp+*"], settings, catalogue)
    assert "mlp+minimax[model.width=8]" in found
    assert "mlp+wgan-gp[model.width=16]" in found
    with pytest.raises(UsageError, match="would change nothing"):
        displays(["mlp+*[model.width=4]"], settings, catalogue)


def test_a_wildcards_setting_leaves_pairs_alone_that_were_typed(catalogue: Catalogue) -> None:
    found = displays(["mlp+minimax", "mlp+*"], {"mlp+*.model.width": "16"}, catalogue)
    assert found[0] == "mlp+minimax"
    assert "mlp+minimax[model.width=16]" in found


@pytest.mark.parametrize(
    ("text", "settings", "message", "hint"),
    [
        ("mpl+*", {}, "unknown model 'mpl'", "did you mean mlp?"),
        ("+*", {}, "'+*' names nothing", ""),
        ("*", {}, "unknown variant '*'", "known: "),
        ("vanilla+*", {}, "vanilla is a variant and has a loss", "name a model instead"),
        ("mlp+*:x", {}, "takes nothing behind a colon", ""),
        ("mlp+*[model.widht=1]", {}, "has no parameter", "did you mean model.width"),
        (
            "mlp+*[model.width=1",
            {},
            "an opening bracket without a closing one",
            "put what has brackets",
        ),
        (
            "mlp+*+r1[r1.every=4]+ema",
            {},
            "an opening bracket without a closing one",
            "write the parameters of all parts in one pair of brackets at the end",
        ),
        ("mlp+*", {"mpl+*.model.width": "1"}, "names no selected variant", "did you mean mlp+*"),
        (
            "vanilla[lr=1e-2]",
            {"vanilla.lr": "1e-3"},
            "--set vanilla.lr=1e-3 would change nothing: vanilla[lr=1e-2] stands",
            "name the variant with the value: 'vanilla[lr=1e-3]'",
        ),
    ],
)
def test_mistakes(
    catalogue: Catalogue, text: str, settings: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        expand_variants([text], settings, PLAIN, catalogue)
    assert message in caught.value.message
    assert (caught.value.hint or "").startswith(hint)


def test_what_is_set_holds_where_brackets_do_not_say_otherwise(catalogue: Catalogue) -> None:
    found = expand_variants(
        ["vanilla", "vanilla[lr=1e-2]"], {"vanilla.lr": "1e-3"}, PLAIN, catalogue
    )
    assert [one.display for each in found.values() for one in each] == [
        "vanilla[lr=0.001]",
        "vanilla[lr=0.01]",
    ]


def without_extras(catalogue: Catalogue) -> list[str]:
    """Losses that need nothing which a plain model lacks."""
    specs = [catalogue.get(LossSpec, name) for name in catalogue.names("loss")]
    return [spec.name for spec in specs if set(spec.needs) <= set(NEEDS)]


def test_losses_that_could_not_be_loaded_are_told(built_ins: Any) -> None:
    gone = EntryPoint("gone", "no_such_module_anywhere", ENTRY_POINT_GROUP)
    catalogue = Catalogue([*built_ins, gone], ["wgan-gp"])
    (remark,) = not_expanded(["vanilla", "mlp+*"], catalogue)
    assert remark.startswith("mlp+* without losses of plugin 'gone'")
    assert "it is broken: import failed: ModuleNotFoundError" in remark
    selection = Selection(variants=["mlp+*"], tasks=["ring8"], seeds=[0])
    plan = make_plan(selection, catalogue)
    assert plan.skipped[0] == remark
    assert {spec.variant for spec in plan.runs} == {
        f"mlp+{loss}" for loss in without_extras(catalogue)
    }
    assert "mlp+wgan-gp" not in {spec.variant for spec in plan.runs}


def test_a_suite_may_name_a_wildcard(catalogue: Catalogue, tmp_path: Path) -> None:
    suite = tmp_path / "all-losses.toml"
    suite.write_text(
        'name = "all-losses"\nvariants = ["mlp+*"]\nseeds = "0"\n'
        '[[tasks]]\nname = "ring"\ndataset = "ring8"\nbudget = "9steps"\nscores = ["modes"]\n'
    )
    plan = make_plan(Selection(suite=str(suite)), catalogue)
    assert [spec.variant for spec in plan.runs] == [
        f"mlp+{loss}" for loss in sorted(without_extras(catalogue))
    ]
    others = sorted({*adversarial(catalogue)} - {*without_extras(catalogue)})
    assert len(plan.skipped) == len(others)
    for loss, told in zip(others, sorted(plan.skipped), strict=True):
        assert told.startswith(f"mlp+{loss} on ring: ")


def test_a_grid_multiplies_every_variant(catalogue: Catalogue) -> None:
    found = displays(["vanilla", "mlp+minimax"], {}, catalogue, gridded(lr_scale=SCALES))
    assert found == [
        f"{name}{scale}"
        for name in ("vanilla", "mlp+minimax")
        for scale in ("[lr_scale=1/9]", "", "[lr_scale=3]")
    ]


def test_a_grid_of_two_parameters_is_their_product(catalogue: Catalogue) -> None:
    found = displays(["dcgan"], {}, catalogue, gridded(lr_scale=("1/3", 1), width=(8, 16)))
    assert found == [
        "dcgan[lr_scale=1/3,width=8]",
        "dcgan[lr_scale=1/3,width=16]",
        "dcgan[width=8]",
        "dcgan[width=16]",
    ]


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("dcgan[lr_scale=27]", {}),
        ("dcgan", {"dcgan.lr_scale": "27"}),
    ],
)
def test_what_is_set_is_not_multiplied(
    catalogue: Catalogue, text: str, settings: dict[str, str]
) -> None:
    assert displays([text], settings, catalogue, gridded(lr_scale=SCALES)) == ["dcgan[lr_scale=27]"]
    both = gridded(lr_scale=SCALES, width=(8, "auto"))
    assert displays([text], settings, catalogue, both) == [
        "dcgan[lr_scale=27,width=8]",
        "dcgan[lr_scale=27]",
    ]


def test_points_of_a_grid_that_are_one_variant_are_there_once(catalogue: Catalogue) -> None:
    suite = gridded(lr_scale=(1, "1", 1.0, "3/3", "1/3", 0.3333333333333333))
    assert displays(["dcgan"], {}, catalogue, suite) == ["dcgan", "dcgan[lr_scale=1/3]"]
    suite = gridded(lr_scale=SCALES)
    assert displays(["dcgan", "dcgan[lr_scale=3]"], {}, catalogue, suite)[-1] == "dcgan[lr_scale=3]"
    assert len(displays(["dcgan", "dcgan[lr_scale=3]"], {}, catalogue, suite)) == 3


def test_a_grid_over_a_wildcard(catalogue: Catalogue) -> None:
    found = displays(["mlp+*"], {}, catalogue, gridded(lr_scale=SCALES))
    assert len(found) == 3 * len(adversarial(catalogue))
    assert "mlp+wgan-gp[lr_scale=1/9]" in found


@pytest.mark.parametrize(
    ("grid", "message", "hint"),
    [
        ({"lr_scal": (1, 2)}, "dcgan has no parameter 'lr_scal'", "did you mean lr_scale"),
        ({"lr_scale": (0,)}, "dcgan.lr_scale is 0, outside", ""),
        ({"lr_scale": (True,)}, "dcgan.lr_scale is True, not a number", ""),
        ({"width": ("wide",)}, "dcgan.width is 'wide', not an integer", ""),
    ],
)
def test_mistakes_in_a_grid_name_the_suite_and_the_variant(
    catalogue: Catalogue, grid: dict[str, tuple[Value, ...]], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        expand_variants(["dcgan"], {}, gridded(**grid), catalogue)
    assert caught.value.message.startswith(f"the grid of suite mine: {message}")
    assert (caught.value.hint or "").startswith(hint)


def test_mistakes_that_are_not_the_grids_are_not_laid_to_it(catalogue: Catalogue) -> None:
    with pytest.raises(UsageError) as caught:
        expand_variants(["dcgan[widht=3]"], {}, gridded(lr_scale=SCALES), catalogue)
    assert caught.value.message == "dcgan has no parameter 'widht'"


def test_a_displayed_name_makes_the_same_runs(catalogue: Catalogue) -> None:
    selection = Selection(variants=["vanilla"], suite="lr-sensitivity", tasks=["ring8"], seeds=[0])
    for spec in make_plan(selection, catalogue).runs:
        typed = replace(selection, variants=[spec.variant], suite="starter")
        (again,) = make_plan(typed, catalogue).runs
        if spec.variant == "vanilla":
            typed = replace(typed, settings={"vanilla.lr_scale": "1"})
            (again,) = make_plan(typed, catalogue).runs
        assert again.run_id == spec.run_id
