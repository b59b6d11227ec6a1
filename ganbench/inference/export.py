"""A finished run's generator for other programs: its weights, a card, and a program of torch's."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbench.api.errors import UsageError, type_and_line
from ganbench.api.version import __version__
from ganbench.inference.cards import described
from ganbench.inference.kept import KeptRun
from ganbench.machine.threads import computing_on
from ganbench.modalities import modality_of
from ganbench.results.headings import distinct_labels
from ganbench.running.contestant import Contestant
from ganbench.storage.reading import read_file
from ganbench.storage.sealed import write_sealed
from ganbench.storage.writing import cannot_write, make_folder, replacing, write_file
from ganbench.training.feed import LabelFeed, LatentFeed

SUFFIX = ".safetensors"

TRACED, TRIED = 4, 7
"""Samples that the program is made with, and that it is tried with: any number must do."""

ONNX = ("onnx", "onnxscript", "onnxruntime")

CLOSE = 1e-5
"""By how much the program's output may differ: its operations may be fused otherwise."""


def export_generator(
    kept: KeptRun, out: Path, remark: Callable[[str], None], *, onnx: bool = False
) -> list[Path]:
    """Write a run's generator.

    Args:
        kept: the run.
        out: file of the weights; the card and the programs have its name with ``.json``, ``.pt2``
            and ``.onnx``. Files that are there are replaced.
        remark: told why there is no program, if there is none.
        onnx: whether an ONNX program is written as well.

    Returns:
        The files that were written.

    Raises:
        UsageError: the file has another suffix, or the extra ``onnx`` is not installed.
        InvalidResults: as `find_kept`.
        GanbenchError: they cannot be written.
    """
    if out.suffix != SUFFIX:
        raise UsageError(f"{out} does not end in {SUFFIX}", f"--out {out.with_suffix(SUFFIX)}")
    if onnx:
        _require_onnx()
    card = out.with_suffix(".json")
    writers = {".pt2": _torch_program, ".onnx": _onnx_program}
    with computing_on(kept.spec.threads):
        contestant = kept.contestant(torch.device("cpu"))
        make_folder(out.parent)
        try:
            write_sealed(out, "generator", contestant.generator.state_dict(), durable=True)
            files = [out]
            for suffix, write in writers.items():
                program = out.with_suffix(suffix)
                program.unlink(missing_ok=True)  # of another generator, perhaps
                if suffix == ".onnx" and not onnx:
                    continue
                if reason := _written(contestant, program, write):
                    remark(f"no {suffix} program was written: {reason}")
                else:
                    files.append(program)
            told = {**card_of(kept, contestant), "files": _digests(files)}
            write_file(card, json.dumps(told, indent=1).encode() + b"\n", durable=True)
        except OSError as error:
            raise cannot_write(out, error) from None
    return [out, card, *files[1:]]


def card_of(kept: KeptRun, contestant: Contestant) -> dict[str, Any]:
    """What whoever gets the files must know of the generator, as plain JSON."""
    record, spec, info = kept.record, kept.spec, contestant.info
    labels = distinct_labels({key: one["label"] for key, one in record["columns"].items()})
    scores = record["points"][-1]["scores"] if record["points"] else {}
    conditional = contestant.shares is not None
    return {
        "run_id": kept.run_id,
        "status": record["status"],
        "variant": spec.variant,
        "parameters": spec.parameters,
        "task": spec.task.name,
        "dataset": spec.task.dataset,
        "seed": spec.seed,
        "budget": str(spec.task.budget),
        "used": dict(record["used"]),
        "input": {
            "latents": [{"size": one.size, "law": one.law} for one in contestant.latents],
            "classes": info.classes if conditional else None,
            "class_shares": None if contestant.shares is None else contestant.shares.tolist(),
        },
        "output": {
            **described(info),
            "meaning": modality_of(info).emitted,
        },
        "scores": {labels[key]: value for key, value in scores.items()},
        "generator_sha256": record.get("generator_sha256"),
        "versions": {"ganbench": __version__, "torch": torch.__version__},
        "protocol": record["protocol"],
        "plugins": [dict(pin) for pin in spec.pins],
    }


Writer = Callable[[Contestant, Path], Callable[..., Tensor]]
"""Writes a program to a file, and returns what calls it as it is there."""


def _written(contestant: Contestant, path: Path, write: Writer) -> str:
    """Why the generator has no program; empty where it has one, which gives what it gives."""
    contestant.generator.eval()
    try:
        with _quiet(), replacing(path, durable=True) as temporary:
            call = write(contestant, temporary)
            if reason := _differs(contestant.generator, call, _inputs(contestant, TRIED)):
                raise _UnfaithfulError(reason)
    except OSError:
        raise
    except Exception as error:  # whatever torch cannot follow in a plugin's code
        return type_and_line(error)
    return ""


def _torch_program(contestant: Contestant, path: Path) -> Callable[..., Tensor]:
    inputs, shapes = _inputs(contestant, TRACED), _batched(contestant)
    program = torch.export.export(contestant.generator, inputs, dynamic_shapes=shapes)
    with path.open("w+b") as stream:  # by name, torch asks for a suffix
        torch.export.save(program, stream)
        stream.seek(0)
        module: Callable[..., Tensor] = torch.export.load(stream).module()
    return module


def _onnx_program(contestant: Contestant, path: Path) -> Callable[..., Tensor]:
    names = ["latents", "classes"] if contestant.shares is not None else ["latents"]
    made: Any = torch.onnx.export(
        contestant.generator,
        _inputs(contestant, TRACED),
        input_names=names,
        output_names=["samples"],
        dynamic_shapes=_batched(contestant),
        dynamo=True,
        verbose=False,
    )
    content = made.model_proto.SerializeToString()
    path.write_bytes(content)
    session = importlib.import_module("onnxruntime").InferenceSession(
        content, providers=["CPUExecutionProvider"]
    )

    def call(*inputs: Tensor) -> Tensor:
        given = {name: one.numpy() for name, one in zip(names, inputs, strict=True)}
        return torch.from_numpy(session.run(None, given)[0])

    return call


def _require_onnx() -> None:
    """Raises UsageError where what writes and checks ONNX programs is not installed."""
    missing = [one for one in ONNX if importlib.util.find_spec(one) is None]
    if missing:
        raise UsageError(f"{' and '.join(missing)} not installed", "pip install 'ganbench[onnx]'")


class _UnfaithfulError(Exception):
    """A program gives something else than its generator."""


def _batched(contestant: Contestant) -> tuple[Mapping[int, Any], ...]:
    batch = {0: torch.export.Dim("batch")}
    return (batch,) if contestant.shares is None else (batch, batch)


def _inputs(contestant: Contestant, count: int) -> tuple[Tensor, ...]:
    latents = LatentFeed(contestant.latents, contestant.device, seed=0).draw(count)
    if contestant.shares is None:
        return (latents,)
    return latents, LabelFeed(contestant.shares, contestant.device, seed=0).draw(count)


@torch.no_grad()
def _differs(
    generator: nn.Module, program: Callable[..., Tensor], inputs: tuple[Tensor, ...]
) -> str:
    found = []
    for call in (generator, program):
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            found.append(call(*inputs))
    wanted, given = found
    close = torch.allclose(wanted, given, rtol=CLOSE, atol=CLOSE)
    return "" if close else "its output is not that of the generator"


@contextmanager
def _quiet() -> Iterator[None]:
    """torch's talk about its own workings goes nowhere meanwhile."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _digests(files: list[Path]) -> dict[str, str]:
    return {path.name: hashlib.sha256(read_file(path)).hexdigest() for path in files}
