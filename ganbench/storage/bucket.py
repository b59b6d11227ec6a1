"""Objects in an object store: listed, fetched, put whole, and created where there is none yet.

fsspec speaks to the store. What is relied on is that an object appears whole or not at all, and
that of several who create one under the same name the first one wins. Never imports torch.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from ganbench.api.errors import GanbenchError, UsageError, one_line, type_and_line
from ganbench.storage.writing import make_folder, replacing, write_file, write_new

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.S)
_PART: Final = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*")
"""Of a key, between slashes: no path leads out of a folder by it, and none is hidden."""

PROTOCOLS: Final = ("s3", "memory", "file")
"""Stores of which it is known how they create an object only where there is none."""

SMALL_BYTES: Final = 2**20
"""Objects that are fetched together, many at a time."""
BATCH: Final = 200
CONNECTIONS: Final = 16
_TRIES: Final = 3

EXTRA: Final = "pip install 'ganbench[bucket]'"
_ACCESS: Final = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; for a server of your own "
    "AWS_ENDPOINT_URL as well"
)


class Entry(NamedTuple):
    """An object of a listing.

    Args:
        size: in bytes.
        token: another one once it has been written again.
    """

    size: int
    token: str


def is_url(text: object) -> bool:
    """Whether somebody has typed the URL of a store, rather than a path."""
    return isinstance(text, str) and _URL.fullmatch(text) is not None


class Bucket:
    """The objects below a URL. Nothing is asked of the store before it is needed.

    Args:
        url: such as ``s3://lab/runs``.

    Raises:
        UsageError: it is of no kind that is known, names nothing, or a package is missing for it.
    """

    def __init__(self, url: str) -> None:
        self.url = checked_url(url)
        protocol = self.url.partition("://")[0]
        self._protocol = protocol
        try:
            import fsspec

            # What others write must be seen: listings are never remembered.
            self._fs: Any = fsspec.filesystem(
                protocol, **({"use_listings_cache": False} if protocol == "s3" else {})
            )
        except ImportError as error:
            reason = f"{protocol}:// needs a package that is not installed: {one_line(error)}"
            raise UsageError(reason, EXTRA) from None
        self._root = str(self._fs._strip_protocol(self.url)).rstrip("/")
        self._is_folder = protocol == "file"

    def listing(self, below: str = "") -> dict[str, Entry]:
        """Every object whose key is that of a file below a folder, by its key.

        Args:
            below: a key; empty: the whole bucket. Keys that could lead elsewhere are left out.

        Raises:
            GanbenchError: there is no such bucket, or it cannot be read.
        """
        base = f"{self._root}/{below}".rstrip("/")
        with self._told():
            try:
                found: Mapping[str, Any] = self._fs.find(base, detail=True)
            except FileNotFoundError:
                found = {}
            if not found:
                self._require_bucket()
        start = f"{self._root}/"
        return {
            path.removeprefix(start): Entry(int(info["size"]), _token(info))
            for path, info in found.items()
            if path.startswith(start) and _is_plain(path.removeprefix(start))
        }

    def read(self, key: str) -> bytes | None:
        """The content of an object; None where there is none.

        Raises:
            GanbenchError: it cannot be read.
        """
        with self._told():
            try:
                content: bytes = self._fs.cat_file(self._path(key))
            except FileNotFoundError:
                return None
            return content

    def fetch(self, entries: Mapping[str, Entry], folder: Path) -> list[str]:
        """Write objects to files of their keys below a folder, each whole, in order.

        Returns:
            Keys of those that were there; others have gone since they were listed.

        Raises:
            GanbenchError: one cannot be read.
            OSError: one cannot be written.
        """
        fetched = []
        small: list[str] = []
        for key, entry in entries.items():
            if entry.size <= SMALL_BYTES:
                small.append(key)
                if len(small) < BATCH:
                    continue
            fetched += self._fetch_small(small, folder)
            small = []
            if entry.size > SMALL_BYTES and self._fetch_large(key, folder):
                fetched.append(key)
        return [*fetched, *self._fetch_small(small, folder)]

    def put(self, file: Path, key: str) -> bool:
        """Put a file there, in the place of any other; False if there is no such file any more.

        Raises:
            GanbenchError: it cannot be put.
        """
        with self._told(), snapshot(file) as source:
            if source is None:
                return False
            if self._is_folder:
                target = Path(self._path(key))
                self._make_folder(target.parent)
                with replacing(target, durable=True) as temporary:
                    shutil.copyfile(source, temporary)
            else:
                self._fs.put_file(str(source), self._path(key))
        return True

    def create(self, key: str, content: bytes) -> bool:
        """Create an object; False, and nothing changed, if there is one with another content.

        Raises:
            GanbenchError: it cannot be created.
        """
        with self._told():
            for tries_left in range(_TRIES - 1, -1, -1):
                try:
                    return self._create(key, content)
                except OSError as error:
                    # Servers differ in what they answer, and an answer that was lost is asked for
                    # once more: what lies there says who was first.
                    found = self.read(key)
                    if found is not None:
                        return found == content
                    if error.errno != errno.EBUSY or not tries_left:
                        raise
        raise AssertionError

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; one that has gone already is no error.

        Raises:
            GanbenchError: one cannot be removed.
        """
        for key in keys:
            with self._told(), contextlib.suppress(FileNotFoundError):
                self._fs.rm_file(self._path(key))

    def require_create(self) -> None:
        """Make sure that the store refuses to create an object twice, as servers may not.

        Raises:
            GanbenchError: it does not.
        """
        key = f".create-{secrets.token_hex(8)}"
        try:
            if self.create(key, b"first") and not self.create(key, b"second"):
                return
        finally:
            self.remove([key])
        raise GanbenchError(
            f"{self.url} cannot be used for runs: its server overwrites an object that is to be "
            "created only where there is none (If-None-Match), so that two machines could do one "
            "run and neither would know",
            "use a server that has conditional writes; or keep runs in folders, one for each "
            "--shard, and join them: ganbench merge FOLDER... --out FOLDER",
        )

    def _create(self, key: str, content: bytes) -> bool:
        path = self._path(key)
        if not self._is_folder:
            self._fs.pipe_file(path, content, mode="create")
            return True
        self._make_folder(Path(path).parent)
        if write_new(Path(path), content):
            return True
        raise FileExistsError(path)

    def _fetch_small(self, keys: list[str], folder: Path) -> list[str]:
        fetched = []
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for key, content in zip(keys, pool.map(self.read, keys), strict=True):
                if content is not None:
                    target = folder / key
                    make_folder(target.parent)
                    write_file(target, content, durable=False)
                    fetched.append(key)
        return fetched

    def _fetch_large(self, key: str, folder: Path) -> bool:
        target = folder / key
        make_folder(target.parent)
        with contextlib.suppress(FileNotFoundError), replacing(target, durable=False) as temporary:
            with self._told(missing=True):
                self._fs.get_file(self._path(key), str(temporary))
            return True
        return False

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _require_bucket(self) -> None:
        """A bucket that is not there looks like an empty one, as a mount does that is away."""
        bucket = self._root if self._is_folder else self._root.partition("/")[0]
        if self._protocol != "memory" and not self._fs.exists(bucket):
            raise self._no_bucket()

    def _make_folder(self, folder: Path) -> None:
        """Of a key, never the bucket itself: it would lie below a mount that is away."""
        self._require_bucket()
        make_folder(folder)

    def _no_bucket(self) -> UsageError:
        if self._is_folder:
            return UsageError(
                f"{self.url}: there is no such folder",
                "mount what it is on; the first time make it: "
                f"{shlex.join(['mkdir', '-p', self._root])}",
            )
        return UsageError(
            f"{self.url}: there is no bucket of that name, or you may not see it",
            f"create it (ganbench creates none), or look at your keys: {_ACCESS}",
        )

    @contextlib.contextmanager
    def _told(self, *, missing: bool = False) -> Iterator[None]:
        """Turn what a store's client raises into an error that says what to do.

        Args:
            missing: whether that an object is not there is for the caller.
        """
        try:
            yield
        except GanbenchError:
            raise
        except FileNotFoundError:
            if missing:
                raise
            raise self._no_bucket() from None
        # Clients raise errors of their own for what goes wrong on the way; they share their names.
        except Exception as error:
            name = type(error).__name__
            if isinstance(error, PermissionError) or "Credential" in name:
                raise UsageError(
                    f"you may not use {self.url}: {one_line(error)}", _ACCESS
                ) from None
            raise GanbenchError(
                f"{self.url} cannot be used now: {type_and_line(error)}",
                "type the same command again once it can",
            ) from None


def checked_url(url: str) -> str:
    """A URL of a kind that is known, without slashes at its end.

    Raises:
        UsageError: it is none.
    """
    match = _URL.fullmatch(url)
    if match is None or match[1] not in PROTOCOLS:
        known = ", ".join(f"{one}://" for one in PROTOCOLS)
        raise UsageError(
            f"runs cannot lie in {url}: it is not known how such a store creates an object only "
            "where there is none, which keeps two machines from doing one run",
            f"known are {known} (s3:// for every server that speaks it); or use a folder",
        )
    path = match[2].rstrip("/")
    if not path or (match[1] == "file" and not path.startswith("/")):
        example = "file:///mnt/lab/runs" if match[1] == "file" else f"{match[1]}://BUCKET/runs"
        raise UsageError(f"{url} names no place for runs", f"write it as {example}")
    return f"{match[1]}://{path}"


@contextlib.contextmanager
def snapshot(file: Path) -> Iterator[Path | None]:
    """A second name of a file, which keeps its content when the first is given to another one."""
    link = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        os.link(file, link)
    except FileNotFoundError:
        yield None
        return
    except OSError:  # a file system without hard links
        shutil.copyfile(file, link)
    try:
        yield link
    finally:
        link.unlink(missing_ok=True)


def _is_plain(key: str) -> bool:
    return all(_PART.fullmatch(part) for part in key.split("/"))


def _token(info: Mapping[str, Any]) -> str:
    changed = info.get("ETag") or info.get("mtime") or info.get("created")
    return f"{info['size']} {changed}"
