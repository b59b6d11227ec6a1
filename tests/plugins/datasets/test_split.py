from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ganbench_plugins.datasets.split import stratified_heldout


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.floats(0, 1))
def test_exact_count_and_equal_shares(classes: list[int], share: float) -> None:
    labels = np.array(classes)
    count = round(share * len(labels))
    mask = stratified_heldout(labels, count)
    assert mask.sum() == count
    for label in np.unique(labels):
        members = labels == label
        assert abs(mask[members].sum() - members.sum() * count / len(labels)) <= 1
    np.testing.assert_array_equal(mask, stratified_heldout(labels, count))
