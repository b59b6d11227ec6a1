"""What is measured is compared with what is kept, or kept itself."""

from __future__ import annotations

import pytest

from .kept import Ratios


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--keep-ratios",
        action="store_true",
        help="benchmarks: write the ratios to tests/perf/ratios.json instead of comparing them",
    )


@pytest.fixture
def ratios(request: pytest.FixtureRequest) -> Ratios:
    """Those of the repository."""
    return Ratios(replace=request.config.getoption("--keep-ratios", default=False))
