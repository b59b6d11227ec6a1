"""`ganbench doctor`: is this machine fit to run?"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import click

from ganbench.api.errors import type_and_line
from ganbench.api.version import __version__
from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin import State
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.options import json_option, runs_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk
from ganbench.execution.fast_paths import has_path, measured_ratio
from ganbench.machine.devices import cuda_devices, usable_cores
from ganbench.machine.precision import PRECISIONS, product_speed
from ganbench.machine.products import has_wider
from ganbench.machine.threads import computing_on
from ganbench.storage.cache import cache_dir
from ganbench.wording import file_size, memory_size, number, with_prefix

PACKAGES = ("torch", "torchvision", "torch-fidelity", "numpy", "scipy", "scikit-learn", "pandas")

LEAST_FREE = 10**9
"""Bytes of a disk, for runs to be worth starting."""


class Fact(NamedTuple):
    """One thing looked at: `ok`, `note` or `problem`, and what to do about it."""

    subject: str
    state: str
    detail: str


@click.command(cls=Verb)
@runs_option
@json_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, runs: Path, as_json: bool) -> int:
    """Check this machine: versions, devices, speed of products, folders, data, plugins.

    Exits with 1 if something would keep runs from working.
    """
    findings = [
        *_versions(),
        _torch(),
        *_devices(),
        *_products(),
        *_folders(runs),
        *_plugins(choice),
    ]
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_rows(["what", "state", "detail"], [list(finding) for finding in findings])
    return 1 if any(finding.state == "problem" for finding in findings) else 0


def _versions() -> Iterator[Fact]:
    yield Fact("ganbench", "ok", __version__)
    yield Fact("python", "ok", platform.python_version())
    for name in PACKAGES:
        try:
            yield Fact(name, "ok", version(name))
        except PackageNotFoundError:
            yield Fact(name, "problem", f"not installed: pip install {name}")


def _torch() -> Fact:
    """Whether torch, torchvision and torch-fidelity work together: a mixed pair does not import."""
    try:
        import torch
        import torch_fidelity  # noqa: F401
    except Exception as error:  # an ABI mismatch raises whatever the loader raises
        reason = type_and_line(error)[:150]
        return Fact("torch import", "problem", f"{reason}; install a matching torch/torchvision")
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU only"
    return Fact("torch import", "ok", f"built for {build}")


def _devices() -> Iterator[Fact]:
    yield Fact("cores", "ok", f"{usable_cores()}: as many runs at a time of one thread each")
    gpus = cuda_devices()
    if not gpus:
        yield Fact("GPUs", "note", "none: runs train on the CPU")
        return
    try:
        import torch
    except Exception:  # told of above
        return
    if not torch.cuda.is_available():
        yield Fact("GPUs", "problem", f"the driver shows {len(gpus)}, torch can use none")
        return
    for index in range(torch.cuda.device_count()):
        memory = memory_size(torch.cuda.get_device_properties(index).total_memory)
        yield Fact("GPU", "ok", f"{torch.cuda.get_device_name(index)}, {memory}")


def _products() -> Iterator[Fact]:
    """How fast one thread, or the first GPU, multiplies matrices, and which precisions pay."""
    try:
        import torch
    except Exception:  # told of above
        return
    kind = "cuda" if cuda_devices() and torch.cuda.is_available() else "cpu"
    with computing_on(1):
        speed = product_speed("float32", torch.device(kind))
        wider = kind == "cpu" and has_wider()
        widest = product_speed("float32", torch.device(kind), wide=True) if wider else speed
    where = "the first GPU" if kind == "cuda" else "one thread"
    yield Fact("float32 products", "ok", f"{with_prefix(float(f'{speed:.3g}'))}FLOP/s on {where}")
    if wider:
        told = (
            f"{with_prefix(float(f'{widest:.3g}'))}FLOP/s by oneDNN, as --engine stacked has them"
        )
        yield Fact("wide products", "ok", told)
    for precision in PRECISIONS[1:]:
        if not has_path(precision, kind):
            yield Fact(precision, "note", "not on a CPU: such runs are refused")
            continue
        ratio = measured_ratio(precision, kind, 1)
        pays = "a fast path" if ratio >= 1 else "no fast path, runs are refused in it"
        state = "ok" if ratio >= 1 else "note"
        yield Fact(precision, state, f"{number(float(f'{ratio:.2g}'))} times float32: {pays}")


def _folders(runs: Path) -> Iterator[Fact]:
    for subject, folder in (("runs folder", runs), ("cache", cache_dir())):
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        free = shutil.disk_usage(existing).free
        try:
            probe = existing / ".ganbench-probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            yield Fact(subject, "problem", f"{folder} is not writable: {error.strerror}")
            continue
        state = "ok" if free > LEAST_FREE else "problem"
        held = f"{file_size(_size(folder))} in it, " if subject == "cache" else ""
        yield Fact(subject, state, f"{folder}, {held}{file_size(free)} free")


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # other processes write there
            total += path.lstat().st_size
    return total


def _plugins(choice: PluginChoice) -> Iterator[Fact]:
    plugins = open_catalogue(choice, talk).plugins
    loaded = [plugin for plugin in plugins if plugin.state is State.LOADED]
    yield Fact("plugins", "ok" if loaded else "problem", f"{len(loaded)} loaded")
    for plugin in plugins:
        if plugin.state is not State.LOADED:
            name = f"plugin {plugin.name}"
            yield Fact(name, "note", f"{plugin.origin}: {plugin.state}: {plugin.reason}")
