"""From names to specs, and what those are told who ask for something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ganbench import DatasetSpec, LossSpec, ModelSpec, VariantSpec
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.catalogue.catalogue import DISABLED_VARIABLE, Catalogue, installed_catalogue
from ganbench.catalogue.plugin import State
from ganbench.catalogue.plugin_files import PluginChoice

STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "blocked": ("", ("mine",)),
    "broken": ("import no_such_module_", ()),
    "invalid": ("", ()),
    "incompatible": ("GANBENCH_API_VERSION = 99", ()),
}


@pytest.fixture
def fresh() -> Iterator[Callable[..., Catalogue]]:
    """`installed_catalogue` without its memory, before and after."""
    installed_catalogue.cache_clear()
    yield installed_catalogue
    installed_catalogue.cache_clear()


def test_every_built_in_is_loaded(fresh: Callable[..., Catalogue]) -> None:
    built_in = [one for one in fresh().plugins if one.distribution == "ganbench"]
    assert {one.name: one.reason for one in built_in if one.state is not State.LOADED} == {}
    assert {"vanilla", "dcgan", "wgan-gp"} <= set(fresh().names("variant"))
    assert {"ring8", "grid25", "digits"} <= set(fresh().names("dataset"))


def test_get_returns_the_spec_and_plugin_of_its_kind(fresh: Callable[..., Catalogue]) -> None:
    catalogue = fresh()
    model, variant = catalogue.get(ModelSpec, "dcgan"), catalogue.get(VariantSpec, "dcgan")
    assert isinstance(model, ModelSpec)
    assert isinstance(variant, VariantSpec)
    assert catalogue.plugin_of(model).name == "models"
    assert catalogue.plugin_of(variant).name == "dcgan"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("asked", ["mine", "ganbench-mine"])
def test_asking_for_what_is_not_loaded_gives_the_reason(
    install: Any, find: Any, state: str, asked: str
) -> None:
    source, blocked = STATES[state]
    install("ganbench-mine", {"mine_plugin.py": source}, {"mine": "mine_plugin"})
    catalogue = Catalogue(find(), blocked)
    (plugin,) = catalogue.plugins
    with pytest.raises(PluginNotUsable) as caught:
        catalogue.get(VariantSpec, asked)
    assert f"{plugin.called} is {state}: {plugin.reason}" in caught.value.message
    place = ", mine_plugin.py" if plugin.file else ""  # not known of what was not imported
    assert plugin.called == f"plugin mine of ganbench-mine 1.0{place}"
    assert caught.value.hint is not None
    assert "ganbench plugins" in caught.value.hint
    assert caught.value.exit_code == 3


def test_an_unknown_name_brings_a_suggestion(fresh: Callable[..., Catalogue]) -> None:
    with pytest.raises(UsageError, match="unknown variant 'dcgam'") as caught:
        fresh().get(VariantSpec, "dcgam")
    assert str(caught.value.hint).startswith("did you mean dcgan")


def test_a_far_name_brings_the_list(fresh: Callable[..., Catalogue]) -> None:
    with pytest.raises(UsageError, match="unknown variant 'qqq'") as caught:
        fresh().get(VariantSpec, "qqq")
    assert caught.value.hint is not None
    assert "vanilla" in caught.value.hint


def test_the_name_of_another_kind(fresh: Callable[..., Catalogue]) -> None:
    with pytest.raises(UsageError, match="'ring8' is a dataset, not a variant") as caught:
        fresh().get(VariantSpec, "ring8")
    assert caught.value.hint == "see `ganbench info ring8`"


def test_an_empty_catalogue_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        Catalogue([]).get(LossSpec, "hinge")
    assert caught.value.hint == "no usable plugin provides a loss"


def test_disabled_plugins_by_argument(fresh: Callable[..., Catalogue]) -> None:
    assert "dcgan" not in fresh(PluginChoice(("dcgan",))).names("variant")
    assert "dcgan" in fresh(PluginChoice()).names("variant")


def test_disabled_plugins_by_environment(
    fresh: Callable[..., Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_VARIABLE, " dcgan , points,,")
    catalogue = fresh(PluginChoice(("vanilla",)))
    blocked = {one.name for one in catalogue.plugins if one.state is State.BLOCKED}
    assert blocked == {"vanilla", "dcgan", "points"}
    with pytest.raises(UsageError, match="unknown dataset 'ring8'"):
        catalogue.get(DatasetSpec, "ring8")


def test_no_disabled_plugins_by_an_empty_variable(
    fresh: Callable[..., Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_VARIABLE, "")
    assert all(one.state is State.LOADED for one in fresh().plugins)


def test_the_whole_of_a_distribution_can_be_disabled(fresh: Callable[..., Catalogue]) -> None:
    catalogue = fresh(PluginChoice(("ganbench",)))
    assert all(one.state is State.BLOCKED for one in catalogue.plugins)
    assert catalogue.names("variant") == []


def test_observers_of_usable_plugins_are_called(install: Any, find: Any) -> None:
    observer = """
        from ganbench import hookimpl

        SEEN = []

        @hookimpl
        def ganbench_run_finished(record):
            SEEN.append(record["status"])
    """
    install("aaa", {"watcher.py": observer})
    install("bbb", {"broken_watcher.py": observer + "\n        raise RuntimeError"})
    Catalogue(find()).observers().notify(
        "ganbench_run_finished", pytest.fail, record={"status": "ok"}
    )
    import watcher  # type: ignore[import-not-found]

    assert watcher.SEEN == ["ok"]


def test_an_observer_that_fails_is_a_warning_and_stops_no_other(install: Any, find: Any) -> None:
    observer = """
        from ganbench import hookimpl

        SEEN = []

        @hookimpl
        def ganbench_run_finished(record):
            SEEN.append(record["status"])
    """
    failing = observer.rstrip() + '\n            raise ValueError("no  luck")\n'
    install("first", {"failing_a.py": failing, "sound.py": observer, "failing_z.py": failing})
    warnings: list[str] = []
    Catalogue(find()).observers().notify(
        "ganbench_run_finished", warnings.append, record={"status": "ok"}
    )
    assert len(warnings) == 2
    assert all("failed: ValueError: no luck" in warning for warning in warnings)
    import sound  # type: ignore[import-not-found]

    assert sound.SEEN == ["ok"]


def test_an_error_about_another_part_is_left_to_whoever_knows_its_place() -> None:
    catalogue = installed_catalogue()
    model, loss = catalogue.get(ModelSpec, "mlp"), catalogue.get(LossSpec, "wgan")
    with pytest.raises(PluginNotUsable) as caught, catalogue.whose(model):
        raise PluginNotUsable("loss wgan asks", kind="loss")
    assert caught.value.message == "loss wgan asks"
    with pytest.raises(PluginNotUsable) as caught, catalogue.whose(loss), catalogue.whose(model):
        raise PluginNotUsable("loss wgan asks", kind="loss")
    assert caught.value.message.startswith("loss wgan asks (plugin wgan of ganbench ")
