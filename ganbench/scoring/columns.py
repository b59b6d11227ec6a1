"""What all scores on features have in common: their identity, and the real side against itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench.api.scores import Direction, Evaluation, Measurement, Panel
from ganbench.scoring.selfcompare import SelfComparison

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FeatureColumn:
    """Makes measurements that compare real and fake features of one extractor.

    Args:
        evaluation: what the score is computed from.
        extractor: the task's extractor, as a suite writes it.
    """

    evaluation: Evaluation
    extractor: str

    @property
    def real(self) -> Tensor:
        """(N, d) features of the reference."""
        return self.evaluation.real_features(self.extractor)

    @property
    def fake(self) -> Tensor:
        """(M, d) features of the fakes."""
        return self.evaluation.fake_features(self.extractor)

    @property
    def network(self) -> str:
        """The extractor's name, without the hash of its weights."""
        return self.evaluation.extractor(self.extractor).id.partition("@")[0]

    def key(self, name: str) -> str:
        """``name/extractor@hash/layer/split/NxM``: numbers with one key may share a column."""
        network, split = self.evaluation.extractor(self.extractor), self.evaluation.split
        return f"{name}/{network.id}/{network.layer}/{split}/{len(self.real)}x{len(self.fake)}"

    def measurement(
        self,
        name: str,
        value: float,
        panel: Panel,
        direction: Direction,
        *,
        label: str = "",
        null: float | None = None,
        floor: float | None = None,
        measured_floor: float | None = None,
        null_error: float | None = None,
        floor_error: float | None = None,
        floor_spread: float | None = None,
        cap: float | None = None,
        unit: str = "",
        lowest: float | None = 0.0,
        highest: float | None = None,
        read_with: str = "",
    ) -> Measurement:
        """A measurement under the key of that name; the arguments are those of `Measurement`.

        `read_with` is the name of another score on the same features.
        """
        return Measurement(
            key=self.key(name),
            label=label or name.replace("_", " "),
            value=value,
            panel=panel,
            direction=direction,
            null=null,
            floor=floor,
            measured_floor=measured_floor,
            null_error=null_error,
            floor_error=floor_error,
            floor_spread=floor_spread,
            cap=cap,
            n_real=len(self.real),
            n_fake=len(self.fake),
            unit=unit,
            lowest=lowest,
            highest=highest,
            read_with=self.key(read_with) if read_with else "",
        )

    def share(
        self,
        name: str,
        value: float,
        null: float | None,
        direction: Direction = "higher",
        read_with: str = "",
        null_error: float | None = None,
    ) -> Measurement:
        """A measurement of the collapse panel that lies in [0, 1]."""
        return self.measurement(
            name,
            value,
            "collapse",
            direction,
            null=null,
            null_error=null_error,
            highest=1.0,
            read_with=read_with,
        )

    def between_halves(
        self, name: str, compare: Callable[[Tensor, Tensor], float], least: int
    ) -> SelfComparison | None:
        """What `compare` gives between disjoint random halves of the real samples.

        Halves of the reference itself, since the train split would not do: an extractor may know
        it by heart. None where a half has fewer samples than `least`.

        Args:
            name: of the comparison, with all parameters it has: results are kept under it.
            compare: (n, d) and (n, d) features -> a number.
            least: samples that it needs on a side.
        """
        half = len(self.real) // 2
        return self._between(f"{name}/halves", compare, (half, half), least)

    def parts(self) -> tuple[int, int]:
        """Sizes of two disjoint sets of real samples that come nearest to the counts in use: as
        many as there are fakes, and all the others; halves, where there are as many fakes or more.
        """
        n, fakes = len(self.real), len(self.fake)
        return (n - fakes, fakes) if fakes < n // 2 else (n // 2, n // 2)

    def between_parts(
        self, name: str, compare: Callable[[Tensor, Tensor], float], least: int
    ) -> SelfComparison | None:
        """What `compare` gives between disjoint random sets of the real samples, of the sizes of
        `parts`; else as `between_halves`.

        Args:
            name: of the comparison, with all parameters it has: results are kept under it.
            compare: (n, d) and (m, d) features -> a number.
            least: samples that it needs on a side.
        """
        one, other = self.parts()
        if one == other:
            return self.between_halves(name, compare, least)
        return self._between(f"{name}/{one}x{other}", compare, (one, other), least)

    def _between(
        self,
        name: str,
        compare: Callable[[Tensor, Tensor], float],
        sizes: tuple[int, int],
        least: int,
    ) -> SelfComparison | None:
        real, (one, other) = self.real, sizes
        if min(sizes) < least:
            return None

        @functools.wraps(compare)  # it is kept under the source of the code that compares
        def compute() -> tuple[Tensor]:
            return SelfComparison.of(real, one, compare, other=other).kept()

        def shared() -> SelfComparison:
            (found,) = self.evaluation.cached(name, [real], compute)
            return SelfComparison.read(found)

        return self.evaluation.once(f"{name}/{self.extractor}", shared)
