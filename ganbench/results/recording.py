"""Filling in a record, by the run itself or by its parent. Never imports torch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from ganbench.api.version import API_VERSION, PROTOCOL_VERSION, SCHEMA_VERSION
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Failure, Pin, Record, Status, Used


def make_record(
    spec: RunSpec, status: Status, failure: Failure | None, started: datetime, **known: Any
) -> Record:
    """A record that ends now, with everything that is not in `known` left empty.

    Args:
        spec: what was run.
        status, failure: how it ended.
        started: when, in UTC.
        known: further fields of `Record`.
    """
    now = datetime.now(UTC)
    record = Record(
        schema=SCHEMA_VERSION,
        protocol=PROTOCOL_VERSION,
        api=API_VERSION,
        run_id=spec.run_id,
        spec=spec.to_json(),
        pins=[cast("Pin", pin) for pin in spec.pins],
        status=status,
        failure=failure,
        used=Used(flops=0.0, seconds=0.0, images=0, steps=0),
        flops_per_step=None,
        parameters={},
        peak_memory_bytes=None,
        clocks={"wall": (now - started).total_seconds()},
        columns={},
        primary=None,
        points=[],
        fresh=None,
        environment={},
        resumed=0,
        started=started.isoformat(timespec="seconds"),
        finished=now.isoformat(timespec="seconds"),
    )
    record.update(cast("Record", known))
    return record


def make_failure(
    message: str, *, traceback: str = "", signal: str | None = None, step: int | None = None
) -> Failure:
    """Why a run did not end well, for a record."""
    return Failure(message=message, traceback=traceback, signal=signal, step=step)
