"""Samples of a finished run's generator, written as files that other programs read."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ganbench.api.errors import UsageError
from ganbench.inference.fakes import generated
from ganbench.inference.kept import KeptRun
from ganbench.machine.threads import computing_on
from ganbench.modalities import modality_of
from ganbench.running.contestant import Contestant
from ganbench.storage.writing import cannot_write, make_folder, write_file
from ganbench.training.seeds import stream_seed

CLASSES_FILE = "classes.csv"


def write_samples(
    kept: KeptRun,
    count: int,
    out: Path,
    *,
    seed: int = 0,
    wanted: int | None = None,
    device: str = "cpu",
) -> list[Path]:
    """Write samples of a run's generator.

    Args:
        kept: the run.
        count: how many.
        out: a folder that is not there yet, or is empty.
        seed: of latents and classes; the same samples for the same seed.
        wanted: the class of all of them, for a conditional generator; None: its task's law.
        device: where they are generated.

    Returns:
        The files, in the order of the samples; with a conditional generator, `CLASSES_FILE` last.

    Raises:
        UsageError: no sample is asked for, the folder holds something, or the generator takes no
            such class.
        InvalidResults: as `find_kept` and `generated`.
        GanbenchError: the folder cannot be written to.
    """
    if count < 1:
        raise UsageError(f"count is {count}, not a positive number")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file", "name a new folder: --out DIR")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty", "name a new folder: --out DIR")
    with computing_on(kept.spec.threads):
        contestant = kept.contestant(torch.device(device))
        if wanted is not None:
            contestant = of_class(kept, contestant, wanted)
        samples, labels = generated(kept, contestant, count, stream_seed(seed, "sample"))
    info = kept.data.info
    files = modality_of(info).files(samples, info)
    contents = {out / f"{stem}{media.suffix}": media.content for stem, media in files.items()}
    if labels is not None:
        contents[out / CLASSES_FILE] = _classes(labels)
    make_folder(out)
    for path, content in contents.items():
        try:
            write_file(path, content, durable=False)
        except OSError as error:
            raise cannot_write(path, error) from None
    return list(contents)


def of_class(kept: KeptRun, contestant: Contestant, wanted: int) -> Contestant:
    """The same generator, asked for one class.

    Raises:
        UsageError: it takes none, or there is no such class.
    """
    if contestant.shares is None:
        raise UsageError(f"the generator of {kept.run_id} takes no classes", "leave out --class")
    count = len(contestant.shares)
    if not 0 <= wanted < count:
        raise UsageError(f"there is no class {wanted}: classes are 0 to {count - 1}")
    shares = torch.zeros_like(contestant.shares)
    shares[wanted] = 1
    return replace(contestant, shares=shares)


def _classes(labels: Tensor) -> bytes:
    stream = io.StringIO()
    stream.write("sample,class\n")
    for place, label in enumerate(labels.tolist()):
        stream.write(f"{place},{label}\n")
    return stream.getvalue().encode()
