"""Sheets of conditional generators are ordered by class."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from ganbench.running.shown import by_class


def test_without_classes_the_order_stays() -> None:
    samples = torch.arange(6)
    assert by_class(samples, None) is samples


def test_the_first_ones_are_as_many_of_each_class_one_class_after_the_other() -> None:
    labels = torch.arange(1000) % 10
    shown = by_class(labels, labels)[:60]
    assert shown.tolist() == [one for one in range(10) for _ in range(6)]


def test_within_a_class_the_order_stays() -> None:
    labels = torch.tensor([1, 0, 1, 0, 1])
    assert by_class(torch.arange(5), labels).tolist() == [1, 3, 0, 2, 4]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=300))
def test_nothing_is_lost_and_small_sets_are_sorted(classes: list[int]) -> None:
    labels = torch.tensor(classes)
    ordered = by_class(torch.arange(len(labels)), labels)
    assert sorted(ordered.tolist()) == list(range(len(labels)))
    if labels.bincount().max() == 1:
        assert labels[ordered].tolist() == sorted(classes)
