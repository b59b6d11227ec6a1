"""Requests to cancel, as files: whoever sees a folder may ask, and whoever works there obeys.

Signals end at the machine that they are sent on; a file reaches every machine that shares the
folder. Never imports torch.
"""

from __future__ import annotations

import getpass
import socket
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ganbench.storage.reading import read_file
from ganbench.storage.writing import cannot_write, write_file


class Request(msgspec.Struct, frozen=True):
    """Who wants something cancelled.

    Args:
        by: user and machine.
        at: UTC, ISO 8601.
    """

    by: str
    at: str

    def __str__(self) -> str:
        return f"cancelled by {self.by} at {self.at}"


def ask(path: Path) -> Request:
    """Leave a request; one that is there stays as it is or is replaced, which is the same.

    Raises:
        GanbenchError: the folder cannot be written to.
    """
    request = Request(by=f"{_user()}@{socket.gethostname()}", at=f"{datetime.now(UTC):%FT%TZ}")
    try:
        write_file(path, msgspec.json.encode(request) + b"\n", durable=False)
    except OSError as error:
        raise cannot_write(path, error) from None
    return request


def asked(path: Path) -> Request | None:
    """The request in that file, if there is one."""
    try:
        content = read_file(path)
    except OSError:
        return None
    try:
        return msgspec.json.decode(content, type=Request)
    except msgspec.MsgspecError:  # somebody's `touch` will do as well
        return Request(by="somebody", at="some time")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return "somebody"
