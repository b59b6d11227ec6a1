from __future__ import annotations

import pytest
import torch

from ganbench_plugins.scores.kernels.validation import sample_matrix


def test_gives_a_float64_matrix_of_anything_real() -> None:
    for values in (torch.ones(3, 2), torch.ones(3, 2, dtype=torch.uint8), torch.ones(3).half()):
        matrix = sample_matrix(values, "samples")
        assert matrix.dtype == torch.float64
        assert len(matrix) == 3
    assert sample_matrix(torch.ones(3), "samples").shape == (3, 1)
    assert not sample_matrix(torch.ones(3, 2, requires_grad=True), "samples").requires_grad


@pytest.mark.parametrize("shape", [(), (3, 0), (3, 2, 2)])
def test_refuses_what_is_no_matrix(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"samples: expected a matrix .* got shape"):
        sample_matrix(torch.ones(shape), "samples")


def test_every_finite_float32_passes() -> None:
    sample_matrix(torch.full((2, 2), torch.finfo(torch.float32).max), "samples")
