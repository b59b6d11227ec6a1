from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from ganbench.cache import content_hash
from ganbench_plugins.datasets.digits import load
from ganbench_plugins.extractors import classifier_recipe
from ganbench_plugins.extractors.classifier_recipe import (
    GRID,
    classify,
    embed,
    initial_weights,
    strides,
    train,
)

PROGRAM = """
import torch
from ganbench_plugins.datasets.digits import load
from ganbench_plugins.extractors.classifier_recipe import train
from ganbench.cache import content_hash
data = load()
print(content_hash(train(data.train, data.train_labels, 10, 64)))
"""


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier_recipe, "MAX_STEPS", 20)


@pytest.mark.parametrize("side", range(8, 65))
def test_any_side_comes_down_to_four(side: int) -> None:
    assert strides(side)[0] == (1 if side <= 16 else 2)
    for stride in strides(side):
        side = (side + stride - 1) // stride
    assert 2 <= side <= 4


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 13), (1, 28), (3, 32), (3, 64)])
def test_embedding_and_logits_have_their_shapes(channels: int, side: int) -> None:
    weights = initial_weights(channels, side, classes=7, width=16)
    embedding = embed(weights, torch.zeros(5, channels, side, side, dtype=torch.uint8))
    assert embedding.shape == (5, 16)
    assert classify(weights, embedding).shape == (5, 7)


def test_it_learns_digits_and_leaves_random_states_alone() -> None:
    data = load()
    assert data.train_labels is not None
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    weights = train(data.train, data.train_labels, classes=10, width=64)
    assert torch.equal(torch.get_rng_state(), torch_before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)

    assert all(torch.equal(tensor * GRID, (tensor * GRID).round()) for tensor in weights.values())
    predicted = classify(weights, embed(weights, data.heldout)).argmax(1)
    assert float((predicted == data.heldout_labels).double().mean()) > 0.95


def test_bits_depend_on_labels_and_not_on_threads(few_steps: None) -> None:
    data = load()
    assert data.train_labels is not None
    threads, hashes = torch.get_num_threads(), []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            weights = train(data.train, data.train_labels, classes=10, width=64)
            hashes.append(content_hash(weights))
    finally:
        torch.set_num_threads(threads)
    assert hashes[0] == hashes[1]
    other = train(data.train, data.train_labels.flip(0), classes=10, width=64)
    assert content_hash(other) != hashes[0]


@pytest.mark.slow
def test_threads_and_instruction_sets_change_no_bit() -> None:
    found = set()
    for environment in (
        {"OMP_NUM_THREADS": "1"},
        {"OMP_NUM_THREADS": "2"},
        {"OMP_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"},
    ):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.strip())
    assert len(found) == 1
    assert len(found.pop()) == hashlib.sha256().digest_size * 2
