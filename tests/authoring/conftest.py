"""The catalogue with the plugins of tests/data/broken, as if they were installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue

BROKEN = Path(__file__).parents[1] / "data" / "broken"


@pytest.fixture(scope="session", autouse=True)
def _cache(shared_cache: Path) -> None:
    """Not the user's."""


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BROKEN))
        patch.setenv("PYTHONPATH", os.pathsep.join((str(BROKEN), os.environ.get("PYTHONPATH", ""))))
        installed_catalogue.cache_clear()
        yield Catalogue(entry_points(group=ENTRY_POINT_GROUP))
        installed_catalogue.cache_clear()
