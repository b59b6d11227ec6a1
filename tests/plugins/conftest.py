"""What tests of built-in plugins share: a cache that is not the user's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _cache(shared_cache: Path) -> None:
    """Not the user's."""
