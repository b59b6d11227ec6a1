"""What tests of several folders share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, settings

from ganbench.api.hooks import ENTRY_POINT_GROUP

from .steering import python_path
from .stores import STORES, new_store
from .warm import Warm

DATA = Path(__file__).parent / "data"

# Hypothesis has limits of its own on how long an example, or making one up, may take.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

# What a script starts in the background ignores Ctrl-C, and so do its children: these shall not.
signal.signal(signal.SIGINT, signal.default_int_handler)

RunCli = Callable[..., subprocess.CompletedProcess[str]]
Install = Callable[..., None]
Find = Callable[[], list[EntryPoint]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """By module, as `--dist loadscope` says, and a little better."""
    from .sharing import Sharing

    return Sharing(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, what takes longest begins first."""
    if hasattr(config, "workerinput"):
        from .sharing import begin_with_the_longest

        begin_with_the_longest(items)


@pytest.fixture(scope="session", autouse=True)
def _no_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests see no settings of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache, apart from the user's, for all that take it, in all processes of these tests.

    What it keeps has a content for its name, and is computed under a lock.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANBENCH_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def warm(_no_settings: None) -> Iterator[Warm]:
    """The process that commands are forked from."""
    process = Warm(sys.executable, os.environ)
    yield process
    process.close()


@pytest.fixture
def ganbench_cli(tmp_path: Path, warm: Warm) -> RunCli:
    """Call the real command in a process of its own, in an empty folder.

    `plugins`: folders with further distributions, as if they were installed.
    """

    def run(
        *arguments: str, plugins: Sequence[Path] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "NO_COLOR": "1", **python_path(*plugins), **environment}
        if warm.suits(env):
            return warm.run(arguments, tmp_path, env)
        return subprocess.run(
            [sys.executable, "-m", "ganbench", *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution as pip would: its metadata, entry points and modules, on `sys.path`.

    `modules`: sources by file name. `plugins`: modules by entry point name; by default every
    module under its own name.
    """
    before = set(sys.modules)

    def install(
        distribution: str,
        modules: Mapping[str, str],
        plugins: Mapping[str, str] | None = None,
        version: str = "1.0",
    ) -> None:
        folder = tmp_path / distribution
        for name, source in modules.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(source))
        if plugins is None:
            plugins = {name.removesuffix(".py"): name.removesuffix(".py") for name in modules}
        info = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {distribution}\nVersion: {version}\n")
        lines = [f"{name} = {module}" for name, module in plugins.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{ENTRY_POINT_GROUP}]", *lines]))
        monkeypatch.syspath_prepend(folder)

    yield install
    for name in set(sys.modules) - before:
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """The entry points of the distributions that a test has installed, and no others."""

    def find() -> list[EntryPoint]:
        ours = {folder.name for folder in tmp_path.iterdir()}
        found = entry_points(group=ENTRY_POINT_GROUP)
        return [one for one in found if one.dist is not None and one.dist.name in ours]

    return find


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty place for runs, in each kind of store in turn."""
    with pytest.MonkeyPatch.context() as patch:
        yield new_store(request.param, tmp_path, patch)
