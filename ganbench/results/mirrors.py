"""Which folder runs are worked with in: the one that is named, or the mirror of a bucket.

Never imports torch.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path
from typing import Final

import msgspec

from ganbench.api.errors import InvalidResults
from ganbench.results.mirror_store import MirrorStore
from ganbench.results.store import RunStore
from ganbench.storage.bucket import Bucket, checked_url, is_url
from ganbench.storage.cache import cache_root
from ganbench.storage.reading import read_file
from ganbench.storage.writing import make_folder, write_new

FOLDER: Final = "mirrors"
"""In the cache. What lies there may be a run's only checkpoint: `clean` leaves it alone."""

MIRROR_FILE: Final = ".mirror.json"
"""In a mirror: whose it is."""


class Mirror(msgspec.Struct, frozen=True):
    """Whose a folder is.

    Args:
        url: of the bucket.
        owner: of leases: whoever works in this folder; files and locks keep these apart.
    """

    url: str
    owner: str


def runs_folder(runs: Path | str) -> Path:
    """The folder in which runs can be worked with: the one that is named, or the mirror of a URL.

    Raises:
        UsageError: runs cannot lie at such a URL.
        GanbenchError: the mirror cannot be made.
    """
    if not is_url(runs):
        return Path(runs)
    url = checked_url(str(runs))
    name = re.sub(r"[^A-Za-z0-9]+", "-", url).strip("-")[-60:]
    folder = cache_root() / FOLDER / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    make_folder(folder)
    made = msgspec.json.encode(Mirror(url=url, owner=secrets.token_hex(8)))
    write_new(folder / MIRROR_FILE, made + b"\n")
    return folder


def open_runs(runs: Path | str) -> RunStore:
    """The runs of a folder; of a bucket, if its URL or its mirror is named.

    Raises:
        UsageError, GanbenchError: as `runs_folder`; or a package is missing.
        InvalidResults: the mirror's own file is damaged.
    """
    folder = runs_folder(runs)
    path = folder / MIRROR_FILE
    try:
        mirror = msgspec.json.decode(read_file(path), type=Mirror)
    except OSError:
        return RunStore(folder)
    except msgspec.MsgspecError as error:
        raise InvalidResults(f"{path} is damaged: {error}", f"remove {path}") from None
    return MirrorStore(folder, Bucket(mirror.url), mirror.owner)
