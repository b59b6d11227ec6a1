"""Two plugins claim one name: a built-in keeps it, and of two others neither is guessed."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest

from ganbench import VariantSpec
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.plugin import Plugin


def variants(*names: str) -> str:
    """Source of a plugin that provides these variants."""
    return f"""
        from ganbench import VariantSpec, hookimpl

        @hookimpl
        def ganbench_variants():
            return [
                VariantSpec(name=name, description=__name__, recipe=print) for name in {names!r}
            ]
    """


def installed() -> list[EntryPoint]:
    return list(entry_points(group=ENTRY_POINT_GROUP))


def plugins_of(catalogue: Catalogue, distribution: str) -> list[Plugin]:
    return [one for one in catalogue.plugins if one.distribution == distribution]


def test_a_built_in_keeps_its_entry_points_name(install: Any) -> None:
    install("aaa", {"usurper.py": variants("mine")}, {"dcgan": "usurper"})
    catalogue = Catalogue(installed())
    (plugin,) = plugins_of(catalogue, "aaa")
    assert plugin.state == "conflict"
    assert plugin.reason == "a plugin named 'dcgan' is also provided by ganbench"
    assert catalogue.get(VariantSpec, "dcgan").paper.startswith("Radford")
    assert "mine" not in catalogue.names("variant")


def test_a_built_in_keeps_its_specs_name(install: Any) -> None:
    install("aaa", {"usurper.py": variants("other", "dcgan")})
    catalogue = Catalogue(installed())
    (plugin,) = plugins_of(catalogue, "aaa")
    assert plugin.state == "conflict"
    assert plugin.reason == "the variant 'dcgan' is also provided by dcgan (ganbench)"
    assert catalogue.get(VariantSpec, "dcgan").paper.startswith("Radford")
    assert all(one.state == "loaded" for one in plugins_of(catalogue, "ganbench"))


def test_two_others_with_one_entry_point_name_are_both_refused(install: Any, find: Any) -> None:
    install("aaa", {"first.py": variants("one")}, {"mine": "first"})
    install("bbb", {"second.py": variants("two")}, {"mine": "second"})
    catalogue = Catalogue(find())
    assert [(one.distribution, one.state, one.reason) for one in catalogue.plugins] == [
        ("aaa", "conflict", "a plugin named 'mine' is also provided by bbb"),
        ("bbb", "conflict", "a plugin named 'mine' is also provided by aaa"),
    ]
    assert catalogue.names("variant") == []


def test_two_others_with_one_specs_name_are_both_refused(install: Any, find: Any) -> None:
    install("aaa", {"first.py": variants("one", "same")})
    install("bbb", {"second.py": variants("same", "two")})
    install("ccc", {"third.py": variants("three")})
    catalogue = Catalogue(find())
    assert [(one.state, one.reason) for one in catalogue.plugins] == [
        ("conflict", "the variant 'same' is also provided by second (bbb)"),
        ("conflict", "the variant 'same' is also provided by first (aaa)"),
        ("loaded", ""),
    ]
    assert catalogue.names("variant") == ["three"]


def test_who_asks_for_a_name_in_conflict_is_told_who_claims_it(install: Any, find: Any) -> None:
    install("aaa", {"first.py": variants("same")})
    install("bbb", {"second.py": variants("same")})
    with pytest.raises(PluginNotUsable, match=r"also provided by second \(bbb\)") as caught:
        Catalogue(find()).get(VariantSpec, "same")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("blocked", ["first", "aaa"])
def test_blocking_one_settles_a_conflict_of_specs(install: Any, find: Any, blocked: str) -> None:
    install("aaa", {"first.py": variants("same")})
    install("bbb", {"second.py": variants("same")})
    catalogue = Catalogue(find(), [blocked])
    assert catalogue.get(VariantSpec, "same").description == "second"


def test_blocking_a_distribution_settles_a_conflict_of_entry_points(
    install: Any, find: Any
) -> None:
    install("aaa", {"first.py": variants("one")}, {"mine": "first"})
    install("bbb", {"second.py": variants("two")}, {"mine": "second"})
    catalogue = Catalogue(find(), ["aaa"])
    assert [one.state for one in catalogue.plugins] == ["blocked", "loaded"]
    assert catalogue.names("variant") == ["two"]


def test_a_plugin_refused_for_a_built_ins_name_claims_no_others(install: Any) -> None:
    install("aaa", {"usurper.py": variants("dcgan", "theirs")})
    install("bbb", {"sound.py": variants("theirs")})
    catalogue = Catalogue(installed())
    assert [one.state for one in plugins_of(catalogue, "bbb")] == ["loaded"]
    assert catalogue.get(VariantSpec, "theirs").description == "sound"


def test_a_broken_plugin_claims_no_names(install: Any, find: Any) -> None:
    install("aaa", {"broken.py": variants("same") + "\n        raise RuntimeError"})
    install("bbb", {"sound.py": variants("same")})
    assert Catalogue(find()).get(VariantSpec, "same").description == "sound"


def test_one_distribution_may_not_provide_a_name_in_two_plugins(install: Any, find: Any) -> None:
    install("aaa", {"first.py": variants("same"), "second.py": variants("same")})
    catalogue = Catalogue(find())
    assert [one.state for one in catalogue.plugins] == ["conflict", "conflict"]
    with pytest.raises(UsageError, match="unknown variant 'sam'"):
        catalogue.get(VariantSpec, "sam")
