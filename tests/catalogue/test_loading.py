"""Every oddity of a plugin ends in one of six states with a reason, and costs that plugin only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.catalogue.loading import LoadedPlugin, load_plugins
from ganbench.catalogue.plugin import State

SOUND = """
    from ganbench import ModelSpec, hookimpl

    @hookimpl
    def ganbench_models():
        return [ModelSpec(name="sound", description="a model", build="nowhere:build")]
"""

ODD = """
    class Plugin: ...
    class Raises:
        @property
        def ganbench_models(self):
            raise RuntimeError("looked at")
    raises = Raises()
    number = 3
"""

HEAD = "from ganbench import LossSpec, ModelSpec, hookimpl\n"


KERAS = """
    def _refuse():
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")
    _refuse()
"""


def by_name(loaded: list[LoadedPlugin]) -> dict[str, LoadedPlugin]:
    return {one.plugin.name: one for one in loaded}


def test_loaded(install: Any, find: Any) -> None:
    install("ganbench-one", {"one_plugin.py": SOUND}, {"one": "one_plugin"}, version="2.3")
    (one,) = load_plugins(find())
    assert one.plugin.state is State.LOADED
    assert one.plugin.reason == ""
    assert (one.plugin.name, one.plugin.module) == ("one", "one_plugin")
    assert (one.plugin.distribution, one.plugin.version) == ("ganbench-one", "2.3")
    assert one.plugin.file.endswith("one_plugin.py")
    assert [spec.name for spec in one.specs] == ["sound"]
    assert one.module is not None


def test_a_tuple_of_specs_is_as_good_as_a_list(install: Any, find: Any) -> None:
    install("one", {"tuple_plugin.py": SOUND.replace("[Model", "(Model").replace(")]", "),)")})
    (one,) = load_plugins(find())
    assert one.plugin.state is State.LOADED, one.plugin.reason


def test_an_observer_alone_is_a_plugin(install: Any, find: Any) -> None:
    source = HEAD + "@hookimpl\ndef ganbench_run_finished(record): ..."
    install("one", {"observer_plugin.py": source})
    (one,) = load_plugins(find())
    assert one.plugin.state is State.LOADED
    assert one.specs == ()


@pytest.mark.parametrize("blocked", ["blocked_plugin", "ganbench-one"])
def test_blocked_by_name_or_distribution_is_never_imported(
    install: Any, find: Any, blocked: str
) -> None:
    install("ganbench-one", {"blocked_plugin.py": "raise SystemExit('imported!')"})
    (one,) = load_plugins(find(), [blocked])
    assert one.plugin.state is State.BLOCKED
    assert one.plugin.reason == "disabled on request"
    assert one.module is None


def test_blocking_one_plugin_keeps_the_others_of_its_distribution(install: Any, find: Any) -> None:
    install("one", {"a_plugin.py": SOUND, "b_plugin.py": SOUND})
    loaded = by_name(load_plugins(find(), ["a_plugin"]))
    assert loaded["a_plugin"].plugin.state is State.BLOCKED
    assert loaded["b_plugin"].plugin.state is State.LOADED


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_", "import failed: ModuleNotFoundError: No module named 'no_such"),
        ("from ganbench import NoSuchSpec", "import failed: ImportError: cannot import name"),
        ("def broken(:", "import failed: SyntaxError:"),
        ("import sys; sys.exit(3)", "import failed: SystemExit: 3"),
        ("1 / 0", "import failed: ZeroDivisionError: division by zero"),
        ("raise RuntimeError('two\\nlines')", "import failed: RuntimeError: two lines"),
        ("raise ValueError", "import failed: ValueError"),
        (
            HEAD + "@hookimpl\ndef ganbench_models(): raise OSError('no weights')",
            "ganbench_models() failed: OSError: no weights",
        ),
        (
            HEAD + "@hookimpl\ndef ganbench_losses(): raise SystemExit",
            "ganbench_losses() failed: SystemExit",
        ),
        (
            SOUND.replace('"sound"', '"Not Safe"'),
            "ganbench_models() failed: ValueError: model name 'Not Safe' must be lower-case",
        ),
        (
            SOUND.replace("build=", "bild="),
            "ganbench_models() failed: TypeError: ",
        ),
    ],
)
def test_broken(install: Any, find: Any, source: str, reason: str) -> None:
    assert_rejected(install, find, source, State.BROKEN, reason)


def test_an_entry_point_of_a_missing_module_is_broken(install: Any, find: Any) -> None:
    install("one", {}, {"gone": "no_such_module_"})
    (one,) = load_plugins(find())
    assert one.plugin.state is State.BROKEN
    assert "No module named 'no_such_module_'" in one.plugin.reason


def test_an_entry_point_may_name_an_object_with_hooks(install: Any, find: Any) -> None:
    source = """
        from ganbench import ModelSpec, hookimpl

        class Plugin:
            @hookimpl
            def ganbench_models(self):
                return [ModelSpec(name="sound", description="a model", build="nowhere:build")]

        plugin = Plugin()
    """
    install("one", {"object_plugin.py": source}, {"one": "object_plugin:plugin"})
    (one,) = load_plugins(find())
    assert one.plugin.state is State.LOADED, one.plugin.reason
    assert [spec.name for spec in one.specs] == ["sound"]
    assert one.plugin.file.endswith("object_plugin.py")
    assert one.plugin.source_hash.startswith("sha256:")


@pytest.mark.parametrize(
    ("target", "state", "reason"),
    [
        ("odd_plugin:Plugin", State.INVALID, "odd_plugin:Plugin is a class: name an instance"),
        ("odd_plugin:gone", State.BROKEN, "module 'odd_plugin' has no attribute 'gone'"),
        ("odd_plugin:raises", State.BROKEN, "RuntimeError: looked at (odd_plugin.py, line 6)"),
        ("odd_plugin:number", State.INVALID, "implements no ganbench hook"),
    ],
)
def test_an_entry_point_of_another_object(
    install: Any, find: Any, target: str, state: State, reason: str
) -> None:
    install("one", {"odd_plugin.py": ODD}, {"one": target})
    (one,) = load_plugins(find())
    assert one.plugin.state is state
    assert reason in one.plugin.reason


def test_a_reason_says_where_in_the_plugin(install: Any, find: Any) -> None:
    install("one", {"deep_plugin.py": "def f():\n    1 / 0\n\nf()"})
    install("two", {"hook_plugin.py": HEAD + "@hookimpl\ndef ganbench_models():\n    1 / 0"})
    loaded = by_name(load_plugins(find()))
    assert loaded["deep_plugin"].plugin.reason.endswith("division by zero (deep_plugin.py, line 4)")
    assert loaded["hook_plugin"].plugin.reason.endswith("division by zero (hook_plugin.py, line 4)")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            HEAD + "@hookimpl\ndef ganbench_modells(): return []",
            "there is no hook 'ganbench_modells'; did you mean ganbench_models",
        ),
        (
            HEAD + "@hookimpl\ndef ganbench_models(catalogue): return []",
            "Argument(s) {'catalogue'} are declared in the hookimpl but can not be found",
        ),
        (
            HEAD + "def ganbench_models(): return []",
            "ganbench_models is not marked with @ganbench.hookimpl",
        ),
        (
            SOUND + "\n    def ganbench_losses(): return []",
            "ganbench_losses is not marked with @ganbench.hookimpl",
        ),
        ("", "implements no ganbench hook"),
        (
            HEAD + "@hookimpl\ndef ganbench_models(): return 'mlp'",
            "ganbench_models() must return a list, it returned a str",
        ),
        (
            HEAD + "@hookimpl\ndef ganbench_models(): yield 1",
            "ganbench_models() must return a list, it returned a generator",
        ),
        (
            SOUND.replace("[Model", "Model").replace(")]", ")"),
            "ganbench_models() must return a list, it returned a ModelSpec",
        ),
        (
            SOUND.replace("def ganbench_models", "def ganbench_losses"),
            "ganbench_losses() must return a list of LossSpec, it holds a ModelSpec",
        ),
        (
            HEAD + "@hookimpl\ndef ganbench_variants(): return [None]",
            "ganbench_variants() must return a list of VariantSpec, it holds None",
        ),
        (SOUND.replace(")]", ")] * 2"), "provides the model 'sound' twice"),
    ],
)
def test_invalid(install: Any, find: Any, source: str, reason: str) -> None:
    assert_rejected(install, find, source, State.INVALID, reason)


def test_one_name_may_be_a_model_and_a_loss(install: Any, find: Any) -> None:
    both = """
        from ganbench import LossSpec, ModelSpec, Optimiser, Training, hookimpl

        SGD = Optimiser(name="sgd", lr=1.0)

        @hookimpl
        def ganbench_models():
            return [ModelSpec(name="same", description="a model", build="nowhere:build")]

        @hookimpl
        def ganbench_losses():
            training = Training(generator=SGD, discriminator=SGD)
            return [LossSpec(name="same", description="a loss", build="x:y", training=training)]
    """
    install("one", {"both_plugin.py": both})
    (one,) = load_plugins(find())
    assert [(spec.kind, spec.name) for spec in one.specs] == [("model", "same"), ("loss", "same")]


@pytest.mark.parametrize(
    ("version", "way_out"),
    [("1", "update the plugin: docs/from"), ("3", "update ganbench")],
)
def test_incompatible(install: Any, find: Any, version: str, way_out: str) -> None:
    source = f"GANBENCH_API_VERSION = {version}\nraise_at_hook = None\n" + HEAD
    reason = f"written for API version {version}, this ganbench has 2: {way_out}"
    assert_rejected(install, find, source, State.INCOMPATIBLE, reason)


@pytest.mark.parametrize("version", ["'1'", "1.0", "True", "(1, 0)"])
def test_an_api_version_is_an_integer(install: Any, find: Any, version: str) -> None:
    source = f"GANBENCH_API_VERSION = {version}\n" + HEAD
    assert_rejected(install, find, source, State.INVALID, f"is {version}, not an integer")


def test_the_present_api_version_is_compatible(install: Any, find: Any) -> None:
    install("one", {"versioned_plugin.py": "    GANBENCH_API_VERSION = 2\n" + SOUND})
    (one,) = load_plugins(find())
    assert one.plugin.state is State.LOADED


def test_a_module_that_answers_for_any_attribute_has_declared_no_version(
    install: Any, find: Any
) -> None:
    lazy = "\n    def __getattr__(name): raise RuntimeError(name)"
    install("one", {"lazy_plugin.py": SOUND + lazy})
    (one,) = load_plugins(find())
    assert one.plugin.state is State.LOADED, one.plugin.reason


def test_an_interrupt_is_no_broken_plugin(install: Any, find: Any) -> None:
    install("one", {"interrupted_plugin.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        load_plugins(find())


def test_none_of_the_unusable_stops_a_sound_one(install: Any, find: Any) -> None:
    install("a-broken", {"a_broken.py": "import sys; sys.exit(0)"})
    install("b-invalid", {"b_invalid.py": ""})
    install("c-incompatible", {"c_incompatible.py": "GANBENCH_API_VERSION = 99"})
    install("d-blocked", {"d_blocked.py": ""})
    install("e-conflict", {"e_conflict.py": ""}, {"rival": "e_conflict"})
    install("f-conflict", {"f_conflict.py": ""}, {"rival": "f_conflict"})
    install("z-sound", {"z_sound.py": SOUND})
    loaded = load_plugins(find(), ["d_blocked"])
    assert {one.plugin.distribution: str(one.plugin.state) for one in loaded} == {
        "a-broken": "broken",
        "b-invalid": "invalid",
        "c-incompatible": "incompatible",
        "d-blocked": "blocked",
        "e-conflict": "conflict",
        "f-conflict": "conflict",
        "z-sound": "loaded",
    }
    assert all(one.plugin.reason for one in loaded if one.plugin.state is not State.LOADED)
    assert all("\n" not in one.plugin.reason for one in loaded)


def test_an_entry_point_without_a_distribution() -> None:
    entry_point = EntryPoint("loose", "no_such_module_", ENTRY_POINT_GROUP)
    (one,) = load_plugins([entry_point])
    assert (one.plugin.distribution, one.plugin.version) == ("", "")
    assert one.plugin.state is State.BROKEN


def assert_rejected(
    install: Callable[..., None],
    find: Callable[[], list[EntryPoint]],
    source: str,
    state: State,
    reason: str,
) -> None:
    """A plugin of that source has that state and reason, and another one beside it is loaded."""
    install("bad", {"bad_plugin.py": source})
    install("good", {"good_plugin.py": SOUND.replace('"sound"', '"another"')})
    loaded = by_name(load_plugins(find()))
    assert loaded["bad_plugin"].plugin.state is state, loaded["bad_plugin"].plugin.reason
    assert reason in loaded["bad_plugin"].plugin.reason
    assert "\n" not in loaded["bad_plugin"].plugin.reason
    assert loaded["bad_plugin"].specs == ()
    assert loaded["good_plugin"].plugin.state is State.LOADED


@pytest.mark.parametrize(
    ("hook", "spec", "instead"),
    [
        (
            "ganbench_losses",
            "LossSpec(name='old', description='d', build='a:b', training=None, per_sample=True)",
            "write needs=('real_slopes',), or what slopes it uses, instead of per_sample",
        ),
        (
            "ganbench_datasets",
            "DatasetSpec(name='old', description='d', describe=print, load=print, "
            "fingerprint=print)",
            "let `describe` return a Survey(info=..., fingerprint=...) instead of fingerprint",
        ),
    ],
)
def test_what_the_contract_no_longer_has_is_told_with_what_it_has_instead(
    install: Any, find: Any, hook: str, spec: str, instead: str
) -> None:
    head = "from ganbench import DatasetSpec, LossSpec, hookimpl\n"
    source = f"{head}\n@hookimpl\ndef {hook}():\n    return [{spec}]\n"
    install("one", {"old_plugin.py": source})
    (one,) = load_plugins(find())
    assert one.plugin.state is State.BROKEN
    assert one.plugin.reason.endswith(f": {instead} (docs/from-1-to-2.md)")


def test_who_imports_keras_is_told_how(
    install: Any, find: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would say that tensorflow is missing, which nobody needs here."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    install("one", {"keras/__init__.py": KERAS, "mine.py": "import keras"}, {"mine": "mine"})
    (one,) = load_plugins(find())
    assert "No module named 'tensorflow'" in one.plugin.reason
    assert one.plugin.reason.endswith(
        "call use_keras() of ganbench_plugins.keras.wrap in build, which chooses torch"
    )


def test_what_else_is_missing_below_a_folder_of_that_name_is_told_as_it_is(
    install: Any, find: Any
) -> None:
    install(
        "one",
        {"keras_mine/keras/__init__.py": "import no_such_module_", "keras_mine/__init__.py": ""},
        {"mine": "keras_mine.keras"},
    )
    (one,) = load_plugins(find())
    assert one.plugin.reason.endswith("(__init__.py, line 1)")
