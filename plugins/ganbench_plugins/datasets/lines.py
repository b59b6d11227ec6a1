"""Lines of text as samples: characters of a fixed alphabet, an END token, a split by content.

A line is cut at the samples' length; what is shorter ends with the END token and is filled up with
it, so that nothing stands for a padding that a score would have to know of. Lines that are alike,
after the cut, are one. Lines are put in the order of their hashes, and the first of these are held
out: no order in the file and no random number moves a sample from one split to the other. Other
lines move the border, and with it those lines alone that lie between the old one and the new one.

What others have generated is scored line by line (`every_line`): lines that are alike are what
tells a collapse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, Survey, UsageError, Vocabulary

if TYPE_CHECKING:
    from torch import Tensor

FEWEST = 200
"""Different lines, below which no split makes sense."""

MOST_CHARACTERS = 1_000
"""Of an alphabet: one-hot rows of more are another kind of model's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Different lines in a fixed order, and which of them are held out.

    Args:
        name: of the data set, as users type it.
        lines: none empty, none longer than `length`, no two alike; by their hashes.
        length: places of a sample.
        alphabet: all characters that occur, in order.
        held_out: how many of the first ones are held out.
        fingerprint: of files that the lines are from; empty where they are the plugin's own.
        notes: what there is to tell.
    """

    name: str
    lines: tuple[str, ...]
    length: int
    alphabet: tuple[str, ...]
    held_out: int
    fingerprint: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        lines: Iterable[str],
        length: int,
        *,
        held_out: int | None = None,
        fingerprint: str = "",
    ) -> Corpus:
        """Cut lines, with what is alike left out.

        Args:
            name: of the data set.
            lines: as they are found; blanks around them do not count.
            length: characters that are kept of each.
            held_out: lines; None: a fifth of them.
            fingerprint: as of the class.

        Raises:
            UsageError: too few lines are left, or too many different characters.
        """
        given = [line.strip() for line in lines]
        cut = [line[:length].strip() for line in given if line]
        different = sorted(set(cut), key=_hash)
        count = len(different) // 5 if held_out is None else held_out
        if len(different) < FEWEST or count > len(different) // 2:
            raise UsageError(
                f"{name} has {len(different)} different lines, which are too few to train and test",
                f"give a file with {FEWEST} lines or more, each of which is one sample",
            )
        alphabet = _alphabet(name, different)
        longer = sum(len(line) > length for line in given)
        notes = [f"{longer:,} lines are cut at {length} characters"] if longer else []
        if alike := len(cut) - len(different):
            notes.append(f"{alike:,} lines are like another one, and left out")
        return cls(
            name=name,
            lines=tuple(different),
            length=length,
            alphabet=alphabet,
            held_out=count,
            fingerprint=fingerprint,
            notes=tuple(notes),
        )

    @property
    def info(self) -> DataInfo:
        """Characters, and the END token behind them."""
        return _info(self.name, self.alphabet, self.length)

    @property
    def survey(self) -> Survey:
        """What it tells before it is loaded."""
        return Survey(
            info=self.info,
            fingerprint=self.fingerprint,
            train=len(self.lines) - self.held_out,
            heldout=self.held_out,
            notes=self.notes,
        )

    def data(self) -> Data:
        """Both splits, as places in the vocabulary."""
        return Data(
            info=self.info,
            train=_numbers(self.lines[self.held_out :], self.alphabet, self.length),
            heldout=_numbers(self.lines[: self.held_out], self.alphabet, self.length),
            exchangeable=True,  # they are in the order of their hashes
        )


def every_line(name: str, lines: Iterable[str], length: int, tell: Callable[[str], object]) -> Data:
    """Each line as a sample, as it stands: those that are empty or like another one as well.

    Args:
        name: of the data set.
        lines: as they are found; longer ones are cut as `Corpus.of` cuts them.
        length: characters that are kept of each.
        tell: takes lines for the user.

    Returns:
        All of them, in their order, as the train split.

    Raises:
        UsageError: fewer than two lines, or too many different characters.
    """
    given = list(lines)
    if len(given) < 2:
        raise UsageError(f"{name} has {len(given)} lines, two are the least that can be scored")
    kept = [line if len(line) <= length else line.strip()[:length].strip() for line in given]
    if longer := sum(len(line) > length for line in given):
        tell(f"{name}: {longer:,} of {len(given):,} lines are cut at {length} characters")
    if blank := sum(line != line.strip() for line in kept):
        tell(
            f"{name}: {blank:,} of {len(given):,} lines have blanks around them, which a data set "
            "does not have, and count as they are: take them off if no generator has made them"
        )
    if empty := kept.count(""):
        tell(f"{name}: {empty:,} of {len(given):,} lines are empty, and samples as all others")
    alphabet = _alphabet(name, kept)
    return Data(
        info=_info(name, alphabet, length),
        train=_numbers(kept, alphabet, length),
        heldout=_numbers((), alphabet, length),
    )


def _alphabet(name: str, lines: Iterable[str]) -> tuple[str, ...]:
    """All characters that occur, in order.

    Raises:
        UsageError: they are too many.
    """
    alphabet = tuple(sorted(set("".join(lines))))
    if len(alphabet) > MOST_CHARACTERS:
        raise UsageError(
            f"{name} has {len(alphabet)} different characters, and {MOST_CHARACTERS} are most"
        )
    return alphabet


def _info(name: str, alphabet: tuple[str, ...], length: int) -> DataInfo:
    vocabulary = Vocabulary(tokens=(*alphabet, ""))
    return DataInfo(
        name=name, modality="text", shape=(length, len(vocabulary)), vocabulary=vocabulary
    )


def _numbers(lines: Sequence[str], alphabet: tuple[str, ...], length: int) -> Tensor:
    """(N, length) places in the vocabulary, of which END is the last."""
    import torch

    places = {character: place for place, character in enumerate(alphabet)}
    end = len(places)
    rows = [[*(places[one] for one in line), *([end] * (length - len(line)))] for line in lines]
    return torch.tensor(rows, dtype=torch.int64).view(len(rows), length)


def _hash(line: str) -> bytes:
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).digest()
