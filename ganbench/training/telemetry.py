"""Losses, logits and gradient norms over a run, kept on the device and read at marks only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganbench.storage.writing import settle

COLUMNS = (
    "discriminator_loss",
    "generator_loss",
    "real_logit",
    "fake_logit",
    "discriminator_gradient_norm",
    "generator_gradient_norm",
)


class Telemetry:
    """A row every so many steps, densely at first: about 128 rows for each doubling of the steps.

    Rows stay on the device until `flush`, so that recording never waits for it.

    Args:
        path: of the JSON-lines file that rows are appended to.
        observe: called with the rows whenever they are written.
    """

    def __init__(
        self, path: Path, observe: Callable[[list[dict[str, Any]]], None] = lambda rows: None
    ) -> None:
        self._path = path
        self._observe = observe
        self._rows: list[tuple[int, tuple[str, ...], Tensor]] = []

    @staticmethod
    def wants(step: int) -> bool:
        """Whether this generator step is recorded; depends on nothing but the step."""
        octave = max(1, (step >> 7).bit_length())
        return step % (1 << (octave - 1)) == 0

    def record(
        self, step: int, values: list[Tensor], logged: Mapping[str, Tensor | float] | None = None
    ) -> None:
        """Keep one row of scalars.

        Args:
            step: generator steps before it.
            values: in the order of `COLUMNS`.
            logged: what losses and techniques have logged, by name.
        """
        row = [value.detach().float() for value in values]
        names = tuple(logged or ())
        # A number is filled in on the device: to copy one there is to wait for it.
        device = row[0].device
        row += [
            one.to(device).float()
            if isinstance(one, Tensor)
            else torch.full((), one, device=device)
            for one in (logged or {}).values()
        ]
        self._rows.append((step, names, torch.stack([one.reshape(()) for one in row])))

    def flush(self) -> None:
        """Append the rows since the last flush to the file. Non-finite values become null."""
        if not self._rows:
            return
        # One transfer from the device for all of them, whatever was logged in which.
        values = torch.cat([row for _, _, row in self._rows]).tolist()
        rows, start = [], 0
        for step, names, row in self._rows:
            finite = [
                one if abs(one) < float("inf") else None for one in values[start:][: len(row)]
            ]
            start += len(row)
            entry: dict[str, Any] = {"step": step}
            entry |= zip(COLUMNS, finite, strict=False)
            if names:
                entry["logged"] = dict(zip(names, finite[len(COLUMNS) :], strict=True))
            rows.append(entry)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row)}\n" for row in rows)
        self._rows.clear()
        self._observe(rows)

    def clear(self) -> None:
        """Begin anew."""
        self._path.unlink(missing_ok=True)

    def copy(self, other: Path) -> None:
        """Begin with the rows of another file, or with none where there is no such file."""
        self.clear()
        if other.exists():
            self._path.write_bytes(other.read_bytes())

    def state(self) -> dict[str, Any]:
        """How much of the file is written, with everything recorded so far in it.

        That much is on the disk: after a power cut a state without its rows would be of no use.

        Raises:
            OSError: the file cannot be written to.
        """
        self.flush()
        if not self._path.exists():
            return {"bytes": 0}
        settle(self._path)
        return {"bytes": self._path.stat().st_size}

    def restore(self, state: dict[str, Any]) -> None:
        """Cut off what was recorded after a `state`: it will be recorded again.

        Raises:
            ValueError: the file has become shorter than it was.
        """
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < state["bytes"]:
            raise ValueError(f"{self._path.name} is shorter than it was")
        if size:
            os.truncate(self._path, state["bytes"])


def gradient_norm(parameters: list[torch.nn.Parameter]) -> Tensor:
    """Euclidean norm over all gradients, on their device."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return parameters[0].new_zeros(())
    norm: Tensor = torch.stack(torch._foreach_norm(gradients)).norm()
    return norm
