"""What samples are made of where their shape does not tell: the tokens of texts, the columns of
tables, the sounds behind spectrograms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError, did_you_mean

LARGEST_WHOLE = 2**24
"""Beyond it, float32 leaves out whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The tokens of a text data set: a stored sample holds their places in `tokens`.

    Args:
        tokens: no two alike. The empty one, where there is one, ends a text: whatever is shorter
            than the samples' length is filled up with it, and it alone follows it.
        separator: what stands between two tokens when they are read: nothing between characters, a
            blank between words.

    Raises:
        TypeError: a field is of another type.
        UsageError: fewer than two tokens, or two that are alike.
    """

    tokens: tuple[str, ...]
    separator: str = ""

    def __post_init__(self) -> None:
        check_fields("Vocabulary", self)
        object.__setattr__(self, "tokens", tuple(self.tokens))
        if len(self.tokens) < 2 or len(set(self.tokens)) < len(self.tokens):
            raise UsageError("Vocabulary: tokens must be two or more, no two of them alike")

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def end(self) -> int | None:
        """Place of the token that ends a text; None where texts fill their whole length."""
        return self.tokens.index("") if "" in self.tokens else None

    def numbers(self, tokens: Iterable[str], length: int) -> list[int]:
        """Places of the first `length` tokens of a text, filled up behind its end.

        Raises:
            UsageError: a token is unknown; the text is shorter, and there is no token that ends it.
        """
        places = {token: place for place, token in enumerate(self.tokens)}
        text = list(tokens)[:length]
        for token in text:
            if token not in places:
                raise UsageError(f"no token is {token!r}", did_you_mean(token, self.tokens))
        if len(text) < length and self.end is None:
            raise UsageError(
                f"a text of {len(text)} tokens does not fill {length} places",
                'put the empty token "" into the vocabulary: it ends a text',
            )
        end = [] if self.end is None else [self.end] * (length - len(text))
        return [*(places[token] for token in text), *end]

    def text(self, numbers: Sequence[int]) -> str:
        """The text of a stored sample, up to its end."""
        numbers = list(numbers)
        if self.end in numbers:
            numbers = numbers[: numbers.index(self.end)]
        return self.separator.join(self.tokens[number] for number in numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """A column of numbers.

    Networks see a number between -1 and 1 for `low` to `high`. With `modes` they see, after Xu et
    al. 2019 (arXiv:1907.00503), how far the number is from the mean of the mode that it most likely
    belongs to, in units of four standard deviations and at most 1, and which mode that is.

    All of it is told to generators. So it describes training rows, or a law that is known, and
    held-out rows may be other than it says.

    Args:
        name: of the column.
        low, high: the smallest and the largest number that a training row may hold, and a
            generated one.
        whole: whether these hold whole numbers only.
        modes: mean and standard deviation of each mode; none: the whole range is one.
        decimals: places behind the point that these have, as prices have two: generated numbers are
            rounded to them. None: as many as there are.

    Raises:
        TypeError: a field is of another type.
        UsageError: the range or a mode is none; whole numbers that float32 cannot hold; a negative
            number of decimals.
    """

    name: str
    low: float
    high: float
    whole: bool = False
    modes: tuple[tuple[float, float], ...] = ()
    # A table is identified by those that it has, so that one without any keeps its identity.
    decimals: int | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_fields(f"column {self.name!r}", self)
        object.__setattr__(self, "modes", tuple(map(tuple, self.modes)))
        if not -math.inf < self.low <= self.high < math.inf:
            raise UsageError(
                f"column {self.name!r}: {self.low} to {self.high} is no range of numbers"
            )
        if self.decimals is not None and self.decimals < 0:
            raise UsageError(f"column {self.name!r}: {self.decimals} is no number of decimals")
        if self.whole:
            self._check_whole()
        for mean, deviation in self.modes:
            if not (math.isfinite(mean) and 0 < deviation < math.inf):
                raise UsageError(f"column {self.name!r}: ({mean}, {deviation}) is no mode")

    def _check_whole(self) -> None:
        if self.low % 1 or self.high % 1:
            raise UsageError(f"column {self.name!r}: {self.low} to {self.high} is not whole")
        if max(abs(self.low), abs(self.high), self.high - self.low) > LARGEST_WHOLE:
            raise UsageError(
                f"column {self.name!r}: beyond {LARGEST_WHOLE:,} whole numbers run together",
                "count in a larger unit, or from another zero",
            )

    @property
    def width(self) -> int:
        """How many numbers networks see of it: the scaled one, then one for each mode."""
        return 1 + len(self.modes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorical:
    """A column of categories: a stored sample holds their places in `categories`.

    Args:
        name: of the column.
        categories: no two alike.
        counts: training rows of each category, for models that ask for rare ones more often; none:
            nobody has counted.

    Raises:
        TypeError: a field is of another type.
        UsageError: no category, or two that are alike; counts that are not one for each, or
            negative.
    """

    name: str
    categories: tuple[str, ...]
    counts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_fields(f"column {self.name!r}", self)
        object.__setattr__(self, "categories", tuple(self.categories))
        if not self.categories or len(set(self.categories)) < len(self.categories):
            raise UsageError(f"column {self.name!r}: categories must be there, no two alike")
        object.__setattr__(self, "counts", tuple(self.counts))
        if self.counts and (len(self.counts) != len(self.categories) or min(self.counts) < 0):
            raise UsageError(f"column {self.name!r}: counts must be one for each category")

    @property
    def width(self) -> int:
        """How many numbers networks see of it: one for each category."""
        return len(self.categories)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrogram:
    """How networks see sounds as images: the logarithms of short-time spectra's magnitudes.

    Bins and frames are as many as the image is high and wide; the bin at half the rate and what
    follows the last frame are left out.

    Args:
        samples: of one clip, in one channel.
        size: of the Fourier transform, and of its window, in samples.
        hop: samples from one frame to the next.
        means, deviations: of each bin's logarithms over the train split, as measured on it before
            training; empty until then.

    Raises:
        TypeError: a field is of another type.
        UsageError: frames do not overlap by half or more, or do not fill the clip.
    """

    samples: int
    size: int
    hop: int
    means: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_fields("Spectrogram", self)
        if not 1 <= self.hop <= self.size // 2:
            raise UsageError(
                f"Spectrogram: frames of {self.size} samples, {self.hop} apart, do not overlap by "
                "half"
            )
        if self.samples % self.hop or self.size % 2:
            raise UsageError(
                f"Spectrogram: clips of {self.samples} samples are no whole number of frames "
                f"{self.hop} apart, or frames of {self.size} samples are not even"
            )

    @property
    def bins(self) -> int:
        """Frequencies, of the image's height."""
        return self.size // 2

    @property
    def frames(self) -> int:
        """Moments, of the image's width."""
        return self.samples // self.hop
