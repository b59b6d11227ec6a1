"""scikit-learn's handwritten digits: small real images that every installation already has."""

from __future__ import annotations

from ganbench import Data, DataInfo, DatasetSpec, Survey, hookimpl
from ganbench_plugins.datasets.split import stratified_heldout

N_HELDOUT = 1_000  # the least that evaluation works with; 797 are left to train on
INFO = DataInfo(name="digits", modality="image", shape=(1, 8, 8), classes=10)
SURVEY = Survey(info=INFO, train=797, heldout=N_HELDOUT)


def load() -> Data:
    """1,797 images of 8x8: the grey levels 0..16 become round(v * 255 / 16)."""
    import numpy as np
    import torch
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    images = np.rint(pixels * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8)
    labels = digits.astype(np.int64)
    heldout = stratified_heldout(labels, N_HELDOUT)
    return Data(
        info=INFO,
        train=torch.from_numpy(images[~heldout]),
        heldout=torch.from_numpy(images[heldout]),
        train_labels=torch.from_numpy(labels[~heldout]),
        heldout_labels=torch.from_numpy(labels[heldout]),
    )


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The digits."""
    return [
        DatasetSpec(
            name="digits",
            description="1,797 handwritten digits of 8x8 (scikit-learn); 797 train, 1,000 held out",
            paper="Alpaydin & Kaynak 1998, https://doi.org/10.24432/C50P49",
            modalities=("image",),
            describe=lambda: SURVEY,
            load=load,
            licence="CC BY 4.0 (UCI machine learning repository)",
        )
    ]
