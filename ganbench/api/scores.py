"""What a score sees and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from ganbench.api.checked import check_fields
from ganbench.api.data import DataInfo

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ganbench.api.data import Data
    from ganbench.api.networks import Latent, Networks
    from ganbench.api.recipe import Training

T = TypeVar("T")

Panel = Literal["distance", "collapse", "quality"]
Direction = Literal["lower", "higher", "target"]


class NonFiniteSamples(ValueError):
    """Samples or features hold NaN, an infinity, or numbers too large to compute with.

    What a score raises instead of measuring: the run has failed, and gets a status, not a number.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One number, with all that is needed to print and to compare it honestly.

    Args:
        key: the column's identity: two numbers may share a column only if their keys are equal,
            e.g. ``fd/classifier-digits@1b2c3d4e/embedding/heldout/1000x1000``.
        label: the column's heading, e.g. ``FD[classifier]``.
        value: the number. Must be finite: what cannot be computed is a status, not a number.
        panel: the table it belongs to.
        direction: what is better; `target` means nearest to `null`.
        null: its expectation under a perfect generator, where known.
        floor: for a distance: the expected value between two real sets of these sizes.
        measured_floor: for a distance: the same as measured on real samples, where `floor` is a
            closed form.
        null_error: standard error of `null`, where that is an estimate.
        floor_error: standard error of `measured_floor`, or of a `floor` that is itself measured.
        floor_spread: standard deviation of one distance between two real sets of these sizes. With
            it a distance can be told from that of real samples: significantly below the floor is
            too good to be true.
        cap: for a distance: its value for a generator collapsed onto the real mean.
        n_real, n_fake: sample counts.
        unit: unit of the number, empty if it has none.
        lowest, highest: the range that the number cannot leave, where it is bounded.
        read_with: key of the measurement without which this one says nothing: where that one is
            below half of its null, this one is marked as not interpretable.

    Raises:
        TypeError: a field is of another type.
    """

    key: str
    label: str
    value: float
    panel: Panel = "quality"
    direction: Direction = "lower"
    null: float | None = None
    floor: float | None = None
    measured_floor: float | None = None
    null_error: float | None = None
    floor_error: float | None = None
    floor_spread: float | None = None
    cap: float | None = None
    n_real: int = 0
    n_fake: int = 0
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    read_with: str = ""

    def __post_init__(self) -> None:
        check_fields("Measurement", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationInfo:
    """The size of an evaluation, as far as it is known without loading anything.

    Args:
        data: the shape of the data set.
        split: which split the real side is of: `heldout`, or `train` where a task asks for it or
            nothing is held out.
        real: number of reference samples; None: unknown.
        train: number of training samples; None: unknown.
        fakes: number of generated samples.
        features: how many features the task's extractors have, by their text, as far as they tell.

    Raises:
        TypeError: a field is of another type.
    """

    data: DataInfo
    split: Literal["heldout", "train"]
    real: int | None
    train: int | None
    fakes: int
    features: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields("EvaluationInfo", self)

    @classmethod
    def of(cls, evaluation: Evaluation) -> EvaluationInfo:
        """That of an evaluation that is at hand."""
        return cls(
            data=evaluation.data.info,
            split="heldout" if evaluation.split == "heldout" else "train",
            real=len(evaluation.real),
            train=len(evaluation.data.train),
            fakes=len(evaluation.fakes),
        )


class Extractor(Protocol):
    """A frozen network that turns samples into features."""

    id: str
    """Name and content hash, e.g. ``classifier-digits@1b2c3d4e``."""
    layer: str
    """Which layer the features are."""

    def __call__(self, samples: Tensor) -> Tensor:
        """Features (N, d) float32 of samples (N, ...) as they are stored (see `Data`), each by
        itself: those of a part are a part of those of the whole."""


class Classifier(Extractor, Protocol):
    """An extractor that also knows the classes of the data it was trained on."""

    classes: int
    """How many classes there are."""
    channels: int
    """Of how many independent parts a class is made up: its digits, to the base
    ``classes ** (1 / channels)``. 1 but for stacked data."""

    def classify(self, features: Tensor) -> Tensor:
        """(N,) int64 class of each sample, from its features (N, d)."""


class Evaluation(Protocol):
    """What a score is computed from: one set of fakes, and the real side, cached."""

    data: Data
    """The data set, with labels and modes where it has them."""
    fakes: Tensor
    """(M, ...) as they would be stored (see `Data`): images as bytes, texts as tokens."""
    fake_labels: Tensor | None
    """(M,) int64 classes that the fakes were made for; None where the generator takes none."""
    steps: int
    """Generator steps that the run has taken; 0 where it tries its scores before the first one."""
    generator: nn.Module | None
    """What made the fakes, in train mode, to be looked at and left as it is; None for samples of no
    generator."""
    latents: tuple[Latent, ...]
    """The parts of its input; none for samples of no generator."""
    extra: Mapping[str, nn.Module]
    """Further modules of its model (an encoder), in train mode, to be left as they are."""
    training: Training | None
    """How the run trains; None for samples of no run."""
    seen: DataInfo
    """The samples as the networks see them: `encode(samples, seen)` is what `logits` takes. Another
    description than that of `data` where a technique shows them otherwise."""

    def logits(self, samples: Tensor, labels: Tensor | None = None) -> Tensor:
        """(J,) logits that the discriminator, in eval mode, gives to samples (N, *shape) as it
        sees them in training (images in [-1, 1]), with their classes where it is conditional;
        with a graph where the samples require a gradient. J is less than N where several samples
        are judged together, and those that fill no pack are left out. A score that asks for them is
        left out of runs of controls, which have no discriminator."""

    def rehearse(self, networks: Networks, data: Data, number: int = 0) -> bool:
        """Take one generator step, with the critic steps before it, of the run's training on other
        networks: with its loss and techniques as they are now, and fresh optimisers. The run goes
        on as if nothing had been.

        Args:
            networks: are trained, with what techniques do to them; on the device of `fakes`.
            data: what they are trained on.
            number: of the generator step.

        Returns:
            Whether the loss or techniques keep tensors of their own from step to step (running
            means, slow weights): then what follows is not told by the networks alone.

        Raises:
            UsageError: the samples are of no run.
            RuntimeError: a loss or technique cannot be copied.
        """

    @property
    def real(self) -> Tensor:
        """(N, ...): the reference samples that the task fixes, as they are stored."""

    @property
    def split(self) -> str:
        """Which split `real` is: `heldout` or `train`."""

    def extractor(self, name: str) -> Extractor:
        """The task's extractor of that name (with parameters, as a suite writes it)."""

    def real_features(self, extractor: str) -> Tensor:
        """(N, d) features of `real`, computed once per data set and extractor."""

    def train_features(self, extractor: str) -> Tensor:
        """(T, d) features of the train split, computed once per data set and extractor."""

    def fake_features(self, extractor: str) -> Tensor:
        """(M, d) features of `fakes`, computed once per evaluation."""

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, a function of the real side alone, computed once per run."""

    def cached(
        self, name: str, inputs: Sequence[Tensor], compute: Callable[[], tuple[Tensor, ...]], /
    ) -> tuple[Tensor, ...]:
        """The result of `compute`, which runs share: from the disk, if an earlier run has kept it.

        Only for what depends on nothing but `name`, which holds all parameters, the contents of
        `inputs`, and the source of the package that the function `compute` is from. What takes
        less than a fifth of a second is computed every time.
        """
