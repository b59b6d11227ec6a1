"""A record as bytes, with a seal: the SHA-256 of its canonical JSON, as the last key.

The canonical form (sorted keys, no spaces, ASCII, UTF-8, one line) is also the form on disk, so
that checking a seal is hashing the bytes, and any changed, lost or added byte shows.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from ganbench.results.schema import NewerSchemaError, as_record, parse_record

if TYPE_CHECKING:
    from ganbench.results.record import Record

__all__ = ["NewerSchemaError", "canonical_json", "seal", "unseal"]

_SEAL = re.compile(rb',"sha256":"([0-9a-f]{64})"\}\n\Z')
_SEAL_LENGTH = len(',"sha256":""}\n') + 64
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value: equal values give equal bytes.

    Raises:
        ValueError: NaN or infinity, which JSON cannot hold, or something that is no JSON at all.
    """
    try:
        return _ENCODER.encode(value).encode("ascii")
    except TypeError as error:
        raise ValueError(str(error)) from None


def seal(record: Record) -> bytes:
    """What `record.json` holds for this record.

    Raises:
        ValueError: it is no valid record, or holds a number that is not finite.
    """
    body = canonical_json(as_record(record))
    digest = hashlib.sha256(body).hexdigest()
    return body[:-1] + f',"sha256":"{digest}"}}\n'.encode()


def unseal(content: bytes) -> Record:
    """The record that `seal` turned into these bytes.

    Raises:
        NewerSchemaError: a newer ganbench has written it.
        ValueError: anything else than a whole, unchanged, valid record.
    """
    match = _SEAL.search(content[-_SEAL_LENGTH:])
    if match is None:
        raise ValueError("it is cut off, or was not written by ganbench")
    body = content[:-_SEAL_LENGTH] + b"}"
    if hashlib.sha256(body).hexdigest().encode() != match[1]:
        raise ValueError("its content does not match its checksum")
    return parse_record(body)
