"""Lines of text as samples: characters of a fixed alphabet, an END token, a split by content.

A line is cut at the samples' length; what is shorter ends with the END token and is filled up with
it, so that nothing stands for a padding that a score would have to know of. Lines that are alike,
after the cut, are one. Which are held out is told by the hash of a line alone: no order, no other
line and no random number moves a sample from one split to the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
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
        alphabet = tuple(sorted(set("".join(different))))
        if len(alphabet) > MOST_CHARACTERS:
            raise UsageError(
                f"{name} has {len(alphabet)} different characters, and {MOST_CHARACTERS} are most"
            )
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
        vocabulary = Vocabulary(tokens=(*self.alphabet, ""))
        return DataInfo(
            name=self.name,
            modality="text",
            shape=(self.length, len(vocabulary)),
            vocabulary=vocabulary,
        )

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
            train=self._numbers(self.lines[self.held_out :]),
            heldout=self._numbers(self.lines[: self.held_out]),
            exchangeable=True,  # they are in the order of their hashes
        )

    def _numbers(self, lines: Sequence[str]) -> Tensor:
        import torch

        places = {character: place for place, character in enumerate(self.alphabet)}
        end = len(places)
        rows = [
            [*(places[one] for one in line), *([end] * (self.length - len(line)))] for line in lines
        ]
        return torch.tensor(rows, dtype=torch.int64)


def _hash(line: str) -> bytes:
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).digest()
