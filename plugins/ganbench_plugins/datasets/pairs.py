"""Digits with their names: pairs of which either half alone tells the class.

A pair's halves are drawn of one class and are otherwise independent: all that one half tells of the
other is the class. Each split pairs its own samples, so that none of either half is in both.
"""

from __future__ import annotations

from ganbench import Data, DataInfo, DatasetSpec, Survey, Vocabulary, hookimpl, join_pair
from ganbench_plugins.datasets import digits

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LENGTH = 1 + max(map(len, NAMES))  # every name has an end
LETTERS = Vocabulary(tokens=("", *sorted({letter for name in NAMES for letter in name})))
WRITTEN = DataInfo(
    name="names", modality="text", shape=(LENGTH, len(LETTERS)), classes=10, vocabulary=LETTERS
)


def pair_info(name: str, first: DataInfo, second: DataInfo) -> DataInfo:
    """What pairs of two labelled kinds of samples are."""
    return DataInfo(
        name=name,
        modality="pair",
        shape=(first.features + second.features,),
        classes=first.classes,
        halves=(first, second),
    )


DIGIT_NAMES = pair_info("digit-names", digits.INFO, WRITTEN)


def load_names() -> Data:
    """1,797 images of 8x8, each with the English name of its digit."""
    import torch

    base = digits.load()
    assert base.train_labels is not None
    assert base.heldout_labels is not None
    names = torch.tensor([LETTERS.numbers(name, LENGTH) for name in NAMES])
    return Data(
        info=DIGIT_NAMES,
        train=join_pair(base.train, names[base.train_labels]),
        heldout=join_pair(base.heldout, names[base.heldout_labels]),
        train_labels=base.train_labels,
        heldout_labels=base.heldout_labels,
    )


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Digits and their written names."""
    survey = Survey(info=DIGIT_NAMES, train=digits.SURVEY.train, heldout=digits.SURVEY.heldout)
    return [
        DatasetSpec(
            name="digit-names",
            description="scikit-learn's digits of 8x8, each with its English name; 797 train",
            paper="Alpaydin & Kaynak 1998, https://doi.org/10.24432/C50P49",
            modalities=("pair",),
            describe=lambda: survey,
            load=load_names,
            licence="CC BY 4.0 (UCI machine learning repository)",
        )
    ]
