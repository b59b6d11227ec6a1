"""A long tail in the train split of any labelled data set: ``digits[longtail=20]``.

The samples that are left are drawn by a seed of their own, the same for every run, so that the data
are a function of what is typed alone. The held-out split stays as it is: a generator that forgets
the rare classes is judged by one that does not.

The largest class keeps as many samples as the smallest one of the data set has, so that any class
can be the largest. Of the same order, a longer tail is a subset of a shorter one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ganbench.api.data import Data, DataInfo, Survey
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Parameter, Value
from ganbench.api.specs import DatasetSpec, import_builder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEED = 19

TAIL: Mapping[str, Parameter] = {
    "longtail": Parameter(
        default=1.0, minimum=1, help="training samples of the largest class over the smallest's"
    ),
    "tail": Parameter(
        default="exponential",
        choices=("exponential", "step"),
        help="classes shrink by one factor after another, or the rarer half is equally rare",
    ),
    "order": Parameter(
        default="ascending",
        choices=("ascending", "descending", "drawn"),
        help="of the classes from the largest to the smallest",
    ),
}
"""What a labelled data set takes besides its own parameters, once `longtail` is among them."""


def long_tailed(spec: DatasetSpec, settings: Mapping[str, object]) -> DatasetSpec:
    """The data set as it is; or with the parameters of `TAIL`, if `longtail` is set.

    Raises:
        UsageError: it is set, and the data set has parameters of these names itself.
    """
    if "longtail" not in settings:
        return spec
    if shared := sorted(TAIL.keys() & spec.parameters.keys()):
        raise UsageError(
            f"data set {spec.name} has no long tail: its own {shared[0]} is in the way"
        )
    return replace(
        spec,
        description=f"{spec.description}; before the long tail",
        parameters={**spec.parameters, **TAIL},
        describe=partial(_describe, spec),
        load=partial(_load, spec),
        samples=None,
        check=spec.check and partial(_own, spec.check),
        prepare=spec.prepare and partial(_own, spec.prepare),
    )


def tail_counts(largest: int, classes: int, ratio: float, tail: str) -> list[int]:
    """Samples of each class, from the largest class to the smallest.

    Args:
        largest: samples of the largest class, n.
        classes: how many classes there are, C; at least 2.
        ratio: n over the number of the smallest class's samples, r; at least 1.
        tail: ``exponential``: n r^(-c / (C - 1)), c = 0, ..., C - 1; or ``step``: n for one half,
            n / r for the other, which is the smaller one of an odd number. Rounded down (Cui et
            al. 2019, arXiv:1901.05555; Cao et al. 2019, arXiv:1906.07413).
    """
    if tail == "step":
        shares = [1.0] * (classes - classes // 2) + [1 / ratio] * (classes // 2)
    else:
        shares = [ratio ** (-c / (classes - 1)) for c in range(classes)]
    return [int(largest * share + 1e-9) for share in shares]  # 90 / 30 may come out as 2.9999...


def kept(
    labels: NDArray[np.int64], classes: int, ratio: float, tail: str, order: str
) -> NDArray[np.int64]:
    """Places of the samples that a long tail keeps, ascending.

    Args:
        labels: (N,) class of each sample.
        classes: how many there are.
        ratio, tail: as of `tail_counts`.
        order: of the classes from the largest to the smallest: by their number, or drawn.

    Raises:
        UsageError: the smallest class would have no sample.
    """
    import numpy as np

    largest = int(np.bincount(labels, minlength=classes).min())
    counts = tail_counts(largest, classes, ratio, tail)
    if not largest:
        empty = int(np.bincount(labels, minlength=classes).argmin())
        raise UsageError(
            "there is no long tail of these samples: "
            f"class {empty} (of 0 to {classes - 1}) has none to train on",
            "put some of it into the train split, or take it out of the other one",
        )
    if counts[-1] < 1:
        raise UsageError(
            f"longtail={ratio:g} leaves no sample of the rarest class: "
            f"the largest can have {largest} here",
            f"longtail={largest} is the longest tail of this data set",
        )
    # RandomState, since numpy promises to keep its stream. The order of classes is the same for all
    # data sets of as many classes.
    shuffled = np.random.RandomState(SEED).permutation(len(labels))
    ranked = {
        "ascending": np.arange(classes),
        "descending": np.arange(classes)[::-1],
        "drawn": np.random.RandomState(SEED).permutation(classes),
    }[order]
    of_class = [shuffled[labels[shuffled] == one] for one in ranked]
    drawn = [places[:count] for places, count in zip(of_class, counts, strict=True)]
    return np.sort(np.concatenate(drawn))


def _describe(spec: DatasetSpec, *, longtail: float, tail: str, order: str, **own: Value) -> Survey:
    """As the data set describes itself; how many samples are left is known once it is loaded."""
    found = spec.describe(**own)
    survey = Survey(info=found) if isinstance(found, DataInfo) else found
    if survey.info.classes is None or survey.info.classes < 2:
        raise UsageError(f"{spec.name} has no classes of which some could be rarer than others")
    if survey.train is not None and longtail > (most := survey.train // survey.info.classes):
        raise UsageError(
            f"longtail={longtail:g} leaves no sample of the rarest class: {survey.train:,} samples "
            f"of {survey.info.classes} classes have {most} of one at most",
            "ask for a shorter one: it may be as long as the smallest class has samples",
        )
    notes = tuple(f"{note} (before the long tail)" for note in survey.notes)
    return replace(survey, train=None, notes=notes)


def _load(spec: DatasetSpec, *, longtail: float, tail: str, order: str, **own: Value) -> Data:
    data = import_builder(spec.load)(**own)
    if not isinstance(data, Data) or data.train_labels is None or data.info.classes is None:
        raise UsageError(f"{spec.name} has no labelled training samples to keep some of")
    labels = data.train_labels.numpy()
    places = kept(labels, data.info.classes, longtail, tail, order)
    return replace(data, train=data.train[places], train_labels=data.train_labels[places])


def _own(
    function: Callable[..., Any], *, longtail: float, tail: str, order: str, **own: Value
) -> Any:
    """What a long tail changes nothing of."""
    return function(**own)
