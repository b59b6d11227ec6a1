"""What is measured is compared with what is kept, or kept itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from threadpoolctl import threadpool_limits

from .kept import Ratios


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--keep-ratios",
        action="store_true",
        help="benchmarks: write the ratios to tests/perf/ratios.json instead of comparing them",
    )


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Of torch, and of the libraries that NumPy and SciPy compute with."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def ratios(request: pytest.FixtureRequest) -> Ratios:
    """Those of the repository."""
    return Ratios(replace=request.config.getoption("--keep-ratios", default=False))
