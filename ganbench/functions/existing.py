"""Functions for what exists already: samples and generators, without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from ganbench.api.arguments import checked
from ganbench.api.errors import UsageError
from ganbench.catalogue.plugin_files import NO_CHOICE, plugin_files

if TYPE_CHECKING:
    import pandas as pd

    from ganbench.inference.kept import KeptRun

BOUNDS = (" low", " high")
"""What the columns of an interval are called, behind the name of their value's."""

TOLD = (
    *("label", "key", "panel", "direction"),
    *("floor", "measured_floor", "floor_error", "null", "cap", "n_real", "n_fake"),
)
"""Of each measurement, beside its values; what it is held against is that of `Measurement`."""


@checked
def score(
    fake: object,
    real: object = None,
    scores: Sequence[str] = (),
    *,
    split: Literal["heldout", "train", "all"] | None = None,
    fake_split: Literal["all", "heldout", "train"] = "all",
    fakes: int | None = None,
    resamples: int = 0,
    channels: Literal["found", "first", "last"] = "found",
    threads: int | None = None,
    device: str = "auto",
    runs: Path | str = "runs",
    plugins: Sequence[Path | str | ModuleType] = (),
) -> pd.DataFrame:
    """Score samples that exist already, as `ganbench score` does; nothing is trained.

    Args:
        fake: a tensor or array (uint8 images (N, C, H, W) or (N, H, W, C), or floats (N, d)), or
            the name of a folder or zip archive of images, of another data set, of a .npy or .npz
            file, of an exported program or of a finished run; or a mapping from headings to such.
        real: the same, but for runs; None: the data that the run was trained on.
        scores: e.g. ``"fd[extractor=raw],prdc"`` or a list; none: those of the run's task.
        split: which samples of `real`; None: the held-out ones, or as the run's task has it. An
            array has one split, `train`.
        fake_split: which samples of a fake that is a data set.
        fakes: how many samples of each fake; None: all.
        resamples: halves of each fake from which 95 % intervals are made; 0: none.
        channels: where those of arrays stand.
        threads: of the computation; None: those of the run, or 1.
        device: where features are computed.
        runs: folder of the runs.
        plugins: local Python files to load as plugins.

    Returns:
        One row per measurement: what it is called, what it is held against, and its value in the
        column `value`, or in a column for each heading; beside it, with `resamples`, the bounds of
        its interval in ``value low`` and ``value high``.

    Raises:
        UsageError: a name names nothing, samples differ in kind or shape or are too few for a
            score, or a score cannot be computed of them.
        MissingData, InvalidResults, PluginNotUsable: a data set, run or plugin cannot be used.
    """
    import pandas as pd

    from ganbench.catalogue.catalogue import open_catalogue
    from ganbench.console import talk
    from ganbench.inference.score import Request, opening_of
    from ganbench.inference.score import score as computed
    from ganbench.machine.devices import torch_device
    from ganbench.planning.references import split_references
    from ganbench.results.mirrors import runs_folder

    alone = str(fake) if isinstance(fake, str | Path) else "the fakes"
    headed = fake if isinstance(fake, Mapping) else {alone: fake}
    bounds = {f"{name}{end}" for name in headed for end in BOUNDS} if resamples else set()
    if taken := {"score", *TOLD, *bounds} & {*headed}:
        raise UsageError(f"score(): {min(taken)!r} is a column already", "name the fakes otherwise")
    request = Request(
        fakes=headed,
        real=real,
        scores=[one for text in scores for one in split_references(text)],
        split=split,
        count=fakes,
        threads=threads,
        resamples=resamples,
    )
    opening = opening_of(
        open_catalogue(NO_CHOICE.plus(files=plugin_files(plugins)), talk, need_files=True),
        runs_folder(runs),
        torch_device(device),
        channels=channels,
        fake_split=fake_split,
        remark=talk,
    )
    rows = computed(request, opening).rows
    frame = pd.DataFrame(
        [{**{name: row[name] for name in TOLD}, **row["values"], **_bounds(row)} for row in rows]
    )
    own = {} if isinstance(fake, Mapping) else {
        f"{alone}{end}": f"value{end}" for end in ("", *BOUNDS)
    }  # fmt: skip
    return frame.rename(columns={"label": "score", **own})


def _bounds(row: Mapping[str, Any]) -> dict[str, float]:
    """Columns of a row's intervals."""
    return {
        f"{name}{end}": bound
        for name, interval in row.get("intervals", {}).items()
        for end, bound in zip(BOUNDS, interval or (nan, nan), strict=True)
    }


@checked
def sample(
    run_id: str,
    out: Path | str,
    count: int = 64,
    *,
    seed: int = 0,
    wanted: int | None = None,
    device: str = "auto",
    runs: Path | str = "runs",
    plugins: Sequence[Path | str | ModuleType] = (),
) -> list[Path]:
    """Write samples of a finished run's generator; what `ganbench sample` does.

    Args:
        run_id: of the run, or the beginning of one.
        out: a folder that is not there yet, or is empty.
        count: how many.
        seed: of latents and classes.
        wanted: the class of all of them, for a conditional generator; None: its task's law.
        device: where they are generated.
        runs: folder of the runs.
        plugins: local Python files to load as plugins.

    Returns:
        The files.

    Raises:
        UsageError: there is no such run or class, no sample is asked for, or the folder holds
            something.
        InvalidResults, PluginNotUsable: the run cannot be used.
    """
    from ganbench.inference.sample import write_samples
    from ganbench.machine.devices import torch_device

    kept = _kept(run_id, runs, plugins)
    where = torch_device(device)
    return write_samples(kept, count, Path(out), seed=seed, wanted=wanted, device=where)


@checked
def export(
    run_id: str,
    out: Path | str,
    *,
    onnx: bool = False,
    runs: Path | str = "runs",
    plugins: Sequence[Path | str | ModuleType] = (),
) -> list[Path]:
    """Write a finished run's generator for other programs; what `ganbench export` does.

    Args:
        run_id: of the run, or the beginning of one.
        out: file of the weights, which ends in ``.safetensors``; card and program are beside it.
        onnx: whether an ONNX program is written as well.
        runs: folder of the runs.
        plugins: local Python files to load as plugins.

    Returns:
        The files: weights, card, and the program where the generator could be made one.

    Raises:
        UsageError: there is no such run, or the file has another suffix.
        InvalidResults, PluginNotUsable: the run cannot be used.
    """
    from ganbench.console import talk
    from ganbench.inference.export import export_generator

    return export_generator(_kept(run_id, runs, plugins), Path(out), talk, onnx=onnx)


def _kept(run_id: str, runs: Path | str, plugins: Sequence[Path | str | ModuleType]) -> KeptRun:
    from ganbench.catalogue.catalogue import open_catalogue
    from ganbench.console import talk
    from ganbench.inference.kept import find_kept
    from ganbench.results.mirrors import runs_folder

    choice = NO_CHOICE.plus(files=plugin_files(plugins))
    return find_kept(run_id, runs_folder(runs), open_catalogue(choice, talk, need_files=True), talk)
