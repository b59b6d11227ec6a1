"""From a reference to a data set and its shape, without loading it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ganbench import DataInfo, DatasetSpec, Parameter
from ganbench.api.errors import MissingData, PluginNotUsable, UsageError
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.datasets import check_dataset, choose_dataset, describe_dataset, prepare


def dataset(describe: Any, **changes: Any) -> DatasetSpec:
    return DatasetSpec(
        **{"name": "mine", "description": "mine", "describe": describe, "load": "x:y", **changes}
    )


def test_an_argument_behind_a_colon(catalogue: Catalogue) -> None:
    spec, parameters = choose_dataset("images:my/faces[side=16,grey=true]", catalogue)
    assert spec.name == "images"
    given = {"path": "my/faces", "side": 16, "grey": True}
    defaults = {name: one.default for name, one in spec.parameters.items()}
    assert parameters == defaults | given


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ring9", "unknown dataset 'ring9'"),
        ("vanilla", "'vanilla' is a variant, not a dataset"),
        ("ring8:x", "data set ring8 takes nothing behind a colon"),
        ("ring8[sigma=1]", "ring8 has no parameter 'sigma'"),
        ("images:x[side=7]", "images.side is '7', outside [8, 512]"),
    ],
)
def test_what_names_nothing(catalogue: Catalogue, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_dataset(text, catalogue)
    assert message in caught.value.message


def test_a_description_bears_the_name_as_typed(catalogue_with: Any) -> None:
    def describe(side: int) -> DataInfo:
        return DataInfo(name="whatever", modality="image", shape=(1, side, side))

    parameters = {"side": Parameter(default=8, help="x")}
    catalogue = catalogue_with(dataset(describe, parameters=parameters))
    info = describe_dataset("mine[side=16]", catalogue)
    assert (info.name, info.shape) == ("mine[side=16]", (1, 16, 16))


def crash() -> DataInfo:
    raise KeyError("shape")


def refuse() -> DataInfo:
    raise UsageError("mine needs a path")


@pytest.mark.parametrize(
    ("describe", "error", "message"),
    [
        (crash, PluginNotUsable, "describe of data set mine fails: KeyError: 'shape'"),
        (lambda: None, PluginNotUsable, "must return a DataInfo or a Survey, it returned None"),
        (refuse, UsageError, "mine needs a path"),
    ],
)
def test_faulty_descriptions(
    catalogue_with: Any, describe: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        describe_dataset("mine", catalogue_with(dataset(describe)))
    assert type(caught.value) is error
    assert message in str(caught.value)


def test_checks_are_guarded_like_descriptions(catalogue_with: Any) -> None:
    catalogue = catalogue_with(dataset(crash, check=crash))
    with pytest.raises(PluginNotUsable, match="check of data set mine fails: KeyError"):
        check_dataset("mine", catalogue)


def test_a_check_tells_what_is_missing(catalogue_with: Any) -> None:
    def missing() -> None:
        raise MissingData("mine is not here", "fetch it")

    catalogue = catalogue_with(dataset(crash, check=missing))
    with pytest.raises(MissingData, match="mine is not here"):
        check_dataset("mine", catalogue)


def test_checks_get_the_parameters(catalogue_with: Any) -> None:
    checked = []
    spec = dataset(
        crash,
        parameters={"side": Parameter(default=8, help="x")},
        check=lambda side: checked.append(side),
    )
    check_dataset("mine[side=16]", catalogue_with(spec))
    assert checked == [16]


def test_a_data_set_without_a_check(catalogue: Catalogue) -> None:
    check_dataset("ring8", catalogue)


def prepared(catalogue_with: Any, prepare_it: Any) -> list[str]:
    lines: list[str] = []
    spec = dataset(crash, prepare=prepare_it, parameters={"side": Parameter(default=8, help="x")})
    prepare(spec, {"side": 16}, catalogue_with(spec), lines.append)
    return lines


def test_what_is_done_once_gets_the_parameters_and_tells_lines(catalogue_with: Any) -> None:
    assert prepared(catalogue_with, lambda side: [f"side {side}"]) == ["side 16"]
    assert prepared(catalogue_with, None) == []


def test_lines_are_told_as_they_come(catalogue_with: Any) -> None:
    def some(side: int) -> Iterator[str]:
        yield "first"
        raise UsageError("3 files are damaged", "remove them")

    lines: list[str] = []
    spec = dataset(crash, prepare=some, parameters={"side": Parameter(default=8, help="x")})
    with pytest.raises(UsageError, match="3 files are damaged"):
        prepare(spec, {"side": 16}, catalogue_with(spec), lines.append)
    assert lines == ["first"]


def test_what_preparing_prints_is_no_data(
    catalogue_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def loud(side: int) -> list[str]:
        print("from the cache")
        return []

    prepared(catalogue_with, loud)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "from the cache\n")


def test_preparing_is_guarded(catalogue_with: Any) -> None:
    with pytest.raises(PluginNotUsable, match="prepare of data set mine fails: KeyError"):
        prepared(catalogue_with, lambda side: crash())
