"""__ABOUT__.

How the data set is described, drawn and split; what is drawn is told in `__LAW__`.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import Data, DataInfo, DatasetSpec, Parameter, hookimpl

from __MODULE__ import (
    __LAW__ as law,
)

GANBENCH_API_VERSION = 2

NAME = "__NAME__"
N_TRAIN, N_HELDOUT = 10_000, 2_500
SEED = 1979


def describe(
    classes: Annotated[
        int, Parameter(minimum=2, maximum=law.MOST, help="number of classes")
    ] = law.USUAL,
) -> DataInfo:
    """Known without drawing a sample. Its signature declares the data set's parameters."""
    return law.describe(f"{NAME}[classes={classes}]", classes)


def load(classes: int) -> Data:
    """Independent draws of a class, uniformly, and of a sample of it."""
    import numpy as np
    import torch

    # RandomState, since numpy promises its stream for ever: the same samples on every machine.
    random = np.random.RandomState(SEED)
    labels = random.randint(classes, size=N_TRAIN + N_HELDOUT)
    samples = law.draw(labels, classes, random)
    labels_kept = torch.from_numpy(labels.astype(np.int64))
    return Data(
        info=describe(classes),
        train=samples[:N_TRAIN],
        heldout=samples[N_TRAIN:],
        train_labels=labels_kept[:N_TRAIN],
        heldout_labels=labels_kept[N_TRAIN:],
        modes=law.modes(classes),
    )


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The data set."""
    return [
        DatasetSpec(
            name=NAME,
            description="__ABOUT__",
            paper=law.SOURCE,
            modalities=__MODALITIES__,
            describe=describe,
            load=load,
            licence="none needed: sampled from a formula",
        )
    ]
