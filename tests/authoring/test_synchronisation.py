"""What would make the host wait for a GPU is found on a CPU; what waits there alone is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn.functional import one_hot

from ganbench.authoring.conformance.synchronisation import HostSyncs

PLACES = torch.arange(3)


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda: one_hot(PLACES, 5), []),
        (lambda: one_hot(PLACES, num_classes=5), []),
        (lambda: one_hot(PLACES), [".item()"]),  # the number of classes has to be known first
        (lambda: (one_hot(PLACES, 5), PLACES.max().item()), [".item()"]),
    ],
)
def test_calls_that_wait(call: Callable[[], object], found: list[str]) -> None:
    with HostSyncs() as syncs:
        call()
    assert syncs.calls == found
