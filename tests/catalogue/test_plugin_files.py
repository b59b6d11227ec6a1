"""Plugin files: loaded like an installed plugin, known by their content, and never in silence."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pytest

from ganbench import LossSpec
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.specs import import_builder
from ganbench.catalogue.catalogue import DISABLED_VARIABLE, Catalogue, open_catalogue
from ganbench.catalogue.plugin import State
from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice, PluginFile, plugin_files

SOURCE = """
from ganbench import LossSpec, Optimiser, Training, hookimpl

SGD = Optimiser(name="sgd", lr=1.0)

def build():
    return "{name}, built"

@hookimpl
def ganbench_losses():
    training = Training(generator=SGD, discriminator=SGD)
    build = f"{{__name__}}:build"
    return [LossSpec(name="{name}", description="a loss", build=build, training=training)]
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write a plugin file, by default one with a loss `mine`."""

    def write(name: str = "my_gan.py", source: str = SOURCE.format(name="mine")) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        return path

    yield write
    for name in [name for name in sys.modules if name.startswith("ganbench_file_")]:
        del sys.modules[name]


def test_a_file_is_a_plugin_without_a_distribution(write: Write) -> None:
    catalogue = Catalogue([], files=plugin_files([write()]))
    (plugin,) = catalogue.plugins
    assert plugin.state is State.LOADED, plugin.reason
    assert (plugin.name, plugin.distribution, plugin.version) == ("my_gan.py", "", "")
    assert plugin.origin == "my_gan.py (local file)"
    assert plugin.provides == ("loss:mine",)
    assert import_builder(catalogue.get(LossSpec, "mine").build)() == "mine, built"


def test_its_hash_is_that_of_its_content_alone(write: Write) -> None:
    one, two = PluginFile.read(write("a/one.py")), PluginFile.read(write("b/one.py"))
    assert one.source_hash == two.source_hash
    assert one.module != two.module
    assert PluginFile.read(write("a/one.py", "x = 1")).source_hash != one.source_hash
    assert PluginFile.read(write("a/one.py")).module == one.module


def test_what_was_read_is_what_runs_elsewhere_and_later(write: Write) -> None:
    sent = pickle.dumps(PluginChoice(files=(PluginFile.read(write()),)))
    write(source="raise RuntimeError('changed')")
    files = pickle.loads(sent).files  # noqa: S301
    (plugin,) = Catalogue([], files=files).plugins
    assert plugin.state is State.LOADED, plugin.reason
    assert plugin.source_hash == files[0].source_hash


def test_two_files_of_one_name_do_not_clash(write: Write) -> None:
    paths = [write("a/gan.py", SOURCE.format(name="a")), write("b/gan.py", SOURCE.format(name="b"))]
    catalogue = Catalogue([], files=plugin_files(paths))
    for name in ("a", "b"):
        assert import_builder(catalogue.get(LossSpec, name).build)() == f"{name}, built"


def test_observers_in_two_files_of_one_name_are_both_told(write: Write) -> None:
    source = """
from ganbench import hookimpl

@hookimpl
def ganbench_run_finished(record):
    record["seen"].append(__name__)
"""
    catalogue = Catalogue([], files=plugin_files([write(f"{one}/see.py", source) for one in "ab"]))
    seen: list[str] = []
    catalogue.observers().notify("ganbench_run_finished", print, record={"seen": seen})
    assert len(set(seen)) == 2


def test_a_file_named_twice_is_one_plugin(write: Write) -> None:
    path = write()
    assert len(NO_CHOICE.plus(files=plugin_files([path, path.parent / "." / path.name])).files) == 1


def test_a_built_in_keeps_its_name(write: Write) -> None:
    built_in = distribution("ganbench").entry_points.select(group=ENTRY_POINT_GROUP)
    files = plugin_files([write(source=SOURCE.format(name="wgan-gp"))])
    catalogue = Catalogue(built_in, files=files)
    plugin = catalogue.plugins[-1]
    assert plugin.state is State.CONFLICT
    assert plugin.reason == "the loss 'wgan-gp' is also provided by wgan-gp (ganbench)"
    assert catalogue.plugin_of(catalogue.get(LossSpec, "wgan-gp")).distribution == "ganbench"


def test_of_two_files_with_one_name_neither_is_guessed(write: Write) -> None:
    files = plugin_files([write("a/one.py"), write("b/two.py")])
    catalogue = Catalogue([], files=files)
    assert [one.state for one in catalogue.plugins] == [State.CONFLICT, State.CONFLICT]
    assert "two.py (local file)" in catalogue.plugins[0].reason
    with pytest.raises(PluginNotUsable) as caught:
        catalogue.get(LossSpec, "mine")
    assert "--no-plugin" in (caught.value.hint or "")
    only = Catalogue([], ["one.py"], files)
    assert only.plugin_of(only.get(LossSpec, "mine")).name == "two.py"


@pytest.mark.parametrize(
    ("source", "state", "reason"),
    [
        ("x = 1\n1 / 0", State.BROKEN, "division by zero (my_gan.py, line 2)"),
        ("def broken(:", State.BROKEN, "(my_gan.py, line 1)"),
        ("x = '\0'", State.BROKEN, "import failed"),
        ("", State.INVALID, "implements no ganbench hook"),
        ("GANBENCH_API_VERSION = 9", State.INCOMPATIBLE, "update ganbench"),
        ("import beside", State.BROKEN, "a plugin file stands alone"),
    ],
)
def test_a_file_with_mistakes_is_guarded(
    write: Write, source: str, state: State, reason: str
) -> None:
    write("beside.py", "")
    choice = NO_CHOICE.plus(files=plugin_files([write(source=source)]))
    said: list[str] = []
    plugin = open_catalogue(choice, said.append).plugins[-1]
    assert plugin.state is state
    assert reason in plugin.reason
    assert plugin.file.endswith("my_gan.py")
    assert said == [f"warning: plugin file {plugin.file} is {state}: {plugin.reason}"]
    assert plugin.module not in sys.modules or state is not State.BROKEN
    with pytest.raises(PluginNotUsable, match=f"is {state}"):
        open_catalogue(choice, said.append, need_files=True)


@pytest.mark.parametrize("name", ["gone.py", "folder.py", "notes.txt"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match=r"plugin file .* (cannot be read|does not end in \.py)"):
        plugin_files([tmp_path / name])


def test_modules_from_files_stand_for_their_files(write: Write) -> None:
    module = ModuleType("mine")
    with pytest.raises(UsageError, match="comes from no file"):
        plugin_files([module])
    module.__file__ = str(write())
    assert plugin_files([module]) == [PluginFile.read(write())]


def test_disabling_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no plugin 'vanila' to disable: did you mean vanilla"):
        open_catalogue(PluginChoice(("vanila",)), print)
    monkeypatch.setenv(DISABLED_VARIABLE, "dcgan,elsewhere-installed")
    said: list[str] = []
    catalogue = open_catalogue(PluginChoice(("points",)), said.append)
    assert "dcgan" not in catalogue.names("variant")
    assert len(said) == 1
    assert "'elsewhere-installed'" in said[0]
